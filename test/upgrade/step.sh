#!/bin/bash
# One step of the test of pg_upgrade (scripts/upgrade.sh): all that is passed on lies in
# the folder SHARE.
#
#   step.sh fill SHARE              a cluster of this server's version, filled
#   step.sh upgrade OLD SHARE MODE  the cluster of version OLD becomes one of this
#                                   version's (MODE: copy, link)
#
# Each leaves its server (programs, libraries) and its stopped cluster for the next.
set -euo pipefail

cd "$(dirname "$0")/../.."
. scripts/cluster.sh
HERE=$PWD/test/upgrade

say() { echo "upgrade: $*"; }

# The server with the extension, where another system can run it: the files of the
# private copy, and the shared libraries that they need beside the C library's.
pack()
{
  local to=$SHARE/pg$MAJOR dir
  mkdir -p "$to/libs"
  for dir in $("$PG_CONFIG" --bindir) $("$PG_CONFIG" --pkglibdir) $("$PG_CONFIG" --sharedir); do
    mkdir -p "$to${dir#"$WORK/pg"}"
    cp -rL "$dir/." "$to${dir#"$WORK/pg"}/"
  done
  { find "$to" -type f \( -path '*/bin/*' -o -name '*.so' \) -exec ldd {} + 2> /dev/null || true; } |
    sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' | sort -u |
    grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv)\.so' | xargs -I{} cp -L {} "$to/libs/"
  chmod -R a+rX "$to"
}

# Of another version's libraries those that this system has no other of.
old_libraries()
{
  local lib to=$WORK/libs
  mkdir -p "$to"
  for lib in "$SHARE/pg$OLD"/libs/*; do
    ldconfig -p | grep -q "^[[:space:]]*$(basename "$lib") " || ln -s "$lib" "$to/"
  done
  echo "$to"
}

new_cluster()
{
  as_server "$BIN/initdb" -D "$DATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
    --data-checksums > "$WORK/initdb.log" 2>&1 || { cat "$WORK/initdb.log"; exit 1; }
  as_server tee -a "$DATA/postgresql.conf" > /dev/null << EOT
listen_addresses = ''
unix_socket_directories = '$WORK'
shared_preload_libraries = 'olap'
olap.maintenance_naptime = 1
olap.maintenance_interval = 1
EOT
}

start() { as_server "$BIN/pg_ctl" -D "$DATA" -o "-k $WORK" -l "$WORK/log" -w start > /dev/null || { cat "$WORK/log"; exit 1; }; }
stop() { as_server "$BIN/pg_ctl" -D "$DATA" -w stop > /dev/null; }
sql() { as_server "$BIN/psql" -X -q -A -t -h "$WORK" -p 5432 -U postgres -d postgres "$@"; }

# The facts of the cluster into a file; no fault must be among them.
facts()
{
  sql -f "$HERE/facts.sql" > "$1"
  grep -q '^0$' "$1" || { cat "$1"; say "the heap twin differs"; exit 1; }
}

fill()
{
  new_cluster
  start
  sql -f "$HERE/fill.sql" > /dev/null
  sql -c 'SELECT * FROM olap.segments('"'events'"')' > "$SHARE/segments$MAJOR"
  facts "$SHARE/facts$MAJOR"
  stop
  say "a cluster of $MAJOR with $(wc -l < "$SHARE/segments$MAJOR") places in one table"
}

# Minor releases of November 2026 mark columns with an option that older ones refuse, of
# any table. Debian's sid has an older 18: for it the marks are taken off.
drop_marks()
{
  local ctl="$OLDBIN/pg_ctl -D $SHARE/data$OLD -w"
  if ! grep -q pg_attver "$OLDBIN/postgres" || grep -q pg_attver "$BIN/postgres"; then
    return 0
  fi
  say "$("$BIN/postgres" --version) is older than $OLD's option pg_attver, which is removed"
  export LD_LIBRARY_PATH=$LIBS
  $ctl -o "-k $WORK -c olap.maintenance=off" -l "$WORK/log" start > /dev/null
  sql -c "UPDATE pg_attribute SET attoptions = NULL WHERE attoptions::text LIKE '%pg_attver%'"
  $ctl stop > /dev/null
  unset LD_LIBRARY_PATH
}

upgrade()
{
  local rc=0
  OLDBIN=$SHARE/pg$OLD/usr/lib/postgresql/$OLD/bin
  LIBS=$(old_libraries)
  drop_marks
  new_cluster
  mkdir "$WORK/run"
  (cd "$WORK/run" && LD_LIBRARY_PATH=$LIBS "$BIN/pg_upgrade" -U postgres -b "$OLDBIN" -B "$BIN" \
    -d "$SHARE/data$OLD" -D "$DATA" -s "$WORK" --"$MODE") > "$WORK/pg_upgrade.log" 2>&1 || rc=$?
  if [ "$rc" != 0 ]; then
    cat "$WORK/pg_upgrade.log"
    find "$DATA" "$WORK/run" -name '*.log' -path '*upgrade*' -size +0 -exec grep -hE -A12 '(error|ERROR|FATAL):' {} + | head -60
    exit 1
  fi
  start
  facts "$SHARE/facts$MAJOR-upgraded"
  diff "$SHARE/facts$OLD" "$SHARE/facts$MAJOR-upgraded" || { say "$OLD to $MAJOR: facts differ"; exit 1; }
  say "$OLD to $MAJOR by $MODE: rows, options, indexes, freeze limits and the pipeline are the same"
  sql -f "$HERE/more.sql" > "$WORK/more" 2>&1 || { cat "$WORK/more"; say "$MAJOR: further writes fail"; exit 1; }
  grep -q 23505 "$WORK/more" && grep -q 23503 "$WORK/more" && grep -qx t "$WORK/more" ||
    { cat "$WORK/more"; say "$MAJOR: keys or freezing do not work"; exit 1; }
  facts "$SHARE/facts$MAJOR"
  stop
  as_server "$BIN/pg_checksums" --check -D "$DATA" > /dev/null
  say "$MAJOR: writes go on"
}

COMMAND=$1
if [ "$COMMAND" = fill ]; then
  SHARE=$2
else
  OLD=$2 SHARE=$3 MODE=$4
fi
PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
MAJOR=$("$PG_CONFIG" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
DATA=$SHARE/data$MAJOR
work_create
pg_private_install "$WORK/pg"
make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" install > "$WORK/make.log" 2>&1 || { cat "$WORK/make.log"; exit 1; }
BIN=$("$PG_CONFIG" --bindir)
"$COMMAND"
pack
