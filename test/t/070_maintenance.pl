# Background maintenance: delta rows become segments, expired segments go, and
# nothing of it stands in the way of sessions, DDL or DROP DATABASE.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
olap.maintenance_naptime = 1
olap.maintenance_interval = 3
autovacuum = off
));
$node->safe_psql('postgres', 'CREATE DATABASE work');
$node->safe_psql('work', 'CREATE EXTENSION olap');

# small writes are compacted without anybody asking
$node->safe_psql('work', q(
CREATE TABLE small (ts timestamptz NOT NULL, id int, v text) USING olap
  WITH (time_column = 'ts', segment_interval = '1 day');
CREATE TABLE left_alone (id int, v text) USING olap WITH (autovacuum_enabled = off)));
for my $round (1 .. 20)
{
    $node->safe_psql('work', join('', map {
        "INSERT INTO small SELECT now(), g, 'v' || g FROM generate_series($_ * 500 + 1, $_ * 500 + 500) g;"
          . "INSERT INTO left_alone SELECT g, 'v' FROM generate_series(1, 500) g;"
    } (($round - 1) * 2 .. $round * 2 - 1)));
}
ok($node->poll_query_until('work', q(
SELECT count(*) FILTER (WHERE kind = 'segment' AND state = 'live') > 0 FROM olap.segments('small'))),
    'delta rows become segments in the background');
is($node->safe_psql('work', 'SELECT count(*), sum(id), count(DISTINCT id) FROM small'),
    '20000|200010000|20000', 'and every row is there once');
is($node->safe_psql('work', q(
SELECT count(*) FROM olap.segments('left_alone') WHERE kind = 'segment')),
    '0', 'autovacuum_enabled = off keeps a table out of it');

# a table that somebody has locked keeps nobody else's from being compacted
my $locker = $node->background_psql('work');
$locker->query_safe('BEGIN; LOCK TABLE small');
$node->safe_psql('work', 'CREATE TABLE other (id int) USING olap');
$node->safe_psql('work', 'INSERT INTO other SELECT generate_series(1, 200)');
ok($node->poll_query_until('work', q(
SELECT count(*) > 0 FROM olap.segments('other') WHERE kind = 'segment' AND state = 'live')),
    'LOCK TABLE on one table does not stop the maintenance of others');
$locker->query_safe('COMMIT');
$locker->quit;

# An UPDATE that waits since before its row moved and expired does not bring it back.
$node->safe_psql('work', q(
CREATE TABLE late (ts timestamptz NOT NULL, id int, v int) USING olap
  WITH (time_column = 'ts', segment_interval = '1 hour', retention = '1 day', autovacuum_enabled = off);
CREATE FUNCTION gate() RETURNS boolean VOLATILE LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_advisory_xact_lock(77); RETURN true; END';
INSERT INTO late SELECT now() - interval '30 days', g, 0 FROM generate_series(1, 100) g));
my $holder = $node->background_psql('work');
$holder->query_safe('SELECT pg_advisory_lock(77)');
my $update = $node->background_psql('work');
$update->query_until(qr/started/, "\\echo started\nUPDATE late SET v = 1 WHERE id = 5 AND gate();\n");
$node->poll_query_until('work', q(SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted));
$node->safe_psql('work', q(CALL olap.compact('late')));
$node->safe_psql('work', q(ALTER TABLE late RESET (autovacuum_enabled)));
ok($node->poll_query_until('work', q(SELECT count(*) = 0 FROM late)), 'the rows moved, and expired');
$holder->query_safe('SELECT pg_advisory_unlock(77)');
$update->query_safe('SELECT 1');
$update->quit;
$holder->quit;
is($node->safe_psql('work', 'SELECT count(*) FROM late'), '0', 'an UPDATE that began before finds the row gone');

# retention drops whole segments; rows without a time and young rows stay
$node->safe_psql('work', q(
CREATE TABLE log (ts timestamp, id int) USING olap
  WITH (time_column = 'ts', segment_interval = '1 day', retention = '10 days');
CREATE TABLE days (d date, id int) USING olap
  WITH (time_column = 'd', segment_interval = '1 day', retention = '10 days');
CREATE TABLE parent (ts timestamptz, id int PRIMARY KEY) USING olap
  WITH (time_column = 'ts', segment_interval = '1 day', retention = '10 days');
CREATE TABLE child (id int REFERENCES parent);
CREATE INDEX log_id ON log (id);
INSERT INTO log SELECT localtimestamp - (g % 20) * interval '1 day', g FROM generate_series(0, 99999) g;
INSERT INTO log SELECT NULL, -1 FROM generate_series(1, 5000);
INSERT INTO days SELECT current_date - (g % 20), g FROM generate_series(0, 99999) g;
INSERT INTO parent SELECT now() - interval '30 days', g FROM generate_series(1, 6000) g;
));
$node->safe_psql('work', q(CALL olap.compact('parent')));
ok($node->poll_query_until('work', q(
SELECT (SELECT count(*) FROM log WHERE ts < localtimestamp - interval '11 days 1 hour') = 0
  AND (SELECT count(*) FROM days WHERE d < current_date - 12) = 0)),
    'expired rows go, those that were on delta pages too');
is($node->safe_psql('work', q(
SELECT count(*) FILTER (WHERE id = -1), min(ts) > localtimestamp - interval '11 days 1 hour',
  count(*) FILTER (WHERE ts > localtimestamp - interval '10 days') FROM log)),
    '5000|t|50000', 'rows without a time and young rows stay');
is($node->safe_psql('work', 'SELECT count(*) FROM parent'), '6000',
    'a table that a foreign key refers to is left alone');
is($node->safe_psql('work', q(
SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*) FROM log WHERE id IN (1, 15))),
    '1', 'an index does not find what has gone');
is($node->safe_psql('work', q(SELECT count(*) FROM olap.verify('log'))), '0', 'verify finds nothing');

# What was dropped is not back when the table is written anew, and no duplicate.
# Rows that are about to expire may go at any time: those counted do not.
$node->safe_psql('work', q(
INSERT INTO log VALUES (localtimestamp, 15);
CREATE UNIQUE INDEX log_unique ON log (id) WHERE id >= 0;
DROP INDEX log_unique));
is($node->safe_psql('work', q(
SELECT count(*) AS before FROM log WHERE ts IS NULL OR ts > localtimestamp - interval '10 days' \gset
VACUUM FULL log;
SELECT count(*) FILTER (WHERE ts IS NULL OR ts > localtimestamp - interval '10 days') = :before,
  count(*) FILTER (WHERE ts < localtimestamp - interval '11 days 1 hour') FROM log)),
    't|0', 'VACUUM FULL does not bring expired rows back');

# a row that a running transaction has locked keeps its segment
$node->safe_psql('work', q(
ALTER TABLE small SET (retention = '100 days');
CREATE TABLE held (ts timestamptz, id int) USING olap WITH (time_column = 'ts', segment_interval = '1 day');
INSERT INTO held SELECT now() - interval '30 days', g FROM generate_series(1, 6000) g));
my $session = $node->background_psql('work');
$session->query_safe('BEGIN');
$session->query_safe('SELECT id FROM held WHERE id = 7 FOR UPDATE');
# the option takes a lock that the session's does not conflict with
$node->safe_psql('work', q(ALTER TABLE held SET (retention = '10 days')));
$node->safe_psql('work', 'INSERT INTO held VALUES (now(), 0)');
sleep 5;
is($session->query_safe('SELECT count(*) FROM held WHERE id > 0'), '6000',
    'a locked row keeps its segment');
$session->query_safe('COMMIT');
$node->safe_psql('work', 'INSERT INTO held VALUES (now(), 0)');
ok($node->poll_query_until('work', 'SELECT count(*) = 0 FROM held WHERE id > 0'),
    'which goes when the lock is gone');
$session->quit;

# a database can be dropped while its tables are worked on
$node->safe_psql('work', q(
INSERT INTO small SELECT now(), g, 'v' FROM generate_series(1, 400000) g;
INSERT INTO small SELECT now(), g, 'v' FROM generate_series(1, 400000) g));
sleep 1;
$node->safe_psql('postgres', 'DROP DATABASE work');
pass('DROP DATABASE does not wait for maintenance');
ok($node->poll_query_until('postgres', q(
SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'olap maintenance')),
    'and no worker stays');

$node->stop;
done_testing();
