# olap.compaction_progress while a job waits for its lock, while it is held at a gate, having read and not written, and
# after each way in which it may end: commit, cancel, the end of its process, a crash of the server.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
olap.maintenance_naptime = 1
olap.maintenance_interval = 1
maintenance_work_mem = 1MB
deadlock_timeout = 10min
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

sub wait_for
{
    my ($condition, $what) = @_;
    $node->poll_query_until('postgres', "SELECT $condition") or die "in vain: $what; there is " . progress();
}

# What is shown but for pid and time.
sub progress
{
    return sql(q(SELECT "table", phase, segments, delta_pages, rows_total, rows_read, rows_written, jobs_done
  FROM olap.compaction_progress));
}

sub is_none { is(progress(), '', "no row $_[0]") }

# A segment larger than the memory of a job, and rows on a delta page: a job for each.
sql('CREATE EXTENSION olap;' . gated_type() . q(
CREATE TABLE o (id int, k gated, pad text) USING olap WITH (order_by = 'k');
CREATE ROLE reads_nothing;
CREATE ROLE reads_table;
CREATE ROLE reads_stats;
GRANT SELECT ON o TO reads_table;
GRANT pg_read_all_stats TO reads_stats));
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', 'CREATE EXTENSION olap');
sub add
{
    sql(q(
INSERT INTO o SELECT g, (g % 3)::gated, repeat(chr(65 + g % 20), 4200) FROM generate_series(1, 5000) g;
INSERT INTO o SELECT g, (g % 3)::gated, '' FROM generate_series(1, 100) g));
}
add();
is_none('before any compaction');

# The gate; whoever is done with a compaction waits at the second one.
my $gate = $node->background_psql('postgres');
sub close_gate { $gate->query_safe('SELECT pg_advisory_lock(1), pg_advisory_lock(2)') }
sub let_job_end { $gate->query_safe('SELECT pg_advisory_unlock(1), pg_advisory_lock(1)') }
close_gate();
my $said;
my $COMPACTION = q((SELECT pid FROM pg_stat_activity WHERE application_name = 'compaction'));

sub start
{
    $said = '';
    return IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=compaction',
            '-c', q(CALL olap.compact('o')), '-c', 'SELECT pg_advisory_xact_lock(2) IS NULL' ],
        '<', '/dev/null', '>&', \$said);
}

# The compaction is at the gate, in a job before which its call did others.
sub wait_at_gate
{
    my ($jobs) = @_;
    wait_for(waits_at_gate() . " AND EXISTS (SELECT FROM olap.compaction_progress WHERE jobs_done = $jobs)", "job $jobs at the gate");
}

sub wait_at_end
{
    wait_for("EXISTS (SELECT FROM pg_locks WHERE pid = $COMPACTION AND locktype = 'advisory' AND objid = 2 AND NOT granted)",
        'the end of the call');
}

# ---- a call, job by job ----
my $holder = $node->background_psql('postgres');
$holder->query_safe('BEGIN; LOCK TABLE o IN SHARE UPDATE EXCLUSIVE MODE');
my $compaction = start();
wait_for("EXISTS (SELECT FROM pg_locks WHERE pid = $COMPACTION AND locktype = 'relation' AND NOT granted)", 'the wait');
is(progress(), 'o|waiting for lock||||||0', 'it waits for its lock, and has no sources yet');
$holder->query_safe('COMMIT');
$holder->quit;

wait_at_gate(0);
is(progress(), 'o|sorting|0|1|100|100|0|0', 'the first job has read the rows of the delta, and sorts them');
is(sql("SELECT p.pid = $COMPACTION, a.xact_start <= p.started AND p.started <= now()
  FROM olap.compaction_progress p JOIN pg_stat_activity a USING (pid)"), 't|t', 'whose it is, and since when');
is(sql("SET ROLE $_->[0]; SELECT count(*) FROM olap.compaction_progress"), $_->[1], "$_->[0] sees $_->[1]")
  foreach [ reads_nothing => 0 ], [ reads_table => 1 ], [ reads_stats => 1 ];
is($node->safe_psql('other', 'SELECT count(*) FROM olap.compaction_progress'), '0', 'another database shows nothing');

let_job_end();
wait_at_gate(1);
like(progress(), qr/^o\|sorting\|1\|0\|5000\|(\d+)\|0\|1$/, 'the second job has to read a segment');
is(sql('SELECT rows_read BETWEEN 1000 AND 4999 FROM olap.compaction_progress'), 't', 'and has done so as far as memory goes');
$gate->query_safe('SELECT pg_advisory_unlock(1)');
wait_at_end();
is_none('after the call, though its session is there');
is(sql(q(SELECT work FROM olap.compaction_status WHERE "table" = 'o'::regclass)), 'f', 'everything is done');
$gate->query_safe('SELECT pg_advisory_unlock(2)');
$compaction->finish;
is($said, "f\n", 'without a word');

# ---- ends that are none ----
close_gate();
add();
$compaction = start();
wait_at_gate(0);
sql("SELECT pg_cancel_backend($COMPACTION)");
wait_at_end();
is_none('of a call that was canceled, though its session is there');
sql("SELECT pg_terminate_backend($COMPACTION)");
$compaction->finish;
like($said, qr/canceling statement.*terminating connection/s, 'it was canceled');

$compaction = start();
wait_at_gate(0);
sql("SELECT pg_terminate_backend($COMPACTION)");
wait_for("$COMPACTION IS NULL", 'the end of the process');
is_none('of a process that is gone');
$compaction->finish;

$compaction = start();
wait_at_gate(0);
kill_server($node);
eval { $_->finish } for $compaction, $gate->{run};
$node->start;
is_none('after kill -9');

# ---- the maintenance worker, which the gate knows by the database's setting ----
$gate = $node->background_psql('postgres');
close_gate();
sql(q(ALTER DATABASE postgres SET application_name = 'compaction'; INSERT INTO o VALUES (0, 0::gated, '')));
$node->append_conf('postgresql.conf', 'olap.maintenance = on');
$node->reload;
wait_for(q(EXISTS (SELECT FROM pg_locks JOIN olap.compaction_progress USING (pid) WHERE locktype = 'advisory' AND NOT granted)),
    'the worker at the gate');
like(progress(), qr/^o\|sorting\|\d+\|\d+\|\d+\|\d+\|0\|$/, 'a job of the worker is shown, without a count of jobs');
is(sql('SELECT backend_type, rows_read BETWEEN 1 AND rows_total FROM olap.compaction_progress JOIN pg_stat_activity USING (pid)'),
    'olap maintenance|t', 'it is his');
$gate->query_safe('SELECT pg_advisory_unlock_all()');
$gate->quit;
wait_for(q(NOT EXISTS (SELECT FROM olap.compaction_progress) AND
  (SELECT delta_pages = 0 FROM olap.compaction_status WHERE "table" = 'o'::regclass)), 'the end of his jobs');

# ---- without the preload ----
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
add();
sql(q(CALL olap.compact('o')));
is_none('without shared memory');
is(sql(q(SELECT * FROM olap.verify('o'))), '', 'storage is sound');
$node->stop;
done_testing();
