# "Cached directory across free and reuse", and "aborted segment known to another backend while its space is
# reused": what a backend has read of a table is compacted away, or its writer aborts; it is freed, and just these
# blocks get other rows of the same table. That happens when no snapshot needs them any more, not before; and the
# next command of each backend that knows them reads the right rows, whichever way it reads.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
max_connections = 80
restart_after_crash = on
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

# the same for the table, o, and its heap twin, h
sub both
{
    my ($sql) = @_;
    sql("$sql; " . $sql =~ s/\bo\b/h/gr);
}

# Of a load some rows go to delta pages, the others to a segment; of one below 1000 rows all go to delta pages.
my $next = 1;
sub load
{
    foreach my $n (@_)
    {
        both("INSERT INTO o SELECT g, g % 50, g % 7, md5(g::text) FROM generate_series($next, $next + $n - 1) g");
        $next += $n;
    }
}

# What is dead for everybody is known to be so once a transaction has gone by. The end of the file stays: to cut
# it off VACUUM would wait for those who have the table in use.
sub vacuum { sql('SELECT txid_current(); VACUUM (TRUNCATE off) o; ' x 3) }

sql(q(
CREATE EXTENSION olap;
CREATE TABLE o (id int, k int, n int, v text) USING olap WITH (order_by = 'v', bitmap = 'k');
CREATE TABLE h (id int, k int, n int, v text) USING heap;

-- the next rows of a cursor
CREATE FUNCTION more(c refcursor, most int, OUT rows int, OUT ids bigint, OUT vs bigint) LANGUAGE plpgsql AS $$
  DECLARE id int; v text;
  BEGIN
    rows := 0; ids := 0; vs := 0;
    WHILE most IS NULL OR rows < most LOOP
      FETCH c INTO id, v;
      EXIT WHEN NOT FOUND;
      rows := rows + 1; ids := ids + id; vs := vs + hashtext(v);
    END LOOP;
  END $$;
));
load(10000, 10000);
sql(q(CALL olap.compact('o')));
vacuum();
both("CREATE INDEX ON o (id)");
load(6000, 600);
sql('CREATE TABLE tids AS SELECT id, v, ctid AS tid FROM o WHERE id % 4 = 1');
my $old = places_on_disk($node, 'o');
is(sql(q(SELECT count(*) FILTER (WHERE kind = 'delta') > 0, count(*) FILTER (WHERE kind = 'segment') > 1,
    count(*) FILTER (WHERE state NOT IN ('open', 'live')) FROM olap.segments('o'))), 't|t|0',
    'the table has delta pages, and segments');

# ---- those who know it ----
# Ways to read: [name, settings, query, a part of its plan]. :new1 and :new2 become rows that are in blocks which
# were used before. What takes row locks is tried only then: a transaction id would keep the blocks from being freed.
my $INDEX = 'SET enable_seqscan = off; SET olap.enable_scan = off;';
my $PARALLEL = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my $some = 'id IN (1, 31, 10, 2501, 7000, 19999, 20001, 20026, 25999, 26501, :new1, :new2)';
my @reads = (
    [ 'an index', $INDEX, "SELECT * FROM o WHERE $some ORDER BY id", 'Index Scan' ],
    [ 'a sequential scan', 'SET olap.enable_scan = off;',
        'SELECT count(*), sum(id), sum(hashtext(v)) FROM o', 'Seq Scan' ],
    [ 'the vectorized scan', '', 'SELECT id, v FROM o WHERE n = 3 AND k IN (3, 21) ORDER BY id', 'OlapScan' ],
    [ 'vectorized aggregation', '',
        'SELECT k, count(*), sum(id), min(v), max(v) FROM o GROUP BY k ORDER BY k', 'OlapAgg' ],
    [ 'parallel workers', $PARALLEL,
        'SELECT n, count(*), sum(id), max(v) FROM o GROUP BY n ORDER BY n', 'Workers Planned' ],
    [ 'a prepared plan', '', 'EXECUTE by_key(21)', '\$1' ],
    [ 'a prepared lookup', $INDEX, 'EXECUTE by_id(:new2)', 'Index Scan.*\$1' ],
    [ 'ctids from before', 'SET enable_hashjoin = off; SET enable_mergejoin = off;',
        'SELECT count(*), sum(o.id), count(*) FILTER (WHERE (o.id, o.v) <> (t.id, t.v)) FROM tids t JOIN o ON o.ctid = t.tid',
        'Tid Scan' ],
);
my @changes = (
    [ 'FOR UPDATE', $INDEX, "SELECT * FROM o WHERE $some ORDER BY id FOR UPDATE" ],
    [ 'WHERE CURRENT OF', '', join ' ',
        map { "DECLARE c$_ CURSOR FOR SELECT id FROM o WHERE id = $_; FETCH c$_; UPDATE o SET v = 'c' WHERE CURRENT OF c$_ RETURNING *;" =~ s/c:/c/gr }
        19002, 20002, ':new1', ':new2' ],
);
my @new;

sub query
{
    my ($read, $table) = @_;
    return $read->[2] =~ s/:new(\d)/$new[$1 - 1] || 19500 + $1/ger =~ s/\bo\b/$table/gr;
}

sub settings { return 'SET plan_cache_mode = force_generic_plan' }

sub prepare
{
    my ($table) = @_;
    return settings() . "; PREPARE by_key(int) AS SELECT count(*), sum(id), min(v) FROM $table WHERE k = \$1;
      PREPARE by_id(int) AS SELECT * FROM $table WHERE id = \$1";
}

sub answer
{
    my ($session, $read, $explain) = @_;
    my $sql = $read->[1] . ($explain // '') . query($read, 'o') . '; RESET ALL; ' . settings();
    my $answer = $session->query($sql);
    my $error = $session->{stderr};

    $session->{stderr} = '';
    return $error eq '' ? $answer : "failed: $error";
}

# Sessions that know the table as it is now, one for each of these ways, which it is to read by first; in a
# transaction, without a snapshot.
my @knowing;
sub know
{
    my ($when, @ways) = @_;

    for my $first (@ways)
    {
        my $session = $node->background_psql('postgres', on_error_stop => 0);
        $session->query_safe(prepare('o') . '; BEGIN');
        answer($session, $_) foreach grep { $_ == $first || $_ == $reads[0] || $_ == $reads[-1] } @reads;
        push @knowing, [ $session, $first, $when ];
    }
}

# What each way finds in the heap twin, whose ctids are others.
sub truth
{
    my %truth = map { $_->[0] => sql(prepare('h') . '; BEGIN; ' . query($_, 'h') . '; ROLLBACK') }
      grep { $_->[0] !~ /ctids/ } @reads, @changes;
    $truth{'ctids from before'} = sql('SELECT count(*), sum(id), 0 FROM tids JOIN h USING (id, v)');
    $truth{'ctids of what aborted'} = 0;
    return \%truth;
}

# The next command of each of them, and more that do not change anything.
sub read_right
{
    my ($truth) = @_;

    foreach (@knowing)
    {
        my ($session, $first, $when) = @$_;
        my @ways = ($first, grep { $first != $changes[1] && $first != $_ } @reads[0, 1]);

        is_answers([ map { $_->[0] } @ways ], [ map { $truth->{$_->[0]} } @ways ],
            [ map { answer($session, $_) } @ways ], "who read it $when reads right by $first->[0]");
        $session->query_safe('ROLLBACK');
        $session->quit;
    }
    @knowing = ();
}

# ---- what becomes of blocks ----
sub is_kept
{
    my ($who, $old) = @_;
    my %extents = map { $_ => "$old->{$_}{first} $old->{$_}{n}" } keys %$old;

    vacuum();
    load(6000);
    vacuum();
    my $now = places_on_disk($node, 'o');
    is_deeply({ map { $_ => "$now->{$_}{first} $now->{$_}{n}" } grep { $now->{$_} } keys %$old }, \%extents,
        "$who keeps the place");
    is(overlaps($old, $now), 0, 'and no other rows are written there');
}

sub is_freed
{
    my ($test, $old) = @_;
    my $left;

    for (1 .. 600)
    {
        vacuum();
        my $now = places_on_disk($node, 'o');
        $left = grep { $old->{$_} } keys %$now;
        last if $left == 0;
        select undef, undef, undef, 0.1;
    }
    is($left, 0, $test);
}

# A row that nobody moves is where its ctid says: on that page of delta pages, or somewhere in that segment.
sub is_within
{
    my ($user, $old) = @_;

    return overlaps($old, { 0 => $user }) == $user->{n} ? 0 : undef if $user->{kind} == 1;
    my ($page) = grep { overlaps($old, { 0 => { id => 0, first => $user->{first} + $_, n => 1 } }) } 0 .. $user->{rows} - 1;
    return $page;
}

# Loads rows until they are in all blocks of these places, last into what is too small for a load. Makes @new a row
# of a segment that is nowhere else, and one on such a delta page, if there is one.
sub is_used_again
{
    my ($old) = @_;
    my ($blocks, $taken, $now) = (0, 0);

    $blocks += $_->{n} foreach values %$old;
    for (1 .. 40)
    {
        load(6000, 300);
        both(q(INSERT INTO o VALUES (1000000, NULL, NULL, repeat('0', 9000))));
        $now = places_on_disk($node, 'o');
        $taken = overlaps($old, $now);
        last if $taken == $blocks;
    }
    is($taken, $blocks, "other rows are in all of its $blocks blocks");
    @new = ();
    foreach my $user (grep { !$old->{$_->{id}} } values %$now)
    {
        my $page = is_within($user, $old) // next;
        my $id = sql("SELECT id FROM o WHERE ctid = '(" . ($user->{vblock} + $page) . ",1)'");
        $new[$user->{kind} - 1] = $id if $id < 1000000;
    }
}

# ---- cached directory across free and reuse ----
know('before the compaction', @reads, @changes);
foreach my $read (@reads)
{
    like(answer($knowing[0][0], $read, 'EXPLAIN '), qr/$read->[3]/s, "by $read->[0]");
}
my ($snapshot, $cursor, $held) = map { $node->background_psql('postgres') } 1 .. 3;
my $cursors = "DECLARE a CURSOR %1\$s FOR SELECT id, v FROM o; FETCH 2 FROM a;
  SET olap.enable_scan = off; DECLARE b CURSOR %1\$s FOR SELECT id, v FROM o; FETCH 2 FROM b;
  $INDEX DECLARE c CURSOR %1\$s FOR SELECT id, v FROM o WHERE id > 0; FETCH 2 FROM c; RESET ALL";
my ($part, $rest) = map { join '; ', "SELECT * FROM more('a', $_)", "SELECT * FROM more('b', $_)", "SELECT * FROM more('c', $_)" } 9000, 'NULL';
my $expected = sql('BEGIN; ' . sprintf($cursors, '') . "; $part; $rest; COMMIT");
my $all = "SELECT count(*), sum(id), sum(hashtext(v)) FROM o;
  $INDEX SELECT count(*), sum(hashtext(v)) FROM o WHERE id > 0; RESET ALL";
$snapshot->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $snapshot->query_safe($all);
my $got = $cursor->query_safe('BEGIN; ' . sprintf $cursors, '');
my $got_held = $held->query_safe('BEGIN; ' . sprintf($cursors, 'WITH HOLD') . '; COMMIT');

both('UPDATE o SET v = md5(v) WHERE id % 31 = 0');
both('DELETE FROM o WHERE id % 5 = 0');
sql(q(CALL olap.compact('o')));
is(sql("SELECT count(*) FROM olap.segments('o') WHERE state <> 'replaced' AND id IN (" . join(', ', keys %$old) . ')'), '0',
    'a compaction has replaced every place');
know('after the compaction', @reads, @changes);

is_kept('a snapshot', $old);
is($snapshot->query_safe($all), $seen, 'it reads its rows there');
$snapshot->query_safe('COMMIT');
is_kept('a cursor', $old);
$got .= "\n" . $cursor->query_safe($part);
is_kept('a cursor that goes on', $old);
$got .= "\n" . $cursor->query_safe($rest);
is($got, $expected, 'it reads its rows there');
$cursor->query_safe('COMMIT');
is_freed('what was replaced is freed when the last of them is gone', $old);
know('when it was free', @reads[0, 1, 3], $changes[0]);
is_used_again($old);
is(scalar(grep { defined } @new), 2, 'of segments, and of delta pages');

read_right(truth());
$got_held .= "\n" . $held->query_safe("$part; $rest");
is($got_held, $expected, 'a cursor WITH HOLD of before gives its rows');
is($snapshot->query_safe($all), sql($all =~ s/\bo\b/h/gr), 'and who had a snapshot reads right with a new one');
$_->quit foreach $snapshot, $cursor, $held;

# ---- aborted segment known to another backend while its space is reused ----
# A writer loads a segment and then does not commit it; $lasts: what is left of his transaction ends after cursors.
# What he wrote first, if anything, his twin has as well.
sub aborted
{
    my ($how, $begin, $abort, $lasts) = @_;
    my $before = places_on_disk($node, 'o');
    my $expected = sql('BEGIN; ' . sprintf($cursors, '') . "; $rest; COMMIT");
    my $writer = $node->background_psql('postgres', on_error_stop => 0);

    $writer->query_safe("BEGIN; $begin; INSERT INTO o SELECT -g, 1, 1, md5(g::text) FROM generate_series(1, 11000) g");
    my $during = places_on_disk($node, 'o');
    my $aborted = { map { $_ => $during->{$_} } grep { !$before->{$_} && $during->{$_}{kind} == 1 } keys %$during };
    my $state = "SELECT state FROM olap.segments('o') WHERE id = " . join ', ', keys %$aborted;
    is(sql($state), 'uncommitted', "$how: a segment is not committed");
    my $tids = $writer->query_safe('SELECT array_agg(ctid) FROM o WHERE id < 0 AND id % 100 = 0');
    push @reads, [ 'ctids of what aborted', '', "SELECT count(*) FROM o WHERE ctid = ANY ('$tids')" ];

    $abort->($writer) if $how =~ /kill/;
    my $cursor = $node->background_psql('postgres');
    know("before $how", @reads[0, 1, 3, 4, -1], @changes);
    my $got = $cursor->query_safe('BEGIN; ' . sprintf $cursors, '');
    $abort->($writer) if $how !~ /kill/;
    is(sql($state), 'aborted', 'it is aborted');
    is_kept('a cursor', $aborted);
    $got .= "\n" . $cursor->query_safe($rest);
    is($got, $expected, 'it does not read it');
    $cursor->query_safe('COMMIT');
    if ($lasts)
    {
        is_kept("the writer's transaction", $aborted);
        $writer->query_safe('COMMIT');
    }
    is_freed('and then it is freed', $aborted);
    know("after $how", $reads[0]);
    is_used_again($aborted);
    read_right(truth());
    pop @reads;
    eval { $_->quit } foreach $writer, $cursor;
}

# by SIGKILL, which takes all others with it
sub kill_process
{
    my ($writer) = @_;
    my $pid = $writer->query_safe('SELECT pg_backend_pid()');
    my $log = -s $node->logfile;

    kill 'KILL', $pid;
    $node->wait_for_log(qr/all server processes terminated; reinitializing/, $log);
    wait_for_recovery($node);
}

both('TRUNCATE o');
$next = 19001;
load(6000);
aborted('ROLLBACK', '', sub { $_[0]->query_safe('ROLLBACK') });
aborted('ROLLBACK TO SAVEPOINT', "INSERT INTO o VALUES (0, 0, 0, 'kept'); INSERT INTO h VALUES (0, 0, 0, 'kept'); SAVEPOINT a",
    sub { $_[0]->query_safe('ROLLBACK TO a') }, 1);
aborted('a kill -9 of the process', '', \&kill_process);

is(sql('SELECT count(*) FROM ((TABLE o EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE o)) d'), '0',
    'the table has the rows of its heap twin');
is(sql(q(SELECT * FROM olap.verify('o'))), '', 'storage is sound');

$node->stop;
done_testing();
