/*-------------------------------------------------------------------------
 *
 * agg_hll.c
 *		Sketches of different values, one a group.
 *
 * They are those that the SQL functions make of the same values, bit for bit: the
 * hashes are the same, and the order of adding and merging does not show.
 *
 * src/vector/agg_hll.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "vector/agg_internal.h"
#include "vector/vector_hash.h"

bool
olap_agg_sketches(const OlapColumnType *type)
{
	return olap_vector_hashable(type, olap_hash_kind(type->typid, true));
}

OlapHll *
olap_agg_hll(OlapAgg *agg, uint32 gid)
{
	OlapHll    *h = &agg->hlls[gid];

	if (h->cxt != NULL)
		return h;
	if (agg->hll_cxt == NULL)
		agg->hll_cxt = AllocSetContextCreate(agg->cxt, "olap aggregate sketches",
											 ALLOCSET_DEFAULT_SIZES);
	olap_hll_init(h, OLAP_HLL_DEFAULT_BITS, agg->hll_cxt);
	return h;
}

void
olap_agg_hll_update(OlapAgg *agg, const uint32 *gids, uint32 gid,
					const OlapVector *arg, uint32 n)
{
	OlapHashKind kind = olap_hash_kind(agg->type.typid, true);
	uint64		hashes[OLAP_VECTOR_ROWS];
	OlapVector	rows = *arg;

	rows.n = n;
	if (gids == NULL)
	{
		n = olap_vector_hash_values(&rows, kind, NULL, n, hashes);
		olap_hll_add_hashes(olap_agg_hll(agg, gid), hashes, n);
		return;
	}
	olap_vector_hash(&rows, kind, hashes);
	for (uint32 i = 0; i < n; i++)
		if (!olap_vector_is_null(arg, i))
			olap_hll_add(olap_agg_hll(agg, gids[i]), hashes[i]);
}
