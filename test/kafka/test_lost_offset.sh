#!/bin/bash
# Data that the broker dropped before it was read: the pipeline stops loudly and
# goes nowhere by itself; the partitions that lost nothing are not doubled.
. "$(dirname "$0")/lib.sh"

broker_begin
topic_create lost 2
server_start
kafka_server
tables_create lost "id bigint NOT NULL, $all_columns"
produce lost --rows 4000 --with-id --summary /dev/null
pipeline_create lost
wait_caught_up lost 30 || give_up "the pipeline starts"
sql "SELECT olap.pause_pipeline('lost')" > /dev/null
wait_for 20 "SELECT state, pid IS NULL FROM olap.pipeline_status WHERE name = 'lost'" "paused|t" ||
  give_up "the pipeline pauses"

if [ "$BROKER" = real ]; then
  produce lost --rows 4000 --first-id 4000 --with-id --summary /dev/null
  "$OLAP_BIN/olap-topic-admin" "$BOOTSTRAP" delete-records lost 1 3000 > /dev/null
else
  # more than the mock broker keeps, uncompressed
  produce lost --rows 60000 --first-id 4000 --with-id --compression none --summary /dev/null
fi
sql "SELECT olap.resume_pipeline('lost')" > /dev/null
if wait_for 30 "SELECT state FROM olap.pipeline_status WHERE name = 'lost'" offset_lost; then
  pass "the pipeline stops with the state offset_lost"
else
  fail "the pipeline stops with the state offset_lost"
fi
note "reason: $(sql "SELECT reason FROM olap.pipeline_status WHERE name = 'lost'" | head -3)"
check "nothing of the partition that lost data went in" \
  "$(sql "SELECT count(*), max(_offset) FROM lost WHERE _partition = 1")" "$(sql "SELECT next_offset, next_offset - 1
    FROM olap.pipeline_offsets WHERE pipeline = 'lost' AND partition = 1")"
sleep 3
check "it stays stopped" "$(sql "SELECT state FROM olap.pipeline_status WHERE name = 'lost'")" offset_lost
check "no row doubled" "$(sql "SELECT count(*) - count(DISTINCT (_partition, _offset)) FROM lost")" 0
done_testing
