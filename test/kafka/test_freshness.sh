#!/bin/bash
# From produce to visible, at half the target rate with max_delay 1 s: for every
# row, the time at which its offset was first seen as committed, less the time
# at which it was produced. Sampled every 0.1 s, so up to that much too high.
#
# RATE (default 75,000 rows/s), SECONDS_LONG (default 20; FULL=1: 120).
. "$(dirname "$0")/lib.sh"

if [ "$BROKER" = mock ]; then
  skip "freshness" "the mock broker does not wake waiting fetches"
  done_testing
  exit 0
fi
rate=${RATE:-75000}
slack=${FRESHNESS_SLACK:-1}       # multiplies the limits, for machines with neighbours
long=${SECONDS_LONG:-$([ -n "${FULL:-}" ] && echo 120 || echo 20)}

topic_create freshness 4
server_start "fsync = on" "shared_buffers = '512MB'" "max_wal_size = '4GB'"
kafka_server
tables_create freshness "$small_columns"
# a first second that nobody counts: connections, code and caches warm up
produce freshness --rows 20000 --small --live --summary /dev/null
pipeline_create freshness
wait_caught_up freshness 30 || give_up "the pipeline starts"
produce freshness --rows "$rate" --rate "$rate" --small --live --summary /dev/null
wait_caught_up freshness 30 || give_up "the pipeline goes on"

psql -XqAt > "$DIR/samples" << SQL &
SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, partition, next_offset
FROM olap.pipeline_offsets WHERE pipeline = 'freshness' \watch 0.1
SQL
sampler=$!
pids+=("$sampler")
produce freshness --rows $((rate * long)) --rate "$rate" --small --live \
  --ledger "$DIR/ledger" --summary "$DIR/summary"
wait_caught_up freshness 60 || give_up "the pipeline catches up"
sleep 0.5
kill -TERM "$sampler"
wait "$sampler" 2> /dev/null || true

# Both files are in offset order within a partition.
awk -F'[|\t]' '
  NR == FNR { if (NF == 3) { n[$2]++; time[$2, n[$2]] = $1; next_offset[$2, n[$2]] = $3 } next }
  {
    i = at[$1] + 0 ? at[$1] : 1
    while (i <= n[$1] && next_offset[$1, i] <= $2) i++
    at[$1] = i
    if (i > n[$1]) { unseen++; next }
    ms = int((time[$1, i] - $6) / 1000)
    if (ms > longest) longest = ms
    hist[ms < 0 ? 0 : ms]++
    rows++
  }
  END {
    for (ms = 0; ms <= longest; ms++) {
      seen += hist[ms]
      if (p50 == "" && seen >= rows * 0.50) p50 = ms
      if (p99 == "" && seen >= rows * 0.99) p99 = ms
    }
    print p50 + 0, p99 + 0, longest + 0, rows + 0, unseen + 0
  }' "$DIR/samples" "$DIR/ledger" > "$DIR/freshness"
read -r p50 p99 longest rows unseen < "$DIR/freshness"
note "freshness of $rows rows at $(jq .rows_per_second "$DIR/summary") rows/s: p50 $p50 ms, p99 $p99 ms, longest $longest ms"
check "every row was seen as committed" "$unseen|$rows" "0|$((rate * long))"
check_that "freshness p50 at most $((1200 * slack)) ms" "$p50 <= 1200 * $slack"
check_that "freshness p99 at most $((2500 * slack)) ms" "$p99 <= 2500 * $slack"
done_testing
