/*-------------------------------------------------------------------------
 *
 * source.c
 *		The source: opening, assignment of partitions, closing.
 *
 * src/ingest/kafka/source.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <signal.h>
#include <time.h>

#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "ingest/kafka/source_int.h"

/* Seconds close() waits for librdkafka's threads. */
#define CLOSE_TIMEOUT_S 5
/* A partition number beyond this is not believed. */
#define MAX_PARTITIONS 1000000

static dlist_head open_sources = DLIST_STATIC_INIT(open_sources);

static void
free_shared(OlapSourceShared *shared)
{
	pthread_mutex_destroy(&shared->lock);
	pthread_cond_destroy(&shared->destroyed_cond);
	free(shared->allowed_hosts);
	free(shared);
}

/* Threads must be gone before exit(): OpenSSL's clean-up races them. */
static void
close_all(int code, Datum arg)
{
	while (!dlist_is_empty(&open_sources))
		olap_source_close(dlist_container(OlapSource, node,
										  dlist_head_node(&open_sources)));
}

static OlapSourceShared *
create_shared(void)
{
	OlapSourceShared *shared = calloc(1, sizeof(OlapSourceShared));

	if (shared == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	pthread_mutex_init(&shared->lock, NULL);
	pthread_cond_init(&shared->destroyed_cond, NULL);
	olap_source_refresh_hosts(shared);
	if (shared->allowed_hosts == NULL)
	{
		free_shared(shared);
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
	return shared;
}

static void
start_client(OlapSource *source, const OlapKafkaTable *table,
			 rd_kafka_conf_t *conf)
{
	char		problem[512];

	source->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, problem, sizeof(problem));
	if (source->rk == NULL)
	{
		rd_kafka_conf_destroy(conf);
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 olap_source_hides_secrets(table, problem)
				 ? errmsg("could not start a Kafka client: %s", problem)
				 : errmsg("could not start a Kafka client")));
	}
	rd_kafka_poll_set_consumer(source->rk);
	source->queue = rd_kafka_queue_get_consumer(source->rk);
	rd_kafka_set_log_queue(source->rk, source->queue);
	source->rkt = rd_kafka_topic_new(source->rk, table->topic, NULL);
	if (source->rkt == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION),
				 errmsg("could not open topic \"%s\": %s", table->topic,
						rd_kafka_err2str(rd_kafka_last_error()))));
}

OlapSource *
olap_source_open(Oid foreign_table, Oid userid, const char *group_id)
{
	static bool exit_registered = false;
	OlapKafkaTable *table = olap_kafka_table(foreign_table, userid);
	OlapSource *source = palloc0(sizeof(OlapSource));

	if (!exit_registered)
	{
		before_shmem_exit(close_all, (Datum) 0);
		exit_registered = true;
	}
	source->cxt = CurrentMemoryContext;
	source->topic = table->topic;
	source->shared = create_shared();
	source->shared->source = source;
	dlist_push_head(&open_sources, &source->node);
	PG_TRY();
	{
		source->indexer = olap_json_indexer_create();
		if (source->indexer == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		start_client(source, table,
					 olap_source_conf(table, group_id, source->shared));
	}
	PG_CATCH();
	{
		olap_source_close(source);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return source;
}

/* Thread: end librdkafka's threads, however long that takes. */
static void *
destroy_client(void *arg)
{
	OlapSourceShared *shared = arg;
	bool		abandoned;

	rd_kafka_destroy_flags(shared->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	pthread_mutex_lock(&shared->lock);
	shared->destroyed = true;
	abandoned = shared->abandoned;
	pthread_cond_signal(&shared->destroyed_cond);
	pthread_mutex_unlock(&shared->lock);
	if (abandoned)
		free_shared(shared);
	return NULL;
}

/*
 * Wait for destroy_client() until the deadline; true: it is done and shared
 * is the caller's to free.
 */
static bool
wait_destroyed(OlapSourceShared *shared)
{
	struct timespec deadline;
	bool		destroyed;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += CLOSE_TIMEOUT_S;
	pthread_mutex_lock(&shared->lock);
	while (!shared->destroyed &&
		   pthread_cond_timedwait(&shared->destroyed_cond, &shared->lock,
								  &deadline) == 0)
		;
	destroyed = shared->destroyed;
	shared->abandoned = !destroyed;
	pthread_mutex_unlock(&shared->lock);
	return destroyed;
}

/*
 * Destroying waits for threads that may hang in name resolution, so another
 * thread does it.  Signals are for the server's thread only.
 */
static void
end_client(OlapSourceShared *shared)
{
	pthread_t	thread;
	pthread_attr_t attr;
	sigset_t	all;
	sigset_t	saved;
	int			failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &saved);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	failed = pthread_create(&thread, &attr, destroy_client, shared);
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (failed)
		destroy_client(shared);
	if (wait_destroyed(shared))
		free_shared(shared);
	else
		ereport(LOG,
				(errmsg("a Kafka client did not end within %d seconds",
						CLOSE_TIMEOUT_S)));
}

/* Raises no error: it runs while transactions abort and sessions end. */
void
olap_source_close(OlapSource *source)
{
	OlapSourceShared *shared = source->shared;

	if (shared == NULL)
		return;
	source->shared = NULL;
	shared->source = NULL;
	dlist_delete(&source->node);
	for (int i = 0; i < source->nheld; i++)
		rd_kafka_message_destroy(source->held[i]);
	source->nheld = 0;
	if (source->indexer != NULL)
		olap_json_indexer_free(source->indexer);
	if (source->rkt != NULL)
		rd_kafka_topic_destroy(source->rkt);
	if (source->queue != NULL)
		rd_kafka_queue_destroy(source->queue);
	shared->rk = source->rk;
	source->rk = NULL;
	if (shared->rk == NULL)
		free_shared(shared);
	else
		end_client(shared);
}

OlapPartitionState *
olap_source_find(OlapSource *source, int32 partition)
{
	if (partition < 0 || partition >= source->npart_of ||
		source->part_of[partition] < 0)
		return NULL;
	return &source->parts[source->part_of[partition]];
}

const OlapPartitionState *
olap_source_partition_state(OlapSource *source, int32 partition)
{
	return olap_source_find(source, partition);
}

static void
remember_assignment(OlapSource *source, int n, const int32 *partitions,
					const int64 *offsets)
{
	MemoryContext old = MemoryContextSwitchTo(source->cxt);
	int32		most = -1;

	for (int i = 0; i < n; i++)
	{
		if (partitions[i] < 0 || partitions[i] > MAX_PARTITIONS)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid partition number %d", partitions[i])));
		most = Max(most, partitions[i]);
	}
	if (source->parts != NULL)
	{
		pfree(source->parts);
		pfree(source->part_of);
	}
	source->nparts = 0;
	source->npart_of = 0;
	source->parts = palloc0(sizeof(OlapPartitionState) * Max(n, 1));
	source->part_of = palloc(sizeof(int) * (most + 2));
	memset(source->part_of, 0xFF, sizeof(int) * (most + 2));
	for (int i = 0; i < n; i++)
	{
		source->parts[i].partition = partitions[i];
		source->parts[i].next_offset = offsets[i];
		source->parts[i].high_offset = -1;
		source->parts[i].low_offset = -1;
		source->part_of[partitions[i]] = i;
	}
	source->nparts = n;
	source->npart_of = most + 1;
	MemoryContextSwitchTo(old);
}

void
olap_source_assign(OlapSource *source, int n, const int32 *partitions,
				   const int64 *offsets)
{
	rd_kafka_topic_partition_list_t *list;
	rd_kafka_resp_err_t err;

	remember_assignment(source, n, partitions, offsets);
	source->npending = 0;
	list = rd_kafka_topic_partition_list_new(n);
	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, source->topic,
										  partitions[i])->offset = offsets[i];
	err = rd_kafka_assign(source->rk, n > 0 ? list : NULL);
	rd_kafka_topic_partition_list_destroy(list);
	if (err != RD_KAFKA_RESP_ERR_NO_ERROR)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_ERROR),
				 errmsg("could not assign partitions of topic \"%s\": %s",
						source->topic, rd_kafka_err2str(err))));
}

void
olap_source_mirror(OlapSource *source, int n, const int32 *partitions,
				   const int64 *offsets)
{
	rd_kafka_topic_partition_list_t *list =
		rd_kafka_topic_partition_list_new(n);

	for (int i = 0; i < n; i++)
		rd_kafka_topic_partition_list_add(list, source->topic,
										  partitions[i])->offset = offsets[i];
	(void) rd_kafka_commit(source->rk, list, 1);
	rd_kafka_topic_partition_list_destroy(list);
}
