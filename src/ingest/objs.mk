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
OLAP_KAFKA_OBJS += src/ingest/kafka/api.o
OLAP_KAFKA_OBJS += src/ingest/kafka/decoder.o
OLAP_KAFKA_OBJS += src/ingest/kafka/fdw.o
OLAP_KAFKA_OBJS += src/ingest/kafka/fdw_scan.o
OLAP_KAFKA_OBJS += src/ingest/kafka/hosts.o
OLAP_KAFKA_OBJS += src/ingest/kafka/json.o
OLAP_KAFKA_OBJS += src/ingest/kafka/json_index.o
OLAP_KAFKA_OBJS += src/ingest/kafka/json_path.o
OLAP_KAFKA_OBJS += src/ingest/kafka/json_string.o
OLAP_KAFKA_OBJS += src/ingest/kafka/json_value.o
OLAP_KAFKA_OBJS += src/ingest/kafka/number.o
OLAP_KAFKA_OBJS += src/ingest/kafka/options.o
OLAP_KAFKA_OBJS += src/ingest/kafka/source.o
OLAP_KAFKA_OBJS += src/ingest/kafka/source_conf.o
OLAP_KAFKA_OBJS += src/ingest/kafka/source_query.o
OLAP_KAFKA_OBJS += src/ingest/kafka/stats.o
OLAP_KAFKA_OBJS += src/ingest/kafka/timetext.o
OLAP_KAFKA_OBJS += src/vector/vector.o
OLAP_KAFKA_OBJS += src/vector/vector_rows.o
OLAP_KAFKA_OBJS += src/vector/decimal.o
