#!/bin/bash
# PostgreSQL's own isolation suite, on heap tables and on olap tables.
#
#   scripts/pgsuite_isolation.sh                 the runs, and the comparison
#   scripts/pgsuite_isolation.sh --compare       compare the last runs' results again
#   scripts/pgsuite_isolation.sh --propose       the same, and print list lines for
#                                                what is new
#   SPECS="fk-snapshot nowait" scripts/pgsuite_isolation.sh    these alone
#
# The suite runs four times on the same server: heap and olap as they are, and
# heap-index and olap-index with sequential scans (ours as well) discouraged.
# Serializable transactions lock what the plan reads, so they only end alike
# where the plans are alike. Where olap ends otherwise than heap the difference
# must be in test/pgsuite/isolation-MAJOR.txt, with a reason. The results stay in
# build/pgsuite_isolation/.
#
# PG_MAJOR, PG_CONFIG   the server (default: Debian's 15)
# PGSUITE_SOURCE        an unpacked source tree instead of Debian's source package
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh
. scripts/pgsource.sh

RUN=1
PROPOSE=
case ${1:-} in
  "") ;;
  --compare) RUN= ;;
  --propose) RUN= PROPOSE=--propose ;;
  *) sed -n '4,8p' "$0" | sed 's/^# *//' >&2; exit 2 ;;
esac

PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/olap/pgsuite-$MAJOR
OUT=$ROOT/build/pgsuite_isolation
LIST=$ROOT/test/pgsuite/isolation-$MAJOR.txt

die() { echo "pgsuite_isolation: $*" >&2; exit 1; }

# The database as the suite's own runner makes it.
create_database()
{
  local am=$1 index=$2 set
  psql -Xq -c "CREATE DATABASE isolation_regression TEMPLATE = template0"
  psql -Xq -d isolation_regression -c "CREATE EXTENSION olap"
  for set in "lc_messages TO 'C'" "lc_monetary TO 'C'" "lc_numeric TO 'C'" \
    "lc_time TO 'C'" "bytea_output TO 'hex'" "timezone_abbreviations TO 'Default'" \
    ${index:+"enable_seqscan TO off" "olap.enable_scan TO off" "jit TO off"}; do
    psql -Xq -d isolation_regression -c "ALTER DATABASE isolation_regression SET $set"
  done
  psql -Xq -d isolation_regression \
    -c "ALTER DATABASE isolation_regression SET default_table_access_method TO $am"
  [ "$(psql -XAtq -d isolation_regression -c "CREATE TEMP TABLE t ()" \
    -c "SELECT amname FROM pg_am a JOIN pg_class c ON c.relam = a.oid AND relname = 't'")" = "$am" ] ||
    die "tables are not of access method $am"
}

# run_suite heap|olap [index]: results in OUT/NAME/results.
run_suite()
{
  local name=$1${2:+-$2} dir start=$SECONDS pgxs expect=
  dir=$WORK/$name
  cluster_create "$dir" "log_line_prefix = '%m [%p] %q%a %e '" "max_connections = 40"
  cluster_start "$dir"
  cp -r "$SOURCE/src/test/isolation" "$dir/isolation"
  chmod -R u+w "$dir/isolation"
  [ "$(id -u)" != 0 ] || chown -R postgres "$dir/isolation"
  pgxs=$("$PG_CONFIG" --pgxs)
  pgxs=${pgxs%/makefiles/pgxs.mk}/test/isolation/pg_isolation_regress
  if "$pgxs" --help | grep -q expecteddir; then
    expect=--expecteddir=$dir/isolation
  fi
  rm -rf "${OUT:?}/$name"
  mkdir -p "$OUT/$name"
  (
    cluster_use "$dir"
    create_database "$1" "${2:-}"
    export HOME=$dir
    as_server env -C "$dir/isolation" PGISOLATIONTIMEOUT=60 nice -n 5 "$pgxs" --host="$dir" \
      --user=postgres --inputdir="$dir/isolation" $expect \
      --outputdir="$dir/isolation" --bindir="$("$PG_CONFIG" --bindir)" \
      --use-existing ${SPECS:---schedule="$dir/isolation/isolation_schedule"}
  ) > "$OUT/$name/log" 2>&1 < /dev/null || true
  grep -E 'terminated by signal|PANIC:|TRAP:' "$dir/log" > "$OUT/$name/problems" || true
  cluster_stop "$dir" immediate
  cp -r "$dir/isolation/results" "$OUT/$name/"
  cp "$dir/log" "$OUT/$name/server.log"
  echo "pgsuite_isolation: $name run, $(ls "$OUT/$name/results"/*.out | wc -l) specs, $((SECONDS - start)) s"
}

compare()
{
  local name rc=0
  for name in heap olap heap-index olap-index; do
    [ -d "$OUT/$name/results" ] || die "there are no results under $OUT/$name"
    if [ -s "$OUT/$name/problems" ]; then
      echo "pgsuite_isolation: problems of the $name run:"
      sed 's/^/  /' "$OUT/$name/problems"
      rc=1
    fi
  done
  perl test/pgsuite/compare_isolation.pl $PROPOSE "$OUT" "$LIST" || rc=1
  return $rc
}

if [ -n "$RUN" ]; then
  pg_source "$MAJOR" "$CACHE" src/test/isolation
  mkdir -p "$OUT"
  work_create
  pg_private_install "$WORK/pg"
  make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all > "$OUT/build.log" 2>&1 &&
    make -s PG_CONFIG="$PG_CONFIG" install >> "$OUT/build.log" 2>&1 || {
    tail -20 "$OUT/build.log"
    die "olap does not build"
  }
  run_suite heap
  run_suite olap
  run_suite heap index
  run_suite olap index
fi
compare
