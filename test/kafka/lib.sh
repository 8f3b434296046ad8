# shellcheck shell=bash disable=SC2034
# test/kafka/lib.sh: what the Kafka tests share. Sourced by each test_*.sh, which
# run.sh starts with these in the environment:
#
#   WORK        temporary folder (scripts/cluster.sh)
#   PG_CONFIG   of a server that has olap installed
#   BROKER      real or mock
#   BOOTSTRAP   address of the real broker, with KAFKA_DIR its folder
#
# Results are TAP lines; figures are lines that begin with "# ".

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
OLAP_BIN=$ROOT/build/bin
export OLAP_BIN
. "$ROOT/scripts/cluster.sh"

TEST=$(basename "$0" .sh)
DIR=$WORK/$TEST-$BROKER
tap_count=0
pids=()

mkdir -p "$DIR"
[ "$(id -u)" != 0 ] || chmod 777 "$DIR"

# --- results ---

pass()
{
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $TEST ($BROKER): $*"
}

fail()
{
  tap_count=$((tap_count + 1))
  echo "not ok $tap_count - $TEST ($BROKER): $*"
}

skip()
{
  tap_count=$((tap_count + 1))
  echo "ok $tap_count - $TEST ($BROKER): $1 # SKIP $2"
}

# check NAME GOT WANTED
check()
{
  if [ "$2" = "$3" ]; then
    pass "$1"
  else
    fail "$1"
    printf '# got:    %s\n# wanted: %s\n' "$2" "$3" | head -20
  fi
}

# check_that NAME EXPRESSION (awk's arithmetic, so fractions work)
check_that()
{
  if awk "BEGIN { exit !($2) }"; then
    pass "$1"
  else
    fail "$1"
    echo "# false: $2"
  fi
}

note()
{
  echo "# $*"
}

# What the mock broker cannot do is skipped only where no real one shows it.
mock_cannot()     # NAME REASON
{
  if [ -n "${KAFKA_DIR:-}" ]; then
    note "$1: $2"
  else
    skip "$1" "$2"
  fi
}

done_testing()
{
  echo "1..$tap_count"
}

give_up()
{
  fail "$*"
  [ ! -e "$DIR/pg/log" ] || pipeline_notes "${TEST#test_}"
  done_testing
  exit 1
}

# --- processes ---

on_test_exit()
{
  local pid
  trap - EXIT
  for pid in "${pids[@]}"; do
    kill -CONT "$pid" 2> /dev/null || true
    kill -TERM "$pid" 2> /dev/null || true
  done
  [ -z "${KAFKA_DIR:-}" ] || "$ROOT/test/kafka/kafka.sh" resume "$KAFKA_DIR" 2> /dev/null || true
  wait "${pids[@]}" 2> /dev/null || true
  [ ! -e "$DIR/pg/data" ] || [ -z "$(cluster_pid "$DIR/pg")" ] || cluster_stop "$DIR/pg" immediate || true
  # a passing test leaves nothing; the figures are in the output
  [ -n "${KEEP_WORK:-}" ] || rm -rf "$DIR"
}
trap on_test_exit EXIT
trap 'exit 143' TERM INT HUP

# --- server ---

server_start()    # [SETTING ...]
{
  cluster_create "$DIR/pg" "$@"
  cluster_start "$DIR/pg"
  cluster_use "$DIR/pg"
  sql "CREATE EXTENSION olap"
}

sql()
{
  psql -XqAt -v ON_ERROR_STOP=1 -c "$1"
}

# Like sql, but a server that is down is an empty answer.
sql_or_nothing()
{
  psql -XqAt -v ON_ERROR_STOP=1 -c "$1" 2> /dev/null || true
}

now()
{
  date +%s.%N
}

seconds_since()
{
  awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f", b - a }'
}

# wait_for SECONDS QUERY ANSWER: poll until the query gives the answer.
wait_for()
{
  local until=$((SECONDS + $1)) tries=0 answer=
  # a clock that is set meanwhile does not end it
  while [ "$SECONDS" -le "$until" ] || [ "$tries" -lt "$1" ]; do
    answer=$(sql_or_nothing "$2")
    [ "$answer" != "$3" ] || return 0
    tries=$((tries + 1))
    sleep 0.2
  done
  note "waited $1 s for \"$3\", have \"$answer\": $2"
  return 1
}

# --- broker ---

broker_begin()    # for the mock: makes an empty one for this test
{
  [ "$BROKER" = mock ] || return 0
  "$OLAP_BIN/olap-broker" --watch $$ --control "$DIR/broker.sock" \
    --bootstrap-file "$DIR/bootstrap" 2> "$DIR/broker.log" &
  pids+=($!)
  for _ in $(seq 100); do
    [ ! -e "$DIR/bootstrap" ] || break
    sleep 0.05
  done
  BOOTSTRAP=$(cat "$DIR/bootstrap")
}

topic_create()    # NAME PARTITIONS [SETTING=VALUE ...]; settings: real broker only
{
  if [ "$BROKER" = mock ]; then
    "$OLAP_BIN/olap-broker" --send "$DIR/broker.sock" "topic $1 $2" > /dev/null
  else
    "$OLAP_BIN/olap-topic-admin" "$BOOTSTRAP" create "$@"
  fi
}

broker_down()
{
  if [ "$BROKER" = mock ]; then
    "$OLAP_BIN/olap-broker" --send "$DIR/broker.sock" "down all" > /dev/null
  else
    "$ROOT/test/kafka/kafka.sh" pause "$KAFKA_DIR"
  fi
}

broker_up()
{
  if [ "$BROKER" = mock ]; then
    "$OLAP_BIN/olap-broker" --send "$DIR/broker.sock" "up all" > /dev/null
  else
    "$ROOT/test/kafka/kafka.sh" resume "$KAFKA_DIR"
  fi
}

produce()         # TOPIC OPTION ...
{
  local topic=$1
  shift
  "$OLAP_BIN/olap-produce" --brokers "$BOOTSTRAP" --topic "$topic" "$@"
}

produce_in_background()   # TOPIC OPTION ...; sets PRODUCER
{
  local topic=$1
  shift
  "$OLAP_BIN/olap-produce" --brokers "$BOOTSTRAP" --topic "$topic" "$@" \
    2> "$DIR/produce-$topic.log" &
  PRODUCER=$!
  pids+=("$PRODUCER")
}

# A producer that ended too soon looks like a pipeline that hangs.
producer_lives()  # TOPIC
{
  kill -0 "$PRODUCER" 2> /dev/null ||
    give_up "the producer lives: $(tail -2 "$DIR/produce-$1.log" | tr '\n' ' ')"
}

put()             # TOPIC OPTION ...; standard input: a message a line
{
  local topic=$1
  shift
  "$OLAP_BIN/olap-put" --brokers "$BOOTSTRAP" --topic "$topic" "$@"
}

# Sum of the high watermarks of a topic.
topic_end()
{
  "$OLAP_BIN/olap-topic-admin" "$BOOTSTRAP" watermarks "$1" |
    awk '{ sum += $3 } END { print sum + 0 }'
}

# The mock broker drops old data silently: a test that relies on all of it says so.
check_all_kept()  # TOPIC
{
  [ "$BROKER" = mock ] || return 0
  check "the mock broker dropped nothing of $1" "$("$OLAP_BIN/olap-topic-admin" \
    "$BOOTSTRAP" watermarks "$1" | awk '$2 > 0' | wc -l)" 0
}

# --- tables ---

small_columns="ts timestamptz NOT NULL, campaign_id int NOT NULL, country text NOT NULL,
  device_type text NOT NULL, event_type text NOT NULL, user_id bigint NOT NULL,
  publisher_id int NOT NULL, cost numeric(12,6) NOT NULL, latency_ms int NOT NULL,
  is_click boolean NOT NULL"
all_columns="ts timestamptz NOT NULL, campaign_id int NOT NULL, country text NOT NULL,
  device_type text NOT NULL, event_type text NOT NULL, user_id bigint NOT NULL,
  creative_id int NOT NULL, publisher_id int NOT NULL, cost numeric(12,6) NOT NULL,
  revenue double precision NOT NULL, latency_ms int NOT NULL, is_click boolean NOT NULL,
  session_id uuid NOT NULL, url text NOT NULL, referrer text, app_version text"

kafka_server()
{
  sql "CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka
       OPTIONS (bootstrap_servers '$BOOTSTRAP')"
}

# tables_create NAME COLUMNS: olap table NAME and foreign table NAME_topic. Where
# the columns hold an id, both also have the partition and offset of each row.
tables_create()
{
  local columns=$2 foreign
  foreign=${columns/ts timestamptz NOT NULL/"ts timestamptz OPTIONS (time_format 'epoch_ms') NOT NULL"}
  case $columns in
    "id "*)
      columns="$columns, _partition int, _offset bigint"
      foreign="$foreign, _partition int OPTIONS (meta 'partition'), _offset bigint OPTIONS (meta 'offset')"
      ;;
  esac
  # TARGET_AM=heap: the same tests on ordinary tables, to tell whose fault it is
  sql "CREATE TABLE $1 ($columns) $([ "${TARGET_AM:-}" = heap ] ||
    echo "USING olap WITH (time_column = 'ts', segment_interval = '1 hour')")"
  sql "CREATE FOREIGN TABLE $1_topic ($foreign) SERVER kafka
       OPTIONS (topic '$1', format 'json')"
}

pipeline_create() # NAME
{
  sql "SELECT olap.create_pipeline('$1', source => '$1_topic', target => '$1',
       start => 'earliest')" > /dev/null
}

position_query()  # NAME: sum of the committed next offsets
{
  echo "SELECT coalesce(sum(next_offset), 0) FROM olap.pipeline_offsets WHERE pipeline = '$1'"
}

# Wait until the committed offsets reach the ends of all partitions.
wait_caught_up()  # NAME SECONDS
{
  wait_for "$2" "$(position_query "$1")" "$(topic_end "$1")" || {
    pipeline_notes "$1"
    return 1
  }
}

# What the server says of a pipeline in trouble.
pipeline_notes()  # NAME
{
  psql -Xxq -c "SELECT * FROM olap.pipeline_status WHERE name = '$1'" 2>&1 | sed 's/^/# /'
  grep -vE 'FATAL|HINT' "$DIR/pg/log" | tail -25 | sed 's/^/# server: /'
}

# --- the oracle ---

# oracle_load NAME: an independent full read of the topic into table oracle_NAME.
oracle_load()
{
  "$OLAP_BIN/olap-topic-read" --brokers "$BOOTSTRAP" --topic "$1" \
    --output "$DIR/oracle-$1" 2> /dev/null
  sql "CREATE TABLE oracle_$1 (partition int, \"offset\" bigint, id bigint,
         defect text, ts_ms bigint)"
  psql -XqAt -v ON_ERROR_STOP=1 -c "\\copy oracle_$1 FROM '$DIR/oracle-$1'"
  sql "ANALYZE oracle_$1"
}

# How the table and the dead letters differ from the oracle, in both directions.
oracle_differences()      # NAME
{
  sql "WITH dead AS MATERIALIZED (
      SELECT partition, \"offset\" FROM olap.dead_letters WHERE pipeline = '$1'),
    good AS MATERIALIZED (SELECT _partition AS partition, _offset AS \"offset\", id FROM $1)
    SELECT format('lost=%s doubled=%s invented=%s dead_lost=%s dead_doubled=%s dead_invented=%s',
      (SELECT count(*) FROM oracle_$1 o LEFT JOIN good g USING (partition, \"offset\")
        WHERE o.defect = 'none' AND g.partition IS NULL),
      (SELECT count(*) FROM (SELECT FROM good GROUP BY partition, \"offset\" HAVING count(*) > 1) d),
      (SELECT count(*) FROM good g LEFT JOIN oracle_$1 o ON o.partition = g.partition
        AND o.\"offset\" = g.\"offset\" AND o.defect = 'none' AND o.id = g.id WHERE o.partition IS NULL),
      (SELECT count(*) FROM oracle_$1 o LEFT JOIN dead d USING (partition, \"offset\")
        WHERE o.defect <> 'none' AND d.partition IS NULL),
      (SELECT count(*) FROM (SELECT FROM dead GROUP BY partition, \"offset\" HAVING count(*) > 1) d),
      (SELECT count(*) FROM dead d LEFT JOIN oracle_$1 o ON o.partition = d.partition
        AND o.\"offset\" = d.\"offset\" AND o.defect <> 'none' WHERE o.partition IS NULL))"
}

check_against_oracle()    # NAME
{
  check "$1: nothing lost, doubled or invented" "$(oracle_differences "$1")" \
    "lost=0 doubled=0 invented=0 dead_lost=0 dead_doubled=0 dead_invented=0"
}

# That comparison must be able to fail. Spoils the table and the oracle.
check_oracle_notices()    # NAME
{
  sql "INSERT INTO oracle_$1 VALUES (9999, 0, -1, 'none', 0), (9999, 1, -1, 'nul_char', 0)"
  sql "INSERT INTO $1 SELECT * FROM $1 LIMIT 1"
  check "the comparison notices a lost row, a doubled row and a lost dead letter" \
    "$(oracle_differences "$1")" \
    "lost=1 doubled=1 invented=0 dead_lost=1 dead_doubled=0 dead_invented=0"
  sql "DELETE FROM oracle_$1 WHERE partition = 9999"
  sql "UPDATE oracle_$1 SET id = -id - 1 WHERE ctid = (SELECT ctid FROM oracle_$1
       WHERE defect = 'none' AND (partition, \"offset\") NOT IN (SELECT _partition, _offset FROM $1
         GROUP BY 1, 2 HAVING count(*) > 1) LIMIT 1)"
  sql "DELETE FROM oracle_$1 WHERE ctid = (SELECT ctid FROM oracle_$1 WHERE defect <> 'none' LIMIT 1)"
  check "the comparison notices a wrong id and an invented dead letter" \
    "$(oracle_differences "$1")" \
    "lost=0 doubled=1 invented=1 dead_lost=0 dead_doubled=0 dead_invented=1"
}

# The ledger's ranges tile each partition without hole or overlap up to the
# committed offset, and what was read is what became of it.
check_ledger()    # NAME
{
  check "$1: the ledger tiles" "$(sql "SELECT count(*) FROM (
      SELECT partition, from_offset, lag(to_offset) OVER w AS before
      FROM olap.ledger WHERE pipeline = '$1'
      WINDOW w AS (PARTITION BY partition ORDER BY from_offset, to_offset)) l
    WHERE before IS NOT NULL AND before <> from_offset")" 0
  check "$1: the ledger ends at the committed offsets" "$(sql "SELECT count(*)
    FROM olap.pipeline_offsets o LEFT JOIN (SELECT partition, max(to_offset) AS last
      FROM olap.ledger WHERE pipeline = '$1' GROUP BY 1) l USING (partition)
    WHERE o.pipeline = '$1' AND o.next_offset IS DISTINCT FROM l.last")" 0
  check "$1: the ledger's outcomes add up" "$(sql "SELECT count(*) FROM olap.ledger
    WHERE pipeline = '$1' AND read <> inserted + updated + deleted + filtered + tombstone + dead")" 0
  check "$1: olap.check_ledger agrees" "$(sql "SELECT bool_and(ok), sum(read) FROM olap.check_ledger('$1')")" \
    "t|$(wc -l < "$DIR/oracle-$1")"
}
