/*-------------------------------------------------------------------------
 *
 * adgen.h
 *		Make ad-tech events as JSON text.
 *
 * Row i is a function of (seed, i) alone, apart from its timestamp in live
 * mode, so a run can be repeated and any row can be made again.
 *
 * Shape: Zipf campaigns (50,000), publishers (5,000), countries (200), device
 * types (50) and URLs; users with quadratic skew over 10 M; event types
 * 80 / 15.5 / 3 / 1 / 0.5 per cent; referrer 40 % and app_version 15 % NULL
 * (half of those as JSON null, half by leaving the field out); rows nearly in
 * time order, most up to 5 s late and 0.5 % up to 10 min.
 *
 * tools/adgen.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TOOLS_ADGEN_H
#define OLAP_TOOLS_ADGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No row is longer than this many bytes. */
#define ADGEN_MAX_ROW 1024

typedef struct AdGen AdGen;

/* What is wrong with a row; every kind but NONE must become a dead letter. */
typedef enum AdDefect
{
	AD_NONE,
	AD_TRUNCATED,				/* JSON text cut off */
	AD_WRONG_TYPE,				/* campaign_id is a word */
	AD_MISSING_FIELD,			/* no ts, which is NOT NULL */
	AD_NOT_JSON,
	AD_OUT_OF_RANGE,			/* latency_ms does not fit an int */
	AD_NUL_CHAR,				/* \u0000, which text cannot hold */
	AD_BAD_UTF8
} AdDefect;

#define AD_NDEFECTS 8
#define AD_NEVENTS 5

extern const char *const ad_defect_name[AD_NDEFECTS];
extern const char *const ad_event_name[AD_NEVENTS];

typedef struct AdGenOptions
{
	uint64_t	seed;
	bool		small;			/* 10 columns, about 200 bytes, for figures */
	bool		with_id;		/* first field is "id": the row number */
	bool		iso_time;		/* ts as ISO 8601 text, else epoch milliseconds */
	bool		late;			/* some rows late, else exactly on time */
	double		malformed;		/* fraction of rows with a defect */
	int64_t		start_ms;		/* event time of row 0, epoch ms */
	double		step_ms;		/* event time between rows */
} AdGenOptions;

/* What a row holds, for the producer's books. */
typedef struct AdFacts
{
	int64_t		id;
	int64_t		ts_ms;			/* epoch milliseconds */
	int64_t		cost_micros;
	int64_t		revenue_cents;
	AdDefect	defect;
	uint8_t		event;			/* index into ad_event_name */
} AdFacts;

extern AdGen *adgen_create(const AdGenOptions *options);
extern void adgen_destroy(AdGen *gen);

/*
 * Write row i to buf, of at least ADGEN_MAX_ROW bytes, without a terminating
 * zero; returns its length.  live_ms >= 0 replaces the event time that the
 * options would give.
 */
extern size_t adgen_row(AdGen *gen, uint64_t i, int64_t live_ms, char *buf,
						AdFacts *facts);

/* A well mixed function of (seed, i), for partition, key and abort choices. */
extern uint64_t adgen_hash(uint64_t seed, uint64_t i);

#endif							/* OLAP_TOOLS_ADGEN_H */
