/*-------------------------------------------------------------------------
 *
 * options_read.c
 *		What the options of a foreign table, its server and user mapping say.
 *
 * src/ingest/kafka/options_read.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/reloptions.h"
#include "catalog/pg_class.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "ingest/kafka/options_int.h"

/* Options of userid's mapping, else of PUBLIC's; NIL if there is none. */
static List *
user_mapping_options(Oid serverid, Oid userid)
{
	HeapTuple	tuple;
	Datum		datum;
	bool		isnull;
	List	   *defs = NIL;

	tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid),
							ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER,
								ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
		return NIL;
	datum = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							Anum_pg_user_mapping_umoptions, &isnull);
	if (!isnull)
		defs = untransformRelOptions(datum);
	ReleaseSysCache(tuple);
	return defs;
}

/*
 * The options again pass the checks of the validator: they may have come in
 * by a restore under another olap.allowed_hosts, or around the validator.
 */
static List *
add_settings(List *settings, List *defs, Oid context)
{
	ListCell   *lc;

	foreach(lc, defs)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const OlapKafkaOption *option = olap_kafka_find_option(def->defname, context);
		OlapKafkaSetting *setting;

		if (option == NULL)
			olap_kafka_reject_name(def->defname, context);
		olap_kafka_check_value(option, defGetString(def));
		if (option->setting == NULL)
			continue;
		setting = palloc(sizeof(OlapKafkaSetting));
		setting->name = option->setting;
		setting->value = defGetString(def);
		setting->secret = option->secret;
		settings = lappend(settings, setting);
	}
	return settings;
}

static bool
enum_is(List *defs, const char *name, const char *value)
{
	const char *got = olap_kafka_option(defs, name);

	return got != NULL && strcmp(got, value) == 0;
}

OlapKafkaTable *
olap_kafka_table(Oid relid, Oid userid)
{
	OlapKafkaTable *table = palloc0(sizeof(OlapKafkaTable));
	ForeignTable *foreign;
	ForeignServer *server;
	ForeignDataWrapper *wrapper;
	const char *handler;
	const char *timeout;
	const char *prefix;

	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table",
						get_rel_name(relid) ? get_rel_name(relid) : "?")));
	foreign = GetForeignTable(relid);
	server = GetForeignServer(foreign->serverid);
	wrapper = GetForeignDataWrapper(server->fdwid);
	handler = OidIsValid(wrapper->fdwhandler)
		? get_func_name(wrapper->fdwhandler) : NULL;
	if (handler == NULL || strcmp(handler, "olap_kafka_handler") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("foreign table \"%s\" is not of foreign-data wrapper olap_kafka",
						get_rel_name(relid))));
	olap_kafka_check_together(foreign->options, TABLE);
	olap_kafka_check_together(server->options, SERVER);

	table->relid = relid;
	table->serverid = foreign->serverid;
	table->settings = add_settings(NIL, server->options, SERVER);
	table->settings = add_settings(table->settings, foreign->options, TABLE);
	if (OidIsValid(userid))
		table->settings = add_settings(table->settings,
									   user_mapping_options(foreign->serverid,
															userid),
									   MAPPING);
	table->topic = pstrdup(olap_kafka_option(foreign->options, "topic"));
	table->format = enum_is(foreign->options, "format", "raw")
		? OLAP_KAFKA_RAW : OLAP_KAFKA_JSON;
	table->strict = enum_is(foreign->options, "mode", "strict");
	table->skip_errors = enum_is(foreign->options, "on_error", "skip");
	timeout = olap_kafka_option(foreign->options, "timeout_ms");
	if (timeout == NULL)
		timeout = olap_kafka_option(server->options, "timeout_ms");
	table->timeout_ms = timeout != NULL ? pg_strtoint32(timeout) : 10000;
	prefix = olap_kafka_option(server->options, "group_id_prefix");
	table->group_id_prefix = prefix != NULL ? pstrdup(prefix) : NULL;
	return table;
}

OlapKafkaColumn *
olap_kafka_column(const OlapKafkaTable *table, AttrNumber attnum)
{
	OlapKafkaColumn *column = palloc0(sizeof(OlapKafkaColumn));
	List	   *defs = GetForeignColumnOptions(table->relid, attnum);
	const char *value;

	if ((value = olap_kafka_option(defs, "meta")) != NULL)
		column->meta = (OlapKafkaMeta)
			(olap_kafka_word_position(olap_kafka_find_option("meta", COLUMN)->values, value) + 1);
	if ((value = olap_kafka_option(defs, "path")) != NULL)
		column->path = pstrdup(value);
	if ((value = olap_kafka_option(defs, "time_format")) != NULL)
	{
		column->has_time_format = true;
		column->time_format = (OlapTimeFormat)
			olap_kafka_word_position(olap_kafka_find_option("time_format", COLUMN)->values, value);
	}
	if ((value = olap_kafka_option(defs, "required")) != NULL)
		(void) parse_bool(value, &column->required);
	column->strict = table->strict;
	if ((value = olap_kafka_option(defs, "mode")) != NULL)
		column->strict = strcmp(value, "strict") == 0;
	return column;
}
