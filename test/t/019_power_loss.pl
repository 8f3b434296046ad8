# The power goes at the end of a WAL record, or with some of the pages written: a sample of
# what test/power/power.py tries, which says what must hold. In each run some cuts are
# between the steps of taking and giving back space (points.py). `make power-loss` tries
# more, with FULL=1 every record that changes storage.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $python = '/usr/bin/python3';
if (system("$python -c 'import psycopg2' 2> /dev/null") != 0)
{
    plan skip_all => "$python has no psycopg2";
}

my $cuts = $ENV{OLAP_POWER_CUTS} || 10;
my $images = $ENV{OLAP_POWER_IMAGES} || 3;
my $node = PostgreSQL::Test::Cluster->new('main');      # for its port and its folder
my @more;
push @more, '--seed', $ENV{OLAP_TEST_SEED} if $ENV{OLAP_TEST_SEED};
my ($out, $err) = ('', '');
my $ok = IPC::Run::run(
    [ $python, '-B', "$FindBin::RealBin/../power/power.py", '--bindir', $node->config_data('--bindir'),
        '--dir', $node->basedir . '/power', '--sockets', $node->host, '--port', $node->port,
        '--cuts', $cuts, '--images', $images, @more ],
    '<', '/dev/null', '>', \$out, '2>', \$err);
note($out);
diag($out, $err) unless $ok;
ok($ok, 'every recovery shows what was committed, on sound storage');
like($out, qr/^# cuts: .* states met: (?:[4-9]|1\d)$/m, 'at different points of the workload');

# What is tried beside every kind of record, whatever the seed. "grown": the file was longer already.
my @points = (
    [ 'reserve, then extend', 'killed between reserve and extend' ],
    [ 'extend', 'killed when blocks were reserved and the file grown, and none was written', 'grown' ],
    [ 'extend, then reserve', 'killed between extend and reserve', 'grown' ],
    [ 'log page', 'the same for a page of the range log', 'grown' ],
    [ 'reserve from the free list', 'killed when used blocks are handed out' ],
    [ 'append', 'killed when an entry is inserted' ],
    [ 'complete', 'killed when a segment is complete' ],
    [ 'stamp', 'killed when a compaction stamps its sources' ],
    [ 'seal', 'killed when a run of delta pages is sealed' ],
    [ 'bury', 'killed when a place is marked dead' ],
    [ 'free', 'killed at entry removal and free-list insertion, which are one record' ],
    [ 'free log page', 'the same for a page of the range log' ],
    [ 'fold', 'killed when records are folded' ],
    [ 'truncate', 'killed when the file is cut' ],
);
for my $point (@points)
{
    my ($name, $test, $grown) = @$point;
    my ($before, $longer, $after) =
      $out =~ /^# point "\Q$name\E" .*cuts: (\d+) before, (\d+) of them with the file grown, (\d+) after$/m;
    ok(defined $before && $before > 0 && $after > 0 && (!$grown || $longer > 0), $test);
}
my ($tried) = $out =~ /^# (\d+) recoveries, 0 failed$/m;
cmp_ok($tried // 0, '>', $cuts + @points, 'cuts and images were tried');
done_testing();
