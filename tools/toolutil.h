/*-------------------------------------------------------------------------
 *
 * toolutil.h
 *		What the Kafka test and demo programs share: messages, option
 *		parsing, clocks, and checked librdkafka configuration.
 *
 * These programs never link into the server; they are plain C with librdkafka.
 *
 * tools/toolutil.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_TOOLS_TOOLUTIL_H
#define OLAP_TOOLS_TOOLUTIL_H

#include <stdbool.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

/* Properties given as "-X name=value", kept until a client is made. */
typedef struct ToolProps
{
	const char *pair[32];		/* "name=value", borrowed from argv */
	int			count;
} ToolProps;

extern const char *tool_name;	/* set first thing in main() */

extern void tool_die(const char *fmt, ...)
			__attribute__((format(printf, 1, 2), noreturn));
extern void tool_warn(const char *fmt, ...)
			__attribute__((format(printf, 1, 2)));

extern int64_t tool_parse_int(const char *option, const char *text,
							  int64_t low, int64_t high);
extern double tool_parse_real(const char *option, const char *text,
							  double low, double high);

/* Wall clock and monotonic clock, in microseconds. */
extern int64_t tool_wall_us(void);
extern int64_t tool_mono_us(void);

extern void tool_props_add(ToolProps *props, const char *pair);
extern void tool_conf_set(rd_kafka_conf_t *conf, const char *name,
						  const char *value);

/*
 * A client of the given type.  conf is consumed; props are applied last, so
 * they win.  Ends the program with a message when librdkafka refuses.
 */
extern rd_kafka_t *tool_client(rd_kafka_type_t type, rd_kafka_conf_t *conf,
							   const char *brokers, const ToolProps *props);

/*
 * Number of partitions of topic, waiting up to timeout_ms for a broker and for
 * the topic to appear.  Ends the program when there is none by then.
 */
extern int	tool_partition_count(rd_kafka_t *rk, const char *topic,
								 int timeout_ms);

#endif							/* OLAP_TOOLS_TOOLUTIL_H */
