# src/vector (rank 2): batch, selection and validity: the one currency between layers; expression program and kernels
OLAP_OBJS += src/vector/vector.o
OLAP_OBJS += src/vector/vector_rows.o
OLAP_OBJS += src/vector/decimal.o
OLAP_OBJS += src/vector/expr.o
OLAP_OBJS += src/vector/expr_bytes.o
OLAP_OBJS += src/vector/expr_kernels.o
OLAP_OBJS += src/vector/expr_numeric.o
OLAP_OBJS += src/vector/filter.o
OLAP_OBJS += src/vector/vector_hash.o
OLAP_OBJS += src/vector/program.o
OLAP_OBJS += src/vector/program_bridge.o
