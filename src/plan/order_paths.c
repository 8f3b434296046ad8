/*-------------------------------------------------------------------------
 *
 * order_paths.c
 *		OlapScan paths in the order of a column.
 *
 * With such a path PostgreSQL itself plans ORDER BY ... LIMIT without a sort,
 * min() and max() as its first row, further sort keys by an incremental sort,
 * partitions by merging, and merge joins.  What it costs depends on how much of
 * the table has to be read for the first row, which zone maps tell; a path in
 * the order of a column that the table is not stored by is offered as well: it
 * reads one column where a sort reads all.
 *
 * src/plan/order_paths.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "access/sysattr.h"
#include "access/table.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat_planner.h"
#include "exec/qual.h"
#include "exec/scan_node.h"
#include "plan/order_paths.h"
#include "table/overlap.h"
#include "table/writer.h"

/*
 * A merge join is worth a path if so little has to be read for the next row: a
 * part of the table, or so many rows.
 */
#define MERGE_OVERLAP 0.2
#define MERGE_ROWS (4 * OLAP_ROWGROUP_ROWS)

/* A row that waits takes bytes; so many are fetched together, if memory allows. */
#define WAITING_BYTES 64
#define FETCH_ROWS 65536

/*
 * Decoding a vector for a few rows, in tests of a kernel a row: of numbers, of
 * strings; copying a page that is in memory, in units of seq_page_cost.
 */
#define DECODE_NUMBERS 3
#define DECODE_STRINGS 10
#define COPY_FACTOR 0.1

typedef struct OrderCandidate
{
	AttrNumber	attno;
	OlapSortSpec sort;
	double		overlap;		/* part of the table to read for one row */
	double		decode;			/* kernels, for one row of all columns read */
} OrderCandidate;

/* ---- which order ---- */

bool
olap_operator_sorts(Oid opno, Oid type, const OlapSortSpec *sort, bool *descending)
{
	OlapCompareOp op;

	if (!OidIsValid(opno) || !olap_compare_op(get_opcode(opno), &op) ||
		(op.cmp != OLAP_CMP_LT && op.cmp != OLAP_CMP_GT) || op.left != type ||
		op.right != type)
		return false;
	*descending = op.cmp == OLAP_CMP_GT;
	return (sort->kind == OLAP_ZONE_INT && op.order == OLAP_ORDER_INT) ||
		(sort->kind == OLAP_ZONE_UINT && op.order == OLAP_ORDER_UINT) ||
		(sort->kind == OLAP_ZONE_FLOAT && op.order == OLAP_ORDER_FLOAT) ||
		(sort->kind == OLAP_ZONE_DEC && op.order == OLAP_ORDER_NUMERIC);
}

/* Does the operator family order values of this type as the keys do? */
static bool
family_fits(Oid opfamily, Oid type, const OlapSortSpec *sort)
{
	Oid			less = get_opfamily_member(opfamily, type, type,
										   BTLessStrategyNumber);
	bool		descending;

	return olap_operator_sorts(less, type, sort, &descending);
}

/* The column of rel that the path key sorts by; false if there is none. */
static bool
find_column(RelOptInfo *rel, const PathKey *pathkey, const OlapColumnType *types,
			OrderCandidate *found)
{
	EquivalenceClass *ec = pathkey->pk_eclass;
	ListCell   *lc;

	if (ec->ec_has_volatile)
		return false;
	foreach(lc, rel->reltarget->exprs)
	{
		Var		   *var = lfirst(lc);

		if (!IsA(var, Var) || var->varno != (int) rel->relid ||
			var->varattno <= 0 ||
			!olap_sort_kind(&types[var->varattno - 1], &found->sort) ||
			!family_fits(pathkey->pk_opfamily, var->vartype, &found->sort) ||
			find_ec_member_matching_expr(ec, (Expr *) var, rel->relids) == NULL)
			continue;
		found->attno = var->varattno;
		found->sort.descending = olap_pathkey_descending(pathkey);
		found->sort.nulls_first = pathkey->pk_nulls_first;
		return true;
	}
	return false;
}

/* ---- costs ---- */

/*
 * How many rows will probably be asked for, 0 if that is not known.  An
 * incremental sort above takes some more, clauses tested on rows many more.
 */
static double
expected_limit(PlannerInfo *root, RelOptInfo *rel, const OlapPlanWork *work)
{
	double		limit = root->limit_tuples;

	if (limit <= 0 || bms_num_members(root->all_baserels) != 1)
		return 0;
	if (list_length(root->query_pathkeys) > 1)
		limit += 64;
	if (rel->rows > 0 && work->vector_rows > rel->rows)
		limit *= work->vector_rows / rel->rows;
	return limit < PG_INT32_MAX ? ceil(limit) : 0;
}

static double
decode_kernels(const Bitmapset *set, const OlapColumnType *types, int natts)
{
	double		kernels = 0;

	for (int i = 0; i < natts; i++)
		if (!types[i].dropped &&
			(bms_is_member(i + 1 - FirstLowInvalidHeapAttributeNumber, set) ||
			 bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, set)))
			kernels += types[i].phys == OLAP_PHYS_VAR ? DECODE_STRINGS : DECODE_NUMBERS;
	return kernels;
}

/*
 * The columns of rows that go out, read late: in batches, of every row group
 * and vector that has one of a batch's rows.
 */
static Cost
late_cost(RelOptInfo *rel, const Bitmapset *set, const Bitmapset *keys,
		  const OlapPlanWork *work, double first, double limit, double decode)
{
	double		rows = work->vector_rows;
	double		fetch = Min(FETCH_ROWS, work_mem * 1024.0 / 4 /
							(rel->reltarget->width + WAITING_BYTES));
	double		units = Max(1, work->tuples / OLAP_ROWGROUP_ROWS);
	double		waiting = Max(1, first * rows / work->tuples);
	double		together = Min(Min(limit > 0 ? Min(limit, rows) : rows, waiting),
							   Max(fetch, 1));
	double		batches = rows / together;
	double		touched = batches * Min(together, Max(1, first / OLAP_ROWGROUP_ROWS));
	double		vectors = batches * Min(together, Max(1, first / OLAP_VECTOR_ROWS));
	double		pages = rel->pages / units;

	/* what was read before, for its keys or a batch before, is in memory */
	return pages * Min(touched, units) * seq_page_cost *
		olap_column_fraction(rel, bms_difference(set, keys)) +
		pages * touched * COPY_FACTOR * seq_page_cost *
		olap_column_fraction(rel, set) +
		vectors * OLAP_VECTOR_ROWS * olap_kernel_cost(decode);
}

/*
 * Keys are read of the rows that may be the next, before the first goes out, and
 * then of all.  Rows that wait and do not fit work_mem are read again.
 */
static void
cost_ordered(RelOptInfo *rel, Path *path, const Bitmapset *set,
			 const OlapPlanWork *work, const OrderCandidate *order,
			 double limit)
{
	Bitmapset  *keys = bms_add_member(bms_copy(work->filter), order->attno -
									  FirstLowInvalidHeapAttributeNumber);
	double		first = work->tuples * order->overlap;	/* to read for a row */
	double		room = work_mem * 1024.0 / WAITING_BYTES;
	double		rows = work->vector_rows;
	double		waiting = first * rows / work->tuples;
	Cost		key = rel->pages / work->tuples * seq_page_cost *
		olap_column_fraction(rel, keys) + olap_kernel_cost(work->kernels + 1);
	Cost		run = work->tuples * work->read * key +
		late_cost(rel, set, keys, work, first, limit, order->decode) +
		rows * (olap_emit_cost(work) + 2 * cpu_operator_cost) +
		path->rows * path->pathtarget->cost.per_tuple;

	if ((limit <= 0 || limit > room) && waiting > room)
		run += rows / room * first * key;
	path->startup_cost += first * work->read * key;
	path->total_cost = path->startup_cost + run - first * work->read * key;
}

static void
add_ordered_path(PlannerInfo *root, RelOptInfo *rel, const Bitmapset *set,
				 const OlapPlanWork *work, PathKey *pathkey,
				 const OrderCandidate *found, double limit)
{
	CustomPath *path = olap_scan_path(root, rel, 0, set, work);
	OlapScanOrder order = {found->attno, found->sort.descending,
	found->sort.nulls_first, (int) limit};

	cost_ordered(rel, &path->path, set, work, found, limit);
	path->path.pathkeys = list_make1(pathkey);
	path->flags &= ~CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
	path->custom_private = olap_scan_order_list(&order);
	add_path(rel, &path->path);
}

/* ---- paths ---- */

/* For merge joins: classes that equate a column of rel with something else. */
static void
add_merge_paths(PlannerInfo *root, RelOptInfo *rel, Relation relation,
				const OlapColumnType *types, const Bitmapset *set,
				const OlapPlanWork *work)
{
	int			i = -1;

	while ((i = bms_next_member(rel->eclass_indexes, i)) >= 0)
	{
		EquivalenceClass *ec = list_nth(root->eq_classes, i);
		OrderCandidate found;
		PathKey    *pathkey;

		if (ec->ec_has_const || ec->ec_has_volatile ||
			bms_is_subset(ec->ec_relids, rel->relids) || ec->ec_opfamilies == NIL)
			continue;
		pathkey = olap_ascending_pathkey(root, ec, linitial_oid(ec->ec_opfamilies));
		if (!find_column(rel, pathkey, types, &found))
			continue;
		found.decode = decode_kernels(set, types, RelationGetDescr(relation)->natts);
		found.overlap = olap_overlap(relation, found.attno - 1, &found.sort);
		if (found.overlap <= MERGE_OVERLAP ||
			found.overlap * work->tuples <= MERGE_ROWS)
			add_ordered_path(root, rel, set, work, pathkey, &found, 0);
	}
}

void
olap_add_ordered_paths(PlannerInfo *root, RelOptInfo *rel, RangeTblEntry *rte,
					   const Bitmapset *set, const OlapPlanWork *work)
{
	Relation	relation;
	OlapColumnType *types;
	OrderCandidate found;

	if (root->query_pathkeys == NIL && !rel->has_eclass_joins)
		return;
	relation = table_open(rte->relid, NoLock);
	types = olap_column_types(RelationGetDescr(relation));
	if (root->query_pathkeys != NIL)
	{
		PathKey    *pathkey = linitial(root->query_pathkeys);

		if (find_column(rel, pathkey, types, &found))
		{
			found.decode = decode_kernels(set, types,
										  RelationGetDescr(relation)->natts);
			found.overlap = olap_overlap(relation, found.attno - 1, &found.sort);
			add_ordered_path(root, rel, set, work, pathkey, &found,
							 expected_limit(root, rel, work));
		}
	}
	if (rel->has_eclass_joins && enable_mergejoin)
		add_merge_paths(root, rel, relation, types, set, work);
	table_close(relation, NoLock);
}
