/*-------------------------------------------------------------------------
 *
 * options.c
 *		Parse, check and cache the options of olap tables.
 *
 * Values are kept as the user's text and parsed when first needed in a
 * backend.  A value that no longer fits the table (a column changed its type)
 * counts as not set; it was checked when it was stored.
 *
 * src/meta/options.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "common/int.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/date.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "meta/options.h"

typedef enum OptionKind
{
	OPTION_TIME_COLUMN,
	OPTION_INTERVAL,
	OPTION_COLUMNS,
	OPTION_ORDER
} OptionKind;

static const struct
{
	const char *name;
	OptionKind	kind;
}			option_table[] = {
	{"time_column", OPTION_TIME_COLUMN},
	{"segment_interval", OPTION_INTERVAL},
	{"order_by", OPTION_ORDER},
	{"bitmap", OPTION_COLUMNS},
	{"bloom", OPTION_COLUMNS},
	{"hll", OPTION_COLUMNS},
	{"retention", OPTION_INTERVAL},
};

/* One element of a column list. */
typedef struct ColumnItem
{
	char	   *name;
	bool		desc;
} ColumnItem;

typedef struct CacheEntry
{
	Oid			relid;			/* hash key */
	bool		valid;
	MemoryContext cxt;
	OlapOptions options;
} CacheEntry;

static HTAB *cache = NULL;

static int
option_index(const char *name)
{
	for (size_t i = 0; i < lengthof(option_table); i++)
		if (strcmp(option_table[i].name, name) == 0)
			return i;
	return -1;
}

bool
olap_option_known(const char *name)
{
	return option_index(name) >= 0;
}

const char *
olap_option_names(void)
{
	return "time_column, segment_interval, order_by, bitmap, bloom, hll, retention";
}

/* ---- column lists ---- */

/* One identifier at *p, quoted or folded to lower case; NULL if there is none. */
static char *
parse_identifier(const char **p)
{
	const char *s = *p;
	const char *start;
	StringInfoData name;

	if (*s != '"')
	{
		while (*s == '_' || *s == '$' || IS_HIGHBIT_SET(*s) ||
			   (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			   (*s >= '0' && *s <= '9'))
			s++;
		if (s == *p)
			return NULL;
		start = *p;
		*p = s;
		return downcase_truncate_identifier(start, s - start, false);
	}
	initStringInfo(&name);
	for (s++;; s++)
	{
		if (*s == '\0')
			return NULL;
		if (*s == '"' && *++s != '"')
			break;
		appendStringInfoChar(&name, *s);
	}
	*p = s;
	return name.len > 0 ? name.data : NULL;
}

static const char *
skip_space(const char *p)
{
	while (scanner_isspace(*p))
		p++;
	return p;
}

/* "a, b desc, \"C\"" as a list of ColumnItem; false if it is not one. */
static bool
parse_columns(const char *value, bool directions, List **items)
{
	const char *p = skip_space(value);

	*items = NIL;
	if (*p == '\0')
		return true;
	for (;;)
	{
		ColumnItem *item = palloc0(sizeof(ColumnItem));

		item->name = parse_identifier(&p);
		if (item->name == NULL)
			return false;
		*items = lappend(*items, item);
		p = skip_space(p);
		if (directions && pg_strncasecmp(p, "desc", 4) == 0)
		{
			item->desc = true;
			p = skip_space(p + 4);
		}
		else if (directions && pg_strncasecmp(p, "asc", 3) == 0)
			p = skip_space(p + 3);
		if (*p == '\0')
			return true;
		if (*p != ',')
			return false;
		p = skip_space(p + 1);
	}
}

static AttrNumber
find_column(TupleDesc tupdesc, const char *name)
{
	for (int i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (!att->attisdropped && strcmp(NameStr(att->attname), name) == 0)
			return i + 1;
	}
	return InvalidAttrNumber;
}

static bool
is_time_type(Oid typid)
{
	return typid == TIMESTAMPTZOID || typid == TIMESTAMPOID || typid == DATEOID;
}

/* ---- checks ---- */

/* Microseconds of a positive interval without months; 0 if it is not one. */
static int64
interval_micros(const char *value, bool *months)
{
	Interval   *interval = DatumGetIntervalP(DirectFunctionCall3(interval_in,
																 CStringGetDatum(value),
																 ObjectIdGetDatum(InvalidOid),
																 Int32GetDatum(-1)));
	int64		micros;

	*months = interval->month != 0;
	if (*months ||
		pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &micros) ||
		pg_add_s64_overflow(micros, interval->time, &micros) || micros <= 0)
		return 0;
	return micros;
}

static void
check_interval(const char *name, const char *value)
{
	bool		months;

	if (interval_micros(value, &months) > 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
			 months ? errdetail("Months and years have no fixed length.") :
			 errdetail("The interval must be positive."),
			 errhint("Use weeks, days, hours or minutes, such as '1 day'.")));
}

static void
column_missing(const char *option, const char *column)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("column \"%s\" of option \"%s\" does not exist", column,
					option)));
}

static void
check_time_column(const char *value, TupleDesc tupdesc)
{
	List	   *items;
	AttrNumber	attno;
	ColumnItem *item;
	Oid			typid;

	if (!parse_columns(value, false, &items) || list_length(items) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"time_column\": \"%s\"", value),
				 errhint("Name one column.")));
	item = linitial(items);
	attno = find_column(tupdesc, item->name);
	if (attno == InvalidAttrNumber)
		column_missing("time_column", item->name);
	typid = TupleDescAttr(tupdesc, attno - 1)->atttypid;
	if (!is_time_type(typid))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" cannot be the time column", item->name),
				 errdetail("It has type %s.", format_type_be(typid)),
				 errhint("The time column must be of type timestamp with time zone, timestamp or date.")));
}

static void
check_columns(const char *name, const char *value, bool directions,
			  TupleDesc tupdesc)
{
	List	   *items;
	ListCell   *lc;

	if (!parse_columns(value, directions, &items) || items == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", name, value),
				 errhint("Give column names separated by commas%s.",
						 directions ? ", each with ASC or DESC if wanted" : "")));
	foreach(lc, items)
	{
		ColumnItem *item = lfirst(lc);
		ListCell   *other;

		if (find_column(tupdesc, item->name) == InvalidAttrNumber)
			column_missing(name, item->name);
		foreach(other, items)
		{
			if (lfirst(other) == lfirst(lc))
				break;
			if (strcmp(((ColumnItem *) lfirst(other))->name, item->name) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" appears twice in option \"%s\"",
								item->name, name)));
		}
	}
}

void
olap_option_check(const char *name, const char *value, TupleDesc tupdesc)
{
	int			index = option_index(name);

	if (index < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized parameter \"%s\"", name),
				 errhint("Options of olap tables are: %s.", olap_option_names())));
	switch (option_table[index].kind)
	{
		case OPTION_TIME_COLUMN:
			check_time_column(value, tupdesc);
			break;
		case OPTION_INTERVAL:
			check_interval(name, value);
			break;
		case OPTION_COLUMNS:
			check_columns(name, value, false, tupdesc);
			break;
		case OPTION_ORDER:
			check_columns(name, value, true, tupdesc);
			break;
	}
}

char *
olap_option_replace_column(const char *name, const char *value,
						   const char *from, const char *to)
{
	int			index = option_index(name);
	bool		found = false;
	StringInfoData out;
	List	   *items;
	ListCell   *lc;

	if (index < 0 || option_table[index].kind == OPTION_INTERVAL ||
		!parse_columns(value, true, &items))
		return NULL;
	initStringInfo(&out);
	foreach(lc, items)
	{
		ColumnItem *item = lfirst(lc);
		const char *column = item->name;

		if (strcmp(column, from) == 0)
		{
			found = true;
			if (to == NULL)
				continue;
			column = to;
		}
		if (out.len > 0)
			appendStringInfoString(&out, ", ");
		appendStringInfoString(&out, quote_identifier(column));
		if (item->desc)
			appendStringInfoString(&out, " DESC");
	}
	return found ? out.data : NULL;
}

/* ---- the cache ---- */

/* Attribute numbers of a column list; columns that are gone are left out. */
static int
resolve_columns(const char *value, TupleDesc tupdesc, AttrNumber **attnos,
				bool **desc)
{
	List	   *items;
	ListCell   *lc;
	int			n = 0;

	if (!parse_columns(value, desc != NULL, &items))
		return 0;
	*attnos = palloc(Max(list_length(items), 1) * sizeof(AttrNumber));
	if (desc != NULL)
		*desc = palloc(Max(list_length(items), 1) * sizeof(bool));
	foreach(lc, items)
	{
		ColumnItem *item = lfirst(lc);
		AttrNumber	attno = find_column(tupdesc, item->name);

		if (attno == InvalidAttrNumber)
			continue;
		if (desc != NULL)
			(*desc)[n] = item->desc;
		(*attnos)[n++] = attno;
	}
	return n;
}

static void
apply_option(OlapOptions *options, const char *name, const char *value,
			 TupleDesc tupdesc)
{
	bool		months;

	if (strcmp(name, "time_column") == 0)
	{
		AttrNumber *attno = NULL;

		if (resolve_columns(value, tupdesc, &attno, NULL) == 1 &&
			is_time_type(TupleDescAttr(tupdesc, attno[0] - 1)->atttypid))
			options->time_attno = attno[0];
	}
	else if (strcmp(name, "segment_interval") == 0)
		options->segment_interval = interval_micros(value, &months);
	else if (strcmp(name, "retention") == 0)
		options->retention = interval_micros(value, &months);
	else if (strcmp(name, "order_by") == 0)
		options->norder = resolve_columns(value, tupdesc, &options->order_by,
										  &options->order_desc);
	else if (strcmp(name, "bitmap") == 0)
		options->nbitmap = resolve_columns(value, tupdesc, &options->bitmap, NULL);
	else if (strcmp(name, "bloom") == 0)
		options->nbloom = resolve_columns(value, tupdesc, &options->bloom, NULL);
	else if (strcmp(name, "hll") == 0)
		options->nhll = resolve_columns(value, tupdesc, &options->hll, NULL);
}

static void
load_options(OlapOptions *options, Relation rel)
{
	HeapTuple	tuple = SearchSysCache1(RELOID,
										ObjectIdGetDatum(RelationGetRelid(rel)));
	bool		isnull;
	Datum		datum;
	ListCell   *lc;

	memset(options, 0, sizeof(*options));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for relation %u", RelationGetRelid(rel));
	datum = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &isnull);
	if (!isnull)
		foreach(lc, untransformRelOptions(datum))
		{
			DefElem    *def = lfirst(lc);

			if (olap_option_known(def->defname))
				apply_option(options, def->defname, defGetString(def),
							 RelationGetDescr(rel));
		}
	ReleaseSysCache(tuple);

	/* a time column without an interval still gets buckets of a day */
	if (options->time_attno > 0 && options->segment_interval == 0)
		options->segment_interval = USECS_PER_DAY;
}

static void
invalidate(Datum arg, Oid relid)
{
	HASH_SEQ_STATUS status;
	CacheEntry *entry;

	if (OidIsValid(relid))
	{
		entry = hash_search(cache, &relid, HASH_FIND, NULL);
		if (entry != NULL)
			entry->valid = false;
		return;
	}
	hash_seq_init(&status, cache);
	while ((entry = hash_seq_search(&status)) != NULL)
		entry->valid = false;
}

static void
create_cache(void)
{
	HASHCTL		ctl = {
		.keysize = sizeof(Oid),
		.entrysize = sizeof(CacheEntry),
		.hcxt = CacheMemoryContext,
	};

	if (CacheMemoryContext == NULL)
		CreateCacheMemoryContext();
	ctl.hcxt = CacheMemoryContext;
	cache = hash_create("olap table options", 64, &ctl,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(invalidate, (Datum) 0);
}

const OlapOptions *
olap_options_get(Relation rel)
{
	Oid			relid = RelationGetRelid(rel);
	CacheEntry *entry;
	MemoryContext old;
	bool		found;

	if (cache == NULL)
		create_cache();
	entry = hash_search(cache, &relid, HASH_ENTER, &found);
	if (!found)
	{
		entry->valid = false;
		entry->cxt = NULL;
	}
	if (entry->valid)
		return &entry->options;

	if (entry->cxt == NULL)
		entry->cxt = AllocSetContextCreate(CacheMemoryContext,
										   "olap table options",
										   ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(entry->cxt);
	entry->valid = true;		/* an invalidation while loading clears it */
	old = MemoryContextSwitchTo(entry->cxt);
	load_options(&entry->options, rel);
	MemoryContextSwitchTo(old);
	return &entry->options;
}
