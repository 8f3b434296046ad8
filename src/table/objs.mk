# src/table (rank 8): the table access method: handler, scan, modify, fetch, analyze, vacuum, DDL hook
OLAP_OBJS += src/table/ddl.o
