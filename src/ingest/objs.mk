# src/ingest (rank 9): Kafka source, decoders, sink, offsets, ledger, dead letters, replay
# OLAP_KAFKA_OBJS: what the second library, olap_kafka, is made of. It may name
# objects of ranks 0-4 as well; they are linked into both libraries.
