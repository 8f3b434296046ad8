#!/bin/bash
# The tour, in about a minute: ad-tech events stream from a broker into an olap
# table while the server is killed once, and the producer's own books prove that
# nothing was lost or doubled; then dashboard queries.
#
#   scripts/demo.sh          run it (make demo)
#   scripts/demo.sh shell    psql on what the last run left (make demo-shell)
#   scripts/demo.sh clean    remove it (make clean-demo)
#
# Nothing touches the machine's own PostgreSQL: a private copy of the server, its
# cluster and the broker live in one folder, and no process outlives the command.
#
# ROWS (default 1,200,000), RATE (rows/s, default 50,000), DEMO_DIR, SEED
set -euo pipefail

ROOT=$(cd "$(dirname "$0")/.." && pwd)
cd "$ROOT"
. scripts/cluster.sh

DEMO_DIR=${DEMO_DIR:-${TMPDIR:-/tmp}/olap-demo-$(id -un)}
ROWS=${ROWS:-1200000}
RATE=${RATE:-50000}
SEED=${SEED:-1}
BIN=$ROOT/build/bin
DB=$DEMO_DIR/db
PARTITIONS=48       # the embedded broker keeps 5 MiB a partition

say() { printf '%s\n' "$*"; }
title() { printf '\n\033[1m%s\033[0m\n' "$*"; }
die() { echo "demo: $*" >&2; exit 1; }

sql() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1"; }
sql_or() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1" 2> /dev/null || echo "$2"; }

# 1234567 -> 1,234,567
commas() { sed -E ':a; s/^(-?[0-9]+)([0-9]{3})/\1,\2/; ta' <<< "$1"; }

# --- life and death of what the demo starts ---

broker_pid="" producer_pid=""

stop_all()
{
  local rc=$?
  trap - EXIT
  [ -z "$producer_pid" ] || kill "$producer_pid" 2> /dev/null || true
  [ -z "$broker_pid" ] || kill "$broker_pid" 2> /dev/null || true
  wait 2> /dev/null || true
  [ ! -e "$DB/data" ] || [ -z "$(cluster_pid "$DB")" ] || cluster_stop "$DB" fast || true
  if [ "$rc" != 0 ] && [ -e "$DB/log" ]; then
    echo "--- end of the server's log ($DB/log):" >&2
    tail -15 "$DB/log" >&2
  fi
  exit "$rc"
}

use_installed()     # point at the private server of an earlier run
{
  PG_CONFIG=$(cat "$DEMO_DIR/pg_config" 2> /dev/null) && [ -x "$PG_CONFIG" ] ||
    return 1
  export PG_CONFIG
  cluster_use "$DB"
}

# One demo at a time: two would remove each other's server. What the demo starts
# must not inherit the lock, hence 9<&- there.
take_lock()
{
  mkdir -p -m 755 "$DEMO_DIR"
  [ -O "$DEMO_DIR" ] || die "$DEMO_DIR belongs to somebody else"
  exec 9< "$DEMO_DIR"
  flock -n 9 || die "another demo, or a demo shell, is using $DEMO_DIR"
}

start_server()
{
  cluster_start "$DB" 9<&-
}

# In a subshell: the server about to be removed is not the one to build for.
empty_folder()
{
  (
    if use_installed && [ -n "$(cluster_pid "$DB")" ]; then
      cluster_stop "$DB" immediate
    fi
  )
  find "$DEMO_DIR" -mindepth 1 -delete
}

demo_clean()
{
  [ -e "$DEMO_DIR" ] || return 0
  take_lock
  empty_folder
  rmdir "$DEMO_DIR"
}

demo_shell()
{
  use_installed && [ -e "$DB/data" ] || die "there is nothing to open; run \"make demo\" first"
  take_lock
  trap stop_all EXIT
  [ -n "$(cluster_pid "$DB")" ] || start_server
  say "Tables: events (olap), campaigns (heap). Try: \\d+ events, SELECT * FROM olap.pipeline_status;"
  psql -X || true
}

# --- the parts of the tour ---

prepare()
{
  title "1. A private server with olap"
  empty_folder
  PG_CONFIG=${PG_CONFIG:-$(pg_default_config)}
  local start=$SECONDS
  make -s -f tools/tools.mk -j"$(nproc)" tools
  make -s -j"$(nproc)" PG_CONFIG="$PG_CONFIG" all
  pg_private_install "$DEMO_DIR/pg"
  make -s PG_CONFIG="$PG_CONFIG" install > "$DEMO_DIR/install.log" 2>&1 ||
    { tail -20 "$DEMO_DIR/install.log" >&2; die "could not install olap"; }
  echo "$PG_CONFIG" > "$DEMO_DIR/pg_config"
  cluster_create "$DB" "fsync = on" "shared_buffers = '512MB'" "max_wal_size = '2GB'" \
    "work_mem = '64MB'" "timezone = 'UTC'"
  start_server
  cluster_use "$DB"
  say "$("$PG_CONFIG" --version), built and started in $((SECONDS - start)) s, in $DEMO_DIR"
}

start_broker()
{
  "$BIN/olap-broker" --watch $$ --topic "events:$PARTITIONS" \
    --bootstrap-file "$DEMO_DIR/bootstrap" 2> "$DEMO_DIR/broker.log" 9<&- &
  broker_pid=$!
  for _ in $(seq 100); do
    [ ! -e "$DEMO_DIR/bootstrap" ] || break
    sleep 0.05
  done
  [ -e "$DEMO_DIR/bootstrap" ] || die "the broker did not start: $(cat "$DEMO_DIR/broker.log")"
  BOOTSTRAP=$(cat "$DEMO_DIR/bootstrap")
}

# Show statements as a user would type them, and run them.
show_sql()
{
  sed 's/^/    /' <<< "$1"
  psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -c "$1"
}

create_objects()
{
  local columns="campaign_id int NOT NULL, country text NOT NULL, device_type text NOT NULL,
  event_type text NOT NULL, user_id bigint NOT NULL, creative_id int NOT NULL,
  publisher_id int NOT NULL, cost numeric(12,6) NOT NULL, revenue float8 NOT NULL,
  latency_ms int NOT NULL, is_click boolean NOT NULL, session_id uuid NOT NULL,
  url text NOT NULL, referrer text, app_version text"
  title "2. A broker at $BOOTSTRAP with topic \"events\" of $PARTITIONS partitions, a table, a pipeline"
  show_sql "CREATE EXTENSION olap"
  show_sql "CREATE TABLE events (
  ts timestamptz NOT NULL, $columns
) USING olap WITH (time_column = 'ts', segment_interval = '1 hour')"
  show_sql "CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka
  OPTIONS (bootstrap_servers '$BOOTSTRAP')"
  show_sql "CREATE FOREIGN TABLE events_topic (
  ts timestamptz OPTIONS (time_format 'epoch_ms') NOT NULL, $columns
) SERVER kafka OPTIONS (topic 'events', format 'json')"
  show_sql "SELECT olap.create_pipeline('events', source => 'events_topic', target => 'events',
  start => 'earliest')"
  psql -XqAt -v ON_ERROR_STOP=1 << 'SQL'
CREATE TABLE campaigns AS
SELECT c AS campaign_id, 'advertiser-' || (c * 7919 % 300) AS advertiser,
       'vertical-' || lpad((c * 31 % 20)::text, 2, '0') AS vertical
FROM generate_series(1, 50000) c;
ALTER TABLE campaigns ADD PRIMARY KEY (campaign_id);
ANALYZE campaigns;
SQL
}

# One live line: rows, rows/s, lag, freshness, dead letters.
live_line()
{
  local produced position status rows lag
  produced=$(tail -1 "$DEMO_DIR/produce.log" 2> /dev/null | awk '/^produced/ { print $4 }')
  position=$(sql_or "SELECT coalesce(sum(next_offset), 0) FROM olap.pipeline_offsets WHERE pipeline = 'events'" "")
  if [ -z "$position" ]; then
    say "  $(date +%T)  the server does not answer"
    return
  fi
  status=$(sql_or "SELECT round(extract(epoch FROM freshness)::numeric, 1), dead_letters
    FROM olap.pipeline_status WHERE name = 'events'" "?|?")
  rows=$(sql_or "SELECT count(*) FROM events" "$last_rows")
  lag=$((${produced:-0} - position))
  printf '  %s  %10s rows  %8s rows/s  lag %8s  freshness %5s s  dead letters %s\n' \
    "$(date +%T)" "$(commas "$rows")" "$(commas $((rows - last_rows)))" \
    "$(commas $((lag > 0 ? lag : 0)))" "${status%|*}" "${status#*|}"
  last_rows=$rows
}

pull_the_plug()
{
  local before
  before=$(sql_or "SELECT count(*) FROM events" "?")
  say
  say "  >>> kill -9 to every process of the server, at $(commas "$before") rows, in the middle of its work"
  cluster_kill "$DB"
  sleep 1
  start_server
  say "  >>> started again; nobody tells the pipeline to go on"
  say
}

stream()
{
  local killed="" end
  title "3. $(commas "$ROWS") events at $(commas "$RATE") a second, one in 2,000 malformed"
  "$BIN/olap-produce" --brokers "$BOOTSTRAP" --topic events --rows "$ROWS" --rate "$RATE" \
    --seed "$SEED" --malformed 0.0005 --block 512 --start-ts $((($(date +%s) - 86400) * 1000)) --span 86400 \
    -X linger.ms=100 --progress --summary "$DEMO_DIR/produced.json" 2> "$DEMO_DIR/produce.log" 9<&- &
  producer_pid=$!
  last_rows=0
  while kill -0 "$producer_pid" 2> /dev/null; do
    sleep 1
    live_line
    if [ -z "$killed" ] && [ "$last_rows" -gt $((ROWS * 2 / 5)) ]; then
      pull_the_plug
      killed=1
    fi
  done
  wait "$producer_pid" || die "the producer failed: $(tail -3 "$DEMO_DIR/produce.log")"
  producer_pid=
  end=$("$BIN/olap-topic-admin" "$BOOTSTRAP" watermarks events | awk '{ sum += $3 } END { print sum }')
  for _ in $(seq 60); do
    live_line
    [ "$(sql_or "SELECT sum(next_offset) FROM olap.pipeline_offsets WHERE pipeline = 'events'" "")" != "$end" ] || return 0
    sleep 1
  done
  die "the pipeline did not catch up in 60 s"
}

# The producer's figures beside what SQL says of the table.
prove()
{
  local got wanted ok=1 name dropped
  title "4. Nothing lost, nothing doubled: the producer's books and the table"
  dropped=$("$BIN/olap-topic-admin" "$BOOTSTRAP" watermarks events | awk '$2 > 0' | wc -l)
  [ "$dropped" = 0 ] || die "the embedded broker dropped data of $dropped partitions: lower ROWS"
  jq -r '["rows", .good], ["dead letters", .malformed], ["sum of cost, micros", .cost_micros],
      ["sum of revenue, cents", .revenue_cents],
      ["oldest event, ms", .min_ts_ms], ["newest event, ms", .max_ts_ms],
      (.events | to_entries[] | [.key, .value]) | @tsv' "$DEMO_DIR/produced.json" > "$DEMO_DIR/produced.tsv"
  sql "SELECT 'rows', count(*) FROM events
    UNION ALL SELECT 'dead letters', count(*) FROM olap.dead_letters WHERE pipeline = 'events'
    UNION ALL SELECT 'sum of cost, micros', (sum(cost) * 1000000)::bigint FROM events
    UNION ALL SELECT 'sum of revenue, cents', sum(round(revenue * 100))::bigint FROM events
    UNION ALL SELECT 'oldest event, ms', (extract(epoch FROM min(ts)) * 1000)::bigint FROM events
    UNION ALL SELECT 'newest event, ms', (extract(epoch FROM max(ts)) * 1000)::bigint FROM events
    UNION ALL SELECT event_type, count(*) FROM events GROUP BY 1" | tr '|' '\t' > "$DEMO_DIR/table.tsv"
  printf '    %-24s %20s %20s\n' "" "produced" "in PostgreSQL"
  while IFS=$'\t' read -r name wanted; do
    got=$(awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$DEMO_DIR/table.tsv")
    printf '    %-24s %20s %20s  %s\n' "$name" "$(commas "$wanted")" "$(commas "${got:-none}")" \
      "$([ "$got" = "$wanted" ] && echo equal || echo DIFFERENT)"
    [ "$got" = "$wanted" ] || ok=
  done < "$DEMO_DIR/produced.tsv"
  [ -n "$ok" ] || die "the table is not what was produced"
  say "    The server was killed with SIGKILL in between, and the figures are equal."
  say "    Why a row became a dead letter:"
  sql "SELECT count(*), reason FROM (SELECT concat_ws(': ', column_name, regexp_replace(error, '[0-9]{5,}', '..', 'g')) AS reason
    FROM olap.dead_letters WHERE pipeline = 'events') d GROUP BY 2 ORDER BY 1 DESC LIMIT 8" |
    awk -F'|' '{ printf "    %6d  %s\n", $1, $2 }'
}

query()     # TITLE SQL
{
  local out
  out=$(psql -Xq -v ON_ERROR_STOP=1 -P pager=off -c '\timing on' -c "$2")
  printf '    %-58s %9s ms\n' "$1" "$(awk '/^Time:/ { print $2 }' <<< "$out")"
}

dashboards()
{
  title "5. Dashboard queries on $(commas "$last_rows") rows ($(sql "SELECT pg_size_pretty(pg_relation_size('events'))") on disk, $(jq '.bytes / 1048576 | floor' "$DEMO_DIR/produced.json") MB of JSON)"
  query "key figures by event type, last hour" \
    "SELECT event_type, count(*), sum(cost), sum(revenue) FROM events WHERE ts > (SELECT max(ts) FROM events) - interval '1 hour' GROUP BY 1"
  query "events and spend per minute, last 3 hours" \
    "SELECT date_trunc('minute', ts), count(*), sum(cost), count(*) FILTER (WHERE is_click) FROM events WHERE ts > now() - interval '3 hours' GROUP BY 1 ORDER BY 1"
  query "events per hour by type, 24 hours" \
    "SELECT date_trunc('hour', ts), event_type, count(*), sum(revenue) FROM events GROUP BY 1, 2 ORDER BY 1, 2"
  query "top 20 countries by spend" \
    "SELECT country, count(*), sum(cost) FROM events GROUP BY 1 ORDER BY 3 DESC LIMIT 20"
  query "top 10 campaigns by spend" \
    "SELECT campaign_id, sum(cost), count(*) FROM events GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
  query "latency percentiles by device, last 6 hours" \
    "SELECT device_type, percentile_cont(ARRAY[0.5, 0.95, 0.99]) WITHIN GROUP (ORDER BY latency_ms) FROM events WHERE ts > now() - interval '6 hours' GROUP BY 1"
  query "spend by vertical, joined with an ordinary table" \
    "SELECT c.vertical, count(*), sum(e.cost) FROM events e JOIN campaigns c USING (campaign_id) GROUP BY 1 ORDER BY 3 DESC"
  query "one campaign by hour" \
    "SELECT date_trunc('hour', ts), count(*), sum(cost), avg(latency_ms) FROM events WHERE campaign_id = 1370 GROUP BY 1 ORDER BY 1"
  query "slow purchases from New Zealand, newest 20" \
    "SELECT ts, user_id, campaign_id, latency_ms FROM events WHERE country = 'NZ' AND event_type = 'purchase' AND latency_ms > 50 ORDER BY ts DESC LIMIT 20"
  say
  say "    Only the segments of the hour are read (EXPLAIN ANALYZE):"
  psql -XqAt -c "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(*), sum(cost) FROM events
    WHERE ts >= date_trunc('hour', now()) - interval '2 hours' AND ts < date_trunc('hour', now()) - interval '1 hour'" |
    sed 's/^/      /'
}

demo_run()
{
  local start
  scripts/setup.sh base
  start=$SECONDS
  take_lock
  trap stop_all EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  prepare
  start_broker
  create_objects
  stream
  prove
  dashboards
  sql "SELECT olap.pause_pipeline('events')" > /dev/null
  title "Done in $((SECONDS - start)) s. Nothing runs any more; the data stays in $DEMO_DIR."
  say "    make demo-shell     psql on it"
  say "    make clean-demo     remove it"
}

case ${1:-run} in
  run) demo_run ;;
  shell) demo_shell ;;
  clean) demo_clean ;;
  *) sed -n '2,14s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
