# src/index (rank 4): zone map, bitmap, bloom and hll stats behind one vtable: build, serialize, probe
OLAP_OBJS += src/index/zone.o
OLAP_OBJS += src/index/zone_build.o
OLAP_OBJS += src/index/qual_zones.o
OLAP_OBJS += src/index/row_tests.o
OLAP_OBJS += src/index/row_tests_build.o
OLAP_OBJS += src/index/bitmap.o
OLAP_OBJS += src/index/bloom.o
OLAP_OBJS += src/index/sortkey.o
OLAP_OBJS += src/index/topn.o
