/*-------------------------------------------------------------------------
 *
 * verify_index.c
 *		Does an index have an entry for every row, and none for rows there never
 *		were?
 *
 * A hash of TID and key is taken of every index entry and of every row that the
 * snapshot sees; both lists are sorted, on disk if need be, and the second must
 * be part of the first.  The snapshot is older than the first look at the index:
 * whoever inserted the rows it sees had made their entries by then, and nobody
 * takes them away while it is held.  So neither writers nor VACUUM nor
 * compaction disturb, and no lock keeps them away.
 *
 * Why hashes and not TIDs: a row whose entry has another row's key is not found
 * either.  Why not a Bloom filter: of a table that is large for the memory it
 * would say nothing.
 *
 * Entries of rows that are deleted, aborted or newer than the snapshot are
 * sound, so the reverse can only be said of row numbers: one that was never
 * handed out has no business in an index.
 *
 * src/table/verify_index.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/amapi.h"
#include "access/genam.h"
#include "access/hash.h"
#include "access/itup.h"
#include "access/tableam.h"
#include "access/tupmacs.h"
#include "catalog/index.h"
#include "catalog/pg_am_d.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type_d.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "base/hash.h"
#include "segment/directory.h"
#include "table/indexing.h"
#include "table/inspect.h"

/* Rows that a report names. */
#define NAMED_ROWS 5

/* What is compared beside the TID. */
typedef enum EntryKey
{
	KEY_NONE,					/* nothing: the access method hides its keys */
	KEY_COLUMNS,
	KEY_HASH					/* the hash code of a hash index */
} EntryKey;

/* Rows that something is wrong with. */
typedef struct BadRows
{
	int64		n;
	ItemPointerData named[NAMED_ROWS];
} BadRows;

typedef struct IndexCheck
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	EntryKey	key;
	IndexInfo  *info;
	Tuplesortstate *entries;
	Tuplesortstate *rows;
	uint32		next_vblock;	/* virtual blocks below are handed out */
	BadRows		unknown;		/* entries of rows there never were */
	int64		missing;		/* rows without an entry ... */
	uint64		missing_hashes[NAMED_ROWS]; /* ... the first of them */
	MemoryContext scratch;		/* reset for every entry */
} IndexCheck;

static void
note_bad(BadRows *bad, ItemPointer tid)
{
	if (bad->n < NAMED_ROWS)
		bad->named[bad->n] = *tid;
	bad->n++;
}

/* ---- hashes ---- */

static uint64
hash_value(Form_pg_attribute att, Datum value)
{
	if (att->attbyval)
	{
		Datum		bytes = (Datum) 0;

		store_att_byval(&bytes, value, att->attlen);
		return olap_hash_bytes((const uint8 *) &bytes, att->attlen);
	}
	if (att->attlen == -1)
	{
		struct varlena *flat = PG_DETOAST_DATUM_PACKED(value);

		return olap_hash_bytes((const uint8 *) VARDATA_ANY(flat),
							   VARSIZE_ANY_EXHDR(flat));
	}
	if (att->attlen == -2)
		return olap_hash_bytes((const uint8 *) DatumGetCString(value),
							   strlen(DatumGetCString(value)));
	return olap_hash_bytes((const uint8 *) DatumGetPointer(value), att->attlen);
}

/* Types are those that the index stores. */
static uint64
hash_columns(IndexCheck *check, const Datum *values, const bool *isnull)
{
	TupleDesc	desc = RelationGetDescr(check->index);
	uint64		hash = 0;

	for (int i = 0; i < desc->natts; i++)
		hash = olap_hash_mix(hash ^ UINT64CONST(0x9E3779B97F4A7C15),
							 isnull[i] ? UINT64CONST(0xA0761D6478BD642F) :
							 hash_value(TupleDescAttr(desc, i), values[i]) | 1);
	return hash;
}

static Datum
tid_hash(ItemPointer tid, uint64 key)
{
	OlapRow		row = (OlapRow) ItemPointerGetBlockNumberNoCheck(tid) << 16 |
		ItemPointerGetOffsetNumberNoCheck(tid);

	return Int64GetDatum((int64) olap_hash_u64(row ^ olap_hash_u64(key)));
}

/* ---- the index ---- */

/* Was the row number ever given to a row? */
static bool
handed_out(IndexCheck *check, ItemPointer tid)
{
	BlockNumber vblock = ItemPointerGetBlockNumberNoCheck(tid);
	OffsetNumber off = ItemPointerGetOffsetNumberNoCheck(tid);
	OlapMeta	meta;

	if (off < 1 || off > OLAP_VBLOCK_ROWS)
		return false;
	if (vblock < check->next_vblock)
		return true;
	/* the row had its number before it had an entry: look again */
	if (olap_meta_read(check->rel, &meta))
		check->next_vblock = meta.next_vblock;
	return vblock < check->next_vblock;
}

static void
add_entry(IndexCheck *check, ItemPointer tid, uint64 key)
{
	if (!handed_out(check, tid))
		note_bad(&check->unknown, tid);
	else
		tuplesort_putdatum(check->entries, tid_hash(tid, key), false);
}

static uint64
tuple_key(IndexCheck *check, IndexTuple tuple)
{
	MemoryContext old = MemoryContextSwitchTo(check->scratch);
	Datum		values[INDEX_MAX_KEYS];
	bool		isnull[INDEX_MAX_KEYS];
	uint64		key;

	index_deform_tuple(tuple, RelationGetDescr(check->index), values, isnull);
	key = hash_columns(check, values, isnull);
	MemoryContextSwitchTo(old);
	MemoryContextReset(check->scratch);
	return key;
}

/* By a scan without a condition. */
static void
scan_entries(IndexCheck *check)
{
	IndexScanDesc scan = olap_index_beginscan(check->rel, check->index,
											  check->snapshot, 0);
	ItemPointer tid;

	scan->xs_want_itup = check->key == KEY_COLUMNS;
	index_rescan(scan, NULL, 0, NULL, 0);
	while ((tid = index_getnext_tid(scan, ForwardScanDirection)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		add_entry(check, tid, check->key == KEY_COLUMNS ?
				  tuple_key(check, scan->xs_itup) : 0);
	}
	index_endscan(scan);
}

static void
hash_index_corrupted(IndexCheck *check, BlockNumber block, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INDEX_CORRUPTED),
			 errmsg("index \"%s\" is corrupted",
					RelationGetRelationName(check->index)),
			 errdetail("Block %u: %s.", block, what),
			 errhint("Please REINDEX it.")));
}

/* The entries of a hash index's page; returns the next one's block. */
static BlockNumber
hash_page_entries(IndexCheck *check, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	OffsetNumber max = PageGetMaxOffsetNumber(page);

	for (OffsetNumber off = FirstOffsetNumber; off <= max; off++)
	{
		ItemId		item = PageGetItemId(page, off);
		IndexTuple	tuple;

		if (!ItemIdIsNormal(item))
			continue;			/* a search passes over it as well */
		if (ItemIdGetLength(item) < sizeof(IndexTupleData) + sizeof(uint32) ||
			ItemIdGetOffset(item) + ItemIdGetLength(item) > BLCKSZ)
			hash_index_corrupted(check, BufferGetBlockNumber(buffer),
								 "line pointer is not valid");
		tuple = (IndexTuple) PageGetItem(page, item);
		add_entry(check, &tuple->t_tid, _hash_get_indextuple_hashkey(tuple));
	}
	return HashPageGetOpaque(page)->hasho_nextblkno;
}

/*
 * One bucket.  As in a search, the pin on its first page keeps entries from
 * moving within the bucket or leaving it for the one that it is split into.
 */
static void
hash_bucket_entries(IndexCheck *check, BlockNumber block)
{
	Buffer		first = _hash_getbuf(check->index, block, HASH_READ,
									 LH_BUCKET_PAGE);
	BlockNumber next = hash_page_entries(check, first);
	BlockNumber limit = RelationGetNumberOfBlocks(check->index);

	LockBuffer(first, BUFFER_LOCK_UNLOCK);
	for (BlockNumber n = 0; BlockNumberIsValid(next); n++)
	{
		Buffer		buffer;

		CHECK_FOR_INTERRUPTS();
		if (n > limit)
			hash_index_corrupted(check, block, "the bucket's pages form a circle");
		buffer = _hash_getbuf(check->index, next, HASH_READ, LH_OVERFLOW_PAGE);
		next = hash_page_entries(check, buffer);
		UnlockReleaseBuffer(buffer);
	}
	ReleaseBuffer(first);
}

/*
 * Hash indexes have no scan of everything.  Buckets in ascending order: a split
 * copies entries to a higher one and removes them here later, so an entry may be
 * met twice, but is not missed.
 */
static void
hash_entries(IndexCheck *check)
{
	for (Bucket bucket = 0;; bucket++)
	{
		Buffer		buffer = _hash_getbuf(check->index, HASH_METAPAGE, HASH_READ,
										  LH_META_PAGE);
		HashMetaPage meta = HashPageGetMeta(BufferGetPage(buffer));
		bool		end = bucket > meta->hashm_maxbucket;
		BlockNumber block = end ? InvalidBlockNumber :
			BUCKET_TO_BLKNO(meta, bucket);

		UnlockReleaseBuffer(buffer);
		CHECK_FOR_INTERRUPTS();
		if (end)
			break;
		hash_bucket_entries(check, block);
	}
}

/* ---- the table ---- */

/* The key as the index has it; false: such a row has no entry. */
static bool
row_key(IndexCheck *check, OlapIndexRows *rows, uint64 *key)
{
	MemoryContext old;

	if (!olap_index_rows_compute(rows))
		return false;
	*key = 0;
	if (check->key == KEY_HASH && rows->isnull[0])
		return false;
	old = MemoryContextSwitchTo(rows->econtext->ecxt_per_tuple_memory);
	if (check->key == KEY_HASH)
		*key = _hash_datum2hashkey(check->index, rows->values[0]);
	else if (check->key == KEY_COLUMNS)
		*key = hash_columns(check, rows->values, rows->isnull);
	MemoryContextSwitchTo(old);
	return true;
}

/* Visit what the index must have of every row that the snapshot sees. */
static void
scan_rows(IndexCheck *check,
		  void (*visit) (IndexCheck *, ItemPointer, Datum, void *), void *arg)
{
	TableScanDesc scan = table_beginscan_strat(check->rel, check->snapshot, 0,
											   NULL, true, false);
	OlapIndexRows rows;
	uint64		key;

	olap_index_rows_begin(&rows, check->rel, check->info);
	while (table_scan_getnextslot(scan, ForwardScanDirection, rows.slot))
	{
		CHECK_FOR_INTERRUPTS();
		if (row_key(check, &rows, &key))
			visit(check, &rows.slot->tts_tid,
				  tid_hash(&rows.slot->tts_tid, key), arg);
	}
	olap_index_rows_end(&rows);
	table_endscan(scan);
}

static void
add_row(IndexCheck *check, ItemPointer tid, Datum hash, void *arg)
{
	tuplesort_putdatum(check->rows, hash, false);
}

/* ---- comparing ---- */

static bool
next_hash(Tuplesortstate *sort, int64 *hash)
{
	Datum		value;
	bool		isnull;

	if (!tuplesort_getdatum(sort, true, false, &value, &isnull, NULL))
		return false;
	*hash = DatumGetInt64(value);
	return true;
}

static void
compare(IndexCheck *check)
{
	int64		entry = 0;
	int64		row;
	bool		have;

	tuplesort_performsort(check->entries);
	tuplesort_performsort(check->rows);
	have = next_hash(check->entries, &entry);
	while (next_hash(check->rows, &row))
	{
		CHECK_FOR_INTERRUPTS();
		while (have && entry < row)
		{
			CHECK_FOR_INTERRUPTS();
			have = next_hash(check->entries, &entry);
		}
		if (have && entry == row)
			continue;
		if (check->missing < NAMED_ROWS)
			check->missing_hashes[check->missing] = (uint64) row;
		check->missing++;
	}
}

/* Which rows are those without an entry? */
static void
name_missing(IndexCheck *check, ItemPointer tid, Datum hash, void *arg)
{
	for (int i = 0; i < Min(check->missing, NAMED_ROWS); i++)
		if (check->missing_hashes[i] == (uint64) DatumGetInt64(hash))
			note_bad(arg, tid);
}

static char *
describe(const char *what, int64 n, const BadRows *bad)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "%s: " INT64_FORMAT ", among them", what, n);
	for (int i = 0; i < Min(bad->n, NAMED_ROWS); i++)
		appendStringInfo(&text, "%s (%u,%u)", i == 0 ? "" : ",",
						 ItemPointerGetBlockNumberNoCheck(&bad->named[i]),
						 ItemPointerGetOffsetNumberNoCheck(&bad->named[i]));
	appendStringInfoChar(&text, '.');
	return text.data;
}

static List *
faults_of(IndexCheck *check)
{
	const char *name = RelationGetRelationName(check->index);
	List	   *faults = NIL;
	BadRows		named = {0};

	if (check->missing > 0)
	{
		scan_rows(check, name_missing, &named);
		faults = lappend(faults,
						 olap_fault(0, psprintf("index \"%s\" lacks entries of rows",
												name),
									describe("Rows without an entry that has their key",
											 check->missing, &named)));
	}
	if (check->unknown.n > 0)
		faults = lappend(faults,
						 olap_fault(0, psprintf("index \"%s\" has entries of rows there never were",
												name),
									describe("Entries whose row number was not handed out",
											 check->unknown.n, &check->unknown)));
	return faults;
}

/* ---- entry point ---- */

/* Can all entries of the index be read?  *key: what of them. */
static bool
choose_key(Relation index, EntryKey *key)
{
	*key = index->rd_rel->relam == HASH_AM_OID ? KEY_HASH :
		index->rd_rel->relam == BTREE_AM_OID ? KEY_COLUMNS : KEY_NONE;
	return *key == KEY_HASH || (index->rd_indam->amgettuple != NULL &&
								index->rd_indam->amoptionalkey);
}

static List *
check_index(IndexCheck *check)
{
	int			memory = Max(maintenance_work_mem / 2, 64);

	check->info = BuildIndexInfo(check->index);
	check->scratch = AllocSetContextCreate(CurrentMemoryContext, "olap index entry",
										   ALLOCSET_DEFAULT_SIZES);
	check->entries = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid,
										   false, memory, NULL, TUPLESORT_NONE);
	check->rows = tuplesort_begin_datum(INT8OID, Int8LessOperator, InvalidOid,
										false, memory, NULL, TUPLESORT_NONE);
	if (check->key == KEY_HASH)
		hash_entries(check);
	else
		scan_entries(check);
	scan_rows(check, add_row, NULL);
	compare(check);
	tuplesort_end(check->entries);
	tuplesort_end(check->rows);
	return faults_of(check);
}

List *
olap_verify_index(Relation rel, Oid indexid, Snapshot snapshot)
{
	IndexCheck	check = {.rel = rel, .snapshot = snapshot};
	List	   *faults = NIL;
	Oid			user;
	int			security;
	int			nesting;

	check.index = index_open(indexid, AccessShareLock);
	if (!check.index->rd_index->indisvalid || !check.index->rd_index->indisready)
	{
		index_close(check.index, AccessShareLock);
		return NIL;
	}
	if (choose_key(check.index, &check.key))
	{
		/* functions of the index run as the table's owner, as in VACUUM */
		GetUserIdAndSecContext(&user, &security);
		SetUserIdAndSecContext(rel->rd_rel->relowner,
							   security | SECURITY_RESTRICTED_OPERATION);
		nesting = NewGUCNestLevel();
		RestrictSearchPath();
		faults = check_index(&check);
		AtEOXact_GUC(false, nesting);
		SetUserIdAndSecContext(user, security);
	}
	else
		ereport(NOTICE,
				(errmsg("index \"%s\" was not verified",
						RelationGetRelationName(check.index)),
				 errdetail("Its access method does not tell which rows it has.")));
	index_close(check.index, NoLock);
	return faults;
}
