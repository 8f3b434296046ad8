# src/compact (rank 9): choosing, merging and swapping segments; retention
OLAP_OBJS += src/compact/choose.o
OLAP_OBJS += src/compact/compact_sql.o
OLAP_OBJS += src/compact/job.o
OLAP_OBJS += src/compact/merge.o
OLAP_OBJS += src/compact/order.o
OLAP_OBJS += src/compact/progress.o
OLAP_OBJS += src/compact/retention.o
