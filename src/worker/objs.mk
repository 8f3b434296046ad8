# src/worker (rank 12): launcher, ingest main, maintenance main
