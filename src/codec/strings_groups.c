/*-------------------------------------------------------------------------
 *
 * strings_groups.c
 *		String blocks in groups: one value takes a part of the block.
 *
 * A sorted dictionary of many short values is asked for all of them by a scan and
 * for one by a row that an index found.  So the bytes are compressed in groups of
 * about 4 kB, the first value of each without a prefix, and the lengths are in bins
 * (bins.c), which are found without those before them.  URLs of ad-tech rows take 3.6 %
 * more bytes than in mode 3, all of them as many instructions.
 *
 * Layout: mode (1 byte), log2 of a group's values (1 byte), the bins of rests and
 * those of prefixes, the groups' ends (4 bytes each, from the first one's begin), the
 * bin numbers of all rests and of all prefixes, packed, the groups, 8 bytes 0.  A
 * group is the distances of its rests, those of its prefixes, and a block (lz.c).  A
 * rest is the length of what follows a value's prefix.
 *
 * src/codec/strings_groups.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "codec/bins.h"
#include "codec/strings.h"

/* What there is at least of a group, on average. */
#define GROUP_BYTES 4096
/* Ranges of values that bins are chosen from, about. */
#define RANGES 40
/* Of a block's head: what comes before the bin numbers is not longer. */
#define HEAD_MAX (2 + 2 * (2 + 2 * OLAP_BINS_MAX) + MAX_GROUPS * sizeof(uint32))

/* ---- writing ---- */

int
olap_string_groups_fit(const int64 *lengths, uint32 n, size_t rest)
{
	for (uint32 i = 0; i < n; i++)
		if (lengths[i] > SHORT_MAX)
			return 0;
	for (int shift = MIN_GROUP_SHIFT; shift <= MAX_GROUP_SHIFT; shift++)
	{
		uint32		groups = (n + (1U << shift) - 1) >> shift;

		if (groups > 1 && rest >= (size_t) groups * GROUP_BYTES)
			return shift;
	}
	return 0;
}

/* Bins of n numbers of a byte. */
static void
choose_bins(const uint8 *values, uint32 n, OlapBins *bins)
{
	uint32		counts[256] = {0};
	OlapBinGroup groups[OLAP_BIN_GROUPS];
	int			ngroups = 0;
	uint32		share = n / RANGES;

	for (uint32 i = 0; i < n; i++)
		counts[values[i]]++;
	for (uint32 v = 0; v < 256; v++)
	{
		OlapBinGroup *last = &groups[Max(ngroups, 1) - 1];

		if (counts[v] == 0)
			continue;
		if (ngroups > 0 && last->count + counts[v] <= share)
		{
			last->hi = v;
			last->count += counts[v];
			continue;
		}
		groups[ngroups++] = (OlapBinGroup) {.lo = v, .hi = v, .count = counts[v]};
	}
	(void) olap_bins_choose(groups, ngroups, 0, bins);
}

static void
put_table(const OlapBins *bins, OlapBytes *out)
{
	uint8		table[2 + 2 * OLAP_BINS_MAX] = {bins->id_bits, bins->n};

	for (int b = 0; b < bins->n; b++)
	{
		table[2 + b] = (uint8) bins->start[b];
		table[2 + bins->n + b] = bins->width[b];
	}
	olap_bytes_append(out, table, 2 + 2 * bins->n);
}

/* The bin of each of n values. */
static void
find_ids(const OlapBins *bins, const uint8 *values, uint32 n, uint32 *ids)
{
	uint8		bin_of[256];
	int			bin = 0;

	for (uint32 v = 0; v < 256; v++)
	{
		while (bin + 1 < bins->n && v >= bins->start[bin + 1])
			bin++;
		bin_of[v] = (uint8) bin;
	}
	for (uint32 i = 0; i < n; i++)
		ids[i] = bin_of[values[i]];
}

static void
put_ids(const OlapBins *bins, const uint32 *ids, uint32 n, OlapBytes *out)
{
	size_t		len = olap_bitpack_size(n, bins->id_bits);

	olap_bitpack32(ids, n, bins->id_bits, olap_bytes_reserve(out, len));
	out->len += len;
}

static void
put_distances(const OlapBins *bins, const uint8 *values, const uint32 *ids,
			  uint32 n, OlapBytes *out)
{
	uint8	   *dst = olap_bytes_reserve(out, n);
	uint32		word = 0;
	int			bits = 0;

	for (uint32 i = 0; i < n; i++)
	{
		word |= (uint32) (values[i] - bins->start[ids[i]]) << bits;
		for (bits += bins->width[ids[i]]; bits >= 8; bits -= 8)
		{
			*dst++ = (uint8) word;
			word >>= 8;
			out->len++;
		}
	}
	if (bits > 0)
	{
		*dst = (uint8) word;
		out->len++;
	}
}

/* One kind of lengths: bytes, their bins and bin numbers. */
typedef struct Lengths
{
	OlapBins	bins;
	uint8		values[OLAP_VECTOR_ROWS];
	uint32		ids[OLAP_VECTOR_ROWS];
} Lengths;

static void
prepare(Lengths *lengths, uint32 n)
{
	choose_bins(lengths->values, n, &lengths->bins);
	find_ids(&lengths->bins, lengths->values, n, lengths->ids);
}

void
olap_string_groups_append(const uint8 *bytes, const int64 *lengths,
						  const int64 *prefixes, uint32 n, int shift,
						  OlapBytes *out)
{
	static const uint8 trailer[OLAP_BINS_TRAILER] = {0};
	uint32		rows = 1U << shift;
	uint32		ngroups = (n + rows - 1) >> shift;
	Lengths    *rests = palloc(2 * sizeof(Lengths));
	Lengths    *befores = rests + 1;
	size_t		ends;
	size_t		begin;
	uint8		log2_rows = (uint8) shift;

	for (uint32 i = 0; i < n; i++)
	{
		rests->values[i] = (uint8) (lengths[i] - prefixes[i]);
		befores->values[i] = (uint8) prefixes[i];
	}
	prepare(rests, n);
	prepare(befores, n);
	olap_bytes_append(out, &log2_rows, sizeof(log2_rows));
	put_table(&rests->bins, out);
	put_table(&befores->bins, out);
	ends = out->len;
	(void) olap_bytes_reserve(out, ngroups * sizeof(uint32));
	out->len += ngroups * sizeof(uint32);
	put_ids(&rests->bins, rests->ids, n, out);
	put_ids(&befores->bins, befores->ids, n, out);
	begin = out->len;
	for (uint32 first = 0, g = 0; first < n; first += rows, g++)
	{
		uint32		count = Min(rows, n - first);
		size_t		len = 0;
		uint32		end;

		put_distances(&rests->bins, rests->values + first, rests->ids + first, count, out);
		put_distances(&befores->bins, befores->values + first, befores->ids + first, count, out);
		for (uint32 i = first; i < first + count; i++)
			len += rests->values[i];
		(void) olap_lz_append(out, bytes, len, true);
		bytes += len;
		end = (uint32) (out->len - begin);
		memcpy(out->data + ends + g * sizeof(uint32), &end, sizeof(end));
	}
	olap_bytes_append(out, trailer, sizeof(trailer));
	pfree(rests);
}

/* ---- reading ---- */

StaticAssertDecl(OLAP_BITPACK_BLOCK % (1 << MAX_GROUP_SHIFT) == 0,
				 "a group's bin numbers are in one block");

/* What is before the bin numbers. */
typedef struct Head
{
	int			shift;
	uint32		ngroups;
	OlapBinTable rests;
	OlapBinTable prefixes;
	const uint8 *ends;
	const uint8 *rest_ids;
	const uint8 *prefix_ids;
	const uint8 *begin;			/* of the first group */
	size_t		len;			/* of all groups */
} Head;

/* Take a table of bins off *src. */
static bool
take_table(OlapBinTable *table, const uint8 **src, size_t *len)
{
	const uint8 *p = *src;
	uint8		n;

	if (*len < 2 || p[0] > OLAP_BINS_MAX_ID_BITS || p[1] == 0 ||
		p[1] > 1U << p[0] || *len < 2 + 2 * (size_t) p[1])
		return false;
	n = p[1];
	memset(table, 0, sizeof(*table));
	table->id_bits = p[0];
	table->n = n;
	table->narrow = true;
	for (int b = 0; b < n; b++)
	{
		if (p[2 + n + b] > 8)
			return false;
		table->start32[b] = p[2 + b];
		table->width[b] = p[2 + n + b];
		table->mask32[b] = (1U << table->width[b]) - 1;
	}
	*src += 2 + 2 * n;
	*len -= 2 + 2 * n;
	return true;
}

/* src: behind the mode.  What is before the bin numbers is in place afterwards. */
static bool
open_head(Head *head, const OlapChunkSource *source, const uint8 *src, size_t len,
		  uint32 n)
{
	size_t		ids;

	olap_chunk_need(source, src, Min(len, HEAD_MAX));
	if (len < 1 || src[0] < MIN_GROUP_SHIFT || src[0] > MAX_GROUP_SHIFT)
		return false;
	head->shift = src[0];
	head->ngroups = (n + (1U << head->shift) - 1) >> head->shift;
	src++;
	len--;
	if (!take_table(&head->rests, &src, &len) ||
		!take_table(&head->prefixes, &src, &len))
		return false;
	ids = olap_bitpack_size(n, head->rests.id_bits);
	head->ends = src;
	head->rest_ids = head->ends + head->ngroups * sizeof(uint32);
	head->prefix_ids = head->rest_ids + ids;
	ids += olap_bitpack_size(n, head->prefixes.id_bits);
	if (len < head->ngroups * sizeof(uint32) + ids + OLAP_BINS_TRAILER)
		return false;
	head->begin = head->rest_ids + ids;
	head->len = len - head->ngroups * sizeof(uint32) - ids - OLAP_BINS_TRAILER;
	return true;
}

/*
 * Take the lengths of the n values of group g apart, and check them against its
 * bytes.  ids: of its rests and its prefixes.
 */
static bool
open_group(const Head *head, const OlapChunkSource *source, uint32 g, uint32 n,
		   const uint32 *rest_ids, const uint32 *prefix_ids, uint32 *lengths,
		   uint32 *prefixes, StringGroup *group)
{
	uint32		from = 0;
	uint32		end;
	uint32		bytes;

	if (g > 0)
		memcpy(&from, head->ends + (g - 1) * sizeof(from), sizeof(from));
	memcpy(&end, head->ends + g * sizeof(end), sizeof(end));
	if (from > end || end > head->len || (g + 1 == head->ngroups && end != head->len))
		return false;
	group->src = head->begin + from;
	group->len = end - from;
	olap_chunk_need(source, group->src, group->len + OLAP_BINS_TRAILER);
	if (!olap_bins_take(&head->rests, rest_ids, &group->src, &group->len, n, lengths) ||
		!olap_bins_take(&head->prefixes, prefix_ids, &group->src, &group->len, n, prefixes) ||
		!olap_lz_size(group->src, group->len, &group->raw_len))
		return false;
	return olap_string_lengths_add(lengths, prefixes, n, &bytes) <= SHORT_MAX &&
		bytes == group->raw_len;
}

bool
olap_string_groups_open(StringBlock *block, const uint8 *src, size_t len,
						uint32 n, const char **reason)
{
	static const OlapChunkSource in_place = {NULL};
	uint32		rest_ids[OLAP_VECTOR_ROWS];
	uint32		prefix_ids[OLAP_VECTOR_ROWS];
	Head		head;

	if (!open_head(&head, &in_place, src, len, n))
		OLAP_REJECT("a string block has a wrong head");
	olap_bitunpack32(head.rest_ids, n, head.rests.id_bits, rest_ids);
	olap_bitunpack32(head.prefix_ids, n, head.prefixes.id_bits, prefix_ids);
	block->group_rows = 1U << head.shift;
	block->ngroups = head.ngroups;
	block->raw_len = 0;
	for (uint32 g = 0; g < head.ngroups; g++)
	{
		uint32		first = g << head.shift;

		if (!open_group(&head, &in_place, g, Min(n - first, block->group_rows),
						rest_ids + first, prefix_ids + first, block->lengths + first,
						block->prefixes + first, &block->groups[g]))
			OLAP_REJECT("a string block has a wrong group");
		block->raw_len += block->groups[g].raw_len;
	}
	return true;
}

/* The packed numbers of the block that has value `first` of n. */
static void
unpack_block(const OlapChunkSource *source, const uint8 *src, uint32 n, int width,
			 uint32 first, uint32 *ids)
{
	uint32		count = Min(n - first, OLAP_BITPACK_BLOCK);

	src += olap_bitpack_size(first, width);
	olap_chunk_need(source, src, olap_bitpack_size(count, width));
	olap_bitunpack32(src, count, width, ids);
}

bool
olap_string_groups_row(const OlapChunkSource *source, const uint8 *src, size_t len,
					   uint32 n, uint32 row, OlapVector *out, const char **reason)
{
	uint32		rest_ids[OLAP_BITPACK_BLOCK];
	uint32		prefix_ids[OLAP_BITPACK_BLOCK];
	uint32		lengths[1 << MAX_GROUP_SHIFT];
	uint32		prefixes[1 << MAX_GROUP_SHIFT];
	StringGroup group;
	Head		head;
	uint32		g;
	uint32		first;
	uint32		block;

	if (!open_head(&head, source, src, len, n))
		OLAP_REJECT("a string block has a wrong head");
	g = row >> head.shift;
	first = g << head.shift;
	block = first - first % OLAP_BITPACK_BLOCK;
	unpack_block(source, head.rest_ids, n, head.rests.id_bits, block, rest_ids);
	unpack_block(source, head.prefix_ids, n, head.prefixes.id_bits, block, prefix_ids);
	n = Min(n - first, 1U << head.shift);
	if (!open_group(&head, source, g, n, rest_ids + (first - block),
					prefix_ids + (first - block), lengths, prefixes, &group))
		OLAP_REJECT("a string block has a wrong group");
	return olap_string_group_row(&group, lengths, prefixes, row - first, out, reason);
}
