# src/plan (rank 11): planner hooks, paths, quals and costs
OLAP_OBJS += src/plan/agg_join.o
OLAP_OBJS += src/plan/agg_join_core.o
OLAP_OBJS += src/plan/agg_join_partial.o
OLAP_OBJS += src/plan/agg_join_paths.o
OLAP_OBJS += src/plan/agg_join_twice.o
OLAP_OBJS += src/plan/agg_partial.o
OLAP_OBJS += src/plan/agg_paths.o
OLAP_OBJS += src/plan/agg_sets.o
OLAP_OBJS += src/plan/agg_topn.o
OLAP_OBJS += src/plan/cursor_plan.o
OLAP_OBJS += src/plan/filtered_paths.o
OLAP_OBJS += src/plan/paths.o
OLAP_OBJS += src/plan/qual_order.o
OLAP_OBJS += src/plan/scan_cost.o
OLAP_OBJS += src/plan/order_paths.o
OLAP_OBJS += src/plan/bitmap_cost.o
