/*-------------------------------------------------------------------------
 *
 * toolutil.c
 *		What the Kafka test and demo programs share.
 *
 * tools/toolutil.c
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "toolutil.h"

const char *tool_name = "olap-tool";

void
tool_die(const char *fmt, ...)
{
	va_list		args;

	fprintf(stderr, "%s: ", tool_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

void
tool_warn(const char *fmt, ...)
{
	va_list		args;

	fprintf(stderr, "%s: warning: ", tool_name);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

int64_t
tool_parse_int(const char *option, const char *text, int64_t low, int64_t high)
{
	char	   *end;
	long long	value;

	errno = 0;
	value = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < low || value > high)
		tool_die("%s takes a number from %lld to %lld, not \"%s\"", option,
				 (long long) low, (long long) high, text);
	return value;
}

double
tool_parse_real(const char *option, const char *text, double low, double high)
{
	char	   *end;
	double		value;

	errno = 0;
	value = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' ||
		isnan(value) || value < low || value > high)
		tool_die("%s takes a number from %g to %g, not \"%s\"", option,
				 low, high, text);
	return value;
}

static int64_t
clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t) ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
tool_wall_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t
tool_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

void
tool_props_add(ToolProps *props, const char *pair)
{
	if (strchr(pair, '=') == NULL)
		tool_die("-X takes name=value, not \"%s\"", pair);
	if (props->count == (int) (sizeof(props->pair) / sizeof(props->pair[0])))
		tool_die("too many -X options");
	props->pair[props->count++] = pair;
}

void
tool_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
	char		err[512];

	if (rd_kafka_conf_set(conf, name, value, err, sizeof(err)) !=
		RD_KAFKA_CONF_OK)
		tool_die("%s", err);
}

rd_kafka_t *
tool_client(rd_kafka_type_t type, rd_kafka_conf_t *conf, const char *brokers,
			const ToolProps *props)
{
	char		err[512];
	rd_kafka_t *rk;

	if (brokers != NULL)
		tool_conf_set(conf, "bootstrap.servers", brokers);
	for (int i = 0; props != NULL && i < props->count; i++)
	{
		const char *eq = strchr(props->pair[i], '=');
		char		name[128];

		if ((size_t) (eq - props->pair[i]) >= sizeof(name))
			tool_die("property name too long: \"%s\"", props->pair[i]);
		memcpy(name, props->pair[i], eq - props->pair[i]);
		name[eq - props->pair[i]] = '\0';
		tool_conf_set(conf, name, eq + 1);
	}
	rk = rd_kafka_new(type, conf, err, sizeof(err));
	if (rk == NULL)
		tool_die("%s", err);
	return rk;
}

int
tool_partition_count(rd_kafka_t *rk, const char *topic, int timeout_ms)
{
	int64_t		deadline = tool_mono_us() + (int64_t) timeout_ms * 1000;
	rd_kafka_resp_err_t err;
	rd_kafka_topic_t *rkt = rd_kafka_topic_new(rk, topic, NULL);

	if (rkt == NULL)
		tool_die("%s", rd_kafka_err2str(rd_kafka_last_error()));
	do
	{
		const struct rd_kafka_metadata *md;
		int			count = 0;

		err = rd_kafka_metadata(rk, 0, rkt, &md, 1000);
		if (err == RD_KAFKA_RESP_ERR_NO_ERROR)
		{
			if (md->topic_cnt == 1)
			{
				err = md->topics[0].err;
				count = md->topics[0].partition_cnt;
			}
			rd_kafka_metadata_destroy(md);
			if (count > 0)
			{
				rd_kafka_topic_destroy(rkt);
				return count;
			}
		}
		nanosleep(&(struct timespec) {0, 100000000}, NULL);
	} while (tool_mono_us() < deadline);
	tool_die("no metadata of topic \"%s\" in %d ms: %s", topic, timeout_ms,
			 rd_kafka_err2str(err));
}
