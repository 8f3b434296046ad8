# src/delta (rank 7): the row store for small writes and the range log
OLAP_OBJS += src/delta/deform.o
OLAP_OBJS += src/delta/delta.o
OLAP_OBJS += src/delta/freeze.o
OLAP_OBJS += src/delta/rangelog.o
OLAP_OBJS += src/delta/rangelog_map.o
OLAP_OBJS += src/delta/rangelog_read.o
OLAP_OBJS += src/delta/rangelog_free.o
OLAP_OBJS += src/delta/rangelog_vacuum.o
