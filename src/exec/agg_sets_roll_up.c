/*-------------------------------------------------------------------------
 *
 * agg_sets_roll_up.c
 *		OlapAgg: sets made of the groups of other sets; their memory.
 *
 * A set that waits for its source has no groups yet, but will have as many as the
 * source at most: that is what memory has to be kept for.
 *
 * src/exec/agg_sets_roll_up.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "exec/agg_sets_internal.h"

/* Add the states of source's groups from first on to those of gids. */
static void
merge_work(OlapAggNode *set, AggWork *work, const AggWork *from,
		   const uint32 *gids, uint32 first, uint32 n)
{
	if (!olap_agg_merge(work->agg, gids, from->agg, first, n))
		for (uint32 i = 0; i < n; i++)
		{
			OlapAggValue value;
			OlapGeneric *server;

			if (olap_agg_merge_one(work->agg, gids[i], from->agg, first + i))
				continue;
			olap_agg_get(from->agg, first + i, &value);
			server = olap_agg_server(set, work);
			olap_generic_merge_state(server, gids[i],
									 olap_agg_call_serialize(&value,
															 olap_generic_deserialfn(server)));
		}
	if (from->server == NULL)
		return;
	for (uint32 i = 0; i < n; i++)
		if (olap_generic_has_rows(from->server, first + i))
			olap_generic_merge_group(olap_agg_server(set, work), gids[i],
									 from->server, first + i);
}

/* The groups of set to which those of source from first on belong. */
static void
assign(OlapAggNode *set, const OlapAggNode *source, const int *places,
	   uint32 first, uint32 n)
{
	if (set->groups == NULL)
	{
		memset(set->gids, 0, n * sizeof(uint32));
		return;
	}
	for (int k = 0; k < set->nkeys; k++)
	{
		OlapVector *v = &set->out_keys[k];

		olap_vector_reset(v, olap_program_type(set->program, set->key_at[k]));
		olap_groups_keys(source->groups, places[k], first, n, v);
		set->keys[k] = v;
	}
	(void) olap_groups_assign(set->groups, set->keys, n, set->gids);
	if (olap_groups_count(set->groups) > set->ngroups)
		olap_agg_grow_states(set, olap_groups_count(set->groups));
}

void
olap_agg_sets_roll_up(OlapAggNode *set, const OlapAggNode *source)
{
	MemoryContext old = MemoryContextSwitchTo(set->cxt);
	int		   *places = palloc(Max(set->nkeys, 1) * sizeof(int));

	if (!olap_agg_sets_find_keys(set, source, places))
		elog(ERROR, "a grouping set's source has not its keys");
	for (uint32 first = 0; first < source->ngroups; first += OLAP_VECTOR_ROWS)
	{
		uint32		n = Min(source->ngroups - first, OLAP_VECTOR_ROWS);

		CHECK_FOR_INTERRUPTS();
		assign(set, source, places, first, n);
		for (int i = 0; i < set->nworks; i++)
			merge_work(set, &set->works[i], &source->works[i], set->gids, first, n);
	}
	if (set->groups != NULL)
		olap_groups_new_place(set->groups);
	pfree(places);
	MemoryContextSwitchTo(old);
}

void
olap_agg_sets_detach(OlapAggFamily *family, int i)
{
	AggSetMember *source = &family->members[i];

	for (int m = i + 1; m < family->n; m++)
		if (family->members[m].source == i)
		{
			olap_agg_sets_roll_up(family->members[m].node, source->node);
			family->members[m].source = SET_FED;
			/* the batch at work: if the source has it, so has the set */
			family->members[m].feed = source->feed;
		}
	source->gone |= source->hidden;
}

/* ---- memory ---- */

/* How many sets wait for each set: its own, and what waits for those. */
static void
count_waiting(const OlapAggFamily *family, int *waiting)
{
	memset(waiting, 0, family->n * sizeof(int));
	/* sources come before the sets that are made of them */
	for (int m = family->n - 1; m > 0; m--)
		if (family->members[m].source != SET_FED)
			waiting[family->members[m].source] += 1 + waiting[m];
}

/*
 * What the sets will have when those that wait have as much as their sources;
 * *largest: whose waiting sets have most of it, -1 if none waits.
 */
static size_t
expected_memory(const OlapAggFamily *family, int *largest)
{
	int		   *waiting = palloc(family->n * sizeof(int));
	size_t		sum = 0,
				most = 0;

	*largest = -1;
	count_waiting(family, waiting);
	for (int i = 0; i < family->n; i++)
	{
		const AggSetMember *member = &family->members[i];
		size_t		mine,
					others;

		if (member->gone || member->source != SET_FED)
			continue;
		mine = olap_agg_memory_used(member->node);
		others = mine * waiting[i];
		sum += mine + others;
		if (others > most)
		{
			most = others;
			*largest = i;
		}
	}
	pfree(waiting);
	return sum;
}
size_t
olap_agg_sets_used(const OlapAggFamily *family)
{
	size_t		used = 0;

	for (int i = 0; i < family->n; i++)
		if (!family->members[i].gone)
			used += olap_agg_memory_used(family->members[i].node);
	return used;
}

/*
 * Sets that wait may need as much memory as their source has.  If that is more
 * than there is, the sets of the largest source wait no longer.
 */
bool
olap_agg_sets_make_room(OlapAggNode *set)
{
	OlapAggFamily *family = set->family;
	size_t		used = olap_agg_memory_used(set);
	size_t		share = family->limit / family->n / 4;

	for (;;)
	{
		int			largest;
		size_t		worst = expected_memory(family, &largest);

		if (worst <= family->limit)
		{
			set->memory_limit = used + Max((family->limit - worst) / family->n,
										   share / 4);
			return true;
		}
		if (largest < 0)
			break;
		olap_agg_sets_detach(family, largest);
	}
	/* what is small may grow a little, so that it need not be put aside */
	if (used >= share)
		return false;
	set->memory_limit = share;
	return true;
}
