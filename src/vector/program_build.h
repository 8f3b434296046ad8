/*-------------------------------------------------------------------------
 *
 * program_build.h
 *		Constructors of expression programs.
 *
 * A program is a graph of nodes.  Every node belongs to a scope, a set of rows:
 * the root scope is the rows in play, and a branch (what a CASE does for the
 * rows of one WHEN) is a scope below.  A node takes operands of its own scope
 * only, so a node may be an operand of several others and is computed once.
 *
 * What the arguments' representations must be is said at each constructor; the
 * layer above knows the SQL types and converts.  Everything is allocated in the
 * program's context and freed with it.
 *
 * src/vector/program_build.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_PROGRAM_BUILD_H
#define OLAP_PROGRAM_BUILD_H

#include "vector/expr.h"
#include "vector/program.h"

typedef struct OlapScope OlapScope;

/* An empty program; its memory is a context below parent. */
extern OlapProgram *olap_program_create(MemoryContext parent);
extern MemoryContext olap_program_context(const OlapProgram *program);
extern OlapScope *olap_program_root(OlapProgram *program);

/* Make node, of the root scope, the next result; returns its number. */
extern int	olap_program_add(OlapProgram *program, OlapNode *node);

/* A branch below scope. */
extern OlapScope *olap_scope_branch(OlapScope *scope);

extern const OlapColumnType *olap_node_type(const OlapNode *node);

/*
 * Can node's evaluation raise no error, so that it may be computed for rows
 * that would not need it?
 */
extern bool olap_node_is_safe(const OlapNode *node);

/* ---- leaves ---- */

/* Column col (attribute number - 1) of the batch. */
extern OlapNode *olap_node_column(OlapScope *scope, const OlapColumnType *type,
								  int col);

/*
 * A constant; value is copied, as olap_vector_append_datum() does.  Numerics
 * become DEC64 of their own display scale where they fit.
 */
extern OlapNode *olap_node_const(OlapScope *scope, const OlapColumnType *type,
								 Datum value, bool isnull);

/* What node, of the scope above, was computed to be, for this branch's rows. */
extern OlapNode *olap_node_outer(OlapScope *scope, OlapNode *node);

/*
 * arg under another type of the same width: bytes are taken as they are (a
 * domain's values are kept as integers where its base type's are floats).
 */
extern OlapNode *olap_node_relabel(OlapScope *scope, const OlapColumnType *type,
								   OlapNode *arg);

/* ---- the way out: a row at a time ---- */

/*
 * A callback for one row.  The operands are put into values[i], nulls[i], and
 * call() returns the result: by-reference values detoasted, valid until the
 * next call.  It must be a function of the operands alone, for as long as the
 * program lives; without operands it is called once, when first needed.
 */
#define OLAP_BRIDGE_ARGS 64		/* most operands */

typedef struct OlapBridge
{
	Datum		(*call) (void *arg, bool *isnull);
	void	   *arg;
	Datum	   *values;
	bool	   *nulls;
} OlapBridge;

extern OlapNode *olap_node_bridge(OlapScope *scope, const OlapColumnType *type,
								  const OlapBridge *bridge,
								  OlapNode *const *args, int nargs);

/* ---- numbers ---- */

typedef enum OlapArith
{
	OLAP_ARITH_ADD,
	OLAP_ARITH_SUB,
	OLAP_ARITH_MUL,
	OLAP_ARITH_DIV,
	OLAP_ARITH_MOD				/* of integers */
} OlapArith;

/*
 * a op b, and - a (negate) or |a|, with operands of type's own representation:
 * I16, I32, I64; F32, F64.
 */
extern OlapNode *olap_node_int_arith(OlapScope *scope, OlapArith op,
									 const OlapColumnType *type,
									 OlapNode *a, OlapNode *b);
extern OlapNode *olap_node_int_unary(OlapScope *scope, bool negate,
									 const OlapColumnType *type, OlapNode *a);
extern OlapNode *olap_node_float_arith(OlapScope *scope, OlapArith op,
									   const OlapColumnType *type,
									   OlapNode *a, OlapNode *b);
extern OlapNode *olap_node_float_unary(OlapScope *scope, bool negate,
									   const OlapColumnType *type, OlapNode *a);

typedef enum OlapFloatFunction
{
	OLAP_FLOAT_ROUND,			/* halves to even */
	OLAP_FLOAT_CEIL,
	OLAP_FLOAT_FLOOR,
	OLAP_FLOAT_TRUNC,
	OLAP_FLOAT_SQRT
} OlapFloatFunction;

/* A function of a, F64. */
extern OlapNode *olap_node_float_function(OlapScope *scope,
										  OlapFloatFunction function,
										  const OlapColumnType *type,
										  OlapNode *a);

/*
 * Numerics: a op b (ADD, SUB, MUL), and functions of one operand: - a, |a|,
 * round(a, digits) and trunc(a, digits) with 0 <= digits <= 18, ceil(a) and
 * floor(a) (digits: 0), casts to type, an integer or double precision.  bridge is the same by the server, for what does not fit.
 */
extern OlapNode *olap_node_decimal_arith(OlapScope *scope, OlapArith op,
										 const OlapColumnType *type,
										 OlapNode *a, OlapNode *b,
										 const OlapBridge *bridge);

typedef enum OlapDecimalOp
{
	OLAP_DECIMAL_NEGATE,
	OLAP_DECIMAL_ABS,
	OLAP_DECIMAL_ROUND,
	OLAP_DECIMAL_TRUNC,
	OLAP_DECIMAL_CEIL,
	OLAP_DECIMAL_FLOOR,
	OLAP_DECIMAL_TO_INT,
	OLAP_DECIMAL_TO_DOUBLE
} OlapDecimalOp;

extern OlapNode *olap_node_decimal_unary(OlapScope *scope, OlapDecimalOp op,
										 int digits, const OlapColumnType *type,
										 OlapNode *a, const OlapBridge *bridge);

/*
 * a, a numeric or a float, as numeric(precision, scale) (type), 0 <= scale <= 18.
 * fallback is the same by other means.
 */
extern OlapNode *olap_node_decimal_length(OlapScope *scope, int precision,
										  int scale, const OlapColumnType *type,
										  OlapNode *a, OlapNode *fallback);

/*
 * A cast between integers, floats, and boolean and I32; from integers to
 * numeric as well.  a itself if the representation is the same; NULL if there
 * is no such cast.
 */
extern OlapNode *olap_node_cast(OlapScope *scope, const OlapColumnType *type,
								OlapNode *a);

/*
 * The length of a, VAR, as I32: in characters (a is valid UTF-8) or in bytes.
 */
extern OlapNode *olap_node_length(OlapScope *scope, bool utf8,
								  const OlapColumnType *type, OlapNode *a);

/* ---- comparisons and logic: booleans, NULL where SQL says so ---- */

/*
 * a cmp b.  Operands are of one representation, which order reads (numerics: of
 * any).
 */
extern OlapNode *olap_node_compare(OlapScope *scope, OlapOrder order,
								   OlapCompare cmp, OlapNode *a, OlapNode *b);

/* a IS DISTINCT FROM b; equal is a = b. */
extern OlapNode *olap_node_distinct(OlapScope *scope, OlapNode *a, OlapNode *b,
									OlapNode *equal);

/* Integer a = ANY (values), or a <> ALL (values); has_null: and a NULL. */
extern OlapNode *olap_node_list(OlapScope *scope, OlapNode *a, bool negated,
								const int64 *values, int nvalues,
								bool has_null);

/*
 * AND, OR.  Each argument but the first may be of a branch below scope: then it
 * runs only for rows that those before leave open.
 */
extern OlapNode *olap_node_logic(OlapScope *scope, bool is_or,
								 OlapNode *const *args, int nargs);

typedef enum OlapTruthTest
{
	OLAP_TEST_NOT,
	OLAP_TEST_TRUE,
	OLAP_TEST_NOT_TRUE,
	OLAP_TEST_FALSE,
	OLAP_TEST_NOT_FALSE,
	OLAP_TEST_NULL,				/* a of any type, as the next; of a boolean */
	OLAP_TEST_NOT_NULL			/* they are IS UNKNOWN, IS NOT UNKNOWN */
} OlapTruthTest;

extern OlapNode *olap_node_test(OlapScope *scope, OlapTruthTest test,
								OlapNode *a);

/* ---- branches ---- */

/*
 * CASE WHEN conds[0] THEN results[0] ... ELSE results[nconds].  Each operand is
 * of scope, or of a branch of its own below it, which is then run for the rows
 * that take it.
 */
extern OlapNode *olap_node_case(OlapScope *scope, const OlapColumnType *type,
								OlapNode *const *conds,
								OlapNode *const *results, int nconds);

/* COALESCE (args); each but the first may be of a branch of its own. */
extern OlapNode *olap_node_coalesce(OlapScope *scope,
									const OlapColumnType *type,
									OlapNode *const *args, int nargs);

/* NULLIF (a, b); equal is a = b. */
extern OlapNode *olap_node_nullif(OlapScope *scope, const OlapColumnType *type,
								  OlapNode *a, OlapNode *equal);

/* GREATEST or LEAST of integers or floats of type's representation. */
extern OlapNode *olap_node_extreme(OlapScope *scope, const OlapColumnType *type,
								   bool greatest, bool is_unsigned,
								   OlapNode *const *args, int nargs);

/* ---- time: dates are I32, timestamps I64, as the server has them ---- */

/*
 * A time zone, by callbacks, as the pure layers know none.
 *
 * identity:	changes when the zone does (a session's may).
 * offset:		local time - UTC at utc, and the range [*lo, *hi) around utc
 *				in which it is the same.  For utc of the years 1 to 290000.
 * to_utc:		what local time is in UTC, as the server takes it.
 * Units:		microseconds since 2000-01-01.
 */
typedef struct OlapTimeZone
{
	const void *(*identity) (void *arg);
	int64		(*offset) (void *arg, int64 utc, int64 *lo, int64 *hi);
	int64		(*to_utc) (void *arg, int64 local);
	void	   *arg;
} OlapTimeZone;

typedef enum OlapTimeUnit
{
	OLAP_UNIT_BIN,				/* width microseconds from origin on */
	OLAP_UNIT_MONTHS,			/* width months from the month of origin on */
	OLAP_UNIT_MICROSECOND,
	OLAP_UNIT_MILLISECOND,
	OLAP_UNIT_SECOND,
	OLAP_UNIT_MINUTE,
	OLAP_UNIT_HOUR,
	OLAP_UNIT_DAY,
	OLAP_UNIT_WEEK,
	OLAP_UNIT_MONTH,
	OLAP_UNIT_QUARTER,
	OLAP_UNIT_YEAR,
	OLAP_UNIT_DECADE,
	OLAP_UNIT_CENTURY,
	OLAP_UNIT_MILLENNIUM
} OlapTimeUnit;

/* The buckets that time is cut into. */
typedef struct OlapBuckets
{
	OlapTimeUnit unit;
	int64		width;
	int64		origin;			/* local, if there is a zone */
	bool		local_origin;	/* BIN: cut local time, not UTC */
} OlapBuckets;

typedef enum OlapTimeField
{
	OLAP_FIELD_MICROSECOND,		/* of the minute, as the next two */
	OLAP_FIELD_MILLISECOND,
	OLAP_FIELD_SECOND,
	OLAP_FIELD_EPOCH,
	OLAP_FIELD_MINUTE,			/* from here on whole numbers */
	OLAP_FIELD_HOUR,
	OLAP_FIELD_DAY,
	OLAP_FIELD_DOW,
	OLAP_FIELD_ISODOW,
	OLAP_FIELD_DOY,
	OLAP_FIELD_WEEK,
	OLAP_FIELD_ISOYEAR,
	OLAP_FIELD_MONTH,
	OLAP_FIELD_QUARTER,
	OLAP_FIELD_YEAR
} OlapTimeField;

/*
 * The start of the bucket that a, a timestamp, is in; type is the result's, a
 * timestamp or a date.  zone: a is UTC and buckets are of local time; NULL: a
 * is local.  bridge as at olap_node_decimal_arith(), for years before 2 and
 * after 270000.
 */
extern OlapNode *olap_node_bucket(OlapScope *scope, const OlapBuckets *buckets,
								  const OlapTimeZone *zone,
								  const OlapColumnType *type, OlapNode *a,
								  const OlapBridge *bridge);

/*
 * A field of a, a date or a timestamp, as numeric or double precision (type),
 * with the server's display scale.
 */
extern OlapNode *olap_node_field(OlapScope *scope, OlapTimeField field,
								 const OlapTimeZone *zone,
								 const OlapColumnType *type, OlapNode *a,
								 const OlapBridge *bridge);

/*
 * a + days + usecs.  from_utc, to_utc: a, and the result, are timestamps with
 * time zone, a date or a timestamp else: with zeros, these are the casts.
 */
extern OlapNode *olap_node_shift(OlapScope *scope, bool from_utc, bool to_utc,
								 int32 days, int64 usecs, const OlapTimeZone *zone,
								 const OlapColumnType *type, OlapNode *a,
								 const OlapBridge *bridge);

/*
 * The date a and the days b, or (dates) the days from the date b to a: a + sign * b.
 * bridge as at olap_node_decimal_arith().
 */
extern OlapNode *olap_node_days(OlapScope *scope, int sign, bool dates,
								const OlapColumnType *type, OlapNode *a,
								OlapNode *b, const OlapBridge *bridge);

/*
 * The seconds from b to a, timestamps both with or both without time zone, as
 * numeric or double precision (type), as extract(epoch FROM a - b) has them.
 * fallback is the same by other means.
 */
extern OlapNode *olap_node_elapsed(OlapScope *scope, const OlapColumnType *type,
								   OlapNode *a, OlapNode *b, OlapNode *fallback);

#endif							/* OLAP_PROGRAM_BUILD_H */
