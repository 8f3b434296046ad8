#!/bin/bash
# Install the Debian packages that building, testing and measuring need.
#
#   scripts/setup.sh            what building and `make check` need
#   scripts/setup.sh kafka      a Java runtime and Maven, for the real broker
#   scripts/setup.sh bench      node and npm, for the other engine of the bench
#   scripts/setup.sh chroot     debootstrap, for the other server versions
#   scripts/setup.sh sqlsmith   the generator of random queries
#
# Several sets may be named. Nothing is done, and no privilege asked for, when
# all of a set is there. PG_MAJOR selects the server (default: the release's own).
# A server package that comes in through here makes no cluster of its own.
set -euo pipefail

say() { echo "setup: $*"; }
die() { echo "setup: $*" >&2; exit 1; }

as_root()
{
  if [ "$(id -u)" = 0 ]; then
    "$@"
  else
    command -v sudo > /dev/null || die "run as root (or install sudo): $*"
    sudo "$@"
  fi
}

apt_get()
{
  as_root env DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1 \
    apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=600 "$@"
}

updated=
update_lists()
{
  [ -z "$updated" ] || return 0
  apt_get update > /dev/null || say "apt-get update failed; trying with the lists there are"
  updated=1
}

# The upstream and Debian version a package is installed in, empty if it is not.
installed_version()
{
  dpkg-query -W -f '${db:Status-Abbrev}${source:Version}' "$1" 2> /dev/null |
    sed -n 's/^ii *//p'
}

missing_of()
{
  local p
  for p in "$@"; do
    [ -n "$(installed_version "$p")" ] || echo "$p"
  done
}

# The major version of the distribution's own server.
default_major()
{
  local v
  v=$(apt-cache depends postgresql 2> /dev/null |
    sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)
  echo "${v:-18}"
}

# clang's runtime (sanitizers, libFuzzer) is named after clang's version.
clang_runtime()
{
  apt-cache depends clang 2> /dev/null |
    sed -n 's/.*Depends: clang-\([0-9]*\)$/libclang-rt-\1-dev/p' | head -1
}

install_packages()
{
  local missing start=$SECONDS
  missing=$(missing_of "$@")
  [ -n "$missing" ] || return 0
  update_lists
  say "installing" $missing
  apt_get install -y --no-install-recommends $missing > /tmp/olap-setup.$$ 2>&1 || {
    cat /tmp/olap-setup.$$ >&2
    rm -f /tmp/olap-setup.$$
    die "apt-get could not install:" $missing
  }
  rm -f /tmp/olap-setup.$$
  say "installed in $((SECONDS - start)) s"
}

setup_base()
{
  local conf=/etc/postgresql-common/createcluster.conf major runtime
  local packages

  major=${PG_MAJOR:-}
  if [ -z "$major" ]; then
    case $(. /etc/os-release && echo "${VERSION_ID:-}") in
      12) major=15 ;;
      13) major=17 ;;
    esac
  fi
  if [ -z "$major" ]; then
    [ -n "$(installed_version postgresql-common)" ] || update_lists
    major=$(default_major)
  fi
  if [ -z "$(installed_version postgresql-common)" ] && [ ! -e "$conf" ]; then
    as_root mkdir -p "$(dirname "$conf")"
    echo 'create_main_cluster = false' | as_root tee "$conf" > /dev/null
  fi
  packages="postgresql-$major postgresql-client-$major
    postgresql-server-dev-$major libpq-dev librdkafka-dev libsimdjson-dev
    libzstd-dev liblz4-dev libicu-dev gcc g++ make perl libipc-run-perl python3-psycopg2 clang
    jq procps bzip2"
  install_packages $packages
  if ! ls /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-*.a > /dev/null 2>&1; then
    runtime=$(clang_runtime)
  fi
  if [ -n "${runtime:-}" ]; then
    install_packages "$runtime"
  fi

  # Client and server come from one source package; a client library of another
  # minor version breaks the server's own test programs.
  local server client
  server=$(installed_version "postgresql-$major")
  client=$(installed_version libpq5)
  if [ "$server" != "$client" ] && [ "${server%%.*}" = "${client%%.*}" ]; then
    update_lists
    apt_get install -y --no-install-recommends libpq5 libpq-dev "postgresql-$major" \
      "postgresql-client-$major" "postgresql-server-dev-$major" > /dev/null ||
      say "could not bring libpq5 and postgresql-$major to one minor version"
  fi
}

setup_kafka()
{
  local want=
  command -v java > /dev/null || want="openjdk-17-jre-headless"
  if [ -n "$want" ] && [ -z "$(apt-cache policy "$want" 2> /dev/null | sed -n '/Candidate: [^(]/p')" ]; then
    update_lists
    [ -n "$(apt-cache policy "$want" | sed -n '/Candidate: [^(]/p')" ] || want=default-jre-headless
  fi
  command -v mvn > /dev/null || want="$want maven"
  command -v openssl > /dev/null || want="$want openssl"
  [ -n "$want" ] || return 0
  install_packages $want
  # What the packages' own scripts leave when they run Java.
  as_root rmdir /tmp/hsperfdata_root 2> /dev/null || true
}

setup_bench()
{
  local want=
  command -v node > /dev/null || want="nodejs"
  command -v npm > /dev/null || want="$want npm"
  install_packages $want
}

setup_chroot()
{
  install_packages debootstrap debian-archive-keyring
}

main()
{
  local set
  [ $# -gt 0 ] || set -- base
  if ! command -v apt-get > /dev/null; then
    die "no apt-get here. Install by hand: PostgreSQL 15-18 with server headers, librdkafka, simdjson, zstd, lz4, gcc, g++, make, clang, perl with IPC::Run; then set PG_CONFIG."
  fi
  for set in "$@"; do
    case $set in
      base) setup_base ;;
      kafka) setup_kafka ;;
      bench) setup_bench ;;
      chroot) setup_chroot ;;
      sqlsmith) install_packages sqlsmith ;;
      *) die "unknown set \"$set\" (base, kafka, bench, chroot, sqlsmith)" ;;
    esac
  done
  say "$* ready"
}

main "$@"
