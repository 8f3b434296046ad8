/*-------------------------------------------------------------------------
 *
 * options_cache.c
 *		The parsed options of the tables that this backend uses.
 *
 * src/meta/options_cache.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "meta/options_internal.h"

typedef struct CacheEntry
{
	Oid			relid;
	bool		valid;
	MemoryContext cxt;
	OlapOptions options;
} CacheEntry;

#define CACHE_SWEEP_MIN 64

static HTAB *cache = NULL;
static long sweep_at = CACHE_SWEEP_MIN; /* entries at which dropped tables are forgotten */

static void
invalidate_cache(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS seq;
	CacheEntry *entry;

	if (OidIsValid(relid))
	{
		entry = hash_search(cache, &relid, HASH_FIND, NULL);
		if (entry != NULL)
			entry->valid = false;
		return;
	}
	hash_seq_init(&seq, cache);
	while ((entry = hash_seq_search(&seq)) != NULL)
		entry->valid = false;
}

static void
create_cache(void)
{
	HASHCTL		ctl = {.keysize = sizeof(Oid), .entrysize = sizeof(CacheEntry)};

	if (CacheMemoryContext == NULL)
		CreateCacheMemoryContext();
	ctl.hcxt = CacheMemoryContext;
	cache = hash_create("olap table options", 64, &ctl,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(invalidate_cache, (Datum) 0);
}

/*
 * Forget tables that are gone.  Not in the invalidation itself: there nobody may
 * look into the catalog, and a table whose DROP is rolled back is only read again.
 */
static void
forget_dropped(void)
{
	HASH_SEQ_STATUS seq;
	CacheEntry *entry;

	hash_seq_init(&seq, cache);
	while ((entry = hash_seq_search(&seq)) != NULL)
	{
		if (entry->valid ||
			SearchSysCacheExists1(RELOID, ObjectIdGetDatum(entry->relid)))
			continue;
		if (entry->cxt != NULL)
			MemoryContextDelete(entry->cxt);
		hash_search(cache, &entry->relid, HASH_REMOVE, NULL);
	}
	sweep_at = Max(CACHE_SWEEP_MIN, 2 * hash_get_num_entries(cache));
}

static void
load_entry(CacheEntry *entry, Relation rel)
{
	HeapTuple	tuple;
	Datum		reloptions;
	bool		isnull;
	MemoryContext old;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(rel)));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u",
			 RelationGetRelid(rel));
	reloptions = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions,
								 &isnull);
	if (entry->cxt == NULL)
		entry->cxt = AllocSetContextCreate(CacheMemoryContext,
										   "olap table options",
										   ALLOCSET_SMALL_SIZES);
	MemoryContextReset(entry->cxt);
	entry->valid = true;		/* an invalidation from here on counts */
	old = MemoryContextSwitchTo(entry->cxt);
	olap_options_parse(isnull ? (Datum) 0 : reloptions, RelationGetDescr(rel),
					   RelationGetRelationName(rel), false, &entry->options);
	MemoryContextSwitchTo(old);
	ReleaseSysCache(tuple);
}

const OlapOptions *
olap_options_get(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	CacheEntry *entry;
	bool		found;

	if (cache == NULL)
		create_cache();
	if (hash_get_num_entries(cache) >= sweep_at)
		forget_dropped();
	entry = hash_search(cache, &relid, HASH_ENTER, &found);
	if (!found)
	{
		entry->valid = false;
		entry->cxt = NULL;
	}
	if (!entry->valid)
	{
		PG_TRY();
		{
			load_entry(entry, rel);
		}
		PG_CATCH();
		{
			entry->valid = false;
			PG_RE_THROW();
		}
		PG_END_TRY();
	}
	return &entry->options;
}
