/*-------------------------------------------------------------------------
 *
 * compile.c
 *		From PostgreSQL's expressions to programs over vectors.
 *
 * Every supported expression has a program, as the bridge takes what has no
 * kernel: the planner needs no list of kernels, and a value that only execution
 * knows can't take a plan's support away.
 *
 * src/exec/compile.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/sysattr.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/errors.h"
#include "exec/compile_internal.h"

/* An expression that has a node already. */
typedef struct Known
{
	OlapScope  *scope;
	Node	   *expr;
	OlapNode   *node;
} Known;

/* ---- planning ---- */

typedef struct SupportContext
{
	Index		varno;
	Bitmapset  *columns;
} SupportContext;

/* Is there something that can't be evaluated from columns alone? */
static bool
unsupported_walker(Node *node, SupportContext *cxt)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
			if (((Var *) node)->varno != (int) cxt->varno ||
				((Var *) node)->varlevelsup != 0 ||
				((Var *) node)->varattno <= 0)
				return true;
			cxt->columns = bms_add_member(cxt->columns, ((Var *) node)->varattno);
			return false;
		case T_Param:
			return ((Param *) node)->paramkind != PARAM_EXTERN &&
				((Param *) node)->paramkind != PARAM_EXEC;
		case T_Aggref:
		case T_GroupingFunc:
		case T_WindowFunc:
		case T_SubLink:
		case T_SubPlan:
		case T_AlternativeSubPlan:
		case T_PlaceHolderVar:
		case T_CurrentOfExpr:
		case T_NextValueExpr:
			return true;
		default:
			return expression_tree_walker(node, unsupported_walker, cxt);
	}
}

bool
olap_compile_supported(Expr *expr, Index varno)
{
	SupportContext cxt = {.varno = varno};
	Oid			typid = exprType((Node *) expr);

	if (get_typlen(typid) == -2 || get_typtype(typid) == TYPTYPE_PSEUDO)
		return false;
	if (unsupported_walker((Node *) expr, &cxt) ||
		bms_num_members(cxt.columns) > OLAP_BRIDGE_ARGS)
		return false;
	return !contain_volatile_functions((Node *) expr) &&
		!expression_returns_set((Node *) expr);
}

/* ---- compiling ---- */

OlapColumnType
olap_expr_type(Node *node)
{
	OlapColumnType type = {0};

	type.typid = exprType(node);
	type.typmod = exprTypmod(node);
	type.collation = exprCollation(node);
	get_typlenbyvalalign(type.typid, &type.typlen, &type.typbyval,
						 &type.typalign);
	olap_column_type_resolve(&type);
	return type;
}

OlapNode *
olap_compile_column(OlapCompiler *compiler, OlapScope *scope, AttrNumber attno)
{
	Form_pg_attribute att = TupleDescAttr(compiler->cxt->desc, attno - 1);
	Var			var = {.xpr.type = T_Var,.varno = compiler->cxt->varno,
	.varattno = attno,.vartype = att->atttypid,.vartypmod = att->atttypmod,
	.varcollid = att->attcollation};

	return olap_compile_node(compiler, scope, (Node *) &var);
}

/* An expression of a column: its node. */
static OlapNode *
compile_var(OlapCompiler *compiler, OlapScope *scope, Var *var)
{
	OlapColumnType type = olap_expr_type((Node *) var);

	Ensure(var->varno == (int) compiler->cxt->varno && var->varattno > 0 &&
		   var->varattno <= compiler->cxt->desc->natts,
		   "unexpected column %d of relation %d", var->varattno, var->varno);
	return olap_node_column(scope, &type, var->varattno - 1);
}

static OlapNode *
compile_const(OlapScope *scope, Const *constant)
{
	OlapColumnType type = olap_expr_type((Node *) constant);
	Datum		value = constant->constvalue;

	if (type.typlen == -1 && !constant->constisnull)
		value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
	return olap_node_const(scope, &type, value, constant->constisnull);
}

bool
olap_known_value(OlapCompiler *compiler, Node *node, Datum *value, bool *isnull)
{
	ExprState  *state;

	if (IsA(node, Const))
	{
		*value = ((Const *) node)->constvalue;
		*isnull = ((Const *) node)->constisnull;
		return true;
	}
	/* looking up a statement's parameter can't fail; nothing else is as sure */
	if (!IsA(node, Param) || ((Param *) node)->paramkind != PARAM_EXTERN)
		return false;
	state = ExecInitExpr((Expr *) node, NULL);
	*value = ExecEvalExpr(state, compiler->econtext, isnull);
	return true;
}

/* By a kernel; NULL if there is none. */
static OlapNode *
compile_kernel(OlapCompiler *compiler, OlapScope *scope, Node *node)
{
	OlapColumnType type;
	OlapCall	call = {.expr = node};

	switch (nodeTag(node))
	{
		case T_Var:
			return compile_var(compiler, scope, (Var *) node);
		case T_Const:
			return compile_const(scope, (Const *) node);
		case T_RelabelType:
			type = olap_expr_type(node);
			return olap_node_relabel(scope, &type,
									 olap_compile_node(compiler, scope,
													   (Node *) ((RelabelType *) node)->arg));
		case T_OpExpr:
			set_opfuncid((OpExpr *) node);
			call.funcid = ((OpExpr *) node)->opfuncid;
			call.collation = ((OpExpr *) node)->inputcollid;
			call.args = ((OpExpr *) node)->args;
			return olap_compile_call(compiler, scope, &call);
		case T_FuncExpr:
			call.funcid = ((FuncExpr *) node)->funcid;
			call.collation = ((FuncExpr *) node)->inputcollid;
			call.args = ((FuncExpr *) node)->args;
			return olap_compile_call(compiler, scope, &call);
		default:
			return olap_compile_logic(compiler, scope, node);
	}
}

static bool
same_expression(const Node *a, const Node *b)
{
	if (IsA(a, Var) && IsA(b, Var))
		return ((const Var *) a)->varattno == ((const Var *) b)->varattno;
	return equal(a, b);
}

OlapNode *
olap_compile_node(OlapCompiler *compiler, OlapScope *scope, Node *node)
{
	Known	   *known;

	check_stack_depth();
	foreach_ptr(Known, other, compiler->known)
	{
		if (other->scope == scope && same_expression(other->expr, node))
			return other->node;
	}
	known = palloc(sizeof(Known));
	known->scope = scope;
	known->expr = copyObject(node);
	/* one value for all rows: computed once, if ever */
	known->node = !IsA(node, Const) && !contain_var_clause(node) ? NULL :
		compile_kernel(compiler, scope, node);
	if (known->node == NULL)
		known->node = olap_compile_bridge(compiler, scope, node);
	compiler->known = lappend(compiler->known, known);
	return known->node;
}

/*
 * An econtext that goes with the program, with the caller's parameters.  What an
 * expression allocates for the whole query outlives the program, though: a scalar
 * subquery that is first asked for here runs in that memory, and is ended with the
 * query.
 */
static ExprContext *
make_econtext(const ExprContext *from)
{
	ExprContext *econtext = CreateStandaloneExprContext();

	econtext->ecxt_per_query_memory = from->ecxt_per_query_memory;
	econtext->ecxt_param_exec_vals = from->ecxt_param_exec_vals;
	econtext->ecxt_param_list_info = from->ecxt_param_list_info;
	econtext->ecxt_estate = from->ecxt_estate;
	return econtext;
}

OlapProgram *
olap_compile(List *exprs, const OlapCompileContext *cxt, MemoryContext parent)
{
	OlapCompiler compiler = {.cxt = cxt};
	MemoryContext old;

	compiler.program = olap_program_create(parent);
	old = MemoryContextSwitchTo(olap_program_context(compiler.program));
	compiler.econtext = make_econtext(cxt->econtext);
	foreach_ptr(Node, expr, exprs)
	{
		/* kernels check no rights: the executor's own form does */
		(void) ExecInitExpr((Expr *) expr, NULL);
		olap_program_add(compiler.program,
						 olap_compile_node(&compiler,
										   olap_program_root(compiler.program),
										   expr));
	}
	MemoryContextSwitchTo(old);
	return compiler.program;
}
