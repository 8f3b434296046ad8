#!/bin/bash
# Data that the broker dropped before it was read, and a topic that is deleted and
# made anew: the pipeline stops loudly and goes nowhere by itself; the partitions
# that lost nothing are not doubled.
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

if [ "$BROKER" = mock ]; then
  # --- the broker refuses an offset that it has, and does not say where its log begins ---
  control() { "$OLAP_BIN/olap-broker" --send "$DIR/broker.sock" "$1" > /dev/null; }
  topic_create refused 1
  sql "CREATE TABLE refused (id int) USING olap;
       CREATE FOREIGN TABLE refused_topic (id int) SERVER kafka OPTIONS (topic 'refused');
       SELECT olap.create_pipeline('refused', 'refused_topic', 'refused')" > /dev/null
  seq 1 16 | sed 's/.*/{"id":&}/' | put refused
  wait_caught_up refused 20 || give_up "the pipeline reads 16 records"
  control "error 2 7 5000"
  refused="SELECT count(*) FROM olap.pipeline WHERE name = 'refused' AND last_error ~ 'was refused'"
  for _ in $(seq 10); do
    # an answer to a fetch that was given up meanwhile is nobody's
    control "error 1 1 1"
    ! wait_for 3 "$refused" 1 || break
  done
  if [ "$(sql "$refused")" = 1 ]; then
    pass "an offset that is refused without a proof is said"
  else
    fail "an offset that is refused without a proof is said"
    pipeline_notes refused
  fi
  check "it is not taken for lost" "$(sql "SELECT state FROM olap.pipeline_offsets WHERE pipeline = 'refused'")" ok
  control "clear-errors 2"
  seq 17 20 | sed 's/.*/{"id":&}/' | put refused
  if wait_for 20 "SELECT count(*), count(DISTINCT id), max(id) FROM refused" "20|20|20"; then
    pass "the pipeline goes on by itself"
  else
    fail "the pipeline goes on by itself"
  fi
  # --- a partition that lost nothing is let go on: nothing is read again ---
  sql "SELECT olap.pause_pipeline('refused')" > /dev/null
  wait_for 20 "SELECT pid IS NULL FROM olap.pipeline_status WHERE name = 'refused'" t || fail "it pauses"
  sql "UPDATE olap.pipeline_offset SET state = 'offset_lost' WHERE pipeline = 'refused'"
  check "without a start, accept_gap goes on behind what is stored" \
    "$(sql "SELECT olap.accept_gap('refused', 0, 'nothing was lost')")" 20
  check "in the same log" "$(sql "SELECT incarnation FROM olap.pipeline_offset WHERE pipeline = 'refused'")" 0
  sql "UPDATE olap.pipeline_offset SET state = 'offset_lost' WHERE pipeline = 'refused'"
  check "back to what is stored only if asked to" \
    "$(sql "SELECT olap.accept_gap('refused', 0, 'read again', 'earliest')")" 0

  mock_cannot "topics made anew" "the mock broker cannot delete a topic"
  done_testing
  exit 0
fi

# --- deleted and made anew while the pipeline runs, with more records than before ---
admin="$OLAP_BIN/olap-topic-admin $BOOTSTRAP"
status="SELECT state FROM olap.pipeline_status WHERE name = 'anew'"
$admin create anew 2
sql "CREATE TABLE anew (id int, p int, o bigint) USING olap;
     CREATE FOREIGN TABLE anew_topic (id int, p int OPTIONS (meta 'partition'), o bigint OPTIONS (meta 'offset'))
     SERVER kafka OPTIONS (topic 'anew');
     SELECT olap.create_pipeline('anew', 'anew_topic', 'anew')" > /dev/null
seq 1 50 | sed 's/.*/{"id":&}/' | put anew
seq 51 60 | sed 's/.*/{"id":&}/' | put anew --partition 1
wait_caught_up anew 20 || give_up "the pipeline reads the first topic"
$admin delete anew
if wait_for 10 "$status" stopped; then pass "without its topic a pipeline says so"; else fail "without its topic a pipeline says so"; fi
sleep 5
check "nothing is claimed of a topic that is gone" "$(sql "SELECT lag IS NULL, freshness > '4 s', reason ~ 'Unknown topic'
  FROM olap.pipeline_status WHERE name = 'anew'")" "t|t|t"
$admin create anew 1
seq 101 200 | sed 's/.*/{"id":&}/' | put anew
if wait_for 40 "SELECT string_agg(state, ',' ORDER BY partition) FROM olap.pipeline_offsets WHERE pipeline = 'anew'" \
  "topic_recreated,topic_recreated"; then
  pass "both partitions know that this is another topic"
else
  fail "both partitions know that this is another topic"
fi
note "reasons: $(sql "SELECT reason FROM olap.pipeline_offsets WHERE pipeline = 'anew' ORDER BY partition")"
check "nothing of it went in" "$(sql "SELECT count(*) FROM anew WHERE id > 100")" 0
sql "SELECT olap.accept_gap('anew', 0, 'made anew')" > /dev/null
if wait_for 20 "SELECT count(*), count(DISTINCT id) FROM anew WHERE id > 100" "100|100"; then
  pass "accepted, all of the new topic goes in"
else
  fail "accepted, all of the new topic goes in"
fi
check "the ledger proves both lives" "$(sql "SELECT bool_and(ok), count(*) FROM olap.check_ledger('anew')")" "t|3"

# --- made anew while the worker does not look, and soon longer than the first topic ---
# Nothing tells the worker: offsets go on where they were. Records that it stored before it
# finds out are within the range that the reason names.
$admin create twin 1
sql "CREATE TABLE twin (id int, o bigint) USING olap;
     CREATE FOREIGN TABLE twin_topic (id int, o bigint OPTIONS (meta 'offset')) SERVER kafka OPTIONS (topic 'twin');
     SELECT olap.create_pipeline('twin', 'twin_topic', 'twin')" > /dev/null
seq 1 50 | sed 's/.*/{"id":&}/' | put twin
wait_caught_up twin 20 || give_up "the pipeline reads the first topic"
sleep 2 # so that the broker was asked about record 50
seq 51 100 | sed 's/.*/{"id":&}/' | put twin
wait_caught_up twin 20 || give_up "the pipeline reads on"
worker=$(sql "SELECT pid FROM olap.pipeline_status WHERE name = 'twin'")
start=$(now)
kill -STOP "$worker"
$admin delete twin
$admin create twin 1
seq 1001 1300 | sed 's/.*/{"id":&}/' | put twin
kill -CONT "$worker"
note "the worker did not look for $(seconds_since "$start") s"
if wait_for 20 "SELECT state FROM olap.pipeline_offsets WHERE pipeline = 'twin'" topic_recreated; then
  pass "a longer topic under the same name is noticed"
else
  fail "a longer topic under the same name is noticed"
fi
note "after $(seconds_since "$start") s: $(sql "SELECT reason FROM olap.pipeline_offsets WHERE pipeline = 'twin'")"
check "what was stored of it is in the range that the reason names" "$(sql "SELECT count(*) FROM twin, (
    SELECT coalesce(substring(reason, 'from offsets (\d+) to')::int, 100) AS a,
      coalesce(substring(reason, 'from offsets \d+ to (\d+) may')::int, 100) AS z
    FROM olap.pipeline_offsets WHERE pipeline = 'twin') r WHERE id > 100 AND o NOT BETWEEN a AND z")" 0
sleep 6
check "nothing more of it is stored" "$(sql "SELECT max(o) < next_offset FROM twin, olap.pipeline_offsets
  WHERE pipeline = 'twin' GROUP BY next_offset")" t

# --- a topic that grows: the new partitions are read from their first record on ---
$admin create grows 1
sql "CREATE TABLE grows (id int);
     CREATE FOREIGN TABLE grows_topic (id int) SERVER kafka OPTIONS (topic 'grows');
     SELECT olap.create_pipeline('grows', 'grows_topic', 'grows')" > /dev/null
seq 1 10 | sed 's/.*/{"id":&}/' | put grows
wait_caught_up grows 20 || fail "the pipeline reads one partition"
$admin grow grows 3
for p in 0 1 2; do seq $((p * 10 + 11)) $((p * 10 + 20)) | sed 's/.*/{"id":&}/' | put grows --partition $p; done
if wait_for 15 "SELECT count(*), count(DISTINCT id), max(id) FROM grows" "40|40|40"; then
  pass "all of the new partitions goes in"
else
  fail "all of the new partitions goes in"
fi
check "the ledger proves it" "$(sql "SELECT bool_and(ok), count(*) FROM olap.check_ledger('grows')")" "t|3"
done_testing
