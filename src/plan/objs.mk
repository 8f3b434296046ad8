# src/plan (rank 11): planner hooks, paths, quals and costs
OLAP_OBJS += src/plan/paths.o
