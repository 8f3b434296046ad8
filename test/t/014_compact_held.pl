# The interleaving "delete between choosing sources and stamping": each job of a compaction is held at a gate when it
# has chosen its sources and read rows, and has written none. Meanwhile sessions delete, update, lock and insert rows
# of delta pages and of segments, and of a part of a segment that the job has still to read; they end before the job
# does, or after it. A heap twin gets the same statements.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
maintenance_work_mem = 1MB
max_connections = 60
max_prepared_transactions = 10
deadlock_timeout = 10min
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

sub wait_for
{
    my ($condition, $what) = @_;
    $node->poll_query_until('postgres', "SELECT $condition") or die "in vain: $what";
}

# ids at which rows begin that stand on delta pages, early in a segment, and late: a job has 16 MB of memory, so that
# it is held before it has read these
my %PLACES = (delta => 0, early => 1000, late => 5200);
my @ENDS = qw(committed undone nested prepared prepared_undone open open_undone older);

# What is done to a row, and what somebody else who waits for it does then. Rows: olap_row().
my @CHANGES = (
    [ 'DELETE FROM %s WHERE id = %d RETURNING id, v', 'UPDATE %s SET v = v + 7 WHERE id = %d RETURNING id, v' ],
    [ 'UPDATE %s SET v = v + 1000 WHERE id = %d RETURNING id, v', 'DELETE FROM %s WHERE id = %d RETURNING id, v' ],
    [ 'UPDATE %s SET id = -id WHERE id = %d RETURNING id, v', 'UPDATE %s SET v = v + 7 WHERE id = %d RETURNING id, v' ],
    [ 'SELECT id, v FROM %s WHERE id = %d FOR UPDATE', 'UPDATE %s SET v = v + 7 WHERE id = %d RETURNING id, v' ],
    [ 'SELECT id, v FROM %s WHERE id = %d FOR KEY SHARE', 'DELETE FROM %s WHERE id = %d RETURNING id, v' ],
    [ q(INSERT INTO %1$s VALUES (%2$d, '1', 5) ON CONFLICT (id) DO UPDATE SET v = %1$s.v + 5 RETURNING id, v),
        'SELECT id, v FROM %s WHERE id = %d FOR UPDATE' ],
    [ 'UPDATE %1$s SET v = v + 1 WHERE id = %2$d; UPDATE %1$s SET v = v + 1 WHERE id = %2$d RETURNING id, v',
        'UPDATE %s SET v = v + 7 WHERE id = %d RETURNING id, v' ],
    [ 'UPDATE %1$s SET v = v + 1 WHERE id = %2$d; DELETE FROM %1$s WHERE id = %2$d RETURNING id, v',
        'SELECT id, v FROM %s WHERE id = %d FOR SHARE' ],
    [ q(INSERT INTO %s VALUES (1000000 + %d, '2', 2) RETURNING id, v),
        q(INSERT INTO %1$s VALUES (1000000 + %2$d, '3', 3) ON CONFLICT (id) DO UPDATE SET v = %1$s.v + 7 RETURNING id, v) ]);

sub row
{
    my ($place, $round, $end, $change) = @_;
    return $PLACES{$place} + 100 * $round + 10 * $end + $change;
}

# All changes to the rows of a round and an end, in one table.
sub changes
{
    my ($table, $round, $end) = @_;
    my @statements;

    for my $place (sort keys %PLACES)
    {
        push @statements, sprintf "$CHANGES[$_][0];\n", $table, row($place, $round, $end, $_) for 0 .. $#CHANGES;
    }
    return join '', @statements;
}

# ---- the tables ----
sql('CREATE EXTENSION olap;' . gated_type() . join '', map { qq(
CREATE TABLE $_ (id int NOT NULL, k gated, v int, pad text);
INSERT INTO $_ SELECT g, (g % 3)::gated, g, repeat(chr(65 + g % 20), 4200) FROM generate_series(1001, 6000) g;
ALTER TABLE $_ ADD PRIMARY KEY (id);
CREATE INDEX ON $_ (v);
INSERT INTO $_ SELECT g, (g % 3)::gated, g, 'd' FROM generate_series(1, 600) g;
) =~ s/\bo \(id int NOT NULL.*\K;/ USING olap WITH (order_by = 'k');/r } 'o', 'h');
sql(q(
CREATE VIEW difference AS
  (SELECT id, k::int, v, left(pad, 1) FROM o WHERE id > -100000 EXCEPT ALL SELECT id, k::int, v, left(pad, 1) FROM h)
  UNION ALL
  (SELECT id, k::int, v, left(pad, 1) FROM h EXCEPT ALL SELECT id, k::int, v, left(pad, 1) FROM o WHERE id > -100000)));

# Through the vectors, the scan and the index.
sub by_each_path
{
    my ($query) = @_;
    return qq(SET olap.enable_scan = on; SET enable_seqscan = on; SET enable_bitmapscan = off; $query;
SET olap.enable_scan = off; $query; SET enable_seqscan = off; $query; RESET ALL);
}

sub is_twin
{
    my ($when) = @_;
    is(sql(by_each_path('SELECT count(*) FROM difference')), "0\n0\n0", "$when: the rows of the heap twin, by each path");
    is(sql(q(SELECT * FROM olap.verify('o'))), '', "$when: storage is sound");
}

# Which rows of both can be locked now?
sub are_locked_alike
{
    my ($when) = @_;

    for my $strength ('UPDATE', 'NO KEY UPDATE', 'KEY SHARE')
    {
        # for those that are updated and then deleted a heap waits in spite of SKIP LOCKED
        my $spared = $strength eq 'KEY SHARE' ? 'id % 10 <> 7' : 'true';
        my ($o, $h) = map { { map { $_ => 1 } split /\n/, sql("SELECT id FROM $_
  WHERE $spared AND (id < 600 OR id BETWEEN 1000 AND 1600 OR id > 5200) FOR $strength SKIP LOCKED") } } 'o', 'h';
        is(join(' ', sort grep { !$o->{$_} || !$h->{$_} } keys %{ { %$o, %$h } }), '',
            "$when: FOR $strength finds the rows locked that are so in the twin");
    }
}

# ---- sessions ----
my %open;
my @waiters;
my $older;

# A session that has a transaction id before the job does.
sub begin_older
{
    $older = $node->background_psql('postgres');
    $older->query_safe('BEGIN; SELECT pg_current_xact_id()');
}

# Change the rows of a round and an end, in both tables; the session is returned if it stays open.
sub change
{
    my ($round, $name) = @_;
    my ($end) = grep { $ENDS[$_] eq $name } 0 .. $#ENDS;
    my @ids = map { row($_, $round, 8, 0) } sort keys %PLACES;
    my $nested = join ' OR ', map { "id BETWEEN $_ AND $_ + 4" } @ids;
    my $released = join ' OR ', map { "id BETWEEN $_ + 5 AND $_ + 9" } @ids;
    my %close = (
        committed => 'COMMIT',
        undone => 'ROLLBACK',
        nested => 'ROLLBACK TO a; COMMIT',
        prepared => "PREPARE TRANSACTION 'prepared $round'",
        prepared_undone => "PREPARE TRANSACTION 'prepared_undone $round'");
    my $session = $name eq 'older' ? $older : $node->background_psql('postgres');
    my @said;

    $session->query_safe('BEGIN') unless $name eq 'older';
    $session->query_safe('SAVEPOINT a');
    push @said, $session->query_safe(changes($_, $round, $end)) foreach 'o', 'h';
    is($said[0], $said[1], "job $round: changes, $name");
    if ($name eq 'open')
    {
        foreach ('o', 'h')
        {
            $session->query_safe("SAVEPOINT b; DELETE FROM $_ WHERE $nested; ROLLBACK TO b;
SAVEPOINT b; UPDATE $_ SET v = -v WHERE $released; RELEASE b");
        }
    }
    return $session unless $close{$name};
    $session->query_safe($close{$name});
    $session->quit;
}

sub change_all
{
    my ($round) = @_;
    change($round, $_) foreach grep { !/^o/ } @ENDS;
    $open{$_} = change($round, $_) foreach grep { /^o/ } @ENDS;
}

# Sessions that wait for the open ones' rows of a place, each for one.
sub start_waiters
{
    my ($round, $place) = @_;
    my @waiters;

    for my $end (grep { $ENDS[$_] =~ /^o/ } 0 .. $#ENDS)
    {
        for my $change (0 .. $#CHANGES)
        {
            my ($o, $h) = map { sprintf $CHANGES[$change][1], $_, row($place, $round, $end, $change) } 'o', 'h';
            my $out = '';
            push @waiters, [ "$ENDS[$end]: $o", \$out, IPC::Run::start(
                    [ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres') . ' application_name=waiter',
                        map { ('-c', $_) } 'BEGIN', $o, '\echo and', $h, 'COMMIT' ], '<', '/dev/null', '>&', \$out) ];
        }
    }
    wait_for('(SELECT count(*) = ' . @waiters . q{ FROM pg_stat_activity WHERE application_name = 'waiter'
  AND wait_event_type = 'Lock' AND cardinality(pg_blocking_pids(pid)) = 1)}, 'waiters');
    return @waiters;
}

# They do what the twin's rows let them do.
sub have_waited
{
    my ($test, @sessions) = @_;
    my ($o, $h) = ('', '');

    foreach (@sessions)
    {
        my ($name, $out, $handle) = @$_;
        $handle->finish;
        my @said = split /^and\n/m, $$out, -1;
        $o .= "$name\n$said[0]" . $handle->result(0);
        $h .= "$name\n" . ($said[1] // '(none)') . '0';
    }
    is($o, $h, $test);
}

# What a round has left open ends.
sub end_changes
{
    my ($round) = @_;

    $open{$_}->query_safe($_ eq 'open_undone' ? 'ROLLBACK' : 'COMMIT') foreach sort keys %open;
    $open{$_}->quit foreach sort keys %open;
    have_waited("job $round: who has waited for open transactions", splice @waiters);
    sql("COMMIT PREPARED 'prepared $round'; ROLLBACK PREPARED 'prepared_undone $round'");
}

# Snapshots that last: what they see stays, and is what they see of the twin.
my %snapshots;
my $SEEN = 'SELECT count(*) FROM difference;'
  . by_each_path('SELECT count(*), sum(id), sum(v), sum(k::int) FROM o WHERE id > -100000');

sub take_snapshot
{
    my ($name) = @_;
    my $session = $node->background_psql('postgres');

    $session->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
    $snapshots{$name} = [ $session, $session->query_safe($SEEN) ];
    like($snapshots{$name}[1], qr/^0\n(.*)\n\1\n\1$/, "$name sees the rows of the twin");
}

sub snapshots_last
{
    my ($when) = @_;
    is($snapshots{$_}[0]->query_safe($SEEN), $snapshots{$_}[1], "$when: $_ sees what it saw") foreach sort keys %snapshots;
}

# Cursors over nine rows of each place, by index and by scan.
my $cursors = $node->background_psql('postgres');

sub declare_cursors
{
    my $sql = 'BEGIN;';

    for my $table ('o', 'h')
    {
        for my $place (keys %PLACES)
        {
            my $query = "FOR SELECT id, v FROM $table WHERE id BETWEEN $PLACES{$place}";
            $sql .= "SET LOCAL enable_seqscan = off; SET LOCAL olap.enable_scan = off; SET LOCAL enable_bitmapscan = off;
DECLARE index_${place}_$table CURSOR $query + 51 AND $PLACES{$place} + 59;
SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off;
DECLARE scan_${place}_$table CURSOR $query + 61 AND $PLACES{$place} + 69;
SET LOCAL enable_indexscan = on;\n";
        }
    }
    $cursors->query_safe($sql);
}

sub use_cursors
{
    my ($round) = @_;
    my %said;

    for my $table ('o', 'h')
    {
        for my $cursor (map { ("index_${_}_$table", "scan_${_}_$table") } sort keys %PLACES)
        {
            $said{$table} .= $cursors->query_safe("FETCH $cursor; DELETE FROM $table WHERE CURRENT OF $cursor RETURNING id, v;
FETCH $cursor; UPDATE $table SET v = v + 1 WHERE CURRENT OF $cursor RETURNING id, v; FETCH $cursor") . "\n";
        }
    }
    is($said{o}, $said{h}, "job $round: rows of old cursors are deleted and updated");
    is(scalar(split /\n/, $said{o}), 30, "job $round: all of them");
}

# ---- jobs that are held ----
my $first_delta = sql('SELECT (ctid::text::point)[0] FROM o WHERE id = 1');
my $last_place = sql(q(SELECT max(id) FROM olap.segments('o')));

sub places
{
    return sql(qq(SELECT string_agg(kind || ' ' || state, ', ' ORDER BY id) FROM olap.segments('o')
  WHERE kind = 'segment' OR id <= $last_place));
}

# A compaction is held once a job; what it has done and does is told by the places.
sub wait_at_gate
{
    my ($what) = @_;
    my $is_over = q(NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'compaction'));

    wait_for(waits_at_gate() . " OR $is_over", $what);
    sql("SELECT $is_over") eq 'f' or die "the end, and not $what: " . places();
}

sub rows_in_segments { return sql(q(SELECT sum(rows) FROM olap.segments('o') WHERE kind = 'segment' AND state = 'live')) }

# Row numbers that are there now, in these virtual blocks.
sub rows_from
{
    my ($from, $to) = @_;
    return split /\n/, sql("SELECT ctid FROM o WHERE (ctid::text::point)[0] BETWEEN $from AND $to - 1 ORDER BY ctid");
}

my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(1)');

sub start_compaction
{
    my ($out) = @_;
    my $handle = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=compaction',
            '-c', q(CALL olap.compact('o')) ], '<', '/dev/null', '>&', $out);

    wait_for(waits_at_gate(), 'the first job');
    return $handle;
}

# All that goes on while a job is held.
sub hold
{
    my ($round) = @_;

    end_changes($round - 1) if $round > 1;
    is_twin("job $round, what was open has ended") if $round > 1;
    change_all($round);
    use_cursors($round);
    take_snapshot("a snapshot taken beside job $round");
    are_locked_alike("job $round is held");
    @waiters = start_waiters($round, (qw(delta early late))[ $round - 1 ]);
}

# Let the job go on, until its transaction has ended.
sub let_job_end
{
    $gate->query_safe('SELECT pg_advisory_unlock(1), pg_advisory_lock(1)');
}

take_snapshot('an old snapshot');
declare_cursors();
begin_older();
my $compaction = start_compaction(\my $said);

# the first job moves the delta's rows
is(places(), 'segment live, delta sealed', 'a job has sealed the delta pages');
my @delta = rows_from($first_delta, $first_delta + 8);
hold(1);
begin_older();
let_job_end();
wait_at_gate('the second job');
is(places(), 'segment live, delta replaced, segment live', 'and it has replaced them');
is(rows_in_segments(), 5000 + @delta, 'by all rows that were there when it chose them');
is_twin('after job 1');
snapshots_last('after job 1');

# the second one a segment that it has read as far as its memory goes
my @segment = rows_from(0, $first_delta);
cmp_ok(scalar(@segment), '<', 5000, 'rows that were deleted before the second job are left behind');
hold(2);
begin_older();
let_job_end();
wait_at_gate('the third job');
is(places(), 'segment replaced, delta replaced, segment live, segment live, segment live', 'it replaces a segment by two');
is(rows_in_segments(), @delta + @segment, 'with all rows that were there when it chose it');
my $full = sql(q(SELECT rows FROM olap.segments('o') WHERE kind = 'segment' AND state = 'live' ORDER BY id OFFSET 1 LIMIT 1));
my ($block, $off) = $segment[$full] =~ /(\d+),(\d+)/;
cmp_ok(sql("SELECT id FROM o WHERE ctid = '($block,$off)'") || 0, '<', $PLACES{late}, 'the late rows were read after the gate');
is_twin('after job 2');
snapshots_last('after job 2');

# the third one the results of both
my $sources = sql("SELECT count(*) FROM o WHERE ctid >= '($block,$off)' AND (ctid::text::point)[0] < $first_delta + 8");
hold(3);
let_job_end();
wait_for(q(NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'compaction')), 'the end');
$compaction->finish;
is($compaction->result(0) . $said, '0', 'the compaction ends without a word');
is(places(), 'segment replaced, delta replaced, segment replaced, segment live, segment replaced, segment live',
    'the third job merges what the others wrote');
is(rows_in_segments(), $full + $sources, 'with all rows that were there when it chose them');
is_twin('after job 3');
snapshots_last('after job 3');
are_locked_alike('after job 3');
end_changes(3);
$cursors->query_safe('COMMIT');
$cursors->quit;
is_twin('everybody has ended');
are_locked_alike('everybody has ended');
sql('VACUUM o');
is_twin('after VACUUM');
snapshots_last('after VACUUM');
$snapshots{$_}[0]->quit foreach keys %snapshots;

# ---- killed while it is held ----
begin_older();
$compaction = start_compaction(\$said);
cmp_ok(sql(q(SELECT count(*) FROM olap.segments('o') WHERE state = 'sealed')), '>', 0, 'another compaction has sealed pages');
change_all(4);
kill_server($node);
eval { $_->finish } for $compaction, map { $_->{run} } $gate, values %open;
$node->start;
is_twin('after kill -9');
are_locked_alike('after kill -9');
sql(q(COMMIT PREPARED 'prepared 4'; ROLLBACK PREPARED 'prepared_undone 4'));
is_twin('the prepared have ended');
sql(q(CALL olap.compact('o')));
is(sql(q(SELECT string_agg(DISTINCT state, ' ') FROM olap.segments('o') WHERE kind = 'delta')), 'replaced', 'all is compacted');
is_twin('after another compaction');
sql('VACUUM o');
is_twin('after another VACUUM');
$node->stop;
done_testing();
