/*-------------------------------------------------------------------------
 *
 * agg_explain.c
 *		What an OlapAgg says in EXPLAIN.
 *
 * HAVING is shown by the server as the node's filter, the WHERE clauses and what
 * was pruned by the OlapScan below.
 *
 * src/exec/agg_explain.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "exec/agg_internal.h"
#include "exec/agg_node.h"

static char *
deparse(Node *expr, CustomScanState *css, List *ancestors, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   css->ss.ps.plan, ancestors);

	return deparse_expression(expr, context,
							  list_length(es->rtable) > 1 || es->verbose, false);
}

static void
show_keys(OlapAggNode *node, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) node->css.ss.ps.plan;
	List	   *keys = NIL;

	for (int i = 0; i < node->nkeys; i++)
	{
		TargetEntry *tle = list_nth(plan->custom_scan_tlist, i);

		keys = lappend(keys, deparse((Node *) tle->expr, &node->css, ancestors,
									 es));
	}
	if (node->sets != NIL)
		olap_agg_sets_explain(node, keys, es);
	else if (keys != NIL)
		ExplainPropertyList("Group Key", keys, es);
	if (node->nparts > 0)
	{
		ExplainPropertyText("Divided By", list_nth(keys, node->divide_key), es);
		ExplainPropertyInteger("Parts", NULL, node->nparts, es);
	}
}

/* Group expressions that are not keys, as the scan below has them. */
static void
show_derived(OlapAggNode *node, List *ancestors, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   node->scan_plan,
												   lcons(node->css.ss.ps.plan,
														 list_copy(ancestors)));
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, node->derived)
		texts = lappend(texts,
						deparse_expression(list_nth(node->columns, lfirst_int(lc)),
										   context, list_length(es->rtable) > 1 ||
										   es->verbose, false));
	if (texts != NIL)
		ExplainPropertyList("Derived Keys", texts, es);
}

/*
 * How expressions and aggregates are computed.  Programs are built by a run, so
 * without one only the aggregates are known.
 */
static void
show_works(OlapAggNode *node, List *ancestors, ExplainState *es)
{
	List	   *vector = NIL,
			   *server = NIL;

	for (int i = 0; i < node->nworks; i++)
	{
		AggWork    *work = &node->works[i];
		char	   *text = deparse((Node *) work->aggref, &node->css, ancestors,
								   es);

		if (work->call.kind == OLAP_CALL_GENERIC ||
			(work->call.kind == OLAP_CALL_ORDERED &&
			 !olap_agg_ordered_by_words(work->aggref, &work->call)))
			server = lappend(server, text);
		else
			vector = lappend(vector, text);
	}
	if (vector != NIL)
		ExplainPropertyList("Vector Aggregates", vector, es);
	if (server != NIL)
		ExplainPropertyList("Row Aggregates", server, es);
}

/* Which expressions have kernels, and which the executor evaluates by values. */
static void
show_expressions(OlapAggNode *node, List *ancestors, ExplainState *es)
{
	List	   *context;
	List	   *kernels = NIL,
			   *bridges = NIL;
	ListCell   *lc;
	int			i = 0;

	if (node->core != NULL)
		return;					/* joined columns have no name to show */
	context = set_deparse_context_plan(es->deparse_cxt, node->scan_plan,
									   lcons(node->css.ss.ps.plan,
											 list_copy(ancestors)));
	foreach(lc, node->columns)
	{
		const char *how = node->described[i++];
		char	   *text;

		if (how == NULL || IsA(lfirst(lc), Var) || IsA(lfirst(lc), Const))
			continue;
		text = deparse_expression(lfirst(lc), context,
								  list_length(es->rtable) > 1 || es->verbose, false);
		if (strcmp(how, "kernel") == 0)
			kernels = lappend(kernels, text);
		else
			bridges = lappend(bridges, text);
	}
	if (kernels != NIL)
		ExplainPropertyList("Vector Expressions", kernels, es);
	if (bridges != NIL)
		ExplainPropertyList("Row Expressions", bridges, es);
}

static bool
is_zero(const Node *node)
{
	const Const *value = (const Const *) node;

	return IsA(node, Const) &&
		(value->constisnull || DatumGetInt64(value->constvalue) == 0);
}

static void
show_topn(OlapAggNode *node, List *ancestors, ExplainState *es)
{
	char	   *count,
			   *offset;

	if (node->topn.limit > 0)
		ExplainPropertyInteger("Top Groups", NULL, node->topn.limit, es);
	if (node->topn.limit != OLAP_TOPN_BY_EXPRS)
		return;
	count = deparse(linitial(node->topn_exprs), &node->css, ancestors, es);
	offset = deparse(lsecond(node->topn_exprs), &node->css, ancestors, es);
	if (is_zero(lsecond(node->topn_exprs)))
		ExplainPropertyText("Top Groups", count, es);
	else
		ExplainPropertyText("Top Groups", psprintf("%s + %s", count, offset), es);
}

static void
show_times(const AggTimes *times, ExplainState *es)
{
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Time",
							psprintf("input=%.3f group=%.3f update=%.3f output=%.3f ms",
									 times->input * 1000, times->group * 1000,
									 times->update * 1000, times->output * 1000),
							es);
		return;
	}
	ExplainPropertyFloat("Input Time", "ms", times->input * 1000, 3, es);
	ExplainPropertyFloat("Group Time", "ms", times->group * 1000, 3, es);
	ExplainPropertyFloat("Update Time", "ms", times->update * 1000, 3, es);
	ExplainPropertyFloat("Output Time", "ms", times->output * 1000, 3, es);
}

static void
show_run(OlapAggNode *node, ExplainState *es)
{
	uint64		server_rows = 0;

	for (int i = 0; i < node->nworks; i++)
		server_rows += node->works[i].server_rows;
	if (node->nkeys > 0)
		ExplainPropertyUInteger("Groups", NULL, node->groups_made, es);
	if (node->left_out > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Groups Left Out", NULL, node->left_out, es);
	if (server_rows > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Rows by Row Functions", NULL, server_rows, es);
	ExplainPropertyUInteger("Peak Memory Usage", "kB",
							(node->peak_memory + 1023) / 1024, es);
	if (node->spilled_files > 0 || es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyUInteger("Spilled Partitions", NULL, node->spilled_files, es);
		ExplainPropertyUInteger("Spilled Rows", NULL, node->spilled_rows, es);
		ExplainPropertyUInteger("Disk Usage", "kB",
								(node->spilled_bytes + 1023) / 1024, es);
	}
	if (node->ordered_sorts > 0 || es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyUInteger("Ordered Values Sorts on Disk", NULL,
								node->ordered_sorts, es);
		ExplainPropertyUInteger("Ordered Values Disk Usage", "kB",
								node->ordered_kb, es);
	}
	if (node->aside_files > 0 || es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyUInteger("Distinct Partitions", NULL, node->aside_files, es);
		ExplainPropertyUInteger("Distinct Spilled Values", NULL,
								node->aside_values, es);
		ExplainPropertyUInteger("Distinct Disk Usage", "kB",
								(node->aside_bytes + 1023) / 1024, es);
	}
	if (node->timing && es->timing)
		show_times(&node->times, es);
}

void
olap_agg_explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	OlapAggNode *node = (OlapAggNode *) css;

	olap_agg_sets_count(node);
	show_keys(node, ancestors, es);
	show_derived(node, ancestors, es);
	if (node->join != NULL)
	{
		olap_join_explain(node->join, css->ss.ps.plan, ancestors, es);
		if (es->analyze && olap_join_core_ran(node->join))
			ExplainPropertyText("Vector Aggregation", "none, the sides exceed memory",
								es);
	}
	show_topn(node, ancestors, es);
	if (es->verbose)
	{
		show_works(node, ancestors, es);
		show_expressions(node, ancestors, es);
	}
	if (es->analyze)
		show_run(node, es);
}
