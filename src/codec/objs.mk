# src/codec (rank 3): column encodings behind one vtable: analyze, score, encode, decode, filter
