# Random statements do the same to olap tables as to heap tables: rows, row
# counts, SQLSTATEs. test/oracle/twin.py has the options.
#
# TWIN_STATEMENTS (default 3000) sets how much is tried, TWIN_SEED tries others;
# the seed is printed, and so is a short script of what differs.
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

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', <<'EOT');
shared_preload_libraries = 'olap'
autovacuum = off
olap.maintenance = off
max_prepared_transactions = 10
max_locks_per_transaction = 256
EOT
$node->start;

my $twin = "$FindBin::RealBin/../oracle/twin.py";
my $dsn = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres';
my $statements = $ENV{TWIN_STATEMENTS} // 3000;
my $seed = '--seed ' . ($ENV{TWIN_SEED} // 20260101);
my $out = $PostgreSQL::Test::Utils::tmp_check;

# The tester itself: a heap table is its own twin, so any difference is chance.
my $output = qx($python -B '$twin' --dsn '$dsn' --out '$out' $seed --against heap --statements 600 2>&1);
is($?, 0, 'two heap twins do the same');
note($output);
diag($output) if $?;

$output = qx($python -B '$twin' --dsn '$dsn' --out '$out' $seed --statements $statements 2>&1);
is($?, 0, 'olap tables do the same as heap tables');
note($output);
diag($output) if $?;
like($output, qr/^# \d+ statements [^\n]* 0 differences[^\n]*\s*\z/m, 'the tally');
# the last of the tallies: on a slow machine there are some on the way
my @tallies = $output =~ /^# (\d+) statements/mg;
cmp_ok($tallies[-1] // 0, '>=', $statements, 'as many statements as asked for');
$node->stop;
done_testing();
