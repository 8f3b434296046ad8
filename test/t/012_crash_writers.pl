# The server is stopped without a checkpoint while several sessions write segments and delta rows, and
# some of them roll back: what was committed is there, nothing else is, and
# storage is sound.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $KILLS = $ENV{OLAP_TEST_KILLS} || 4;
srand($ENV{OLAP_TEST_SEED} || 7);

my $node = olap_node('main', q(
checkpoint_timeout = 30s
autovacuum = off
olap.maintenance = off
));

# The heap table is written by the same transactions: it says what must be there.
$node->safe_psql(
    'postgres', q(
    CREATE EXTENSION olap;
    CREATE TABLE written (w int, i int, ts timestamptz, t text, n numeric(10,2))
      USING olap WITH (time_column = 'ts', segment_interval = '1 day');
    CREATE TABLE books (w int, n int) USING heap;
));

sub statements
{
    my ($writer) = @_;
    my $sql = '';
    for (1 .. 300)
    {
        my $rows = rand() < 0.5 ? 20000 : 1 + int rand 50;
        my $end = rand() < 0.25 ? 'ROLLBACK' : 'COMMIT';
        $sql .= qq(
            BEGIN;
            INSERT INTO written SELECT $writer, i, '2026-01-01'::timestamptz + i * interval '1 second',
              repeat('x', i % 30), i FROM generate_series(1, $rows) i;
            SAVEPOINT s;
            INSERT INTO written SELECT $writer, i, '2026-02-01', 'rolled back', i FROM generate_series(1, $rows) i;
            ROLLBACK TO s;
            INSERT INTO books VALUES ($writer, $rows);
            $end;
        );
    }
    return $sql;
}

my $seen = 0;
for my $kill (1 .. $KILLS)
{
    my @writers;
    for my $w (1 .. 3)
    {
        my $file = $node->basedir . "/writer$w.sql";
        PostgreSQL::Test::Utils::append_to_file($file, statements($w)) unless -e $file;
        push @writers,
          IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', $file ],
            '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
    }
    select undef, undef, undef, 0.5 + rand;
    $node->safe_psql('postgres', 'CHECKPOINT') if $kill % 2 == 0;
    $node->stop('immediate');
    eval { $_->finish } for @writers;
    $node->start;

    my ($rows, $expected, $sums, $aborted) = split /\|/, $node->safe_psql('postgres', q(
        SELECT (SELECT count(*) FROM written), (SELECT COALESCE(sum(n), 0) FROM books),
          (SELECT COALESCE(sum(n::numeric * (n + 1) / 2), 0) FROM books)
            = (SELECT COALESCE(sum(n), 0) FROM written),
          (SELECT count(*) FROM written WHERE t = 'rolled back')));
    is($rows, $expected, "crash $kill: as many rows as committed");
    is($sums, 't', "crash $kill: and the same ones");
    is($aborted, '0', "crash $kill: none of a rolled back savepoint");
    is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('written'))), '0',
        "crash $kill: storage is sound");
    $seen = $rows;
}
cmp_ok($seen, '>', 0, "some transactions committed ($seen rows)");
like($node->safe_psql('postgres', q(SELECT string_agg(DISTINCT state, ',' ORDER BY state) FROM olap.segments('written'))),
    qr/aborted.*live|live.*aborted/, 'segments of both kinds were met');

$node->stop;
done_testing();
