/*-------------------------------------------------------------------------
 *
 * agg_join.c
 *		Which joins OlapAgg does itself: their sides, keys and filters.
 *
 * A join has one olap table, whose rows come in batches, and other sides, each of
 * them whatever plan PostgreSQL has for it, hashed by key.  What is joined with
 * what comes from a path that PostgreSQL made: a path lists the clauses that
 * each of its joins must test, so nothing is derived anew here.
 *
 * src/plan/agg_join.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "parser/parse_coerce.h"
#include "utils/lsyscache.h"

#include "exec/agg_call.h"
#include "exec/agg_join.h"
#include "exec/compile.h"
#include "plan/agg_append.h"
#include "plan/agg_join.h"
#include "plan/agg_join_internal.h"
#include "plan/paths.h"
#include "plan/qual_order.h"

/* Bytes of a hashed row beside its values. */
#define ROW_OVERHEAD 32

/* Columns of a join are numbered in 16 bits. */
#define MAX_COLUMNS 30000

/* ---- columns ---- */

typedef struct RewriteContext
{
	const OlapJoinQuery *join;
	bool		failed;
} RewriteContext;

/* The joined column of a Var, 0 if it is none. */
static int
joined_column(const OlapJoinQuery *join, const Var *var)
{
	int			column = join->fact->max_attr;
	ListCell   *lc;

	if (var->varlevelsup != 0 || var->varattno <= 0)
		return 0;
	if (var->varno == (int) join->fact->relid)
		return var->varattno;
	foreach(lc, join->sources)
	{
		const Var  *source = lfirst(lc);

		column++;
		if (source->varno == var->varno && source->varattno == var->varattno)
			return column;
	}
	return 0;
}

static Node *
rewrite(Node *node, RewriteContext *cxt)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = (Var *) node;
		int			column = joined_column(cxt->join, var);

		if (column == 0)
		{
			cxt->failed = true;
			return node;
		}
		return (Node *) makeVar(OLAP_JOIN_VARNO, column, var->vartype,
								var->vartypmod, var->varcollid, 0);
	}
	if (IsA(node, PlaceHolderVar))
	{
		cxt->failed = true;
		return node;
	}
	return expression_tree_mutator(node, rewrite, (void *) cxt);
}

Expr *
olap_join_rewrite(const OlapJoinQuery *join, const Expr *expr)
{
	RewriteContext cxt = {.join = join};
	Node	   *result = rewrite((Node *) expr, &cxt);

	if (cxt.failed)
		return NULL;
	/* nobody else looks at these expressions before they are compiled */
	fix_opfuncids(result);
	return (Expr *) result;
}

/* ---- clauses ---- */

typedef struct Step
{
	JoinType	type;
	Relids		outer;			/* the olap table and the sides before */
	Relids		inner;
	Relids		joined;			/* what the join makes */
	List	   *outer_keys;
	List	   *inner_keys;
	List	   *orders;
	List	   *clauses;		/* those of the keys */
	List	   *filters;		/* RestrictInfos */
} Step;

/* Widen an integer, so that both sides of an equality are of one type. */
static Expr *
widen(Expr *expr, Oid type)
{
	Oid			from = exprType((Node *) expr);
	Oid			funcid;

	if (from == type)
		return expr;
	if ((from != INT2OID && from != INT4OID) ||
		(type != INT4OID && type != INT8OID) ||
		find_coercion_pathway(type, from, COERCION_IMPLICIT, &funcid) !=
		COERCION_PATH_FUNC)
		return NULL;
	return (Expr *) makeFuncExpr(funcid, type, list_make1(expr), InvalidOid,
								 InvalidOid, COERCE_IMPLICIT_CAST);
}

/* clause as EXPLAIN shows it: the rows so far come first. */
static Node *
clause_to_show(OpExpr *clause, bool swapped)
{
	if (!swapped || !OidIsValid(get_commutator(clause->opno)))
		return (Node *) clause;
	clause = copyObject(clause);
	CommuteOpExpr(clause);
	return (Node *) clause;
}

/* A key of the hash table, if clause is one; false if not. */
static bool
add_key(Step *step, const OlapJoinQuery *join, RestrictInfo *rinfo)
{
	OpExpr	   *clause = (OpExpr *) rinfo->clause;
	Expr	   *outer,
			   *inner;
	OlapOrder	order;
	bool		swapped = false;
	Oid			op,
				type;

	if (!IsA(clause, OpExpr) || list_length(clause->args) != 2 ||
		!OidIsValid(rinfo->hashjoinoperator) || bms_is_empty(rinfo->left_relids) ||
		bms_is_empty(rinfo->right_relids))
		return false;
	outer = linitial(clause->args);
	inner = lsecond(clause->args);
	if (bms_is_subset(rinfo->left_relids, step->inner) &&
		bms_is_subset(rinfo->right_relids, step->outer))
	{
		Expr	   *swap = outer;

		outer = inner;
		inner = swap;
		swapped = true;
	}
	else if (!bms_is_subset(rinfo->left_relids, step->outer) ||
			 !bms_is_subset(rinfo->right_relids, step->inner))
		return false;
	op = clause->opno;
	type = exprType((Node *) outer);
	if (type != exprType((Node *) inner))
	{
		/* the operator must be of the family of integers */
		if (!op_in_opfamily(op, INTEGER_BTREE_FAM_OID))
			return false;
		type = get_typlen(type) > get_typlen(exprType((Node *) inner)) ? type :
			exprType((Node *) inner);
		outer = widen(outer, type);
		inner = widen(inner, type);
		if (outer == NULL || inner == NULL)
			return false;
		op = get_opfamily_member(INTEGER_BTREE_FAM_OID, type, type,
								 BTEqualStrategyNumber);
	}
	if (!olap_equality_order(op, type, clause->inputcollid, &order))
		return false;
	outer = olap_join_rewrite(join, outer);
	inner = olap_join_rewrite(join, inner);
	if (outer == NULL || inner == NULL)
		return false;
	step->outer_keys = lappend(step->outer_keys, outer);
	step->inner_keys = lappend(step->inner_keys, inner);
	step->orders = lappend_int(step->orders, order);
	step->clauses = lappend(step->clauses, clause_to_show(clause, swapped));
	return true;
}

/*
 * Sort out what a join tests.  In an outer join a clause of ON decides what
 * matches and one from above filters rows, those without a match too: the first
 * must be a key then.
 */
static bool
add_clauses(Step *step, const OlapJoinQuery *join, List *restrictlist)
{
	ListCell   *lc;

	foreach(lc, restrictlist)
	{
		RestrictInfo *rinfo = lfirst_node(RestrictInfo, lc);
		bool		above = IS_OUTER_JOIN(step->type) &&
			RINFO_IS_PUSHED_DOWN(rinfo, step->joined);
		Expr	   *clause = olap_join_rewrite(join, rinfo->clause);

		if (rinfo->pseudoconstant || clause == NULL ||
			!olap_compile_supported(clause, OLAP_JOIN_VARNO))
			return false;
		if (!above && add_key(step, join, rinfo))
			continue;
		if (step->type != JOIN_INNER && (!above || step->type != JOIN_LEFT))
			return false;
		/* rows are unique by all equalities, so not by the keys alone */
		if (!above && rinfo->can_join && rinfo->mergeopfamilies != NIL)
			return false;
		step->filters = lappend(step->filters, rinfo);
	}
	return step->outer_keys != NIL;
}

static List *
filter_clauses(const OlapJoinQuery *join, List *filters)
{
	List	   *clauses = NIL;
	ListCell   *lc;

	foreach(lc, olap_order_quals(join->root, filters))
		clauses = lappend(clauses,
						  olap_join_rewrite(join, ((RestrictInfo *) lfirst(lc))->clause));
	return clauses;
}

/* ---- sides ---- */

/* Its columns become joined columns. */
static bool
add_side(OlapJoinQuery *join, RelOptInfo *rel)
{
	Path	   *path = rel->cheapest_total_path;
	ListCell   *lc;

	if (path == NULL || path->param_info != NULL || IS_DUMMY_REL(rel) ||
		!bms_is_empty(rel->lateral_relids) || !olap_join_plans_twice(path))
		return false;
	foreach(lc, path->pathtarget->exprs)
	{
		Var		   *var = lfirst(lc);

		if (!IsA(var, Var) || var->varlevelsup != 0 || var->varattno <= 0 ||
			get_typtype(var->vartype) == TYPTYPE_PSEUDO ||
			get_typlen(var->vartype) == -2)
			return false;
		join->sources = lappend(join->sources, var);
	}
	if (list_length(join->sources) + join->fact->max_attr > MAX_COLUMNS)
		return false;
	join->dims = lappend(join->dims, path);
	join->dim_rows += path->rows;
	join->bytes += path->rows * (path->pathtarget->width + ROW_OVERHEAD);
	return true;
}

/*
 * A semijoin may be done as an inner join to distinct rows; if all of its left side
 * is there, so that every clause is tested here, it is a semijoin to us.
 */
static bool
is_semijoin(const OlapJoinQuery *join, const Step *step, const RelOptInfo *rel)
{
	ListCell   *lc;

	foreach(lc, join->root->join_info_list)
	{
		const SpecialJoinInfo *info = lfirst(lc);

		if (info->jointype == JOIN_SEMI &&
			bms_equal(info->syn_righthand, rel->relids) &&
			bms_is_subset(info->min_lefthand, step->outer))
			return true;
	}
	return false;
}

/* What is joined with rel by path; false if it is not the olap table's side. */
static bool
sides_of(OlapJoinQuery *join, JoinPath *path, Step *step, Path **fact,
		 RelOptInfo **rel)
{
	Path	   *outer = path->outerjoinpath;
	Path	   *inner = path->innerjoinpath;
	bool		swapped = bms_is_member(join->fact->relid, inner->parent->relids);

	/* clauses that the inner side takes are not in the join's list */
	if (inner->param_info != NULL || outer->param_info != NULL)
		return false;
	switch (path->jointype)
	{
		case JOIN_INNER:
			break;
		case JOIN_LEFT:
		case JOIN_SEMI:
		case JOIN_ANTI:
			if (swapped)
				return false;
			break;
		case JOIN_RIGHT:
			if (!swapped)
				return false;
			break;
		default:
			return false;
	}
	step->type = path->jointype == JOIN_RIGHT ? JOIN_LEFT : path->jointype;
	*fact = swapped ? inner : outer;
	*rel = swapped ? outer->parent : inner->parent;
	step->outer = (*fact)->parent->relids;
	step->inner = (*rel)->relids;
	step->joined = path->path.parent->relids;
	if (IsA(swapped ? outer : inner, UniquePath))
	{
		if (step->type != JOIN_INNER || !is_semijoin(join, step, *rel))
			return false;
		step->type = JOIN_SEMI;
	}
	return true;
}

static List *
step_list(OlapJoinQuery *join, Step *step)
{
	return list_make5(list_make1_int(step->type), step->outer_keys,
					  step->inner_keys, step->orders,
					  filter_clauses(join, step->filters));
}

/* What EXPLAIN says. */
static List *
step_names(const OlapJoinQuery *join, const Step *step)
{
	List	   *relids = NIL;
	List	   *filters = NIL;
	ListCell   *lc;
	int			relid = -1;

	while ((relid = bms_next_member(step->inner, relid)) >= 0)
		if (join->root->simple_rel_array[relid] != NULL)
			relids = lappend_int(relids, relid);	/* none of an outer join */
	foreach(lc, olap_order_quals(join->root, step->filters))
		filters = lappend(filters, ((RestrictInfo *) lfirst(lc))->clause);
	return list_make3(relids, step->clauses, filters);
}

static bool
add_join(OlapJoinQuery *join, JoinPath *path)
{
	Step		step = {0};
	Path	   *fact;
	RelOptInfo *rel;

	if (!sides_of(join, path, &step, &fact, &rel) ||
		!olap_join_add_path(join, fact) ||
		!add_side(join, rel) ||
		!add_clauses(&step, join, path->joinrestrictinfo))
		return false;
	/* more than one match would multiply rows */
	if (step.type != JOIN_SEMI && step.type != JOIN_ANTI &&
		!innerrel_is_unique(join->root, step.joined, step.outer, rel, step.type,
							path->joinrestrictinfo, false))
		return false;
	join->steps = lappend(join->steps, step_list(join, &step));
	join->names = lappend(join->names, step_names(join, &step));
	return true;
}

bool
olap_join_add_path(OlapJoinQuery *join, Path *path)
{
	check_stack_depth();
	if (path->param_info != NULL)
		return false;
	switch (nodeTag(path))
	{
		case T_ProjectionPath:
			return olap_join_add_path(join, ((ProjectionPath *) path)->subpath);
		case T_MaterialPath:
			return olap_join_add_path(join, ((MaterialPath *) path)->subpath);
		case T_SortPath:
		case T_IncrementalSortPath:
			return olap_join_add_path(join, ((SortPath *) path)->subpath);
		case T_GatherPath:
			return olap_join_add_path(join, ((GatherPath *) path)->subpath);
		case T_GatherMergePath:
			return olap_join_add_path(join, ((GatherMergePath *) path)->subpath);
		case T_NestPath:
		case T_MergePath:
		case T_HashPath:
			return add_join(join, (JoinPath *) path);
		case T_Path:
		case T_IndexPath:
		case T_BitmapHeapPath:
		case T_TidPath:
		case T_TidRangePath:
		case T_CustomPath:
		case T_AppendPath:
		case T_MergeAppendPath:
			return path->parent == join->fact;
		default:
			return false;		/* distinct rows, for one (UniquePath) */
	}
}

/* The largest olap table of a join; NULL if there is none. */
RelOptInfo *
olap_join_fact(PlannerInfo *root, RelOptInfo *input)
{
	RelOptInfo *fact = NULL;
	int			relid = -1;

	while ((relid = bms_next_member(input->relids, relid)) >= 0)
	{
		RelOptInfo *rel = root->simple_rel_array[relid];

		if (rel != NULL && rel->reloptkind == RELOPT_BASEREL &&
			rel->rtekind == RTE_RELATION && olap_first_part_is_ours(root, rel) &&
			(fact == NULL || rel->tuples > fact->tuples))
			fact = rel;
	}
	return fact;
}
