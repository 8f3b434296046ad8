/*-------------------------------------------------------------------------
 *
 * qual_order.c
 *		The order in which PostgreSQL tests clauses.
 *
 * PostgreSQL orders the clauses of its own nodes when it makes plans of them;
 * those of a custom node's private list are up to the node.
 *
 * src/plan/qual_order.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "optimizer/cost.h"
#include "optimizer/optimizer.h"

#include "plan/qual_order.h"

/* A leakproof clause that costs less need not wait for lower levels. */
#define CHEAP_OPERATORS 10

typedef struct Rank
{
	Index		level;
	Cost		cost;
} Rank;

static Rank
rank_of(PlannerInfo *root, Node *qual)
{
	Rank		rank = {0};
	QualCost	cost;

	cost_qual_eval_node(&cost, qual, root);
	rank.cost = cost.per_tuple;
	if (IsA(qual, RestrictInfo))
	{
		const RestrictInfo *rinfo = (RestrictInfo *) qual;

		if (!rinfo->leakproof || rank.cost >= CHEAP_OPERATORS * cpu_operator_cost)
			rank.level = rinfo->security_level;
	}
	return rank;
}

List *
olap_order_quals(PlannerInfo *root, List *quals)
{
	List	   *sorted = NIL;
	ListCell   *lc;

	foreach(lc, quals)
	{
		Rank		rank = rank_of(root, lfirst(lc));
		int			at = list_length(sorted);

		while (at > 0)
		{
			Rank		before = rank_of(root, list_nth(sorted, at - 1));

			if (before.level != rank.level ? before.level < rank.level :
				before.cost <= rank.cost)
				break;
			at--;
		}
		sorted = list_insert_nth(sorted, at, lfirst(lc));
	}
	return sorted;
}
