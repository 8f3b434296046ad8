/*-------------------------------------------------------------------------
 *
 * compile_bridge.c
 *		Expressions without a kernel: the executor, over a slot of operands.
 *
 * The expression's columns become the columns of a virtual slot, which a node
 * of the program fills before it asks for the value.
 *
 * src/exec/compile_bridge.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "base/errors.h"
#include "exec/compile_internal.h"

/* Of one bridge, for its callback. */
typedef struct Bridge
{
	ExprState  *state;
	ExprContext *econtext;
	TupleTableSlot *slot;		/* NULL: no operands */
	bool		varlena;		/* the result may be toasted */
} Bridge;

static Datum
call_bridge(void *arg, bool *isnull)
{
	Bridge	   *bridge = arg;
	ExprContext *econtext = bridge->econtext;
	MemoryContext old;
	Datum		datum;

	ResetExprContext(econtext);
	econtext->ecxt_scantuple = bridge->slot;
	old = MemoryContextSwitchTo(econtext->ecxt_per_tuple_memory);
	datum = ExecEvalExpr(bridge->state, econtext, isnull);
	if (bridge->varlena && !*isnull)
		datum = PointerGetDatum(PG_DETOAST_DATUM_PACKED(datum));
	MemoryContextSwitchTo(old);
	return datum;
}

/* The columns of an expression, and the expression over a slot of these. */
typedef struct Columns
{
	List	   *vars;			/* one a column */
} Columns;

static Node *
replace_columns(Node *node, Columns *columns)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, Var))
	{
		Var		   *var = copyObject((Var *) node);
		int			at = 0;

		foreach_ptr(Var, other, columns->vars)
		{
			if (other->varattno == var->varattno)
				break;
			at++;
		}
		if (at == list_length(columns->vars))
			columns->vars = lappend(columns->vars, node);
		var->varno = 1;
		var->varattno = (AttrNumber) (at + 1);
		return (Node *) var;
	}
	return expression_tree_mutator(node, replace_columns, columns);
}

static TupleTableSlot *
make_slot(List *vars)
{
	TupleDesc	desc = CreateTemplateTupleDesc(list_length(vars));
	TupleTableSlot *slot;
	AttrNumber	attno = 0;

	foreach_ptr(Var, var, vars)
	{
		TupleDescInitEntry(desc, ++attno, NULL, var->vartype, var->vartypmod, 0);
	}
	slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	return ExecStoreVirtualTuple(slot);
}

/*
 * call with arguments replaced by columns of a slot: number at by the first, or
 * (at < 0) each that is not constant by that of its own number.
 */
static OlapBridge
make_call(OlapCompiler *compiler, const OlapCall *call, int at)
{
	Bridge	   *bridge = palloc0(sizeof(Bridge));
	OlapBridge	pure = {.call = call_bridge,.arg = bridge};
	Node	   *expr = copyObject(call->expr);
	List	   *vars = NIL;
	List	   *args = NIL;
	int			i = 0;

	foreach_ptr(Node, arg, call->args)
	{
		Var		   *var = makeVar(1, (AttrNumber) (list_length(vars) + 1),
								  exprType(arg), exprTypmod(arg),
								  exprCollation(arg), 0);

		if (at < 0 || i == at)
			vars = lappend(vars, var);
		args = lappend(args, (at < 0 ? IsA(arg, Const) : i != at) ?
					   arg : (Node *) var);
		i++;
	}
	if (IsA(expr, FuncExpr))
		((FuncExpr *) expr)->args = args;
	else
		((OpExpr *) expr)->args = args;
	bridge->state = ExecInitExpr((Expr *) expr, NULL);
	bridge->econtext = compiler->econtext;
	bridge->varlena = get_typlen(exprType(expr)) == -1;
	bridge->slot = make_slot(vars);
	pure.values = bridge->slot->tts_values;
	pure.nulls = bridge->slot->tts_isnull;
	return pure;
}

OlapBridge
olap_call_bridge(OlapCompiler *compiler, const OlapCall *call)
{
	return make_call(compiler, call, -1);
}

OlapBridge
olap_argument_bridge(OlapCompiler *compiler, const OlapCall *call, int at)
{
	return make_call(compiler, call, at);
}

OlapNode *
olap_compile_bridge(OlapCompiler *compiler, OlapScope *scope, Node *node)
{
	OlapColumnType type = olap_expr_type(node);
	Bridge	   *bridge = palloc0(sizeof(Bridge));
	OlapBridge	pure = {.call = call_bridge,.arg = bridge};
	OlapNode   *args[OLAP_BRIDGE_ARGS];
	Columns		columns = {0};
	int			n = 0;

	node = replace_columns(node, &columns);
	Ensure(list_length(columns.vars) <= OLAP_BRIDGE_ARGS,
		   "expression reads too many columns");
	bridge->state = ExecInitExpr((Expr *) node, NULL);
	bridge->econtext = compiler->econtext;
	bridge->varlena = type.typlen == -1;
	foreach_ptr(Var, var, columns.vars)
	{
		args[n++] = olap_compile_column(compiler, scope, var->varattno);
	}
	if (n > 0)
	{
		bridge->slot = make_slot(columns.vars);
		pure.values = bridge->slot->tts_values;
		pure.nulls = bridge->slot->tts_isnull;
	}
	return olap_node_bridge(scope, &type, &pure, args, n);
}
