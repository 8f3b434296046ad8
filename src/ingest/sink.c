/*-------------------------------------------------------------------------
 *
 * sink.c
 *		Decoded batches into the target table of a pipeline.
 *
 * The generic path offers the rows as a named tuplestore to an INSERT ...
 * SELECT, so defaults, generated columns, casts, constraints, triggers,
 * partition routing, rules and row security are PostgreSQL's own.  It runs in a
 * subtransaction; if that fails for a reason a row can be blamed for, the rows
 * are halved until the bad ones stand alone.  So a clean batch costs one
 * subtransaction, and each bad row about twice log2(rows) statements.
 *
 * src/ingest/sink.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/tuplestore.h"

#include "ingest/mapping.h"
#include "ingest/sink.h"
#include "table/writer.h"

#define BATCH_NAME "olap_batch"

struct OlapSink
{
	Relation	source;
	Relation	target;
	OlapMapping *map;
	const OlapColumnType *types;	/* of the decoder, [ncols] */
	int			ncols;

	/* fast path */
	CommandId	cid;			/* one for all batches, so they can share segments */
	OlapColumnType *target_types;	/* [ntarget] */
	ExprState **defaults;		/* [ntarget]; NULL: none */
	OlapVector *made;			/* [ntarget]: defaults and selected rows */
	ExprContext *econtext;
	const OlapVector **cols;	/* [ntarget]: what the writer gets */

	/* generic path */
	TupleDesc	row_desc;		/* mapped source columns */
	int		   *row_cols;		/* [row_desc->natts]: decoder columns */
	char	   *insert;			/* the statement */
	char	   *scratch;		/* OLAP_DECIMAL_MAX_SIZE a column */
};

static void
open_fast(OlapSink *sink)
{
	TupleDesc	desc = RelationGetDescr(sink->target);
	int			n = Max(desc->natts, 1);

	sink->target_types = olap_column_types(desc);
	sink->defaults = palloc0(sizeof(ExprState *) * n);
	sink->made = palloc0(sizeof(OlapVector) * n);
	sink->cols = palloc0(sizeof(OlapVector *) * n);
	sink->econtext = CreateStandaloneExprContext();
	sink->cid = GetCurrentCommandId(true);
	for (int i = 0; i < desc->natts; i++)
	{
		Node	   *expr;

		if (TupleDescAttr(desc, i)->attisdropped || sink->map->source_of[i] >= 0)
			continue;
		expr = build_column_default(sink->target, i + 1);
		if (expr != NULL)
			sink->defaults[i] = ExecInitExpr(expression_planner((Expr *) expr), NULL);
	}
}

static void
open_generic(OlapSink *sink)
{
	TupleDesc	from = RelationGetDescr(sink->source);
	TupleDesc	to = RelationGetDescr(sink->target);
	StringInfoData names;
	int			n = 0;

	initStringInfo(&names);
	sink->row_cols = palloc(sizeof(int) * from->natts);
	for (int i = 0; i < from->natts; i++)
		if (sink->map->target_of[i] >= 0)
			sink->row_cols[n++] = i;
	sink->row_desc = CreateTemplateTupleDesc(n);
	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(from, sink->row_cols[i]);

		TupleDescInitEntry(sink->row_desc, i + 1, NameStr(att->attname),
						   att->atttypid, att->atttypmod, att->attndims);
		TupleDescInitEntryCollation(sink->row_desc, i + 1, att->attcollation);
		appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ",
						 quote_identifier(NameStr(TupleDescAttr(to, sink->map->target_of[sink->row_cols[i]])->attname)));
	}
	sink->insert = psprintf("INSERT INTO %s (%s) SELECT %s FROM " BATCH_NAME,
							quote_qualified_identifier(get_namespace_name(RelationGetNamespace(sink->target)),
													   RelationGetRelationName(sink->target)),
							names.data, names.data);
	sink->scratch = palloc(OLAP_DECIMAL_MAX_SIZE * Max(n, 1));
}

/*
 * Is the source what the decoder was made for, and may role read it (still)?
 * Vectors of another type than the table's would be taken for what they are not.
 */
static void
check_source(Relation source, const OlapColumnType *types, int ncols, Oid role)
{
	TupleDesc	desc = RelationGetDescr(source);
	bool		same = ncols == desc->natts;

	for (int i = 0; same && i < ncols; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		same = types[i].dropped == att->attisdropped &&
			(att->attisdropped ||
			 (types[i].typid == att->atttypid && types[i].typmod == att->atttypmod));
	}
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("foreign table \"%s\" was changed",
						RelationGetRelationName(source))));
	if (pg_class_aclcheck(RelationGetRelid(source), role, ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE,
					   RelationGetRelationName(source));
}

OlapSink *
olap_sink_open(Oid source, Oid target, const OlapColumnType *types, int ncols,
			   Oid role)
{
	OlapSink   *sink = palloc0(sizeof(OlapSink));
	ConstraintsSetStmt immediate = {.type = T_ConstraintsSetStmt};

	sink->source = try_relation_open(source, AccessShareLock);
	sink->target = try_relation_open(target, RowExclusiveLock);
	if (sink->source == NULL || sink->target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("the %s table of the pipeline no longer exists",
						sink->source == NULL ? "foreign" : "target"),
				 errhint("Drop the pipeline with olap.drop_pipeline.")));
	check_source(sink->source, types, ncols, role);
	sink->types = types;
	sink->ncols = ncols;
	sink->map = olap_mapping_create(sink->source, sink->target, role);
	if (sink->map->fast)
		open_fast(sink);
	else
	{
		open_generic(sink);
		/* a deferred constraint would fail at commit, with no row to blame */
		AfterTriggerSetState(&immediate);
	}
	return sink;
}

const char *
olap_sink_slow_reason(const OlapSink *sink)
{
	return sink->map->slow_reason;
}

/*
 * Is an error the fault of a row (and not of the system)?  Program limits are
 * rows too wide for a page or an index; deeper nesting than the stack has room
 * for is of the same class, but the fault of code.  A row that violates a policy
 * of row security has the SQLSTATE of a missing right: where it was raised tells.
 */
static bool
is_row_error(const ErrorData *edata)
{
	int			category = ERRCODE_TO_CATEGORY(edata->sqlerrcode);

	return edata->sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED ||
		(edata->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE &&
		 edata->funcname != NULL &&
		 strcmp(edata->funcname, "ExecWithCheckOptions") == 0) ||
		category == ERRCODE_DATA_EXCEPTION ||
		category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
		category == ERRCODE_WITH_CHECK_OPTION_VIOLATION ||
		category == ERRCODE_PLPGSQL_ERROR;
}

/* --- generic path --- */

/* Run the INSERT over rows [lo, hi). */
static uint32
insert_range(OlapSink *sink, OlapBatch *batch, uint32 lo, uint32 hi)
{
	int			n = sink->row_desc->natts;
	Datum	   *values = palloc(sizeof(Datum) * n);
	bool	   *nulls = palloc(sizeof(bool) * n);
	EphemeralNamedRelationData enr = {0};
	Tuplestorestate *store = tuplestore_begin_heap(false, false, work_mem);
	uint64		processed;

	for (uint32 row = lo; row < hi; row++)
	{
		for (int i = 0; i < n; i++)
		{
			const OlapVector *v = olap_batch_column(batch, sink->row_cols[i]);

			nulls[i] = olap_vector_is_null(v, row);
			values[i] = nulls[i] ? (Datum) 0 :
				olap_vector_datum(v, row, sink->scratch + i * OLAP_DECIMAL_MAX_SIZE);
		}
		tuplestore_putvalues(store, sink->row_desc, values, nulls);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	enr.md.name = BATCH_NAME;
	enr.md.reliddesc = InvalidOid;
	enr.md.tupdesc = sink->row_desc;
	enr.md.enrtype = ENR_NAMED_TUPLESTORE;
	enr.md.enrtuples = hi - lo;
	enr.reldata = store;
	if (SPI_register_relation(&enr) != SPI_OK_REL_REGISTER)
		elog(ERROR, "SPI_register_relation failed");
	if (SPI_execute(sink->insert, false, 0) < 0)
		elog(ERROR, "INSERT of a pipeline failed: %s",
			 SPI_result_code_string(SPI_result));
	processed = SPI_processed;
	SPI_finish();
	tuplestore_end(store);
	pfree(values);
	pfree(nulls);
	return (uint32) Min(processed, hi - lo);
}

static void
reject_error(ErrorData *edata, uint32 row, OlapSinkReject reject, void *arg)
{
	OlapDecodeError error = {0};
	char	   *state = pstrdup(unpack_sql_state(edata->sqlerrcode));

	error.sqlstate = state;
	if (edata->column_name != NULL)
		strlcpy(error.column, edata->column_name, sizeof(error.column));
	strlcpy(error.message, edata->message != NULL ? edata->message : "",
			sizeof(error.message));
	reject(arg, row, &error);
	pfree(state);
}

/* Insert rows [lo, hi), leaving out those the table refuses. */
static uint32
insert_isolating(OlapSink *sink, OlapBatch *batch, uint32 lo, uint32 hi,
				 OlapSinkReject reject, void *arg)
{
	MemoryContext cxt = CurrentMemoryContext;
	MemoryContext try_cxt;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile edata = NULL;
	volatile uint32 inserted = 0;
	uint32		mid;

	CHECK_FOR_INTERRUPTS();
	/* of one try: else the copies of all halves would add up, if all rows are bad */
	try_cxt = AllocSetContextCreate(cxt, "olap sink try", ALLOCSET_DEFAULT_SIZES);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(try_cxt);
	PG_TRY();
	{
		inserted = insert_range(sink, batch, lo, hi);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		edata = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	MemoryContextDelete(try_cxt);

	if (edata == NULL)
		return inserted;
	if (!is_row_error(edata))
		ReThrowError(edata);
	if (hi - lo == 1)
	{
		reject_error(edata, lo, reject, arg);
		FreeErrorData(edata);
		return 0;
	}
	FreeErrorData(edata);
	mid = lo + (hi - lo) / 2;
	return insert_isolating(sink, batch, lo, mid, reject, arg) +
		insert_isolating(sink, batch, mid, hi, reject, arg);
}

/* --- fast path --- */

/* Fill a column of the target from its default, a value a row. */
static void
make_default(OlapSink *sink, int col, uint32 nrows)
{
	OlapColumnType *type = &sink->target_types[col];
	OlapVector *v = &sink->made[col];

	olap_vector_init(v, type, nrows, CurrentMemoryContext);
	for (uint32 row = 0; row < nrows; row++)
	{
		bool		isnull;
		Datum		value;

		ResetExprContext(sink->econtext);
		value = ExecEvalExprSwitchContext(sink->defaults[col], sink->econtext,
										  &isnull);
		if (!isnull && type->typlen == -1)
			value = PointerGetDatum(PG_DETOAST_DATUM_PACKED(value));
		olap_vector_append_datum(v, type, value, isnull);
	}
	sink->cols[col] = v;
}

/* The first NOT NULL column that is NULL in a row, or -1. */
static int
null_column(OlapSink *sink, uint32 row)
{
	TupleDesc	desc = RelationGetDescr(sink->target);

	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attnotnull &&
			!TupleDescAttr(desc, i)->attisdropped &&
			(sink->cols[i] == NULL || olap_vector_is_null(sink->cols[i], row)))
			return i;
	return -1;
}

/* Can any row violate NOT NULL? Almost never, so this is one look a column. */
static bool
may_violate_not_null(OlapSink *sink)
{
	TupleDesc	desc = RelationGetDescr(sink->target);

	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attnotnull &&
			!TupleDescAttr(desc, i)->attisdropped &&
			(sink->cols[i] == NULL || sink->cols[i]->valid != NULL))
			return true;
	return false;
}

/* Reject rows that violate NOT NULL and leave the others in sink->cols. */
static uint32
remove_nulls(OlapSink *sink, uint32 nrows, OlapSinkReject reject, void *arg)
{
	uint32	   *sel = palloc(sizeof(uint32) * nrows);
	uint32		n = 0;

	for (uint32 row = 0; row < nrows; row++)
	{
		int			col = null_column(sink, row);
		OlapDecodeError error = {.sqlstate = "23502"};

		if (col < 0)
		{
			sel[n++] = row;
			continue;
		}
		strlcpy(error.column, NameStr(TupleDescAttr(RelationGetDescr(sink->target), col)->attname),
				sizeof(error.column));
		snprintf(error.message, sizeof(error.message),
				 "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
				 error.column, RelationGetRelationName(sink->target));
		reject(arg, row, &error);
	}
	for (int i = 0; n < nrows && i < sink->map->ntarget; i++)
	{
		OlapVector	selected;

		if (sink->cols[i] == NULL)
			continue;
		olap_vector_init(&selected, &sink->target_types[i], Max(n, 1),
						 CurrentMemoryContext);
		olap_vector_append_rows(&selected, &sink->target_types[i],
								sink->cols[i], sel, n);
		sink->made[i] = selected;
		sink->cols[i] = &sink->made[i];
	}
	pfree(sel);
	return n;
}

static uint32
insert_fast(OlapSink *sink, OlapBatch *batch, OlapSinkReject reject, void *arg)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "olap sink batch",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	uint32		n = batch->nrows;

	for (int i = 0; i < sink->map->ntarget; i++)
	{
		int			from = sink->map->source_of[i];

		sink->cols[i] = from >= 0 ? olap_batch_column(batch, from) : NULL;
		if (sink->defaults[i] != NULL)
			make_default(sink, i, n);
	}
	if (may_violate_not_null(sink))
		n = remove_nulls(sink, n, reject, arg);
	if (n > 0)
		olap_writer_insert_batch(sink->target, sink->cols, n, sink->cid);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return n;
}

uint32
olap_sink_insert(OlapSink *sink, OlapBatch *batch, OlapSinkReject reject,
				 void *arg)
{
	if (batch->nrows == 0)
		return 0;
	if (sink->map->fast)
		return insert_fast(sink, batch, reject, arg);
	return insert_isolating(sink, batch, 0, batch->nrows, reject, arg);
}

void
olap_sink_close(OlapSink *sink)
{
	if (sink->map->fast)
	{
		olap_writer_flush(sink->target);
		FreeExprContext(sink->econtext, true);
	}
	table_close(sink->source, NoLock);
	table_close(sink->target, NoLock);
	CommandCounterIncrement();
}
