# Retention against SELECT FOR KEY SHARE and DELETE. A row that is locked or being deleted keeps its
# expired segment, at whatever pass; a DELETE or a lock that comes to a pass finds the row gone, though the
# table had no retention when it began.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

# Where commits wait for a standby that does not exist, a pass of retention is held at its commit.
my $node = olap_node('main', q(
olap.maintenance_naptime = 1
olap.maintenance_interval = 1
autovacuum = off
max_connections = 40
max_prepared_transactions = 2
wal_level = replica
max_wal_senders = 2
synchronous_commit = local
synchronous_standby_names = 'nobody'
));
$node->safe_psql('postgres', 'CREATE DATABASE work');

sub sql { return $node->safe_psql('work', $_[0]) }

sub wait_for
{
    my ($condition, $what) = @_;
    ok($node->poll_query_until('work', "SELECT $condition"), $what);
}

# 6000 rows of a day 30 days ago, and a young row, in a table that is left alone until let_expire().
sub make_table
{
    my ($table) = @_;
    sql(qq(
CREATE TABLE $table (ts timestamptz, id int, v text) USING olap
  WITH (time_column = 'ts', segment_interval = '1 day', autovacuum_enabled = off);
CREATE INDEX ${table}_id ON $table (id);
INSERT INTO $table SELECT now() - interval '30 days', g, 'v' FROM generate_series(1, 6000) g;
INSERT INTO $table VALUES (now(), 0, 'young')));
}

# Rows of another day, of ids below 0, which become a segment of their own. A pass looks at all segments of a
# table in one transaction: when these have gone, one has looked at the others as well.
sub add_expired
{
    sql("INSERT INTO $_ SELECT now() - interval '40 days', -g, 'v' FROM generate_series(1, 5000) g") foreach @_;
}

# The option comes last, when commands that know the table without it are under way.
sub let_expire
{
    sql("SET synchronous_commit = local; ALTER TABLE $_ RESET (autovacuum_enabled);
ALTER TABLE $_ SET (retention = '10 days')") foreach @_;
}

sub has_gone
{
    my ($ids, @tables) = @_;
    return join ' AND ', map { "NOT EXISTS (SELECT FROM $_ WHERE $ids)" } @tables;
}

# 'live segments|all rows' of the 30 days old
sub old_rows
{
    my ($table) = @_;
    return sql(qq(
SELECT count(*), (SELECT count(*) FROM $table WHERE id > 0) FROM olap.segments('$table')
WHERE kind = 'segment' AND state = 'live' AND rows = 6000));
}

# Of what there was only the young row is there, to a VACUUM and to indexes too.
sub is_sound
{
    my ($table) = @_;
    my $rows = "SELECT count(*), min(v) FROM $table";
    my $faults = "SELECT count(*) FROM olap.verify('$table')";

    is(sql("$rows; $faults; VACUUM $table; $rows; $faults;
SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*) FROM $table WHERE id IN (-5, 0, 5)"),
        "1|young\n0\n1|young\n0\n1", "$table is sound");
}

# --- locks and changes come first ---
sql('CREATE EXTENSION olap');
my @tables = qw(shared nested undone deleted prepared);
make_table($_) foreach @tables;
add_expired(@tables);
sql("CALL olap.compact('$_')") foreach @tables;
is(old_rows('shared'), '1|6000', 'the old rows are a segment');

my %session = map { $_ => $node->background_psql('work') } @tables;
$session{$_}->query_safe('BEGIN') foreach @tables;
is($session{shared}->query_safe('SELECT id FROM shared WHERE id = 7 FOR KEY SHARE'), '7', 'a row is locked');
$session{nested}->query_safe('SAVEPOINT a; SELECT id FROM nested WHERE id = 7 FOR KEY SHARE; RELEASE a');
$session{$_}->query_safe("DELETE FROM $_ WHERE id = 7") foreach qw(undone deleted prepared);
$session{prepared}->query_safe(q(PREPARE TRANSACTION 'p'));
let_expire(@tables);
wait_for(has_gone('id < 0', @tables), 'a pass drops the segments that nobody has locked');
add_expired(@tables);
wait_for(has_gone('id < 0', @tables), 'and one after it those that came since');
is(old_rows('shared'), '1|6000', 'FOR KEY SHARE of a row keeps its segment');
is(old_rows('nested'), '1|6000', 'that of a savepoint too');
is(old_rows('undone'), '1|6000', 'and so does a DELETE');
is(old_rows('deleted'), '1|6000', 'in each table');
is(old_rows('prepared'), '1|6000', 'and one of a prepared transaction');
is($session{deleted}->query_safe('SELECT count(*) FROM deleted WHERE id > 0'), '5999', 'who deletes sees the others');

$session{$_}->query_safe('COMMIT') foreach qw(shared nested deleted);
$session{undone}->query_safe('ROLLBACK');
sql(q(COMMIT PREPARED 'p'));
$session{$_}->quit foreach @tables;
wait_for(has_gone('id > 0', 'shared', 'nested'), 'a segment goes at a pass after the lock');
wait_for(has_gone('id > 0', 'undone'), 'after a DELETE that is rolled back');
wait_for(has_gone('id > 0', 'deleted'), 'after one that is committed');
wait_for(has_gone('id > 0', 'prepared'), 'and after one that was prepared');
is_sound($_) foreach @tables;

# --- the pass comes first ---
my %command = (
    'a DELETE' => 'DELETE FROM %s WHERE id = %d AND gate()',
    'a FOR KEY SHARE' => 'SELECT id FROM %s WHERE id = %d AND gate() FOR KEY SHARE');
my %answer = ('READ COMMITTED' => '0 00000', 'REPEATABLE READ' => '0 40001');

# Sessions that each do something with a row of their own: [session, test, rows and SQLSTATE].
sub start
{
    my ($table) = @_;
    my @started;
    my $id = 5;

    foreach my $level (sort keys %answer)
    {
        foreach my $name (sort keys %command)
        {
            my $session = $node->background_psql('work', on_error_stop => 0);
            my $command = sprintf $command{$name}, $table, $id++;

            $session->query_until(qr/started/, "SET application_name = 'to $table'; SET synchronous_commit = local;
BEGIN ISOLATION LEVEL $level;\n\\echo started\n$command;\n\\echo done :ROW_COUNT :SQLSTATE\nROLLBACK;\n");
            push @started, [ $session, "of $table: $name at $level", $answer{$level} ];
        }
    }
    return @started;
}

sub are_done
{
    foreach (@_)
    {
        my ($session, $test, $answer) = @$_;
        my ($got) = $session->query_until(qr/done .*\n/, "\n") =~ /done (.*)\n/;
        is($got, $answer, $test);
        $session->quit;
    }
}

# between the snapshot and the row, which has moved or not
make_table($_) foreach qw(moved resting going);
sql("CALL olap.compact('$_')") foreach qw(resting going);
sql(q(CREATE FUNCTION gate() RETURNS boolean VOLATILE LANGUAGE plpgsql AS
  'BEGIN PERFORM pg_advisory_xact_lock_shared(77); RETURN true; END'));
my $holder = $node->background_psql('work');
$holder->query_safe('SELECT pg_advisory_lock(77)');
my @started = (start('moved'), start('resting'));
wait_for(q((SELECT count(*) = 8 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)),
    'sessions have found their rows');
is(old_rows('moved'), '0|6000', 'some on delta pages');
sql(q(CALL olap.compact('moved')));
is(old_rows('moved'), '1|6000', 'which become a segment');
let_expire('moved', 'resting');
wait_for(has_gone('id > 0', 'moved', 'resting'), 'and expire, as others');
sql('ALTER TABLE resting RESET (retention)');
$holder->query_safe('SELECT pg_advisory_unlock(77)');
$holder->quit;
are_done(@started);
is_sound($_) foreach qw(moved resting);

# while it is there: it has dropped the segment, and waits in its commit; nothing else is there to commit
sql("DROP TABLE $_") foreach @tables, qw(moved resting);
sql('ALTER DATABASE work SET synchronous_commit = on');
let_expire('going');
my $worker = q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'olap maintenance' AND wait_event = 'SyncRep');
wait_for("EXISTS ($worker)", 'a pass is about to commit');
is(old_rows('going'), '1|6000', 'nobody sees it yet');
@started = start('going');
wait_for("(SELECT count(*) = 4 FROM pg_stat_activity WHERE application_name = 'to going'
  AND pg_blocking_pids(pid) && ARRAY($worker))", 'sessions that come to its rows wait for it');
$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$node->reload;
are_done(@started);
is_sound('going');

$node->stop;
done_testing();
