# A compaction that is held when all is done but its commit record is not written, and what is there when it commits,
# when the server or the primary of a standby dies before, and when the record is lost that everybody has seen
# the effect of. Whoever looks, by whichever path, sees what is in the heap twin.
#
# It is held by a lock that is taken in the commit of a transaction that notifies, and kept to the end of the commit:
# another such commit waits for a standby that does not exist. It notifies because comparing values of its sort
# column does.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;
use OlapTwin;

my $node = olap_node('primary', q(
autovacuum = off
olap.maintenance = off
checkpoint_timeout = 1h
bgwriter_lru_maxpages = 0
restart_after_crash = on
shared_buffers = 64MB
wal_buffers = 4MB
max_connections = 40
synchronous_commit = local
synchronous_standby_names = 'nobody'
), allows_streaming => 1);
# who has to wait for a compaction is given up some time
sub sql { return $node->safe_psql('postgres', "SET lock_timeout = '60s'; $_[0]") }

sql('CREATE EXTENSION olap;' . compared_type('noisy', q(pg_notify('compared', ''))) . q(
CREATE TABLE o (id int PRIMARY KEY, v int, k noisy) USING olap WITH (order_by = 'k');
CREATE TABLE h (id int PRIMARY KEY, v int, k noisy) USING heap;
CREATE TABLE elsewhere (id int) USING heap));

# Rows for a compaction: a segment, and some on delta pages.
sub add
{
    my ($first) = @_;
    sql(twice("INSERT INTO T SELECT g, g % 1000, (g % 3)::noisy FROM generate_series($first, $first + 4199) g") . ';' .
        twice("INSERT INTO T SELECT g, g % 1000, (g % 3)::noisy FROM generate_series($first + 4200, $first + 4299) g"));
}
add(1);
add(10001);
twin_paths($node);

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', q(
synchronous_standby_names = ''
hot_standby_feedback = on
wal_receiver_status_interval = 1
wal_retrieve_retry_interval = '200ms'
max_standby_streaming_delay = -1
));
$standby->start;

# all that is written, too, without its commit
sub catch_up
{
    my ($mode) = @_;
    sql('INSERT INTO elsewhere VALUES (0)');
    $node->wait_for_catchup($standby, $mode // 'replay', $node->lsn('flush'));
}
catch_up();

# ---- readers, of both servers ----
my %readers;    # each with what it saw first

sub quit_readers
{
    eval { $_->[0]->quit } foreach values %readers;
    %readers = ();
}

# They see what they saw; others join them, and see what is expected.
sub all_see
{
    my ($when, $expected, %on) = @_;

    is(twin_sums($readers{$_}[0]), $readers{$_}[1], "$when: the snapshot $_ sees what it saw") foreach sort keys %readers;
    foreach my $server (sort keys %on)
    {
        my $reader = twin_reader($on{$server});
        my $sees = twin_sums($reader);

        is($sees, $expected, "$when: a new snapshot on the $server sees what is expected");
        $readers{"$when, on the $server"} = [ $reader, $sees ];
    }
}

# Until the primary knows what the first reader of the standby sees, it may give back space that replay cannot.
sub wait_for_feedback
{
    my ($reader) = map { $readers{$_}[0] } grep { /on the standby/ } sort keys %readers;
    my $xmin = $reader->query_safe('SELECT pg_snapshot_xmin(pg_current_snapshot())');

    $node->poll_query_until('postgres', "SELECT backend_xmin::text::bigint <= $xmin FROM pg_stat_replication")
      or die 'no feedback';
}

my %both = (primary => $node, standby => $standby);
sub truth { return ($_[0] // $node)->safe_psql('postgres', 'SELECT count(*), sum(id), sum(v), sum(id::bigint * v) FROM h') }

# the ids of the segments in a state, and the state of an id
sub ids
{
    my ($state) = @_;
    return sql(qq(
SELECT string_agg(id::text, ' ' ORDER BY id) FROM olap.segments('o') WHERE kind = 'segment' AND state = '$state'));
}

sub state_of { return $_[1]->safe_psql('postgres', "SELECT state FROM olap.segments('o') WHERE id = $_[0]") }

# the commit of a session waits for a standby
sub is_stalled
{
    return "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = '$_[0]' AND wait_event = 'SyncRep')";
}

sub pid_of { return "(SELECT pid FROM pg_stat_activity WHERE application_name = '$_[0]')" }

sub is_sound
{
    my ($server, $when) = @_;
    is($server->safe_psql('postgres', q(SELECT * FROM olap.verify('o'))), '', "$when: storage is sound");
}

# ---- the commit is held ----
my ($holder, $compaction, $output);

# Leaves a compaction of all that is there before the end of its commit.
sub hold
{
    my $held = "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'compaction' AND wait_event = 'object'
 AND pg_blocking_pids(pid) = ARRAY[@{[ pid_of('holder') ]}])";

    $holder = start($node, 'holder', 'SET synchronous_commit = on',
        'BEGIN; INSERT INTO elsewhere VALUES (1); NOTIFY compared; COMMIT');
    holds_before_end($holder, is_stalled('holder')) or die 'the holder does not wait';
    $compaction = start($node, 'compaction', q(CALL olap.compact('o')));
    ok(holds_before_end($compaction, $held), 'a compaction is held at its commit');
    $output = ids('uncommitted');
    like($output, qr/^\d+\z/, 'it has written all');
    is(sql('SELECT phase, rows_written > 0, rows_written <= rows_read, rows_read = rows_total FROM olap.compaction_progress'),
        'committing|t|t|t', 'and says so');
    is($standby->safe_psql('postgres', 'SELECT count(*) FROM olap.compaction_progress'), '0', 'none runs on the standby');
}

# Others change what it moves; nobody waits for it.
sub change
{
    my ($i) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "SET lock_timeout = '60s'; INSERT INTO o VALUES (10, 0, '0')");

    like($err, qr/duplicate key/, 'the key of a row that moves is taken');
    sql(twice("UPDATE T SET v = v + 1000 WHERE id % 10 = $i", "DELETE FROM T WHERE id % 10 = $i + 1",
            "INSERT INTO T VALUES (70000 + $i, 2, '2')"));
    is(sql('SELECT id FROM o WHERE id = 6 FOR UPDATE'), '6', 'and the row can be locked');
    is(sql(q(INSERT INTO o VALUES (6, 0, '0'), (4296, 0, '0') ON CONFLICT DO NOTHING RETURNING id)), '',
        'ON CONFLICT finds it');
}

my $before = truth();
all_see('before', $before, %both);
wait_for_feedback();
hold();
catch_up();
all_see('a compaction is held', $before, %both);
change(1);
catch_up();
isnt(truth(), $before, 'rows change');
$before = truth();
all_see('rows change', $before, %both);

# ---- it commits; the standby is paused before ----
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', q(SELECT pg_get_wal_replay_pause_state() = 'paused')) or die 'no pause';
sql("SELECT pg_cancel_backend(@{[ pid_of('holder') ]})");
ends($holder, qr/canceling wait for synchronous replication/, 'the commit goes on');
ends($compaction, qr/^\z/, 'and the compaction ends');
like(state_of($output, $node), qr/live|replaced/, 'its result counts');
catch_up('write');
all_see('it commits', truth(), primary => $node);
all_see('replay waits before it', $before, standby => $standby);
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
catch_up();
all_see('it is replayed', truth(), %both);
is_sound($node, 'it is replayed');
quit_readers();

# ---- the server is killed before it commits, and somebody while he waits for the standby ----
add(20001);
add(30001);
catch_up();
all_see('before the crash', truth(), standby => $standby);
wait_for_feedback();
hold();
change(3);
my $stalled = start($node, 'stalled', 'SET synchronous_commit = on',
    twice('DELETE FROM T WHERE id % 10 = 5', 'UPDATE T SET v = v + 1000 WHERE id % 10 = 7',
        "INSERT INTO T VALUES (80000, 4, '4')"));
ok(holds_before_end($stalled, is_stalled('stalled')), 'another commit waits for the standby');
$before = truth();
all_see('just before the crash', $before, primary => $node);
kill 'KILL', sql('SELECT ' . pid_of('compaction'));
ends($_, qr/connection/, 'the server is killed') foreach $compaction, $holder, $stalled;
wait_for_recovery($node);
$before = truth();
delete $readers{'just before the crash, on the primary'};
all_see('after the crash', $before, primary => $node);
is(sql("SELECT count(*) FROM o WHERE id % 10 = 5"), '0', 'a commit that waited for the standby counts');
is(state_of($output, $node), 'aborted', 'the compaction does not');
is_sound($node, 'after the crash');
catch_up();
all_see('after replay of the crash', $before, standby => $standby);
quit_readers();
sql(q(CALL olap.compact('o')));
catch_up();
all_see('after another compaction', $before, %both);
is_sound($node, 'after another compaction');
quit_readers();

# ---- everybody has seen it, and then its commit record is lost ----
# Stop the WAL writer where it holds no lock: asleep.
sub stop_wal_writer
{
    my $pid = sql(q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'));

    for (1 .. 1000)
    {
        kill 'STOP', $pid;
        return $pid if sql("SELECT wait_event ILIKE 'walwriter%' FROM pg_stat_activity WHERE pid = $pid") eq 't';
        kill 'CONT', $pid;
    }
    die 'the WAL writer does not sleep';
}

add(40001);
catch_up();
$before = truth();
my $live = ids('live');
all_see('before asynchronous commits', $before, standby => $standby);
wait_for_feedback();
my $bystander = start($node, 'bystander', 'SELECT pg_sleep(3600)');
my $wal_writer = stop_wal_writer();
sql(q(SET synchronous_commit = off; CALL olap.compact('o')));
my $end = $node->lsn('insert');
isnt(ids('live'), $live, 'a compaction commits asynchronously');
all_see('after it', $before, primary => $node);
sql('SET synchronous_commit = off; ' .
    twice('DELETE FROM T WHERE id % 10 = 6', 'UPDATE T SET v = v + 1000 WHERE id % 10 = 8'));
isnt(truth(), $before, 'and a change of its rows');
all_see('after it and a change', truth(), primary => $node);
# once more, by an index whose entries may have been marked
all_see('and again', truth(), primary => $node);
is(sql("SELECT pg_current_wal_lsn() < '$end'"), 't', 'no record of it has been written');
kill 'KILL', $wal_writer;
ends($bystander, qr/connection/, 'the server is killed');
wait_for_recovery($node);
delete $readers{$_} foreach grep { /on the primary/ } keys %readers;
is(ids('live'), $live, 'the compaction has not been');
all_see('after they are lost', $before, primary => $node);
is_sound($node, 'after they are lost');
wait_for_feedback();
sql(q(CALL olap.compact('o')));
catch_up();
all_see('after another one', $before, %both);
is_sound($node, 'after another one');
quit_readers();

# ---- a standby that has all but the commit record is promoted ----
add(60001);
catch_up();
hold();
change(8);
catch_up();
$before = truth();
all_see('before the promotion', $before, standby => $standby);
$node->stop('immediate');
ends($_, qr/connection/, 'the primary is stopped') foreach $compaction, $holder;
$standby->promote;
wait_for_recovery($standby);
all_see('after the promotion', $before, standby => $standby);
is(state_of($output, $standby), 'aborted', 'the compaction has not been');
$standby->safe_psql('postgres', q(CALL olap.compact('o')));
all_see('after another one there', $before, standby => $standby);
is_sound($standby, 'after another one there');
quit_readers();
$standby->safe_psql('postgres', 'VACUUM o');
all_see('after VACUUM', $before, standby => $standby);
is_sound($standby, 'after VACUUM');
quit_readers();
$standby->stop;
done_testing();
