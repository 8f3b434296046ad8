/*-------------------------------------------------------------------------
 *
 * hll_store.c
 *		The stored form of a HyperLogLog; see hll.h.
 *
 * src/sketch/hll_store.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/hash.h"
#include "sketch/hll_internal.h"

#define FORM_SPARSE 1
#define FORM_DENSE 2

static void
put_le32(uint8 *out, uint32 value)
{
	out[0] = (uint8) value;
	out[1] = (uint8) (value >> 8);
	out[2] = (uint8) (value >> 16);
	out[3] = (uint8) (value >> 24);
}

size_t
olap_hll_stored_size(const OlapHll *h)
{
	return OLAP_HLL_HEADER + (h->registers != NULL ?
							  olap_hll_dense_bytes(h->bits) :
							  h->n * sizeof(uint32));
}

static int
compare_entries(const void *a, const void *b)
{
	uint32		x = *(const uint32 *) a;
	uint32		y = *(const uint32 *) b;

	return x < y ? -1 : x > y;
}

static void
store_sparse(const OlapHll *h, uint8 *out)
{
	uint32	   *entries = palloc(Max(h->n, 1) * sizeof(uint32));
	uint32		n = 0;

	for (uint32 i = 0; h->table != NULL && i <= h->mask; i++)
		if (h->table[i] != 0)
			entries[n++] = h->table[i];
	qsort(entries, n, sizeof(uint32), compare_entries);
	for (uint32 i = 0; i < n; i++)
		put_le32(out + i * sizeof(uint32), entries[i]);
	pfree(entries);
}

/* Four registers are three bytes. */
static void
store_dense(const OlapHll *h, uint8 *out)
{
	const uint8 *r = h->registers;

	for (uint32 i = 0; i < (uint32) 1 << h->bits; i += 4, out += 3)
	{
		uint32		word = r[i] | (uint32) r[i + 1] << 6 |
			(uint32) r[i + 2] << 12 | (uint32) r[i + 3] << 18;

		out[0] = (uint8) word;
		out[1] = (uint8) (word >> 8);
		out[2] = (uint8) (word >> 16);
	}
}

void
olap_hll_store(const OlapHll *h, uint8 *out)
{
	out[0] = OLAP_HLL_VERSION;
	out[1] = h->registers != NULL ? FORM_DENSE : FORM_SPARSE;
	out[2] = h->bits;
	out[3] = h->flags;
	if (h->registers != NULL)
		store_dense(h, out + OLAP_HLL_HEADER);
	else
		store_sparse(h, out + OLAP_HLL_HEADER);
}

/* ---- reading ---- */

static const char *
fault_of_sparse(const uint8 *src, size_t len, int bits)
{
	size_t		n = len / sizeof(uint32);
	int64		last = -1;

	if (len % sizeof(uint32) != 0 || n > olap_hll_sparse_limit(bits))
		return "a sparse sketch has a wrong length";
	for (size_t i = 0; i < n; i++)
	{
		uint32		entry = olap_hash_load32(src + i * sizeof(uint32));
		uint32		rank = entry & OLAP_HLL_RANK_MASK;

		if (rank == 0 || rank > 64 - OLAP_HLL_SPARSE_BITS + 1)
			return "a rank is out of range";
		if (entry >> OLAP_HLL_RANK_BITS <= last)
			return "positions do not ascend";
		last = entry >> OLAP_HLL_RANK_BITS;
	}
	return NULL;
}

static void
unpack(const uint8 *src, uint8 r[4])
{
	uint32		word = src[0] | (uint32) src[1] << 8 | (uint32) src[2] << 16;

	r[0] = word & OLAP_HLL_RANK_MASK;
	r[1] = word >> 6 & OLAP_HLL_RANK_MASK;
	r[2] = word >> 12 & OLAP_HLL_RANK_MASK;
	r[3] = word >> 18 & OLAP_HLL_RANK_MASK;
}

static const char *
fault_of_dense(const uint8 *src, size_t len, int bits)
{
	int			max_rank = 64 - bits + 1;

	if (len != olap_hll_dense_bytes(bits))
		return "a dense sketch has a wrong length";
	for (size_t i = 0; i < len; i += 3)
	{
		uint8		r[4];

		unpack(src + i, r);
		if (Max(Max(r[0], r[1]), Max(r[2], r[3])) > max_rank)
			return "a rank is out of range";
	}
	return NULL;
}

static const char *
fault_of(const uint8 *src, size_t len)
{
	int			bits;

	if (len < OLAP_HLL_HEADER)
		return "a sketch is too short";
	if (src[0] != OLAP_HLL_VERSION)
		return "the version of a sketch is not known";
	bits = src[2];
	if (bits < OLAP_HLL_MIN_BITS || bits > OLAP_HLL_MAX_BITS ||
		(src[3] & ~OLAP_HLL_NOT_PORTABLE) != 0)
		return "precision or flags of a sketch are out of range";
	src += OLAP_HLL_HEADER;
	len -= OLAP_HLL_HEADER;
	if (src[1 - OLAP_HLL_HEADER] == FORM_SPARSE)
		return fault_of_sparse(src, len, bits);
	if (src[1 - OLAP_HLL_HEADER] == FORM_DENSE)
		return fault_of_dense(src, len, bits);
	return "the form of a sketch is not known";
}

bool
olap_hll_check(const uint8 *src, size_t len, const char **reason)
{
	*reason = fault_of(src, len);
	return *reason == NULL;
}

bool
olap_hll_load(OlapHll *h, const uint8 *src, size_t len, MemoryContext cxt,
			  const char **reason)
{
	if (!olap_hll_check(src, len, reason))
		return false;
	olap_hll_init(h, src[2], cxt);
	h->flags = src[3];
	if (src[1] == FORM_SPARSE)
	{
		for (size_t i = OLAP_HLL_HEADER; i < len; i += sizeof(uint32))
			olap_hll_put_entry(h, olap_hash_load32(src + i));
		return true;
	}
	h->registers = MemoryContextAlloc(cxt, (Size) 1 << h->bits);
	for (size_t i = 0; i < olap_hll_dense_bytes(h->bits); i += 3)
		unpack(src + OLAP_HLL_HEADER + i, h->registers + i / 3 * 4);
	return true;
}
