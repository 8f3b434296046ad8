/*-------------------------------------------------------------------------
 *
 * produce_options.c
 *		The command line of olap-produce.
 *
 * tools/produce_options.c
 *-------------------------------------------------------------------------
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "produce_options.h"

static const char usage_text[] =
"Usage: olap-produce --brokers LIST --topic NAME [options]\n"
"       olap-produce --print [options]\n"
"  --rows N               rows to make (default 1000000)\n"
"  --rate N               rows a second, 0 = as fast as possible (default)\n"
"  --seed N               the same seed makes the same rows (default 1)\n"
"  --first-id N           number of the first row (default 0)\n"
"  --malformed FRACTION   of rows that do not fit the contract (default 0)\n"
"  --small                10 columns, about 200 bytes, instead of 16\n"
"  --with-id              a first field \"id\", the row number\n"
"  --iso-time             ts as ISO 8601 text instead of epoch milliseconds\n"
"  --start-ts MS          event time of the first row, epoch milliseconds\n"
"                         (default 2026-01-01 00:00 UTC)\n"
"  --span SECONDS         event time from first to last row (default 86400)\n"
"  --live                 event time = now\n"
"  --no-late              no row is late\n"
"  --partitions N         use the first N partitions (default: all)\n"
"  --block N              consecutive rows a partition (default 64)\n"
"  --keys N               keys k0 .. k(N-1), for compacted topics\n"
"  --id-header            put the row number in a header of every message\n"
"  --compression CODEC    none, gzip, snappy, lz4 or zstd (default lz4)\n"
"  --transactional ID     produce in transactions\n"
"  --txn-size N           rows a transaction (default 1000)\n"
"  --abort-fraction F     of transactions to abort (default 0)\n"
"  --ledger FILE          a line per message: partition, offset, id, defect,\n"
"                         committed|aborted|failed, time in microseconds\n"
"  --summary FILE         totals as JSON (default: standard output)\n"
"  --progress             a line a second on standard error\n"
"  --print                write the rows to standard output, one a line\n"
"  -X NAME=VALUE          a librdkafka property\n";

enum
{
	O_BROKERS = 1000, O_TOPIC, O_ROWS, O_RATE, O_SEED, O_FIRST_ID, O_MALFORMED,
	O_SMALL, O_WITH_ID, O_ISO, O_START, O_SPAN, O_LIVE, O_NO_LATE, O_PARTITIONS,
	O_BLOCK, O_KEYS, O_HEADER, O_COMPRESSION, O_TXN, O_TXN_SIZE, O_ABORT,
	O_LEDGER, O_SUMMARY, O_PROGRESS, O_PRINT, O_HELP
};

static const struct option long_options[] = {
	{"brokers", required_argument, NULL, O_BROKERS},
	{"topic", required_argument, NULL, O_TOPIC},
	{"rows", required_argument, NULL, O_ROWS},
	{"rate", required_argument, NULL, O_RATE},
	{"seed", required_argument, NULL, O_SEED},
	{"first-id", required_argument, NULL, O_FIRST_ID},
	{"malformed", required_argument, NULL, O_MALFORMED},
	{"small", no_argument, NULL, O_SMALL},
	{"with-id", no_argument, NULL, O_WITH_ID},
	{"iso-time", no_argument, NULL, O_ISO},
	{"start-ts", required_argument, NULL, O_START},
	{"span", required_argument, NULL, O_SPAN},
	{"live", no_argument, NULL, O_LIVE},
	{"no-late", no_argument, NULL, O_NO_LATE},
	{"partitions", required_argument, NULL, O_PARTITIONS},
	{"block", required_argument, NULL, O_BLOCK},
	{"keys", required_argument, NULL, O_KEYS},
	{"id-header", no_argument, NULL, O_HEADER},
	{"compression", required_argument, NULL, O_COMPRESSION},
	{"transactional", required_argument, NULL, O_TXN},
	{"txn-size", required_argument, NULL, O_TXN_SIZE},
	{"abort-fraction", required_argument, NULL, O_ABORT},
	{"ledger", required_argument, NULL, O_LEDGER},
	{"summary", required_argument, NULL, O_SUMMARY},
	{"progress", no_argument, NULL, O_PROGRESS},
	{"print", no_argument, NULL, O_PRINT},
	{"help", no_argument, NULL, O_HELP},
	{NULL, 0, NULL, 0}
};

static void
take_generator_option(AdGenOptions *gen, int c, const char *arg)
{
	switch (c)
	{
		case O_SEED:
			gen->seed = (uint64_t) tool_parse_int("--seed", arg, 0, INT64_MAX);
			break;
		case O_MALFORMED:
			gen->malformed = tool_parse_real("--malformed", arg, 0, 1);
			break;
		case O_SMALL:
			gen->small = true;
			break;
		case O_WITH_ID:
			gen->with_id = true;
			break;
		case O_ISO:
			gen->iso_time = true;
			break;
		case O_START:
			gen->start_ms = tool_parse_int("--start-ts", arg, 86400000,
										   INT64_C(253402300799000));
			break;
		case O_NO_LATE:
			gen->late = false;
			break;
		default:
			fputs("Try \"olap-produce --help\".\n", stderr);
			exit(2);
	}
}

static void
take_option(ProduceOptions *opt, int c, const char *arg)
{
	switch (c)
	{
		case 'X':
			tool_props_add(&opt->props, arg);
			break;
		case O_BROKERS:
			opt->brokers = arg;
			break;
		case O_TOPIC:
			opt->topic = arg;
			break;
		case O_ROWS:
			opt->rows = tool_parse_int("--rows", arg, 0, INT64_C(1) << 50);
			break;
		case O_FIRST_ID:
			opt->first_id = tool_parse_int("--first-id", arg, 0, INT64_C(1) << 50);
			break;
		case O_RATE:
			opt->rate = tool_parse_real("--rate", arg, 0, 1e9);
			break;
		case O_SPAN:
			opt->span = tool_parse_real("--span", arg, 0, 1e10);
			break;
		case O_LIVE:
			opt->live = true;
			break;
		case O_PARTITIONS:
			opt->partitions = (int) tool_parse_int("--partitions", arg, 1, 100000);
			break;
		case O_BLOCK:
			opt->block = (int) tool_parse_int("--block", arg, 1, 1000000);
			break;
		case O_KEYS:
			opt->keys = tool_parse_int("--keys", arg, 1, INT64_C(1) << 50);
			break;
		case O_HEADER:
			opt->header = true;
			break;
		case O_COMPRESSION:
			opt->compression = arg;
			break;
		case O_TXN:
			opt->transactional = arg;
			break;
		case O_TXN_SIZE:
			opt->txn_size = tool_parse_int("--txn-size", arg, 1, MAX_UNDER_WAY);
			break;
		case O_ABORT:
			opt->abort_fraction = tool_parse_real("--abort-fraction", arg, 0, 1);
			break;
		case O_LEDGER:
			opt->ledger = arg;
			break;
		case O_SUMMARY:
			opt->summary = arg;
			break;
		case O_PROGRESS:
			opt->progress = true;
			break;
		case O_PRINT:
			opt->print = true;
			break;
		case O_HELP:
			fputs(usage_text, stdout);
			exit(0);
		default:
			take_generator_option(&opt->gen, c, arg);
	}
}

void
produce_options_read(ProduceOptions *opt, int argc, char **argv)
{
	int			c;

	*opt = (ProduceOptions) {
		.gen = {.seed = 1, .late = true, .start_ms = INT64_C(1767225600000)},
		.compression = "lz4", .rows = 1000000, .span = 86400,
		.block = 64, .txn_size = 1000
	};
	while ((c = getopt_long(argc, argv, "X:", long_options, NULL)) != -1)
		take_option(opt, c, optarg);
	if (optind < argc)
		tool_die("unexpected argument \"%s\"", argv[optind]);
	if (!opt->print && (opt->brokers == NULL || opt->topic == NULL))
		tool_die("--brokers and --topic are needed (or --print)");
	opt->gen.step_ms = opt->rows > 0 ? opt->span * 1000 / (double) opt->rows : 0;
}
