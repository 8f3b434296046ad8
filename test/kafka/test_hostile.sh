#!/bin/bash
# Records nobody expected, and changes nobody announced: values against
# PostgreSQL's own rules, rows no table can hold, a whole batch of bad rows, tables
# that change under a running pipeline, rights that go, timestamps that lie.
. "$(dirname "$0")/lib.sh"

broker_begin
for t in types times damaged wide bad moving other clocks ratio; do topic_create "$t" 1; done
server_start "max_worker_processes = 12"
kafka_server

state_of()        # NAME
{
  echo "SELECT state FROM olap.pipeline_status WHERE name = '$1'"
}

read_to()         # NAME OFFSET
{
  wait_for 60 "$(position_query "$1")" "$2" || give_up "pipeline $1 reads to $2"
}

# --- values: what PostgreSQL's input functions and types say ---
sql "CREATE DOMAIN given AS text NOT NULL;
     CREATE DOMAIN doc AS jsonb CHECK (jsonb_typeof(value) <> 'null');
     CREATE DOMAIN moment AS timestamptz"
columns="k int, t0 timestamp(0), t3 timestamptz(3), g given, d doc, ts timestamptz[], m moment,
  r tstzrange, n numeric, a int[], x text[], b bytea"
sql "CREATE TABLE types ($columns, at timestamptz(0)) USING olap;
     CREATE FOREIGN TABLE types_topic ($columns, at timestamptz(0) OPTIONS (meta 'timestamp'))
     SERVER kafka OPTIONS (topic 'types');
     ALTER ROLE postgres SET array_nulls = off"
put types --timestamp 1700000000600 << 'END'
{"k":0,"g":"x","t0":"2024-01-01T00:00:00.5","t3":"1999-12-31T23:59:59.9994Z","n":1e30,"a":[[1,2],[3,null]],"x":["NULL",null,"a\\"b",{"y":"}"}],"b":"\\\\x00ff"}
{"k":1}
{"k":2,"g":null}
{"k":3,"g":"x","d":"text","ts":["2024-01-01"],"m":"2024-01-01 12:00","r":"[2024-01-01,infinity)"}
{"k":4,"g":"x","ts":["2024-01-01","Now"]}
{"k":5,"g":"x","m":"yesterday"}
{"k":6,"g":"x","r":"[2024-01-01,tomorrow)"}
{"k":7,"g":"now","d":{"when":"now"}}
{"k":8,"g":"x","a":[1,[2]]}
{"k":9,"g":"\ud83d\ude00 \x00"}
{"k":10,"g":"\xff"}
{"k":11,"g":"x","g":"the last counts"}
\N
END
pipeline_create types
read_to types 13
check "values are PostgreSQL's" "$(sql "SELECT * FROM types ORDER BY k")" "\
0|2024-01-01 00:00:01|1999-12-31 23:59:59.999+00|x|||||1000000000000000000000000000000|{{1,2},{3,NULL}}|{\"NULL\",NULL,\"a\\\"b\",\"{\\\"y\\\":\\\"}\\\"}\"}|\\x00ff|2023-11-14 22:13:21+00
3|||x|\"text\"|{\"2024-01-01 00:00:00+00\"}|2024-01-01 12:00:00+00|[\"2024-01-01 00:00:00+00\",infinity)|||||2023-11-14 22:13:21+00
7|||now|{\"when\": \"now\"}||||||||2023-11-14 22:13:21+00
11|||the last counts|||||||||2023-11-14 22:13:21+00"

check "the others are dead letters, each with its reason" "$(sql "SELECT \"offset\", column_name, sqlstate
  FROM olap.dead_letters WHERE pipeline = 'types' ORDER BY 1")" "\
1|g|23502
2|g|23502
4|ts|22007
5|m|22007
6|r|22007
8|a|22P02
9||22032
10||22021"

# --- bounds of a SELECT: what they leave out must not match ---
sql "CREATE FOREIGN TABLE times_topic (i int, at timestamptz OPTIONS (meta 'timestamp'),
       second timestamptz(0) OPTIONS (meta 'timestamp')) SERVER kafka OPTIONS (topic 'times')"
i=0
for ms in 1700000000400 1700000000600 1700000001000 1700000001500 9223372036854775000; do
  i=$((i + 1))
  echo "{\"i\":$i}" | put times --timestamp "$ms"
done
while read -r qual; do
  check "a SELECT has the rows WHERE $qual" "$(sql "SELECT array_agg(i) FROM times_topic WHERE $qual")" \
    "$(sql "WITH t AS MATERIALIZED (SELECT * FROM times_topic) SELECT array_agg(i) FROM t WHERE $qual")"
done << 'END'
second = '2023-11-14 22:13:21+00'
second >= '2023-11-14 22:13:21+00'
at >= '2023-11-14 22:13:20.6+00'
at = 'infinity'
END

# --- a row no page or index has room for stops nothing ---
sql "CREATE TABLE wide (k int, s text); CREATE INDEX ON wide (s);
     CREATE FOREIGN TABLE wide_topic (k int, s text) SERVER kafka OPTIONS (topic 'wide')"
{
  echo '{"k":1,"s":"before"}'
  echo "{\"k\":2,\"s\":\"$(head -c 9000 /dev/urandom | base64 -w 0)\"}"
  echo '{"k":3,"s":"behind"}'
  printf '{"k":4,"s":%0100000d}\n' 7
  head -c 100000 /dev/zero | tr '\0' '['; echo
  for _ in $(seq 20000); do printf '{"k":'; done; echo
} | put wide
pipeline_create wide
read_to wide 6
check "rows around one that is too wide go in" "$(sql "SELECT string_agg(k::text, ',' ORDER BY k) FROM wide")" "1,3"
check "what cannot be stored is a dead letter" "$(sql "SELECT \"offset\", sqlstate FROM olap.dead_letters
  WHERE pipeline = 'wide' ORDER BY 1")" "$(printf '1|54000\n3|22032\n4|54000\n5|54000')"

# --- a batch of nothing but bad rows: no memory without bounds ---
sql "CREATE TABLE bad (a int CHECK (a < 0), b text);
     CREATE FOREIGN TABLE bad_topic (a int, b text) SERVER kafka OPTIONS (topic 'bad')"
awk 'BEGIN { for (i = 0; i < 10000; i++) printf "{\"a\":%d,\"b\":\"%0200d\"}\n", i, i }' | put bad
pipeline_create bad
wait_for 60 "SELECT count(*) FROM olap.dead_letters WHERE pipeline = 'bad'" 10000 || give_up "10,000 bad rows become dead letters"
pid=$(sql "SELECT pid FROM olap.pipeline_status WHERE name = 'bad'")
peak=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$pid/status")
note "worker's peak with 10,000 bad rows of 2 MB: $peak MiB"
check_that "its memory stays bounded" "$peak < 200"

# --- a limit for dead letters: the contract is wrong, not the records ---
sql "CREATE TABLE ratio (id int);
     CREATE FOREIGN TABLE ratio_topic (id int) SERVER kafka OPTIONS (topic 'ratio');
     SELECT olap.create_pipeline('ratio', 'ratio_topic', 'ratio', max_dead_ratio => 0.1)" > /dev/null
{ seq 1 95 | sed 's/.*/{"id":&}/'; seq 1 5 | sed 's/.*/{"id":"nö&"}/'; } | put ratio
read_to ratio 100
check "within the limit, a pipeline goes on" "$(sql "SELECT rows, dead_letters FROM olap.pipeline_status WHERE name = 'ratio'")" "95|5"
seq 1 50 | sed 's/.*/{"id":"nö&"}/' | put ratio
wait_for 10 "$(state_of ratio)" failed || fail "beyond it, a pipeline has failed"
check "the batch is not committed, and the reason given" "$(sql "SELECT rows, dead_letters, last_error FROM olap.pipeline_status
  WHERE name = 'ratio'")" "95|5|55 of the last 150 records are dead letters, more than max_dead_ratio 0.1; offset 100 of partition 0: invalid input for integer: \"nö1\""
sql "SELECT olap.alter_pipeline('ratio', max_dead_ratio => 1), olap.resume_pipeline('ratio')" > /dev/null
read_to ratio 150
check "with the limit raised it goes on" "$(sql "SELECT rows, dead_letters FROM olap.pipeline_status WHERE name = 'ratio'")" "95|55"

# --- both tables change their type under a running pipeline ---
sql "CREATE TABLE moving (id int, b text) USING olap;
     CREATE FOREIGN TABLE moving_topic (id int, b text) SERVER kafka OPTIONS (topic 'moving')"
pipeline_create moving
for i in $(seq 1 400); do echo "{\"id\":$i,\"b\":\"row $i\"}"; sleep 0.01; done | put moving &
feeder=$!
wait_for 20 "SELECT count(*) > 20 FROM moving" t || fail "the pipeline runs"
sql "BEGIN; ALTER FOREIGN TABLE moving_topic ALTER id TYPE text; ALTER TABLE moving ALTER id TYPE text; COMMIT"
wait "$feeder"
read_to moving 400
check "rows before and after a change of type are all in" "$(sql "SELECT count(*), count(DISTINCT id), sum(id::int) FROM moving")" "400|400|80200"
check "no process crashed" "$(grep -c 'terminated by signal' "$DIR/pg/log" || true)" 0

# --- dropped and made anew in one transaction, for another topic ---
sql "CREATE FOREIGN TABLE other_topic (id text, b text) SERVER kafka OPTIONS (topic 'other')"
sql "BEGIN; SELECT olap.drop_pipeline('moving');
     SELECT olap.create_pipeline('moving', 'other_topic', 'moving'); COMMIT" > /dev/null
echo '{"id":1000}' | put other
if wait_for 20 "SELECT count(*) FROM moving WHERE id = '1000'" 1; then pass "the new pipeline runs, not the old"; else fail "the new pipeline runs, not the old"; fi

# --- an owner whose sessions begin as another role ---
sql "CREATE ROLE other_role; CREATE ROLE disguised LOGIN; GRANT other_role TO disguised;
     ALTER ROLE disguised SET role = 'other_role';
     CREATE TABLE who (id text, b text, by text DEFAULT current_user); GRANT INSERT ON who TO disguised, other_role;
     GRANT SELECT ON other_topic TO disguised" > /dev/null
sql "SET ROLE disguised; SELECT olap.create_pipeline('who', 'other_topic', 'who')" > /dev/null
if wait_for 10 "SELECT DISTINCT by FROM who" disguised; then
  pass "rows are written by the owner"
else
  fail "rows are written by the owner"
fi
sql "SELECT olap.drop_pipeline('who')" > /dev/null

# --- rights of the owner that go ---
sql "CREATE ROLE feeder LOGIN; GRANT INSERT ON moving TO feeder; GRANT SELECT ON other_topic TO feeder;
     SELECT olap.drop_pipeline('moving')" > /dev/null
sql "SET ROLE feeder; SELECT olap.create_pipeline('moving', 'other_topic', 'moving', start => 'latest')" > /dev/null
wait_for 10 "$(state_of moving)" running || fail "it runs as another role"
sql "REVOKE SELECT ON other_topic FROM feeder"
echo '{"id":1001}' | put other
if wait_for 10 "SELECT last_error FROM olap.pipeline_status WHERE name = 'moving'" "permission denied for foreign table other_topic"; then
  pass "without SELECT on its source a pipeline stops"
else
  fail "without SELECT on its source a pipeline stops"
fi
check "nothing went in" "$(sql "SELECT count(*) FROM moving WHERE id = '1001'")" 0
sql "GRANT SELECT ON other_topic TO feeder; SELECT olap.resume_pipeline('moving')" > /dev/null
if wait_for 3 "SELECT count(*) FROM moving WHERE id = '1001'" 1; then pass "resume_pipeline tries at once"; else fail "resume_pipeline tries at once"; fi

# --- row security: a row the policy refuses is a dead letter, the others go in ---
sql "ALTER TABLE moving ENABLE ROW LEVEL SECURITY;
     CREATE POLICY even ON moving FOR INSERT TO feeder WITH CHECK (id::int % 2 = 0)"
seq 2001 2004 | sed 's/.*/{"id":"&"}/' | put other
if wait_for 10 "SELECT string_agg(id, ',' ORDER BY id) FROM moving WHERE id ~ '^200.$'" "2002,2004"; then
  pass "rows that a policy allows go in"
else
  fail "rows that a policy allows go in"
fi
check "the others are dead letters" "$(sql "SELECT sqlstate, count(*) FROM olap.dead_letters WHERE pipeline = 'moving' GROUP BY 1")" "42501|2"

# --- a worker that cannot even connect ---
# a connection limit would not do: background workers are not counted
sql "ALTER ROLE feeder NOLOGIN"
sql "SELECT pg_terminate_backend(pid) FROM olap.pipeline_status WHERE name = 'moving'" > /dev/null
for ((i = 0; i < 50; i++)); do
  ! grep -q 'role "feeder" is not permitted to log in' "$DIR/pg/log" || break
  sleep 0.2
done
check "its connection is refused" "$((i < 50))" 1
# each refusal is followed by a longer wait: it is seen however slow the machine
if wait_for 10 "SELECT state, reason ~ 'server''s log' FROM olap.pipeline_status WHERE name = 'moving'" "retrying|t"; then
  pass "where to look is said"
else
  fail "where to look is said"
fi
sql "ALTER ROLE feeder LOGIN; SELECT olap.resume_pipeline('moving')" > /dev/null
wait_for 10 "$(state_of moving)" running || fail "it runs again"

# --- a gap of no records: where it was is where it goes on ---
sql "SELECT olap.pause_pipeline('moving')" > /dev/null
wait_for 10 "SELECT count(*) FROM olap.pipeline_status WHERE name = 'moving' AND pid IS NULL" 1 || fail "it pauses"
sql "UPDATE olap.pipeline_offset SET state = 'offset_lost' WHERE pipeline = 'moving';
     SELECT olap.accept_gap('moving', 0, 'nothing was lost', start => '6'), olap.resume_pipeline('moving')" > /dev/null
echo '{"id":1002}' | put other
if wait_for 10 "SELECT count(*) FROM moving WHERE id = '1002'" 1; then pass "an accepted gap of no records"; else fail "an accepted gap of no records"; fi
check "the ledger proves it" "$(sql "SELECT bool_and(ok) FROM olap.check_ledger('moving')")" t

# --- the ledger is folded, and proves the same; a hole stays a hole ---
topic_create fold 2
sql "CREATE TABLE fold (id int);
     CREATE FOREIGN TABLE fold_topic (id int) SERVER kafka OPTIONS (topic 'fold');
     SELECT olap.create_pipeline('fold', 'fold_topic', 'fold', max_rows => 1)" > /dev/null
seq 1 12 | sed 's/.*/{"id":&}/' | put fold
seq 1 4 | sed 's/.*/{"id":&}/' | put fold --partition 1
read_to fold 16
sql "SELECT olap.pause_pipeline('fold')" > /dev/null
wait_for 10 "SELECT count(*) FROM olap.pipeline_status WHERE name = 'fold' AND pid IS NULL" 1 || fail "it pauses"
before=$(sql "SELECT partition, from_offset, to_offset, read, inserted, ok FROM olap.check_ledger('fold')")
sql "UPDATE olap.pipeline_ledger SET committed_at = CASE WHEN from_offset < 4 THEN now() - interval '9 days'
       WHEN from_offset < 7 THEN now() - interval '1 day' WHEN from_offset < 10 THEN now() - interval '20 hours' ELSE now() END
     WHERE pipeline = 'fold' AND partition = 0;
     UPDATE olap.pipeline_ledger SET committed_at = now() - interval '1 day' WHERE pipeline = 'fold' AND partition = 1;
     DELETE FROM olap.pipeline_ledger WHERE pipeline = 'fold' AND partition = 1 AND from_offset = 1;
     SELECT olap.resume_pipeline('fold')" > /dev/null
wait_for 20 "SELECT count(*) FROM olap.ledger WHERE pipeline = 'fold' AND kind = 'summary'" 4 || fail "it folds"
check "rows of an hour, and old ones, are one" "$(sql "SELECT partition, from_offset, to_offset, kind, read, inserted FROM olap.ledger
  WHERE pipeline = 'fold' AND (kind = 'summary' OR partition = 1) ORDER BY 1, 2")" "\
0|0|4|summary|4|4
0|4|7|summary|3|3
0|7|10|summary|3|3
1|0|1|batch|1|1
1|2|4|summary|2|2"
check "the proof is the same" "$(sql "SELECT partition, from_offset, to_offset, read, inserted, ok FROM olap.check_ledger('fold')
  WHERE partition = 0")" "$(head -1 <<< "$before")"
check "the hole is seen" "$(sql "SELECT holes, ok FROM olap.check_ledger('fold') WHERE partition = 1")" "1|f"

# --- timestamps that lie: freshness is about what the table lacks ---
sql "CREATE TABLE clocks (id int);
     CREATE FOREIGN TABLE clocks_topic (id int) SERVER kafka OPTIONS (topic 'clocks');
     SELECT olap.create_pipeline('clocks', 'clocks_topic', 'clocks')" > /dev/null
echo '{"id":1}' | put clocks
read_to clocks 1
wait_for 10 "SELECT freshness < '5 s' FROM olap.pipeline_status WHERE name = 'clocks'" t || fail "caught up, it is fresh"
sql "SELECT olap.alter_pipeline('clocks', max_delay => '4 s')" > /dev/null
sleep 2
echo '{"id":2}' | put clocks --timestamp 1000000000000
read_to clocks 2
echo '{"id":3}' | put clocks --timestamp 1000000000000
sleep 1.5
check "a record with an old timestamp does not make the table old" "$(sql "SELECT lag, freshness < '10 s'
  FROM olap.pipeline_status WHERE name = 'clocks'")" "1|t"
read_to clocks 3
sql "BEGIN; LOCK TABLE clocks IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(8); COMMIT" > /dev/null &
locker=$!
echo '{"id":5}' | put clocks --timestamp 99999999999999
sleep 7
check_that "one with a timestamp of the future does not make a stuck pipeline fresh" "$(sql "SELECT
  extract(epoch FROM freshness) FROM olap.pipeline_status WHERE name = 'clocks'") >= 2"
wait "$locker" || true

# --- records that cannot be read: none is skipped, and the pipeline says why ---
# last_error may be that of the connection by then, which is closed and made again.
says_why()        # NAME PATTERN
{
  if wait_for 30 "SELECT state, coalesce(lag, 1) > 0, reason ~ '$2', last_error IS NOT NULL
      FROM olap.pipeline_status WHERE name = '$1'" "running|t|t|t"; then
    pass "$1: the pipeline says why it does not go on"
  else
    fail "$1: the pipeline says why it does not go on"
  fi
  check "$1: a SELECT does, too" "$(sql "SELECT count(*) FROM $1_topic" 2>&1 | grep -c "ERROR: .*$2")" 1
}

topic_create large 1 max.message.bytes=3000000
sql "CREATE SERVER small FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '$BOOTSTRAP',
       fetch_max_bytes '1000000', receive_message_max_bytes '1000600');
     CREATE TABLE large (i int, t text);
     CREATE FOREIGN TABLE large_topic (i int, t text) SERVER small OPTIONS (topic 'large')"
echo '{"i":1}' | put large
printf '{"i":2,"t":"%02000000d"}\n' 0 | put large -X message.max.bytes=3000000
pipeline_create large
says_why large 'receive.message.max.bytes'
sql "ALTER SERVER small OPTIONS (SET receive_message_max_bytes '100000000')"
read_to large 2

if [ "$BROKER" = real ]; then
  log=$KAFKA_DIR/data/damaged-0/00000000000000000000.log
  for i in 1 2 3; do
    echo "{\"i\":$i,\"t\":\"sound$i\"}" | put damaged
  done
  at=$(grep -abo sound2 "$log" | cut -d : -f 1)
  printf 'SOUND' | dd of="$log" bs=1 seek="$at" conv=notrunc 2> /dev/null
  sql "CREATE TABLE damaged (i int, t text);
       CREATE FOREIGN TABLE damaged_topic (i int, t text) SERVER kafka OPTIONS (topic 'damaged')"
  pipeline_create damaged
  read_to damaged 1
  says_why damaged 'CRC32C'
  printf 'sound' | dd of="$log" bs=1 seek="$at" conv=notrunc 2> /dev/null
  read_to damaged 3
  check "all of it is read once the broker has it again" \
    "$(sql "SELECT string_agg(t, ',' ORDER BY i) FROM damaged")" "sound1,sound2,sound3"
else
  mock_cannot "damaged records" "the mock broker keeps them in memory"
fi
done_testing
