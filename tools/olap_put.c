/*-------------------------------------------------------------------------
 *
 * olap_put.c
 *		Put messages of any bytes into a topic, one a line of standard input.
 *
 * Why: tests of hostile input must say exactly what is in a message.  Within a
 * line \\ is a backslash, \n a line feed, \xHH a byte; a line \N is a message
 * without a value.  Messages go to one partition, in the order of the lines.
 * Ends with 0 only if the broker has acknowledged all of them.
 *
 * tools/olap_put.c
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toolutil.h"

static int64_t failed = 0;

static void
usage(int status)
{
	fprintf(status == 0 ? stdout : stderr,
			"Usage: olap-put --brokers LIST --topic NAME [options] < LINES\n"
			"  --partition N   where to (default 0)\n"
			"  --key KEY       of every message (default: none)\n"
			"  --timestamp MS  of every message (default: now)\n"
			"  -X NAME=VALUE   a librdkafka property\n");
	exit(status);
}

static void
delivered(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	(void) rk;
	(void) opaque;
	if (message->err)
	{
		tool_warn("%s", rd_kafka_err2str(message->err));
		failed++;
	}
}

static int
hex(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = c == '\0' ? NULL : strchr(digits, c | 0x20);

	return found == NULL ? -1 : (int) (found - digits);
}

/* Resolve the escapes of a line in place; returns the new length. */
static size_t
unescape(char *line, size_t len)
{
	size_t		out = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (line[i] != '\\' || i + 1 == len)
			line[out++] = line[i];
		else if (line[i + 1] == '\\' || line[i + 1] == 'n')
			line[out++] = line[++i] == 'n' ? '\n' : '\\';
		else if (line[i + 1] == 'x' && i + 3 < len && hex(line[i + 2]) >= 0 &&
				 hex(line[i + 3]) >= 0)
		{
			line[out++] = (char) (hex(line[i + 2]) * 16 + hex(line[i + 3]));
			i += 3;
		}
		else
			line[out++] = line[i];
	}
	return out;
}

static void
put(rd_kafka_t *rk, const char *topic, int32_t partition, const char *key,
	int64_t timestamp, char *line, size_t len)
{
	bool		tombstone = len == 2 && memcmp(line, "\\N", 2) == 0;
	size_t		size = tombstone ? 0 : unescape(line, len);
	size_t		key_len = key != NULL ? strlen(key) : 0;
	rd_kafka_resp_err_t err;

	do
	{
		err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic),
								RD_KAFKA_V_PARTITION(partition),
								RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
								RD_KAFKA_V_KEY(key, key_len),
								RD_KAFKA_V_VALUE(tombstone ? NULL : line, size),
								RD_KAFKA_V_TIMESTAMP(timestamp),
								RD_KAFKA_V_END);
		if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
			rd_kafka_poll(rk, 100);
	} while (err == RD_KAFKA_RESP_ERR__QUEUE_FULL);
	if (err)
		tool_die("%s", rd_kafka_err2str(err));
	rd_kafka_poll(rk, 0);
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{"brokers", required_argument, NULL, 'b'},
		{"topic", required_argument, NULL, 't'},
		{"partition", required_argument, NULL, 'p'},
		{"key", required_argument, NULL, 'k'},
		{"timestamp", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0}
	};
	const char *brokers = NULL,
			   *topic = NULL,
			   *key = NULL;
	int64_t		partition = 0,
				timestamp = 0;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	ToolProps	props = {0};
	rd_kafka_t *rk;
	char	   *line = NULL;
	size_t		room = 0;
	ssize_t		len;
	int			c;

	tool_name = "olap-put";
	while ((c = getopt_long(argc, argv, "X:", options, NULL)) != -1)
		switch (c)
		{
			case 'b':
				brokers = optarg;
				break;
			case 't':
				topic = optarg;
				break;
			case 'p':
				partition = tool_parse_int("--partition", optarg, 0, INT32_MAX);
				break;
			case 'k':
				key = optarg;
				break;
			case 's':
				timestamp = tool_parse_int("--timestamp", optarg, 0, INT64_MAX);
				break;
			case 'X':
				tool_props_add(&props, optarg);
				break;
			default:
				usage(c == 'h' ? 0 : 2);
		}
	if (brokers == NULL || topic == NULL || optind != argc)
		usage(2);
	tool_conf_set(conf, "message.max.bytes", "100000000");
	tool_conf_set(conf, "queue.buffering.max.kbytes", "1000000");
	tool_conf_set(conf, "enable.idempotence", "true");
	tool_conf_set(conf, "linger.ms", "1");
	rd_kafka_conf_set_dr_msg_cb(conf, delivered);
	rk = tool_client(RD_KAFKA_PRODUCER, conf, brokers, &props);
	while ((len = getline(&line, &room, stdin)) >= 0)
	{
		if (len > 0 && line[len - 1] == '\n')
			len--;
		put(rk, topic, (int32_t) partition, key, timestamp, line, (size_t) len);
	}
	free(line);
	if (rd_kafka_flush(rk, 60000) != RD_KAFKA_RESP_ERR_NO_ERROR)
		tool_die("not every message was acknowledged within 60 s");
	rd_kafka_destroy(rk);
	return failed == 0 ? 0 : 1;
}
