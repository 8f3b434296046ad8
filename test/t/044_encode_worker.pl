# Row groups of large loads are encoded by a worker (olap.encode_workers). The rows, and how they
# are stored, are the same without one; nothing is lost, doubled or left behind when the load
# fails or is cancelled, when the worker is terminated or cannot be had, or when the server stops.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

use FindBin;
use lib $FindBin::RealBin;
use OlapTest;

my $ROWS = 200_000;
my $COLUMNS = q(id int8, ts timestamptz, t text, n numeric(12,4), odd numeric, f float8, u uuid, b bool, opt text, arr int[]);
my $USING = q(USING olap WITH (time_column = 'ts', segment_interval = '1 day'));

# with mmap files of shared memory are seen in pg_dynshmem
my $node = olap_node('main', q(
dynamic_shared_memory_type = 'mmap'
max_parallel_workers_per_gather = 0
olap.maintenance = off
olap.encode_workers = 1
autovacuum = off
max_worker_processes = 8
restart_after_crash = on
));

my $dir = PostgreSQL::Test::Utils::tempdir;
chmod 0777, $dir;
my ($csv, $bad, $go) = map { "$dir/$_" } qw(rows.csv bad.csv go);
# 96,000 rows a day: a full row group in each of the first two
$node->safe_psql('postgres', qq(
CREATE EXTENSION olap;
CREATE TABLE proto ($COLUMNS, gone text) $USING;
ALTER TABLE proto DROP COLUMN gone;
SET timezone = 'UTC';
COPY (SELECT i, '2026-01-01'::timestamptz + i * interval '0.9 s', md5((i % 5000)::text), (i % 1000) * 1.25,
             (CASE WHEN i % 1000 = 5 THEN 'NaN' ELSE i::text || '.50' END)::numeric, sqrt(i), md5(i::text)::uuid, i % 3 = 0,
             CASE WHEN i % 7 = 0 THEN 'x' || i END, ARRAY[i % 10, i % 3]
      FROM generate_series(1, $ROWS) i) TO '$csv' (FORMAT csv);
COPY (SELECT 'no number') TO '$bad';
));

# A new table; its columns are those of proto, the dropped one too.
sub new_table
{
    my ($name) = @_;
    $node->safe_psql('postgres', qq(
DROP TABLE IF EXISTS $name;
CREATE TABLE $name ($COLUMNS, gone text) $USING;
ALTER TABLE $name DROP COLUMN gone;));
}

# What a statement logs of who encoded: (by workers, by the session).
sub encoded
{
    my ($sql, $what) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', "SET client_min_messages = debug1; $sql");
    is($rc, 0, $what) or diag $err;
    return $err =~ /row groups encoded: (\d+) by workers, (\d+) / ? ($1, $2) : (0, 0);
}

sub contents
{
    my ($name) = @_;
    return $node->safe_psql('postgres', qq(
SELECT count(*), sum(hashtextextended($name\::text, 1)) FROM $name;
SELECT count(*) FROM olap.verify('$name')));
}

# How it is stored: encodings, sizes, counts of distinct values, bounds, by column and segment.
sub storage
{
    my ($name) = @_;
    return $node->safe_psql('postgres', qq(
SELECT pg_relation_size('$name');
SELECT * FROM olap.column_stats('$name') ORDER BY 1;
SELECT to_jsonb(s) - 'xmin' - 'cmin' FROM olap.segments('$name') s));
}

# Files of shared memory that are large enough to hold row groups.
sub shared_files
{
    return scalar grep { -s $_ > 4_000_000 } glob($node->data_dir . '/pg_dynshmem/*');
}

# No worker, and no shared memory but what the server has for itself.
sub nothing_left
{
    my ($what) = @_;
    ok($node->poll_query_until('postgres',
            q(SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'olap encode worker')),
        "$what: no worker is left");
    is(shared_files(), 0, "$what: no shared memory is left");
}

# Begin a COPY that stops for $go in the middle; returns the psql and the worker's PID.
sub begin_copy
{
    my ($table, $second, $before) = @_;
    my $script = "$dir/copy.sql";
    unlink $go;
    append_to_file($script, '') unless -e $script;
    open my $fh, '>', $script or die;
    print $fh ($before // '')
      . "COPY $table FROM PROGRAM 'cat $csv; while [ ! -e $go ]; do sleep 0.1; done; cat $second' (FORMAT csv);\n";
    close $fh;
    my ($in, $out, $err) = ('', '', '');
    my $handle = IPC::Run::start([ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', '-d', $node->connstr('postgres'), '-f', $script ],
        '<', \$in, '>', \$out, '2>', \$err);
    my $worker = '';
    for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
    {
        $worker = $node->safe_psql('postgres',
            q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'olap encode worker'));
        last if $worker ne '';
        usleep(100_000);
    }
    isnt($worker, '', "$table: a worker shows in pg_stat_activity");
    is(shared_files(), 1, "$table: shares memory with the session");
    return { handle => $handle, worker => $worker, err => \$err };
}

sub go_on
{
    open my $fh, '>', $go or die;
    close $fh;
}

# --- the same rows, stored the same way ---
new_table($_) for qw(none one two);
my ($there, $here) = encoded("SET olap.encode_workers = 0; COPY none FROM '$csv' (FORMAT csv)", 'COPY without workers');
is($there, 0, 'no worker encodes then');
($there, $here) = encoded("COPY one FROM '$csv' (FORMAT csv)", 'COPY with a worker');
cmp_ok($there, '>', 0, 'it encodes row groups');
cmp_ok($there + $here, '>=', 2, 'row groups are handed over from the second full one on');
($there, $here) = encoded("SET olap.encode_workers = 2; INSERT INTO two SELECT * FROM none", 'INSERT ... SELECT with two');
cmp_ok($there, '>', 0, 'they encode row groups');
my $truth = contents('none');
like($truth, qr/^$ROWS\|.*\n0$/, 'all rows are there, the storage is sound');
is(contents('one'), $truth, 'the same rows with a worker');
is(contents('two'), $truth, 'the same rows with two');
my $stored = storage('none');
is(storage('one'), $stored, 'stored the same way with a worker');
is(storage('two'), $stored, 'stored the same way with two');
nothing_left('after loads');

# --- whoever looks at rows that were just inserted sees them ---
new_table('seen');
is($node->safe_psql('postgres', qq(
BEGIN;
COPY seen FROM '$csv' (FORMAT csv);
SELECT count(*) FROM seen;
SAVEPOINT s;
COPY seen FROM '$csv' (FORMAT csv);
SELECT count(*) FROM seen;
ROLLBACK TO s;
SELECT count(*) FROM seen;
COMMIT;)), join("\n", $ROWS, 2 * $ROWS, $ROWS), 'in the same transaction, after ROLLBACK TO');
is(contents('seen'), $truth, 'and the rows are the same');
$node->safe_psql('postgres', qq(
CREATE TABLE mirror ($COLUMNS) $USING;
CREATE FUNCTION look(i bigint) RETURNS bigint LANGUAGE plpgsql AS \$\$
BEGIN
    IF i = 170000 THEN RETURN (SELECT count(*) FROM mirror); END IF;
    IF i = 150000 THEN
        BEGIN
            INSERT INTO mirror SELECT * FROM none;
            RAISE division_by_zero;
        EXCEPTION WHEN division_by_zero THEN RETURN 0;
        END;
    END IF;
    RETURN 1;
END \$\$;
INSERT INTO mirror SELECT id, ts, t, n, odd, f, u, b, opt, arr FROM none WHERE look(id) IS NOT NULL;));
is(contents('mirror'), $truth, 'a statement that looks at its table, and loads that are undone within it');
new_table('undone');
$node->safe_psql('postgres', "BEGIN; COPY undone FROM '$csv' (FORMAT csv); TRUNCATE undone; COPY undone FROM '$csv' (FORMAT csv); COMMIT");
is(contents('undone'), $truth, 'TRUNCATE between two loads');
nothing_left('after transactions');

# --- loads that fail ---
new_table('fails');
my $copy = begin_copy('fails', $bad);
go_on();
$copy->{handle}->finish;
like(${ $copy->{err} }, qr/22P02/, 'bad input behind the rows');
nothing_left('after an error');
$copy = begin_copy('fails', $csv);
$node->safe_psql('postgres', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY fails%' AND backend_type = 'client backend'));
go_on();
$copy->{handle}->finish;
like(${ $copy->{err} }, qr/57014/, 'a load is cancelled');
nothing_left('after cancelling');
$copy = begin_copy('fails', $csv);
$node->safe_psql('postgres', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'COPY fails%' AND backend_type = 'client backend'));
go_on();
$copy->{handle}->finish;
nothing_left('after the session is terminated');
is($node->safe_psql('postgres', 'SELECT count(*) FROM fails'), '0', 'no row of them shows');
is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('fails'))), '0', 'the storage is sound');

# --- the worker goes ---
my $twice = $truth =~ s/^$ROWS\|/2 * $ROWS . '|'/er;
for my $how (qw(terminate cancel))
{
    new_table('alone');
    $copy = begin_copy('alone', $csv);
    is($node->safe_psql('postgres', "SELECT pg_${how}_backend($copy->{worker})"), 't', "the worker gets $how");
    go_on();
    $copy->{handle}->finish;
    is(${ $copy->{err} }, '', "$how: the load goes on");
    is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM alone'), 2 * $ROWS . "|$ROWS", "$how: every row is there");
    is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('alone'))), '0', "$how: the storage is sound");
    nothing_left("$how of the worker");
}

# Workers that get no processor: what they have not begun the session encodes, in its order,
# where all row groups are of one segment.
new_table('alone');
$node->safe_psql('postgres', 'ALTER TABLE alone RESET (time_column, segment_interval)');
$copy = begin_copy('alone', "$csv $csv", "SET olap.encode_workers = 2;\n");
my @stopped = split /\n/, $copy->{worker};
usleep(500_000);
kill 'STOP', @stopped;
go_on();
usleep(1_500_000);
kill 'CONT', @stopped;
$copy->{handle}->finish;
is(${ $copy->{err} }, '', 'workers stand still for a while');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id) FROM alone'), 3 * $ROWS . "|$ROWS", 'every row is there');
is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('alone'))), '0', 'and where it belongs');
nothing_left('stopped workers');

# --- the server stops ---
for my $mode (qw(fast immediate))
{
    new_table('stops');
    $copy = begin_copy('stops', $csv);
    $node->stop($mode);
    go_on();
    $copy->{handle}->finish;
    $node->start;
    is($node->safe_psql('postgres', 'SELECT count(*) FROM stops'), '0', "$mode shutdown: nothing of the load shows");
    is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('stops'))), '0', "$mode shutdown: the storage is sound");
    is(contents('one'), $truth, "$mode shutdown: what was committed is there");
    nothing_left("$mode shutdown");
}
new_table('stops');
$copy = begin_copy('stops', $csv);
kill 'KILL', $copy->{worker};
go_on();
$copy->{handle}->finish;
wait_for_recovery($node);
is($node->safe_psql('postgres', 'SELECT count(*) FROM stops'), '0', 'SIGKILL for the worker: nothing of the load shows');
is(contents('one'), $truth, 'SIGKILL for the worker: what was committed is there');
nothing_left('SIGKILL for the worker');

# --- none can be had ---
new_table('alone');
($there, $here) = encoded("SET olap.write_memory = '8MB'; COPY alone FROM '$csv' (FORMAT csv)", 'COPY in little memory');
is($there + $here, 0, 'a row group would take too much of it');
is($node->safe_psql('postgres', 'SELECT count(*) FROM alone'), $ROWS, 'every row is there');
chmod 0500, $node->data_dir . '/pg_dynshmem';
new_table('alone');
($there, $here) = encoded("COPY alone FROM '$csv' (FORMAT csv)", 'COPY without shared memory');
chmod 0700, $node->data_dir . '/pg_dynshmem';
is($there + $here, 0, 'no worker can be had');
is(contents('alone'), $truth, 'and the rows are the same');
$node->append_conf('postgresql.conf', 'max_worker_processes = 1');
$node->restart;
new_table('alone');
($there, $here) = encoded("COPY alone FROM '$csv' (FORMAT csv)", 'COPY where max_worker_processes is used up');
is($there + $here, 0, 'no worker can be had');
is(contents('alone'), $truth, 'and the rows are the same');
nothing_left('without workers');
is(scalar(() = slurp_file($node->logfile) =~ /PANIC|TRAP|leaked|leak:/g), 0, 'the log tells of no leak');

$node->stop;
done_testing();
