/*-------------------------------------------------------------------------
 *
 * verify.c
 *		olap.verify(): read everything of a table and report what is wrong.
 *
 * Each place is checked in a subtransaction, so that one fault does not hide
 * the next one.  Errors other than those that damaged storage causes (a
 * cancelled query, memory) end the check.
 *
 * src/table/verify.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/xact.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "delta/delta.h"
#include "delta/rangelog.h"
#include "segment/segment.h"
#include "segment/visibility.h"
#include "table/inspect.h"

#define VERIFY_COLS 3

PG_FUNCTION_INFO_V1(olap_verify);

extern PGDLLEXPORT Datum olap_verify(PG_FUNCTION_ARGS);

/* A range of virtual blocks or of entry numbers, and whose it is. */
typedef struct Range
{
	uint64		first;
	uint64		n;
	uint32		id;				/* entry */
} Range;

typedef struct RangeList
{
	Range	   *ranges;
	int			n;
	int			cap;
} RangeList;

typedef struct Verify
{
	Relation	rel;
	ReturnSetInfo *rsinfo;
	OlapDirList list;
	int64		nfaults;
} Verify;

static void
report(Verify *verify, uint32 id, const char *fault, const char *detail)
{
	Datum		values[VERIFY_COLS] = {0};
	bool		nulls[VERIFY_COLS] = {0};

	values[0] = Int64GetDatum(id);
	nulls[0] = id == 0;
	values[1] = CStringGetTextDatum(fault);
	nulls[2] = detail == NULL;
	if (detail != NULL)
		values[2] = CStringGetTextDatum(detail);
	tuplestore_putvalues(verify->rsinfo->setResult, verify->rsinfo->setDesc,
						 values, nulls);
	verify->nfaults++;
}

OlapFault *
olap_fault(uint32 id, const char *fault, char *detail)
{
	OlapFault  *result = palloc(sizeof(OlapFault));

	result->id = id;
	result->fault = fault;
	result->detail = detail;
	return result;
}

static void
report_all(Verify *verify, List *faults)
{
	foreach_ptr(OlapFault, fault, faults)
		report(verify, fault->id, fault->fault, fault->detail);
}

/* Internal errors and missing files: what core says of impossible pointers. */
static bool
is_damage(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_DATA_CORRUPTED ||
		sqlerrcode == ERRCODE_INDEX_CORRUPTED ||
		sqlerrcode == ERRCODE_IO_ERROR ||
		sqlerrcode == ERRCODE_UNDEFINED_FILE ||
		sqlerrcode == ERRCODE_INTERNAL_ERROR ||
		sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED;
}

static void check_index(Verify *verify, int indexid);

/*
 * Is it an error of a function of the index, which tells nothing about the bytes?  On
 * 17 and above these do not find what they name without a schema.
 */
static bool
is_of_function(int sqlerrcode)
{
	int			category = ERRCODE_TO_CATEGORY(sqlerrcode);

	return category != ERRCODE_OPERATOR_INTERVENTION &&
		category != ERRCODE_INSUFFICIENT_RESOURCES &&
		category != ERRCODE_TRANSACTION_ROLLBACK;
}

/*
 * An error in check(verify, index), whose transaction was rolled back: a fault becomes a
 * row of the report; an index whose functions fail was not verified; the rest is raised.
 */
static void
handle_error(Verify *verify, void (*check) (Verify *, int), int index, uint32 id,
			 ErrorData *error)
{
	if (is_damage(error->sqlerrcode))
		report(verify, id, error->message, error->detail);
	else if (check == check_index && is_of_function(error->sqlerrcode))
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("index \"%s\" was not verified", get_rel_name((Oid) index)),
				 errdetail("A function of it failed: %s", error->message)));
	else
		ReThrowError(error);
}

/* Run check(verify, index) in a transaction of its own; was there no error? */
static bool
guarded(Verify *verify, void (*check) (Verify *, int), int index, uint32 id)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool ok = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		MemoryContext work = AllocSetContextCreate(cxt, "olap verification",
												   ALLOCSET_DEFAULT_SIZES);

		MemoryContextSwitchTo(work);
		check(verify, index);
		MemoryContextSwitchTo(cxt);
		MemoryContextDelete(work);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(cxt);
		handle_error(verify, check, index, id, error);
		FreeErrorData(error);
		ok = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return ok;
}

/* ---- the directory ---- */

static void
add_range(RangeList *list, uint64 first, uint64 n, uint32 id)
{
	if (n == 0)
		return;
	if (list->n == list->cap)
	{
		list->cap = Max(64, list->cap * 2);
		list->ranges = list->ranges == NULL ?
			palloc(list->cap * sizeof(Range)) :
			repalloc_huge(list->ranges, (Size) list->cap * sizeof(Range));
	}
	list->ranges[list->n].first = first;
	list->ranges[list->n].n = n;
	list->ranges[list->n++].id = id;
}

static int
compare_ranges(const void *a, const void *b)
{
	const Range *x = a;
	const Range *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static void
check_ranges(Verify *verify, RangeList *list, uint64 limit, const char *what)
{
	if (list->n == 0)
		return;
	qsort(list->ranges, list->n, sizeof(Range), compare_ranges);
	for (int i = 0; i < list->n; i++)
	{
		Range	   *r = &list->ranges[i];

		if (r->first + r->n > limit)
			report(verify, r->id,
				   psprintf("%s lie behind what was handed out", what),
				   psprintf("Range " UINT64_FORMAT " to " UINT64_FORMAT ", expected less than " UINT64_FORMAT ".",
							r->first, r->first + r->n - 1, limit));
		if (i > 0 && r[-1].first + r[-1].n > r->first)
			report(verify, r->id,
				   psprintf("%s overlap with those of another place", what),
				   psprintf("Range " UINT64_FORMAT " to " UINT64_FORMAT " of entry %u, " UINT64_FORMAT " to " UINT64_FORMAT " of entry %u.",
							r[-1].first, r[-1].first + r[-1].n - 1, r[-1].id,
							r->first, r->first + r->n - 1, r->id));
	}
}

/* That no two places share a row number. */
static void
check_directory(Verify *verify, int index)
{
	OlapDirList *list = &verify->list;
	RangeList	rows = {0};
	RangeList	ids = {0};
	OlapMeta	meta;

	/* after the directory: what it lists was handed out by now */
	if (!olap_meta_read(verify->rel, &meta))
		return;
	for (int i = 0; i < list->n; i++)
	{
		const OlapDirEntry *entry = &list->entries[i];

		/*
		 * A writer may be giving back row numbers of an unfinished entry; what
		 * compactions wrote repeats the numbers of others (verify_rows.c).
		 */
		if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0 &&
			(entry->flags & OLAP_ENTRY_ROWNUMS) == 0)
			add_range(&rows, entry->first_vblock, entry->nvblocks, entry->id);
		add_range(&ids, entry->id, 1, entry->id);
	}
	check_ranges(verify, &rows, meta.next_vblock, "row numbers");
	check_ranges(verify, &ids, meta.next_entry_id, "entry numbers");
}

static void
read_directory(Verify *verify, int index)
{
	MemoryContext old = MemoryContextSwitchTo(verify->rsinfo->econtext->ecxt_per_query_memory);

	olap_directory_read(verify->rel, &verify->list);
	MemoryContextSwitchTo(old);
}

/* ---- segments ---- */

/* The zone pages must say what the segment's header says. */
static void
check_zone_pages(Verify *verify, const OlapDirEntry *entry,
				 const OlapDirRef *ref)
{
	OlapSegment *segment = olap_segment_open(verify->rel, entry,
											 CurrentMemoryContext, NULL);
	OlapZone   *zones = palloc(OLAP_DIR_ENTRIES * sizeof(OlapZone));
	BlockNumber first;
	uint32		have;

	(void) olap_zones_extent(verify->rel, ref->block, &first, &have);
	for (int col = 0; col < olap_segment_ncols(segment); col++)
	{
		OlapZone	all;

		CHECK_FOR_INTERRUPTS();
		if (olap_segment_type(segment, col)->dropped || col >= (int) have)
			continue;
		if (!olap_zones_read(verify->rel, ref->block, col, zones))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("segment %u of \"%s\" is corrupted", entry->id,
							RelationGetRelationName(verify->rel)),
					 errdetail("The zone page of column %d is not there.", col + 1)));
		all = *olap_segment_zone(segment, col, 0);
		for (int rg = 1; rg < olap_segment_rowgroups(segment); rg++)
			olap_zone_merge(&all, olap_segment_zone(segment, col, rg));
		if (memcmp(&all, &zones[ref->slot], sizeof(all)) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("segment %u of \"%s\" is corrupted", entry->id,
							RelationGetRelationName(verify->rel)),
					 errdetail("The zone page of column %d does not say what the segment's header says.",
							   col + 1)));
	}
	olap_segment_close(segment);
}

static void
check_segment(Verify *verify, int index)
{
	const OlapDirEntry *entry = &verify->list.entries[index];

	olap_segment_verify(verify->rel, entry);
	check_zone_pages(verify, entry, &verify->list.refs[index]);
}

/* ---- delta pages ---- */

static void
check_delta_tuple(Verify *verify, const OlapDirEntry *run, HeapTuple tuple,
				  Datum *values, bool *isnull)
{
	HeapTupleHeader header = tuple->t_data;
	TupleDesc	desc = RelationGetDescr(verify->rel);
	int			natts = HeapTupleHeaderGetNatts(header);

	olap_delta_deform(verify->rel, tuple, desc, values, isnull);
	if (natts > desc->natts)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("segment %u of \"%s\" is corrupted", run->id,
						RelationGetRelationName(verify->rel)),
				 errdetail("Row (%u,%u) has %d columns, expected at most %d.",
						   ItemPointerGetBlockNumberNoCheck(&tuple->t_self),
						   ItemPointerGetOffsetNumberNoCheck(&tuple->t_self),
						   natts, desc->natts)));
}

static void
check_delta(Verify *verify, int index)
{
	const OlapDirEntry *run = &verify->list.entries[index];
	OlapDeltaPage *page = palloc(sizeof(OlapDeltaPage));
	int			natts = RelationGetDescr(verify->rel)->natts;
	Datum	   *values = palloc(natts * sizeof(Datum));
	bool	   *isnull = palloc(natts * sizeof(bool));

	for (uint32 i = 0; i < run->nblocks; i++)
	{
		CHECK_FOR_INTERRUPTS();
		olap_delta_page_read(verify->rel, run, i, page, NULL);
		for (int off = 1; off <= page->ntuples; off++)
		{
			HeapTupleData tuple;
			TransactionId xmin;
			CommandId	cmin;

			/* what an aborted transaction put in may be of columns that are no more */
			if (olap_delta_tuple(verify->rel, page, off, &tuple, &xmin, &cmin) &&
				!olap_xid_aborted(xmin))
				check_delta_tuple(verify, run, &tuple, values, isnull);
		}
	}
}

/* That the log is sound, and every block in one hand. */
static void
check_space(Verify *verify, int index)
{
	report_all(verify, olap_verify_space(verify->rel));
}

/* Is every row in one place for the running snapshot? */
static void
check_rows(Verify *verify, int index)
{
	uint32		id;
	char	   *detail = olap_verify_rows(verify->rel, &verify->list,
										  GetActiveSnapshot(), &id);

	if (detail != NULL)
		report(verify, id, "rows are in two places", detail);
}

/* Does the index (an OID) have what the running snapshot sees? */
static void
check_index(Verify *verify, int index)
{
	report_all(verify, olap_verify_index(verify->rel, (Oid) index,
										 GetActiveSnapshot()));
}

/* Comparing with a damaged table would only say again what was said. */
static void
check_indexes(Verify *verify)
{
	List	   *indexes = RelationGetIndexList(verify->rel);

	if (indexes != NIL && verify->nfaults > 0)
		ereport(NOTICE,
				(errmsg("the indexes of \"%s\" were not verified",
						RelationGetRelationName(verify->rel)),
				 errdetail("The table itself has faults.")));
	else
		foreach_oid(indexid, indexes)
			guarded(verify, check_index, (int) indexid, 0);
}

Datum
olap_verify(PG_FUNCTION_ARGS)
{
	Verify		verify = {.rel = olap_inspect_open(PG_GETARG_OID(0)),
	.rsinfo = (ReturnSetInfo *) fcinfo->resultinfo};

	InitMaterializedSRF(fcinfo, 0);
	if (guarded(&verify, read_directory, 0, 0))
	{
		guarded(&verify, check_directory, 0, 0);
		guarded(&verify, check_space, 0, 0);
		for (int i = 0; i < verify.list.n; i++)
		{
			const OlapDirEntry *entry = &verify.list.entries[i];

			/* the space of a dead place may be somebody else's by now */
			if ((entry->flags & OLAP_ENTRY_DEAD) != 0)
				continue;
			if (entry->kind == OLAP_ENTRY_DELTA)
				guarded(&verify, check_delta, i, entry->id);
			else if ((entry->flags & OLAP_ENTRY_COMPLETE) != 0)
				guarded(&verify, check_segment, i, entry->id);
		}
		guarded(&verify, check_rows, 0, 0);
		if (PG_GETARG_BOOL(1))
			check_indexes(&verify);
	}
	relation_close(verify.rel, NoLock);
	return (Datum) 0;
}
