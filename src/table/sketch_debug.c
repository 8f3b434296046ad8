/*-------------------------------------------------------------------------
 *
 * sketch_debug.c
 *		Count different values by segments' sketches and other rows, for tests.
 *
 * The install script does not have the function: tests create it.
 *
 * src/table/sketch_debug.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "segment/parts.h"
#include "table/inspect.h"
#include "table/scan.h"
#include "table/writer.h"
#include "vector/vector_hash.h"

#define DEBUG_COLS 3

PG_FUNCTION_INFO_V1(olap_debug_sketch);

extern PGDLLEXPORT Datum olap_debug_sketch(PG_FUNCTION_ARGS);

typedef struct Count
{
	int			col;
	OlapHashKind kind;
	OlapHll		hll;
} Count;

/* OlapScanTake */
static bool
take_sketch(void *arg, OlapSegment *segment, bool matches)
{
	Count	   *count = arg;

	return olap_segment_hll(segment, count->col, count->kind, &count->hll);
}

/* ("table" regclass, "column" text) -> (values, segments taken, rows read) */
Datum
olap_debug_sketch(PG_FUNCTION_ARGS)
{
	Relation	rel = olap_inspect_open(PG_GETARG_OID(0));
	AttrNumber	attno = get_attnum(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	Count		count = {.col = attno - 1};
	OlapColumnType *types = olap_column_types(RelationGetDescr(rel));
	Datum		values[DEBUG_COLS];
	bool		nulls[DEBUG_COLS] = {0};
	bool		portable;
	TupleDesc	desc;
	OlapTableScan *scan;
	OlapBatch  *batch;

	if (attno <= 0 || get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "olap_debug_sketch needs a column and gives a row");
	count.kind = olap_hash_kind_of_type(types[count.col].typid,
										types[count.col].collation, &portable);
	if (!olap_vector_hashable(&types[count.col], count.kind))
		elog(ERROR, "the column cannot be sketched");
	olap_hll_init(&count.hll, OLAP_HLL_DEFAULT_BITS, CurrentMemoryContext);
	scan = olap_scan_begin(rel, GetActiveSnapshot(), NULL, NULL, 0, NULL);
	olap_scan_offer_segments(scan, take_sketch, &count);
	while ((batch = olap_scan_next(scan)) != NULL)
		olap_vector_count(olap_batch_column(batch, count.col), count.kind,
						  batch->sel, batch->nsel, &count.hll);
	values[0] = Int64GetDatum(olap_hll_cardinality(&count.hll));
	values[1] = Int64GetDatum((int64) olap_scan_stats(scan)->segments_taken);
	values[2] = Int64GetDatum((int64) olap_scan_stats(scan)->rows);
	olap_scan_end(scan);
	relation_close(rel, NoLock);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
