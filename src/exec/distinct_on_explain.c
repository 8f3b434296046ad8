/*-------------------------------------------------------------------------
 *
 * distinct_on_explain.c
 *		What an OlapDistinctOn says in EXPLAIN.
 *
 * src/exec/distinct_on_explain.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "exec/distinct_on_internal.h"

static char *
describe_order(char *text, const OlapSortSpec *sort)
{
	return psprintf("%s%s%s", text, sort->descending ? " DESC" : "",
					sort->nulls_first == sort->descending ? "" :
					sort->nulls_first ? " NULLS FIRST" : " NULLS LAST");
}

/* Expressions first .. first + n - 1 of the scan's target list, and directions. */
static void
show_columns(OlapDistinctOnNode *node, const char *label, int first, int n,
			 bool ordered, List *ancestors, ExplainState *es)
{
	List	   *context = set_deparse_context_plan(es->deparse_cxt,
												   node->scan->ss.ps.plan,
												   lcons(node->css.ss.ps.plan,
														 list_copy(ancestors)));
	List	   *texts = NIL;

	for (int i = 0; i < n; i++)
	{
		char	   *text = deparse_expression(list_nth(node->columns, first + i),
											  context, list_length(es->rtable) > 1 ||
											  es->verbose, false);

		texts = lappend(texts, ordered ?
						describe_order(text, &node->orders[i].sort) : text);
	}
	if (texts != NIL)
		ExplainPropertyList(label, texts, es);
}

void
olap_distinct_on_explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	OlapDistinctOnNode *node = (OlapDistinctOnNode *) css;

	show_columns(node, "Distinct Key", 0, node->nkeys, false, ancestors, es);
	show_columns(node, "Order", node->nkeys, node->norders, true, ancestors, es);
	if (!es->analyze)
		return;
	ExplainPropertyUInteger("Row Groups Left Out", NULL, node->left_out +
							(node->started ? olap_distinct_on_unopened(node) : 0), es);
	if (node->passes > node->runs || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Passes", NULL, node->passes, es);
	ExplainPropertyUInteger("Peak Memory Usage", "kB",
							(node->peak_memory + 1023) / 1024, es);
}
