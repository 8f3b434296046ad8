#!/bin/bash
# Writers, compactions and readers while the server is killed again and again, in a
# private server (make stress).
#
#   scripts/stress.sh [options of test/stress/stress.py]
#
# DURATION  seconds (default 600)
# SEED      of the random choices; the threads are not repeatable
# PG_MAJOR, PG_CONFIG  the server to build for (default: Debian's 15)
#
# The server's log is left in build/stress/; after a failure the cluster as well.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

scripts/setup.sh base
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
work_create
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" install
mapfile -t settings < test/stress/postgresql.conf
cluster_create "$WORK/main" "${settings[@]}"
cp -r test/stress "$WORK/stress"
chmod -R a+rX "$WORK/stress"
mkdir -p build/stress
rc=0
as_server /usr/bin/python3 -B "$WORK/stress/stress.py" --bindir "$("$PG_CONFIG" --bindir)" \
  --data "$WORK/main/data" --host "$WORK/main" --duration "${DURATION:-600}" \
  ${SEED:+--seed "$SEED"} "$@" || rc=$?
cp "$WORK/main/stress-server.log" build/stress/server.log
if [ "$rc" != 0 ]; then
  work_stop_servers
  rm -rf build/stress/main
  cp -r "$WORK/main" build/stress/main
  echo "the cluster is in build/stress/main"
fi
exit "$rc"
