/*-------------------------------------------------------------------------
 *
 * bins_choose.c
 *		Which bins fit a distribution.
 *
 * Sorted values are cut into groups of about equal counts, finer towards both
 * ends, where few values spread far; a value that is a group by itself stands
 * alone.  Which neighbouring groups share a bin is then decided exactly, by
 * dynamic programming over the bits that all values take.
 *
 * src/codec/bins_choose.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "codec/bins.h"

#define RADIX_BITS 11
#define RADIX (1 << RADIX_BITS)
/* Groups in the middle of the distribution, and parts of the outermost two. */
#define SHARES 56
#define TAIL 6

#define RADIX_SORT(type) \
/* Returns where the sorted values are, one of the two. */ \
static type * \
sort_##type(type *from, type *to, uint32 n, uint64 max) \
{ \
	for (int shift = 0; shift < 64 && max >> shift != 0; shift += RADIX_BITS) \
	{ \
		uint32		place[RADIX] = {0}; \
		uint32		sum = 0; \
		type	   *swap = from; \
\
		for (uint32 i = 0; i < n; i++) \
			place[from[i] >> shift & (RADIX - 1)]++; \
		for (int k = 0; k < RADIX; k++) \
		{ \
			uint32		count = place[k]; \
\
			place[k] = sum; \
			sum += count; \
		} \
		for (uint32 i = 0; i < n; i++) \
			to[place[from[i] >> shift & (RADIX - 1)]++] = from[i]; \
		from = to; \
		to = swap; \
	} \
	return from; \
}

RADIX_SORT(uint32)
RADIX_SORT(uint64)

void
olap_radix_sort(uint64 *values, uint32 n, uint64 max, uint64 *scratch)
{
	if (max <= PG_UINT32_MAX)
	{
		/* half the bytes to move, in both halves of scratch */
		uint32	   *narrow = (uint32 *) scratch;

		for (uint32 i = 0; i < n; i++)
			narrow[i] = (uint32) values[i];
		narrow = sort_uint32(narrow, narrow + n, n, max);
		for (uint32 i = 0; i < n; i++)
			values[i] = narrow[i];
	}
	else
	{
		uint64	   *sorted = sort_uint64(values, scratch, n, max);

		if (sorted != values)
			memcpy(values, sorted, n * sizeof(uint64));
	}
}

/* How many values a group may have that starts at position at. */
static uint32
group_share(uint32 at, uint32 n)
{
	uint32		share = Max(n / SHARES, 1);
	uint32		edge = Min(at, n - at - 1);

	if (edge < share)
		for (int i = 0; i < TAIL && share > edge + 1; i++)
			share = (share + 1) / 2;
	return share;
}

int
olap_bins_group(const uint64 *sorted, uint32 n,
				OlapBinGroup groups[OLAP_BIN_GROUPS])
{
	uint32		alone = Max(n / SHARES, 2);
	uint32		share = 0;
	bool		closed = true;
	int			count = 0;

	for (uint32 i = 0, end; i < n; i = end)
	{
		for (end = i + 1; end < n && sorted[end] == sorted[i];)
			end++;
		if (closed || (end - i >= alone && count < OLAP_BIN_GROUPS - 1))
		{
			if (count == OLAP_BIN_GROUPS)
				count--;
			else
				groups[count] = (OlapBinGroup) {.lo = sorted[i]};
			count++;
			share = group_share(i, n);
		}
		groups[count - 1].hi = sorted[i];
		groups[count - 1].count += end - i;
		closed = end - i >= alone || groups[count - 1].count >= share;
	}
	return count;
}

/* The least bits of the first j groups in b + 1 bins, and the last one's start. */
typedef struct Plan
{
	double		bits[OLAP_BINS_MAX][OLAP_BIN_GROUPS + 1];
	uint8		from[OLAP_BINS_MAX][OLAP_BIN_GROUPS + 1];
	uint32		before[OLAP_BIN_GROUPS + 1];	/* values in the groups before */
} Plan;

static inline double
bin_bits(const Plan *plan, const OlapBinGroup *groups, int from, int to)
{
	int			width = olap_bits_for(groups[to - 1].hi - groups[from].lo);

	if (width > OLAP_BINS_MAX_WIDTH)
		return INFINITY;
	return (double) width * (plan->before[to] - plan->before[from]);
}

static void
make_plan(Plan *plan, const OlapBinGroup *groups, int ngroups)
{
	plan->before[0] = 0;
	for (int j = 0; j < ngroups; j++)
		plan->before[j + 1] = plan->before[j] + groups[j].count;
	for (int j = 1; j <= ngroups; j++)
	{
		plan->bits[0][j] = bin_bits(plan, groups, 0, j);
		plan->from[0][j] = 0;
	}
	for (int b = 1; b < OLAP_BINS_MAX; b++)
	{
		for (int j = 1; j <= ngroups; j++)
		{
			double		best = plan->bits[b - 1][j];
			int			from = j;	/* this bin stays empty */

			for (int i = j - 1; i > 0; i--)
			{
				double		last = bin_bits(plan, groups, i, j);

				if (last >= best)
					break;		/* it only gets wider */
				if (plan->bits[b - 1][i] + last < best)
				{
					best = plan->bits[b - 1][i] + last;
					from = i;
				}
			}
			plan->bits[b][j] = best;
			plan->from[b][j] = (uint8) from;
		}
	}
}

/* The bins of a plan with at most 1 << id_bits bins. */
static void
read_plan(const Plan *plan, const OlapBinGroup *groups, int ngroups,
		  int id_bits, OlapBins *bins)
{
	int			to = ngroups;

	memset(bins, 0, sizeof(OlapBins));
	bins->id_bits = (uint8) id_bits;
	for (int b = (1 << id_bits) - 1; b >= 0; b--)
	{
		int			from = plan->from[b][to];

		if (from == to)
			continue;
		memmove(bins->start + 1, bins->start,
				(OLAP_BINS_MAX - 1) * sizeof(uint64));
		memmove(bins->width + 1, bins->width, OLAP_BINS_MAX - 1);
		bins->start[0] = groups[from].lo;
		bins->width[0] = (uint8) olap_bits_for(groups[to - 1].hi -
											   groups[from].lo);
		bins->n++;
		to = from;
	}
}

double
olap_bins_choose(const OlapBinGroup *groups, int ngroups, uint32 nulls,
				 OlapBins *bins)
{
	Plan	   *plan = palloc(sizeof(Plan));
	double		best = INFINITY;

	make_plan(plan, groups, ngroups);
	for (int id_bits = 0; id_bits <= OLAP_BINS_MAX_ID_BITS; id_bits++)
	{
		double		bits = plan->bits[(1 << id_bits) - 1][ngroups] +
			(double) id_bits * (plan->before[ngroups] + nulls);
		OlapBins	tried;
		int			least = OLAP_BINS_MAX_WIDTH;

		if (bits >= best)
			continue;
		read_plan(plan, groups, ngroups, id_bits, &tried);
		for (int b = 0; b < tried.n; b++)
			least = Min(least, tried.width[b]);
		bits += (double) least * nulls;
		if (bits < best)
		{
			best = bits;
			*bins = tried;
		}
	}
	pfree(plan);
	return best;
}
