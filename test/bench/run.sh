#!/bin/bash
# make bench: the same rows and queries on olap, heap and DuckDB, in one run, in
# turn, with every answer compared.  Private cluster, on disk and with
# fsync; data (2.2 GB of CSV for 10 M rows) and bench.json stay in BENCH_DIR.
#
#   ROWS=10000000 RUNS=5 make bench        [1000000 rows, 3 runs]
#   SET=wide               another set of data and queries: page views, 105 columns  [adtech]
#   CLIENT_SECONDS=60 CLIENTS=32 make bench-clients
#                          olap and DuckDB alone, asked by many clients at once [300 s]
#   QUERIES=FILE           another query file on the same tables
#   BENCH_DIR=DIR          [~/.cache/olap/bench]
#
# Exit status 1: an answer differs; with clients: a query failed, or memory grew.
set -euo pipefail
cd "$(dirname "$0")/../.."
. scripts/cluster.sh

scripts/setup.sh
scripts/setup.sh bench
dir=${BENCH_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/olap/bench}
mkdir -p "$dir"
cp -r test/bench/package.json test/bench/bench.mjs test/bench/clients.mjs test/bench/clients.sql \
  test/bench/adtech test/bench/wide "$dir/"
(cd "$dir" && npm install --silent --no-audit --no-fund --no-package-lock --cache "$dir/npm")

work_create
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
make -s PG_CONFIG="$PG_CONFIG" install
cluster_create "$WORK/bench" "fsync = on" "shared_buffers = '4GB'" "work_mem = '256MB'" \
  "maintenance_work_mem = '1GB'" "effective_cache_size = '16GB'" \
  "max_parallel_workers = 2" "max_parallel_workers_per_gather = 2" \
  "max_wal_size = '16GB'" "checkpoint_timeout = '30min'" "random_page_cost = 1.1" \
  "timezone = 'UTC'" "autovacuum = off"
cluster_start "$WORK/bench"
cluster_use "$WORK/bench"
rc=0
COMMIT=$(git describe --always --dirty 2> /dev/null || true)
export COMMIT
if [ "${1:-}" = clients ]; then
  SET=adtech LOAD_ONLY=1 node "$dir/bench.mjs" "$dir"
  node "$dir/clients.mjs" "$dir" || rc=$?
else
  node "$dir/bench.mjs" "$dir" || rc=$?
fi
cluster_stop "$WORK/bench"
exit "$rc"
