# src/rollup (rank 9): rollup definition, maintenance and matching
