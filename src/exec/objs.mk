# src/exec (rank 10): the custom scan and aggregate nodes and their EXPLAIN
OLAP_OBJS += src/exec/emit.o
OLAP_OBJS += src/exec/explain.o
OLAP_OBJS += src/exec/ordered.o
OLAP_OBJS += src/exec/qual.o
OLAP_OBJS += src/exec/qual_ops.o
OLAP_OBJS += src/exec/scan_node.o
OLAP_OBJS += src/exec/compile.o
OLAP_OBJS += src/exec/compile_bridge.o
OLAP_OBJS += src/exec/compile_sql.o
OLAP_OBJS += src/exec/compile_funcs.o
OLAP_OBJS += src/exec/compile_logic.o
OLAP_OBJS += src/exec/compile_time.o
OLAP_OBJS += src/exec/time_bucket.o
OLAP_OBJS += src/exec/time_zone.o
