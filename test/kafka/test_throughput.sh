#!/bin/bash
# Kafka to committed rows with one worker: JSON of 200 bytes and 10 columns from
# a topic filled beforehand, from the pipeline's creation to the last commit.
#
# ROWS (default 2,000,000; FULL=1: 10,000,000). TARGET rows/s (default 150,000).
. "$(dirname "$0")/lib.sh"

rows=${ROWS:-$([ -n "${FULL:-}" ] && echo 10000000 || echo 2000000)}
partitions=4
if [ "$BROKER" = mock ]; then
  partitions=48         # 240 MiB is what 48 of them keep
  [ "$rows" -le 2000000 ] || rows=2000000
fi

broker_begin
topic_create throughput $partitions
produce throughput --rows "$rows" --small --block 1000 --summary "$DIR/summary"
check_all_kept throughput
server_start "fsync = on" "shared_buffers = '512MB'" "max_wal_size = '4GB'"
kafka_server
tables_create throughput "$small_columns"
end=$(topic_end throughput)
start=$(now)
pipeline_create throughput
wait_for 300 "$(position_query throughput)" "$end" || give_up "the topic is consumed"
seconds=$(seconds_since "$start")
rate=$(awk -v n="$rows" -v s="$seconds" 'BEGIN { printf "%d", n / s }')
bytes=$(jq '.bytes / .rows | floor' "$DIR/summary")
note "throughput: $rows rows of $bytes bytes in $seconds s: $rate rows/s"
note "table: $(sql "SELECT pg_size_pretty(pg_relation_size('throughput'))")"
check "all rows are there, with the producer's sums" \
  "$(sql "SELECT count(*), (sum(cost) * 1000000)::bigint, count(*) FILTER (WHERE is_click) FROM throughput")" \
  "$(jq -r '[.good, .cost_micros, .events.click] | map(tostring) | join("|")' "$DIR/summary")"
check_that "at least ${TARGET:-150000} rows/s" "$rate >= ${TARGET:-150000}"
done_testing
