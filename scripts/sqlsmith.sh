#!/bin/bash
# sqlsmith's random queries against olap tables, in a private server (make sqlsmith):
# any query may fail, none may end a server process.
#
#   QUERIES=10000 SEED=1 JOBS=2 scripts/sqlsmith.sh
#
# QUERIES are those of all jobs together. Tables of all types, with segments, delta
# rows, deleted and updated rows, partitions and heap tables to join with; the role is no
# superuser, so that random calls of administration functions do no harm. Exit
# status 1: a process of the server ended by a signal or a PANIC, or an error is
# one of the engine's own (elog in olap.so). Logs go to build/sqlsmith/.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

QUERIES=${QUERIES:-10000} SEED=${SEED:-$RANDOM} JOBS=${JOBS:-2}
scripts/setup.sh base sqlsmith
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
work_create
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
make -s PG_CONFIG="$PG_CONFIG" install
cluster_create "$WORK/main" "shared_buffers = '256MB'" "work_mem = '1MB'" "log_min_messages = warning" \
  "log_error_verbosity = verbose" "min_parallel_table_scan_size = 0" "parallel_setup_cost = 10" \
  "temp_file_limit = '2GB'" "max_locks_per_transaction = 256"
cluster_start "$WORK/main"
cluster_use "$WORK/main"
psql -Xq -v ON_ERROR_STOP=1 -d postgres -f test/sqlsmith/schema.sql > /dev/null
mkdir -p build/sqlsmith
rm -f build/sqlsmith/*

pids=()
for ((i = 0; i < JOBS; i++)); do
  sqlsmith --target="host=$PGHOST port=$PGPORT dbname=smith user=smith" --exclude-catalog --verbose \
    --seed=$((SEED + i)) --max-queries=$(((QUERIES + JOBS - 1) / JOBS)) > "build/sqlsmith/$i.out" 2> "build/sqlsmith/$i.err" &
  pids+=($!)
done
rc=0
for pid in "${pids[@]}"; do
  wait "$pid" || rc=1
done
cluster_stop "$WORK/main"
cp "$WORK/main/log" build/sqlsmith/server.log
errors=$(grep -cE ' ERROR: ' build/sqlsmith/server.log || true)
echo "sqlsmith: $QUERIES queries by $JOBS jobs, seed $SEED; $errors of them ended in an error"
grep -oE ' ERROR:  [0-9A-Z]{5}' build/sqlsmith/server.log | sort | uniq -c | sort -rn | head -20 || true
if grep -E 'terminated by signal|PANIC:|TRAP:' build/sqlsmith/server.log; then
  rc=1
fi
# An internal error that was raised in one of our files.
ours=$(find src -name '*.c' -printf '%f\n' | paste -sd'|')
if grep -A1 -E ' ERROR:  XX' build/sqlsmith/server.log | grep -E "LOCATION:  [a-z_0-9]+, (${ours//./\\.}):"; then
  rc=1
fi
[ "$rc" = 0 ] || echo "sqlsmith: see build/sqlsmith/server.log"
exit "$rc"
