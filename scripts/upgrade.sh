#!/bin/bash
# pg_upgrade of a cluster with olap tables, from 15 to 17 to 18 (make check-upgrade).
#
# The cluster is made here with Debian's 15; 17 and 18 run in their chroots
# (scripts/chroot.sh), to which the older server is taken along. What must be the same
# is in test/upgrade/facts.sql. Exit status 77: there can be no chroot here.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

[ "$(id -u)" = 0 ] || { echo "a chroot needs root"; exit 77; }
scripts/setup.sh base
work_create
mkdir "$WORK/share"
chmod 755 "$WORK/share"
chown postgres "$WORK/share"
PG_MAJOR=15 test/upgrade/step.sh fill "$WORK/share"
scripts/chroot.sh 17 --share "$WORK/share" -- test/upgrade/step.sh upgrade 15 /mnt copy
scripts/chroot.sh 18 --share "$WORK/share" -- test/upgrade/step.sh upgrade 17 /mnt link
echo "pg_upgrade: 15 to 17 to 18 passed in $SECONDS s"
