#!/bin/bash
# The life of pipelines: pause, resume, alter, drop, rows the table refuses, two
# pipelines into one table, rights, and databases and extensions that go while
# their pipelines run.
. "$(dirname "$0")/lib.sh"

broker_begin
topic_create life 2
topic_create second 1
server_start "max_worker_processes = 12" "max_prepared_transactions = 2"
sql "CREATE DATABASE work"
export PGDATABASE=work
sql "CREATE EXTENSION olap"
kafka_server
tables_create life "id bigint NOT NULL, $all_columns"
produce life --rows 5000 --with-id --malformed 0.02 --summary "$DIR/summary"
good=$(jq .good "$DIR/summary")
bad=$(jq .malformed "$DIR/summary")

rows="SELECT count(*) FROM life"
state="SELECT state FROM olap.pipeline_status WHERE name = 'life'"
workers="SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'olap pipeline'"

# --- start, dead letters ---
start=$(now)
pipeline_create life
wait_for 10 "$workers" 1 || give_up "a new pipeline gets its worker"
check_that "a new pipeline's worker starts within 2 s" "$(seconds_since "$start") <= 2"
wait_caught_up life 20 || give_up "the pipeline catches up"
check "all good records are rows" "$(sql "$rows")" "$good"
check "all bad records are dead letters" "$(sql "SELECT count(*) FROM olap.dead_letters")" "$bad"
check "dead letters keep bytes and say why" "$(sql "SELECT count(*) FROM olap.dead_letters
  WHERE value IS NULL OR error = '' OR length(sqlstate) <> 5")" 0
check "the ledger proves it" "$(sql "SELECT bool_and(ok) FROM olap.check_ledger('life')")" t

# --- dead letters: none of them is better now; past their retention they go ---
check "a replay beside the worker leaves bad records dead" "$(sql "SELECT * FROM olap.replay_dead_letters('life')")" "0|$bad"
check "and the table as it was" "$(sql "$rows")" "$good"
sql "UPDATE olap.dead_letter SET at = at - interval '1 hour' WHERE partition = 0"
old=$(sql "SELECT count(*) FROM olap.dead_letter WHERE partition = 0")
sql "SELECT olap.alter_pipeline('life', dead_letter_retention => '30 minutes')" > /dev/null
if wait_for 20 "SELECT count(*), count(*) FILTER (WHERE partition = 0) FROM olap.dead_letters" "$((bad - old))|0"; then
  pass "dead letters past their retention are deleted, and only those"
else
  fail "dead letters past their retention are deleted, and only those"
fi
sql "SELECT olap.alter_pipeline('life', dead_letter_retention => '0')" > /dev/null

# --- housekeeping that fails is not forgotten by the next batch ---
topic_create tidy 1
sql "CREATE TABLE tidy (id int);
     CREATE FOREIGN TABLE tidy_topic (id int) SERVER kafka OPTIONS (topic 'tidy');
     CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''kept''; END';
     CREATE TRIGGER keep BEFORE DELETE ON olap.dead_letter FOR EACH ROW WHEN (old.pipeline = 'tidy') EXECUTE FUNCTION keep();
     SELECT olap.create_pipeline('tidy', 'tidy_topic', 'tidy', dead_letter_retention => '1000 years')" > /dev/null
echo '{"id":"x"}' | put tidy
wait_for 10 "SELECT dead_letters FROM olap.pipeline_status WHERE name = 'tidy'" 1
sql "UPDATE olap.dead_letter SET at = '-infinity' WHERE pipeline = 'tidy'"
until=$((SECONDS + 25))
while [ "$SECONDS" -lt "$until" ] && [ "$(sql "SELECT error_count >= 2 FROM olap.pipeline WHERE name = 'tidy'")" != t ]; do
  echo '{"id":1}' | put tidy
  sleep 0.3
done
check "errors of housekeeping are counted though batches are committed" \
  "$(sql "SELECT error_count >= 2, last_error FROM olap.pipeline WHERE name = 'tidy'")" "t|kept"
sql "DROP TRIGGER keep ON olap.dead_letter; SELECT olap.drop_pipeline('tidy')" > /dev/null
wait_for 10 "$workers" 1 || fail "its worker ends"

# --- pause, resume ---
sql "SELECT olap.pause_pipeline('life')" > /dev/null
wait_for 5 "$workers" 0 || fail "a paused pipeline's worker ends"
produce life --rows 500 --first-id 5000 --with-id --summary /dev/null
sleep 1.5
check "a paused pipeline reads nothing" "$(sql "$rows")" "$good"
check "it says so" "$(sql "$state")" paused
sql "SELECT olap.resume_pipeline('life')" > /dev/null
if wait_for 10 "$rows" $((good + 500)); then pass "resumed, it goes on where it was"; else fail "resumed, it goes on where it was"; fi

# --- paused by a transaction that tells nobody; nothing is stored under the state paused ---
sql "BEGIN; SELECT olap.pause_pipeline('life'); PREPARE TRANSACTION 'pause'" > /dev/null
sql "COMMIT PREPARED 'pause'"
produce life --rows 100 --first-id 900000 --with-id --summary /dev/null
if wait_for 10 "$workers" 0; then pass "paused by COMMIT PREPARED, its worker ends"; else fail "paused by COMMIT PREPARED, its worker ends"; fi
sleep 1
check "and stores nothing" "$(sql "$rows WHERE id >= 900000")" 0
check "nor is it started again" "$(sql "$workers")" 0
sql "SELECT olap.resume_pipeline('life')" > /dev/null
wait_for 10 "$rows WHERE id >= 900000" 100 || fail "resumed, it reads what came"
sql "UPDATE olap.pipeline SET created_at = created_at + '1 s' WHERE name = 'life'"
old=$(sql "SELECT pid FROM olap.pipeline_status WHERE name = 'life'")
if wait_for 10 "SELECT pid <> $old FROM olap.pipeline_status WHERE name = 'life'" t; then
  pass "the worker of a dropped pipeline makes room for that of a new one"
else
  fail "the worker of a dropped pipeline makes room for that of a new one"
fi
sql "DELETE FROM life WHERE id >= 900000"

# --- a drop while the first batch has rows of partitions locked ---
topic_create keys 2
sql "CREATE TABLE keys (id int PRIMARY KEY);
     CREATE FOREIGN TABLE keys_topic (id int) SERVER kafka OPTIONS (topic 'keys')"
echo '{"id":1}' | put keys
echo '{"id":2}' | put keys --partition 1
psql -XqAt -c "BEGIN; INSERT INTO keys VALUES (2); SELECT pg_sleep(4); ROLLBACK" > /dev/null &
pids+=($!)
wait_for 5 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" 1
pipeline_create keys
wait_for 10 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'transactionid'" 1 || fail "the first batch waits for a key"
sql "SELECT olap.drop_pipeline('keys')" > /dev/null || fail "the pipeline is dropped"
check "a drop waits for the first batch, and nobody is a victim" "$(grep -c 'deadlock detected' "$DIR/pg/log")" 0
check "which is in" "$(sql "SELECT count(*) FROM keys")" 2

# --- alter takes effect while it runs ---
sql "SELECT olap.alter_pipeline('life', max_rows => 100, max_delay => '100 ms')" > /dev/null
wait_for 5 "SELECT count(*) FROM olap.pipeline_status WHERE max_rows = 100 AND pid IS NOT NULL" 1
sleep 1
produce life --rows 2000 --first-id 5500 --with-id --summary /dev/null
if wait_for 10 "$rows" $((good + 2500)); then pass "an altered pipeline goes on"; else fail "an altered pipeline goes on"; fi
check_that "max_rows bounds the later batches" "$(sql "SELECT max(sum) FROM (SELECT sum(read) FROM olap.ledger
  WHERE from_offset >= 2800 GROUP BY committed_at) b") <= 100"

# --- a transaction that does not commit changes nothing ---
sql "BEGIN; SELECT olap.drop_pipeline('life'); ROLLBACK" > /dev/null
sleep 0.5
check "a rolled back drop changes nothing" "$(sql "$state")" running

# --- two pipelines, one table, one of them over a heap table with its own rules ---
sql "CREATE TABLE both_in (id bigint NOT NULL CHECK (id % 100 <> 7), $all_columns, _partition int, _offset bigint,
  loaded_at timestamptz DEFAULT now()) PARTITION BY RANGE (id)" > /dev/null
sql "CREATE TABLE both_in_low PARTITION OF both_in FOR VALUES FROM (0) TO (1000)" > /dev/null
foreign=${all_columns/ts timestamptz NOT NULL/"ts timestamptz OPTIONS (time_format 'epoch_ms') NOT NULL"}
sql "CREATE FOREIGN TABLE second_topic (id bigint NOT NULL, $foreign) SERVER kafka OPTIONS (topic 'second', format 'json')"
produce second --rows 1200 --with-id --summary /dev/null
sql "SELECT olap.create_pipeline('one', 'second_topic', 'both_in'), olap.create_pipeline('two', 'second_topic', 'both_in')" > /dev/null
wait_for 15 "SELECT count(*) FROM olap.pipeline_offsets WHERE pipeline IN ('one', 'two') AND next_offset >= 1200" 2 ||
  fail "both pipelines read everything"
check "rows that pass CHECK and have a partition are in, from both" "$(sql "SELECT count(*), count(DISTINCT id) FROM both_in")" "1980|990"
check "the others are dead letters, by reason" "$(sql "SELECT sqlstate, count(*) FROM olap.dead_letters
  WHERE pipeline = 'one' GROUP BY 1")" "23514|210"
check "both ledgers prove it" "$(sql "SELECT bool_and(c.ok) FROM (VALUES ('one'), ('two')) p(n), olap.check_ledger(p.n) c")" t

# --- the table goes, the pipeline says so and nothing else suffers ---
sql "DROP TABLE both_in" > /dev/null
produce second --rows 10 --first-id 1200 --with-id --summary /dev/null
wait_for 10 "SELECT state FROM olap.pipeline_status WHERE name = 'one'" retrying || fail "a pipeline without its table retries"
check "the others run on" "$(sql "$state")" running
sql "SELECT olap.drop_pipeline('one'), olap.drop_pipeline('two')" > /dev/null
wait_for 5 "$workers" 1 || fail "dropped pipelines end"

# --- values that only their input function can judge, beside workers ---
topic_create moods 1
sql "CREATE TYPE mood AS ENUM ('good', 'bad');
     CREATE FOREIGN TABLE moods (id int, e mood) SERVER kafka OPTIONS (topic 'moods');
     CREATE TABLE big AS SELECT g AS id FROM generate_series(1, 20000) g; ANALYZE big"
seq 1 10 | sed 's/.*/{"id":&,"e":"good"}/' | put moods
parallel="SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;"
check "an enum of a topic joins a large table" "$(sql "$parallel SELECT count(m.e) FROM moods m, big WHERE m.id = big.id")" 10
check "the large table first" "$(sql "$parallel SELECT count(m.e) FROM big LEFT JOIN moods m ON m.id = big.id")" 10
check "workers of a subquery are no hindrance" \
  "$(sql "$parallel SELECT (SELECT sum(length(big.id::text)) FROM big) > 0, count(e) FROM moods")" "t|10"
echo '{"id":11,"e":"odd"}' | put moods
check "a bad value says what it is" "$(sql "$parallel SELECT (SELECT sum(length(big.id::text)) FROM big) > 0, count(e) FROM moods" 2>&1 |
  grep -c 'invalid input value for enum mood: "odd"')" 1

# --- SIGTERM ---
pid=$(sql "SELECT pid FROM olap.pipeline_status WHERE name = 'life'")
start=$(now)
sql "SELECT pg_terminate_backend($pid)" > /dev/null
wait_for 5 "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid" 0 || fail "a terminated worker ends within 5 s"
wait_for 10 "$workers" 1 || fail "a terminated worker is replaced"

# --- databases: rename, copy, drop; the extension ---
psql -XqAt -d postgres -c "CREATE DATABASE life_copy TEMPLATE work" > "$DIR/out" 2>&1 || true
check "a database with a running pipeline can be copied" "$(sql "SELECT count(*) FROM pg_database WHERE datname = 'life_copy'")" 1
check "the copy's pipeline waits to be adopted" "$(psql -XqAt -d life_copy -c "$state")" paused
psql -XqAt -d life_copy -c "SELECT olap.resume_pipeline('life')" > /dev/null
wait_for 10 "$workers" 2 || fail "adopted, it runs"
sql "ALTER DATABASE life_copy RENAME TO life_moved"
check "a database with a running pipeline can be renamed" "$(sql "SELECT count(*) FROM pg_database WHERE datname = 'life_moved'")" 1
wait_for 10 "$workers" 2 || fail "its worker comes back"
psql -XqAt -v ON_ERROR_STOP=1 -d life_moved -c "DROP EXTENSION olap CASCADE" > "$DIR/out" 2>&1 || fail "the extension can be dropped: $(cat "$DIR/out")"
wait_for 10 "$workers" 1 || fail "its worker ends with the extension"
psql -XqAt -d life_moved -c "CREATE EXTENSION olap" -c "CREATE TABLE x (id bigint)" > /dev/null
sql "DROP DATABASE life_moved"
check "a database can be dropped" "$(sql "SELECT count(*) FROM pg_database WHERE datname = 'life_moved'")" 0
wait_for 10 "$workers" 1 || fail "the first pipeline runs through it all"
wait_caught_up life 20 || fail "it is caught up at the end"
check "nothing lost, nothing doubled" "$(sql "SELECT count(*), count(DISTINCT (_partition, _offset)) FROM life")" "$((good + 2500))|$((good + 2500))"
check "the ledger proves it at the end" "$(sql "SELECT bool_and(ok) FROM olap.check_ledger('life')")" t
done_testing
