# src/sketch (rank 1): hll, t-digest and theta sketches, bytes in and bytes out; *_sql.c holds the fmgr glue
OLAP_OBJS += src/sketch/distinct.o
