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

/* The column that a clause compares for equality, or 0. */
static AttrNumber
equal_column(RelOptInfo *rel, Node *clause)
{
	Bitmapset  *set = NULL;
	OlapCompareOp op;
	Oid			funcid;
	int			attno;

	if (IsA(clause, OpExpr))
		funcid = get_opcode(((OpExpr *) clause)->opno);
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
		funcid = get_opcode(((ScalarArrayOpExpr *) clause)->opno);
	else
		return 0;
	pull_varattnos(clause, rel->relid, &set);
	if (!olap_compare_op(funcid, &op) || op.cmp != OLAP_CMP_EQ ||
		!bms_get_singleton_member(set, &attno))
		return 0;
	return attno + FirstLowInvalidHeapAttributeNumber;
}

void
olap_bitmap_cost_add(OlapBitmapCost *cost, PlannerInfo *root, RelOptInfo *rel,
					 const OlapOptions *options, RestrictInfo *rinfo)
{
	AttrNumber	attno;

	if (options->nbitmap == 0 || !olap_guc_enable_bitmap)
		return;
	attno = equal_column(rel, (Node *) rinfo->clause);
	for (int i = 0; i < options->nbitmap; i++)
		if (options->bitmap[i] == attno)
		{
			double		part = clause_selectivity(root, (Node *) rinfo, rel->relid,
												  JOIN_INNER, NULL);

			if (part * OLAP_BITMAP_COMMON > 1)
				return;
			cost->rows = (cost->used ? cost->rows : 1) * part;
			cost->used = true;
		}
}

double
olap_bitmap_cost_read(const OlapBitmapCost *cost)
{
	/* vectors without any of the rows, which are anywhere, are passed over */
	return !cost->used ? 1 :
		Min(PROBE_PART + 1 - exp(-cost->rows * OLAP_VECTOR_ROWS), 1);
}
