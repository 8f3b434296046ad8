# A compaction has the lock that ANALYZE, VACUUM and autovacuum want, and may take long. At every row group it asks
# whether somebody waits for it, and gives way: what it has begun is begun again when they are done. That is seen
# here job by job: comparing two values of the sort column waits at a gate, once in each job.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $DAYS = 4;

# nobody ends an autovacuum that is in the way, however slow the machine
my $node = olap_node('main', q(
autovacuum = off
autovacuum_naptime = 1s
autovacuum_vacuum_cost_delay = 0
olap.maintenance = off
deadlock_timeout = 10min
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

# two segments of each day: a job for each
sql('CREATE EXTENSION olap;' . gated_type() . qq(
CREATE TABLE o (ts timestamptz, id int, k gated) USING olap WITH (time_column = 'ts', segment_interval = '1 day', order_by = 'k',
  autovacuum_freeze_max_age = 100000, autovacuum_freeze_min_age = 0, autovacuum_vacuum_threshold = 1,
  autovacuum_vacuum_insert_threshold = 1, autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_analyze_threshold = 1, autovacuum_analyze_scale_factor = 0);
) . join '', map { "INSERT INTO o SELECT timestamptz '2026-01-01' + d * interval '1 day', g, (g % 3)::gated
  FROM generate_series(1, $DAYS) d, generate_series(1, 5000) g;" } 1 .. 2);
my $rows = 'SELECT count(*), sum(id) FROM o';
my $before = sql($rows);

my $began = 'false';

sub compacted { return sql(q(SELECT compacted FROM olap.compaction_status WHERE "table" = 'o'::regclass)) }

# A session of its own for one statement; its name tells it from others.
sub start
{
    my ($name, $statement) = @_;
    my $out = '';

    return [ $name, \$out, IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d',
                $node->connstr('postgres') . " application_name=$name", '-c', $statement ],
            '<', '/dev/null', '>&', \$out) ];
}

sub is_over { return "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '$_[0]')" }

# Does it end, well and without a word?
sub ends
{
    my ($session, $test) = @_;
    my ($name, $out, $handle) = @$session;

    $node->poll_query_until('postgres', 'SELECT ' . is_over($name)) or die "$name does not end";
    $handle->finish;
    is($handle->result(0) . $$out, '0', $test);
}

my $AT_GATE = waits_at_gate();

sub waits_for
{
    my ($who, $whom) = @_;
    return "EXISTS (SELECT FROM pg_stat_activity a, pg_stat_activity b WHERE $who AND a.wait_event_type = 'Lock'
 AND a.wait_event = 'relation' AND b.application_name = '$whom' AND b.pid = ANY (pg_blocking_pids(a.pid)))";
}

# dies at once when there is no compaction that anybody could wait for any more
sub wait_until
{
    my ($condition, $what) = @_;
    $node->poll_query_until('postgres', "SELECT $condition OR ($began AND " . is_over('compaction') . ')')
      && sql("SELECT NOT $began OR NOT " . is_over('compaction')) eq 't'
      or die "in vain: $what";
}

my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(1)');

# Let the job at the gate go on, until its transaction has ended.
sub let_job_end { $gate->query_safe('SELECT pg_advisory_unlock(1), pg_advisory_lock(1)') }

# Until something is over, let jobs end that somebody waits for.
sub turns
{
    my ($who, $over) = @_;
    my $waits = waits_for($who, 'compaction') . " AND $AT_GATE";

    for (1 .. 20)
    {
        wait_until("$over OR ($waits)", 'the end, or a wait');
        return 1 if sql("SELECT $over") eq 't';
        # once more: now it is at the gate, and stays there
        let_job_end() if sql('SELECT ' . waits_for($who, 'compaction')) eq 't';
    }
    return 0;
}

# ---- who waits when a job begins ----
my $holder = $node->background_psql('postgres');
$holder->query_safe(q(SET application_name = 'holder'; BEGIN; LOCK TABLE o IN SHARE UPDATE EXCLUSIVE MODE));
my $compaction = start('compaction', q(CALL olap.compact('o')));
wait_until(waits_for(q(a.application_name = 'compaction'), 'holder'), 'the compaction waits for the lock');
$began = 'true';
my $other = start('analyze', 'ANALYZE o');
wait_until(waits_for(q(a.application_name = 'analyze'), 'compaction'), 'ANALYZE stands behind it');
$holder->query_safe('COMMIT');
$holder->quit;
my $reached_gate = waits_for(q(a.application_name = 'analyze'), 'compaction') . " AND $AT_GATE";
wait_until(is_over('analyze') . " OR ($reached_gate)", 'ANALYZE or the first job');
is(sql("SELECT $reached_gate"), 'f', 'a job does not read on while ANALYZE waits');
let_job_end() if sql("SELECT $reached_gate") eq 't';
ends($other, 'which ends while the gate has never been open');
wait_until($AT_GATE, 'the compaction is at the gate');
is(compacted(), '0', 'and the compaction begins its first job again');

# ---- who comes while a job runs ----
let_job_end();
wait_until($AT_GATE, 'the second job');
is(compacted(), '1', 'a job for which nobody waits ends');
for (qw(ANALYZE VACUUM), 'VACUUM ANALYZE')
{
    my $name = lc =~ s/ /_/r;
    $other = start($name, "$_ o");
    wait_until(waits_for("a.application_name = '$name'", 'compaction') . " AND $AT_GATE", "$name waits");
    let_job_end();
    # the two parts of VACUUM ANALYZE ask for the lock one by one
    ok(turns("a.application_name = '$name'", is_over($name)), "$_ has its turn");
    ends($other, 'and ends');
    wait_until($AT_GATE, 'the compaction is at the gate');
    is(compacted(), '1', 'before the job that was in its way, which begins again');
}

# ---- autovacuum against wraparound, which queues for its lock ----
sql(q(
SET synchronous_commit = off;
DO $$ BEGIN FOR i IN 1 .. 100100 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$));
sql(q(INSERT INTO o SELECT '2026-02-01', 0, g::gated FROM generate_series(1, 100) g));
cmp_ok(sql(q(SELECT age(relfrozenxid) FROM pg_class WHERE relname = 'o')), '>', 100000, 'the table is old');
wait_until(q((SELECT n_mod_since_analyze > 1 FROM pg_stat_all_tables WHERE relname = 'o')), 'the rows are counted');
$node->append_conf('postgresql.conf', 'autovacuum = on');
$node->reload;
for (qw(vacuum analyze))
{
    ok(turns(q(a.backend_type = 'autovacuum worker'),
            "EXISTS (SELECT FROM pg_stat_all_tables WHERE relname = 'o' AND auto${_}_count > 0)"),
        "auto$_ has its turn");
}
# the first one may find the xid of a job that it has just ended, on a place that is given back at the next
ok(turns(q(a.backend_type = 'autovacuum worker'),
        q((SELECT age(relfrozenxid) < 100000 FROM pg_class WHERE relname = 'o'))), 'until the table is young again');
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->reload;
ok(turns(q(a.backend_type = 'autovacuum worker'),
        q(NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'))), 'and autovacuum leaves');
wait_until($AT_GATE, 'the compaction is at the gate');
is(compacted(), '1', 'before the job that was in its way, which begins again');

# ---- and the compaction gets to its end ----
$gate->query_safe('SELECT pg_advisory_unlock(1)');
ends($compaction, 'the compaction that gave way so often ends without a warning');
is(compacted(), $DAYS, 'with every job done');
is(sql("$rows WHERE id > 0"), $before, 'the rows are those that were there');
is(sql(q(SELECT * FROM olap.verify('o'))), '', 'storage is sound');
$gate->quit;
$node->stop;
done_testing();
