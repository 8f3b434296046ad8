/*-------------------------------------------------------------------------
 *
 * olap_produce.c
 *		Produce ad-tech events into a Kafka topic and keep exact books of what
 *		the broker acknowledged.
 *
 * Each message carries a pointer to its BookEntry in a ring as large as the
 * number of messages that may be under way.  Without transactions an entry goes
 * into the books when its delivery is reported; within one it waits for the
 * outcome of the transaction.
 *
 * On a slow machine librdkafka now and then calls a transaction failed.  That is
 * the producer's to recover from: it aborts the transaction, or starts a new
 * client when no other way is left, and goes on with the row at hand.
 *
 * tools/olap_produce.c
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adgen.h"
#include "books.h"
#include "produce_options.h"
#include "toolutil.h"

/* Seconds to wait for an acknowledgement that need not come. */
#define FIRST_ACK_S 10

typedef struct Producer
{
	const ProduceOptions *opt;
	rd_kafka_t *rk;
	AdGen	   *gen;
	Books		books;
	BookEntry  *ring;
	bool	   *busy;			/* ring slot under way */
	BookEntry  *txn;			/* acknowledged in the open transaction */
	int64_t		txn_count;
	int64_t		txn_number;
	int64_t		produced;
	int64_t		start_us;
	int64_t		told_us;		/* last progress line */
	int			partitions;
} Producer;

static volatile sig_atomic_t stop_asked;

static void
on_signal(int signo)
{
	(void) signo;
	stop_asked = 1;
}

static void
on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *arg)
{
	Producer   *p = arg;
	BookEntry  *entry = message->_private;
	BookState	state = BOOK_COMMITTED;

	(void) rk;
	entry->offset = message->err ? -1 : message->offset;
	p->busy[entry - p->ring] = false;
	if (p->opt->transactional != NULL)
	{
		p->txn[p->txn_count++] = *entry;
		return;
	}
	if (message->err)
	{
		if (p->books.failed == 0)
			tool_warn("delivery failed: %s", rd_kafka_err2str(message->err));
		state = BOOK_FAILED;
	}
	books_enter(&p->books, entry, state);
}

static void
on_error(rd_kafka_t *rk, int err, const char *reason, void *arg)
{
	(void) rk;
	(void) arg;
	tool_warn("%s: %s", rd_kafka_err2name(err), reason);
}

static void
start_client(Producer *p)
{
	const ProduceOptions *opt = p->opt;
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char		number[32];

	snprintf(number, sizeof(number), "%d", MAX_UNDER_WAY);
	tool_conf_set(conf, "queue.buffering.max.messages", number);
	tool_conf_set(conf, "queue.buffering.max.kbytes", "262144");
	tool_conf_set(conf, "linger.ms", opt->rate > 0 ? "5" : "20");
	tool_conf_set(conf, "batch.num.messages", "10000");
	tool_conf_set(conf, "compression.codec", opt->compression);
	tool_conf_set(conf, "enable.idempotence", "true");
	tool_conf_set(conf, "message.timeout.ms", "120000");
	if (opt->transactional != NULL)
	{
		tool_conf_set(conf, "transactional.id", opt->transactional);
		tool_conf_set(conf, "message.timeout.ms", "60000");
	}
	rd_kafka_conf_set_opaque(conf, p);
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_error_cb(conf, on_error);
	p->rk = tool_client(RD_KAFKA_PRODUCER, conf, opt->brokers, &opt->props);
	if (opt->transactional != NULL)
	{
		rd_kafka_error_t *error = rd_kafka_init_transactions(p->rk, 60000);

		if (error != NULL)
			tool_die("init_transactions: %s", rd_kafka_error_string(error));
	}
}

static void
connect_producer(Producer *p)
{
	const ProduceOptions *opt = p->opt;

	start_client(p);
	p->partitions = tool_partition_count(p->rk, opt->topic, 30000);
	if (opt->partitions > p->partitions)
		tool_die("topic \"%s\" has %d partitions, fewer than %d", opt->topic,
				 p->partitions, opt->partitions);
	if (opt->partitions > 0)
		p->partitions = opt->partitions;
}

static rd_kafka_headers_t *
defect_headers(const AdFacts *facts)
{
	rd_kafka_headers_t *headers = rd_kafka_headers_new(2);
	char		id[32];

	snprintf(id, sizeof(id), "%lld", (long long) facts->id);
	rd_kafka_header_add(headers, "id", -1, id, -1);
	rd_kafka_header_add(headers, "defect", -1, ad_defect_name[facts->defect], -1);
	return headers;
}

/* Is this refusal of a message about the transaction, not the message? */
static bool
ends_transaction(const Producer *p, const rd_kafka_error_t *error)
{
	rd_kafka_resp_err_t code = rd_kafka_error_code(error);

	return p->opt->transactional != NULL &&
		(code == RD_KAFKA_RESP_ERR__STATE || code == RD_KAFKA_RESP_ERR__FATAL);
}

/*
 * Hand one message to librdkafka, waiting while its queue is full.  False: the
 * transaction has failed and must be aborted.
 */
static bool
send_row(Producer *p, char *text, BookEntry *entry, char *key)
{
	for (;;)
	{
		rd_kafka_vu_t v[7] = {
			{.vtype = RD_KAFKA_VTYPE_TOPIC, .u.cstr = p->opt->topic},
			{.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = entry->partition},
			{.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
			{.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {text, entry->bytes}},
			{.vtype = RD_KAFKA_VTYPE_KEY,
			.u.mem = {key, key != NULL ? strlen(key) : 0}},
			{.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = entry}
		};
		size_t		n = 6;
		bool		failed;
		rd_kafka_error_t *error;

		if (entry->facts.defect != AD_NONE || p->opt->header)
		{
			v[n].vtype = RD_KAFKA_VTYPE_HEADERS;
			v[n++].u.headers = defect_headers(&entry->facts);
		}
		error = rd_kafka_produceva(p->rk, v, n);
		if (error == NULL)
			return true;
		failed = ends_transaction(p, error);
		if (!failed && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR__QUEUE_FULL)
			tool_die("produce: %s", rd_kafka_error_string(error));
		if (failed)
			tool_warn("produce: %s", rd_kafka_error_string(error));
		rd_kafka_error_destroy(error);
		if (n > 6)
			rd_kafka_headers_destroy(v[6].u.headers);
		if (failed)
			return false;
		rd_kafka_poll(p->rk, 50);
	}
}

/* The next row; false: as send_row(), and the row is still to be sent. */
static bool
produce_one(Producer *p)
{
	const ProduceOptions *opt = p->opt;
	uint64_t	id = (uint64_t) (opt->first_id + p->produced);
	BookEntry  *entry = &p->ring[p->produced % MAX_UNDER_WAY];
	char		text[ADGEN_MAX_ROW];
	char		key[32];
	int64_t		now = tool_wall_us();

	while (p->busy[entry - p->ring])
		rd_kafka_poll(p->rk, 10);
	entry->bytes = (uint32_t) adgen_row(p->gen, id, opt->live ? now / 1000 : -1,
										text, &entry->facts);
	entry->partition = (int32_t) ((id / (uint64_t) opt->block) %
								  (uint64_t) p->partitions);
	entry->produced_us = now;
	entry->offset = -1;
	p->busy[entry - p->ring] = true;
	if (opt->keys > 0)
		snprintf(key, sizeof(key), "k%llu", (unsigned long long)
				 (adgen_hash(opt->gen.seed ^ 77, id) % (uint64_t) opt->keys));
	if (!send_row(p, text, entry, opt->keys > 0 ? key : NULL))
	{
		p->busy[entry - p->ring] = false;
		return false;
	}
	p->produced++;
	return true;
}

/* --- transactions --- */

/*
 * A client that failed for good is replaced: the new one has the broker abort
 * what the old one left open.  Reports of the messages under way come first.
 */
static void
renew_client(Producer *p)
{
	rd_kafka_purge(p->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_flush(p->rk, 10000);
	rd_kafka_destroy(p->rk);
	start_client(p);
}

/* Tell of an error, and free it; true if the client is of no more use. */
static bool
is_fatal(const char *what, rd_kafka_error_t *error)
{
	bool		fatal = rd_kafka_error_is_fatal(error) != 0;

	tool_warn("%s: %s", what, rd_kafka_error_string(error));
	rd_kafka_error_destroy(error);
	return fatal;
}

static void
begin_transaction(Producer *p)
{
	rd_kafka_error_t *error;

	while ((error = rd_kafka_begin_transaction(p->rk)) != NULL)
	{
		if (!is_fatal("begin_transaction", error))
			tool_die("a transaction cannot begin");
		renew_client(p);
	}
}

static void
abort_transaction(Producer *p)
{
	rd_kafka_error_t *error;

	while ((error = rd_kafka_abort_transaction(p->rk, -1)) != NULL)
	{
		bool		again = rd_kafka_error_is_retriable(error) != 0;

		if (is_fatal("abort_transaction", error))
		{
			renew_client(p);
			return;
		}
		if (!again)
			tool_die("a transaction cannot be aborted");
	}
}

/* True if committed, false if the transaction had to be aborted. */
static bool
commit_transaction(Producer *p)
{
	rd_kafka_error_t *error;

	while ((error = rd_kafka_commit_transaction(p->rk, -1)) != NULL)
	{
		bool		again = rd_kafka_error_is_retriable(error) != 0;
		bool		abort = rd_kafka_error_txn_requires_abort(error) != 0;

		/* a fatal error here leaves open what became of it: no books */
		if (is_fatal("commit_transaction", error) || (!again && !abort))
			tool_die("the outcome of a transaction is unknown");
		if (abort)
		{
			abort_transaction(p);
			return false;
		}
	}
	return true;
}

/* The transaction is over: enter what it held. */
static void
settle_transaction(Producer *p, BookState state)
{
	rd_kafka_poll(p->rk, 0);
	for (int64_t i = 0; i < p->txn_count; i++)
		books_enter(&p->books, &p->txn[i], state);
	p->txn_count = 0;
}

/*
 * End the open transaction as the seed says.  Half of the aborts flush first,
 * so that whole aborted transactions lie in the log, the others stop midway -
 * but not before the first acknowledgement: librdkafka 2.0.2 may end a
 * transaction that the coordinator has not begun, which is a fatal error.
 */
static void
end_transaction(Producer *p)
{
	uint64_t	bits = adgen_hash(p->opt->gen.seed ^ 99, (uint64_t) p->txn_number++);
	int64_t		deadline = tool_mono_us() + FIRST_ACK_S * 1000000;
	BookState	state = BOOK_COMMITTED;

	if ((double) (bits >> 11) / 9007199254740992.0 < p->opt->abort_fraction)
	{
		if (bits & 1)
			rd_kafka_flush(p->rk, 60000);
		while (p->txn_count == 0 && tool_mono_us() < deadline)
			rd_kafka_poll(p->rk, 10);
		abort_transaction(p);
		state = BOOK_ABORTED;
	}
	else if (!commit_transaction(p))
		state = BOOK_ABORTED;
	settle_transaction(p, state);
}

/* --- the loop --- */

static void
tell_progress(Producer *p)
{
	int64_t		now = tool_mono_us();

	if (!p->opt->progress || now - p->told_us < 1000000)
		return;
	p->told_us = now;
	fprintf(stderr, "produced %lld acknowledged %lld\n",
			(long long) p->produced,
			(long long) (p->books.good + books_malformed(&p->books)));
}

/* Wait until row number p->produced is due; false when asked to stop. */
static bool
wait_until_due(Producer *p)
{
	while (!stop_asked)
	{
		double		elapsed = (double) (tool_mono_us() - p->start_us) / 1e6;

		if ((double) p->produced <= elapsed * p->opt->rate)
			return true;
		rd_kafka_poll(p->rk, 1);
		tell_progress(p);
	}
	return false;
}

static void
produce_all(Producer *p)
{
	const ProduceOptions *opt = p->opt;
	bool		in_txn = false;

	p->start_us = p->told_us = tool_mono_us();
	while (p->produced < opt->rows && !stop_asked)
	{
		if (opt->rate > 0 && !wait_until_due(p))
			break;
		if (opt->transactional != NULL && !in_txn)
		{
			begin_transaction(p);
			in_txn = true;
		}
		if (!produce_one(p))
		{
			abort_transaction(p);
			settle_transaction(p, BOOK_ABORTED);
			in_txn = false;
			continue;
		}
		if (in_txn && p->produced % opt->txn_size == 0)
		{
			end_transaction(p);
			in_txn = false;
		}
		if (p->produced % 256 == 0)
		{
			rd_kafka_poll(p->rk, 0);
			tell_progress(p);
		}
	}
	if (in_txn)
		end_transaction(p);
	while (rd_kafka_outq_len(p->rk) > 0)
	{
		rd_kafka_poll(p->rk, 100);
		tell_progress(p);
	}
}

static void
print_rows(Producer *p)
{
	char		text[ADGEN_MAX_ROW + 1];
	BookEntry	entry = {.partition = 0};

	for (int64_t i = 0; i < p->opt->rows && !stop_asked; i++)
	{
		size_t		len = adgen_row(p->gen, (uint64_t) (p->opt->first_id + i),
									p->opt->live ? tool_wall_us() / 1000 : -1,
									text, &entry.facts);

		text[len] = '\n';
		if (fwrite(text, 1, len + 1, stdout) != len + 1)
			tool_die("could not write: %s", strerror(errno));
		entry.offset = i;
		entry.bytes = (uint32_t) len;
		books_enter(&p->books, &entry, BOOK_COMMITTED);
	}
	if (fflush(stdout) != 0)
		tool_die("could not write: %s", strerror(errno));
}

int
main(int argc, char **argv)
{
	ProduceOptions opt;
	Producer	p = {.opt = &opt};
	FILE	   *summary = stdout;
	bool		complete;

	tool_name = "olap-produce";
	produce_options_read(&opt, argc, argv);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (opt.summary != NULL && (summary = fopen(opt.summary, "w")) == NULL)
		tool_die("could not open \"%s\": %s", opt.summary, strerror(errno));
	if (opt.print && opt.summary == NULL)
		summary = stderr;
	p.gen = adgen_create(&opt.gen);
	books_open(&p.books, opt.ledger);
	if (opt.print)
	{
		p.start_us = tool_mono_us();
		print_rows(&p);
	}
	else
	{
		p.ring = calloc(MAX_UNDER_WAY, sizeof(BookEntry));
		p.busy = calloc(MAX_UNDER_WAY, sizeof(bool));
		p.txn = calloc((size_t) opt.txn_size, sizeof(BookEntry));
		if (p.ring == NULL || p.busy == NULL || p.txn == NULL)
			tool_die("out of memory");
		connect_producer(&p);
		produce_all(&p);
		rd_kafka_destroy(p.rk);
	}
	complete = p.books.failed == 0;
	books_close(&p.books, summary, (double) (tool_mono_us() - p.start_us) / 1e6);
	if (fflush(summary) != 0)
		tool_die("could not write the summary: %s", strerror(errno));
	adgen_destroy(p.gen);
	free(p.ring);
	free(p.busy);
	free(p.txn);
	return complete ? 0 : 1;
}
