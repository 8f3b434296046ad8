/*-------------------------------------------------------------------------
 *
 * pair_maps.c
 *		Which groups of a set of pairs get maps, for which words.
 *
 * src/vector/pair_maps.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/large.h"
#include "vector/pair_internal.h"

/* A map is made for as many entries, and if it takes no more bytes an entry. */
#define MAP_MIN_ENTRIES 64
#define MAP_BYTES_PER_ENTRY 16

/* Words by which it is seen where most of a group's are. */
#define SAMPLE 32

/* What a group has in the table. */
typedef struct GroupStats
{
	uint64		n;
	int64		min;
	int64		max;
	uint32		nsample;
	uint32		sample;			/* its place, or NO_SAMPLE */
} GroupStats;

#define NO_SAMPLE PG_UINT32_MAX

/* The map that has s's words as well as those of old. */
static OlapPairMap
widened(const OlapPairMap *old, const GroupStats *s)
{
	OlapPairMap map = {.first = s->min};
	int64		last = s->max;

	if (old != NULL && old->nbits > 0)
	{
		map.first = Min(map.first, old->first);
		last = Max(last, old->first + (int64) (old->nbits - 1));
	}
	/* whole words of bits, so that a map's words stay together */
	map.first &= ~INT64CONST(63);
	last |= 63;
	map.nbits = (uint64) last - (uint64) map.first + 1;
	if (map.nbits == 0)
		map.nbits = ~UINT64CONST(63);	/* all words: too large anyhow */
	return map;
}

static bool
map_pays(const OlapPairMap *old, const OlapPairMap *map, const GroupStats *s)
{
	uint64		before = old == NULL ? 0 : old->nbits;

	return s->n >= MAP_MIN_ENTRIES &&
		(map->nbits - before) / 8 <= s->n * MAP_BYTES_PER_ENTRY;
}

static const OlapPairMap *
map_of(const OlapPairSet *set, uint32 gid)
{
	return gid < set->nmaps ? &set->maps[gid] : NULL;
}

static int
compare_words(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/*
 * Leave out words far from the others: range becomes that of the middle of a
 * sample, and a quarter of its width more at both sides.
 */
static void
trim_range(GroupStats *s, int64 *sample)
{
	uint32		cut = s->nsample / 8;
	int64		low,
				high;
	uint64		margin;

	qsort(sample, s->nsample, sizeof(int64), compare_words);
	low = sample[cut];
	high = sample[s->nsample - 1 - cut];
	margin = ((uint64) high - (uint64) low) / 4;
	if ((uint64) low - (uint64) s->min > margin)
		s->min = (int64) ((uint64) low - margin);
	if ((uint64) s->max - (uint64) high > margin)
		s->max = (int64) ((uint64) high + margin);
	s->n -= s->n / 4;			/* what may lie outside */
}

/*
 * For groups of many words whose range is too wide for a map: the range of most
 * of them.  The table's order is that of a hash, so the first are a sample.
 */
static void
trim_ranges(const OlapPairSet *set, GroupStats *stats, uint32 ngroups)
{
	uint32		nsamples = 0;
	int64	   *samples;

	for (uint32 gid = 0; gid < ngroups; gid++)
	{
		const OlapPairMap *old = map_of(set, gid);
		OlapPairMap map = widened(old, &stats[gid]);

		stats[gid].sample = NO_SAMPLE;
		if (stats[gid].n >= MAP_MIN_ENTRIES && !map_pays(old, &map, &stats[gid]))
			stats[gid].sample = nsamples++;
	}
	if (nsamples == 0)
		return;
	samples = MemoryContextAllocHuge(set->cxt, (size_t) nsamples * SAMPLE *
									 sizeof(int64));
	for (uint64 at = 0; at <= set->mask; at++)
	{
		GroupStats *s = &stats[olap_pair_gid(set, set->slots[at])];

		if (set->slots[at] != 0 && s->sample != NO_SAMPLE && s->nsample < SAMPLE)
			samples[(size_t) s->sample * SAMPLE + s->nsample++] =
				olap_pair_word(set, set->slots[at]);
	}
	for (uint32 gid = 0; gid < ngroups; gid++)
		if (stats[gid].sample != NO_SAMPLE)
			trim_range(&stats[gid], samples + (size_t) stats[gid].sample * SAMPLE);
	pfree(samples);
}

/* Entries of the table by group, or NULL if maps cannot pay. */
static GroupStats *
group_stats(const OlapPairSet *set, uint32 *ngroups)
{
	GroupStats *stats;
	uint64		greatest = 0;

	for (uint64 at = 0; at <= set->mask; at++)
		greatest = Max(greatest, set->slots[at]);
	*ngroups = olap_pair_gid(set, greatest) + 1;
	/* by far most groups have a few words only: not worth the look */
	if (*ngroups > set->count / 4)
		return NULL;
	stats = MemoryContextAllocExtended(set->cxt, *ngroups * sizeof(GroupStats),
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (uint64 at = 0; at <= set->mask; at++)
	{
		GroupStats *s = &stats[olap_pair_gid(set, set->slots[at])];
		int64		word = olap_pair_word(set, set->slots[at]);

		if (set->slots[at] == 0)
			continue;
		s->min = s->n == 0 ? word : Min(s->min, word);
		s->max = s->n == 0 ? word : Max(s->max, word);
		s->n++;
	}
	trim_ranges(set, stats, *ngroups);
	return stats;
}

/*
 * Make a map that replaces old larger by half of that in the direction of its
 * growth: words that grow with time would have it copied again and again.
 */
static void
pad_map(const OlapPairMap *old, OlapPairMap *map)
{
	uint64		more = old->nbits / 2 & ~UINT64CONST(63);
	uint64		last = (uint64) map->first + map->nbits - 1;

	if (map->first < old->first &&
		(uint64) map->first - (uint64) PG_INT64_MIN >= more)
	{
		map->first = (int64) ((uint64) map->first - more);
		map->nbits += more;
	}
	if (last > (uint64) old->first + old->nbits - 1 &&
		(uint64) PG_INT64_MAX - last >= more)
		map->nbits += more;
}

static bool
grow_maps(OlapPairSet *set, uint32 ngroups)
{
	size_t		size = ngroups * sizeof(OlapPairMap);

	if (ngroups <= set->nmaps)
		return true;
	if (!olap_pair_set_has_room(set, size))
		return false;
	if (set->maps == NULL)
		set->maps = MemoryContextAllocHuge(set->cxt, size);
	else
		set->maps = repalloc_huge(set->maps, size);
	memset(set->maps + set->nmaps, 0,
		   (ngroups - set->nmaps) * sizeof(OlapPairMap));
	set->nmaps = ngroups;
	return true;
}

static void
replace_map(OlapPairSet *set, OlapPairMap *old, OlapPairMap *map)
{
	map->bits = olap_large_alloc_zero(set->cxt, map->nbits / 8);
	if (old->nbits > 0)
	{
		memcpy(map->bits + ((uint64) old->first - (uint64) map->first) / 64,
			   old->bits, old->nbits / 8);
		pfree(old->bits);
	}
	else
		set->used_maps++;
	*old = *map;
}

/* Make maps for the groups for which they pay; returns whether there are any. */
static bool
make_maps(OlapPairSet *set, const GroupStats *stats, uint32 ngroups)
{
	uint64		gain = 0;
	bool		made = false;

	/* the array of maps must pay, too */
	for (uint32 gid = 0; gid < ngroups && ngroups > set->nmaps; gid++)
	{
		const OlapPairMap *old = map_of(set, gid);
		OlapPairMap map = widened(old, &stats[gid]);

		if (map_pays(old, &map, &stats[gid]))
			gain += stats[gid].n * sizeof(uint64);
	}
	if (ngroups > set->nmaps &&
		(gain < (ngroups - set->nmaps) * sizeof(OlapPairMap) ||
		 !grow_maps(set, ngroups + ngroups / 2)))
		return false;
	for (uint32 gid = 0; gid < ngroups; gid++)
	{
		OlapPairMap *old = &set->maps[gid];
		OlapPairMap map = widened(old, &stats[gid]);

		if (!map_pays(old, &map, &stats[gid]))
			continue;
		pad_map(old, &map);
		if (!olap_pair_set_has_room(set, map.nbits / 8))
			continue;
		replace_map(set, old, &map);
		made = true;
	}
	return made;
}

/* Move entries to maps that cover them; the table then has holes. */
static void
fill_maps(OlapPairSet *set)
{
	for (uint64 at = 0; at <= set->mask; at++)
	{
		uint64		key = set->slots[at];
		uint32		gid = olap_pair_gid(set, key);
		int64		word = olap_pair_word(set, key);

		if (key == 0 || gid >= set->nmaps || !olap_pair_in_map(&set->maps[gid], word))
			continue;
		(void) olap_pair_set_bit(&set->maps[gid], word);
		set->slots[at] = 0;
		set->count--;
	}
	if (set->has_lowest && olap_pair_in_map(&set->maps[0], PG_INT64_MIN))
		(void) olap_pair_set_bit(&set->maps[0], PG_INT64_MIN);
}

bool
olap_pair_move_to_maps(OlapPairSet *set)
{
	uint32		ngroups;
	GroupStats *stats = group_stats(set, &ngroups);
	bool		made;

	if (stats == NULL)
		return false;
	made = make_maps(set, stats, ngroups);
	pfree(stats);
	if (made)
		fill_maps(set);
	return made;
}
