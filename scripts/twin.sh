#!/bin/bash
# The twin oracle for as long as one likes: random statements on olap tables and
# on heap tables, in a private server (make twin).
#
#   scripts/twin.sh [--seconds N] [--seed N] [options of test/oracle/twin.py]
#
# Scripts of differences go to build/twin/. The exit status is 1 if there is any.
# PG_MAJOR, PG_CONFIG  the server to build for (default: Debian's 15)
# TWIN_SETTINGS        a line of postgresql.conf for it
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

scripts/setup.sh base
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
work_create
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" install
# What works in the background comes at other moments in a repeated run.
cluster_create "$WORK/main" "autovacuum = off" "olap.maintenance = off" "shared_buffers = '256MB'" \
  "max_locks_per_transaction = 256" "log_min_messages = fatal" \
  ${TWIN_SETTINGS:+"$TWIN_SETTINGS"}
cluster_start "$WORK/main"
cluster_use "$WORK/main"
rc=0
/usr/bin/python3 -B test/oracle/twin.py --out build/twin "$@" || rc=$?
if grep -E 'terminated by signal|PANIC:' "$WORK/main/log"; then
  cp "$WORK/main/log" build/twin/server.log
  rc=1
fi
exit "$rc"
