/*-------------------------------------------------------------------------
 *
 * guc.c
 *		One table a type: a setting is one line here and one extern in guc.h.
 *
 * Settings that several layers read live here, so that no layer reaches into
 * another for a variable.
 *
 * src/base/guc.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/guc.h"

bool		olap_guc_enable_scan = true;
bool		olap_guc_enable_bitmap = true;
bool		olap_guc_enable_bloom = true;
bool		olap_guc_enable_order = true;
bool		olap_guc_enable_vector_agg = true;
bool		olap_guc_enable_runtime_filters = true;
bool		olap_guc_enable_fast_input = true;
bool		olap_guc_parallel_float_aggregates = false;
int			olap_guc_write_memory = 128 * 1024;
int			olap_guc_keep_memory = 16 * 1024;
int			olap_guc_encode_workers = 0;
int			olap_guc_max_pipelines = 64;
bool		olap_guc_ingest_synchronous_commit = true;
bool		olap_guc_maintenance = true;
int			olap_guc_maintenance_naptime = 10;
int			olap_guc_maintenance_interval = 300;

char	   *olap_guc_allowed_hosts = NULL;

typedef struct OlapGucBool
{
	const char *name;
	const char *description;
	bool	   *variable;
	GucContext	context;
} OlapGucBool;

typedef struct OlapGucInt
{
	const char *name;
	const char *description;
	int		   *variable;
	int			min;
	int			max;
	GucContext	context;
	int			flags;			/* GUC_UNIT_xxx */
} OlapGucInt;

/* The default of a setting is the initial value of its variable. */
static const OlapGucBool bool_settings[] = {
	{"olap.enable_bitmap", "Lets scans of olap tables look constants up in bitmap indexes.",
	&olap_guc_enable_bitmap, PGC_USERSET},
	{"olap.enable_bloom", "Lets scans of olap tables look constants up in blooms.",
	&olap_guc_enable_bloom, PGC_USERSET},
	{"olap.enable_fast_input", "Lets COPY into olap tables read common texts of values without the types' input functions.",
	&olap_guc_enable_fast_input, PGC_USERSET},
	{"olap.enable_scan", "Enables the planner's use of the vectorized scan of olap tables.",
	&olap_guc_enable_scan, PGC_USERSET},
	{"olap.enable_order", "Enables the planner's use of scans in the order of a column.",
	&olap_guc_enable_order, PGC_USERSET},
	{"olap.enable_vector_agg", "Enables the planner's use of vectorized aggregation of olap tables.",
	&olap_guc_enable_vector_agg, PGC_USERSET},
	{"olap.enable_runtime_filters", "Lets scans of olap tables leave out rows that have no partner in a hash join above.",
	&olap_guc_enable_runtime_filters, PGC_USERSET},
	{"olap.parallel_float_aggregates", "Lets vectorized aggregates of floats be computed in parts, in workers or by partition.",
	&olap_guc_parallel_float_aggregates, PGC_USERSET},
	{"olap.ingest_synchronous_commit", "Lets each batch of a pipeline wait until its WAL is flushed.",
	&olap_guc_ingest_synchronous_commit, PGC_SIGHUP},
	{"olap.maintenance", "Compacts olap tables and drops expired rows in the background.",
	&olap_guc_maintenance, PGC_SIGHUP},
};

static const OlapGucInt int_settings[] = {
	{"olap.write_memory", "Sets the memory one session may hold in rows not yet written to olap tables.",
	&olap_guc_write_memory, 1024, MAX_KILOBYTES, PGC_USERSET, GUC_UNIT_KB},
	{"olap.keep_memory", "Sets the memory a session keeps, when a vectorized aggregation ends, for the next one.",
	&olap_guc_keep_memory, 0, 1024 * 1024, PGC_USERSET, GUC_UNIT_KB},
	{"olap.encode_workers", "Sets how many processes encode row groups for a session that loads many.",
	&olap_guc_encode_workers, 0, 8, PGC_USERSET, 0},
	{"olap.max_pipelines", "Sets how many pipelines of all databases can run at once.",
	&olap_guc_max_pipelines, 1, 1024, PGC_POSTMASTER, 0},
	{"olap.maintenance_interval", "Sets the time between two rounds of the maintenance worker through all databases.",
	&olap_guc_maintenance_interval, 1, INT_MAX / 1000, PGC_SIGHUP, GUC_UNIT_S},
	{"olap.maintenance_naptime", "Sets the time between two visits of the maintenance worker to databases.",
	&olap_guc_maintenance_naptime, 1, INT_MAX / 1000, PGC_SIGHUP, GUC_UNIT_S},
};

void
olap_guc_init(void)
{
	for (size_t i = 0; i < lengthof(bool_settings); i++)
	{
		const OlapGucBool *s = &bool_settings[i];

		DefineCustomBoolVariable(s->name, s->description, NULL, s->variable,
								 *s->variable, s->context, 0,
								 NULL, NULL, NULL);
	}
	for (size_t i = 0; i < lengthof(int_settings); i++)
	{
		const OlapGucInt *s = &int_settings[i];

		/* only the server's start can define what needs a restart to change */
		if (s->context == PGC_POSTMASTER && !process_shared_preload_libraries_in_progress)
			continue;
		DefineCustomIntVariable(s->name, s->description, NULL, s->variable,
								*s->variable, s->min, s->max, s->context,
								s->flags, NULL, NULL, NULL);
	}
	DefineCustomStringVariable("olap.allowed_hosts",
							   "Sets the hosts that olap_kafka may connect to.",
							   "A list of host[:port], * stands for any characters; empty allows all.",
							   &olap_guc_allowed_hosts, "", PGC_SIGHUP, 0,
							   NULL, NULL, NULL);
	MarkGUCPrefixReserved("olap");
}
