# src/compact (rank 9): choosing, merging and swapping segments; retention
