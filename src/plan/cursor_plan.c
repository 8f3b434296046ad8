/*-------------------------------------------------------------------------
 *
 * cursor_plan.c
 *		Cursors that may go back, though an ordered OlapScan cannot.
 *
 * A cursor that is declared neither SCROLL nor NO SCROLL goes back if its plan
 * can.  With ORDER BY that is mostly so, because a Sort keeps its rows.  A plan
 * that has no Sort since an OlapScan delivers the order would take that away, so
 * such a plan is made again as for SCROLL: with a Material on top, which keeps
 * the rows that were fetched.
 *
 * src/plan/cursor_plan.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "optimizer/planner.h"

#include "exec/scan_node.h"
#include "plan/paths.h"

static planner_hook_type previous_hook = NULL;

static bool has_ordered_scan(const Plan *plan);

static bool
any_has_ordered_scan(const List *plans)
{
	ListCell   *lc;

	foreach(lc, plans)
		if (has_ordered_scan(lfirst(lc)))
			return true;
	return false;
}

/* Is there an OlapScan in the order of a column in this part of a plan? */
static bool
has_ordered_scan(const Plan *plan)
{
	if (plan == NULL)
		return false;
	check_stack_depth();
	switch (nodeTag(plan))
	{
		case T_CustomScan:
			{
				const CustomScan *scan = (const CustomScan *) plan;

				return (scan->methods == &olap_scan_plan_methods &&
						olap_scan_order_of(scan).attno > 0) ||
					any_has_ordered_scan(scan->custom_plans);
			}
		case T_Append:
			return any_has_ordered_scan(((const Append *) plan)->appendplans);
		case T_MergeAppend:
			return any_has_ordered_scan(((const MergeAppend *) plan)->mergeplans);
		case T_SubqueryScan:
			return has_ordered_scan(((const SubqueryScan *) plan)->subplan);
		default:
			return has_ordered_scan(plan->lefttree) ||
				has_ordered_scan(plan->righttree);
	}
}

static PlannedStmt *
plan_query(Query *parse, const char *source, int options, ParamListInfo params)
{
	return previous_hook ? previous_hook(parse, source, options, params) :
		standard_planner(parse, source, options, params);
}

static PlannedStmt *
plan_cursor(Query *parse, const char *source, int options, ParamListInfo params)
{
	bool		may_go_back = (options & CURSOR_OPT_FAST_PLAN) != 0 &&
		(options & (CURSOR_OPT_SCROLL | CURSOR_OPT_NO_SCROLL)) == 0 &&
		parse->commandType == CMD_SELECT && parse->rowMarks == NIL;
	Query	   *copy = may_go_back ? copyObject(parse) : NULL;
	PlannedStmt *plan = plan_query(parse, source, options, params);

	if (!may_go_back || ExecSupportsBackwardScan(plan->planTree) ||
		!has_ordered_scan(plan->planTree))
		return plan;
	return plan_query(copy, source, options | CURSOR_OPT_SCROLL, params);
}

void
olap_cursor_plan_init(void)
{
	previous_hook = planner_hook;
	planner_hook = plan_cursor;
}
