# scripts/pgsource.sh: the source of the server, for the suites that come with it.
#
# Source it; it defines a function and runs nothing:
#
#   . "$(dirname "$0")/pgsource.sh"
#   pg_source 15 /usr/src/cache src/test/isolation   # SOURCE: the unpacked tree
#
# It comes from Debian's source package, and is kept in the cache.

# The source package through apt, with lists and a sources file of our own, so
# that the machine's set-up stays as it is: the server's exact version if the
# archive has it, else the release's. PGSUITE_SOURCE names an unpacked tree to
# use instead.
pg_source()
{
  local major=$1 cache=$2 want=$3 apt opts version release try
  SOURCE=${PGSUITE_SOURCE:-$cache/source}
  [ ! -e "$SOURCE/$want" ] || return 0
  [ -z "${PGSUITE_SOURCE:-}" ] || {
    echo "pgsource: there is no $SOURCE/$want" >&2
    return 1
  }
  apt=$cache/apt
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$SOURCE"
  { cat /etc/apt/sources.list.d/*.sources 2> /dev/null || true; } |
    sed 's/^Types:.*/Types: deb-src/' > "$apt/src.sources"
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null || true; } |
    sed -n 's/^deb /deb-src /p' > "$apt/src.list"
  opts="-qq -o Dir::Etc::sourceparts=- -o Dir::State::lists=$apt/lists
    -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root -o Acquire::Retries=2"
  if [ -s "$apt/src.sources" ]; then
    opts="$opts -o Dir::Etc::sourcelist=$apt/src.sources"
  else
    opts="$opts -o Dir::Etc::sourcelist=$apt/src.list"
  fi
  if ! ls "$cache"/postgresql-*.orig.tar.* > /dev/null 2>&1; then
    apt-get $opts update || return 1
    version=$(dpkg-query -W -f '${source:Version}' "postgresql-$major")
    release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    for try in "=$version" ${release:+"/$release"} ""; do
      (cd "$cache" && apt-get $opts --download-only source "postgresql-$major$try") \
        2> /dev/null && break
    done
  fi
  tar -C "$SOURCE" --strip-components=1 --wildcards \
    -xf "$cache"/postgresql-*.orig.tar.* "*/$want" || {
    echo "pgsource: apt has no source package of postgresql-$major; PGSUITE_SOURCE=DIR names a source tree" >&2
    return 1
  }
}
