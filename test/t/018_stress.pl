# Writers with exact books, compactions and readers while processes of the server, the
# postmaster or all of it are killed: a short run of test/stress/stress.py, which says
# what must hold. `make stress` is the long one.
#
# OLAP_STRESS_SECONDS (default 40), OLAP_TEST_SEED
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

my $seconds = $ENV{OLAP_STRESS_SECONDS} || 40;
my $dir = "$FindBin::RealBin/../stress";
my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
# the script starts the server itself, again and again
$node->append_conf('postgresql.conf',
    "shared_preload_libraries = 'olap'\nfsync = off\n" . slurp_file("$dir/postgresql.conf"));
my $bin = $node->config_data('--bindir');
my @seed = $ENV{OLAP_TEST_SEED} ? ('--seed', $ENV{OLAP_TEST_SEED}) : ();
my ($out, $err) = ('', '');
my $ok = IPC::Run::run(
    [ $python, '-B', "$dir/stress.py", '--bindir', $bin, '--data', $node->data_dir, '--host', $node->host,
        '--port', $node->port, '--duration', $seconds, '--interval', 6, @seed ],
    '<', '/dev/null', '>', \$out, '2>', \$err);
note($out);
diag($out, $err) unless $ok;
ok($ok, 'rows, snapshots and commits are as in the books');
for my $what ('committed', 'rolled back', 'compactions', 'vacuums', 'reads', 'verifications',
    'connection lost', 'rows of keyed', 'rows of plain')
{
    like($out, qr/^# +[1-9]\d* \Q$what\E$/m, "there were some: $what");
}
my $kills = () = $out =~ /: killed .* back after/g;
cmp_ok($kills, '>=', 3, "the server was killed $kills times");
done_testing();
