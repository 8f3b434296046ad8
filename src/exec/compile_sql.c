/*-------------------------------------------------------------------------
 *
 * compile_sql.c
 *		Run a query's expressions as programs: for tests.
 *
 * No SQL object of the extension names the function; tests declare it.  It
 * compares what programs answer with the same query on a heap table without
 * the rest of the engine in between.
 *
 * src/exec/compile_sql.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/analyze.h"
#include "parser/parsetree.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "exec/compile.h"
#include "table/scan.h"

PG_FUNCTION_INFO_V1(olap_debug_program);
PG_FUNCTION_INFO_V1(olap_debug_describe);
PGDLLEXPORT Datum olap_debug_program(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum olap_debug_describe(PG_FUNCTION_ARGS);

typedef struct Run
{
	OlapProgram *program;
	TupleDesc	desc;			/* of the results */
	int			nresults;
	int			nfilters;		/* outputs behind the results */
	ReturnSetInfo *rsinfo;
} Run;

/* "SELECT expressions FROM one_table [WHERE ...]" */
static Query *
parse(const char *sql)
{
	List	   *raw = pg_parse_query(sql);
	Query	   *query;

	if (list_length(raw) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("one query is expected")));
	query = parse_analyze_fixedparams(linitial(raw), sql, NULL, 0, NULL);
	if (query->commandType != CMD_SELECT || list_length(query->rtable) != 1 ||
		rt_fetch(1, query->rtable)->rtekind != RTE_RELATION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a query of one table is expected")));
	return query;
}

static Run
compile(Query *query, Relation rel, ExprContext *econtext)
{
	OlapCompileContext cxt = {.varno = 1,.desc = RelationGetDescr(rel),
	.econtext = econtext};
	Run			run = {0};
	List	   *exprs = NIL;

	foreach_ptr(TargetEntry, entry, query->targetList)
	{
		exprs = lappend(exprs, expression_planner(entry->expr));
	}
	run.nresults = list_length(exprs);
	if (query->jointree->quals != NULL)
		exprs = list_concat(exprs,
							make_ands_implicit(expression_planner((Expr *)
																  query->jointree->quals)));
	run.nfilters = list_length(exprs) - run.nresults;
	foreach_ptr(Expr, expr, exprs)
	{
		if (!olap_compile_supported(expr, 1))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("expression is not supported")));
	}
	run.program = olap_compile(exprs, &cxt, CurrentMemoryContext);
	run.desc = BlessTupleDesc(ExecTypeFromTL(query->targetList));
	return run;
}

static void
emit(const Run *run, const OlapVector *const *results, uint32 row)
{
	Datum		values[MaxTupleAttributeNumber];
	bool		nulls[MaxTupleAttributeNumber];
	char		scratch[MaxTupleAttributeNumber][OLAP_DECIMAL_MAX_SIZE]
	pg_attribute_aligned(8);
	HeapTuple	tuple;
	Datum		text;
	bool		isnull = false;

	for (int i = 0; i < run->nresults; i++)
	{
		nulls[i] = olap_vector_is_null(results[i], row);
		values[i] = nulls[i] ? (Datum) 0 :
			olap_vector_datum(results[i], row, scratch[i]);
	}
	tuple = heap_form_tuple(run->desc, values, nulls);
	text = CStringGetTextDatum(OidOutputFunctionCall(F_RECORD_OUT,
													 HeapTupleGetDatum(tuple)));
	tuplestore_putvalues(run->rsinfo->setResult, run->rsinfo->setDesc, &text,
						 &isnull);
}

static void
run_batch(Run *run, OlapBatch *batch)
{
	const OlapVector **results = palloc(run->nresults * sizeof(OlapVector *));

	olap_program_next(run->program);
	for (int i = 0; i < run->nfilters; i++)
		if (olap_program_filter(run->program, run->nresults + i, batch) == 0)
			return;
	for (int i = 0; i < run->nresults; i++)
		results[i] = olap_program_eval(run->program, i, batch);
	for (uint32 row = 0; row < batch->nsel; row++)
		emit(run, results, row);
}

static void
check_superuser(void)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only a superuser may do this")));
}

/* olap_debug_program(query text) returns setof text: a record's text a row */
Datum
olap_debug_program(PG_FUNCTION_ARGS)
{
	Query	   *query = parse(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Relation	rel = table_open(rt_fetch(1, query->rtable)->relid,
								 AccessShareLock);
	EState	   *estate = CreateExecutorState();
	OlapTableScan *scan;
	OlapBatch  *batch;
	uint64		place = 0;
	Run			run;

	check_superuser();
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	run = compile(query, rel, GetPerTupleExprContext(estate));
	run.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	scan = olap_scan_begin(rel, GetActiveSnapshot(), NULL, NULL, 0, NULL);
	while ((batch = olap_scan_next(scan)) != NULL)
	{
		if (batch->place != place)
			olap_program_new_place(run.program);
		place = batch->place;
		run_batch(&run, batch);
	}
	olap_scan_end(scan);
	olap_program_free(run.program);
	FreeExecutorState(estate);
	table_close(rel, AccessShareLock);
	return (Datum) 0;
}

/* olap_debug_describe(query text) returns text: how each result is computed */
Datum
olap_debug_describe(PG_FUNCTION_ARGS)
{
	Query	   *query = parse(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Relation	rel = table_open(rt_fetch(1, query->rtable)->relid,
								 AccessShareLock);
	EState	   *estate = CreateExecutorState();
	StringInfoData how;
	Run			run;

	check_superuser();
	run = compile(query, rel, GetPerTupleExprContext(estate));
	initStringInfo(&how);
	for (int i = 0; i < run.nresults; i++)
		appendStringInfo(&how, "%s%s", i > 0 ? " " : "",
						 olap_program_describe(run.program, i));
	olap_program_free(run.program);
	FreeExecutorState(estate);
	table_close(rel, AccessShareLock);
	PG_RETURN_TEXT_P(cstring_to_text(how.data));
}
