/*-------------------------------------------------------------------------
 *
 * agg_join_explain.c
 *		What EXPLAIN says of joins below OlapAgg.
 *
 * A line a side for readers, an object a side for programs.  Joined columns have no
 * names, so the planner's own clauses are shown: they have the numbers that
 * relations had in their query, which in the whole plan are all off by as much as the
 * olap table's is.
 *
 * src/exec/agg_join_explain.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/explain.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "exec/agg_join_internal.h"

static const char *
type_name(JoinType type)
{
	switch (type)
	{
		case JOIN_INNER:
			return "Inner";
		case JOIN_LEFT:
			return "Left";
		case JOIN_SEMI:
			return "Semi";
		default:
			return "Anti";
	}
}

/* ---- lines ---- */

static char *
line_of(const OlapJoinSide *side, const ExplainState *es)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s on %d %s", type_name(side->type), side->nkeys,
					 side->nkeys == 1 ? "key" : "keys");
	if (side->filters != NIL)
		appendStringInfoString(&text, " and filter");
	if (es->analyze)
		appendStringInfo(&text,
						 " (rows=" UINT64_FORMAT " hashed=" UINT64_FORMAT
						 " probed=" UINT64_FORMAT " matched=" UINT64_FORMAT
						 " memory=%zukB)", side->counts.rows_read, side->counts.rows_hashed,
						 side->counts.rows_probed, side->counts.rows_matched,
						 (side->counts.peak_memory + 1023) / 1024);
	return text.data;
}

/* ---- objects ---- */

/*
 * Names of all relations.  PostgreSQL gives none to those without a node of their own,
 * as a subquery may be.
 */
static List *
name_relations(const OlapJoin *join, int offset, const ExplainState *es)
{
	List	   *names = list_copy(es->rtable_names);

	for (int s = 0; s < join->nsides; s++)
	{
		ListCell   *lc;

		foreach(lc, linitial(list_nth(join->names, s + 1)))
		{
			int			rti = lfirst_int(lc) + offset;
			ListCell   *cell = list_nth_cell(names, rti - 1);

			if (lfirst(cell) == NULL)
				lfirst(cell) = rt_fetch(rti, es->rtable)->eref->aliasname;
		}
	}
	return names;
}

static List *
relation_names(const List *relids, int offset, const List *rtable_names)
{
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, relids)
		names = lappend(names, list_nth(rtable_names, lfirst_int(lc) + offset - 1));
	return names;
}

static List *
clause_texts(List *clauses, int offset, List *context)
{
	List	   *texts = NIL;
	ListCell   *lc;

	foreach(lc, clauses)
	{
		Node	   *clause = copyObject(lfirst(lc));

		OffsetVarNodes(clause, offset, 0);
		texts = lappend(texts, deparse_expression(clause, context, true, false));
	}
	return texts;
}

static void
show_object(const OlapJoinSide *side, List *names, int offset,
			List *rtable_names, List *context, ExplainState *es)
{
	ExplainOpenGroup("Vector Join", NULL, true, es);
	ExplainPropertyText("Join Type", type_name(side->type), es);
	ExplainPropertyList("Relations",
						relation_names(linitial(names), offset, rtable_names), es);
	ExplainPropertyList("Keys", clause_texts(lsecond(names), offset, context), es);
	if (lthird(names) != NIL)
		ExplainPropertyList("Filters",
							clause_texts(lthird(names), offset, context), es);
	if (es->analyze)
	{
		ExplainPropertyUInteger("Rows Read", NULL, side->counts.rows_read, es);
		ExplainPropertyUInteger("Rows Hashed", NULL, side->counts.rows_hashed, es);
		ExplainPropertyUInteger("Rows Looked Up", NULL, side->counts.rows_probed, es);
		ExplainPropertyUInteger("Rows Matched", NULL, side->counts.rows_matched, es);
		ExplainPropertyUInteger("Peak Memory Usage", "kB",
								(side->counts.peak_memory + 1023) / 1024, es);
	}
	ExplainCloseGroup("Vector Join", NULL, true, es);
}

void
olap_join_explain(OlapJoin *join, Plan *plan, List *ancestors, ExplainState *es)
{
	int			offset = join->relid - linitial_int(linitial(join->names));
	List	   *texts = NIL;
	List	   *names,
			   *context;

	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		for (int s = 0; s < join->nsides; s++)
			texts = lappend(texts, line_of(&join->sides[s], es));
		ExplainPropertyList("Vector Joins", texts, es);
		return;
	}
	names = name_relations(join, offset, es);
	context = set_deparse_context_plan(deparse_context_for_plan_tree(es->pstmt, names),
									   plan, ancestors);
	ExplainOpenGroup("Vector Joins", "Vector Joins", false, es);
	for (int s = 0; s < join->nsides; s++)
		show_object(&join->sides[s], list_nth(join->names, s + 1), offset, names,
					context, es);
	ExplainCloseGroup("Vector Joins", "Vector Joins", false, es);
}
