/*-------------------------------------------------------------------------
 *
 * api.c
 *		What the library olap_kafka offers to the library olap.
 *
 * src/ingest/kafka/api.c
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "ingest/kafka/consumer.h"
#include "ingest/kafka/decoder.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);
extern PGDLLEXPORT const OlapSourceApi *olap_kafka_source_api(void);

static const OlapSourceApi api = {
	.version = OLAP_SOURCE_API_VERSION,
	.open = olap_source_open,
	.close = olap_source_close,
	.partitions = olap_source_partitions,
	.resolve = olap_source_resolve,
	.resolve_time = olap_source_resolve_time,
	.find_times = olap_source_find_times,
	.assign = olap_source_assign,
	.poll = olap_source_poll,
	.release = olap_source_release,
	.partition_state = olap_source_partition_state,
	.mirror = olap_source_mirror,
	.decoder_create = olap_decoder_create,
	.decoder_types = olap_decoder_types,
	.decode = olap_decoder_decode,
};

const OlapSourceApi *
olap_kafka_source_api(void)
{
	return &api;
}

/*
 * The settings, olap.allowed_hosts among them, are the olap library's. Where it
 * is not preloaded the name would be a placeholder that any session can set.
 */
void
_PG_init(void)
{
	load_file("$libdir/olap", false);
}
