# Many sessions change, lock, delete and insert few rows while VACUUM and compactions run in a loop: in
# every snapshot the sum is the same and no key is there twice, by scan and by index.
# OLAP_TEST_SECONDS makes it longer.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

use OlapTest;

my $SECONDS = $ENV{OLAP_TEST_SECONDS} || 8;

my $node = olap_node('main', q(
deadlock_timeout = 50ms
autovacuum = off
fsync = off
));
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE acc (id int PRIMARY KEY, v int, pad text) USING olap;
INSERT INTO acc SELECT g, 1000, 'x' FROM generate_series(1, 20) g;
CREATE TABLE cnt (k int PRIMARY KEY, n int) USING olap;
CREATE TABLE hist (k int) USING heap;
CREATE TABLE ref (id int REFERENCES acc DEFERRABLE INITIALLY DEFERRED, n int) USING olap;
CREATE INDEX acc_v ON acc (v);
CREATE SEQUENCE queue_id;
CREATE TABLE queue (id int PRIMARY KEY) USING olap;
INSERT INTO queue SELECT nextval('queue_id') FROM generate_series(1, 20);
CREATE TABLE done (id int) USING heap;

-- a row that is deleted and inserted again while an UPDATE waits for it is not
-- found: try again
CREATE FUNCTION add(a int, d int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE acc SET v = v + d WHERE id = a;
  IF NOT FOUND THEN RAISE SQLSTATE '40001' USING MESSAGE = 'could not serialize access: not found'; END IF;
END $$;
));

# A row that is updated often: an index lookup does not go through all its versions,
# unless a snapshot still needs them.
$node->safe_psql('postgres', q(
CREATE TABLE hot (id int PRIMARY KEY, v int) USING olap;
INSERT INTO hot VALUES (1, 0), (2, 0);
CREATE PROCEDURE often(n int) LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1 .. n LOOP UPDATE hot SET v = v + 1 WHERE id = 1; COMMIT; END LOOP; END $$;
ALTER DATABASE postgres SET jit = off;
));
my $BY_INDEX = 'SET enable_seqscan = off; SET olap.enable_scan = off;';

sub entries_read
{
    my $q = q(SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'hot_pkey');
    my $out = $node->safe_psql('postgres', "$BY_INDEX SELECT pg_stat_force_next_flush(); $q; SELECT v FROM hot WHERE id = 1;"
        . "SELECT pg_stat_force_next_flush(); $q;");
    my ($before, $v, $after) = grep { /./ } split /\n/, $out;
    return ($v, $after - $before);
}

# The maintenance worker has a snapshot now and then, which keeps entries too.
sub few_entries_read
{
    my ($v, $read);
    for (1 .. 50)
    {
        ($v, $read) = entries_read();
        last if $read < 300;
        Time::HiRes::usleep(100_000);
    }
    return ($v, $read);
}

$node->safe_psql('postgres', "$BY_INDEX CALL often(2000)");
my ($v, $read) = few_entries_read();
is($v, '2000', 'the newest version is found');
cmp_ok($read, '<', 300, 'behind few index entries');
my $old = $node->background_psql('postgres');
$old->query_safe("BEGIN ISOLATION LEVEL REPEATABLE READ; $BY_INDEX SELECT 1");
$node->safe_psql('postgres', "$BY_INDEX CALL often(500); DELETE FROM hot WHERE id = 2");
($v, $read) = entries_read();
cmp_ok($read, '>=', 500, 'an old snapshot keeps entries');
is($old->query_safe('SELECT v FROM hot WHERE id IN (1, 2) ORDER BY id'), "2000\n0", 'and finds its version by them');
$old->query_safe('COMMIT');
$old->quit;
($v, $read) = few_entries_read();
is($v, '2500', 'the newest version is found');
cmp_ok($read, '<', 300, 'and few entries are left');

my %scripts = (
    transfer => q(
\set a random(1, 20)
\set b random(1, 20)
\set d random(1, 10)
BEGIN;
SELECT add(:a, -:d);
SELECT add(:b, :d);
COMMIT;
),
    move => q(
\set a random(11, 20)
WITH x AS (DELETE FROM acc WHERE id = :a RETURNING *) INSERT INTO acc SELECT id, v, 'moved' FROM x;
),
    locked => q(
\set a random(1, 10)
\set b random(11, 20)
\set d random(1, 10)
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT v FROM acc WHERE id IN (:a, :b) ORDER BY id FOR UPDATE;
SAVEPOINT s;
DELETE FROM acc WHERE id = :a;
ROLLBACK TO s;
SELECT add(:a, :d);
SELECT add(:b, -:d);
COMMIT;
),
    count => q(
\set k random(1, 8)
BEGIN;
INSERT INTO hist VALUES (:k);
INSERT INTO cnt VALUES (:k, 1) ON CONFLICT (k) DO UPDATE SET n = cnt.n + 1;
COMMIT;
),
    undone => q(
\set k random(1, 8)
BEGIN;
INSERT INTO cnt VALUES (:k, 1000000) ON CONFLICT (k) DO UPDATE SET n = cnt.n + 1000000;
DELETE FROM acc WHERE id = :k;
ROLLBACK;
),
    refer => q(
\set a random(1, 10)
BEGIN;
INSERT INTO ref VALUES (:a, 1);
SELECT id FROM acc WHERE id = :a FOR KEY SHARE;
UPDATE acc SET pad = pad || 'y' WHERE id = :a AND length(pad) < 50;
COMMIT;
),
    queue => q(
WITH x AS (DELETE FROM queue WHERE id = (SELECT id FROM queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id)
  INSERT INTO done SELECT id FROM x;
INSERT INTO queue VALUES (nextval('queue_id')) ;
),
    vacuum => q(
VACUUM acc, cnt, queue;
\sleep 10 ms
),
    compact => q(
SET log_min_messages = debug1;
CALL olap.compact('acc');
CALL olap.compact('cnt');
CALL olap.compact('queue');
\sleep 30 ms
));

my (@runs, %err);
for my $name (sort keys %scripts)
{
    my $file = $node->basedir . "/$name.sql";
    PostgreSQL::Test::Utils::append_to_file($file, $scripts{$name});
    push @runs, IPC::Run::start([ 'pgbench', '-n', '-T', $SECONDS, '--max-tries=50', '-c', $name =~ /vacuum|compact/ ? 1 : 2, '-j', 1,
          '-f', $file, $node->connstr('postgres') ],
        '<', '/dev/null', '>', \my $out, '2>', \$err{$name});
}

my ($looks, %wrong) = (0);
my $until = time + $SECONDS;
while (time < $until)
{
    my ($rc, $out, $err) = $node->psql('postgres', q(
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*), count(DISTINCT id), sum(v) FROM acc;
SELECT sum(n) = (SELECT count(*) FROM hist), count(*) = count(DISTINCT k) FROM cnt;
SET LOCAL enable_seqscan = off; SET LOCAL olap.enable_scan = off;
SELECT count(*), sum(v) FROM acc WHERE id > 0;
SELECT pg_sleep(0.05);
SELECT count(*), sum(v) FROM acc WHERE v > -1000000;
SELECT count(*) FROM ref r WHERE NOT EXISTS (SELECT FROM acc a WHERE a.id = r.id);
COMMIT;));
    $looks++;
    $wrong{"$out $err"} = 1 if $out !~ /^20\|20\|20000\n(t|)\|t\n20\|20000\n\n20\|20000\n0$/;
}
$_->finish for @runs;
is(join("\n", keys %wrong), '', "every snapshot is right ($looks looks)");
for my $name (sort keys %err)
{
    # what --max-tries repeats is no error
    my @errors = grep { !/^pgbench \(|^\s*$|deadlock detected|could not serialize|progress/ } split /\n/, $err{$name};
    is(join("\n", @errors), '', "$name ran without an error");
}
cmp_ok($looks, '>', 3, 'there were looks');
# what they wrote may have been changed and written anew since
like(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/compacted \d+ places of "\w+" into [1-9]/, 'compactions wrote segments');

is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id), sum(v) FROM acc'), '20|20|20000', 'the sum at the end');
is($node->safe_psql('postgres', 'SELECT sum(n) = (SELECT count(*) FROM hist), count(*) > 0 FROM cnt'), 't|t', 'the counters at the end');
is($node->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT id), count(*) > 20 FROM (TABLE queue UNION ALL TABLE done) x'), '0|t',
    'every item of the queue is there once');
is($node->safe_psql('postgres', q(SELECT last_value - (SELECT count(*) FROM (TABLE queue UNION ALL TABLE done) x) FROM queue_id)), '0',
    'none is lost');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM ref'), '>', 10, 'foreign keys were checked');
cmp_ok($node->safe_psql('postgres', q(SELECT count(*) FROM acc WHERE v <> 1000 OR pad <> 'x')), '>', 10, 'rows were changed');
$node->safe_psql('postgres', 'VACUUM acc, cnt');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id), sum(v) FROM acc'), '20|20|20000', 'and after VACUUM');
is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT * FROM olap.verify('acc') UNION ALL SELECT * FROM olap.verify('cnt')) x"), '0', 'storage is sound');
$node->safe_psql('postgres', 'REINDEX TABLE acc; REINDEX TABLE cnt');
is($node->safe_psql('postgres', 'SELECT count(*) FROM acc WHERE id BETWEEN 1 AND 20'), '20', 'indexes can be made again');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/PANIC|is corrupted|XX000|unrecognized|tuple concurrently/, 'nothing unexpected in the log');
$node->stop;
done_testing();
