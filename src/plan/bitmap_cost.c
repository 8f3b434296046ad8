/*-------------------------------------------------------------------------
 *
 * bitmap_cost.c
 *		What bitmap indexes leave to be read: an estimate.
 *
 * By the table's options, not by what its segments have: segments that are older
 * than an option get their indexes by compaction, and to know which did would
 * mean to open all of them.
 *
 * src/plan/bitmap_cost.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"

#include "base/guc.h"
#include "exec/qual.h"
#include "index/bitmap.h"
#include "meta/options.h"
#include "plan/bitmap_cost.h"

/* Looking a value up costs as much as reading so much of a row group. */
#define PROBE_PART 0.01

/* The column that a clause compares for equality, or tests for NULL; or 0. */
static AttrNumber
found_column(RelOptInfo *rel, Node *clause)
{
	Bitmapset  *set = NULL;
	OlapCompareOp op;
	Oid			funcid = InvalidOid;
	int			attno;

	if (IsA(clause, OpExpr))
		funcid = get_opcode(((OpExpr *) clause)->opno);
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
		funcid = get_opcode(((ScalarArrayOpExpr *) clause)->opno);
	else if (!IsA(clause, NullTest) || ((NullTest *) clause)->nulltesttype != IS_NULL)
		return 0;
	pull_varattnos(clause, rel->relid, &set);
	if ((!IsA(clause, NullTest) &&
		 (!olap_compare_op(funcid, &op) || op.cmp != OLAP_CMP_EQ)) ||
		!bms_get_singleton_member(set, &attno))
		return 0;
	return attno + FirstLowInvalidHeapAttributeNumber;
}

/*
 * The part of the rows that indexes leave of a clause, 1 if they cannot tell: of an
 * OR what its arms leave together, of an AND what the arguments that they know do.  Other
 * tests may be answered too, but how many values they let pass is not known here.
 */
static double
clause_part(PlannerInfo *root, RelOptInfo *rel, const OlapOptions *options, Node *clause)
{
	bool		is_or = is_orclause(clause);
	double		part = is_or ? 0 : 1;
	AttrNumber	attno;
	ListCell   *lc;

	if (is_or || is_andclause(clause))
	{
		foreach(lc, ((BoolExpr *) clause)->args)
		{
			double		one = clause_part(root, rel, options, lfirst(lc));

			part = is_or ? Min(part + one, 1) : part * one;
		}
		return part;
	}
	attno = found_column(rel, clause);
	for (int i = 0; attno != 0 && i < options->nbitmap; i++)
		if (options->bitmap[i] == attno)
		{
			part = clause_selectivity(root, clause, rel->relid, JOIN_INNER, NULL);
			return part * OLAP_BITMAP_COMMON > 1 ? 1 : part;
		}
	return 1;
}

void
olap_bitmap_cost_add(OlapBitmapCost *cost, PlannerInfo *root, RelOptInfo *rel,
					 const OlapOptions *options, RestrictInfo *rinfo)
{
	double		part;

	if (options->nbitmap == 0 || !olap_guc_enable_bitmap)
		return;
	part = clause_part(root, rel, options, (Node *) rinfo->clause);
	if (part >= 1)
		return;
	cost->rows = (cost->used ? cost->rows : 1) * part;
	cost->used = true;
}

double
olap_bitmap_cost_read(const OlapBitmapCost *cost)
{
	/* vectors without any of the rows, which are anywhere, are passed over */
	return !cost->used ? 1 :
		Min(PROBE_PART + 1 - exp(-cost->rows * OLAP_VECTOR_ROWS), 1);
}
