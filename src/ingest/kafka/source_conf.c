/*-------------------------------------------------------------------------
 *
 * source_conf.c
 *		librdkafka's settings and callbacks.
 *
 * src/ingest/kafka/source_conf.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <netdb.h>

#include "miscadmin.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "ingest/kafka/hosts.h"
#include "ingest/kafka/source_int.h"

/*
 * Ours; a user's settings come after these and may change the ones that
 * options.c offers.  auto.offset.reset=error: a lost offset is told, never
 * skipped.  partition.eof: the end of a partition tells the position behind
 * control records.
 */
static const char *const base_settings[][2] = {
	{"enable.auto.commit", "false"},
	{"enable.auto.offset.store", "false"},
	{"auto.offset.reset", "error"},
	{"isolation.level", "read_committed"},
	{"enable.partition.eof", "true"},
	{"check.crcs", "true"},
	{"allow.auto.create.topics", "false"},
	{"fetch.wait.max.ms", "100"},
	{"topic.metadata.refresh.interval.ms", "30000"},
	{"statistics.interval.ms", "1000"},
	{"socket.keepalive.enable", "true"},
	{"queued.max.messages.kbytes", "65536"},
	{"log.queue", "true"},
};

/*
 * Address resolution, on librdkafka's threads: no server function may be
 * called here.  A host that is not allowed cannot be resolved.
 */
static int
resolve_address(const char *node, const char *service,
				const struct addrinfo *hints, struct addrinfo **res,
				void *opaque)
{
	OlapSourceShared *shared = opaque;
	bool		allowed;

	if (node == NULL)
	{
		freeaddrinfo(*res);
		return 0;
	}
	pthread_mutex_lock(&shared->lock);
	allowed = olap_hosts_allow(shared->allowed_hosts, node,
							   service != NULL ? service : "");
	pthread_mutex_unlock(&shared->lock);
	if (!allowed)
		return EAI_FAIL;
	return getaddrinfo(node, service, hints, res);
}

/* Messages of librdkafka, told inside poll(). */
static void
tell_log(const rd_kafka_t *rk, int level, const char *facility,
		 const char *text)
{
	/* that of an old broker is told with every question for the topic */
	bool		usual = strcmp(facility, "AUTOCREATE") == 0;

	ereport(AmBackgroundWorkerProcess() && level <= 4 && !usual ? LOG : DEBUG1,
			(errmsg_internal("olap_kafka: %s: %s", facility, text),
			 errhidestmt(true)));
}

/* That long a refused connection does not hide what a broker has said, in ms. */
#define REASON_MS 10000

/*
 * A name may have several addresses, of which some refuse connections: that tells
 * less than what went wrong at another.  Words of librdkafka, which has one code
 * for both.
 */
static bool
tells_less(const OlapSource *source, const char *reason)
{
	return source->reason[0] != '\0' &&
		strstr(reason, "failed: Connection refused") != NULL &&
		!TimestampDifferenceExceeds(source->reason_at, GetCurrentTimestamp(),
									REASON_MS);
}

/*
 * An answer above receive_message_max_bytes: the connection is closed and made
 * again, for ever.  Words of librdkafka, whose code is that of a lost connection.
 */
static bool
too_large(const char *reason)
{
	return strstr(reason, "increase receive.message.max.bytes") != NULL;
}

/* Errors that are of no single partition, told inside poll(). */
static void
tell_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	OlapSourceShared *shared = opaque;
	OlapSource *source = shared->source;
	rd_kafka_resp_err_t err = (rd_kafka_resp_err_t) code;
	char		fatal[256];

	if (source == NULL)
		return;
	if (err == RD_KAFKA_RESP_ERR__FATAL)
	{
		rd_kafka_fatal_error(rk, fatal, sizeof(fatal));
		olap_source_trouble(source, OLAP_SOURCE_FATAL, -1, -1, fatal);
		return;
	}
	if (olap_source_status_of(err) == OLAP_SOURCE_AUTH)
	{
		olap_source_trouble(source, OLAP_SOURCE_AUTH, -1, -1, reason);
		return;
	}
	if (too_large(reason))
	{
		olap_source_trouble(source, OLAP_SOURCE_UNREADABLE, -1, -1, reason);
		return;
	}
	if (err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
		source->down = true;
	if ((err == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && source->reason[0] != '\0') ||
		tells_less(source, reason))
		return;
	strlcpy(source->reason, reason, sizeof(source->reason));
	source->reason_at = GetCurrentTimestamp();
}

static int
tell_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque)
{
	OlapSourceShared *shared = opaque;

	if (shared->source != NULL)
		olap_source_statistics(shared->source, json, len);
	return 0;					/* librdkafka frees the text */
}

/* Take over a change of olap.allowed_hosts. */
void
olap_source_refresh_hosts(OlapSourceShared *shared)
{
	const char *now = GetConfigOption("olap.allowed_hosts", true, false);
	char	   *copy;

	/* only this thread writes allowed_hosts */
	if (shared->allowed_hosts != NULL &&
		strcmp(shared->allowed_hosts, now != NULL ? now : "") == 0)
		return;
	copy = strdup(now != NULL ? now : "");
	if (copy == NULL)
		return;					/* the old list stays in force */
	pthread_mutex_lock(&shared->lock);
	free(shared->allowed_hosts);
	shared->allowed_hosts = copy;
	pthread_mutex_unlock(&shared->lock);
}

/* False if text holds a secret of the user. */
bool
olap_source_hides_secrets(const OlapKafkaTable *table, const char *text)
{
	ListCell   *lc;

	foreach(lc, table->settings)
	{
		OlapKafkaSetting *setting = lfirst(lc);

		if (setting->secret && strstr(text, setting->value) != NULL)
			return false;
	}
	return true;
}

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value, bool secret)
{
	char		problem[512];

	if (rd_kafka_conf_set(conf, name, value, problem, sizeof(problem)) ==
		RD_KAFKA_CONF_OK)
		return;
	rd_kafka_conf_destroy(conf);
	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_ATTRIBUTE_VALUE),
			 errmsg("librdkafka does not accept the value of its setting \"%s\"",
					name),
			 secret ? 0 : errdetail("%s", problem)));
}

/*
 * A consumer's settings.  The caller hands the result to rd_kafka_new() or
 * destroys it.
 */
rd_kafka_conf_t *
olap_source_conf(const OlapKafkaTable *table, const char *group_id,
				 OlapSourceShared *shared)
{
	rd_kafka_conf_t *conf;
	char	   *group = psprintf("%s%s", table->group_id_prefix != NULL
								 ? table->group_id_prefix : "", group_id);
	ListCell   *lc;

	conf = rd_kafka_conf_new();
	for (size_t i = 0; i < lengthof(base_settings); i++)
		set(conf, base_settings[i][0], base_settings[i][1], false);
	set(conf, "group.id", group, false);
	foreach(lc, table->settings)
	{
		OlapKafkaSetting *setting = lfirst(lc);

		set(conf, setting->name, setting->value, setting->secret);
	}
	rd_kafka_conf_set_opaque(conf, shared);
	rd_kafka_conf_set_resolve_cb(conf, resolve_address);
	rd_kafka_conf_set_log_cb(conf, tell_log);
	rd_kafka_conf_set_error_cb(conf, tell_error);
	rd_kafka_conf_set_stats_cb(conf, tell_statistics);
	return conf;
}
