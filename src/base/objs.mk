# src/base (rank 0): version shims, the GUC table, error helpers, bits and bounded readers; everything may include it
OLAP_OBJS += src/base/compat.o
OLAP_OBJS += src/base/crc_shift.o
OLAP_OBJS += src/base/guc.o
OLAP_OBJS += src/base/keep_memory.o
OLAP_OBJS += src/base/process.o
