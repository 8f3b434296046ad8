# src/meta (rank 5): table options and the definitions of tables, rollups and pipelines
OLAP_OBJS += src/meta/options.o src/meta/options_cache.o src/meta/options_list.o
