# Random conditions give the same answers on an olap table (vectorized, through
# the access method, in parallel) as on a heap table with the same rows.
#
# TWIN_QUERIES (default 120), TWIN_ROUNDS (default 1) and TWIN_SEED set how much
# is tried; the seed is printed, so a failure can be repeated.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'olap'");
$node->start;

my $twin = "$FindBin::RealBin/../oracle/twin.pl";
my $queries = $ENV{TWIN_QUERIES} // 120;
my $rounds = $ENV{TWIN_ROUNDS} // 1;
my $seed = defined $ENV{TWIN_SEED} ? "--seed $ENV{TWIN_SEED}" : '';
my $connection = '-h ' . $node->host . ' -p ' . $node->port . ' -d postgres';
my $output = qx(perl '$twin' $seed --queries $queries --rounds $rounds $connection 2>&1);

is($?, 0, "answers agree with heap's");
note($output);
diag($output) if $?;
$node->stop;
done_testing();
