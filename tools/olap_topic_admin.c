/*-------------------------------------------------------------------------
 *
 * olap_topic_admin.c
 *		Create, grow and delete topics, delete records, show watermarks: what
 *		the tests need of a real broker, without starting a Java program.
 *
 * The embedded broker answers "wait" and "watermarks" only.
 *
 * tools/olap_topic_admin.c
 *-------------------------------------------------------------------------
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "toolutil.h"

#define ADMIN_TIMEOUT_MS 30000

/* One command: args are what follows its name on the command line. */
typedef struct Command
{
	const char *name;
	const char *usage;
	int			min_args;
	int			max_args;
	void		(*run) (rd_kafka_t *rk, int nargs, char **args);
} Command;

/* Wait for the result of an admin request; ends the program on an error. */
static rd_kafka_event_t *
await_result(rd_kafka_queue_t *queue, const char *what)
{
	rd_kafka_event_t *event = rd_kafka_queue_poll(queue, ADMIN_TIMEOUT_MS + 5000);

	if (event == NULL)
		tool_die("%s: no answer", what);
	if (rd_kafka_event_error(event))
		tool_die("%s: %s", what, rd_kafka_event_error_string(event));
	return event;
}

static void
check_topics(const rd_kafka_topic_result_t **results, size_t count,
			 const char *what)
{
	for (size_t i = 0; i < count; i++)
		if (rd_kafka_topic_result_error(results[i]))
			tool_die("%s: %s", what, rd_kafka_topic_result_error_string(results[i]) ?
					 rd_kafka_topic_result_error_string(results[i]) :
					 rd_kafka_err2str(rd_kafka_topic_result_error(results[i])));
}

static int
partitions_arg(const char *text)
{
	return (int) tool_parse_int("PARTITIONS", text, 1, 100000);
}

static void
run_create(rd_kafka_t *rk, int nargs, char **args)
{
	char		err[512];
	size_t		count;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	rd_kafka_NewTopic_t *topic = rd_kafka_NewTopic_new(args[0],
													   partitions_arg(args[1]), 1,
													   err, sizeof(err));

	if (topic == NULL)
		tool_die("%s", err);
	for (int i = 2; i < nargs; i++)
	{
		char	   *eq = strchr(args[i], '=');

		if (eq == NULL)
			tool_die("a topic setting is NAME=VALUE, not \"%s\"", args[i]);
		*eq = '\0';
		if (rd_kafka_NewTopic_set_config(topic, args[i], eq + 1))
			tool_die("bad topic setting \"%s\"", args[i]);
	}
	rd_kafka_CreateTopics(rk, &topic, 1, NULL, queue);
	event = await_result(queue, "create");
	check_topics(rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
													 &count), 1, "create");
	rd_kafka_event_destroy(event);
	rd_kafka_NewTopic_destroy(topic);
	rd_kafka_queue_destroy(queue);
	tool_partition_count(rk, args[0], ADMIN_TIMEOUT_MS);
}

static void
run_grow(rd_kafka_t *rk, int nargs, char **args)
{
	char		err[512];
	size_t		count;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	rd_kafka_NewPartitions_t *grown =
		rd_kafka_NewPartitions_new(args[0], (size_t) partitions_arg(args[1]),
								   err, sizeof(err));

	(void) nargs;
	if (grown == NULL)
		tool_die("%s", err);
	rd_kafka_CreatePartitions(rk, &grown, 1, NULL, queue);
	event = await_result(queue, "grow");
	check_topics(rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
														 &count), 1, "grow");
	rd_kafka_event_destroy(event);
	rd_kafka_NewPartitions_destroy(grown);
	rd_kafka_queue_destroy(queue);
}

static void
run_delete(rd_kafka_t *rk, int nargs, char **args)
{
	size_t		count;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_event_t *event;
	rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(args[0]);

	(void) nargs;
	rd_kafka_DeleteTopics(rk, &topic, 1, NULL, queue);
	event = await_result(queue, "delete");
	check_topics(rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event),
													 &count), 1, "delete");
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteTopic_destroy(topic);
	rd_kafka_queue_destroy(queue);
}

static void
run_delete_records(rd_kafka_t *rk, int nargs, char **args)
{
	int			first = 0,
				last;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	const rd_kafka_topic_partition_list_t *done;
	rd_kafka_DeleteRecords_t *request;
	rd_kafka_event_t *event;

	(void) nargs;
	last = tool_partition_count(rk, args[0], ADMIN_TIMEOUT_MS) - 1;
	if (strcmp(args[1], "all") != 0)
		first = last = (int) tool_parse_int("PARTITION", args[1], 0, last);
	for (int p = first; p <= last; p++)
		rd_kafka_topic_partition_list_add(list, args[0], p)->offset =
			strcmp(args[2], "end") == 0 ? RD_KAFKA_OFFSET_END :
			tool_parse_int("OFFSET", args[2], 0, INT64_MAX);
	request = rd_kafka_DeleteRecords_new(list);
	rd_kafka_DeleteRecords(rk, &request, 1, NULL, queue);
	event = await_result(queue, "delete-records");
	done = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
	for (int i = 0; i < done->cnt; i++)
	{
		if (done->elems[i].err)
			tool_die("delete-records: partition %d: %s", done->elems[i].partition,
					 rd_kafka_err2str(done->elems[i].err));
		printf("%d\t%lld\n", done->elems[i].partition,
			   (long long) done->elems[i].offset);
	}
	rd_kafka_event_destroy(event);
	rd_kafka_DeleteRecords_destroy(request);
	rd_kafka_topic_partition_list_destroy(list);
	rd_kafka_queue_destroy(queue);
}

static void
run_watermarks(rd_kafka_t *rk, int nargs, char **args)
{
	int			count = tool_partition_count(rk, args[0], ADMIN_TIMEOUT_MS);

	(void) nargs;
	for (int p = 0; p < count; p++)
	{
		int64_t		low,
					high;
		rd_kafka_resp_err_t err;

		err = rd_kafka_query_watermark_offsets(rk, args[0], p, &low, &high,
											   ADMIN_TIMEOUT_MS);
		if (err)
			tool_die("watermarks: %s", rd_kafka_err2str(err));
		printf("%d\t%lld\t%lld\n", p, (long long) low, (long long) high);
	}
}

static void
run_wait(rd_kafka_t *rk, int nargs, char **args)
{
	int64_t		timeout_ms = tool_parse_int("MILLISECONDS", args[0], 0, 1 << 30);
	int64_t		deadline = tool_mono_us() + timeout_ms * 1000;

	(void) nargs;
	for (;;)
	{
		const struct rd_kafka_metadata *md;

		if (!rd_kafka_metadata(rk, 0, NULL, &md, 500))
		{
			int			brokers = md->broker_cnt;

			rd_kafka_metadata_destroy(md);
			if (brokers > 0)
				return;
		}
		if (tool_mono_us() > deadline)
			tool_die("no broker in %lld ms", (long long) timeout_ms);
		nanosleep(&(struct timespec) {0, 50000000}, NULL);
	}
}

static const Command commands[] = {
	{"create", "TOPIC PARTITIONS [SETTING=VALUE ...]", 2, 30, run_create},
	{"grow", "TOPIC PARTITIONS", 2, 2, run_grow},
	{"delete", "TOPIC", 1, 1, run_delete},
	{"delete-records", "TOPIC PARTITION|all OFFSET|end", 3, 3, run_delete_records},
	{"watermarks", "TOPIC", 1, 1, run_watermarks},
	{"wait", "MILLISECONDS", 1, 1, run_wait}
};

static void
usage(void)
{
	fputs("Usage: olap-topic-admin BROKERS COMMAND ...\n", stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %s %s\n", commands[i].name, commands[i].usage);
	exit(2);
}

static void
on_error(rd_kafka_t *rk, int err, const char *reason, void *arg)
{
	/* Requests report their own errors; a refused connection is tried again. */
	(void) rk;
	(void) err;
	(void) reason;
	(void) arg;
}

static void
on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void) rk;
	(void) level;
	(void) facility;
	(void) text;
}

int
main(int argc, char **argv)
{
	tool_name = "olap-topic-admin";
	if (argc < 3)
		usage();
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
	{
		const Command *c = &commands[i];
		rd_kafka_conf_t *conf;
		rd_kafka_t *rk;

		if (strcmp(c->name, argv[2]) != 0)
			continue;
		if (argc - 3 < c->min_args || argc - 3 > c->max_args)
			usage();
		conf = rd_kafka_conf_new();
		rd_kafka_conf_set_error_cb(conf, on_error);
		rd_kafka_conf_set_log_cb(conf, on_log);
		tool_conf_set(conf, "reconnect.backoff.max.ms", "500");
		rk = tool_client(RD_KAFKA_PRODUCER, conf, argv[1], NULL);
		c->run(rk, argc - 3, argv + 3);
		rd_kafka_destroy(rk);
		return 0;
	}
	usage();
}
