# A bulk load of children locks each of a million parents (FOR KEY SHARE). While it does,
# and until its transaction ends, others may change the parents but for their keys,
# compaction and VACUUM may do their work, and nobody may take a parent away. The load is
# held in its middle by a lock on the parent that comes next, and at its end by a gate.
use strict;
use warnings;

# seconds, on the slowest of machines; what sessions in the background may take as well
BEGIN { $ENV{PG_TEST_TIMEOUT_DEFAULT} = 800 }

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

use OlapTest;

my $N = 1_000_000;
my $HALF = $N / 2 - 1;          # the parent of child N / 2
my $FEW = $N / 50 - 1;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
fsync = off
max_wal_size = '4GB'
deadlock_timeout = 10min
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

# Children come in pairs that are swapped, so that no two of their locks can become one
# record. The first parents are in the delta, the others in segments.
my $CHILDREN = "SELECT g, ((g - 1) # 1) + 1 FROM generate_series(1, $N) g";
sql(qq(
CREATE EXTENSION olap;
CREATE TABLE parent (id int, v int) USING olap;
INSERT INTO parent SELECT g, 0 FROM generate_series(501, $N) g;
INSERT INTO parent SELECT g, 0 FROM generate_series(1, 500) g;
ALTER TABLE parent ADD PRIMARY KEY (id);
CREATE TABLE child (id int, pid int REFERENCES parent) USING olap;
CREATE TABLE lost (id int, pid int REFERENCES parent) USING olap;
CREATE TABLE heap_parent USING heap AS SELECT g AS id, 0 AS v FROM generate_series(1, $N) g;
ALTER TABLE heap_parent ADD PRIMARY KEY (id);
CREATE TABLE heap_lost (id int, pid int REFERENCES heap_parent) USING heap;
CREATE VIEW file AS SELECT pg_relation_size('parent') AS bytes, pg_relation_size('parent') - free_bytes AS used, delta_pages
  FROM olap.compaction_status WHERE "table" = 'parent'::regclass));
sql('ANALYZE');
my ($bytes, $used) = split /\|/, sql('SELECT bytes, used FROM file');

# A psql of its own for a script; its name tells it from others.
sub start
{
    my ($name, $script) = @_;
    my $file = $node->basedir . "/$name.sql";
    my %session = (name => $name, out => '');
    append_to_file($file, $script);
    $session{handle} = IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=verbose', '-d',
            $node->connstr('postgres') . " application_name=$name", '-f', $file ],
        '<', '/dev/null', '>&', \$session{out});
    return \%session;
}

# Wait until a condition holds; false if the session ends before.
sub comes_to
{
    my ($session, $condition) = @_;
    my $until = time() + $ENV{PG_TEST_TIMEOUT_DEFAULT};
    while (sql("SELECT $condition") ne 't')
    {
        eval { $session->{handle}->pump_nb };       # notices its end
        return 0 unless $session->{handle}->pumpable;
        die "in vain: $condition" if time() > $until;
        usleep(100_000);
    }
    return 1;
}

# What it has said when it is over, one way or the other.
sub answer
{
    my ($session) = @_;
    eval { $session->{handle}->finish };
    return $session->{out};
}

sub waits_for
{
    my ($who, $whom) = @_;
    return "EXISTS (SELECT FROM pg_stat_activity a, pg_stat_activity b WHERE a.application_name = '$who'
 AND b.application_name = '$whom' AND b.pid = ANY (pg_blocking_pids(a.pid)))";
}

my %deleters;

sub start_delete
{
    my ($id) = @_;
    $deleters{$id} = start("delete$id", "DELETE FROM parent WHERE id = $id");
    ok(comes_to($deleters{$id}, waits_for("delete$id", 'load')), "DELETE of parent $id waits for the load");
}

sub all_wait
{
    return sql('SELECT ' . join ' AND ', map { waits_for("delete$_", 'load') } keys %deleters);
}

# must not wait for anybody
sub change
{
    my ($id) = @_;
    return sql("SET lock_timeout = '60s'; UPDATE parent SET v = v + 1 WHERE id = $id RETURNING v");
}

sub memory_of
{
    my ($name) = @_;
    my $offset = -s $node->logfile;
    my $total;
    sql("SELECT pg_log_backend_memory_contexts(pid) FROM pg_stat_activity WHERE application_name = '$name'");
    for (1 .. 600)
    {
        ($total) = slurp_file($node->logfile, $offset) =~ /Grand total: (\d+) bytes/;
        return $total if $total;
        usleep(100_000);
    }
    die 'no word of memory';
}

# ---- a million parents, and who comes meanwhile ----
my $holder = $node->background_psql('postgres');
my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(1)');
$holder->query_safe(qq(SET application_name = 'holder'; BEGIN; SELECT id FROM parent WHERE id = $HALF FOR UPDATE));
my $began = time();
my $load = start('load', "BEGIN; INSERT INTO child $CHILDREN;\nSELECT pg_advisory_lock(1);\nCOMMIT; SELECT 'committed';");
ok(comes_to($load, waits_for('load', 'holder')),
    'bulk FK load taking KEY SHARE on 1 M parents: waits for one that is locked FOR UPDATE')
  or die $load->{out};
my $took = time() - $began;
my $memory = memory_of('load');
note("memory of the load, with half of the parents locked: $memory");
cmp_ok($memory, '<', 100_000_000, 'memory is bounded');

start_delete($_) for 100, 300_000, 400_000;
is(change($_), 1, "UPDATE of another column of parent $_ does not wait") for 200, 300_000, 700_000;
is(sql(q(SELECT delta_pages > 0 FROM file)), 't', 'some parents are in the delta');
sql("SET lock_timeout = '60s'; CALL olap.compact('parent')");
is(sql(q(SELECT delta_pages FROM file)), '0', 'a compaction moves the locked parents meanwhile');
sql("SET lock_timeout = '60s'; VACUUM parent");
start_delete($_) for 101, 200;
is(all_wait(), 't', 'locks hold through compaction and VACUUM, those of rows that were moved or changed too');

$began = time();
$holder->query_safe('COMMIT');
comes_to($load, "EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'load' AND wait_event = 'advisory')")
  or die $load->{out};
$took += time() - $began;
start_delete($_) for $HALF, 900_000;
is(change(900_001), 1, 'UPDATE of another column does not wait when the load is done');
is(all_wait(), 't', 'DELETE of a parent waits until the transaction ends');
my ($after) = split /\|/, sql('SELECT bytes FROM file');
note('range log of the load: ' . ($after - $bytes) . ' bytes');
$gate->query_safe('SELECT pg_advisory_unlock(1)');
is(answer($load), "\ncommitted\n", 'the load goes on, and commits');
like(answer($deleters{$_}), qr/ERROR:  23503: .*"child_pid_fkey"/, "DELETE of parent $_ fails then")
  for sort { $a <=> $b } keys %deleters;
is(sql('SELECT count(*), sum(id::bigint), sum(v) FROM parent'), "$N|" . $N * ($N + 1) / 2 . '|4', 'parents are all there');
is(sql('SELECT count(*), sum(pid::bigint), count(p.id) FROM child LEFT JOIN parent p ON p.id = pid'),
    "$N|" . $N * ($N + 1) / 2 . "|$N", 'and children, each with its parent');

# ---- the locks go ----
sql('VACUUM parent');
my ($left, $used_then) = split /\|/, sql('SELECT bytes, used FROM file');
cmp_ok($used_then - $used, '<', ($after - $bytes) / 10, 'VACUUM gives the pages of the range log back');
is(sql(q(SELECT * FROM olap.verify('parent') UNION ALL SELECT * FROM olap.verify('child'))), '', 'storage is sound');

# ---- a load that fails, as on heap ----
sub failing_load
{
    my ($prefix) = @_;
    $holder->query_safe("BEGIN; UPDATE ${prefix}parent SET id = 2000000 WHERE id = $FEW");
    my $began = time();
    my $load = start("failing_$prefix", "INSERT INTO ${prefix}lost $CHILDREN;");
    comes_to($load, waits_for("failing_$prefix", 'holder')) or die $load->{out};
    note(sprintf('%s: load of a million, until a fiftieth is locked: %.1f s', $prefix ? 'heap' : 'olap', time() - $began));
    $holder->query_safe('COMMIT');
    my ($error) = answer($load) =~ /ERROR:  (.*)/;
    return $error =~ s/heap_//gr;
}

sql('DROP TABLE child');
my $heap_error = failing_load('heap_');
like($heap_error, qr/^23503: .*"lost_pid_fkey"/, 'on heap a load fails whose parent gets another key meanwhile');
is(failing_load(''), $heap_error, 'it does on olap');
is(sql('SELECT count(*) FROM lost'), '0', 'nothing of it is left');
is(sql("SELECT count(*) FROM (SELECT FROM parent WHERE id <= $FEW + 1 FOR UPDATE NOWAIT) x"), $FEW,
    'and all locks are released: a rollback of such a load');
cmp_ok(sql('SELECT bytes FROM file'), '<=', $after, 'its range log uses the space of the one before');
sql('VACUUM parent');
cmp_ok(sql('SELECT used FROM file') - $used, '<', ($after - $bytes) / 10, 'which VACUUM gives back once more');
is(sql(q(SELECT * FROM olap.verify('parent') UNION ALL SELECT * FROM olap.verify('lost'))), '', 'storage is sound');
note(sprintf('load of a million: %.1f s', $took));
$_->quit for $holder, $gate;
$node->stop;
done_testing();
