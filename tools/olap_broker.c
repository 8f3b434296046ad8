/*-------------------------------------------------------------------------
 *
 * olap_broker.c
 *		A Kafka broker in a small program, for the demo and for tests: the mock
 *		cluster of librdkafka, on random loopback ports.
 *
 * It lives until SIGTERM, "exit" on its control socket, the end of the process
 * named by --watch, or the end of its standard input with --stdin.
 *
 * What it cannot do (librdkafka 2.0.2), so what nobody may test with it:
 *	- it keeps 5 MiB or 100,000 batches a partition and drops older data
 *	  without a word: use 32 partitions or more, compress, consume meanwhile;
 *	- aborted records stay visible to read_committed; no compaction; no lookup
 *	  of offsets by time; no TLS or SASL; nothing survives the process;
 *	- metadata requests create unknown topics with 4 partitions;
 *	- one batch a partition a fetch, and no prompt wake-up of a waiting fetch,
 *	  so freshness figures from it mean nothing.
 *
 * tools/olap_broker.c
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "toolutil.h"

#include <librdkafka/rdkafka_mock.h>	/* after rdkafka.h */

#define RETAINED_BYTES (5 * 1024 * 1024)	/* a partition, in the mock cluster */
#define MAX_TOPICS 64

typedef struct Broker
{
	rd_kafka_t *rk;
	rd_kafka_mock_cluster_t *cluster;
	int			nbrokers;
	bool		done;
} Broker;

static volatile sig_atomic_t stop_asked;

static void
on_signal(int signo)
{
	(void) signo;
	stop_asked = 1;
}

/* --- control commands: one line in, one line "ok ..." or "error ..." out --- */

typedef rd_kafka_resp_err_t (*BrokerAction) (rd_kafka_mock_cluster_t *cluster,
											 int32_t broker);

static rd_kafka_resp_err_t
each_broker(Broker *b, const char *which, BrokerAction action)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (strcmp(which, "all") != 0)
		return action(b->cluster, atoi(which));
	for (int id = 1; id <= b->nbrokers; id++)
	{
		rd_kafka_resp_err_t e = action(b->cluster, id);

		if (e)
			err = e;
	}
	return err;
}

static rd_kafka_resp_err_t
set_rtt(Broker *b, int ms)
{
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	for (int id = 1; id <= b->nbrokers; id++)
	{
		rd_kafka_resp_err_t e = rd_kafka_mock_broker_set_rtt(b->cluster, id, ms);

		if (e)
			err = e;
	}
	return err;
}

static rd_kafka_resp_err_t
push_errors(Broker *b, int api_key, int code, int count)
{
	rd_kafka_resp_err_t *errors = calloc((size_t) count, sizeof(*errors));

	if (errors == NULL)
		return RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
	for (int i = 0; i < count; i++)
		errors[i] = (rd_kafka_resp_err_t) code;
	rd_kafka_mock_push_request_errors_array(b->cluster, (int16_t) api_key,
											(size_t) count, errors);
	free(errors);
	return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static void
run_command(Broker *b, const char *line, char *reply, size_t size)
{
	char		name[250],
				which[32];
	int			x,
				y,
				z;
	rd_kafka_resp_err_t err = RD_KAFKA_RESP_ERR_NO_ERROR;

	if (strcmp(line, "exit") == 0)
		b->done = true;
	else if (strcmp(line, "bootstrap") == 0)
	{
		snprintf(reply, size, "ok %s\n",
				 rd_kafka_mock_cluster_bootstraps(b->cluster));
		return;
	}
	else if (sscanf(line, "topic %249s %d", name, &x) == 2 && x > 0)
		err = rd_kafka_mock_topic_create(b->cluster, name, x, 1);
	else if (sscanf(line, "down %31s", which) == 1)
		err = each_broker(b, which, rd_kafka_mock_broker_set_down);
	else if (sscanf(line, "up %31s", which) == 1)
		err = each_broker(b, which, rd_kafka_mock_broker_set_up);
	else if (sscanf(line, "rtt %d", &x) == 1 && x >= 0)
		err = set_rtt(b, x);
	else if (sscanf(line, "error %d %d %d", &x, &y, &z) == 3 &&
			 x >= 0 && x < 100 && z > 0 && z <= 100000)
		err = push_errors(b, x, y, z);
	else if (sscanf(line, "clear-errors %d", &x) == 1 && x >= 0 && x < 100)
		rd_kafka_mock_clear_request_errors(b->cluster, (int16_t) x);
	else if (sscanf(line, "topic-error %249s %d", name, &x) == 2)
		rd_kafka_mock_topic_set_error(b->cluster, name, (rd_kafka_resp_err_t) x);
	else if (sscanf(line, "leader %249s %d %d", name, &x, &y) == 3)
		err = rd_kafka_mock_partition_set_leader(b->cluster, name, x, y);
	else
	{
		snprintf(reply, size, "error unknown command \"%s\"\n", line);
		return;
	}
	if (err)
		snprintf(reply, size, "error %s\n", rd_kafka_err2str(err));
	else
		snprintf(reply, size, "ok\n");
}

/* --- the control socket --- */

static struct sockaddr_un
socket_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		tool_die("socket path too long: \"%s\"", path);
	strcpy(address.sun_path, path);
	return address;
}

static int
listen_on(const char *path)
{
	struct sockaddr_un address = socket_address(path);
	int			fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
		listen(fd, 8) < 0)
		tool_die("could not listen on \"%s\": %s", path, strerror(errno));
	return fd;
}

/* Take one command from one client; a client that stalls loses its turn. */
static void
serve_client(Broker *b, int listener)
{
	struct timeval patience = {.tv_sec = 2};
	char		line[512],
				reply[768];
	ssize_t		n;
	int			fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = read(fd, line, sizeof(line) - 1);
	if (n > 0)
	{
		line[n] = '\0';
		line[strcspn(line, "\r\n")] = '\0';
		run_command(b, line, reply, sizeof(reply));
		if (write(fd, reply, strlen(reply)) < 0)
			tool_warn("control client went away");
	}
	close(fd);
}

/* olap-broker --send: be the client. */
static int
send_command(const char *path, const char *command)
{
	struct sockaddr_un address = socket_address(path);
	char		line[512],
				reply[768];
	ssize_t		n;
	int			fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (strlen(command) >= sizeof(line) - 1)
		tool_die("command too long");
	/* one write, as the broker takes what one read gives it */
	n = snprintf(line, sizeof(line), "%s\n", command);
	if (fd < 0 ||
		connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
		tool_die("could not connect to \"%s\": %s", path, strerror(errno));
	if (write(fd, line, (size_t) n) != n)
		tool_die("could not send: %s", strerror(errno));
	n = read(fd, reply, sizeof(reply) - 1);
	if (n <= 0)
		tool_die("no reply");
	reply[n] = '\0';
	fputs(reply, stdout);
	close(fd);
	return strncmp(reply, "ok", 2) == 0 ? 0 : 1;
}

/* --- life --- */

static void
serve(Broker *b, int listener, bool use_stdin, pid_t watched)
{
	while (!b->done && !stop_asked)
	{
		struct pollfd fds[2] = {
			{.fd = listener, .events = POLLIN},
			{.fd = use_stdin ? STDIN_FILENO : -1, .events = POLLIN}
		};

		if (poll(fds, 2, 500) > 0)
		{
			if (fds[0].revents & POLLIN)
				serve_client(b, listener);
			if (fds[1].revents != 0)
			{
				char		ignored[256];

				if (read(STDIN_FILENO, ignored, sizeof(ignored)) <= 0)
					b->done = true;
			}
		}
		rd_kafka_poll(b->rk, 0);
		if (watched > 0 && kill(watched, 0) != 0 && errno == ESRCH)
			b->done = true;
	}
}

static void
start_cluster(Broker *b)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	tool_conf_set(conf, "client.id", "olap-broker");
	tool_conf_set(conf, "log_level", "3");	/* no word about bootstrap.servers */
	b->rk = tool_client(RD_KAFKA_PRODUCER, conf, NULL, NULL);
	b->cluster = rd_kafka_mock_cluster_new(b->rk, b->nbrokers);
	if (b->cluster == NULL)
		tool_die("could not start the mock cluster");
}

static void
create_topic(Broker *b, const char *spec)
{
	char		name[250];
	int			partitions;
	rd_kafka_resp_err_t err;

	if (sscanf(spec, "%249[^:]:%d", name, &partitions) != 2 || partitions < 1)
		tool_die("--topic takes NAME:PARTITIONS, not \"%s\"", spec);
	err = rd_kafka_mock_topic_create(b->cluster, name, partitions, 1);
	if (err)
		tool_die("could not create topic \"%s\": %s", name,
				 rd_kafka_err2str(err));
	tool_warn("topic \"%s\" keeps only the newest %d MiB in all (%d MiB or "
			  "100,000 batches a partition); older data is dropped silently",
			  name, partitions * (RETAINED_BYTES >> 20), RETAINED_BYTES >> 20);
}

/* Written under another name first, so that a reader never sees half of it. */
static void
write_bootstrap(const char *path, const char *bootstrap)
{
	char		temporary[4096];
	FILE	   *file;

	snprintf(temporary, sizeof(temporary), "%s.new", path);
	file = fopen(temporary, "w");
	if (file == NULL || fprintf(file, "%s\n", bootstrap) < 0 ||
		fclose(file) != 0 || rename(temporary, path) != 0)
		tool_die("could not write \"%s\": %s", path, strerror(errno));
}

static const char usage_text[] =
"Usage: olap-broker [options]\n"
"       olap-broker --send SOCKET COMMAND\n"
"  --brokers N             number of brokers (default 1)\n"
"  --topic NAME:PARTITIONS create a topic; may be repeated\n"
"  --bootstrap-file FILE   write the addresses there (default: standard output)\n"
"  --control SOCKET        listen for commands on a unix socket\n"
"  --watch PID             end when that process is gone\n"
"  --stdin                 end when standard input ends\n"
"Commands: topic NAME PARTITIONS | down ID|all | up ID|all | rtt MS |\n"
"  error API_KEY CODE COUNT | clear-errors API_KEY | topic-error NAME CODE |\n"
"  leader TOPIC PARTITION ID | bootstrap | exit\n";

static const struct option long_options[] = {
	{"brokers", required_argument, NULL, 'b'},
	{"topic", required_argument, NULL, 't'},
	{"bootstrap-file", required_argument, NULL, 'f'},
	{"control", required_argument, NULL, 'c'},
	{"watch", required_argument, NULL, 'w'},
	{"stdin", no_argument, NULL, 'i'},
	{"send", required_argument, NULL, 's'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0}
};

typedef struct Options
{
	const char *topics[MAX_TOPICS];
	int			ntopics;
	const char *bootstrap_file;
	const char *control;
	const char *send;
	pid_t		watched;
	bool		use_stdin;
	int			nbrokers;
} Options;

static void
read_options(Options *opt, int argc, char **argv)
{
	int			c;

	opt->nbrokers = 1;
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1)
	{
		if (c == 'b')
			opt->nbrokers = (int) tool_parse_int("--brokers", optarg, 1, 100);
		else if (c == 't' && opt->ntopics < MAX_TOPICS)
			opt->topics[opt->ntopics++] = optarg;
		else if (c == 'f')
			opt->bootstrap_file = optarg;
		else if (c == 'c')
			opt->control = optarg;
		else if (c == 'w')
			opt->watched = (pid_t) tool_parse_int("--watch", optarg, 2, 1 << 30);
		else if (c == 'i')
			opt->use_stdin = true;
		else if (c == 's')
			opt->send = optarg;
		else
		{
			fputs(usage_text, c == 'h' ? stdout : stderr);
			exit(c == 'h' ? 0 : 2);
		}
	}
}

int
main(int argc, char **argv)
{
	Options		opt = {.ntopics = 0};
	Broker		b = {.rk = NULL};
	int			listener = -1;

	tool_name = "olap-broker";
	read_options(&opt, argc, argv);
	if (opt.send != NULL)
	{
		if (optind + 1 != argc)
			tool_die("--send SOCKET takes one command");
		return send_command(opt.send, argv[optind]);
	}
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	b.nbrokers = opt.nbrokers;
	start_cluster(&b);
	for (int i = 0; i < opt.ntopics; i++)
		create_topic(&b, opt.topics[i]);
	if (opt.control != NULL)
		listener = listen_on(opt.control);
	if (opt.bootstrap_file != NULL)
		write_bootstrap(opt.bootstrap_file,
						rd_kafka_mock_cluster_bootstraps(b.cluster));
	else
	{
		puts(rd_kafka_mock_cluster_bootstraps(b.cluster));
		fflush(stdout);
	}
	serve(&b, listener, opt.use_stdin, opt.watched);
	if (opt.control != NULL)
		unlink(opt.control);
	rd_kafka_mock_cluster_destroy(b.cluster);
	rd_kafka_destroy(b.rk);
	return 0;
}
