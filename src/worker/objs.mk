# src/worker (rank 12): launcher, ingest main, maintenance main
OLAP_OBJS += src/worker/databases.o
OLAP_OBJS += src/worker/ingest.o
OLAP_OBJS += src/worker/ingest_flush.o
OLAP_OBJS += src/worker/ingest_live.o
OLAP_OBJS += src/worker/ingest_main.o
OLAP_OBJS += src/worker/ingest_step.o
OLAP_OBJS += src/worker/ingest_topic.o
OLAP_OBJS += src/worker/launcher.o
OLAP_OBJS += src/worker/look.o
OLAP_OBJS += src/worker/looks.o
OLAP_OBJS += src/worker/maintenance.o
OLAP_OBJS += src/worker/session.o
