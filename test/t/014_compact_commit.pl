# A synchronous standby that has stalled. A commit that waits for it is at the instant of the commit for as long as
# we like: its xid is committed in the log, and yet runs, for each snapshot. Compactions wait for no standby, so they
# go on beside such inserts, updates and deletes. Whoever looks, by whichever path, sees what is in the heap twin,
# which the same transactions change.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;
use OlapTwin;

# a commit waits until the standby has replayed it: pausing replay stalls it
my $node = olap_node('primary', q(
autovacuum = off
olap.maintenance = off
olap.maintenance_naptime = 1
olap.maintenance_interval = 1
synchronous_commit = remote_apply
synchronous_standby_names = 'standby'
max_connections = 40
wal_sender_timeout = 0
), allows_streaming => 1);
sub sql { return $node->safe_psql('postgres', "SET synchronous_commit = local; $_[0]") }

# Two segments, and delta pages that a compaction has sealed but left where they are, because their rows were not
# committed: those of changes go to others.
sql(q(
CREATE EXTENSION olap;
CREATE TABLE o (id int PRIMARY KEY, v int) USING olap WITH (order_by = 'v', autovacuum_enabled = off);
CREATE TABLE h (id int PRIMARY KEY, v int) USING heap;
INSERT INTO h SELECT g, g % 1000 FROM generate_series(1, 12100) g));
my $writer = $node->background_psql('postgres');
$writer->query_safe('SET synchronous_commit = local; BEGIN; INSERT INTO o SELECT * FROM h WHERE id > 12000');
sql(q(CALL olap.compact('o')));
$writer->query_safe('COMMIT');
$writer->quit;
sql(q(
INSERT INTO o SELECT * FROM h WHERE id <= 6000;
INSERT INTO o SELECT * FROM h WHERE id BETWEEN 6001 AND 12000;
CREATE TABLE in_background (id int) USING olap;) . 'INSERT INTO in_background SELECT generate_series(1, 6000);' x 4);
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$standby->start;
$node->poll_query_until('postgres', q(SELECT sync_state = 'sync' FROM pg_stat_replication)) or die 'no synchronous standby';

# the commits of all these sessions wait for the standby
sub is_stalled
{
    my $names = join ', ', map { "'$_'" } @_;
    return scalar(@_) . " = (SELECT count(*) FROM pg_stat_activity WHERE application_name IN ($names)
 AND wait_event = 'SyncRep' AND backend_xid IS NOT NULL)";
}

my %old;    # readers, each with what it saw first

# All readers that hold a snapshot see what they saw; another joins them, and sees what is expected.
sub all_see
{
    my ($when, $expected) = @_;
    my $new = twin_reader($node);
    my $sees = twin_sums($new);

    is(twin_sums($old{$_}[0]), $old{$_}[1], "$when: the snapshot $_ sees what it saw") foreach sort keys %old;
    is($sees, $expected // truth(), "$when: a new snapshot sees it by each path");
    $old{$when} = [ $new, $sees ];
    return $sees;
}

sub truth { return sql('SELECT count(*), sum(id), sum(v), sum(id::bigint * v) FROM h') }
sub compacted { return sql(q(SELECT compacted FROM olap.compaction_status WHERE "table" = 'o'::regclass)) }
sub delta_runs { return sql(q(SELECT count(*) FROM olap.segments('o') WHERE kind = 'delta' AND state <> 'replaced')) }

# It would stay in SyncRep if it waited for the standby.
sub compact
{
    my ($test, @stalled) = @_;
    my $session = start($node, 'compaction', 'SHOW synchronous_commit', q(CALL olap.compact('o')));

    ok(!holds_before_end($session, is_stalled('compaction')), "$test does not wait for the standby") or die;
    ends($session, qr/^remote_apply\n\z/, 'nor does it complain');
    is(sql('SELECT ' . is_stalled(@stalled)), 't', 'the others still do') if @stalled;
}

twin_paths($node);

# ---- the standby stalls, and with it four commits ----
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', q(SELECT pg_get_wal_replay_pause_state() = 'paused')) or die 'no pause';
my $before = all_see('before the commits');
my %stalled = (
    inserts => twice('INSERT INTO T SELECT g, 7 FROM generate_series(20001, 20050) g', 'SAVEPOINT s',
        'INSERT INTO T SELECT g, 8 FROM generate_series(20051, 20099) g', 'RELEASE s'),
    loads => twice('INSERT INTO T SELECT g, 9 FROM generate_series(30001, 36000) g'),
    updates => twice('UPDATE T SET v = v + 1000 WHERE id % 10 = 1 AND id < 20000'),
    deletes => twice('DELETE FROM T WHERE id % 10 = 2 AND id < 20000'));
my @stalled = sort keys %stalled;
my %session = map { $_ => start($node, $_, $stalled{$_}) } @stalled;
ok(holds_before_end($session{$_}, is_stalled($_)), "the commit of $_ waits for the standby") foreach @stalled;

# Who comes to a row of a stalled commit waits for it, wherever the row is by now.
my %waiters;
sub wait_for_rows
{
    my ($i, @whose) = @_;
    my %by = (
        inserts => "INSERT INTO o VALUES (20001 + $i, 0)",
        loads => "INSERT INTO o VALUES (30001 + $i, 0) ON CONFLICT DO NOTHING RETURNING id",
        updates => twice("UPDATE T SET v = v + 1 WHERE id = 1 + 10 * $i RETURNING v"),
        deletes => twice("INSERT INTO T VALUES (2 + 10 * $i, -1) RETURNING v"));

    foreach (@whose)
    {
        my $name = "comes_to_${_}_$i";
        my $waiter = start($node, $name, 'SET synchronous_commit = local', $by{$_});

        ok(holds_before_end($waiter, qq(EXISTS (SELECT FROM pg_stat_activity w, pg_stat_activity s
  WHERE w.application_name = '$name' AND s.application_name = '$_' AND s.pid = ANY (pg_blocking_pids(w.pid))))),
            "who comes to a row of $_ waits");
        push @{ $waiters{$_} }, $waiter;
    }
    my ($rc, $out, $err) = $node->psql('postgres', "SELECT id FROM o WHERE id = 91 + 10 * $i FOR UPDATE NOWAIT");
    like($err, qr/could not obtain lock/, 'NOWAIT knows of the update');
    is(sql("SELECT id FROM o WHERE id BETWEEN 91 + 10 * $i AND 93 + 10 * $i FOR UPDATE SKIP LOCKED"), 93 + 10 * $i,
        'and SKIP LOCKED of the delete, too');
}

all_see('while commits are stalled', $before);
# not for those whose own rows, on the same delta pages, would keep a compaction from them
wait_for_rows(0, 'loads', 'updates');
compact('a compaction', @stalled);
is(compacted() . ' ' . delta_runs(), '1 1', 'it has moved rows of segments and delta pages');
all_see('after a compaction', $before);

# ---- a second one in a row ----
# moves rows that have come since from their delta pages, and with them those that the first one has moved
sql(twice('INSERT INTO T SELECT g, g % 1000 FROM generate_series(12101, 12500) g'));
push @stalled, 'more';
$session{more} = start($node, 'more', twice('DELETE FROM T WHERE id BETWEEN 12000 AND 20000 AND id % 10 = 4',
        'DELETE FROM T WHERE id = 5'));
ok(holds_before_end($session{more}, is_stalled('more')), 'another commit waits');
is(delta_runs(), '2', 'rows have come on delta pages');
$before = all_see('with younger rows');
compact('a second compaction', @stalled);
is(compacted() . ' ' . delta_runs(), '1 1', 'it has moved them, too');
all_see('after a second compaction', $before);
wait_for_rows(1, sort keys %stalled);
is(sql(q(VACUUM o; SELECT * FROM olap.verify('o'))), '', 'storage is sound, and VACUUM takes nothing away');
all_see('after VACUUM', $before);

# ---- by the maintenance worker ----
$node->append_conf('postgresql.conf', 'olap.maintenance = on');
$node->reload;
my $merged = q((SELECT compacted = 1 AND segments = 1 FROM olap.compaction_status WHERE "table" = 'in_background'::regclass));
$node->poll_query_until('postgres', "SELECT $merged OR EXISTS (SELECT FROM pg_stat_activity
 WHERE backend_type = 'olap maintenance' AND wait_event = 'SyncRep')") or die 'no work in the background';
is(sql("SELECT $merged"), 't', 'the maintenance worker does not wait for the standby');
is(sql('SELECT ' . is_stalled(@stalled)), 't', 'the others still do');
is(sql('SELECT count(*), sum(id) FROM in_background'), '24000|72012000', 'and loses no rows');

# ---- who waits gives up, and has committed; the others wait on ----
@stalled = grep { $_ ne 'inserts' } @stalled;
sql(q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'inserts'));
ends($session{inserts}, qr/canceling wait for synchronous replication/, 'the wait of a commit is cancelled');
ends($_, qr/duplicate key value/, 'its rows are there for an insert that waited') foreach @{ $waiters{inserts} };
is(sql('SELECT count(*) FROM o WHERE id BETWEEN 20000 AND 30000'), '99', 'and for all');
all_see('after the cancelled wait');
compact('a compaction of these rows', @stalled);
all_see('after their compaction');

# ---- the standby goes on ----
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
ends($session{$_}, qr/^\z/, "the commit of $_ ends") foreach @stalled;
ends($_, qr/^\z/, 'ON CONFLICT finds the row that it waited for') foreach @{ $waiters{loads} };
ends($waiters{updates}[$_], qr/^(${\(1002 + 10 * $_)}\n){2}\z/, 'an UPDATE changes the newest version') for 0, 1;
ends($_, qr/^(-1\n){2}\z/, 'the key of a deleted row can be taken') foreach @{ $waiters{deletes} };
all_see('after the commits');
compact('the last compaction');
is(delta_runs(), '0', 'nothing is left on delta pages');
all_see('after the last compaction');
is(sql(q(SELECT * FROM olap.verify('o'))), '', 'storage is sound');

$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
my $reader = twin_reader($standby);
is(twin_sums($reader), truth(), 'the standby has the same rows');
$_->quit foreach $reader, map { $_->[0] } values %old;
$node->stop;
$standby->stop;
done_testing();
