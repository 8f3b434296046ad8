# src/delta (rank 7): the row store for small writes and the range log
OLAP_OBJS += src/delta/delta.o
OLAP_OBJS += src/delta/freeze.o
