# An olap table as the target of logical replication: initial copy and inserts
# arrive; what it cannot apply stops the subscription with a clear error.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('publisher');
$node->init(allows_streaming => 'logical');
$node->start;
$node->safe_psql('postgres', q(
CREATE TABLE t (a int PRIMARY KEY, b text);
ALTER TABLE t REPLICA IDENTITY FULL;
INSERT INTO t SELECT g, 'copied' FROM generate_series(1, 5000) g;
CREATE PUBLICATION p FOR TABLE t));

my $sub = PostgreSQL::Test::Cluster->new('subscriber');
$sub->init;
$sub->append_conf('postgresql.conf', q(shared_preload_libraries = 'olap'));
$sub->start;
my $conninfo = $node->connstr . ' dbname=postgres';
$sub->safe_psql('postgres', qq(
CREATE EXTENSION olap;
CREATE TABLE t (a int, b text) USING olap;
CREATE SUBSCRIPTION s CONNECTION '$conninfo' PUBLICATION p));
$sub->wait_for_subscription_sync($node, 's');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    '5000|12502500', 'the initial copy arrives');

$node->safe_psql('postgres', q(
INSERT INTO t VALUES (5001, 'single');
INSERT INTO t SELECT g, 'streamed' FROM generate_series(5002, 10000) g;
BEGIN; INSERT INTO t VALUES (20000, 'aborted'); ROLLBACK;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    '10000|50005000', 'inserts arrive');

my $offset = -s $sub->logfile;
$node->safe_psql('postgres', q(DELETE FROM t WHERE a = 1));
ok($sub->poll_query_until('postgres',
        'SELECT apply_error_count > 0 FROM pg_stat_subscription_stats'),
    'a delete stops the subscription');
like(slurp_file($sub->logfile, $offset),
    qr/not supported on olap tables/, 'and the log says why');
is($sub->safe_psql('postgres', 'SELECT count(*) FROM t'), '10000', 'rows stay');

$sub->stop;
$node->stop;
done_testing();
