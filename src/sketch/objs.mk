# src/sketch (rank 1): hll, t-digest and theta sketches, bytes in and bytes out; *_sql.c holds the fmgr glue
OLAP_OBJS += src/sketch/distinct.o
OLAP_OBJS += src/sketch/registers.o
OLAP_OBJS += src/sketch/value_hash.o
OLAP_OBJS += src/sketch/value_hash_sql.o
OLAP_OBJS += src/sketch/hll.o
OLAP_OBJS += src/sketch/hll_store.o
OLAP_OBJS += src/sketch/hll_sql.o
