#!/bin/bash
# make check: build, and run every test; everything runs even if a part fails.
#
#   scripts/check.sh                   all parts
#   scripts/check.sh --only unit,tap   the named parts
#   scripts/check.sh --all             all parts, then the other server versions
#   scripts/check.sh --no-setup        install nothing first
#   TESTS='delta_*' scripts/check.sh --only regress,tap     some files of a part
#
# Parts: build layers unit fuzz clang regress parallel isolation tap kafka
#
# Nothing is installed into the machine's PostgreSQL: a private copy of it gets
# the extension, and servers run in a temporary folder (scripts/cluster.sh).
# The log of each part is kept under build/check/. The last line is
# "N passed, N failed, N skipped"; the exit status is 1 if anything failed.
#
# TESTS         shell pattern of the test files to run (default: all)
# FUZZ_SECONDS  how long each fuzz target runs (default 3)
# PG_MAJOR, PG_CONFIG  the server to build for (default: Debian's 15)
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

PARTS="build layers unit fuzz clang regress parallel isolation tap kafka"
ONLY=
ALL=
SETUP=1
JOBS=$(nproc)
TESTS=${TESTS:-*}
while [ $# -gt 0 ]; do
  case $1 in
    --only) ONLY=${2:?--only needs a list of parts}; shift ;;
    --all) ALL=1 ;;
    --no-setup) SETUP= ;;
    *) echo "check: unknown argument \"$1\"" >&2; exit 2 ;;
  esac
  shift
done
for part in ${ONLY//,/ }; do
  case " $PARTS " in
    *" $part "*) ;;
    *) echo "check: no part \"$part\" (there are: $PARTS)" >&2; exit 2 ;;
  esac
done

total_passed=0 total_failed=0 total_skipped=0
passed=0 failed=0 skipped=0
summary=
server_ready=

say() { echo "      $*"; }

# Count TAP (or, without any, the exit status) of one program's log.
#   count_tap LOG RC NAME
count_tap()
{
  local counts
  counts=$(awk -v rc="$2" '
    /^1\.\.0/ { skip++; plan = 0; planned = 1; next }
    /^1\.\.[0-9]+/ { plan = substr($0, 4) + 0; planned = 1; next }
    /^ok( |$)/ { seen++; if (toupper($0) ~ /# *SKIP/) skip++; else ok++; next }
    /^not ok/ { seen++; if (toupper($0) ~ /# *TODO/) skip++; else bad++; next }
    END {
      if (!planned && !seen) { if (rc == 0) ok = 1; else bad = 1 }
      else if (!planned || plan != seen + 0) bad++
      else if (rc != 0 && !bad) bad++
      print ok + 0, bad + 0, skip + 0
    }' "$1")
  set -- $counts "$3"
  passed=$((passed + $1))
  failed=$((failed + $2))
  skipped=$((skipped + $3))
  say "$4: $1 passed, $2 failed, $3 skipped"
}

# Show the interesting end of a log.
show_log()
{
  sed "s/^/      | /" "$1" | tail -"${2:-40}"
}

# A check that is one case: its command passes or fails.
one_case()   # NAME LOG COMMAND ...
{
  local name=$1 log=$2
  shift 2
  if "$@" > "$log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    say "$name: failed"
    show_log "$log"
  fi
}

# Call a function with the arguments given and each line of the input, JOBS at a time.
side_by_side()    # FUNCTION ARGUMENT ...
{
  export LOGS WORK
  export -f "$1"
  xargs -P "$JOBS" -I {} bash -c '"$@"' bash "$@" {}
}

copy_tree()  # DEST
{
  mkdir -p "$1"
  tar -C "$ROOT" --exclude=./.git --exclude=./build --exclude='*.o' \
    --exclude='*.d' --exclude='*.so' --exclude=node_modules \
    --exclude=tmp_check -cf - . | tar -C "$1" -xf -
}

# --- parts -------------------------------------------------------------------

part_build()
{
  one_case "build with gcc" "$LOGS/build-gcc.log" \
    make -s -j"$JOBS" PG_CONFIG="$PG_CONFIG" all tools
  one_case "install" "$LOGS/install.log" \
    make -s PG_CONFIG="$PG_CONFIG" install
  one_case "libraries" "$LOGS/libraries.log" check_libraries
}

# What the libraries give to and want from the process that loads them: names of
# our own only, and no Kafka client in the one that every server process has.
check_libraries()
{
  local lib foreign
  if readelf -d olap.so | grep -E 'NEEDED.*(rdkafka|simdjson|stdc)'; then
    echo "olap.so must not need these"
    return 1
  fi
  for lib in olap.so olap_kafka.so; do
    [ -e "$lib" ] || continue
    foreign=$(nm -D --defined-only "$lib" |
      awk '$3 !~ /^(olap_|pg_finfo_olap_|_PG_init$|_PG_fini$|Pg_magic_func$)/ { print $3 }')
    if [ -n "$foreign" ]; then
      echo "$lib exports:" $foreign
      return 1
    fi
  done
}

part_layers()
{
  one_case "layer check" "$LOGS/layers.log" scripts/check_layers.sh
  one_case "layer check self-test" "$LOGS/layers-self.log" \
    scripts/check_layers.sh --self-test
  one_case "META.json" "$LOGS/meta.log" scripts/check_meta.sh
  one_case "comparison of the server's suite" "$LOGS/pgsuite-self.log" \
    perl test/pgsuite/compare_test.pl
  [ "$failed" -gt 0 ] || say "$(tail -1 "$LOGS/layers.log")"
}

# Everything once more with clang, warnings as errors, in a tree of its own.
part_clang()
{
  if ! command -v clang > /dev/null; then
    skipped=$((skipped + 1))
    say "clang is not installed"
    return
  fi
  copy_tree build/clang
  one_case "build with clang" "$LOGS/build-clang.log" \
    make -s -C build/clang -j"$JOBS" CC=clang CXX=clang++ PG_CONFIG="$PG_CONFIG" all tools
}

run_unit()        # FLAVOR PROGRAM
{
  local log=$LOGS/unit-$1-$(basename "$2").log rc=0
  timeout 300 "$2" > "$log" 2>&1 < /dev/null || rc=$?
  echo "$rc" > "$log.rc"
}

part_unit()
{
  local flavor log rc t tests
  for flavor in plain sanitize; do
    log=$LOGS/unit-$flavor-build.log
    if ! make -s -C test/unit -j"$JOBS" FLAVOR=$flavor PG_CONFIG="$PG_CONFIG" \
      tests > "$log" 2>&1; then
      failed=$((failed + 1))
      say "unit tests ($flavor) do not build"
      show_log "$log"
      continue
    fi
    tests=$(make -s -C test/unit FLAVOR=$flavor PG_CONFIG="$PG_CONFIG" list-tests)
    side_by_side run_unit $flavor <<< "$tests"
    for t in $tests; do
      log=$LOGS/unit-$flavor-$(basename "$t").log
      rc=$(cat "$log.rc")
      count_tap "$log" "$rc" "$(basename "$t") ($flavor)"
      if [ "$rc" != 0 ]; then
        show_log "$log"
      fi
    done
  done
}

run_fuzzer()      # FLAVOR PROGRAM
{
  local name=$(basename "$2") rc=0 limits
  local log=$LOGS/$name.log corpus=$WORK/corpus/$name
  limits=-max_total_time=${FUZZ_SECONDS:-3}
  mkdir -p "$corpus"
  if [ -d "test/fuzz/corpus/${name#fuzz_}" ]; then
    cp -r "test/fuzz/corpus/${name#fuzz_}/." "$corpus/"
  fi
  if [ "$1" = fuzz ]; then
    timeout 300 "$2" $limits -rss_limit_mb=2048 -timeout=20 -artifact_prefix="$LOGS/$name-" \
      "$corpus" > "$log" 2>&1 < /dev/null || rc=$?
  else
    timeout 300 "$2" $limits > "$log" 2>&1 < /dev/null || rc=$?
  fi
  echo "$rc" > "$log.rc"
}

part_fuzz()
{
  local flavor=fuzz log rc t name runs tests
  if ! echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }' |
    clang -x c -fsanitize=fuzzer,address -o "$WORK/probe" - 2> /dev/null; then
    flavor=driver
    say "no libFuzzer here: random input without coverage guidance"
  fi
  log=$LOGS/fuzz-build.log
  if ! make -s -C test/unit -j"$JOBS" FLAVOR=$flavor PG_CONFIG="$PG_CONFIG" \
    fuzzers > "$log" 2>&1; then
    failed=$((failed + 1))
    say "fuzz targets do not build"
    show_log "$log"
    return
  fi
  tests=$(make -s -C test/unit FLAVOR=$flavor PG_CONFIG="$PG_CONFIG" list-fuzzers)
  side_by_side run_fuzzer $flavor <<< "$tests"
  for t in $tests; do
    name=$(basename "$t")
    log=$LOGS/$name.log
    rc=$(cat "$log.rc")
    runs=$(sed -n 's/^Done \([0-9]*\) runs.*/\1/p' "$log")
    if [ "$rc" = 0 ] && [ "${runs:-0}" -gt 0 ]; then
      passed=$((passed + 1))
      say "$name: $runs runs"
    else
      failed=$((failed + 1))
      say "$name: failed"
      show_log "$log"
    fi
  done
}

# What the server tests share: the extension installed in the private copy, and
# the test files where the server's user can read and write.
need_server()
{
  local pgxs t
  [ -z "$server_ready" ] || return 0
  make -s -j"$JOBS" PG_CONFIG="$PG_CONFIG" install > "$LOGS/install.log" 2>&1 || {
    failed=$((failed + 1))
    say "the extension does not install"
    show_log "$LOGS/install.log"
    return 1
  }
  pgxs=$("$PG_CONFIG" --pgxs)
  PGXS_TEST=${pgxs%/makefiles/pgxs.mk}/test
  mkdir -p "$WORK/tree"
  cp -r test expected "$WORK/tree/"
  # pg_regress stops at the first test without expected output; with an empty
  # file that test fails and the others run.
  for t in test/sql/*.sql; do
    touch -a "$WORK/tree/expected/$(basename "$t" .sql).out"
  done
  for t in test/isolation/specs/*.spec; do
    [ ! -e "$t" ] || touch -a "$WORK/tree/test/isolation/expected/$(basename "$t" .spec).out"
  done
  if [ "$(id -u)" = 0 ]; then
    chown -R postgres "$WORK/tree"
  fi
  server_ready=1
}

# Count pg_regress output, of 15 ("test x ... ok 9 ms") and of 16 and later (TAP).
count_regress()   # LOG RC EXPECTED_NUMBER
{
  local counts
  counts=$(awk '
    /^(test )? *[^ ].* \.\.\. (ok|FAILED|failed)/ {
      if ($0 ~ / \.\.\. ok/) ok++; else bad++; next }
    /^ok +[0-9]+ /  { ok++; next }
    /^not ok +[0-9]+ / { bad++; next }
    END { print ok + 0, bad + 0 }' "$1")
  set -- "$1" "$2" "$3" $counts
  passed=$((passed + $4))
  failed=$((failed + $5))
  if [ $(($4 + $5)) -ne "$3" ]; then
    failed=$((failed + $3 - $4 - $5))
    say "only $(($4 + $5)) of $3 tests ran"
    show_log "$1"
  elif [ "$2" != 0 ] && [ "$5" = 0 ]; then
    failed=$((failed + 1))
    show_log "$1"
  fi
}

SETTINGS=         # of the server run_regress starts
TREE=             # the test files it uses, if they are not in $WORK/tree
run_regress()     # PART PROGRAM INPUTDIR OUTPUTDIR TEST ...
{
  local part=$1 program=$2 input=$3 output=$4 rc=0 log=$LOGS/$1.log expect='' quiet=''
  local tree=${TREE:-$WORK/tree}
  shift 4
  need_server || return 0
  # Expected output counts segments: a visit of maintenance would make others of the delta.
  [ "$part" = isolation ] || quiet="olap.maintenance = off"
  if ! cluster_create "$WORK/$part" ${quiet:+"$quiet"} ${SETTINGS:+"$SETTINGS"} || ! cluster_start "$WORK/$part"; then
    failed=$((failed + $#))
    say "no server: $(tail -3 "$WORK/$part/log" 2> /dev/null)"
    return 0
  fi
  # From 16 on the expected output is looked for in one place only.
  if "$PGXS_TEST/regress/pg_regress" --help | grep -q expecteddir; then
    expect=--expecteddir=$([ "$part" = isolation ] && echo "$input" || echo .)
  fi
  (
    cluster_use "$WORK/$part"
    cd "$tree"
    as_server env -C "$tree" PATH="$PATH" \
      timeout 1200 "$PGXS_TEST/$program" --bindir="$("$PG_CONFIG" --bindir)" \
      --inputdir="$input" --outputdir="$output" $expect \
      --host="$PGHOST" --port=5432 --user=postgres \
      --load-extension=olap --dbname=contrib_regression "$@"
  ) > "$log" 2>&1 < /dev/null || rc=$?
  count_regress "$log" "$rc" $#
  mkdir -p "$LOGS/results-$part"
  cp "$tree/$output"/results/*.out "$LOGS/results-$part/" 2> /dev/null || true
  if [ -s "$tree/$output/regression.diffs" ]; then
    cp "$tree/$output/regression.diffs" "$LOGS/$part.diffs"
    grep -E '\.\.\. (FAILED|failed)|^not ok' "$log" | sed 's/^/      /' || true
    head -120 "$LOGS/$part.diffs" | sed 's/^/      | /'
  fi
  cp "$WORK/$part/log" "$LOGS/$part-server.log" 2> /dev/null || true
  if grep -qE 'terminated by signal|PANIC:' "$WORK/$part/log"; then
    failed=$((failed + 1))
    say "the server crashed:"
    grep -E 'terminated by signal|PANIC:|was running' "$WORK/$part/log" | head -5 | sed 's/^/      | /'
  fi
  cluster_stop "$WORK/$part" || true
}

part_regress()
{
  local tests
  tests=$(find test/sql -name "$TESTS.sql" -exec basename {} .sql \; | sort)
  [ -n "$tests" ] || return 0
  ! is_wanted parallel || begin_parallel
  run_regress regress regress/pg_regress test . $tests
}

# The same files where the planner hands every query it can to a worker: what a
# node of ours keeps in a worker must give the same answers.
part_parallel()
{
  local counts=
  if [ -z "$parallel_pid" ]; then
    compare_parallel
    return
  fi
  wait "$parallel_pid" || true
  cat "$LOGS/parallel.said"
  counts=$(cat "$LOGS/parallel.counts" 2> /dev/null) || counts="0 1 0"
  set -- $counts
  passed=$1 failed=$2 skipped=$3
}

# One session has one core: while it goes through the files, the part before it
# does on another core, each on a server and in a folder of its own.
parallel_pid=
begin_parallel()
{
  need_server || return 0
  cp -a "$WORK/tree" "$WORK/tree-parallel"
  (
    TREE=$WORK/tree-parallel passed=0 failed=0 skipped=0
    compare_parallel
    echo "$passed $failed $skipped" > "$LOGS/parallel.counts"
  ) > "$LOGS/parallel.said" 2>&1 &
  parallel_pid=$!
}

compare_parallel()
{
  local tests setting=force_parallel_mode
  tests=$(find test/sql -name "$TESTS.sql" -exec basename {} .sql \; | sort)
  [ -n "$tests" ] || return 0
  case $("$PG_CONFIG" --version) in
    "PostgreSQL 15"*) ;;
    *) setting=debug_parallel_query ;;
  esac
  SETTINGS="$setting = regress"
  run_regress parallel regress/pg_regress test . $tests
  SETTINGS=
}

part_isolation()
{
  local tests
  tests=$(find test/isolation/specs -name "$TESTS.spec" -exec basename {} .spec \; 2> /dev/null | sort)
  [ -n "$tests" ] || return 0
  run_regress isolation isolation/pg_isolation_regress test/isolation output_iso $tests
  # Before 16 a file whose session setup fails ends there, and passes if that was
  # expected: the permutations after it would never run.
  if grep -HE '^setup .*failed: ' "$LOGS"/results-isolation/*.out | sed 's/^/      | /'; then
    failed=$((failed + 1))
    say "a setup failed: not all permutations ran"
  fi
}

# Each TAP file on its own, two at a time, results in the order of the names.
part_tap()
{
  local t name rc
  need_server || return 0
  install -d $([ "$(id -u)" = 0 ] && echo "-o postgres") "$WORK/tap" "$WORK/s"
  cat > "$WORK/tap.sh" << 'EOT'
t=$1
name=$(basename "$t" .pl)
mkdir -p "$WORK/tap/$name"
cd "$WORK/tree"
# sockets: a postmaster that is killed may leave its folder behind
export TMPDIR=$WORK/s
export TESTDIR=$WORK/tap/$name TESTDATADIR=$WORK/tap/$name/tmp_check TESTLOGDIR=$WORK/tap/$name/log
mkdir -p "$TESTDATADIR" "$TESTLOGDIR"
start=$SECONDS
timeout -k 20 900 perl -I "$PGXS_TEST/perl" -I test/t "$t" > "$WORK/tap/$name.out" 2> "$WORK/tap/$name.err" < /dev/null
echo "$?" > "$WORK/tap/$name.rc"
echo "$((SECONDS - start))" > "$WORK/tap/$name.secs"
EOT
  (
    unset PGHOST PGPORT PGUSER PGDATABASE
    cd test && find t -maxdepth 1 -name "$TESTS.pl" | sort | sed 's|^|test/|' |
      as_server env WORK="$WORK" PGXS_TEST="$PGXS_TEST" PG_CONFIG="$PG_CONFIG" \
        PATH="$("$PG_CONFIG" --bindir):$PATH" PG_REGRESS="$PGXS_TEST/regress/pg_regress" \
        HOME="$WORK/tap" LC_ALL=C.UTF-8 LANG=C.UTF-8 \
        xargs -P "$JOBS" -n 1 bash "$WORK/tap.sh"
  ) || true
  for t in $(find test/t -maxdepth 1 -name "$TESTS.pl" | sort); do
    name=$(basename "$t" .pl)
    cp "$WORK/tap/$name.out" "$LOGS/tap-$name.out" 2> /dev/null || true
    cp "$WORK/tap/$name.err" "$LOGS/tap-$name.err" 2> /dev/null || true
    if [ ! -e "$WORK/tap/$name.rc" ]; then
      failed=$((failed + 1))
      say "$name did not run"
      continue
    fi
    rc=$(cat "$WORK/tap/$name.rc")
    if [ "$rc" = 0 ] && ! grep -q '^1\.\.' "$WORK/tap/$name.out"; then
      rc=1   # a test file that plans nothing tested nothing
    fi
    count_tap "$WORK/tap/$name.out" "$rc" "$name ($(cat "$WORK/tap/$name.secs") s)"
    if [ "$rc" != 0 ]; then
      grep -A3 '^not ok' "$WORK/tap/$name.out" | head -20 | sed 's/^/      | /' || true
      show_log "$WORK/tap/$name.err"
      if ! grep -q '^not ok' "$WORK/tap/$name.out"; then
        find "$WORK/tap/$name" -name 'regress_log_*' -exec tail -8 {} \; |
          cut -c1-300 | sed 's/^/      | /'
      fi
      find "$WORK/tap/$name" \( -name '*.log' -o -name 'regress_log_*' \) -size -2000k -exec cp {} "$LOGS/" \; 2> /dev/null || true
    fi
  done
}

part_kafka()
{
  local rc=0 log=$LOGS/kafka.log counts
  [ -e test/kafka/run.sh ] || return 0
  need_server || return 0
  if [ -n "$SETUP" ]; then
    scripts/setup.sh kafka || say "no Java or Maven: the mock broker is used"
  fi
  # Run as the caller: it makes its own clusters and brokers.
  WORK='' timeout 1800 bash test/kafka/run.sh > "$log" 2>&1 < /dev/null || rc=$?
  if [ "$rc" = 77 ]; then
    skipped=$((skipped + 1))
    say "skipped: $(grep -i skip "$log" | tail -1)"
    return
  fi
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -1)
  if [ -n "$counts" ]; then
    set -- $counts
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
    if [ "$rc" != 0 ] && [ "$2" = 0 ]; then
      failed=$((failed + 1))
    fi
  else
    count_tap "$log" "$rc" "kafka"
  fi
  if [ "$rc" = 0 ]; then
    grep -E '^# (--- |throughput: |freshness of |[0-9]+ kills )' "$log" | sed 's/^/      | /' || true
  else
    grep -B3 -A6 '^not ok' "$log" | sed 's/^/      | /' || true
    show_log "$log" 30
  fi
}

# --- running -----------------------------------------------------------------

# What a part has, so that a part that ran none of it fails.
has_tests()
{
  case $1 in
    unit) ls test/unit/test_*.c ;;
    fuzz) ls test/fuzz/fuzz_*.c ;;
    regress | parallel) ls test/sql/$TESTS.sql ;;
    isolation) ls test/isolation/specs/$TESTS.spec ;;
    tap) ls test/t/$TESTS.pl ;;
    kafka) ls test/kafka/run.sh ;;
    *) true ;;
  esac > /dev/null 2>&1
}

is_wanted()       # PART
{
  case ",${ONLY:-$1}," in
    *",$1,"*) ;;
    *) return 1 ;;
  esac
}

run_part()
{
  local part=$1 start=$SECONDS line
  passed=0 failed=0 skipped=0
  if ! has_tests "$part"; then
    echo "$part: nothing here yet"
    return 0
  fi
  echo "$part:"
  "part_$part"
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    failed=1
    say "no test ran"
  fi
  line=$(printf '%-10s %5d passed %4d failed %4d skipped %6d s' \
    "$part" "$passed" "$failed" "$skipped" $((SECONDS - start)))
  echo "$line"
  summary+="$line"$'\n'
  total_passed=$((total_passed + passed))
  total_failed=$((total_failed + failed))
  total_skipped=$((total_skipped + skipped))
}

# The same tests on another server version, in a chroot; its last line counts.
run_version()
{
  local major=$1 start=$SECONDS log rc=0 counts line
  log=$LOGS/pg$major.log
  echo "pg$major:"
  scripts/chroot.sh "$major" > "$log" 2>&1 < /dev/null || rc=$?
  counts=$(sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -1)
  if [ "$rc" = 77 ]; then
    counts="0 0 1"
    say "skipped: $(tail -1 "$log")"
  elif [ -z "$counts" ]; then
    counts="0 1 0"
    show_log "$log"
  else
    show_log "$log" $([ "$rc" = 0 ] && echo 12 || echo 100)
  fi
  set -- $counts
  line=$(printf '%-10s %5d passed %4d failed %4d skipped %6d s' \
    "pg$major" "$1" "$2" "$3" $((SECONDS - start)))
  echo "$line"
  summary+="$line"$'\n'
  total_passed=$((total_passed + $1))
  total_failed=$((total_failed + $2))
  total_skipped=$((total_skipped + $3))
}

main()
{
  local part
  LOGS=$ROOT/build/check
  mkdir -p "$LOGS"
  rm -rf "${LOGS:?}"/*
  if [ -n "$SETUP" ]; then
    scripts/setup.sh base
  fi
  PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
  work_create
  pg_private_install "$WORK/pg"
  echo "check: $("$PG_CONFIG" --version), $(gcc --version | head -1)"

  for part in $PARTS; do
    ! is_wanted "$part" || run_part "$part"
  done
  work_stop_servers
  if [ -n "$ALL" ]; then
    run_version 17
    run_version 18
  fi

  echo
  printf '%s' "$summary"
  echo "time: $SECONDS s"
  echo "$total_passed passed, $total_failed failed, $total_skipped skipped"
  [ "$total_failed" = 0 ] && [ $((total_passed)) -gt 0 ]
}

main
