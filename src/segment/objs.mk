# src/segment (rank 6): on-disk format, pages and WAL, directory, segment writer and reader, pruning, verification
OLAP_OBJS += src/segment/page.o
OLAP_OBJS += src/segment/visibility.o
OLAP_OBJS += src/segment/dircache.o
OLAP_OBJS += src/segment/metapage.o
OLAP_OBJS += src/segment/directory.o
OLAP_OBJS += src/segment/zone_pages.o
OLAP_OBJS += src/segment/freespace.o
OLAP_OBJS += src/segment/builder.o
OLAP_OBJS += src/segment/reader.o
OLAP_OBJS += src/segment/chunk_reader.o
OLAP_OBJS += src/segment/recent.o
OLAP_OBJS += src/segment/sparse.o
OLAP_OBJS += src/segment/verified.o
OLAP_OBJS += src/segment/rownums.o
OLAP_OBJS += src/segment/parts.o
OLAP_OBJS += src/segment/parts_reader.o
OLAP_OBJS += src/segment/segment_verify.o
