/*-------------------------------------------------------------------------
 *
 * order.c
 *		The order that a compaction writes rows in.
 *
 * src/compact/order.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/sortsupport.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "compact/order.h"

#define SIGN_BIT (UINT64CONST(1) << 63)
/* NULLs sort last; where they tie with the greatest integer nothing is lost. */
#define IMAGE_NULL PG_UINT64_MAX

/* Distinct values of a column by their bytes. */
typedef struct Distinct
{
	const OlapVector *v;
	SortSupportData ssup;
	uint32	   *slots;			/* hash table: index in rows + 1; 0: free */
	uint32		mask;
	uint32	   *rows;			/* [n] a row with each value */
	uint32		n;
} Distinct;

/* ---- images ---- */

/* Do the type's values sort as the signed integers that store them? */
static bool
sorts_as_integer(const OlapColumnType *type, const OlapVector *v)
{
	switch (type->typid)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case CASHOID:
			return true;
		case NUMERICOID:
			return v->phys == OLAP_PHYS_DEC64;
		default:
			return false;
	}
}

static int64
integer_value(const OlapVector *v, uint32 row)
{
	switch (v->phys)
	{
		case OLAP_PHYS_BOOL:
			return ((const uint8 *) v->values)[row];
		case OLAP_PHYS_I16:
			return ((const int16 *) v->values)[row];
		case OLAP_PHYS_I32:
			return ((const int32 *) v->values)[row];
		default:
			return ((const int64 *) v->values)[row];
	}
}

static void
integer_images(const OlapVector *v, uint64 *images)
{
	for (uint32 i = 0; i < v->n; i++)
		images[i] = olap_vector_is_null(v, i) ? IMAGE_NULL :
			(uint64) integer_value(v, i) ^ SIGN_BIT;
}

/* The bytes of a value. */
static const char *
value_bytes(const OlapVector *v, uint32 row, size_t *len)
{
	if (v->phys == OLAP_PHYS_VAR)
	{
		const char *value = v->heap + ((const uint32 *) v->values)[row];

		*len = VARSIZE(value) - VARHDRSZ;
		return VARDATA(value);
	}
	*len = v->width;
	return (const char *) v->values + (size_t) row * v->width;
}

/* The index of the row's value among the distinct ones. */
static uint32
distinct_index(Distinct *d, uint32 row)
{
	size_t		len;
	const char *bytes = value_bytes(d->v, row, &len);
	uint32		slot = hash_bytes((const unsigned char *) bytes, (int) len);

	for (;; slot++)
	{
		size_t		other_len;
		const char *other;

		if (d->slots[slot & d->mask] == 0)
		{
			d->rows[d->n++] = row;
			d->slots[slot & d->mask] = d->n;
			return d->n - 1;
		}
		other = value_bytes(d->v, d->rows[d->slots[slot & d->mask] - 1], &other_len);
		if (other_len == len && memcmp(bytes, other, len) == 0)
			return d->slots[slot & d->mask] - 1;
	}
}

static int
compare_distinct(const void *a, const void *b, void *arg)
{
	Distinct   *d = arg;
	union
	{
		char		bytes[OLAP_DECIMAL_MAX_SIZE];
		uint32		align;
	}			x,
				y;

	return ApplySortComparator(olap_vector_datum(d->v, d->rows[*(const uint32 *) a], x.bytes),
							   false,
							   olap_vector_datum(d->v, d->rows[*(const uint32 *) b], y.bytes),
							   false, &d->ssup);
}

/* Ranks among the distinct values; the work is in the current context. */
static void
rank_images(const OlapVector *v, const OlapColumnType *type, Oid lt_opr,
			uint64 *images)
{
	Distinct	d = {.v = v};
	uint32		size = 1024;
	uint32	   *order;
	uint32	   *rank;

	while (size < v->n * 2)
		size *= 2;
	d.mask = size - 1;
	d.slots = palloc_extended(size * sizeof(uint32), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	d.rows = palloc_extended(v->n * sizeof(uint32), MCXT_ALLOC_HUGE);
	d.ssup.ssup_cxt = CurrentMemoryContext;
	d.ssup.ssup_collation = type->collation;
	PrepareSortSupportFromOrderingOp(lt_opr, &d.ssup);

	for (uint32 i = 0; i < v->n; i++)
		images[i] = olap_vector_is_null(v, i) ? IMAGE_NULL :
			distinct_index(&d, i);
	CHECK_FOR_INTERRUPTS();
	order = palloc_extended(Max(d.n, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	rank = palloc_extended(Max(d.n, 1) * sizeof(uint32), MCXT_ALLOC_HUGE);
	for (uint32 i = 0; i < d.n; i++)
		order[i] = i;
	qsort_arg(order, d.n, sizeof(uint32), compare_distinct, &d);
	for (uint32 i = 0; i < d.n; i++)
		rank[order[i]] = i;
	for (uint32 i = 0; i < v->n; i++)
		if (images[i] != IMAGE_NULL)
			images[i] = rank[images[i]];
}

/* ---- sorting ---- */

/* Stable sort of order[n] by images, byte by byte where they differ. */
static void
sort_by(const uint64 *images, bool descending, uint32 **order, uint32 **spare,
		uint32 n)
{
	uint64		flip = descending ? PG_UINT64_MAX : 0;
	uint64		differ = 0;
	bool		sorted = true;

	for (uint32 i = 1; i < n; i++)
	{
		uint64		a = images[(*order)[i - 1]] ^ flip;
		uint64		b = images[(*order)[i]] ^ flip;

		differ |= a ^ b;
		sorted &= a <= b;
	}
	for (int shift = 0; shift < 64 && !sorted; shift += 8)
	{
		uint32		start[257] = {0};
		uint32	   *swap = *order;

		CHECK_FOR_INTERRUPTS();
		if (((differ >> shift) & 0xFF) == 0)
			continue;
		for (uint32 i = 0; i < n; i++)
			start[(((images[i] ^ flip) >> shift) & 0xFF) + 1]++;
		for (int i = 0; i < 256; i++)
			start[i + 1] += start[i];
		for (uint32 i = 0; i < n; i++)
		{
			uint32		row = (*order)[i];

			(*spare)[start[((images[row] ^ flip) >> shift) & 0xFF]++] = row;
		}
		*order = *spare;
		*spare = swap;
	}
}

static void
sort_by_column(const OlapVector *v, const OlapColumnType *type, bool descending,
			   uint64 *images, uint32 **order, uint32 **spare, uint32 n)
{
	MemoryContext cxt;
	MemoryContext old;

	if (sorts_as_integer(type, v))
		integer_images(v, images);
	else
	{
		TypeCacheEntry *entry = lookup_type_cache(type->typid, TYPECACHE_LT_OPR);

		if (!OidIsValid(entry->lt_opr))
			return;				/* the operator class was dropped */
		cxt = AllocSetContextCreate(CurrentMemoryContext, "olap sort key",
									ALLOCSET_DEFAULT_SIZES);
		old = MemoryContextSwitchTo(cxt);
		rank_images(v, type, entry->lt_opr, images);
		MemoryContextSwitchTo(old);
		MemoryContextDelete(cxt);
	}
	sort_by(images, descending, order, spare, n);
}

uint32 *
olap_compact_order(const OlapVector *cols, const OlapColumnType *types,
				   const OlapOptions *options, const int64 *buckets,
				   const uint64 *rows, uint32 n)
{
	uint32	   *order = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint32	   *spare = palloc_extended(n * sizeof(uint32), MCXT_ALLOC_HUGE);
	uint64	   *images = palloc_extended(n * sizeof(uint64), MCXT_ALLOC_HUGE);

	for (uint32 i = 0; i < n; i++)
		order[i] = i;

	/* the least significant key first */
	sort_by(rows, false, &order, &spare, n);
	for (int i = options->norder - 1; i >= 0; i--)
	{
		int			col = options->order_by[i] - 1;

		if (!types[col].dropped)
			sort_by_column(&cols[col], &types[col], options->order_desc[i],
						   images, &order, &spare, n);
	}
	if (buckets != NULL)
	{
		for (uint32 i = 0; i < n; i++)
			images[i] = (uint64) buckets[i] ^ SIGN_BIT;
		sort_by(images, false, &order, &spare, n);
	}
	pfree(images);
	pfree(spare);
	return order;
}
