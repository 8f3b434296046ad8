# scripts/cluster.sh: private throw-away PostgreSQL clusters, for tests and demos.
#
# Source it; it defines functions and runs nothing:
#
#   . "$(dirname "$0")/cluster.sh"
#   work_create                    # WORK: a temporary folder the server's user owns
#   pg_private_install "$WORK/pg"  # a copy of the server to install olap into
#   make PG_CONFIG="$PG_CONFIG" install
#   cluster_create "$WORK/main" "work_mem = '64MB'"
#   cluster_start "$WORK/main"
#   cluster_use "$WORK/main"       # PGHOST, PGPORT, PGUSER for psql
#   ...
#   cluster_stop "$WORK/main"      # or nothing: work_create cleans up on exit
#
# A cluster listens on a Unix socket in its own folder only, so that no two ever
# meet on a port. As root the server runs as user postgres. Only servers whose
# data directory lies under WORK are ever stopped, each by its own pid.

: "${PG_MAJOR:=}"

# The pg_config to build with: the caller's, or PG_MAJOR's, or Debian's 15.
pg_default_config()
{
  local v
  for v in $PG_MAJOR 15 17 18 16; do
    if [ -x "/usr/lib/postgresql/$v/bin/pg_config" ] &&
      [ -e "$("/usr/lib/postgresql/$v/bin/pg_config" --pgxs)" ]; then
      echo "/usr/lib/postgresql/$v/bin/pg_config"
      return
    fi
  done
  command -v pg_config || return 1
}

# Run a command as the user the server runs as, away from unreadable folders.
as_server()
{
  if [ "$(id -u)" = 0 ]; then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# Create WORK, owned by the server's user, and see that it goes on exit with
# every server in it. KEEP_WORK=1 keeps the folder. on_exit, if the caller
# defines it, runs first.
work_create()
{
  WORK=$(mktemp -d "${TMPDIR:-/tmp}/olap-XXXXXX")
  chmod 755 "$WORK"
  if [ "$(id -u)" = 0 ]; then
    chown postgres "$WORK"
  fi
  trap work_exit EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
}

work_exit()
{
  local rc=$?
  trap - EXIT
  trap '' INT TERM HUP
  if declare -F on_exit > /dev/null; then
    on_exit "$rc" || true
  fi
  work_stop_servers
  if [ -n "${KEEP_WORK:-}" ]; then
    echo "kept: $WORK"
  else
    rm -rf "$WORK"
  fi
  exit "$rc"
}

# Stop every server whose data directory is under WORK, whoever started it.
# Prints how many there were.
work_stop_servers()
{
  local file pid n=0 i
  while IFS= read -r file; do
    pid=$(head -1 "$file" 2> /dev/null) || continue
    if [ -n "$pid" ] && [ "$(readlink -f "/proc/$pid/cwd" 2> /dev/null)" = \
      "$(readlink -f "$(dirname "$file")")" ]; then
      kill -QUIT "$pid" 2> /dev/null || continue
      n=$((n + 1))
      for i in $(seq 100); do
        kill -0 "$pid" 2> /dev/null || break
        sleep 0.1
      done
      kill -KILL "$pid" 2> /dev/null || true
    fi
  done < <(find "$WORK" -name postmaster.pid 2> /dev/null)
  [ "$n" = 0 ] || echo "stopped $n left-over server(s)"
}

# Make DIR a copy of the server that PG_CONFIG belongs to, and point PG_CONFIG at
# it. Programs are copied, because the server finds its files relative to its own
# place; the rest are links. Installing an extension there leaves the machine's
# own server alone and needs no privilege.
pg_private_install()
{
  local dir=$1 config=${PG_CONFIG:?} d seen=
  for d in $("$config" --bindir) $("$config" --pkglibdir) $("$config" --sharedir); do
    mkdir -p "$dir$d"
    if [ "$d" = "$("$config" --bindir)" ]; then
      cp -pL "$d"/* "$dir$d/"
    else
      cp -as "$(readlink -f "$d")/." "$dir$d/"
    fi
  done
  for d in $("$config" --includedir-server) $("$config" --libdir); do
    [ -e "$dir$d" ] && continue
    mkdir -p "$(dirname "$dir$d")"
    ln -s "$d" "$dir$d"
  done
  find "$dir" -name 'olap*' -type l -delete
  PG_CONFIG=$dir$("$config" --bindir)/pg_config
  export PG_CONFIG
}

# cluster_create DIR [SETTING ...]: initdb, and the settings every test needs.
cluster_create()
{
  local dir=$1 bin
  shift
  bin=$("$PG_CONFIG" --bindir)
  if [ "$(id -u)" = 0 ]; then
    install -d -o postgres "$dir"
  else
    mkdir -p "$dir"
  fi
  as_server "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 \
    --locale=C.UTF-8 --no-sync > "$dir/initdb.log" 2>&1 || {
    cat "$dir/initdb.log" >&2
    return 1
  }
  {
    echo "listen_addresses = ''"
    echo "unix_socket_directories = '$dir'"
    echo "shared_preload_libraries = 'olap'"
    echo "fsync = off"
    echo "max_prepared_transactions = 10"
    echo "log_line_prefix = '%m [%p] %q%d '"
    [ $# -eq 0 ] || printf '%s\n' "$@"
  } | as_server tee -a "$dir/data/postgresql.conf" > /dev/null
}

cluster_start()
{
  local dir=$1
  as_server "$("$PG_CONFIG" --bindir)/pg_ctl" -D "$dir/data" -l "$dir/log" \
    -w -t 60 start > "$dir/start.log" 2>&1 || {
    cat "$dir/start.log" "$dir/log" >&2
    return 1
  }
}

# cluster_stop DIR [fast|immediate|smart]
cluster_stop()
{
  as_server "$("$PG_CONFIG" --bindir)/pg_ctl" -D "$1/data" -m "${2:-fast}" \
    -w -t 60 stop > /dev/null
}

# The postmaster's pid, nothing when it does not run.
cluster_pid()
{
  local pid
  pid=$(head -1 "$1/data/postmaster.pid" 2> /dev/null) || return 0
  ! kill -0 "$pid" 2> /dev/null || echo "$pid"
}

# What a crash of the machine would leave: every server process is killed.
cluster_kill()
{
  local pid
  pid=$(cluster_pid "$1")
  [ -n "$pid" ] || return 1
  kill -KILL "$pid" $(ps -o pid= --ppid "$pid") 2> /dev/null || true
  while kill -0 "$pid" 2> /dev/null; do
    sleep 0.05
  done
}

cluster_use()
{
  PATH=$("$PG_CONFIG" --bindir):$PATH
  PGHOST=$1 PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
  export PATH PGHOST PGPORT PGUSER PGDATABASE
}

cluster_destroy()
{
  [ -z "$(cluster_pid "$1")" ] || cluster_stop "$1" immediate
  rm -rf "$1"
}
