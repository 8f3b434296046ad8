#!/bin/bash
# Run the tests on another server version, in a chroot of the Debian release that
# has it: 17 in Debian 13 (trixie), 18 in sid, 15 in Debian 12 (bookworm).
#
#   scripts/chroot.sh 17            build the chroot if there is none, run the tests
#   scripts/chroot.sh 18 --fresh    make the chroot anew first
#   scripts/chroot.sh 17 -- CMD ... run a command in the copied tree instead
#   scripts/chroot.sh 17 --share DIR -- CMD ...    the same, DIR is /mnt there
#   scripts/chroot.sh 15 --bare     a bare system made anew, with git and make only:
#                                   scripts/fresh.sh tries the demo and the tests in a
#                                   clone, as root; -- scripts/fresh.sh --user for others
#
# The chroot is kept under ${XDG_CACHE_HOME:-~/.cache}/olap. The tests run there
# as an ordinary user, in mount and process namespaces of their own: nothing they
# mount or start outlives them. Exit status 77: it cannot be done here, and the
# last line says why.
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
PARTS=build,unit,regress,parallel,isolation,tap

skip() { echo "$*"; exit 77; }

usage() { sed -n '5,11p' "$0" | sed 's/^# *//' >&2; exit 2; }

[ $# -ge 1 ] || usage
MAJOR=$1
shift
case $MAJOR in
  15) SUITE=bookworm ;;
  17) SUITE=trixie ;;
  18) SUITE=sid ;;
  *) usage ;;
esac
FRESH= BARE= SHARE=
case ${1:-} in
  --fresh) FRESH=1; shift ;;
  --bare) FRESH=1 BARE=1; shift ;;
  --share) SHARE=$(cd "${2:?--share needs a folder}" && pwd); shift 2 ;;
esac
if [ "${1:-}" = -- ]; then
  shift
  [ $# -gt 0 ] || usage
elif [ $# -gt 0 ]; then
  usage
fi

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/olap
DIR=$CACHE/chroot-$MAJOR${BARE:+-bare}

# The mirror this machine is set up with.
mirror()
{
  local uri
  uri=$(cat /etc/apt/sources.list.d/*.sources 2> /dev/null |
    sed -n 's/^URIs: *\([^ ]*\).*/\1/p' | grep '/debian/*$' | head -1)
  if [ -z "$uri" ]; then
    uri=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
      sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | grep '/debian/*$' | head -1)
  fi
  echo "$uri"
}

make_chroot()
{
  local start=$SECONDS new=$DIR.new mirror proxy
  mirror=$(mirror)
  [ -n "$mirror" ] || skip "no Debian mirror in this machine's apt sources"
  "$ROOT/scripts/setup.sh" chroot || skip "debootstrap cannot be installed"
  proxy=$(apt-config dump Acquire::http::Proxy | sed -n 's/.*"\(.*\)";/\1/p')
  if [ -n "$proxy" ]; then
    export http_proxy=$proxy
  fi
  rm -rf "$DIR" "$new"
  mkdir -p "$CACHE"
  if ! debootstrap --variant=minbase "$SUITE" "$new" "$mirror" > "$CACHE/debootstrap-$MAJOR.log" 2>&1; then
    tail -5 "$CACHE/debootstrap-$MAJOR.log"
    rm -rf "$new"
    skip "debootstrap of $SUITE failed"
  fi
  # sid's Release file may be past its date on a mirror that stands still.
  echo 'Acquire::Check-Valid-Until "false";' > "$new/etc/apt/apt.conf.d/99olap"
  grep -rhsi 'proxy' /etc/apt/apt.conf.d /etc/apt/apt.conf >> "$new/etc/apt/apt.conf.d/99olap" || true
  printf '#!/bin/sh\nexit 101\n' > "$new/usr/sbin/policy-rc.d"
  chmod 755 "$new/usr/sbin/policy-rc.d"
  # Whom this machine trusts beside Debian's list, say a proxy, is trusted there.
  if ls /usr/local/share/ca-certificates/*.crt > /dev/null 2>&1; then
    install -D -m 644 -t "$new/usr/local/share/ca-certificates" /usr/local/share/ca-certificates/*.crt
  fi
  mkdir -p "$new/work"
  mv "$new" "$DIR"
  echo "chroot: $SUITE made in $((SECONDS - start)) s"
}

# Run a command in the chroot as root, alone in its namespaces. Their first process
# must bury orphans as init does, or a killed postmaster stays a zombie that looks
# alive: a shell that waits does it. fresh.sh is the first process itself.
enter()
{
  9>&- unshare --mount --pid --ipc --fork --kill-child bash -c '
    set -e
    mount --make-rprivate /
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$0/dev/shm"
    '"${SHARE:+mount --bind \"$SHARE\" \"\$0/mnt\"}"'
    cp -L /etc/resolv.conf "$0/etc/resolv.conf" 2> /dev/null || true
    '"${BARE:+exec}"' chroot "$0" /usr/bin/env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 LANG=C.UTF-8 \
      PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
      FUZZ_SECONDS="${FUZZ_SECONDS:-}" TESTS="${TESTS:-*}" PG_MAJOR='"$MAJOR"' "$@"
    exit $?' \
    "$DIR" "$@"
}

# The tree as it is, without what git ignores; objects built there before stay. They
# may be of another tree: so a file that is as it was keeps its time, any other is
# new, whatever its own time, or make would take old objects for new ones.
copy_tree()
{
  local dest=$DIR/work/olap fresh=$DIR/work/fresh file
  rm -rf "$fresh"
  mkdir -p "$dest" "$fresh"
  tar -C "$ROOT" --exclude=./.git --exclude=./build --exclude='*.o' \
    --exclude='*.d' --exclude='*.so' --exclude=node_modules \
    --exclude=tmp_check -cf - . | tar -C "$fresh" --no-same-owner -xmf -
  while IFS= read -r -d '' file; do
    ! cmp -s "$fresh/$file" "$dest/$file" || touch -r "$dest/$file" "$fresh/$file"
  done < <(cd "$fresh" && find . -type f -print0)
  find "$dest" -path "$dest/build" -prune -o -type f \
    ! -name '*.o' ! -name '*.d' ! -name '*.so' -exec rm -f {} +
  cp -a "$fresh/." "$dest/"
  rm -rf "$fresh"
  chmod -R u+rwX,go+rX "$dest"
}

[ "$(id -u)" = 0 ] || skip "a chroot needs root"
# One at a time in a chroot; what an interrupted run left in its /tmp goes.
mkdir -p "$CACHE"
exec 9> "$DIR.lock"
flock 9
unshare --mount --pid --ipc --fork true 2> /dev/null || skip "this machine does not allow namespaces"
if [ -n "$FRESH" ] || [ ! -d "$DIR" ]; then
  make_chroot
fi
start=$SECONDS
find "$DIR/tmp" -mindepth 1 -delete
if [ -n "$BARE" ]; then
  enter sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends git make' \
    > "$CACHE/bare.log" 2>&1 || { tail -5 "$CACHE/bare.log"; exit 1; }
  git -C "$ROOT" diff --quiet HEAD || echo "chroot: changes that are not committed are not tried"
  git clone -q --bare --no-hardlinks "$ROOT" "$DIR/srv/olap.git"
  chown -R 0:0 "$DIR/srv/olap.git"
  cp "$ROOT/scripts/fresh.sh" "$DIR/srv/"
  [ $# -gt 0 ] || set -- scripts/fresh.sh
  [ "$1" != scripts/fresh.sh ] || { shift; set -- bash /srv/fresh.sh "$@"; }
  rc=0
  enter "$@" || rc=$?
  exit "$rc"
fi
copy_tree
enter sh -c 'cd /work/olap && scripts/setup.sh base' ||
  { echo "the packages of $SUITE cannot be installed"; exit 1; }
# Not a user named olap: "$user" in its search_path would be our own schema.
enter sh -c 'id tester > /dev/null 2>&1 || useradd -m tester; chown -R tester /work/olap '"${SHARE:+/mnt}"
echo "chroot: ready after $((SECONDS - start)) s"
if [ $# -gt 0 ]; then
  enter runuser -u tester -- env -C /work/olap HOME=/home/tester "$@"
else
  enter runuser -u tester -- env -C /work/olap HOME=/home/tester \
    scripts/check.sh --no-setup --only "$PARTS"
fi
