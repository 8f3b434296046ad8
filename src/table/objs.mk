# src/table (rank 8): the table access method: handler, scan, modify, fetch, analyze, vacuum, DDL hook
OLAP_OBJS += src/table/batch.o
OLAP_OBJS += src/table/bucket.o
OLAP_OBJS += src/table/cluster.o
OLAP_OBJS += src/table/ddl.o
OLAP_OBJS += src/table/fetch.o
OLAP_OBJS += src/table/handler.o
OLAP_OBJS += src/table/indexing.o
OLAP_OBJS += src/table/modify.o
OLAP_OBJS += src/table/sample.o
OLAP_OBJS += src/table/scan.o
OLAP_OBJS += src/table/slot.o
OLAP_OBJS += src/table/storage.o
OLAP_OBJS += src/table/vacuum.o
OLAP_OBJS += src/table/writer.o
OLAP_OBJS += src/table/inspect.o
OLAP_OBJS += src/table/verify.o
OLAP_OBJS += src/table/verify_rows.o
