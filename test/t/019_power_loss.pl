# The power goes at the end of a WAL record, or with some of the pages written: a sample of
# what test/power/power.py tries, which says what must hold. `make power-loss` tries more,
# with FULL=1 every record that changes storage.
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

my $cuts = $ENV{OLAP_POWER_CUTS} || 24;
my $images = $ENV{OLAP_POWER_IMAGES} || 4;
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
my ($tried) = $out =~ /^# (\d+) recoveries, 0 failed$/m;
cmp_ok($tried // 0, '>', $cuts, 'cuts and images were tried');
done_testing();
