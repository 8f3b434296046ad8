# Point-in-time recovery: from a base backup that was taken while sessions wrote, to a
# named restore point, a transaction, a time and positions in the middle of COPY and
# compaction. What comes back is what was there at that point, storage is sound, and
# the recovered server goes on.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

srand($ENV{OLAP_TEST_SEED} || 5);

my $primary = olap_node('primary', q(
olap.maintenance_naptime = 1
olap.maintenance_interval = 2
autovacuum_naptime = 1s
track_commit_timestamp = on
), allows_streaming => 1, has_archiving => 1, extra => ['--data-checksums']);

# o is written by one session, so its state at any point is known. The transactions
# of the others do the same to b and to its heap twin.
$primary->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE o (id int PRIMARY KEY, ts timestamptz, v int, t text)
  USING olap WITH (time_column = 'ts', segment_interval = '1 day', order_by = 'v');
CREATE TABLE b (id int, w int, v int) USING olap;
CREATE INDEX b_id ON b (id);
CREATE TABLE h (id int, w int, v int) USING heap;
CREATE INDEX h_id ON h (id);
CREATE SEQUENCE ids;
CREATE FUNCTION more(w int, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  WITH x AS (INSERT INTO h SELECT nextval('ids'), w, g FROM generate_series(1, n) g RETURNING *)
    INSERT INTO b SELECT * FROM x;
  UPDATE h SET v = v + 1 WHERE h.w = more.w AND id % 50 = n % 50;
  UPDATE b SET v = v + 1 WHERE b.w = more.w AND id % 50 = n % 50;
  DELETE FROM h WHERE h.w = more.w AND id % 60 = n % 60;
  DELETE FROM b WHERE b.w = more.w AND id % 60 = n % 60;
END $$));

my @others;
for my $w (1 .. 2)
{
    my $file = $primary->basedir . "/others$w.sql";
    my $sql = '';
    for (1 .. 2000)
    {
        my $n = rand() < 0.1 ? 5000 : 1 + int rand 40;
        my $end = rand() < 0.2 ? 'ROLLBACK' : 'COMMIT';
        $sql .= "BEGIN; SELECT more($w, $n); $end; SELECT pg_sleep(0.02);\n";
        $sql .= "VACUUM b;\n" if rand() < 0.05;
    }
    append_to_file($file, $sql);
    push @others, IPC::Run::start([ 'psql', '-X', '-q', '-d', $primary->connstr('postgres'), '-f', $file ],
        '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
}
sleep 1;
$primary->backup('b');

my $SUMS = q(SELECT count(*), COALESCE(sum(v), 0), COALESCE(sum(hashtext(o::text)::bigint), 0) FROM o);
my $ROW = q(g, '2026-01-01'::timestamptz + g * interval '1 minute', g * 37 % 1000, repeat('x', g % 30));
my @targets;

sub target
{
    my ($what, $setting) = @_;
    push @targets, [ $what, $setting, $primary->safe_psql('postgres', $SUMS) ];
}

sub restore_point
{
    my ($name) = @_;
    $primary->safe_psql('postgres', "SELECT pg_create_restore_point('$name')");
    target($name, "recovery_target_name = '$name'");
}

# What a statement of one transaction wrote, and a target half-way: the table then
# shows what it did before.
sub halfway
{
    my ($what, $sql) = @_;
    my $before = $primary->safe_psql('postgres', $SUMS);
    my $lsn = $primary->lsn('insert');
    my $half = "SELECT '$lsn'::pg_lsn + trunc((pg_current_wal_insert_lsn() - '$lsn') / 2)";
    my $middle;
    if ($sql =~ /^(CALL|VACUUM)/)
    {
        # commits by itself, maybe before that point: the rows stay what they were
        $primary->safe_psql('postgres', $sql);
        $middle = $primary->safe_psql('postgres', $half);
    }
    else
    {
        # asked before the commit: what others write meanwhile does not move it behind
        $middle = $primary->safe_psql('postgres', "BEGIN; $sql; $half; COMMIT");
    }
    push @targets, [ "half-way through $what", "recovery_target_lsn = '$middle'", $before ];
}

# ---- small writes ----
for my $round (1 .. 20)
{
    $primary->safe_psql('postgres', "INSERT INTO o SELECT $ROW FROM generate_series($round * 10, $round * 10 + 8) g");
}
my $xid = $primary->safe_psql('postgres', q(
BEGIN; UPDATE o SET v = v + 1 WHERE id < 50; DELETE FROM o WHERE id = 60; SELECT pg_current_xact_id(); COMMIT));
target('a transaction', "recovery_target_xid = '$xid'");
$primary->safe_psql('postgres', 'DELETE FROM o WHERE id < 20');
restore_point('small writes');

# ---- COPY, and a compaction ----
my $csv = $primary->basedir . '/copy.csv';
append_to_file($csv, join('', map { "$_,2026-01-03 00:00:00," . $_ % 500 . ",copied\n" } 1001 .. 9000));
halfway('COPY', "COPY o FROM '$csv' (FORMAT csv)");
my $time = $primary->safe_psql('postgres', 'SELECT pg_sleep(0.1); SELECT clock_timestamp()');
$time =~ s/^\s+//;
target('a time', "recovery_target_time = '$time'");
$primary->safe_psql('postgres', 'SELECT pg_sleep(0.1); INSERT INTO o VALUES (0, now(), 0, NULL)');
halfway('compaction', q(CALL olap.compact('o')));
restore_point('compacted');

# ---- space that is used again, the file cut ----
$primary->safe_psql('postgres', 'DELETE FROM o WHERE id BETWEEN 2000 AND 8000');
$primary->safe_psql('postgres', $_) for ('VACUUM o', q(CALL olap.compact('o')), 'VACUUM o', 'VACUUM o');
restore_point('given back');
my $reused = "INSERT INTO o SELECT $ROW FROM generate_series(20001, 26000) g";
halfway('used space', $reused);
$primary->safe_psql('postgres', q(CALL olap.compact('o')));
halfway('a row by row change', 'UPDATE o SET v = v + 1, t = NULL WHERE id % 3 = 0');
$primary->safe_psql('postgres', 'VACUUM (FREEZE) o');
halfway('VACUUM FULL', 'VACUUM FULL o');
restore_point('last');

# all of it is archived
my $last = $primary->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_insert_lsn())');
$primary->safe_psql('postgres', 'INSERT INTO o VALUES (-1, now(), 0, NULL); SELECT pg_switch_wal(); CHECKPOINT');
$primary->poll_query_until('postgres', "SELECT '$last' <= last_archived_wal FROM pg_stat_archiver")
  or die 'WAL is not archived';
$_->signal('KILL') for @others;
eval { $_->finish } for @others;
isnt($primary->safe_psql('postgres', 'SELECT count(*) FROM h'), '0', 'others have written');
$primary->stop;

# ---- recovery to each ----
my $n = 0;
my %rows;
for my $target (@targets)
{
    my ($what, $setting, $want) = @$target;
    my $node = PostgreSQL::Test::Cluster->new('recovered' . ++$n);
    $node->init_from_backup($primary, 'b', has_restoring => 1, standby => 0);
    $node->append_conf('postgresql.conf', qq(
$setting
recovery_target_action = 'promote'
recovery_target_timeline = '1'
archive_mode = off
hot_standby = off
olap.maintenance = off
autovacuum = off
));
    $node->start;
    wait_for_recovery($node);
    is($node->safe_psql('postgres', $SUMS), $want, "$what: rows are those of that point");
    is($node->safe_psql('postgres', 'SET enable_seqscan = off; SET olap.enable_scan = off;' . "$SUMS WHERE id > -5"),
        $want, "$what: and by index");
    is($node->safe_psql('postgres', q(
SELECT count(*) FROM ((TABLE b EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE b)) x)),
        '0', "$what: tables that others were writing to are as their heap twins");
    is($node->safe_psql('postgres', q(SELECT * FROM olap.verify('o'); SELECT * FROM olap.verify('b'))), '',
        "$what: storage is sound");
    $rows{$node->safe_psql('postgres', 'SELECT count(*) FROM h')} = 1;
    # the server goes on
    $node->safe_psql('postgres', $_) for (
        "INSERT INTO o SELECT $ROW FROM generate_series(100001, 106000) g", 'SELECT more(3, 5000)',
        'DELETE FROM o WHERE id % 4 = 0', q(CALL olap.compact('o')), q(CALL olap.compact('b')),
        'VACUUM o', 'VACUUM b', "INSERT INTO o SELECT $ROW FROM generate_series(200001, 206000) g");
    is($node->safe_psql('postgres', q(
SELECT * FROM olap.verify('o'); SELECT * FROM olap.verify('b');
(TABLE b EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE b))), '', "$what: the server goes on");
    $node->stop('immediate');
    $node->clean_node;
}
cmp_ok(scalar keys %rows, '>', 3, 'the points differ');
done_testing();
