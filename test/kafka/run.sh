#!/bin/bash
# Run the Kafka tests. Prints TAP lines and, last, "N passed, N failed, N skipped".
# Exits 0 if nothing failed, 1 if something did, 77 if everything was skipped.
#
#   test/kafka/run.sh [TEST ...]      tools exactly_once pipelines outage
#                                     lost_offset hostile security throughput freshness
#                                     (default: all)
#
# BROKER=real|mock  only on that broker. Default: all tests on real Apache Kafka,
#                   and on the mock broker those that it can serve; on the mock
#                   alone where Java or the jars cannot be had.
# FULL=1            long runs (200 kills, 10 M rows).
# PG_CONFIG         a server with olap installed; default: a private copy of the
#                   machine's server, with olap built and installed into it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
ROOT=$(cd "$here/../.." && pwd)
. "$ROOT/scripts/cluster.sh"
cd "$ROOT"

tests=${*:-tools exactly_once pipelines outage lost_offset hostile security throughput freshness}
for t in $tests; do
  [ -f "$here/test_$t.sh" ] || { echo "run.sh: no test \"$t\"" >&2; exit 2; }
done

on_exit()
{
  [ -z "${KAFKA_DIR:-}" ] || "$here/kafka.sh" stop "$KAFKA_DIR"
}

work_create
export WORK PG_CONFIG
make -s -f tools/tools.mk tools
if [ -z "${PG_CONFIG:-}" ]; then
  PG_CONFIG=$(pg_default_config)
  pg_private_install "$WORK/pg"
  make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" install > "$WORK/install.log" 2>&1 ||
    { tail -30 "$WORK/install.log" >&2; exit 1; }
fi

start_kafka()
{
  local rc=0 start=$SECONDS
  export KAFKA_DIR=$WORK/kafka BOOTSTRAP
  BOOTSTRAP=$("$here/kafka.sh" start "$KAFKA_DIR") || rc=$?
  if [ "$rc" != 0 ]; then
    unset KAFKA_DIR
    return "$rc"
  fi
  echo "# Kafka answers at $BOOTSTRAP after $((SECONDS - start)) s, $("$here/kafka.sh" rss "$KAFKA_DIR") MiB"
}

run_one()         # TEST BROKER
{
  local rc=0 log=$WORK/$1-$2.tap start=$SECONDS
  echo "# --- $1 on the $2 broker"
  BROKER=$2 timeout -k 20 "${TEST_TIMEOUT:-$([ -n "${FULL:-}" ] && echo 3000 || echo 400)}" \
    bash "$here/test_$1.sh" 2>&1 < /dev/null | tee "$log" || rc=$?
  if [ "$rc" != 0 ] && ! grep -q '^not ok' "$log"; then
    echo "not ok - $1 ($2): ended with status $rc" | tee -a "$log"
  elif ! grep -q '^1\.\.' "$log"; then
    echo "not ok - $1 ($2): did not finish" | tee -a "$log"
  fi
  echo "# $((SECONDS - start)) s"
}

brokers=${BROKER:-}
if [ "$brokers" != mock ]; then
  rc=0
  start_kafka || rc=$?
  if [ "$rc" = 0 ]; then
    [ -n "$brokers" ] || brokers="real mock"
  elif [ "$rc" != 77 ]; then
    echo "not ok - Kafka did not start" | tee "$WORK/start.tap"
    [ -n "$brokers" ] || brokers=mock
  elif [ "$brokers" = real ]; then
    echo "ok - all # SKIP no real broker here" | tee "$WORK/start.tap"
    brokers=
  else
    brokers=mock
  fi
fi

for broker in $brokers; do
  for t in $tests; do
    # the mock repeats only what it can show and what is quick, unless it is alone
    if [ "$broker" = mock ] && [ "$brokers" != mock ]; then
      case $t in exactly_once | security | throughput | freshness) continue ;; esac
    fi
    run_one "$t" "$broker"
  done
done

cat "$WORK"/*.tap | awk '
  /^not ok/ { bad++; next }
  /^ok/ { if (toupper($0) ~ /# *SKIP/) skip++; else ok++ }
  END {
    printf "%d passed, %d failed, %d skipped\n", ok, bad, skip
    exit bad ? 1 : ok ? 0 : 77
  }'
