#!/bin/bash
# The promise of the README, tried on a bare system: `make demo` and `make check`
# run in a fresh clone with only git and make installed, more than once, and leave
# nothing behind. Run by scripts/chroot.sh --bare as the first process of its own
# namespaces: it installs packages, and counts every process it sees as a leftover.
#
#   scripts/fresh.sh                  as root: demo demo check check
#   scripts/fresh.sh TARGET ...       these targets, in turn
#   scripts/fresh.sh --user [...]     as an ordinary user with sudo, on a machine that
#                                     has a PostgreSQL of its own running
#
# After each run: no process (so no port), no System V or POSIX shared memory; no
# file outside of the clone but installed packages and what the documentation
# names: the demo's folder in /tmp, and ~/.cache/olap. The second run of a target
# must not change any other file of the whole system. After all: clean-demo.
#
# The last line is "N passed, N failed, N skipped".
set -euo pipefail

REPO=/srv/olap.git
LOGS=/var/log/olap-fresh
USER_NAME=root HOME_DIR=/root
if [ "${1:-}" = --user ]; then
  USER_NAME=visitor HOME_DIR=/home/visitor
  shift
fi
[ $# -gt 0 ] || set -- demo demo check check
CLONE=$HOME_DIR/olap
DEMO_DIR=/tmp/olap-demo-$USER_NAME
PASSED=0 FAILED=0

[ $$ = 1 ] || { echo "fresh: run me through scripts/chroot.sh 15 --bare" >&2; exit 2; }

result()    # RC NAME
{
  if [ "$1" = 0 ]; then
    PASSED=$((PASSED + 1))
    echo "ok - $2"
  else
    FAILED=$((FAILED + 1))
    echo "not ok - $2"
  fi
}

# The output of a command must be empty.
nothing()   # NAME COMMAND ...
{
  local name=$1 out
  shift
  out=$("$@" 2>&1) || true
  if [ -z "$out" ]; then result 0 "$name"; else result 1 "$name"; fi
  [ -z "$out" ] || sed 's/^/    /' <<< "$out" | head -20
}

as_user()
{
  if [ "$USER_NAME" = root ]; then
    "$@"
  else
    runuser -u "$USER_NAME" -- env HOME="$HOME_DIR" USER="$USER_NAME" "$@"
  fi
}

# Every process but this shell, what it runs for this question, and the machine's
# own PostgreSQL, whose processes are in $LOGS/own.
processes()
{
  local p pid ppid
  for p in /proc/[0-9]*; do
    pid=${p#/proc/}
    ppid=$(sed -n 's/^PPid:\t//p' "$p/status" 2> /dev/null) || continue
    [ "$pid" != 1 ] && [ "$pid" != "$BASHPID" ] && [ "$ppid" != "$BASHPID" ] || continue
    [ -z "$OWN_PID" ] || { [ "$pid" != "$OWN_PID" ] && [ "$ppid" != "$OWN_PID" ]; } || continue
    echo "$pid $(tr '\0' ' ' < "$p/cmdline" 2> /dev/null)"
  done
}

shared_memory()
{
  awk -v own="${OWN_PID:-0}" 'NR > 1 && $5 != own && $6 != own' /proc/sysvipc/shm
  # The machine's own server keeps what it had when it was started.
  ls /dev/shm | grep -vxF -f "$LOGS/own-shm" || true
}

# Paths with time of change; not those a run may change. A folder's own time tells
# nothing that its contents don't.
snapshot()
{
  find / -xdev \( -path "$CLONE" -o -path "$DEMO_DIR" -o -path "$HOME_DIR/.cache/olap" \
    -o -path "$LOGS" -o -path /proc -o -path /sys -o -path /dev -o -path /var/log \
    -o -path /var/lib/postgresql -o -path /run/sudo -o -path /var/lib/sudo \) -prune -o \
    ! -type d -printf '%p %s %T@\n' -o -type d -printf '%p\n' | sort
}

# What a first run left where packages put nothing.
strays()
{
  find /tmp /var/tmp "$HOME_DIR" /home /srv /opt /mnt /work /run/postgresql \
    /var/lib/postgresql /etc/postgresql -mindepth 1 \
    \( -path "$CLONE" -o -path "$DEMO_DIR" -o -path "$HOME_DIR/.cache/olap" \
    -o -path "$REPO" -o -path /var/lib/postgresql/15/main \) -prune -o -print 2> /dev/null | sort -u |
    grep -vxF -f "$LOGS/before" | grep -vx "$HOME_DIR/.cache" || true
}

# The machine's own PostgreSQL: running, with a table, before anything of ours.
own_start()
{
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends \
    postgresql sudo > "$LOGS/own.log" 2>&1
  useradd -m -s /bin/bash "$USER_NAME"
  echo "127.0.0.1 localhost $(hostname)" >> /etc/hosts
  echo "$USER_NAME ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/visitor
  pg_ctlcluster 15 main start
  OWN_PID=$(head -1 /var/lib/postgresql/15/main/postmaster.pid)
  own_sql "CREATE TABLE mine AS SELECT g FROM generate_series(1, 1000) g" > /dev/null
  own_state > "$LOGS/own"
}

own_sql() { (cd / && runuser -u postgres -- psql -XqAt -c "$1"); }

own_state()
{
  head -1 /var/lib/postgresql/15/main/postmaster.pid
  own_sql "SELECT count(*), sum(g) FROM mine"
  own_sql "SELECT extname FROM pg_extension UNION ALL SELECT datname FROM pg_database
    UNION ALL SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'"
  own_sql "SELECT name FROM pg_available_extensions WHERE name ~ 'olap'"
  own_sql "SELECT name, setting FROM pg_settings WHERE source = 'configuration file'"
  (cd /etc/postgresql && find . -type f -exec md5sum {} + | sort)
}

# Files of ours in the places of the machine's own server.
ours_in_server() { find /usr/lib/postgresql /usr/share/postgresql -name '*olap*'; }

leftovers() # RUN
{
  nothing "$1: no process is left" processes
  nothing "$1: no shared memory is left" shared_memory
  nothing "$1: nothing is left in /tmp, home, /run and the like" strays
  nothing "$1: nothing in the machine's PostgreSQL" ours_in_server
  [ -z "$OWN_PID" ] || nothing "$1: the machine's own cluster is as it was" \
    diff <(own_state) "$LOGS/own"
}

run_target() # NUMBER TARGET
{
  local run="$1 make $2" log=$LOGS/$1-$2.log rc=0 start=$SECONDS again=
  ! grep -qx "$2" "$LOGS/seen" || again=1
  echo "$2" >> "$LOGS/seen"
  [ -z "$again" ] || snapshot > "$LOGS/files"
  # Not through a pipe: a process that is left would hold it open for ever.
  as_user env -C "$CLONE" make "$2" < /dev/null > "$log" 2>&1 || rc=$?
  sed 's/^/    /' "$log"
  result "$rc" "$run: $((SECONDS - start)) s, ends with: $(sed 's/\x1b\[[0-9;]*m//g' "$log" | tail -1)"
  if [ "$2" = check ]; then
    nothing "$run: nothing was skipped" sed -n '/^[0-9]* passed.* [1-9][0-9]* skipped$/p' "$log"
  fi
  leftovers "$run"
  if [ -n "$again" ]; then
    nothing "$run: no other file of the system changed" diff "$LOGS/files" <(snapshot)
  fi
  nothing "$run: git sees no change in the clone" as_user git -C "$CLONE" status --porcelain
}

main()
{
  local n=0 target
  trap 'exit 130' INT TERM HUP
  OWN_PID=
  mkdir -p "$LOGS"
  : > "$LOGS/own-shm"
  : > "$LOGS/seen"
  if [ "$USER_NAME" != root ]; then
    own_start
    ls /dev/shm > "$LOGS/own-shm"
    chown -R "$USER_NAME" "$REPO"
  fi
  find / -xdev -path /proc -prune -o -print > "$LOGS/before"
  as_user git clone -q "$REPO" "$CLONE"
  echo "fresh: $(. /etc/os-release && echo "$PRETTY_NAME"), $(dpkg -l | grep -c ^ii) packages, as $USER_NAME, commit $(as_user git -C "$CLONE" log -1 --format='%h %s')"
  for target in "$@"; do
    n=$((n + 1))
    run_target "$n" "$target"
  done
  case " $* " in
    *" demo "*)
      as_user make -s -C "$CLONE" clean-demo
      nothing "make clean-demo removes the demo's folder" find /tmp -mindepth 1
      ;;
  esac
  if [ -n "$OWN_PID" ]; then
    pg_ctlcluster 15 main stop
  fi
  echo "$PASSED passed, $FAILED failed, 0 skipped"
  [ "$FAILED" = 0 ]
}

main "$@"
