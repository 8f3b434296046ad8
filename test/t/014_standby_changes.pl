# A standby's snapshot sees rows that the primary deletes and VACUUM folds, or its
# query is cancelled; it never sees anything else.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $SECONDS = $ENV{OLAP_TEST_SECONDS} || 6;

my $primary = olap_node('primary', q(
autovacuum = off
max_prepared_transactions = 2
), allows_streaming => 1);
$primary->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (id int PRIMARY KEY, v int) USING olap;
INSERT INTO t SELECT g, 1 FROM generate_series(1, 6000) g;
INSERT INTO t SELECT g, 1 FROM generate_series(6001, 6100) g;
CREATE TABLE acc (id int PRIMARY KEY, v int) USING olap;
INSERT INTO acc SELECT g, 100 FROM generate_series(1, 50) g;

-- two that move the same row: the second does not find it, and tries again
CREATE FUNCTION move(b int, d int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WITH x AS (DELETE FROM acc WHERE id = b RETURNING v) INSERT INTO acc SELECT b, v + d FROM x;
  IF NOT FOUND THEN RAISE SQLSTATE '40001' USING MESSAGE = 'could not serialize access: not found'; END IF;
END $$;
));
$primary->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', q(
hot_standby_feedback = off
max_standby_streaming_delay = -1
wal_receiver_status_interval = 1
));
$standby->start;

my $BY_INDEX = 'SET enable_seqscan = off; SET olap.enable_scan = off;';

sub sums
{
    my ($session) = @_;
    return join(' ', $session->query_safe('SELECT count(*), sum(v) FROM t'),
        $session->query_safe("$BY_INDEX SELECT count(*), sum(v) FROM t WHERE id > 0; RESET ALL"));
}

my $all = '6100|6100 6100|6100';

sub churn
{
    $primary->safe_psql('postgres', q(
DELETE FROM t WHERE id % 3 = 0;
UPDATE t SET v = v + 1 WHERE id % 5 = 0;
BEGIN; DELETE FROM t; ROLLBACK;
));
    $primary->safe_psql('postgres', 'VACUUM t');
}

# ---- replay waits for the query ----
my $reader = $standby->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is(sums($reader), $all, 'rows at first');
churn();
$standby->poll_query_until('postgres', q(
SELECT pg_last_wal_replay_lsn() > pg_last_wal_receive_lsn() - 1000000 AND wait_event = 'RecoveryConflictSnapshot'
  FROM pg_stat_activity WHERE backend_type = 'startup'))
  or die 'replay did not wait';
is(sums($reader), $all, 'an old snapshot keeps its rows while replay waits');
$reader->query_safe('COMMIT');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my $after = $primary->safe_psql('postgres', 'SELECT count(*), sum(v) FROM t');
is(sums($reader), "$after $after", 'a new one sees the primary\'s');
$reader->quit;

# ---- the query is cancelled ----
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = '50ms'");
$standby->reload;
my ($out, $err) = ('', '');
my $h = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $standby->connstr('postgres'),
      '-c', 'BEGIN ISOLATION LEVEL REPEATABLE READ', '-c', 'SELECT count(*), sum(v) FROM t',
      '-c', 'SELECT pg_sleep(20)', '-c', 'SELECT count(*), sum(v) FROM t' ],
    '<', '/dev/null', '>', \$out, '2>', \$err, IPC::Run::timeout(120));
$h->pump until $out =~ /\|/;
$primary->safe_psql('postgres', 'DELETE FROM t WHERE id % 7 = 0');
$primary->safe_psql('postgres', 'VACUUM t');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
$h->finish;
is($out, "$after\n", 'the old snapshot gave one answer only');
like($err, qr/conflict with recovery/, 'and was cancelled');
is($standby->safe_psql('postgres', 'SELECT confl_snapshot FROM pg_stat_database_conflicts WHERE datname = current_database()'),
    '1', 'one conflict is counted');

# ---- feedback keeps VACUUM from folding ----
$standby->append_conf('postgresql.conf', 'hot_standby_feedback = on');
$standby->reload;
$reader = $standby->background_psql('postgres');
$reader->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
$all = sums($reader);
$primary->poll_query_until('postgres', 'SELECT backend_xmin IS NOT NULL FROM pg_stat_replication')
  or die 'no feedback came';
$primary->safe_psql('postgres', 'DELETE FROM t WHERE id % 2 = 0; UPDATE t SET v = -v WHERE id < 1000');
$primary->safe_psql('postgres', 'VACUUM t');
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is(sums($reader), $all, 'with feedback the old snapshot keeps its rows, and replay does not wait');
$reader->query_safe('COMMIT');
$after = $primary->safe_psql('postgres', 'SELECT count(*), sum(v) FROM t');
is(sums($reader), "$after $after", 'a new one sees the primary\'s');
$reader->quit;
$standby->append_conf('postgresql.conf', 'hot_standby_feedback = off');
$standby->reload;

# ---- every snapshot of a standby is consistent while rows change and are folded ----
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = '100ms'");
$standby->reload;
my $script = $primary->basedir . '/transfer.sql';
PostgreSQL::Test::Utils::append_to_file($script, q(
\set a random(1, 25)
\set b random(26, 50)
\set d random(1, 10)
BEGIN;
UPDATE acc SET v = v - :d WHERE id = :a;
SELECT move(:b, :d);
COMMIT;
));
my $vacuum = $primary->basedir . '/vacuum.sql';
PostgreSQL::Test::Utils::append_to_file($vacuum, "VACUUM acc;\n\\sleep 100 ms\nCALL olap.compact('acc');\n\\sleep 100 ms\n");
my @load = map {
    IPC::Run::start([ 'pgbench', '-n', '-T', $SECONDS, '--max-tries=50', '-c', $_->[1], '-f', $_->[0], $primary->connstr('postgres') ],
        '<', '/dev/null', '>', \my $o, '2>', \my $e)
} ([ $script, 3 ], [ $vacuum, 1 ]);
my ($answers, $cancelled, %wrong) = (0, 0);
my $until = time + $SECONDS;
while (time < $until)
{
    my ($rc, $o, $e) = $standby->psql('postgres', qq(
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*), sum(v) FROM acc;
SELECT pg_sleep(random() * 0.4);
$BY_INDEX
SELECT count(*), sum(v) FROM acc WHERE id > 0;
COMMIT;));
    if ($rc == 0)
    {
        $answers++;
        $wrong{$o} = 1 if $o ne "50|5000\n\n50|5000";
    }
    elsif ($e =~ /conflict with recovery|terminating connection/)
    {
        $cancelled++;
        $wrong{$_} = 1 for grep { !/^(50\|5000)?$/ } split /\n/, $o;
    }
    else
    {
        $wrong{$e} = 1;
    }
}
$_->finish for @load;
is(join('; ', keys %wrong), '', "the sum is right in every snapshot ($answers answers, $cancelled cancelled)");
cmp_ok($answers + $cancelled, '>', 5, 'queries ran');
cmp_ok($primary->safe_psql('postgres', 'SELECT max(v) - min(v) FROM acc'), '>', 20, 'and rows changed');
is($primary->safe_psql('postgres', 'SELECT count(*), sum(v), count(DISTINCT id) FROM acc'), '50|5000|50', 'the primary is right');

# ---- a promoted standby has the locks of a prepared transaction ----
$primary->safe_psql('postgres', q(
BEGIN; DELETE FROM t WHERE id = 1; SELECT * FROM t WHERE id = 7 FOR UPDATE; SELECT * FROM t WHERE id = 11 FOR UPDATE;
PREPARE TRANSACTION 'p'));
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
my $rows = $primary->safe_psql('postgres', 'SELECT count(*) FROM t');
$primary->stop;
$standby->promote;
my ($rc, $o, $e) = $standby->psql('postgres', 'SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT');
like($e, qr/could not obtain lock on row/, 'the prepared delete holds after promotion');
($rc, $o, $e) = $standby->psql('postgres', 'SELECT * FROM t WHERE id = 11 FOR KEY SHARE NOWAIT');
like($e, qr/could not obtain lock on row/, 'so does the lock');
$standby->safe_psql('postgres', q(COMMIT PREPARED 'p'));
is($standby->safe_psql('postgres', 'SELECT count(*) FROM t'), $rows - 1, 'and it commits');
is($standby->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('t'))), '0', 'storage is sound');
$standby->stop;
done_testing();
