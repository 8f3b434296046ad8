# src/exec (rank 10): the custom scan and aggregate nodes and their EXPLAIN
