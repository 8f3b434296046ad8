#!/bin/bash
# Nothing lost, nothing doubled: workers, launcher and postmaster are killed with
# SIGKILL at random moments while events stream in; afterwards the tables and
# the dead letters are compared, row by row, with an independent full read.
#
# On the real broker one topic is written in transactions, a fifth of them
# aborted, and another was compacted, so that its offsets have gaps; on the mock
# broker, which has neither, both topics are plain.
#
# KILLS: number of kills (30; FULL=1: 200). SEED: of the random choices.
. "$(dirname "$0")/lib.sh"

kills=${KILLS:-$([ -n "${FULL:-}" ] && echo 200 || echo 30)}
RANDOM=${SEED:-$$}
note "seed ${SEED:-$$}"

count_compacted()
{
  "$OLAP_BIN/olap-topic-read" --brokers "$BOOTSTRAP" --topic compacted --output /dev/null 2>&1 |
    awk '{ print $1 }'
}

# Compacted before the pipeline reads it, and quiet afterwards: the oracle, read
# at the end, must see the same records.
make_compacted_topic()
{
  local i n before=
  topic_create compacted 3 cleanup.policy=compact segment.ms=1000 \
    min.cleanable.dirty.ratio=0.01 max.compaction.lag.ms=1000
  produce compacted --rows 60000 --keys 2000 --with-id --malformed 0.005 --summary /dev/null
  for i in $(seq 30); do
    sleep 1
    # closes the segments, so that they can be cleaned
    produce compacted --rows 6 --block 1 --first-id $((60000 + i * 6)) --keys 2000 \
      --with-id --summary /dev/null
    n=$(count_compacted)
    [ "$n" -gt 30000 ] || break
  done
  while [ "$n" != "$before" ]; do
    before=$n
    sleep 2
    n=$(count_compacted)
  done
  check_that "the compacted topic has gaps" "$n < 30000"
  note "compacted topic: 60000 records written, $n left"
}

make_topics()
{
  if [ "$BROKER" = real ]; then
    make_compacted_topic
    topic_create events 6
    produce_in_background events --rows 100000000 --rate 6000 --with-id --malformed 0.005 \
      --transactional events --txn-size 1500 --abort-fraction 0.2 \
      --ledger "$DIR/ledger" --summary "$DIR/summary"
  else
    topic_create compacted 8
    produce compacted --rows 60000 --with-id --malformed 0.005 --summary /dev/null
    topic_create events 32
    produce_in_background events --rows 100000000 --rate 6000 --with-id --malformed 0.005 \
      --ledger "$DIR/ledger" --summary "$DIR/summary"
  fi
}

# The pid to kill: a worker (6 in 10), the postmaster (3 in 10), the launcher.
choose_victim()
{
  local dice=$((RANDOM % 10)) pid=
  if [ "$dice" -lt 6 ]; then
    victim=worker
    pid=$(sql_or_nothing "SELECT pid FROM pg_stat_activity
      WHERE backend_type LIKE 'olap%' AND backend_type NOT LIKE '%launcher%' ORDER BY random() LIMIT 1")
  elif [ "$dice" -eq 6 ]; then
    victim=launcher
    pid=$(sql_or_nothing "SELECT pid FROM pg_stat_activity WHERE backend_type LIKE 'olap%launcher%' LIMIT 1")
  fi
  if [ -z "$pid" ]; then
    victim=postmaster
    pid=$(cluster_pid "$DIR/pg")
  fi
  victim_pid=$pid
}

server_revive()   # until it answers, restarting it if the postmaster is gone
{
  local i
  for i in $(seq 300); do
    if [ -z "$(cluster_pid "$DIR/pg")" ]; then
      cluster_start "$DIR/pg" 2> /dev/null || true
    fi
    [ "$(sql_or_nothing "SELECT 1")" != 1 ] || return 0
    sleep 0.1
  done
  give_up "the server answers within 30 s of a kill"
}

declare -A killed=([worker]=0 [launcher]=0 [postmaster]=0)
recoveries=$DIR/recoveries

# Kill, wait for the server, and every other time for the next committed batch.
kill_once()
{
  local before start
  choose_victim
  start=$(now)
  kill -KILL "$victim_pid"
  killed[$victim]=$((killed[$victim] + 1))
  while [ "$victim" = postmaster ] && kill -0 "$victim_pid" 2> /dev/null; do
    sleep 0.02
  done
  server_revive
  if [ $((RANDOM % 2)) = 0 ]; then
    before=$(sql_or_nothing "$(position_query events)")
    wait_for 40 "SELECT ($(position_query events)) > ${before:-0}" t || {
      producer_lives events
      give_up "batches are committed again within 40 s of killing the $victim"
    }
    seconds_since "$start" >> "$recoveries"
    echo " $victim" >> "$recoveries"
  fi
  sleep "$(awk -v r=$RANDOM 'BEGIN { printf "%.2f", 0.05 + r / 32768 * 1.2 }')"
}

broker_begin
make_topics
server_start "max_connections = 20" "restart_after_crash = on"
kafka_server
for name in events compacted; do
  tables_create "$name" "id bigint NOT NULL, $all_columns"
  pipeline_create "$name"
done
wait_for 30 "SELECT ($(position_query events)) > 0" t || give_up "the pipeline starts"

start=$(now)
for i in $(seq "$kills"); do
  kill_once
done
producer_lives events
note "$kills kills in $(seconds_since "$start") s: ${killed[worker]} of workers, ${killed[launcher]} of the launcher, ${killed[postmaster]} of the postmaster"
sort -n "$recoveries" | awk '/^[0-9]/ { t[n++] = $1 } END {
  printf "# from the kill to the next commit: median %.2f s, longest %.2f s (%d measured)\n", t[int(n / 2)], t[n - 1], n }'
check_that "a killed worker commits again within 10 s" "$(awk '/^[0-9]/ && $1 > m { m = $1 } END { print m + 0 }' "$recoveries") <= 10"

kill -TERM "$PRODUCER"
wait "$PRODUCER" || fail "the producer ends well: $(tail -2 "$DIR/produce-events.log")"
note "produced: $(jq -c '[.rows, .aborted, .malformed, .failed]' "$DIR/summary") rows, aborted, malformed, failed"
for name in events compacted; do
  if wait_caught_up "$name" 40; then
    pass "$name: caught up, control records included"
  else
    fail "$name: caught up, control records included"
  fi
  check_all_kept "$name"
  oracle_load "$name"
  check_against_oracle "$name"
  check_ledger "$name"
  note "$name: $(sql "SELECT count(*) FROM $name") rows, $(sql "SELECT count(*) FROM olap.dead_letters WHERE pipeline = '$name'") dead letters"
done
check "the ledger of the producer is what the oracle read" \
  "$(awk -F'\t' '$5 == "committed"' "$DIR/ledger" | cut -f 1-3 | sort | sha256sum)" \
  "$(cut -f 1-3 "$DIR/oracle-events" | sort | sha256sum)"
check_oracle_notices compacted
done_testing
