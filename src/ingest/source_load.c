/*-------------------------------------------------------------------------
 *
 * source_load.c
 *		Loading the library that reads topics.
 *
 * src/ingest/source_load.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "ingest/pipeline.h"
#include "ingest/source_load.h"

const OlapSourceApi *
olap_source_load(void)
{
	static const OlapSourceApi *api = NULL;

	if (api == NULL)
	{
		const OlapSourceApi *loaded;
		OlapSourceApiFn get = (OlapSourceApiFn)
			load_external_function("$libdir/olap_kafka", "olap_kafka_source_api",
								   true, NULL);

		loaded = get();
		if (loaded->version != OLAP_SOURCE_API_VERSION)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("library olap_kafka has interface version %u, olap needs %u",
							loaded->version, OLAP_SOURCE_API_VERSION),
					 errhint("Install both libraries from one build, and restart the server.")));
		api = loaded;
	}
	return api;
}

char *
olap_source_group(const char *pipeline)
{
	return psprintf("olap-" UINT64_FORMAT "-%u-%s",
					(uint64) olap_system_identifier(), MyDatabaseId, pipeline);
}

void
olap_source_check(Oid relid)
{
	char	   *name = get_rel_name(relid);
	ForeignDataWrapper *fdw;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	if (get_rel_relkind(relid) != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table", name),
				 errhint("The source of a pipeline is a foreign table of a server of olap_kafka.")));
	fdw = GetForeignDataWrapper(GetForeignServer(GetForeignTable(relid)->serverid)->fdwid);
	if (strcmp(fdw->fdwname, "olap_kafka") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("foreign table \"%s\" does not read a Kafka topic", name),
				 errdetail("Its foreign-data wrapper is \"%s\".", fdw->fdwname),
				 errhint("The source of a pipeline is a foreign table of a server of olap_kafka.")));
}
