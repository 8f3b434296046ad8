/*-------------------------------------------------------------------------
 *
 * options.c
 *		Options of servers, user mappings, foreign tables and their columns: which
 *		there are, and what is valid.
 *
 * src/ingest/kafka/options.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "commands/defrem.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "ingest/kafka/hosts.h"
#include "ingest/kafka/json.h"
#include "ingest/kafka/options_int.h"

extern PGDLLEXPORT Datum olap_kafka_validator(PG_FUNCTION_ARGS);

static const OlapKafkaOption options[] = {
	{"bootstrap_servers", SERVER, OPT_HOSTS, "bootstrap.servers"},
	{"security_protocol", SERVER, OPT_ENUM, "security.protocol",
	"plaintext ssl sasl_plaintext sasl_ssl"},
	{"sasl_mechanism", SERVER, OPT_ENUM, "sasl.mechanism",
	"PLAIN SCRAM-SHA-256 SCRAM-SHA-512"},
	{"ssl_ca_pem", SERVER, OPT_PEM, "ssl.ca.pem"},
	{"ssl_endpoint_identification", SERVER, OPT_ENUM,
	"ssl.endpoint.identification.algorithm", "https none"},
	{"ssl_cipher_suites", SERVER, OPT_TEXT, "ssl.cipher.suites"},
	{"client_id", SERVER, OPT_TEXT, "client.id"},
	{"client_rack", SERVER, OPT_TEXT, "client.rack"},
	{"group_id_prefix", SERVER, OPT_TEXT, NULL},
	{"timeout_ms", SERVER, OPT_INT, NULL, NULL, 100, 3600000},
	{"broker_address_family", SERVER, OPT_ENUM, "broker.address.family",
	"any v4 v6"},
	{"socket_timeout_ms", SERVER, OPT_INT, "socket.timeout.ms", NULL, 1000, 300000},
	{"socket_connection_setup_timeout_ms", SERVER, OPT_INT,
	"socket.connection.setup.timeout.ms", NULL, 1000, 300000},
	{"connections_max_idle_ms", SERVER, OPT_INT, "connections.max.idle.ms",
	NULL, 0, PG_INT32_MAX},
	{"reconnect_backoff_ms", SERVER, OPT_INT, "reconnect.backoff.ms", NULL,
	10, 60000},
	{"reconnect_backoff_max_ms", SERVER, OPT_INT, "reconnect.backoff.max.ms",
	NULL, 10, 600000},
	{"metadata_max_age_ms", SERVER, OPT_INT, "metadata.max.age.ms", NULL,
	1000, 86400000},
	{"fetch_min_bytes", SERVER, OPT_INT, "fetch.min.bytes", NULL, 1, 100000000},
	{"fetch_max_bytes", SERVER, OPT_INT, "fetch.max.bytes", NULL, 1024,
	1000000000},
	{"fetch_wait_max_ms", SERVER, OPT_INT, "fetch.wait.max.ms", NULL, 0, 10000},
	{"max_partition_fetch_bytes", SERVER, OPT_INT, "max.partition.fetch.bytes",
	NULL, 1024, 1000000000},
	{"receive_message_max_bytes", SERVER, OPT_INT, "receive.message.max.bytes",
	NULL, 1000000, PG_INT32_MAX},
	{"queued_min_messages", SERVER, OPT_INT, "queued.min.messages", NULL, 1,
	10000000},
	{"queued_max_messages_kbytes", SERVER, OPT_INT, "queued.max.messages.kbytes",
	NULL, 1024, 2097151},
	{"check_crcs", SERVER, OPT_BOOL, "check.crcs"},
	{"isolation_level", SERVER, OPT_ENUM, "isolation.level",
	"read_committed read_uncommitted"},

	{"sasl_username", MAPPING, OPT_TEXT, "sasl.username", NULL, 0, 0, true},
	{"sasl_password", MAPPING, OPT_TEXT, "sasl.password", NULL, 0, 0, true},
	{"ssl_certificate_pem", MAPPING, OPT_PEM, "ssl.certificate.pem", NULL, 0, 0, true},
	{"ssl_key_pem", MAPPING, OPT_PEM, "ssl.key.pem", NULL, 0, 0, true},
	{"ssl_key_password", MAPPING, OPT_TEXT, "ssl.key.password", NULL, 0, 0, true},

	{"topic", TABLE, OPT_TOPIC, NULL},
	{"format", TABLE, OPT_ENUM, NULL, "json raw"},
	{"mode", TABLE, OPT_ENUM, NULL, "lax strict"},
	{"on_error", TABLE, OPT_ENUM, NULL, "error skip"},
	{"timeout_ms", TABLE, OPT_INT, NULL, NULL, 100, 3600000},

	{"path", COLUMN, OPT_PATH, NULL},
	{"meta", COLUMN, OPT_ENUM, NULL,
	"partition offset timestamp key value topic"},
	{"time_format", COLUMN, OPT_ENUM, NULL,
	"iso8601 epoch_s epoch_ms epoch_us epoch_ns"},
	{"required", COLUMN, OPT_BOOL, NULL},
	{"mode", COLUMN, OPT_ENUM, NULL, "lax strict"},
};

const OlapKafkaOption *
olap_kafka_find_option(const char *name, Oid context)
{
	for (size_t i = 0; i < lengthof(options); i++)
		if (options[i].context == context && strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

int
olap_kafka_word_position(const char *words, const char *value)
{
	size_t		len = strlen(value);
	int			position = 0;

	for (const char *p = words; *p != '\0'; position++)
	{
		size_t		n = strcspn(p, " ");

		if (n == len && memcmp(p, value, n) == 0)
			return position;
		p += n;
		p += strspn(p, " ");
	}
	return -1;
}

static char *
with_commas(const char *words)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (; *words != '\0'; words++)
	{
		if (*words == ' ')
			appendStringInfoChar(&buf, ',');
		appendStringInfoChar(&buf, *words);
	}
	return buf.data;
}

void
olap_kafka_reject_name(const char *name, Oid context)
{
	StringInfoData valid;
	const OlapKafkaOption *elsewhere = NULL;

	initStringInfo(&valid);
	for (size_t i = 0; i < lengthof(options); i++)
	{
		if (options[i].context == context)
			appendStringInfo(&valid, "%s%s", valid.len > 0 ? ", " : "",
							 options[i].name);
		else if (strcmp(options[i].name, name) == 0)
			elsewhere = &options[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 elsewhere == NULL ? 0 :
			 errdetail("This is an option of a %s.",
					   elsewhere->context == SERVER ? "server" :
					   elsewhere->context == MAPPING ? "user mapping" :
					   elsewhere->context == TABLE ? "foreign table" : "column"),
			 valid.len > 0
			 ? errhint("Valid options in this context are: %s.", valid.data)
			 : errhint("There are no valid options in this context.")));
}

pg_noreturn static void
reject_value(const OlapKafkaOption *option, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 option->secret || option->type == OPT_PEM
			 ? errmsg("invalid value for option \"%s\"", option->name)
			 : errmsg("invalid value for option \"%s\": \"%s\"", option->name,
					  value),
			 errhint("%s", hint)));
}

/*
 * Refuse a broker list that is malformed or names a host that is not allowed.
 */
static void
check_hosts(const OlapKafkaOption *option, const char *value)
{
	const char *patterns = GetConfigOption("olap.allowed_hosts", true, false);
	const char *rest = value;
	char		host[256];
	char		port[256];
	bool		any = false;

	while (olap_hosts_next(&rest, host, port, sizeof(host)))
	{
		any = true;
		if (host[0] == '\0' || strlen(port) > 5 || pg_strtoint32(port) < 1 ||
			pg_strtoint32(port) > 65535)
			reject_value(option, value,
						 "Write a list such as \"broker1:9092,broker2:9092\".");
		if (!olap_hosts_allow(patterns, host, port))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("connecting to \"%s:%s\" is not allowed", host, port),
					 errhint("The administrator lists the allowed hosts in olap.allowed_hosts.")));
	}
	if (!any)
		reject_value(option, value,
					 "Write a list such as \"broker1:9092,broker2:9092\".");
}

static void
check_topic(const OlapKafkaOption *option, const char *value)
{
	size_t		len = strlen(value);

	if (len == 0 || len > 249 || strcmp(value, ".") == 0 ||
		strcmp(value, "..") == 0 ||
		strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "0123456789._-") != len)
		reject_value(option, value,
					 "A topic has 1 to 249 characters of a-z, A-Z, 0-9, \".\", \"_\" and \"-\".");
}

static void
check_int(const OlapKafkaOption *option, const char *value)
{
	char	   *end;
	long		n;

	errno = 0;
	n = strtol(value, &end, 10);
	if (errno != 0 || end == value || *end != '\0' || n < option->min ||
		n > option->max)
		reject_value(option, value,
					 psprintf("The value is an integer from " INT64_FORMAT
							  " to " INT64_FORMAT ".", option->min,
							  option->max));
}

void
olap_kafka_check_value(const OlapKafkaOption *option, const char *value)
{
	const char *problem;
	bool		b;

	switch (option->type)
	{
		case OPT_TEXT:
			if (*value == '\0')
				reject_value(option, value, "The value must not be empty.");
			for (const char *p = value; *p != '\0'; p++)
				if ((unsigned char) *p < 0x20 || *p == 0x7F)
					reject_value(option, value,
								 "The value must not contain control characters.");
			break;
		case OPT_PEM:
			if (strstr(value, "-----BEGIN ") == NULL)
				reject_value(option, value,
							 "The value is the text of a PEM file, from -----BEGIN on, not its name.");
			break;
		case OPT_HOSTS:
			check_hosts(option, value);
			break;
		case OPT_TOPIC:
			check_topic(option, value);
			break;
		case OPT_PATH:
			problem = olap_json_path_problem(value);
			if (problem != NULL)
				reject_value(option, value,
							 psprintf("A path looks like a.b[0].\"c.d\"; in this one %s.",
									  problem));
			break;
		case OPT_BOOL:
			if (!parse_bool(value, &b))
				reject_value(option, value, "The value is true or false.");
			break;
		case OPT_INT:
			check_int(option, value);
			break;
		case OPT_ENUM:
			if (olap_kafka_word_position(option->values, value) < 0)
				reject_value(option, value,
							 psprintf("Valid values are: %s.",
									  with_commas(option->values)));
			break;
	}
}

const char *
olap_kafka_option(List *defs, const char *name)
{
	ListCell   *lc;

	foreach(lc, defs)
	{
		DefElem    *def = lfirst_node(DefElem, lc);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

void
olap_kafka_check_together(List *defs, Oid context)
{
	if (context == SERVER && olap_kafka_option(defs, "bootstrap_servers") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"bootstrap_servers\" is required"),
				 errhint("Write OPTIONS (bootstrap_servers 'broker1:9092,broker2:9092').")));
	if (context == TABLE && olap_kafka_option(defs, "topic") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
				 errmsg("option \"topic\" is required"),
				 errhint("Write OPTIONS (topic 'name').")));
	if (context == COLUMN && olap_kafka_option(defs, "meta") != NULL)
		for (size_t i = 0; i < lengthof(options); i++)
			if (options[i].context == COLUMN &&
				strcmp(options[i].name, "meta") != 0 &&
				olap_kafka_option(defs, options[i].name) != NULL)
				ereport(ERROR,
						(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
						 errmsg("options \"meta\" and \"%s\" exclude each other",
								options[i].name),
						 errdetail("A meta column is not read from the message's document.")));
}

PG_FUNCTION_INFO_V1(olap_kafka_validator);

/* olap_kafka_validator(options text[], catalog oid): the FDW's validator */
Datum
olap_kafka_validator(PG_FUNCTION_ARGS)
{
	List	   *defs = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			context = PG_GETARG_OID(1);
	ListCell   *lc;

	foreach(lc, defs)
	{
		DefElem    *def = lfirst_node(DefElem, lc);
		const OlapKafkaOption *option = olap_kafka_find_option(def->defname, context);

		if (option == NULL)
			olap_kafka_reject_name(def->defname, context);
		olap_kafka_check_value(option, defGetString(def));
	}
	olap_kafka_check_together(defs, context);
	PG_RETURN_VOID();
}
