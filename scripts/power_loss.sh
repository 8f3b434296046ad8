#!/bin/bash
# Power loss at WAL records, and with any mix of written pages, in private servers
# (make power-loss); test/power/power.py says what is done.
#
#   scripts/power_loss.sh [options of test/power/power.py]
#
# CUTS      how many record ends are tried (default 500); FULL=1 for all, in hours
# SEED      of the choice
# PG_MAJOR, PG_CONFIG  the server to build for (default: Debian's 15)
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

scripts/setup.sh base
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
work_create
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" install
cp -r test/power "$WORK/power"
chmod -R a+rX "$WORK/power"
as_server /usr/bin/python3 -B "$WORK/power/power.py" --bindir "$("$PG_CONFIG" --bindir)" \
  --dir "$WORK/data" --sockets "$WORK" --cuts "${CUTS:-500}" --images 20 \
  ${FULL:+--full} ${SEED:+--seed "$SEED"} "$@"
