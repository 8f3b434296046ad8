/*-------------------------------------------------------------------------
 *
 * distinct_sets.c
 *		Sets of distinct values, one a group.
 *
 * src/vector/distinct_sets.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type_d.h"
#include "utils/memutils.h"

#include "vector/agg.h"
#include "vector/group.h"

struct OlapDistinctSets
{
	MemoryContext cxt;
	OlapGroups *pairs;			/* group and value */
	uint32		zeros[OLAP_VECTOR_ROWS];	/* all of group 0 */
	uint32		numbers[OLAP_VECTOR_ROWS];
};

OlapDistinctSets *
olap_distinct_sets_create(const OlapColumnType *type, OlapOrder order,
						  MemoryContext parent)
{
	MemoryContext cxt = AllocSetContextCreate(parent, "olap distinct sets",
											  ALLOCSET_DEFAULT_SIZES);
	OlapDistinctSets *sets = MemoryContextAllocZero(cxt, sizeof(*sets));
	OlapGroupKey keys[2] = {{.order = OLAP_ORDER_UINT}, {.order = order}};

	sets->cxt = cxt;
	keys[0].type = (OlapColumnType) {.typid = OIDOID, .typlen = 4,
		.typbyval = true, .typalign = TYPALIGN_INT};
	olap_column_type_resolve(&keys[0].type);
	keys[1].type = *type;
	sets->pairs = olap_groups_create(keys, 2, SIZE_MAX, cxt);
	return sets;
}

uint32
olap_distinct_sets_add(OlapDistinctSets *sets, const uint32 *gids,
					   const OlapVector *arg, uint32 n, uint16 *fresh)
{
	OlapVector	groups = {.phys = OLAP_PHYS_I32, .width = 4, .n = n,
		.values = (void *) gids};
	const OlapVector *keys[2] = {&groups, arg};
	uint32		count = olap_groups_count(sets->pairs);
	uint32		nfresh = 0;

	if (gids == NULL)
		groups.values = sets->zeros;
	olap_groups_assign(sets->pairs, keys, n, sets->numbers);
	for (uint32 i = 0; i < n; i++)
		if (sets->numbers[i] == count)
		{
			count++;
			if (!olap_vector_is_null(arg, i))
				fresh[nfresh++] = (uint16) i;
		}
	return nfresh;
}

void
olap_distinct_sets_new_place(OlapDistinctSets *sets)
{
	olap_groups_new_place(sets->pairs);
}

void
olap_distinct_sets_reset(OlapDistinctSets *sets)
{
	olap_groups_reset(sets->pairs);
}

size_t
olap_distinct_sets_memory(const OlapDistinctSets *sets)
{
	return MemoryContextMemAllocated(sets->cxt, true);
}

void
olap_distinct_sets_free(OlapDistinctSets *sets)
{
	MemoryContextDelete(sets->cxt);
}
