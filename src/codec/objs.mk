# src/codec (rank 3): column encodings behind one vtable: analyze, score, encode, decode, filter
OLAP_OBJS += src/codec/analyze.o
OLAP_OBJS += src/codec/bins.o
OLAP_OBJS += src/codec/bins_choose.o
OLAP_OBJS += src/codec/bins_unpack.o
OLAP_OBJS += src/codec/bitpack.o
OLAP_OBJS += src/codec/chunk.o
OLAP_OBJS += src/codec/decimal_float.o
OLAP_OBJS += src/codec/delta.o
OLAP_OBJS += src/codec/dict.o
OLAP_OBJS += src/codec/dict_build.o
OLAP_OBJS += src/codec/dict_classes.o
OLAP_OBJS += src/codec/for.o
OLAP_OBJS += src/codec/frame.o
OLAP_OBJS += src/codec/lz.o
OLAP_OBJS += src/codec/raw.o
OLAP_OBJS += src/codec/rle.o
OLAP_OBJS += src/codec/strings.o
