/*-------------------------------------------------------------------------
 *
 * fdw.c
 *		The foreign-data wrapper olap_kafka: handler and planning.
 *
 * A SELECT reads from the earliest offset (or a pushed-down bound) to what was
 * the end when it began.  Bounds on the meta columns partition, offset and
 * timestamp narrow what is read; all clauses are tested on the rows as well.
 *
 * src/ingest/kafka/fdw.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_type_d.h"
#include "fmgr.h"
#include "foreign/fdwapi.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/compat_planner.h"
#include "ingest/kafka/decoder_input.h"
#include "ingest/kafka/fdw.h"
#include "ingest/kafka/options.h"

/* Nothing is known of a topic before it is read. */
#define GUESSED_ROWS 10000

extern PGDLLEXPORT Datum olap_kafka_handler(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(olap_kafka_handler);

/* Do the types of all columns let errors be caught in a parallel plan? */
static bool
reads_in_parallel(const RelOptInfo *rel, Oid relid)
{
	for (int attno = 1; attno <= rel->max_attr; attno++)
	{
		Oid			type = get_atttype(relid, (AttrNumber) attno);

		if (OidIsValid(type) && !olap_input_contained(type))
			return false;
	}
	return true;
}

/*
 * No workers for what is not planned yet, in this query and those around it: a
 * scan in the leader is in parallel mode as well.  The sizes of this level's
 * relations are being estimated, so that few of them have paths.
 */
static void
keep_serial(PlannerInfo *root)
{
	root->glob->parallelModeOK = false;
	for (; root != NULL; root = root->parent_root)
		for (int i = 1; i < root->simple_rel_array_size; i++)
			if (root->simple_rel_array[i] != NULL)
			{
				root->simple_rel_array[i]->consider_parallel = false;
				root->simple_rel_array[i]->partial_pathlist = NIL;
			}
}

static void
get_rel_size(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	if (!OLAP_PARALLEL_SUBTRANSACTIONS && !reads_in_parallel(rel, relid))
		keep_serial(root);
	rel->rows = clamp_row_est(GUESSED_ROWS *
							  clauselist_selectivity(root, rel->baserestrictinfo,
													 0, JOIN_INNER, NULL));
}

static void
get_paths(PlannerInfo *root, RelOptInfo *rel, Oid relid)
{
	Cost		startup = 1000;
	Cost		total = startup + GUESSED_ROWS * cpu_tuple_cost;

	add_path(rel, (Path *) create_foreignscan_path(root, rel, NULL, rel->rows, 0,
												   startup, total, NIL,
												   rel->lateral_relids, NULL,
												   NIL, NIL));
}

/* The meta column a node is; OLAP_META_NONE if it is none we can bound. */
static OlapKafkaMeta
bounded_column(const OlapKafkaTable *table, RelOptInfo *rel, Node *node)
{
	Var		   *var;
	OlapKafkaMeta meta;

	while (IsA(node, RelabelType))
		node = (Node *) ((RelabelType *) node)->arg;
	var = (Var *) node;
	if (!IsA(node, Var) || var->varno != (int) rel->relid || var->varattno <= 0)
		return OLAP_META_NONE;
	meta = olap_kafka_column(table, var->varattno)->meta;
	/* rounded to less than Kafka's milliseconds, a value may be later than its record */
	if (meta == OLAP_META_TIMESTAMP && var->vartype == TIMESTAMPTZOID &&
		(var->vartypmod < 0 || var->vartypmod >= 3))
		return meta;
	if ((meta == OLAP_META_PARTITION || meta == OLAP_META_OFFSET) &&
		(var->vartype == INT4OID || var->vartype == INT8OID))
		return meta;
	return OLAP_META_NONE;
}

/* The btree strategy of an operator; 0 if it has none. */
static int
strategy_of(Oid opno)
{
	int			strategy = olap_btree_strategy(opno);

	return strategy >= BTLessStrategyNumber && strategy <= BTGreaterStrategyNumber ?
		strategy : 0;
}

/* Types whose values fdw_scan.c knows how to read. */
static bool
value_type_ok(OlapKafkaMeta meta, Oid type)
{
	if (meta == OLAP_META_TIMESTAMP)
		return type == TIMESTAMPTZOID;
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
push_clause(const OlapKafkaTable *table, RelOptInfo *rel, Expr *clause,
			List **bounds, List **exprs)
{
	OlapKafkaMeta meta;
	int			strategy;
	Node	   *left,
			   *right;
	Oid			type;

	if (IsA(clause, OpExpr) && list_length(((OpExpr *) clause)->args) == 2)
	{
		Oid			opno = ((OpExpr *) clause)->opno;

		left = linitial(((OpExpr *) clause)->args);
		right = lsecond(((OpExpr *) clause)->args);
		meta = bounded_column(table, rel, left);
		if (meta == OLAP_META_NONE)
		{
			meta = bounded_column(table, rel, right);
			right = left;
			opno = get_commutator(opno);
		}
		strategy = OidIsValid(opno) ? strategy_of(opno) : 0;
		type = exprType(right);
	}
	else if (IsA(clause, ScalarArrayOpExpr) && ((ScalarArrayOpExpr *) clause)->useOr)
	{
		ScalarArrayOpExpr *any = (ScalarArrayOpExpr *) clause;

		meta = bounded_column(table, rel, linitial(any->args));
		right = lsecond(any->args);
		strategy = strategy_of(any->opno) == BTEqualStrategyNumber ?
			OLAP_BOUND_ANY : 0;
		type = get_element_type(exprType(right));
		if (meta != OLAP_META_PARTITION)
			return false;
	}
	else
		return false;
	if (meta == OLAP_META_NONE || strategy == 0 || !value_type_ok(meta, type) ||
		contain_var_clause(right) || contain_volatile_functions(right))
		return false;
	*bounds = lappend_int(*bounds, meta);
	*bounds = lappend_int(*bounds, strategy);
	*exprs = lappend(*exprs, right);
	return true;
}

static ForeignScan *
get_plan(PlannerInfo *root, RelOptInfo *rel, Oid relid, ForeignPath *best,
		 List *tlist, List *clauses, Plan *outer_plan)
{
	OlapKafkaTable *table = olap_kafka_table(relid, InvalidOid);
	List	   *bounds = NIL,
			   *exprs = NIL;
	ListCell   *lc;

	clauses = extract_actual_clauses(clauses, false);
	foreach(lc, clauses)
		(void) push_clause(table, rel, lfirst(lc), &bounds, &exprs);
	return make_foreignscan(tlist, clauses, rel->relid, exprs, list_make1(bounds),
							NIL, NIL, outer_plan);
}

/* olap_kafka_handler(): the callbacks of the foreign-data wrapper */
Datum
olap_kafka_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = get_rel_size;
	routine->GetForeignPaths = get_paths;
	routine->GetForeignPlan = get_plan;
	routine->BeginForeignScan = olap_kafka_begin;
	routine->IterateForeignScan = olap_kafka_iterate;
	routine->ReScanForeignScan = olap_kafka_rescan;
	routine->EndForeignScan = olap_kafka_end;
	routine->ExplainForeignScan = olap_kafka_explain;
	PG_RETURN_POINTER(routine);
}
