/*-------------------------------------------------------------------------
 *
 * zone.h
 *		Zone maps: bounds of a column over a row group or a segment.
 *
 * A zone describes all rows of its place, deleted or not, so it may prove that
 * no row matches, and that all do, for any snapshot (a row that a snapshot
 * does not see is not in its answer either way).
 *
 * Text bounds are bytewise.  They serve equality of deterministic collations
 * and the order of the C collation; the caller decides which quals to pass.
 *
 * src/index/zone.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ZONE_H
#define OLAP_ZONE_H

#include "vector/vector.h"

/* How bounds are stored and compared.  On disk: never renumber. */
typedef enum OlapZoneKind
{
	OLAP_ZONE_NONE = 0,			/* no bounds (type not ordered, or not known) */
	OLAP_ZONE_INT = 1,			/* int64: integers, dates, timestamps, bool */
	OLAP_ZONE_UINT = 2,			/* uint64: oid */
	OLAP_ZONE_FLOAT = 3,		/* double; NaN above all others, -0 = 0 */
	OLAP_ZONE_DEC = 4,			/* int64 at a decimal scale */
	OLAP_ZONE_BYTES = 5			/* memcmp order: text, bytea, uuid */
} OlapZoneKind;

#define OLAP_ZONE_BYTES_MAX 24

#define OLAP_ZONE_HAS_VALUES 0x01	/* at least one non-NULL; min, max are set */
#define OLAP_ZONE_MIN_CUT	0x02	/* min is a prefix of the true minimum */
#define OLAP_ZONE_MAX_CUT	0x04	/* max is a prefix of the true maximum */
#define OLAP_ZONE_HAS_NAN	0x08	/* some float is NaN (then max is NaN) */

typedef union OlapZoneBound
{
	int64		i;
	uint64		u;
	double		f;
	uint8		b[OLAP_ZONE_BYTES_MAX];
} OlapZoneBound;

/* On-disk, 64 bytes. */
typedef struct OlapZone
{
	uint8		kind;			/* OlapZoneKind */
	uint8		flags;
	uint8		min_len;		/* OLAP_ZONE_BYTES: bytes used */
	uint8		max_len;
	uint8		scale;			/* OLAP_ZONE_DEC */
	uint8		unused[3];
	uint32		nrows;
	uint32		nulls;
	OlapZoneBound min;
	OlapZoneBound max;
} OlapZone;

StaticAssertDecl(sizeof(OlapZone) == 64, "OlapZone is part of the format");

typedef enum OlapZoneOp
{
	OLAP_ZONE_LT = 1,
	OLAP_ZONE_LE,
	OLAP_ZONE_EQ,
	OLAP_ZONE_GE,
	OLAP_ZONE_GT,
	OLAP_ZONE_IN,				/* = any of nvalues bounds */
	OLAP_ZONE_IS_NULL,
	OLAP_ZONE_NOT_NULL
} OlapZoneOp;

/* One constant in the form that zones of `kind` store. */
typedef struct OlapZoneValue
{
	OlapZoneBound v;			/* kind BYTES: see data */
	const uint8 *data;			/* OLAP_ZONE_BYTES: the whole value */
	size_t		len;
	bool		is_nan;			/* OLAP_ZONE_FLOAT */
} OlapZoneValue;

/* column OP constant; a NULL constant must not get here. */
typedef struct OlapZoneQual
{
	int			col;			/* attribute number - 1 */
	OlapZoneOp	op;
	OlapZoneKind kind;
	uint8		scale;			/* OLAP_ZONE_DEC: of the values */
	int			nvalues;		/* 1, or more for OLAP_ZONE_IN */
	OlapZoneValue *values;
} OlapZoneQual;

typedef enum OlapZoneMatch
{
	OLAP_MATCH_NONE,			/* no row can match */
	OLAP_MATCH_SOME,			/* not known */
	OLAP_MATCH_ALL				/* every row matches (none of them NULL) */
} OlapZoneMatch;

/* The kind of zones that columns of this type get. */
extern OlapZoneKind olap_zone_kind(const OlapColumnType *type);

/* The zone of all rows of v. */
extern void olap_zone_build(OlapZone *zone, const OlapColumnType *type,
							const OlapVector *v);

/* Do the contents agree with each other?  Zones come from disk. */
extern bool olap_zone_is_sane(const OlapZone *zone);

/* Widen a by b, the zone of other rows of the same column. */
extern void olap_zone_merge(OlapZone *a, const OlapZone *b);

/* Do the bounds of two zones share more than one end?  False if they have none. */
extern bool olap_zone_overlaps(const OlapZone *a, const OlapZone *b);

/*
 * What the zone proves.  A zone of another kind than the qual's, or with
 * contents that make no sense, proves nothing.
 */
extern OlapZoneMatch olap_zone_probe(const OlapZone *zone,
									 const OlapZoneQual *qual);

#endif							/* OLAP_ZONE_H */
