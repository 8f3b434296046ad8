#!/bin/bash
# A record that kills the worker, and with it the whole server, each time it is
# stored: it is found by trying records one by one, set aside as a dead letter,
# and everything else goes in.
. "$(dirname "$0")/lib.sh"

broker_begin
topic_create crasher 2
server_start
kafka_server
tables_create crasher "id bigint NOT NULL, $all_columns"
sql "DROP TABLE crasher"
sql "CREATE TABLE crasher (id bigint NOT NULL, $all_columns, _partition int, _offset bigint)"
# the shell's parent is the worker
sql "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS
  \$\$ BEGIN COPY (SELECT 1) TO PROGRAM 'kill -9 \$PPID; sleep 1'; RETURN NEW; END \$\$"
sql "CREATE TRIGGER crash BEFORE INSERT ON crasher FOR EACH ROW WHEN (NEW.id = 77) EXECUTE FUNCTION crash()"
produce crasher --rows 1500 --with-id --summary /dev/null
pipeline_create crasher
if wait_caught_up crasher 60; then
  pass "the pipeline gets past a record that crashes it"
else
  fail "the pipeline gets past a record that crashes it"
fi
crashes=$(grep -c "terminated by signal 9" "$DIR/pg/log")
note "$crashes crashes"
check_that "it took few crashes, with pauses between" "$crashes >= 4 && $crashes <= 6"
check "the record is a dead letter that says so" "$(sql "SELECT count(*) FROM olap.dead_letters
  WHERE error LIKE '%set aside%' AND value IS NOT NULL")" 1
check "no other record is" "$(sql "SELECT count(*) FROM olap.dead_letters")" 1
check "all others are rows, once" "$(sql "SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE id = 77) FROM crasher")" "1499|1499|0"
check "the ledger proves it" "$(sql "SELECT bool_and(ok) FROM olap.check_ledger('crasher')")" t
done_testing
