#!/bin/bash
# make pgsuite: PostgreSQL's own regression suite, on heap tables and on olap tables.
#
#   scripts/pgsuite.sh                  both runs, and the comparison
#   scripts/pgsuite.sh --compare        compare the results of the last runs again
#   scripts/pgsuite.sh --propose        the same, and print list lines for what is new
#
# The suite's source is not in this repository: Debian's source package of the
# server is fetched into a cache (PGSUITE_SOURCE names an unpacked source tree to
# use instead). The suite runs twice on the same server, with
# default_table_access_method heap and olap; what test/pgsuite/compare.pl finds
# different between the two must be in test/pgsuite/differences-MAJOR.txt, with a
# reason. Two files keep heap tables, see keep_heap. A crash of the server, damage that olap.verify finds, or a difference
# that is not listed makes it fail. The results are kept under build/pgsuite/.
#
# PG_MAJOR, PG_CONFIG  the server (default: Debian's 15)
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh
. scripts/pgsource.sh

RUN=1
PROPOSE=
while [ $# -gt 0 ]; do
  case $1 in
    --compare) RUN= ;;
    --propose) RUN= PROPOSE=--propose ;;
    *) sed -n '4,6p' "$0" | sed 's/^# *//' >&2; exit 2 ;;
  esac
  shift
done

PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/olap/pgsuite-$MAJOR
OUT=$ROOT/build/pgsuite
LIST=$ROOT/test/pgsuite/differences-$MAJOR.txt

die() { echo "pgsuite: $*" >&2; exit 1; }

# The test library, and those of contrib that the triggers test loads.
build_library()
{
  local inc
  inc=$("$PG_CONFIG" --includedir-server)
  mkdir -p "$WORK/lib"
  gcc -std=gnu11 -O2 -fPIC -shared -isystem "$inc" \
    -o "$WORK/lib/regress.so" "$WORK/regress/regress.c"
  cp "$("$PG_CONFIG" --pkglibdir)"/{refint,autoinc}.so "$WORK/lib/"
}

# Publications refuse olap tables (test/t/012_subscriber.pl has that). These
# files are about publications and their names: refused, they would make and drop
# others than they mean to, and those left over change what later files do.
keep_heap()
{
  sed -i '1i SET default_table_access_method = heap;' "$1"/{publication,object_address}.sql
}

# run_suite heap|olap: results in OUT/$1/regress, what went wrong in problems.
run_suite()
{
  local am=$1 dir=$WORK/$1 start=$SECONDS program expect=
  program=$("$PG_CONFIG" --pgxs)
  program=${program%/makefiles/pgxs.mk}/test/regress/pg_regress
  rm -rf "${OUT:?}/$am"
  mkdir -p "$OUT/$am"
  cluster_create "$dir" "log_line_prefix = '%m [%p] %q%a %e '" "log_statement = none" \
    "max_connections = 40" "lock_timeout = '120s'" "statement_timeout = '300s'"
  cluster_start "$dir"
  cp -r "$WORK/regress" "$dir/regress"
  chmod -R u+w "$dir/regress"
  [ "$(id -u)" != 0 ] || chown -R postgres "$dir/regress"
  if "$program" --help | grep -q expecteddir; then
    expect=--expecteddir=$dir/regress
  fi
  (
    cluster_use "$dir"
    create_database "$am"
    export HOME=$dir
    as_server env -C "$dir/regress" nice -n 5 "$program" \
      --host="$dir" --user=postgres --inputdir="$dir/regress" $expect \
      --outputdir="$dir/regress" --bindir="$("$PG_CONFIG" --bindir)" \
      --dlpath="$WORK/lib" --use-existing --max-connections=20 \
      --schedule="$dir/regress/parallel_schedule"
  ) > "$OUT/$am/pg_regress.log" 2>&1 < /dev/null || true
  find_problems "$am" > "$OUT/$am/problems" 2>&1
  cluster_stop "$dir" immediate
  cp -r "$dir/regress/results" "$OUT/$am/regress"
  cp "$dir/log" "$OUT/$am/server.log"
  echo "pgsuite: $am run, $(ls "$OUT/$am"/regress/*.out | wc -l) files, $((SECONDS - start)) s"
}

# The database as pg_regress makes it, with the extension and the access method.
create_database()   # AM
{
  local set
  psql -Xq -c "CREATE DATABASE regression TEMPLATE = template0"
  for set in "lc_messages TO 'C'" "lc_monetary TO 'C'" "lc_numeric TO 'C'" \
    "lc_time TO 'C'" "bytea_output TO 'hex'" \
    "timezone_abbreviations TO 'Default'" "default_table_access_method TO $1"; do
    [ "$set" != "default_table_access_method TO $1" ] ||
      psql -Xq -d regression -c "CREATE EXTENSION olap"
    psql -Xq -d regression -c "ALTER DATABASE regression SET $set"
  done
}

# Crashes in the log; tables that are not what they should be afterwards.
find_problems()
{
  local am=$1 n
  grep -E 'terminated by signal|PANIC:|TRAP:' "$WORK/$am/log" || true
  (
    cluster_use "$WORK/$am"
    psql() { command psql -XAtq -d regression "$@"; }
    psql -c "SELECT 1" > /dev/null || { echo "no database regression"; exit; }
    n=$(psql -c "SELECT count(*) FROM pg_class c JOIN pg_am a ON a.oid = c.relam
      WHERE amname = '$am' AND relkind = 'r' AND c.oid >= 16384")
    [ "$n" -ge 200 ] || echo "only $n tables are of access method $am"
    echo "tables: $n" > "$OUT/$am/tables"
    if [ "$am" = olap ]; then
      psql -c "SELECT format('SELECT %L, v.* FROM olap.verify(%L::regclass) v;', c.oid::regclass, c.oid::regclass)
        FROM pg_class c JOIN pg_am a ON a.oid = c.relam
        WHERE amname = 'olap' AND relkind IN ('r', 'm') AND relpersistence <> 't'" |
        PGOPTIONS='-c client_min_messages=warning' command psql -XAtq -d regression
    fi
  ) 2>&1
}

compare()
{
  local am rc=0
  for am in heap olap; do
    [ -d "$OUT/$am/regress" ] || die "there are no results under $OUT/$am"
    if [ -s "$OUT/$am/problems" ]; then
      echo "pgsuite: problems of the $am run:"
      sed 's/^/  /' "$OUT/$am/problems"
      rc=1
    fi
  done
  perl test/pgsuite/compare.pl $PROPOSE "$OUT/sql" "$OUT/heap/regress" \
    "$OUT/olap/regress" "$LIST" "$OUT/report.txt" || rc=1
  return $rc
}

if [ -n "$RUN" ]; then
  pg_source "$MAJOR" "$CACHE" src/test/regress || die "no source"
  mkdir -p "$OUT"
  work_create
  pg_private_install "$WORK/pg"
  make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all > "$OUT/build.log" 2>&1 &&
    make -s PG_CONFIG="$PG_CONFIG" install >> "$OUT/build.log" 2>&1 || {
    tail -20 "$OUT/build.log"
    die "olap does not build"
  }
  cp -r "$SOURCE/src/test/regress" "$WORK/regress"
  chmod -R u+w "$WORK/regress"
  keep_heap "$WORK/regress/sql"
  rm -rf "$OUT/sql"
  cp -r "$WORK/regress/sql" "$OUT/sql"
  build_library
  run_suite heap
  run_suite olap
fi
compare
