# An olap table as the target of logical replication: initial copy and inserts
# arrive, TRUNCATE too; what it cannot apply stops the subscription with a clear error. And
# as its source, which it cannot be: refused where it is named, warned of elsewhere.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('publisher');
$node->init(allows_streaming => 'logical');
$node->start;
$node->safe_psql('postgres', q(
CREATE TABLE t (a int PRIMARY KEY, b text);
ALTER TABLE t REPLICA IDENTITY FULL;
INSERT INTO t SELECT g, 'copied' FROM generate_series(1, 5000) g;
CREATE PUBLICATION p FOR TABLE t));

my $sub = PostgreSQL::Test::Cluster->new('subscriber');
$sub->init;
$sub->append_conf('postgresql.conf', q(shared_preload_libraries = 'olap'));
$sub->start;
my $conninfo = $node->connstr . ' dbname=postgres';
$sub->safe_psql('postgres', qq(
CREATE EXTENSION olap;
CREATE TABLE t (a int, b text) USING olap;
CREATE SUBSCRIPTION s CONNECTION '$conninfo' PUBLICATION p));
$sub->wait_for_subscription_sync($node, 's');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    '5000|12502500', 'the initial copy arrives');

$node->safe_psql('postgres', q(
INSERT INTO t VALUES (5001, 'single');
INSERT INTO t SELECT g, 'streamed' FROM generate_series(5002, 10000) g;
BEGIN; INSERT INTO t VALUES (20000, 'aborted'); ROLLBACK;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    '10000|50005000', 'inserts arrive');

# found by a search of the whole table (replica identity full, no key here)
$node->safe_psql('postgres', q(
DELETE FROM t WHERE a <= 3;
UPDATE t SET b = 'updated' WHERE a BETWEEN 10 AND 14;
BEGIN; DELETE FROM t; ROLLBACK;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(
SELECT count(*), sum(a), count(*) FILTER (WHERE b = 'updated') FROM t)),
    '9997|50004994|5', 'deletes and updates arrive');

# A search waits for who changes the row that it finds, not for others whose rows
# stand beside it.
my $local = $sub->background_psql('postgres');
$local->query_safe(q(BEGIN; INSERT INTO t VALUES (-1, 'local'); INSERT INTO t SELECT -g, 'local' FROM generate_series(2, 6000) g;
DELETE FROM t WHERE a = 40; UPDATE t SET b = 'local' WHERE a IN (41, 9000)));
$node->safe_psql('postgres', q(UPDATE t SET b = 'beside' WHERE a IN (42, 8999); DELETE FROM t WHERE a IN (43, 9001)));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(SELECT count(*), count(*) FILTER (WHERE b = 'beside') FROM t)),
    '9995|2', 'changes arrive beside those of an open transaction');
$node->safe_psql('postgres', q(UPDATE t SET b = 'remote' WHERE a = 41; DELETE FROM t WHERE a = 40));
ok($sub->poll_query_until('postgres', q(SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted)),
    'a change of a row that it has changed waits');
$local->query_safe('ROLLBACK');
$local->quit;
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(SELECT count(*), count(*) FILTER (WHERE b = 'remote'), count(*) FILTER (WHERE a = 40) FROM t)),
    '9994|1|0', 'and is made after its end');

# and by a key
$sub->safe_psql('postgres', 'ALTER TABLE t ADD PRIMARY KEY (a)');
$node->safe_psql('postgres', q(
ALTER TABLE t REPLICA IDENTITY DEFAULT;
UPDATE t SET a = -a WHERE a % 2 = 0;
DELETE FROM t WHERE a > 100;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    $node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    'keyed changes arrive');

# Rows move again and again while changes of them arrive, by key.
$node->safe_psql('postgres', q(TRUNCATE t; INSERT INTO t SELECT g, 'moving' FROM generate_series(1, 3000) g));
$node->wait_for_catchup('s');
$sub->safe_psql('postgres', q(ALTER TABLE t SET (order_by = 'b desc, a desc'); CREATE TABLE moving (still bool); INSERT INTO moving VALUES (true); CREATE TABLE moves (segments text)));
my $mover = $sub->background_psql('postgres');
$mover->query_until(qr/begun/, q(\echo begun
DO $$ BEGIN
	WHILE (SELECT still FROM moving) LOOP
		CALL olap.compact('t');
		INSERT INTO moves SELECT string_agg(id || '/' || rows || '/' || bytes, ' ' ORDER BY id) FROM olap.segments('t') WHERE kind = 'segment' AND state = 'live';
		COMMIT;
	END LOOP;
END $$;
));
my $moves = q(SELECT count(DISTINCT segments) FROM moves);
for my $i (1 .. 5)
{
	# so that a compaction ends between these changes and the next
	my $seen = $sub->safe_psql('postgres', $moves);
	$node->safe_psql('postgres', qq(
UPDATE t SET b = 'moved $i' WHERE a % 5 = $i % 5;
DELETE FROM t WHERE a % 100 = $i;
UPDATE t SET a = -a WHERE a % 50 = 10 + $i;
INSERT INTO t SELECT 100000 * $i + g, 'new' FROM generate_series(1, 200) g;));
	$sub->poll_query_until('postgres', "SELECT ($moves) > $seen") or BAIL_OUT('no compaction');
}
$node->wait_for_catchup('s');
$sub->safe_psql('postgres', 'UPDATE moving SET still = false');
$mover->query_safe('SELECT 1');
$mover->quit;
cmp_ok($sub->safe_psql('postgres', $moves), '>=', 5, 'a table is compacted again and again');
my $sum = q(SELECT count(*), sum(a), md5(string_agg(a || b, ' ' ORDER BY a)) FROM t);
is($sub->safe_psql('postgres', $sum), $node->safe_psql('postgres', $sum), 'while changes arrive, and all of them do');
is($sub->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('t'))), '0', 'and it is sound');

# rows that are still in memory when the transaction's TRUNCATE comes
$node->safe_psql('postgres', q(
BEGIN; INSERT INTO t SELECT g, 'before' FROM generate_series(30000, 30100) g; TRUNCATE t; INSERT INTO t VALUES (1, 'after'); COMMIT;
BEGIN; SAVEPOINT s; TRUNCATE t; ROLLBACK TO s; INSERT INTO t VALUES (2, 'after'); COMMIT;
BEGIN; INSERT INTO t VALUES (3, 'kept'); SAVEPOINT s; INSERT INTO t VALUES (4, 'gone'); TRUNCATE t; ROLLBACK TO s; INSERT INTO t VALUES (5, 'after'); COMMIT;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT string_agg(a || b, \' \' ORDER BY a) FROM t'), '1after 2after 3kept 5after', 'TRUNCATE arrives');
# nobody looks between the INSERT and the TRUNCATE, nor has it a key
$sub->safe_psql('postgres', 'ALTER TABLE t DROP CONSTRAINT t_pkey');
$node->safe_psql('postgres', q(BEGIN; INSERT INTO t SELECT g, 'before' FROM generate_series(30000, 30100) g; TRUNCATE t; INSERT INTO t VALUES (1, 'after'); COMMIT;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT * FROM t'), '1|after', 'TRUNCATE of rows that wait in memory arrives');
$sub->stop;
$node->stop;

# ---- published ----

$node->append_conf('postgresql.conf', q(shared_preload_libraries = 'olap'));
$node->start;
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE SCHEMA plain;
CREATE TABLE plain.h (a int);
CREATE SCHEMA mixed;
CREATE TABLE mixed.h (a int);
CREATE TABLE mixed.o (a int) USING olap;
CREATE UNLOGGED TABLE mixed.u (a int) USING olap;
CREATE TABLE mixed.parts (a int) PARTITION BY LIST (a);
CREATE TABLE mixed.hot PARTITION OF mixed.parts FOR VALUES IN (1) USING heap;
CREATE TABLE mixed.cold PARTITION OF mixed.parts FOR VALUES IN (2) USING olap;
CREATE PUBLICATION empty));
my @refused = (
	'CREATE PUBLICATION x FOR TABLE mixed.o' => 'cannot add olap table "o" to a publication',
	'CREATE PUBLICATION x FOR TABLE mixed.h, ONLY mixed.cold' => 'cannot add olap table "cold" to a publication',
	'ALTER PUBLICATION empty ADD TABLE mixed.o' => 'cannot add olap table "o" to a publication',
	'ALTER PUBLICATION empty SET TABLE mixed.o' => 'cannot add olap table "o" to a publication',
	'ALTER TABLE t SET ACCESS METHOD olap' => 'cannot make the published table "t" an olap table',
	'CREATE PUBLICATION x FOR TABLES IN SCHEMA nothing' => 'schema "nothing" does not exist',
	'CREATE PUBLICATION x FOR TABLE nothing' => 'relation "nothing" does not exist');
while (my ($sql, $error) = splice(@refused, 0, 2))
{
	my ($rc, $out, $err) = $node->psql('postgres', $sql);
	like($err, qr/^psql:<stdin>:1: ERROR:  \Q$error\E/, "$sql is refused");
}
my @said = (
	'CREATE PUBLICATION a FOR ALL TABLES' => 2,
	'CREATE PUBLICATION b FOR TABLES IN SCHEMA mixed' => 2,
	'SET search_path = mixed; CREATE PUBLICATION c FOR TABLES IN SCHEMA CURRENT_SCHEMA' => 2,
	'CREATE PUBLICATION d FOR TABLE mixed.parts' => 1,
	'ALTER PUBLICATION empty ADD TABLE mixed.parts' => 1,
	'CREATE PUBLICATION e FOR TABLE mixed.h, mixed.hot, plain.h' => 0,
	'CREATE PUBLICATION f FOR TABLES IN SCHEMA plain' => 0,
	'ALTER PUBLICATION empty DROP TABLE mixed.parts' => 0);
while (my ($sql, $n) = splice(@said, 0, 2))
{
	my ($rc, $out, $err) = $node->psql('postgres', $sql);
	is("$rc " . ($err =~ /has (\d+) olap table/ ? $1 : 0) . " olap", "0 $n olap", $n > 0 ? "$sql warns" : "$sql is silent");
}
$node->stop;
done_testing();
