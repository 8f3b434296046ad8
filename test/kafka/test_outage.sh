#!/bin/bash
# A broker that goes away for some seconds: the pipeline waits, its freshness
# says so although no lag is to be seen, and it catches up by itself.
. "$(dirname "$0")/lib.sh"

broker_begin
topic_create outage "$([ "$BROKER" = mock ] && echo 32 || echo 4)"
server_start
kafka_server
tables_create outage "id bigint NOT NULL, $all_columns"
# one that still stores what was fetched before when the broker is gone
topic_create late 1
seq 1 2000 | sed 's/.*/{"id":&}/' | put late
sql "CREATE TABLE late (id int CHECK (pg_sleep(0.002) IS NOT NULL));
     CREATE FOREIGN TABLE late_topic (id int) SERVER kafka OPTIONS (topic 'late');
     SELECT olap.create_pipeline('late', 'late_topic', 'late', max_rows => 100)" > /dev/null
produce_in_background outage --rows 1000000 --rate 5000 --with-id --malformed 0.001 --summary "$DIR/summary"
pipeline_create outage
wait_for 30 "SELECT ($(position_query outage)) > 5000" t || give_up "the pipeline starts"

broker_down
sleep 8
check_that "freshness grows while the broker is away" "$(sql "SELECT
  coalesce(extract(epoch FROM freshness), 0) FROM olap.pipeline_status WHERE name = 'outage'") >= 4"
check_that "the pipeline has not failed" "$(sql "SELECT (state NOT IN ('failed', 'offset_lost', 'paused'))::int
  FROM olap.pipeline_status WHERE name = 'outage'")"
if wait_for 20 "SELECT string_agg(state, ',') FROM olap.pipeline_status" disconnected,disconnected; then
  pass "they say that the broker is away"
else
  fail "they say that the broker is away"
fi
position=$(sql "$(position_query outage)")
broker_up
start=$(now)
wait_for 30 "SELECT ($(position_query outage)) > $position" t || give_up "batches are committed again after the outage"
note "broker back to next commit: $(seconds_since "$start") s"
kill -TERM "$PRODUCER"
wait "$PRODUCER" || fail "the producer ends well"
if wait_caught_up outage 30; then
  pass "caught up"
else
  fail "caught up"
fi
note "broker back to caught up: $(seconds_since "$start") s"
check_that "caught up within 15 s of the broker's return, after a production of some seconds" "$(seconds_since "$start") <= 20"
check_all_kept outage
oracle_load outage
check_against_oracle outage
check_ledger outage
done_testing
