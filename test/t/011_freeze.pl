# VACUUM moves relfrozenxid on, and rows stay readable when the transactions
# that wrote them are gone from the commit log.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
vacuum_freeze_min_age = 0
fsync = off
));
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (a int, b text) USING olap;
CREATE INDEX t_a ON t (a);
CREATE TABLE never (a int) USING olap;
INSERT INTO t SELECT g, 'x' FROM generate_series(1, 10000) g;
INSERT INTO t VALUES (0, 'delta');
BEGIN; INSERT INTO t VALUES (-1, 'aborted'); ROLLBACK;
BEGIN; INSERT INTO t SELECT -g, 'aborted' FROM generate_series(1, 10000) g; ROLLBACK;
));

my $want = $node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t');
is($want, '10001|50005000', 'aborted rows do not show');

# A held snapshot keeps the horizon back: nothing younger is frozen.
my $before = $node->safe_psql('postgres', q(SELECT relfrozenxid FROM pg_class WHERE relname = 't'));
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
$node->safe_psql('postgres', q(INSERT INTO t VALUES (1, 'late')));
$node->safe_psql('postgres', 'VACUUM t');
is($holder->query_safe(q(SELECT count(*) FROM t WHERE b = 'late')),
    '0', 'the old snapshot does not see the late row after VACUUM');
is($holder->query_safe('SELECT count(*), sum(a) FROM t'),
    $want, 'nor lose the others');
$holder->query_safe('COMMIT');

# Nor does a rewrite show that snapshot what it must not see, or hide the rest.
$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;');
$node->safe_psql('postgres', q(
INSERT INTO t VALUES (2, 'later');
INSERT INTO t SELECT g, 'later' FROM generate_series(1, 9000) g));
$node->safe_psql('postgres', 'VACUUM FULL t; VACUUM FULL never');
is($holder->query_safe('SELECT count(*), sum(a) FROM t'),
    '10002|50005001', 'an old snapshot sees its rows after VACUUM FULL');
is($node->safe_psql('postgres', q(SELECT count(*) FROM t WHERE b = 'later')),
    '9001', 'and others see the newer ones');
$holder->query_safe('COMMIT');
$holder->quit;

$node->safe_psql('postgres', 'VACUUM (FREEZE) t');
is($node->safe_psql('postgres', q(SELECT age(relfrozenxid) < 10 FROM pg_class WHERE relname = 't')),
    't', 'relfrozenxid is recent after VACUUM FREEZE');
is($node->safe_psql('postgres', q(SELECT DISTINCT xmin FROM t)), '2', 'rows are frozen');

$node->safe_psql('postgres', q(
CREATE TABLE held (a int) USING olap;
CREATE INDEX held_a ON held (a);
INSERT INTO held SELECT g FROM generate_series(1, 5000) g;
INSERT INTO held SELECT g FROM generate_series(5001, 10000) g;
BEGIN; INSERT INTO held SELECT g FROM generate_series(5001, 10000) g; ROLLBACK));

# Burn a million and a half transactions' worth of commit log, truncate it, read.
$node->stop;
command_ok([ 'pg_resetwal', '-x', '50000000', '-D', $node->data_dir ],
    'move the transaction counter on');
my $segment = sprintf('%04X', 50000000 / (8192 * 4) / 32);
my $file = $node->data_dir . "/pg_xact/$segment";
if (!-e $file)
{
    open my $fh, '>', $file or die $!;
    binmode $fh;
    print $fh "\0" x 262144;
    close $fh;
}
$node->start;

# Meanwhile a cursor goes on in an index: it has read the directory, but not asked
# yet about all places of it.
my $cursor = $node->background_psql('postgres');
$cursor->query_safe('SET enable_seqscan = off; SET enable_bitmapscan = off; SET olap.enable_scan = off; SET enable_indexonlyscan = off;'
    . ' BEGIN; DECLARE c CURSOR FOR SELECT a FROM held ORDER BY a;');
is($cursor->query_safe('FETCH 1 FROM c'), '1', 'a cursor has begun');
$node->safe_psql('postgres', $_) for ('VACUUM FREEZE', );
$node->safe_psql('template1', 'VACUUM FREEZE');
$node->safe_psql('postgres', q(UPDATE pg_database SET datallowconn = true WHERE datname = 'template0'));
$node->safe_psql('template0', 'VACUUM FREEZE');
$node->safe_psql('postgres', 'VACUUM FREEZE pg_database');
ok(!-e $node->data_dir . '/pg_xact/0000', 'the commit log has forgotten the inserters');
my @rest = split /\n/, $cursor->query_safe('FETCH ALL FROM c');
is(scalar(@rest), 9999, 'the cursor does not ask the commit log about them');
$cursor->query_safe('COMMIT');
$cursor->quit;
is($node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    '19003|90509503', 'all rows are there 50 million transactions later');
is($node->safe_psql('postgres', q(SELECT age(relfrozenxid) < 100 FROM pg_class WHERE relname = 't')),
    't', 'relfrozenxid follows');
is($node->safe_psql('postgres', q(SELECT age(datfrozenxid) < 1000 FROM pg_database WHERE datname = 'postgres')),
    't', 'and so does the database');
is($node->safe_psql('postgres',
        'SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*) FROM t WHERE a < 0'),
    '0', 'index entries of aborted rows lead nowhere');
$node->stop;
done_testing();
