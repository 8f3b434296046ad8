/*-------------------------------------------------------------------------
 *
 * explain.c
 *		What an OlapScan says in EXPLAIN.
 *
 * With ANALYZE the figures are what ran, of the leader and all workers.
 *
 * src/exec/explain.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "utils/ruleutils.h"

#include "base/compat.h"
#include "exec/scan_node.h"

static void
show_filter(CustomScanState *css, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	List	   *context;
	char	   *text;

	if (plan->custom_exprs == NIL)
		return;
	context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan,
									   ancestors);
	text = deparse_expression((Node *) make_ands_explicit(plan->custom_exprs),
							  context,
							  list_length(es->rtable) > 1 || es->verbose, false);
	ExplainPropertyText("Vector Filter", text, es);
}

/* As EXPLAIN shows the keys of a Sort. */
static void
show_order(CustomScanState *css, List *ancestors, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	OlapScanOrder order = olap_scan_order_of(plan);
	Form_pg_attribute att;
	List	   *context;
	Var		   *var;
	char	   *text;

	if (order.attno == 0)
		return;
	att = TupleDescAttr(RelationGetDescr(css->ss.ss_currentRelation),
						order.attno - 1);
	var = makeVar(plan->scan.scanrelid, order.attno, att->atttypid,
				  att->atttypmod, att->attcollation, 0);
	context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan,
									   ancestors);
	text = deparse_expression((Node *) var, context,
							  list_length(es->rtable) > 1 || es->verbose, false);
	ExplainPropertyText("Order",
						psprintf("%s%s%s", text, order.descending ? " DESC" : "",
								 order.nulls_first == order.descending ? "" :
								 order.nulls_first ? " NULLS FIRST" : " NULLS LAST"),
						es);
}

/* What it took to hand rows out in order. */
static void
show_ordered(const OlapOrderedStats *stats, ExplainState *es)
{
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Rows Waiting",
							psprintf(UINT64_FORMAT " passes=" UINT64_FORMAT,
									 stats->waiting, stats->passes), es);
		ExplainPropertyText("Late Reads",
							psprintf("rows=" UINT64_FORMAT " vectors=" UINT64_FORMAT,
									 stats->late_rows, stats->late_vectors), es);
		return;
	}
	ExplainPropertyUInteger("Rows Waiting", NULL, stats->waiting, es);
	ExplainPropertyUInteger("Passes", NULL, stats->passes, es);
	ExplainPropertyUInteger("Late Read Rows", NULL, stats->late_rows, es);
	ExplainPropertyUInteger("Late Read Vectors", NULL, stats->late_vectors, es);
}

static void
show_places(const char *label, uint64 total, uint64 pruned, uint64 read,
			ExplainState *es)
{
	char		name[64];

	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText(label,
							psprintf("total=" UINT64_FORMAT " pruned=" UINT64_FORMAT " read=" UINT64_FORMAT,
									 total, pruned, read), es);
		return;
	}
	snprintf(name, sizeof(name), "%s Total", label);
	ExplainPropertyUInteger(name, NULL, total, es);
	snprintf(name, sizeof(name), "%s Pruned", label);
	ExplainPropertyUInteger(name, NULL, pruned, es);
	snprintf(name, sizeof(name), "%s Read", label);
	ExplainPropertyUInteger(name, NULL, read, es);
}

/* Chunks opened, by encoding. */
static void
show_encodings(const OlapScanStats *stats, ExplainState *es)
{
	List	   *encodings = NIL;

	for (int e = 1; e <= OLAP_ENC_MAX; e++)
		if (stats->chunks[e] > 0)
			encodings = lappend(encodings,
								psprintf("%s=" UINT64_FORMAT,
										 olap_encoding_name((OlapEncoding) e),
										 stats->chunks[e]));
	if (encodings != NIL)
		ExplainPropertyList("Encodings", encodings, es);
}

/* Append a column's name as expressions show it. */
static List *
append_column(List *names, CustomScanState *css, List *ancestors,
			  AttrNumber attno, ExplainState *es)
{
	CustomScan *plan = (CustomScan *) css->ss.ps.plan;
	Form_pg_attribute att =
		TupleDescAttr(RelationGetDescr(css->ss.ss_currentRelation), attno - 1);
	Var		   *var = makeVar(plan->scan.scanrelid, attno, att->atttypid,
							  att->atttypmod, att->attcollation, 0);
	List	   *context = set_deparse_context_plan(es->deparse_cxt, &plan->scan.plan,
												   ancestors);

	return lappend(names,
				   deparse_expression((Node *) var, context,
									  list_length(es->rtable) > 1 || es->verbose,
									  false));
}

/*
 * What bitmap indexes saved: row groups, and rows of those that were read; which
 * were asked, and what it took.
 */
static void
show_bitmaps(CustomScanState *css, const OlapScanStats *stats, List *ancestors,
			 ExplainState *es)
{
	List	   *names = NIL;

	for (int i = 0; i < stats->nindexes; i++)
		names = append_column(names, css, ancestors, stats->indexes[i], es);
	if (es->format != EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyList("Bitmap Indexes", names, es);
		ExplainPropertyUInteger("Bitmap Index Bytes Read", NULL,
								stats->bytes_indexes, es);
		ExplainPropertyUInteger("Row Groups Pruned by Bitmap", NULL,
								stats->rowgroups_bitmap, es);
		ExplainPropertyUInteger("Row Groups Narrowed by Bitmap", NULL,
								stats->rowgroups_narrowed, es);
		ExplainPropertyUInteger("Rows Found by Bitmap", NULL,
								stats->rows_narrowed, es);
		ExplainPropertyUInteger("Rows Passed Over by Bitmap", NULL,
								stats->rows_passed, es);
		return;
	}
	if (names != NIL)
	{
		ExplainPropertyList("Bitmap Indexes", names, es);
		ExplainPropertyUInteger("Bitmap Index Bytes Read", NULL,
								stats->bytes_indexes, es);
	}
	if (stats->rowgroups_bitmap > 0)
		ExplainPropertyUInteger("Row Groups Pruned by Bitmap", NULL,
								stats->rowgroups_bitmap, es);
	if (stats->rowgroups_narrowed > 0)
		ExplainPropertyText("Row Groups Narrowed by Bitmap",
							psprintf(UINT64_FORMAT " found=" UINT64_FORMAT " passed over=" UINT64_FORMAT,
									 stats->rowgroups_narrowed,
									 stats->rows_narrowed, stats->rows_passed), es);
}

/* The columns that hash joins above filter. */
static void
show_runtime_filter(CustomScanState *css, List *ancestors, ExplainState *es)
{
	const OlapRuntimeFilter *filter = olap_scan_node_runtime(css);
	List	   *names = NIL;
	ListCell   *lc;

	if (filter == NULL)
		return;
	foreach(lc, olap_runtime_columns(filter))
		names = append_column(names, css, ancestors, lfirst_int(lc), es);
	ExplainPropertyList("Runtime Filter", names, es);
}

/* What the filters were made of, and what they left out. */
static void
show_runtime_counts(CustomScanState *css, const OlapScanCounts *counts,
					ExplainState *es)
{
	static const char *const names[] = {
		[OLAP_KEYS_RANGE] = "range",
		[OLAP_KEYS_BITMAP] = "bitmap",
		[OLAP_KEYS_BLOOM] = "bloom",
	};
	List	   *kinds = NIL;

	if (olap_scan_node_runtime(css) == NULL)
		return;
	for (int i = 0; i < (int) lengthof(names); i++)
		if ((counts->runtime.kinds >> i & 1) != 0)
			kinds = lappend(kinds, pstrdup(names[i]));
	if (kinds == NIL)
		kinds = list_make1(pstrdup("none made"));
	ExplainPropertyList("Runtime Filter Kinds", kinds, es);
	ExplainPropertyUInteger("Runtime Filter Keys", NULL, counts->runtime.keys, es);
	ExplainPropertyUInteger("Rows Removed by Runtime Filter", NULL,
							counts->runtime.rows, es);
	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Pruned by Runtime Filter",
							psprintf("segments=" UINT64_FORMAT " row groups=" UINT64_FORMAT,
									 counts->scan.segments_later,
									 counts->scan.rowgroups_later), es);
		return;
	}
	ExplainPropertyUInteger("Segments Pruned by Runtime Filter", NULL,
							counts->scan.segments_later, es);
	ExplainPropertyUInteger("Row Groups Pruned by Runtime Filter", NULL,
							counts->scan.rowgroups_later, es);
}

/* Of all processes together. */
static void
show_times(const OlapScanTimes *times, ExplainState *es)
{
	const double *parts = times->parts;

	if (es->format == EXPLAIN_FORMAT_TEXT)
	{
		ExplainPropertyText("Time",
							psprintf("read=%.3f decode=%.3f filter=%.3f ms",
									 parts[OLAP_PART_READ] * 1000,
									 parts[OLAP_PART_DECODE] * 1000,
									 parts[OLAP_PART_FILTER] * 1000), es);
		return;
	}
	ExplainPropertyFloat("Read Time", "ms", parts[OLAP_PART_READ] * 1000, 3, es);
	ExplainPropertyFloat("Decode Time", "ms", parts[OLAP_PART_DECODE] * 1000, 3, es);
	ExplainPropertyFloat("Filter Time", "ms", parts[OLAP_PART_FILTER] * 1000, 3, es);
}

void
olap_scan_explain(CustomScanState *css, List *ancestors, ExplainState *es)
{
	OlapScanCounts counts;

	show_order(css, ancestors, es);
	show_filter(css, ancestors, es);
	show_runtime_filter(css, ancestors, es);
	if (!es->analyze)
		return;
	counts = olap_scan_counts(css);
	if (((CustomScan *) css->ss.ps.plan)->custom_exprs != NIL)
		ExplainPropertyUInteger("Rows Removed by Vector Filter", NULL,
								counts.filtered, es);
	show_runtime_counts(css, &counts, es);
	show_places("Segments", counts.scan.segments_total,
				counts.scan.segments_pruned, counts.scan.segments_read, es);
	show_places("Row Groups", counts.scan.rowgroups_total,
				counts.scan.rowgroups_pruned, counts.scan.rowgroups_read, es);
	if (counts.scan.rowgroups_bloom > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Row Groups Pruned by Bloom", NULL,
								counts.scan.rowgroups_bloom, es);
	show_bitmaps(css, &counts.scan, ancestors, es);
	if (counts.scan.rowgroups_matched > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Row Groups Not Filtered", NULL,
								counts.scan.rowgroups_matched, es);
	if (counts.scan.segments_taken > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Segments Answered by Sketches", NULL,
								counts.scan.segments_taken, es);
	if (counts.scan.rowgroups_taken > 0 || es->format != EXPLAIN_FORMAT_TEXT)
		ExplainPropertyUInteger("Row Groups Answered by Metadata", NULL,
								counts.scan.rowgroups_taken, es);
	ExplainPropertyUInteger("Delta Pages", NULL, counts.scan.delta_pages, es);
	ExplainPropertyUInteger("Bytes Read", NULL, counts.scan.bytes_read, es);
	if (es->verbose)
		show_encodings(&counts.scan, es);
	if (olap_scan_order_of((CustomScan *) css->ss.ps.plan).attno != 0)
		show_ordered(&counts.ordered, es);
	if (es->timing)
		show_times(&counts.scan.times, es);
}
