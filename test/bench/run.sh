#!/bin/bash
# make bench: the same ad-tech events and queries on olap, heap and DuckDB, in
# one run, in turn.  Private cluster; data and results stay in BENCH_DIR.
#
#   ROWS=10000000 RUNS=5 make bench
#   QUERIES=FILE           another query file on the same table
#   BENCH_DIR=DIR          [~/.cache/olap/bench]
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/cluster.sh

scripts/setup.sh
scripts/setup.sh bench
dir=${BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/olap/bench}
mkdir -p "$dir"
cp test/bench/package.json test/bench/bench.mjs test/bench/generate.sql \
  test/bench/queries.sql test/bench/schema.sql "$dir/"
(cd "$dir" && npm install --silent --no-audit --no-fund)

work_create
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
pg_private_install "$WORK/pg"
make -s PG_CONFIG="$PG_CONFIG" all
make -s PG_CONFIG="$PG_CONFIG" install
cluster_create "$WORK/bench" "shared_buffers = '4GB'" "work_mem = '256MB'" \
  "maintenance_work_mem = '1GB'" "effective_cache_size = '16GB'" \
  "max_parallel_workers = 2" "max_parallel_workers_per_gather = 2" \
  "max_wal_size = '16GB'" "checkpoint_timeout = '30min'" "random_page_cost = 1.1" \
  "timezone = 'UTC'" "autovacuum = off"
cluster_start "$WORK/bench"
cluster_use "$WORK/bench"
node "$dir/bench.mjs" "$dir"
