/*-------------------------------------------------------------------------
 *
 * vector.c
 *		Column vectors: representation of SQL types, memory, appends.
 *
 * Offsets of an OLAP_PHYS_VAR vector built here never descend (a NULL repeats
 * its predecessor's), so truncation finds the end of the heap in one step.
 *
 * src/vector/vector.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "base/large.h"
#include "base/varlena.h"
#include "vector/vector.h"

#define MIN_CAPACITY 64
#define MIN_HEAP 1024

static int
phys_width(OlapPhys phys)
{
	switch (phys)
	{
		case OLAP_PHYS_BOOL:
		case OLAP_PHYS_I8:
			return 1;
		case OLAP_PHYS_I16:
			return 2;
		case OLAP_PHYS_I32:
		case OLAP_PHYS_F32:
		case OLAP_PHYS_VAR:
			return 4;
		default:
			return 8;
	}
}

bool
olap_numeric_length(int32 typmod, int *precision, int *scale)
{
	if (typmod < (int32) VARHDRSZ)
		return false;
	*precision = ((typmod - VARHDRSZ) >> 16) & 0xFFFF;
	*scale = (((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024;
	return true;
}

/*
 * Scaled int64 for numeric(p, s) with at most 18 digits.  A negative scale
 * stores whole numbers of p - s digits with display scale 0.
 */
static bool
numeric_fits_dec64(int32 typmod, uint8 *scale)
{
	int			precision;
	int			s;

	if (!olap_numeric_length(typmod, &precision, &s) || s > 18 ||
		(s < 0 ? precision - s : precision) > 18)
		return false;
	*scale = (uint8) Max(s, 0);
	return true;
}

void
olap_column_type_resolve(OlapColumnType *type)
{
	type->scale = 0;
	if (type->typid == BOOLOID)
		type->phys = OLAP_PHYS_BOOL;
	else if (type->typid == FLOAT4OID)
		type->phys = OLAP_PHYS_F32;
	else if (type->typid == FLOAT8OID)
		type->phys = OLAP_PHYS_F64;
	else if (type->typid == NUMERICOID &&
			 numeric_fits_dec64(type->typmod, &type->scale))
		type->phys = OLAP_PHYS_DEC64;
	else if (type->typlen <= 0)
		type->phys = OLAP_PHYS_VAR;
	else if (!type->typbyval)
		type->phys = OLAP_PHYS_FIXED;
	else if (type->typlen == 1)
		type->phys = OLAP_PHYS_I8;
	else if (type->typlen == 2)
		type->phys = OLAP_PHYS_I16;
	else if (type->typlen == 4)
		type->phys = OLAP_PHYS_I32;
	else
		type->phys = OLAP_PHYS_I64;

	type->width = type->phys == OLAP_PHYS_FIXED ? (uint16) type->typlen
		: (uint16) phys_width(type->phys);
}

void
olap_vector_init(OlapVector *v, const OlapColumnType *type, uint32 capacity,
				 MemoryContext cxt)
{
	memset(v, 0, sizeof(OlapVector));
	v->phys = type->phys;
	v->scale = type->scale;
	v->typalign = type->typalign;
	v->width = type->width;
	v->cxt = cxt;
	v->capacity = (Max(capacity, MIN_CAPACITY) + 63) & ~(uint32) 63;
	v->values = MemoryContextAllocHuge(cxt, (Size) v->capacity * v->width);
}

/* The arrays stay; where a value takes more bytes now, they hold fewer rows. */
void
olap_vector_set_phys(OlapVector *v, OlapPhys phys, uint16 width)
{
	Assert(v->n == 0 && v->valid == NULL);
	if (width > v->width)
		v->capacity = (uint32) ((uint64) v->capacity * v->width / width) &
			~(uint32) 63;
	v->phys = phys;
	v->width = width;
}

void
olap_vector_reset(OlapVector *v, const OlapColumnType *type)
{
	v->n = 0;
	if (v->valid != NULL)
	{
		pfree(v->valid);
		v->valid = NULL;
	}
	if (v->heap_cap == 0)
		v->heap = NULL;
	v->heap_len = 0;
	v->codes = NULL;
	v->dict = NULL;
	v->scale = type->scale;
	v->typalign = type->typalign;
	olap_vector_set_phys(v, type->phys, type->width);
}

void
olap_vector_free(OlapVector *v)
{
	if (v->values != NULL)
		pfree(v->values);
	if (v->valid != NULL)
		pfree(v->valid);
	if (v->heap_cap != 0)
		pfree(v->heap);
	v->values = NULL;
	v->valid = NULL;
	v->heap = NULL;
	v->heap_len = v->heap_cap = 0;
	v->codes = NULL;
	v->dict = NULL;
	v->n = v->capacity = 0;
}

size_t
olap_vector_memory(const OlapVector *v)
{
	return (size_t) v->capacity * v->width + v->heap_cap +
		(v->valid != NULL ? v->capacity / 8 : 0);
}

/* An array of capacity that doubles until it has room for need. */
static size_t
doubled(size_t capacity, size_t need)
{
	size_t		size = Max(capacity, 1);

	while (size < need)
		size *= 2;
	/* the one before the last is not there yet, either */
	return size == capacity ? 0 : size + (size > 2 * capacity ? size / 2 : 0);
}

size_t
olap_vector_growth(const OlapVector *v, uint32 rows, size_t heap)
{
	size_t		capacity = Max(v->capacity, MIN_CAPACITY);
	size_t		more = TYPEALIGN(64, doubled(capacity, (size_t) v->n + rows));
	size_t		sum = more * v->width + more / 8;

	if (v->valid == NULL)
		sum += (capacity + more) / 8;	/* they may become NULL */
	if (heap > 0)
		sum += doubled(Max(v->heap_cap, MIN_HEAP), v->heap_len + heap);
	return sum;
}

/* Make room for at least `rows` rows in all. */
static void
grow_rows(OlapVector *v, uint32 rows)
{
	uint32		capacity = (uint32) Min((uint64) v->capacity * 2,
										(uint64) PG_UINT32_MAX & ~(uint64) 63);

	capacity = (Max(Max(capacity, rows), MIN_CAPACITY) + 63) & ~(uint32) 63;
	if (v->values == NULL)
		v->values = MemoryContextAllocHuge(v->cxt, (Size) capacity * v->width);
	else
		v->values = olap_large_realloc(v->values, (Size) v->capacity * v->width,
									   (Size) capacity * v->width);
	if (v->valid != NULL)
		v->valid = repalloc_huge(v->valid, capacity / 8);
	v->capacity = capacity;
}

static inline void
reserve_rows(OlapVector *v, uint32 more)
{
	if (unlikely(v->capacity - v->n < more))
		grow_rows(v, v->n + more);
}

void
olap_vector_reserve(OlapVector *v, uint32 more)
{
	reserve_rows(v, more);
}

void
olap_vector_make_valid(OlapVector *v)
{
	if (v->valid != NULL)
		return;
	v->valid = MemoryContextAllocHuge(v->cxt, Max(v->capacity / 8, 8));
	memset(v->valid, 0xFF, v->capacity / 8);
}

static inline void
set_valid(OlapVector *v, uint32 row)
{
	if (v->valid != NULL)
		v->valid[row >> 6] |= UINT64CONST(1) << (row & 63);
}

/*
 * Room for len more heap bytes.  Errors if offsets would not fit 32 bits.  A
 * heap that belongs to somebody else (heap_cap = 0) is copied first.
 */
void
olap_vector_reserve_heap(OlapVector *v, size_t len)
{
	size_t		need = v->heap_len + len;
	size_t		cap = Max(Max(v->heap_cap * 2, need), MIN_HEAP);
	char	   *heap;

	if (v->heap_cap >= need)
		return;
	if (need > PG_UINT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("values of one column in one batch exceed 4 GB")));
	if (v->heap_cap != 0)
		heap = repalloc_huge(v->heap, cap);
	else
	{
		heap = MemoryContextAllocHuge(v->cxt, cap);
		if (v->heap_len > 0)
			memcpy(heap, v->heap, v->heap_len);
	}
	v->heap = heap;
	v->heap_cap = cap;
}

/*
 * Start a value of len bytes (with its header) at the end of the heap, aligned;
 * returns where it goes and stores its offset as row v->n's.
 */
static inline char *
start_value(OlapVector *v, size_t len)
{
	size_t		align = v->typalign == TYPALIGN_DOUBLE ? 8 : 4;
	size_t		start = TYPEALIGN(align, v->heap_len);
	size_t		need = start - v->heap_len + len;

	/* heap_cap is 0 if the heap is not ours */
	if (unlikely(v->heap_cap < v->heap_len + need))
		olap_vector_reserve_heap(v, need);
	memset(v->heap + v->heap_len, 0, start - v->heap_len);
	((uint32 *) v->values)[v->n] = (uint32) start;
	v->heap_len = start + len;
	return v->heap + start;
}

void
olap_vector_append_var(OlapVector *v, const char *data, size_t len)
{
	char	   *value;

	Assert(v->phys == OLAP_PHYS_VAR);
	if (len > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a value exceeds 1 GB")));
	reserve_rows(v, 1);
	value = start_value(v, len + VARHDRSZ);
	SET_VARSIZE(value, len + VARHDRSZ);
	if (len > 0)
		memcpy(value + VARHDRSZ, data, len);
	set_valid(v, v->n);
	v->n++;
}

void
olap_vector_append_null(OlapVector *v)
{
	char	   *value;

	reserve_rows(v, 1);
	olap_vector_make_valid(v);
	v->valid[v->n >> 6] &= ~(UINT64CONST(1) << (v->n & 63));
	value = (char *) v->values + (size_t) v->n * v->width;
	if (v->phys == OLAP_PHYS_VAR && v->n > 0)
		memcpy(value, value - v->width, v->width);
	else
		memset(value, 0, v->width);
	v->n++;
}

#define APPEND(name, ctype, wanted) \
void \
olap_vector_append_##name(OlapVector *v, ctype value) \
{ \
	Assert(wanted); \
	reserve_rows(v, 1); \
	((ctype *) v->values)[v->n] = value; \
	set_valid(v, v->n); \
	v->n++; \
}

APPEND(i16, int16, v->phys == OLAP_PHYS_I16)
APPEND(i32, int32, v->phys == OLAP_PHYS_I32)
APPEND(i64, int64, v->phys == OLAP_PHYS_I64 || v->phys == OLAP_PHYS_DEC64)
APPEND(f32, float, v->phys == OLAP_PHYS_F32)
APPEND(f64, double, v->phys == OLAP_PHYS_F64)

static void
append_i8(OlapVector *v, int8 value)
{
	reserve_rows(v, 1);
	((int8 *) v->values)[v->n] = value;
	set_valid(v, v->n);
	v->n++;
}

void
olap_vector_append_bool(OlapVector *v, bool value)
{
	Assert(v->phys == OLAP_PHYS_BOOL);
	append_i8(v, value ? 1 : 0);
}

void
olap_vector_append_fixed(OlapVector *v, const void *value)
{
	Assert(v->phys == OLAP_PHYS_FIXED);
	reserve_rows(v, 1);
	memcpy((char *) v->values + (size_t) v->n * v->width, value, v->width);
	set_valid(v, v->n);
	v->n++;
}

void
olap_vector_append_datum(OlapVector *v, const OlapColumnType *type,
						 Datum value, bool isnull)
{
	int64		decimal;

	if (isnull)
	{
		olap_vector_append_null(v);
		return;
	}
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			olap_vector_append_bool(v, DatumGetBool(value));
			break;
		case OLAP_PHYS_I8:
			append_i8(v, (int8) DatumGetChar(value));
			break;
		case OLAP_PHYS_I16:
			olap_vector_append_i16(v, DatumGetInt16(value));
			break;
		case OLAP_PHYS_I32:
			olap_vector_append_i32(v, DatumGetInt32(value));
			break;
		case OLAP_PHYS_I64:
			olap_vector_append_i64(v, DatumGetInt64(value));
			break;
		case OLAP_PHYS_F32:
			olap_vector_append_f32(v, DatumGetFloat4(value));
			break;
		case OLAP_PHYS_F64:
			olap_vector_append_f64(v, DatumGetFloat8(value));
			break;
		case OLAP_PHYS_DEC64:
			if (olap_decimal_to_i64(DatumGetPointer(value), v->scale, &decimal))
			{
				olap_vector_append_i64(v, decimal);
				break;
			}
			olap_vector_to_numeric(v);
			/* FALLTHROUGH */
		case OLAP_PHYS_VAR:
			olap_vector_append_var(v, VARDATA_ANY(DatumGetPointer(value)),
								   VARSIZE_ANY_EXHDR(DatumGetPointer(value)));
			break;
		case OLAP_PHYS_FIXED:
			olap_vector_append_fixed(v, DatumGetPointer(value));
			break;
	}
}

void
olap_vector_truncate(OlapVector *v, uint32 n)
{
	if (n >= v->n)
		return;
	v->n = n;
	if (v->phys != OLAP_PHYS_VAR || v->heap_cap == 0)
		return;
	if (n == 0)
		v->heap_len = 0;
	else if (v->heap_len > 0)
	{
		uint32		last = ((uint32 *) v->values)[n - 1];
		size_t		end = (size_t) last + VARSIZE(v->heap + last);

		/* rows up to n may all be NULL: then last is 0 and keeps one value */
		v->heap_len = Min(v->heap_len, end);
	}
}

void
olap_vector_to_numeric(OlapVector *v)
{
	int64	   *old = v->values;
	uint32		n = v->n;
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			numeric;

	Assert(v->phys == OLAP_PHYS_DEC64);
	v->phys = OLAP_PHYS_VAR;
	v->width = sizeof(uint32);
	v->heap_len = 0;
	v->codes = NULL;
	v->dict = NULL;

	/* offsets are narrower than values, so the array is rewritten in place */
	for (uint32 row = 0; row < n; row++)
	{
		int64		value = old[row];
		int			len;

		v->n = row;
		if (olap_vector_is_null(v, row))
		{
			((uint32 *) v->values)[row] =
				row > 0 ? ((uint32 *) v->values)[row - 1] : 0;
			continue;
		}
		len = olap_decimal_from_i64(value, v->scale, numeric.bytes);
		memcpy(start_value(v, len), numeric.bytes, len);
	}
	v->n = n;
}
