# Blocks that are given back and used again: never while a snapshot, here or on a
# standby, needs what was in them; and none is lost, or in two hands, after a
# kill -9.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $KILLS = $ENV{OLAP_TEST_KILLS} || 3;
srand($ENV{OLAP_TEST_SEED} || 17);

my $node = olap_node('primary', q(
autovacuum = off
checkpoint_timeout = 30s
wal_keep_size = '512MB'
max_standby_streaming_delay = -1
), allows_streaming => 1);
$node->safe_psql('postgres', 'CREATE EXTENSION olap');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# the status of a table: bytes replaced, dead, free, of the file
sub status
{
    my ($table) = @_;
    return split /\|/, sql(qq(SELECT replaced_bytes, dead_bytes, free_bytes, pg_relation_size('$table')
      FROM olap.compaction_status WHERE "table" = '$table'::regclass));
}

# What is dead for everybody is known to be so once a transaction has gone by.
sub tick { sql('SELECT txid_current()') }

# ---- kill -9 ----
# two tables, one without an index, and a heap twin changed by the same transactions
sql(q(
CREATE TABLE h (id int, ts timestamp, t text) USING heap;
CREATE TABLE o (id int, ts timestamp, t text) USING olap
  WITH (time_column = 'ts', segment_interval = '1 hour', order_by = 't');
CREATE TABLE i (id int, ts timestamp, t text) USING olap
  WITH (time_column = 'ts', segment_interval = '1 hour', order_by = 't');
CREATE INDEX i_id ON i (id);
CREATE SEQUENCE ids;
CREATE VIEW difference AS
  (SELECT * FROM o EXCEPT ALL SELECT * FROM h) UNION ALL (SELECT * FROM h EXCEPT ALL SELECT * FROM o) UNION ALL
  (SELECT * FROM i EXCEPT ALL SELECT * FROM h) UNION ALL (SELECT * FROM h EXCEPT ALL SELECT * FROM i);
));

sub statements
{
    my ($writer) = @_;
    my $sql = '';
    for (1 .. 600)
    {
        my $rows = rand() < 0.3 ? 4500 : 1 + int rand 300;
        my $end = rand() < 0.3 ? 'ROLLBACK' : 'COMMIT';
        $sql .= qq(
            BEGIN;
            WITH r AS (INSERT INTO h SELECT nextval('ids') * 3 + $writer, '2026-01-01'::timestamp + random() * interval '5 hours',
                repeat('x', g % 40) FROM generate_series(1, $rows) g RETURNING *),
              a AS (INSERT INTO o SELECT * FROM r) INSERT INTO i SELECT * FROM r;
            $end;
        );
        next unless rand() < 0.4;
        my $where = "id % 3 = $writer AND id % 7 <> " . int rand 7;
        $sql .= "BEGIN; DELETE FROM h WHERE $where; DELETE FROM o WHERE $where; DELETE FROM i WHERE $where; $end;\n";
    }
    return $sql;
}

sub run_psql
{
    my ($file) = @_;
    return IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', $file ],
        '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
}

sub file
{
    my ($name, $content) = @_;
    my $path = $node->basedir . "/$name.sql";
    PostgreSQL::Test::Utils::append_to_file($path, $content) unless -e $path;
    return $path;
}

my @files = map { file("writer$_", statements($_)) } 0 .. 2;
push @files, map { file("compact_$_", "CALL olap.compact('$_');\n" x 500) } 'o', 'i';
push @files, file('vacuum', "VACUUM o, i; SELECT pg_sleep(0.05);\n" x 500);
for my $kill (1 .. $KILLS)
{
    my @all = map { run_psql($_) } @files;
    select undef, undef, undef, 1.5 + 1.5 * rand;
    sql('CHECKPOINT') if $kill % 2 == 0;
    kill_server($node);
    eval { $_->finish } for @all;
    $node->start;
    is(sql('SELECT count(*) FROM difference'), '0', "kill $kill: the same rows as in the heap twin");
    is(sql(q(SELECT * FROM olap.verify('o') UNION ALL SELECT * FROM olap.verify('i'))), '',
        "kill $kill: storage is sound, and every block in one hand");
}
for my $table ('o', 'i')
{
    sql($_) for "DELETE FROM $table", "VACUUM $table", "CALL olap.compact('$table')";
    for (1 .. 2) { tick(); sql("VACUUM $table") }
    my ($replaced, $dead, $free, $size) = status($table);
    is("$replaced $dead", '0 0', "$table: all of it is free at last");
    is(sql("SELECT * FROM olap.verify('$table')"), '', "$table: and sound");
}

# ---- a snapshot that lasts ----
sql(q(CREATE TABLE long (a int, b text) USING olap));
sql(q(INSERT INTO long SELECT g, md5(g::text) FROM generate_series(1, 20000) g));
my $sums = q(SELECT count(*), sum(a), count(DISTINCT b) FROM long);
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $old->query_safe($sums);
my $kept = 0;
for my $round (1 .. 3)
{
    sql($_) for
      q(UPDATE long SET b = b || 'x' WHERE a % 2 = 0), q(CALL olap.compact('long')), 'VACUUM long';
    my ($replaced, $dead, $free) = status('long');
    cmp_ok($replaced, '>', $kept, "round $round: compaction goes on, what it replaced is kept");
    is($old->query_safe($sums), $seen, 'and the old snapshot sees what it saw');
    $kept = $replaced;
}
my (undef, undef, undef, $before) = status('long');
# a VACUUM that wants to cut off the end does not wait for a reader for ever
$old->query_safe('COMMIT; BEGIN; SELECT 1 FROM long LIMIT 1');
sql(q(DELETE FROM long));
sql($_) for 'VACUUM long', q(CALL olap.compact('long'));
for (1 .. 2) { tick(); sql('VACUUM long') }
my ($replaced, $dead, $free, $size) = status('long');
is("$replaced $dead", '0 0', 'all of it is free once the snapshot is gone');
cmp_ok($size, '>=', $before, 'the file stays as long as it is while somebody uses the table');
$old->query_safe('COMMIT');
$old->quit;
sql('VACUUM long');
(undef, undef, undef, $size) = status('long');
cmp_ok($size, '<', $before / 4, 'then its end is cut off');
is(sql(q(SELECT * FROM olap.verify('long'))), '', 'storage is sound');

# ---- standbys ----
sql(q(CREATE TABLE s (a int, b text) USING olap));
sql(q(INSERT INTO s SELECT g, md5(g::text) FROM generate_series(1, 20000) g));
$sums = q(SELECT count(*), sum(a), count(DISTINCT b) FROM s);
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'wal_receiver_status_interval = 1');
$standby->start;
my $first = sql($sums);

# replaces everything that there is, several times, so that blocks are used again
sub churn
{
    for (1 .. 3)
    {
        sql($_) for q(UPDATE s SET b = md5(b), a = a + 1), q(CALL olap.compact('s')), 'SELECT txid_current()', 'VACUUM s';
    }
}

# without feedback replay waits for the query ...
my $reader = $standby->background_psql('postgres');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($sums), $first, 'the standby has the rows');
churn();
ok($standby->poll_query_until('postgres', q(
    SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'startup' AND wait_event = 'RecoveryConflictSnapshot')),
    'replay waits before space is used again');
is($reader->query_safe($sums), $first, 'and the old snapshot sees what it saw');
$reader->query_safe('COMMIT');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$first = sql($sums);
is($reader->query_safe($sums), $first, 'a new one what the primary has');

# ... or cancels it
$standby->append_conf('postgresql.conf', 'max_standby_streaming_delay = 0');
$standby->reload;
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($sums), $first, 'the standby has the rows again');
churn();
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
# its session ends, and psql with it, if it waited for the next query
my $out = eval { $reader->query($sums) };
isnt($out // '', sql($sums), 'an old snapshot does not see the new rows');
cmp_ok($standby->safe_psql('postgres', 'SELECT sum(confl_snapshot) FROM pg_stat_database_conflicts'),
    '>', 0, 'its transaction was cancelled');
eval { $reader->quit };

# with feedback it is neither: the primary keeps the space
$standby->append_conf('postgresql.conf', "hot_standby_feedback = on\nmax_standby_streaming_delay = 0");
$standby->reload;
$first = sql($sums);
$reader = $standby->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($reader->query_safe($sums), $first, 'the standby has the rows once more');
$node->poll_query_until('postgres', 'SELECT backend_xmin IS NOT NULL FROM pg_stat_replication')
  or die 'no feedback';
churn();
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($reader->query_safe($sums), $first, 'with feedback the old snapshot sees what it saw, and nobody waits');
($replaced) = status('s');
cmp_ok($replaced, '>', 0, 'for the primary keeps what was replaced');
$reader->query_safe('COMMIT');
is($reader->query_safe($sums), sql($sums), 'a new one sees what the primary has');
is($reader->query_safe(q(SELECT * FROM olap.verify('s'))), '', 'storage is sound on the standby');
$reader->quit;
is(sql(q(SELECT * FROM olap.verify('s'))), '', 'and on the primary');
$standby->stop;

# ---- retention ----
# rows of what was dropped leave the indexes before the space is given back
$node->append_conf('postgresql.conf', "olap.maintenance_naptime = 1\nolap.maintenance_interval = 1");
$node->restart;
sql(q(
CREATE TABLE r (id int, ts timestamp, t text) USING olap
  WITH (time_column = 'ts', segment_interval = '1 day', retention = '10 days', order_by = 't');
CREATE INDEX r_id ON r (id);
INSERT INTO r SELECT g, localtimestamp - interval '30 days', md5(g::text) FROM generate_series(1, 20000) g;
INSERT INTO r SELECT g, localtimestamp, md5(g::text) FROM generate_series(20001, 30000) g;
));
ok($node->poll_query_until('postgres', 'SELECT count(*) = 10000 FROM r'), 'expired rows go');
tick();
sql('VACUUM r');
is(sql(q(SELECT reltuples FROM pg_class WHERE relname = 'r_id')), '10000', 'and leave the index');
tick();
sql('VACUUM r');
is(sql(q(SELECT count(*) FROM olap.segments('r') WHERE state = 'expired')), '0', 'their place is free');
is(sql(q(SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*), min(id) FROM r WHERE id > 0)),
    '10000|20001', 'the index finds the others');
is(sql(q(SELECT * FROM olap.verify('r'))), '', 'storage is sound');

$node->stop;
done_testing();
