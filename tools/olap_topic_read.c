/*-------------------------------------------------------------------------
 *
 * olap_topic_read.c
 *		Read a whole topic, from the oldest record to its end, and write one
 *		line a record: the independent oracle of the exactly-once tests.
 *
 * Output is tab-separated: partition, offset, id, defect, timestamp (ms).  The
 * id of a row comes from its header "id" if it has one, else from the field
 * "id" at the front of its JSON text, else it is -1; the defect comes from the
 * header of that name, else it is "none".
 *
 * "End" means the end-of-partition event of every partition, so with
 * read_committed the last stable offset at that time.
 *
 * tools/olap_topic_read.c
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "toolutil.h"

typedef struct Options
{
	const char *brokers;
	const char *topic;
	const char *output;
	const char *isolation;
	int64_t		timeout_ms;		/* without any event */
	ToolProps	props;
} Options;

static rd_kafka_t *
connect_consumer(const Options *opt, int *partitions)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err;
	rd_kafka_t *rk;

	tool_conf_set(conf, "group.id", "olap-topic-read");
	tool_conf_set(conf, "enable.auto.commit", "false");
	tool_conf_set(conf, "enable.partition.eof", "true");
	tool_conf_set(conf, "isolation.level", opt->isolation);
	tool_conf_set(conf, "check.crcs", "true");
	tool_conf_set(conf, "fetch.wait.max.ms", "10");
	tool_conf_set(conf, "auto.offset.reset", "error");
	rk = tool_client(RD_KAFKA_CONSUMER, conf, opt->brokers, &opt->props);
	rd_kafka_poll_set_consumer(rk);
	*partitions = tool_partition_count(rk, opt->topic, 30000);

	list = rd_kafka_topic_partition_list_new(*partitions);
	for (int p = 0; p < *partitions; p++)
		rd_kafka_topic_partition_list_add(list, opt->topic, p)->offset =
			RD_KAFKA_OFFSET_BEGINNING;
	err = rd_kafka_assign(rk, list);
	if (err)
		tool_die("assign: %s", rd_kafka_err2str(err));
	rd_kafka_topic_partition_list_destroy(list);
	return rk;
}

/* The number after {"id": at the front of a JSON text, or -1. */
static int64_t
leading_id(const char *text, size_t len)
{
	static const char start[] = "{\"id\":";
	size_t		i = sizeof(start) - 1;
	int64_t		id = 0;

	if (len <= i || memcmp(text, start, i) != 0)
		return -1;
	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		id = id * 10 + (text[i] - '0');
	return id;
}

static void
write_record(FILE *out, const rd_kafka_message_t *message)
{
	rd_kafka_timestamp_type_t type;
	rd_kafka_headers_t *headers;
	int64_t		id = leading_id(message->payload, message->len);
	const char *defect = "none";
	const void *value;
	size_t		size;

	if (rd_kafka_message_headers(message, &headers) ==
		RD_KAFKA_RESP_ERR_NO_ERROR)
	{
		/* librdkafka ends every header value with a zero byte */
		if (!rd_kafka_header_get_last(headers, "id", &value, &size))
			id = strtoll(value, NULL, 10);
		if (!rd_kafka_header_get_last(headers, "defect", &value, &size))
			defect = value;
	}
	if (fprintf(out, "%d\t%lld\t%lld\t%s\t%lld\n", message->partition,
				(long long) message->offset, (long long) id, defect,
				(long long) rd_kafka_message_timestamp(message, &type)) < 0)
		tool_die("could not write: %s", strerror(errno));
}

static int64_t
read_to_end(rd_kafka_t *rk, int partitions, int64_t timeout_ms, FILE *out)
{
	bool	   *ended = calloc((size_t) partitions, sizeof(bool));
	int			left = partitions;
	int64_t		count = 0;
	int64_t		last_us = tool_mono_us();

	if (ended == NULL)
		tool_die("out of memory");
	while (left > 0)
	{
		rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);

		if (message == NULL)
		{
			if (tool_mono_us() - last_us > timeout_ms * 1000)
				tool_die("nothing for %lld ms, %d partitions not at their end",
						 (long long) timeout_ms, left);
			continue;
		}
		last_us = tool_mono_us();
		if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		{
			if (!ended[message->partition])
				left--;
			ended[message->partition] = true;
		}
		else if (message->err)
			tool_die("%s", rd_kafka_message_errstr(message));
		else if (!ended[message->partition])
		{
			write_record(out, message);
			count++;
		}
		rd_kafka_message_destroy(message);
	}
	free(ended);
	return count;
}

static const char usage_text[] =
"Usage: olap-topic-read --brokers LIST --topic NAME [options]\n"
"  --output FILE      (default: standard output)\n"
"  --isolation LEVEL  read_committed (default) or read_uncommitted\n"
"  --timeout MS       give up after so long without an event (default 30000)\n"
"  -X NAME=VALUE      a librdkafka property\n"
"The number of records goes to standard error.\n";

static const struct option long_options[] = {
	{"brokers", required_argument, NULL, 'b'},
	{"topic", required_argument, NULL, 't'},
	{"output", required_argument, NULL, 'o'},
	{"isolation", required_argument, NULL, 'i'},
	{"timeout", required_argument, NULL, 'w'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0}
};

static void
read_options(Options *opt, int argc, char **argv)
{
	int			c;

	while ((c = getopt_long(argc, argv, "X:", long_options, NULL)) != -1)
	{
		if (c == 'b')
			opt->brokers = optarg;
		else if (c == 't')
			opt->topic = optarg;
		else if (c == 'o')
			opt->output = optarg;
		else if (c == 'i')
			opt->isolation = optarg;
		else if (c == 'w')
			opt->timeout_ms = tool_parse_int("--timeout", optarg, 1, 1 << 30);
		else if (c == 'X')
			tool_props_add(&opt->props, optarg);
		else
		{
			fputs(usage_text, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
	if (opt->brokers == NULL || opt->topic == NULL)
		tool_die("--brokers and --topic are needed");
}

int
main(int argc, char **argv)
{
	Options		opt = {.isolation = "read_committed", .timeout_ms = 30000};
	FILE	   *out = stdout;
	rd_kafka_t *rk;
	int			partitions;
	int64_t		count;

	tool_name = "olap-topic-read";
	read_options(&opt, argc, argv);
	if (opt.output != NULL && (out = fopen(opt.output, "w")) == NULL)
		tool_die("could not open \"%s\": %s", opt.output, strerror(errno));
	setvbuf(out, NULL, _IOFBF, 1 << 20);
	rk = connect_consumer(&opt, &partitions);
	count = read_to_end(rk, partitions, opt.timeout_ms, out);
	if (fclose(out) != 0)
		tool_die("could not write: %s", strerror(errno));
	fprintf(stderr, "%lld records\n", (long long) count);
	rd_kafka_consumer_close(rk);
	rd_kafka_destroy(rk);
	return 0;
}
