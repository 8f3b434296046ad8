# The library works with and without shared_preload_libraries, and a server that
# preloads it starts again after a crash.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;

# Without preload: the extension can be made and its settings be used.
$node->safe_psql('postgres', 'CREATE EXTENSION olap');
is( $node->safe_psql(
        'postgres', q(SELECT extversion FROM pg_extension WHERE extname = 'olap')),
    '0.1.0',
    'extension is created without preload');
is($node->safe_psql('postgres', q(LOAD 'olap'; SHOW olap.enable_scan)),
    'on', 'library loads in a session');

# With preload, and after an immediate stop.
$node->append_conf('postgresql.conf', q(shared_preload_libraries = 'olap'));
$node->restart;
is($node->safe_psql('postgres', 'SHOW olap.enable_scan'),
    'on', 'settings are known in every session of a preloading server');
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', 'SHOW olap.enable_scan'),
    'on', 'server comes back after an immediate stop');

$node->stop;
done_testing();
