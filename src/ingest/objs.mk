# src/ingest (rank 9): Kafka source, decoders, sink, offsets, ledger, dead letters, replay
# OLAP_KAFKA_OBJS: what the second library, olap_kafka, is made of. It may name
# objects of ranks 0-4 as well; they are linked into both libraries.
OLAP_OBJS += src/ingest/live.o
OLAP_OBJS += src/ingest/live_sql.o
OLAP_OBJS += src/ingest/pipeline.o
OLAP_OBJS += src/ingest/pipeline_sql.o
OLAP_OBJS += src/ingest/source_load.o
OLAP_OBJS += src/ingest/start.o
OLAP_OBJS += src/ingest/mapping.o
OLAP_OBJS += src/ingest/sink.o
OLAP_OBJS += src/ingest/offsets.o
