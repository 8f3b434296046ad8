# src/segment (rank 6): on-disk format, pages and WAL, directory, segment writer and reader, pruning, verification
