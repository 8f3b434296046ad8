/*-------------------------------------------------------------------------
 *
 * hll_sql.c
 *		The SQL type hll, its functions and aggregates.
 *
 * An hll value is a varlena with the stored form of a sketch (hll.h). States of
 * aggregates are sketches in memory, and the stored form between processes.
 *
 * src/sketch/hll_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "sketch/hll.h"
#include "sketch/hll_sql.h"
#include "sketch/value_hash.h"

PG_FUNCTION_INFO_V1(olap_hll_in);
PG_FUNCTION_INFO_V1(olap_hll_recv);
PG_FUNCTION_INFO_V1(olap_hll_empty_sql);
PG_FUNCTION_INFO_V1(olap_hll_add_sql);
PG_FUNCTION_INFO_V1(olap_hll_union_sql);
PG_FUNCTION_INFO_V1(olap_hll_cardinality_sql);
PG_FUNCTION_INFO_V1(olap_hll_trans);
PG_FUNCTION_INFO_V1(olap_hll_union_trans);
PG_FUNCTION_INFO_V1(olap_hll_combine);
PG_FUNCTION_INFO_V1(olap_hll_serialize);
PG_FUNCTION_INFO_V1(olap_hll_deserialize);
PG_FUNCTION_INFO_V1(olap_hll_final);
PG_FUNCTION_INFO_V1(olap_hll_final_count);

extern PGDLLEXPORT Datum olap_hll_in(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_recv(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_empty_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_add_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_union_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_cardinality_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_union_trans(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_combine(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_serialize(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_deserialize(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum olap_hll_final(PG_FUNCTION_ARGS);

/* ---- values ---- */

static bytea *
store(const OlapHll *h)
{
	size_t		len = olap_hll_stored_size(h);
	bytea	   *value = palloc(VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	olap_hll_store(h, (uint8 *) VARDATA(value));
	return value;
}

pg_noreturn static void
bad_sketch(int sqlerrcode, const char *reason)
{
	ereport(ERROR,
			(errcode(sqlerrcode),
			 errmsg("invalid value of type hll"),
			 errdetail("The sketch cannot be read: %s.", reason)));
}

/* A value of the type, which was checked when it was made. */
static void
load(OlapHll *h, const bytea *value, MemoryContext cxt)
{
	const char *reason;

	if (!olap_hll_load(h, (const uint8 *) VARDATA_ANY(value),
					   VARSIZE_ANY_EXHDR(value), cxt, &reason))
		bad_sketch(ERRCODE_DATA_CORRUPTED, reason);
}

Datum
olap_hll_in(PG_FUNCTION_ARGS)
{
	bytea	   *value = DatumGetByteaPP(DirectFunctionCall1(byteain,
															PG_GETARG_DATUM(0)));
	const char *reason;

	if (!olap_hll_check((const uint8 *) VARDATA_ANY(value),
						VARSIZE_ANY_EXHDR(value), &reason))
		bad_sketch(ERRCODE_INVALID_TEXT_REPRESENTATION, reason);
	PG_RETURN_BYTEA_P(value);
}

Datum
olap_hll_recv(PG_FUNCTION_ARGS)
{
	bytea	   *value = DatumGetByteaPP(DirectFunctionCall1(bytearecv,
															PG_GETARG_DATUM(0)));
	const char *reason;

	if (!olap_hll_check((const uint8 *) VARDATA_ANY(value),
						VARSIZE_ANY_EXHDR(value), &reason))
		bad_sketch(ERRCODE_INVALID_BINARY_REPRESENTATION, reason);
	PG_RETURN_BYTEA_P(value);
}

/* ---- hashing ---- */

/* How values of an argument are hashed; kept in fn_extra. */
typedef struct Hasher
{
	OlapHashKind kind;
	Oid			typid;			/* base type */
	int16		typlen;
	uint8		flags;			/* of sketches of them */
	FmgrInfo   *function;		/* kind NONE */
} Hasher;

static Hasher *
get_hasher(FunctionCallInfo fcinfo, int argno)
{
	Hasher	   *hasher = fcinfo->flinfo->fn_extra;
	Oid			typid = get_fn_expr_argtype(fcinfo->flinfo, argno);
	bool		portable;

	if (hasher != NULL)
		return hasher;
	if (!OidIsValid(typid))
		elog(ERROR, "could not determine the type of values for a sketch");
	hasher = MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(Hasher));
	hasher->typid = getBaseType(typid);
	hasher->typlen = get_typlen(hasher->typid);
	hasher->kind = olap_hash_kind_of_type(typid, PG_GET_COLLATION(), &portable);
	hasher->flags = portable ? 0 : OLAP_HLL_NOT_PORTABLE;
	if (hasher->kind == OLAP_HASH_NONE)
	{
		TypeCacheEntry *cache = lookup_type_cache(hasher->typid,
												  TYPECACHE_HASH_EXTENDED_PROC_FINFO);

		if (!OidIsValid(cache->hash_extended_proc))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_FUNCTION),
					 errmsg("values of type %s cannot be counted by a sketch",
							format_type_be(typid)),
					 errdetail("The type has no extended hash function."),
					 errhint("Cast the values to a type that has one, such as text.")));
		hasher->function = &cache->hash_extended_proc_finfo;
	}
	fcinfo->flinfo->fn_extra = hasher;
	return hasher;
}

static uint64
hash_int(const Hasher *hasher, Datum value)
{
	if (hasher->typid == BOOLOID)
		return olap_value_hash_u64(DatumGetBool(value) ? 1 : 0);
	switch (hasher->typlen)
	{
		case 1:
			return olap_value_hash_u64((uint64) (int64) (int8) DatumGetChar(value));
		case 2:
			return olap_value_hash_u64((uint64) (int64) DatumGetInt16(value));
		case 4:
			return olap_value_hash_u64((uint64) (int64) DatumGetInt32(value));
		default:
			return olap_value_hash_u64((uint64) DatumGetInt64(value));
	}
}

static uint64
hash_varlena(const Hasher *hasher, Datum value)
{
	struct varlena *p = PG_DETOAST_DATUM_PACKED(value);
	const char *data = VARDATA_ANY(p);
	size_t		len = VARSIZE_ANY_EXHDR(p);
	uint64		hash;

	if (hasher->kind == OLAP_HASH_NUMERIC)
		hash = olap_value_hash_numeric(data, len);
	else if (hasher->kind == OLAP_HASH_BPCHAR)
		hash = olap_value_hash_bpchar(data, len);
	else
		hash = olap_value_hash_bytes(data, len);
	if ((Pointer) p != DatumGetPointer(value))
		pfree(p);
	return hash;
}

static uint64
hash_datum(const Hasher *hasher, Oid collation, Datum value)
{
	switch (hasher->kind)
	{
		case OLAP_HASH_INT:
			return hash_int(hasher, value);
		case OLAP_HASH_UINT:
			return olap_value_hash_u64(DatumGetObjectId(value));
		case OLAP_HASH_FLOAT:
			return olap_value_hash_double(hasher->typlen == 4 ?
										  DatumGetFloat4(value) :
										  DatumGetFloat8(value));
		case OLAP_HASH_NUMERIC:
		case OLAP_HASH_BPCHAR:
			return hash_varlena(hasher, value);
		case OLAP_HASH_BYTES:
			if (hasher->typlen > 0)
				return olap_value_hash_bytes(DatumGetPointer(value),
											 hasher->typlen);
			return hash_varlena(hasher, value);
		case OLAP_HASH_NONE:
			break;
	}
	return olap_value_mix(DatumGetUInt64(FunctionCall2Coll(hasher->function,
														   collation, value,
														   UInt64GetDatum(0))));
}

static void
add_datum(OlapHll *h, FunctionCallInfo fcinfo, int argno)
{
	Hasher	   *hasher = get_hasher(fcinfo, argno);

	h->flags |= hasher->flags;
	olap_hll_add(h, hash_datum(hasher, PG_GET_COLLATION(),
							   PG_GETARG_DATUM(argno)));
}

/* ---- functions ---- */

static int
precision_arg(FunctionCallInfo fcinfo, int argno)
{
	int			bits;

	if (PG_NARGS() <= argno)
		return OLAP_HLL_DEFAULT_BITS;
	if (PG_ARGISNULL(argno))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the precision of a sketch must not be null")));
	bits = PG_GETARG_INT32(argno);
	if (bits < OLAP_HLL_MIN_BITS || bits > OLAP_HLL_MAX_BITS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid precision of a sketch: %d", bits),
				 errhint("Give a number of bits from %d to %d.",
						 OLAP_HLL_MIN_BITS, OLAP_HLL_MAX_BITS)));
	return bits;
}

Datum
olap_hll_empty_sql(PG_FUNCTION_ARGS)
{
	OlapHll		h;

	olap_hll_init(&h, precision_arg(fcinfo, 0), CurrentMemoryContext);
	PG_RETURN_BYTEA_P(store(&h));
}

/* A NULL value adds nothing; a NULL sketch stays NULL. */
Datum
olap_hll_add_sql(PG_FUNCTION_ARGS)
{
	OlapHll		h;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (PG_ARGISNULL(1))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	load(&h, PG_GETARG_BYTEA_PP(0), CurrentMemoryContext);
	add_datum(&h, fcinfo, 1);
	PG_RETURN_BYTEA_P(store(&h));
}

Datum
olap_hll_union_sql(PG_FUNCTION_ARGS)
{
	OlapHll		a;
	OlapHll		b;

	load(&a, PG_GETARG_BYTEA_PP(0), CurrentMemoryContext);
	load(&b, PG_GETARG_BYTEA_PP(1), CurrentMemoryContext);
	olap_hll_merge(&a, &b);
	PG_RETURN_BYTEA_P(store(&a));
}

Datum
olap_hll_cardinality_sql(PG_FUNCTION_ARGS)
{
	OlapHll		h;

	load(&h, PG_GETARG_BYTEA_PP(0), CurrentMemoryContext);
	PG_RETURN_INT64(olap_hll_cardinality(&h));
}

/* ---- aggregates ---- */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext cxt;

	if (!AggCheckCallContext(fcinfo, &cxt))
		elog(ERROR, "aggregate function called in non-aggregate context");
	return cxt;
}

static OlapHll *
state_arg(FunctionCallInfo fcinfo, int argno)
{
	return PG_ARGISNULL(argno) ? NULL : (OlapHll *) PG_GETARG_POINTER(argno);
}

static OlapHll *
create_state(int bits, MemoryContext cxt)
{
	OlapHll    *h = MemoryContextAlloc(cxt, sizeof(OlapHll));

	olap_hll_init(h, bits, cxt);
	return h;
}

/* (state, value [, precision]) */
Datum
olap_hll_trans(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	OlapHll    *h = state_arg(fcinfo, 0);

	if (h == NULL)
		h = create_state(precision_arg(fcinfo, 2), cxt);
	else if (PG_NARGS() > 2 && precision_arg(fcinfo, 2) != h->bits)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the precision of a sketch must not change between rows")));
	if (!PG_ARGISNULL(1))
		add_datum(h, fcinfo, 1);
	PG_RETURN_POINTER(h);
}

static OlapHll *
merge_state(OlapHll *h, const OlapHll *other, MemoryContext cxt)
{
	if (h == NULL)
		h = create_state(other->bits, cxt);
	olap_hll_merge(h, other);
	return h;
}

/* (state, hll) */
Datum
olap_hll_union_trans(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	OlapHll    *h = state_arg(fcinfo, 0);
	OlapHll		other;

	if (PG_ARGISNULL(1))
	{
		if (h == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(h);
	}
	load(&other, PG_GETARG_BYTEA_PP(1), CurrentMemoryContext);
	h = merge_state(h, &other, cxt);
	olap_hll_free(&other);
	PG_RETURN_POINTER(h);
}

Datum
olap_hll_combine(PG_FUNCTION_ARGS)
{
	MemoryContext cxt = aggregate_context(fcinfo);
	OlapHll    *h = state_arg(fcinfo, 0);
	OlapHll    *other = state_arg(fcinfo, 1);

	if (other != NULL)
		PG_RETURN_POINTER(merge_state(h, other, cxt));
	if (h == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(h);
}

Datum
olap_hll_serialize(PG_FUNCTION_ARGS)
{
	aggregate_context(fcinfo);
	PG_RETURN_BYTEA_P(store((OlapHll *) PG_GETARG_POINTER(0)));
}

Datum
olap_hll_deserialize(PG_FUNCTION_ARGS)
{
	OlapHll    *h;

	aggregate_context(fcinfo);
	h = palloc(sizeof(OlapHll));
	load(h, PG_GETARG_BYTEA_PP(0), CurrentMemoryContext);
	PG_RETURN_POINTER(h);
}

Datum
olap_hll_final(PG_FUNCTION_ARGS)
{
	OlapHll    *h = state_arg(fcinfo, 0);

	aggregate_context(fcinfo);
	if (h == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(store(h));
}

Datum
olap_hll_final_count(PG_FUNCTION_ARGS)
{
	OlapHll    *h = state_arg(fcinfo, 0);

	aggregate_context(fcinfo);
	PG_RETURN_INT64(h == NULL ? 0 : olap_hll_cardinality(h));
}
