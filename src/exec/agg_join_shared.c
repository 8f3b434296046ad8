/*-------------------------------------------------------------------------
 *
 * agg_join_shared.c
 *		Joins below OlapAgg in parallel plans: every participant joins in one way.
 *
 * Each participant hashes the sides for itself, and the olap table's rows are dealt
 * out, either by the scan below OlapAgg or by that of PostgreSQL's own plan, which
 * takes over where the sides do not fit.  Whether they fit is nearly, but not quite
 * the same for all, as rows of a side may come in another order.  If some took rows
 * from the one scan and some from the other, rows would be counted twice.  So the
 * first participant that knows decides, before it asks for a row: one whose sides fit
 * for the vectors, one whose sides don't for PostgreSQL's plan.  Those behind it can
 * do the latter in any case; if it was the former and a participant's own sides don't
 * fit, it has no part in the work, and leaves all rows to the one that decided.
 *
 * src/exec/agg_join_shared.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/parallel.h"
#include "port/atomics.h"

#include "exec/agg_join_internal.h"

/* In dynamic shared memory, zero at first. */
struct OlapJoinShared
{
	pg_atomic_uint32 way;		/* OlapJoinWay */
	OlapJoinCounts counts[FLEXIBLE_ARRAY_MEMBER];	/* [workers][sides] */
};

Size
olap_join_shared_size(const OlapJoin *join, int nworkers)
{
	return add_size(offsetof(OlapJoinShared, counts),
					mul_size(mul_size(nworkers, join->nsides),
							 sizeof(OlapJoinCounts)));
}

void
olap_join_share(OlapJoin *join, void *dsm)
{
	join->shared = dsm;
	if (!IsParallelWorker())
		pg_atomic_init_u32(&join->shared->way, OLAP_JOIN_UNDECIDED);
}

void
olap_join_unshare(OlapJoin *join)
{
	join->shared = NULL;
}

/* ---- the decision ---- */

OlapJoinWay
olap_join_way(const OlapJoin *join)
{
	return join->shared == NULL ? OLAP_JOIN_UNDECIDED :
		(OlapJoinWay) pg_atomic_read_u32(&join->shared->way);
}

OlapJoinWay
olap_join_decide(OlapJoin *join, bool fits)
{
	OlapJoinWay mine = fits ? OLAP_JOIN_IN_VECTORS : OLAP_JOIN_BY_CORE;
	uint32		way = OLAP_JOIN_UNDECIDED;

	if (join->shared != NULL &&
		!pg_atomic_compare_exchange_u32(&join->shared->way, &way, mine))
		mine = way == OLAP_JOIN_IN_VECTORS && !fits ? OLAP_JOIN_BY_OTHERS :
			(OlapJoinWay) way;
	join->core_ran |= mine == OLAP_JOIN_BY_CORE;
	return mine;
}

void
olap_join_undecide(OlapJoin *join)
{
	pg_atomic_write_u32(&join->shared->way, OLAP_JOIN_UNDECIDED);
}

bool
olap_join_core_ran(const OlapJoin *join)
{
	return join->core_ran;
}

/* ---- counters ---- */

static void
add_counts(OlapJoinCounts *to, const OlapJoinCounts *from)
{
	to->rows_read += from->rows_read;
	to->rows_hashed += from->rows_hashed;
	to->rows_probed += from->rows_probed;
	to->rows_matched += from->rows_matched;
	to->peak_memory = Max(to->peak_memory, from->peak_memory);
}

void
olap_join_leave_counts(OlapJoin *join, int worker)
{
	for (int s = 0; s < join->nsides; s++)
		join->shared->counts[worker * join->nsides + s] = join->sides[s].counts;
}

void
olap_join_collect_counts(OlapJoin *join, int nworkers)
{
	join->core_ran |= olap_join_way(join) == OLAP_JOIN_BY_CORE;
	for (int i = 0; i < nworkers * join->nsides; i++)
	{
		OlapJoinCounts *from = &join->shared->counts[i];

		add_counts(&join->sides[i % join->nsides].counts, from);
		memset(from, 0, sizeof(*from));
	}
}
