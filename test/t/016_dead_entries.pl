# Index entries of rows that nobody can see are marked when a scan meets them, without VACUUM: those of
# rows that were deleted, once every snapshot sees that and the deleter's commit is on disk, and those of
# aborted transactions. Marked entries are not followed any more, and make room when a page is full, of
# which standbys are told.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('primary', q(
autovacuum = off
olap.maintenance = off
wal_writer_delay = '10s'
checkpoint_timeout = '1h'
max_prepared_transactions = 2
), allows_streaming => 1);
sub sql { return $node->safe_psql('postgres', $_[0]) }

sql(q(
CREATE EXTENSION olap;
ALTER DATABASE postgres SET enable_seqscan = off;
ALTER DATABASE postgres SET enable_bitmapscan = off;
ALTER DATABASE postgres SET olap.enable_scan = off;
ALTER DATABASE postgres SET olap.enable_vector_agg = off;
CREATE TABLE t (id int, v text) USING olap;
CREATE INDEX t_id ON t (id);
CREATE TABLE other (id int) USING heap;

-- rows that an index scan finds, and entries that it follows
CREATE FUNCTION look(OUT n int, OUT entries int) LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM t WHERE id > 0 LOOP
    n := coalesce(n, substring(line FROM 'Index Only Scan.*rows=(\d+)')::int);
    entries := coalesce(entries, substring(line FROM 'Heap Fetches: (\d+)')::int);
  END LOOP;
END $$;
));
sub look { return sql('SELECT * FROM look()') }

# ---- deleted rows ----
# of the delta, of a segment, and of a place that a compaction made
sql(q(INSERT INTO t SELECT g, 'delta' FROM generate_series(1, 200) g));
sql(q(INSERT INTO t SELECT g, 'segment' FROM generate_series(201, 6200) g));
is(look(), '6200|6200', 'every row has an entry');
sql('DELETE FROM t WHERE id % 2 = 0');
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
sql('DELETE FROM t WHERE id % 4 = 1');
look();
is(look(), '1550|3100', 'entries of rows that an old snapshot sees are not marked, those that nobody sees are');
is($old->query_safe('SELECT * FROM look()'), '3100|3100', 'so that it finds its rows');
$old->query_safe('COMMIT');
is(look(), '1550|3100', 'a scan meets the others');
is(look(), '1550|1550', 'and marks them');
sql(q(CALL olap.compact('t'); DELETE FROM t WHERE id % 4 = 3 AND id < 3100; CALL olap.compact('t')));
look();
is(look(), '775|775', 'those of rows that a compaction left behind as well');

# ---- rows that never were ----
sql(q(BEGIN; INSERT INTO t SELECT g, 'aborted' FROM generate_series(10001, 10100) g; ROLLBACK));
sql(q(BEGIN; INSERT INTO t SELECT g, 'aborted' FROM generate_series(11001, 16000) g; ROLLBACK));
sql(q(BEGIN; SAVEPOINT s; INSERT INTO t SELECT g, 'aborted' FROM generate_series(20001, 20100) g; ROLLBACK TO s;
    INSERT INTO t VALUES (30000, 'kept'); COMMIT));
sql(q(BEGIN; INSERT INTO t SELECT g, 'prepared' FROM generate_series(40001, 40100) g; PREPARE TRANSACTION 'p'));
is(look(), '776|6076', 'a scan meets rows of aborted transactions, and of one that may yet commit');
is(look(), '776|876', 'only the first are marked');
sql(q(COMMIT PREPARED 'p'));
is(look(), '876|876', 'the others are found when it has');

# ---- a commit that is not on disk ----
# A crash would bring the row back, but not the mark from the index.
my ($kept, $after) = ('', '');
for (1 .. 20)
{
    sql(q(INSERT INTO t SELECT g, 'again' FROM generate_series(50001, 50100) g));
    my @out = split /\n/, sql(q(
        SET synchronous_commit = off;
        DELETE FROM t WHERE id > 50000;
        SELECT * FROM look();
        SELECT * FROM look();
        SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn();
        SET synchronous_commit = on;
        INSERT INTO other VALUES (1);
        SELECT * FROM look();
        SELECT * FROM look()));
    ($kept, $after) = ("$out[0] $out[1]", $out[4]);
    # the WAL writer may have been faster
    last if $out[2] eq 't';
}
is($kept, '876|976 876|976', 'entries are not marked before the commit is on disk');
is($after, '876|876', 'but then');

# Who deletes everything, and crashes before that is on disk, has deleted nothing.
sql('SET synchronous_commit = off; DELETE FROM t; SELECT * FROM look(); SELECT * FROM look()');
$node->stop('immediate');
$node->start;
my $rows = sql('SET enable_seqscan = on; SET enable_indexscan = off; SET enable_indexonlyscan = off; SELECT count(*) FROM t WHERE id > 0');
ok($rows eq '876' || $rows eq '0', "after a crash a scan of the table finds $rows rows");
is(look() =~ s/\|.*//r, $rows, 'and an index scan does, too');
is(sql(q(SELECT * FROM olap.verify('t'))), '', 'storage and index are sound');
sql(q(INSERT INTO t SELECT g, 'back' FROM generate_series(1, 876) g)) if $rows eq '0';

# ---- standbys ----
# Full pages lose marked entries, in the middle of a query of a standby that follows them.
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', "hot_standby_feedback = off\nmax_standby_streaming_delay = -1");
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $reader = $standby->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $reader->query_safe('SELECT n FROM look()');
is($seen, '876', 'the standby has the rows');
my $size = sql(q(SELECT pg_relation_size('t_id')));
for (1 .. 6)
{
    sql(q(UPDATE t SET v = v || 'x' WHERE id > 0));
    look();
}
ok($standby->poll_query_until('postgres',
        q(SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'startup' AND wait_event = 'RecoveryConflictSnapshot')),
    'replay waits before entries go');
is($reader->query_safe('SELECT n FROM look()'), $seen, 'and the old snapshot finds its rows by the index');
$reader->query_safe('COMMIT');
$reader->quit;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is($standby->safe_psql('postgres', 'SELECT n FROM look()'), '876', 'a new one finds the rows, too');
cmp_ok(sql(q(SELECT pg_relation_size('t_id'))), '<', $size * 3, 'the index does not grow with every version');
$standby->stop;
$node->stop;
done_testing();
