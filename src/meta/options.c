/*-------------------------------------------------------------------------
 *
 * options.c
 *		Parse, check and rewrite the options of olap tables.
 *
 * The text in pg_class is the truth.  It is parsed strictly when a statement
 * sets it and leniently when a table is used: what does not make sense then
 * (which only a direct edit of the catalog can cause) counts as not set.
 *
 * src/meta/options.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "datatype/timestamp.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "base/compat.h"
#include "meta/options_internal.h"

/* Buckets of a table that names a time column and no interval. */
#define DEFAULT_INTERVAL USECS_PER_DAY
#define MIN_INTERVAL USECS_PER_SEC

typedef enum OptionKind
{
	OPTION_TIME_COLUMN,
	OPTION_INTERVAL,
	OPTION_RETENTION,
	OPTION_ORDER_BY,
	OPTION_BITMAP,
	OPTION_BLOOM,
	OPTION_HLL
} OptionKind;

static const char *const option_names[] = {
	[OPTION_TIME_COLUMN] = "time_column",
	[OPTION_INTERVAL] = "segment_interval",
	[OPTION_RETENTION] = "retention",
	[OPTION_ORDER_BY] = "order_by",
	[OPTION_BITMAP] = "bitmap",
	[OPTION_BLOOM] = "bloom",
	[OPTION_HLL] = "hll",
};

/* What a parse needs to know. */
typedef struct OptionParse
{
	TupleDesc	desc;
	const char *relname;
	bool		strict;			/* complain */
	const char *name;			/* of the option at hand */
	const char *value;
} OptionParse;

const char *
olap_option_names(void)
{
	return "time_column, segment_interval, retention, order_by, bitmap, bloom, hll";
}

static int
option_kind(const char *name, size_t len)
{
	for (int i = 0; i < (int) lengthof(option_names); i++)
		if (strlen(option_names[i]) == len &&
			pg_strncasecmp(option_names[i], name, len) == 0)
			return i;
	return -1;
}

bool
olap_option_known(const char *name)
{
	return option_kind(name, strlen(name)) >= 0;
}

bool
olap_option_time_type(Oid typid)
{
	return typid == TIMESTAMPTZOID || typid == TIMESTAMPOID ||
		typid == DATEOID;
}

/* ---- values ---- */

static void
bad_value(const OptionParse *parse, const char *detail, const char *hint)
{
	if (parse->strict)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\": \"%s\"", parse->name,
						parse->value),
				 errdetail_internal("%s", detail),
				 errhint("%s", hint)));
}

static AttrNumber
require_column(const OptionParse *parse, const OlapOptionItem *item)
{
	AttrNumber	attno = olap_option_item_column(parse->desc, item);

	if (attno == InvalidAttrNumber && parse->strict)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist",
						item->name, parse->relname),
				 errdetail("Option \"%s\" names it.", parse->name),
				 errhint("Names that are not all lower case must be double-quoted within the value.")));
	if (attno != InvalidAttrNumber && parse->strict &&
		TupleDescAttr(parse->desc, attno - 1)->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("virtual generated column \"%s\" cannot be used in option \"%s\"",
						item->name, parse->name),
				 errdetail("Its values are not stored.")));
	return attno;
}

/* Can values of the column be ordered (else: compared and hashed)? */
static void
check_operators(const OptionParse *parse, AttrNumber attno, bool order)
{
	Form_pg_attribute att = TupleDescAttr(parse->desc, attno - 1);
	TypeCacheEntry *type;
	bool		ok;

	if (!parse->strict)
		return;
	type = lookup_type_cache(att->atttypid, order ? TYPECACHE_LT_OPR :
							 TYPECACHE_EQ_OPR | TYPECACHE_HASH_PROC);
	ok = order ? OidIsValid(type->lt_opr) :
		OidIsValid(type->eq_opr) && OidIsValid(type->hash_proc);
	if (!ok)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of type %s cannot be used in option \"%s\"",
						NameStr(att->attname), format_type_be(att->atttypid),
						parse->name),
				 order ? errdetail("The type has no default order.") :
				 errdetail("The type has no default equality or hash function."),
				 errhint("Leave the column out.")));
}

/* Parse a list of columns into *attnos (and *desc, if not NULL). */
static int
parse_list(const OptionParse *parse, AttrNumber **attnos, bool **desc)
{
	const char *p = parse->value;
	int			n = 0;
	int			max = parse->desc->natts;

	*attnos = palloc(Max(max, 1) * sizeof(AttrNumber));
	if (desc != NULL)
		*desc = palloc(Max(max, 1) * sizeof(bool));
	do
	{
		OlapOptionItem	item;
		const char *fault = olap_option_read_item(&p, &item, desc != NULL);
		AttrNumber	attno;

		if (fault != NULL)
		{
			bad_value(parse, fault, desc != NULL ?
					  "Give columns separated by commas, each with asc or desc if wanted: 'a, b desc'." :
					  "Give columns separated by commas: 'a, b'.");
			return 0;
		}
		attno = require_column(parse, &item);
		if (attno == InvalidAttrNumber)
			continue;
		check_operators(parse, attno, desc != NULL);
		for (int i = 0; i < n; i++)
			if ((*attnos)[i] == attno)
			{
				bad_value(parse, psprintf("Column \"%s\" occurs twice.",
										  item.name),
						  "Name each column once.");
				return n;
			}
		(*attnos)[n] = attno;
		if (desc != NULL)
			(*desc)[n] = item.desc;
		n++;
	} while (*p != '\0');
	return n;
}

static AttrNumber
parse_time_column(const OptionParse *parse)
{
	const char *p = parse->value;
	OlapOptionItem	item;
	const char *fault = olap_option_read_item(&p, &item, false);
	AttrNumber	attno;
	Oid			typid;

	if (fault != NULL || *p != '\0')
	{
		bad_value(parse, fault != NULL ? fault : "It names several columns.",
				  "Give the name of one column.");
		return InvalidAttrNumber;
	}
	attno = require_column(parse, &item);
	if (attno == InvalidAttrNumber)
		return attno;
	typid = TupleDescAttr(parse->desc, attno - 1)->atttypid;
	if (olap_option_time_type(typid))
		return attno;
	if (parse->strict)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("time_column \"%s\" has type %s", item.name,
						format_type_be(typid)),
				 errdetail("The time column must be of type timestamp with time zone, timestamp or date."),
				 typid == INT8OID || typid == INT4OID ?
				 errhint("Store epoch numbers as timestamptz, for example by to_timestamp(seconds).") :
				 errhint("Choose another column, or change its type.")));
	return InvalidAttrNumber;
}

/* An interval of fixed length in microseconds; 0 if it is not one. */
static int64
parse_interval(const OptionParse *parse)
{
	const char *hint = "Give a positive length of time, for example '1 hour' or '30 days'.";
	Interval   *interval = NULL;
	int64		days;
	int64		usecs;

	/* lenient: the text was accepted when it was set */
	interval = DatumGetIntervalP(DirectFunctionCall3(interval_in,
													 CStringGetDatum(parse->value),
													 ObjectIdGetDatum(InvalidOid),
													 Int32GetDatum(-1)));
	if (interval->month != 0)
	{
		bad_value(parse, "Months and years differ in length.", hint);
		return 0;
	}
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &days) ||
		pg_add_s64_overflow(days, interval->time, &usecs) ||
		usecs < MIN_INTERVAL)
	{
		bad_value(parse, "It must be one second at least.", hint);
		return 0;
	}
	return usecs;
}

/* ---- whole reloptions ---- */

/* The text[] of reloptions as C strings. */
static int
option_strings(Datum reloptions, char ***strings)
{
	Datum	   *elems;
	bool	   *nulls;
	int			n;
	int			out = 0;

	*strings = NULL;
	if (DatumGetPointer(reloptions) == NULL)
		return 0;
	deconstruct_array(DatumGetArrayTypeP(reloptions), TEXTOID, -1, false,
					  TYPALIGN_INT, &elems, &nulls, &n);
	*strings = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			(*strings)[out++] = TextDatumGetCString(elems[i]);
	return out;
}

/* Kind of option text "name=value"; -1 if it is not ours. *value: its value. */
static int
split_option(const char *string, const char **value)
{
	const char *eq = strchr(string, '=');

	if (eq == NULL)
		return -1;
	*value = eq + 1;
	return option_kind(string, eq - string);
}

static void
parse_one(OptionParse *parse, OptionKind kind, OlapOptions *o)
{
	switch (kind)
	{
		case OPTION_TIME_COLUMN:
			o->time_attno = parse_time_column(parse);
			break;
		case OPTION_INTERVAL:
			o->segment_interval = parse_interval(parse);
			break;
		case OPTION_RETENTION:
			o->retention = parse_interval(parse);
			break;
		case OPTION_ORDER_BY:
			o->norder = parse_list(parse, &o->order_by, &o->order_desc);
			break;
		case OPTION_BITMAP:
			o->nbitmap = parse_list(parse, &o->bitmap, NULL);
			break;
		case OPTION_BLOOM:
			o->nbloom = parse_list(parse, &o->bloom, NULL);
			break;
		case OPTION_HLL:
			o->nhll = parse_list(parse, &o->hll, NULL);
			break;
	}
}

/* Options that mean nothing without a time column. */
static void
check_needs_time(const OptionParse *parse, const OlapOptions *o)
{
	const char *name = o->segment_interval != 0 ? "segment_interval" :
		o->retention != 0 ? "retention" : NULL;

	if (!parse->strict || o->time_attno != 0 || name == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"%s\" of table \"%s\" needs option \"time_column\"",
					name, parse->relname),
			 errhint("Set time_column to the column that holds the time of a row, or reset %s as well.",
					 name)));
}

void
olap_options_parse(Datum reloptions, TupleDesc desc, const char *relname,
				   bool strict, OlapOptions *o)
{
	OptionParse parse = {.desc = desc, .relname = relname, .strict = strict};
	char	  **strings;
	int			n = option_strings(reloptions, &strings);
	bool		seen[lengthof(option_names)] = {0};

	memset(o, 0, sizeof(*o));
	for (int i = 0; i < n; i++)
	{
		int			kind = split_option(strings[i], &parse.value);

		if (kind < 0)
			continue;
		parse.name = option_names[kind];
		if (seen[kind] && parse.strict)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"%s\" is given more than once",
							parse.name)));
		seen[kind] = true;
		parse_one(&parse, kind, o);
	}
	check_needs_time(&parse, o);
	if (o->time_attno != 0 && o->segment_interval == 0)
		o->segment_interval = DEFAULT_INTERVAL;
}

void
olap_options_check(Datum reloptions, TupleDesc desc, const char *relname)
{
	OlapOptions options;

	olap_options_parse(reloptions, desc, relname, true, &options);
}

static void *
copy_array(const void *array, Size size)
{
	return size == 0 ? NULL : memcpy(palloc(size), array, size);
}

OlapOptions *
olap_options_copy(const OlapOptions *options)
{
	OlapOptions *o = palloc(sizeof(OlapOptions));

	*o = *options;
	o->order_by = copy_array(o->order_by, o->norder * sizeof(AttrNumber));
	o->order_desc = copy_array(o->order_desc, o->norder * sizeof(bool));
	o->bitmap = copy_array(o->bitmap, o->nbitmap * sizeof(AttrNumber));
	o->bloom = copy_array(o->bloom, o->nbloom * sizeof(AttrNumber));
	o->hll = copy_array(o->hll, o->nhll * sizeof(AttrNumber));
	return o;
}

static Datum
strings_to_reloptions(char **strings, int n)
{
	Datum	   *elems;

	if (n == 0)
		return (Datum) 0;
	elems = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		elems[i] = CStringGetTextDatum(strings[i]);
	return PointerGetDatum(construct_array(elems, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

Datum
olap_options_filter(Datum reloptions, bool keep_ours)
{
	char	  **strings;
	int			n = option_strings(reloptions, &strings);
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		const char *value;

		if ((split_option(strings[i], &value) >= 0) == keep_ours)
			strings[kept++] = strings[i];
	}
	return strings_to_reloptions(strings, kept);
}

/*
 * A list of columns with attno under another name, or without it; NULL if it
 * does not name attno, "" if nothing is left.
 */
static char *
rename_in_list(const char *value, TupleDesc desc, AttrNumber attno,
			   const char *newname, bool directions)
{
	const char *p = value;
	bool		found = false;
	StringInfoData out;

	initStringInfo(&out);
	do
	{
		OlapOptionItem	item;
		bool		match;

		if (olap_option_read_item(&p, &item, directions) != NULL)
			return NULL;
		match = olap_option_item_column(desc, &item) == attno;
		found |= match;
		if (match && newname == NULL)
			continue;
		if (out.len > 0)
			appendStringInfoString(&out, ", ");
		if (!match)
			appendBinaryStringInfo(&out, item.start, item.len);
		else
		{
			appendStringInfoString(&out, quote_identifier(newname));
			if (item.directed)
				appendStringInfoString(&out, item.desc ? " desc" : " asc");
		}
	} while (*p != '\0');
	return found ? out.data : NULL;
}

bool
olap_options_rename_column(Datum reloptions, Relation rel, AttrNumber attno,
						   const char *newname, Datum *result)
{
	char	  **strings;
	int			n = option_strings(reloptions, &strings);
	int			kept = 0;
	bool		changed = false;

	for (int i = 0; i < n; i++)
	{
		const char *value;
		int			kind = split_option(strings[i], &value);
		char	   *list = NULL;

		if (kind >= 0 && kind != OPTION_INTERVAL && kind != OPTION_RETENTION)
			list = rename_in_list(value, RelationGetDescr(rel), attno, newname,
								  kind == OPTION_ORDER_BY);
		if (list != NULL)
		{
			changed = true;
			if (list[0] == '\0')
				continue;
			strings[i] = psprintf("%s=%s", option_names[kind], list);
		}
		strings[kept++] = strings[i];
	}
	if (changed)
		*result = strings_to_reloptions(strings, kept);
	return changed;
}
