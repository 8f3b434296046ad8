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

# found by a search of the whole table (replica identity full, no key here)
$node->safe_psql('postgres', q(
DELETE FROM t WHERE a <= 3;
UPDATE t SET b = 'updated' WHERE a BETWEEN 10 AND 14;
BEGIN; DELETE FROM t; ROLLBACK;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(
SELECT count(*), sum(a), count(*) FILTER (WHERE b = 'updated') FROM t)),
    '9997|50004994|5', 'deletes and updates arrive');

# A search waits for who changes the row that it finds, not for others whose rows
# stand beside it.
my $local = $sub->background_psql('postgres');
$local->query_safe(q(BEGIN; INSERT INTO t VALUES (-1, 'local'); INSERT INTO t SELECT -g, 'local' FROM generate_series(2, 6000) g;
DELETE FROM t WHERE a = 40; UPDATE t SET b = 'local' WHERE a IN (41, 9000)));
$node->safe_psql('postgres', q(UPDATE t SET b = 'beside' WHERE a IN (42, 8999); DELETE FROM t WHERE a IN (43, 9001)));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(SELECT count(*), count(*) FILTER (WHERE b = 'beside') FROM t)),
    '9995|2', 'changes arrive beside those of an open transaction');
$node->safe_psql('postgres', q(UPDATE t SET b = 'remote' WHERE a = 41; DELETE FROM t WHERE a = 40));
ok($sub->poll_query_until('postgres', q(SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted)),
    'a change of a row that it has changed waits');
$local->query_safe('ROLLBACK');
$local->quit;
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', q(SELECT count(*), count(*) FILTER (WHERE b = 'remote'), count(*) FILTER (WHERE a = 40) FROM t)),
    '9994|1|0', 'and is made after its end');

# and by a key
$sub->safe_psql('postgres', 'ALTER TABLE t ADD PRIMARY KEY (a)');
$node->safe_psql('postgres', q(
ALTER TABLE t REPLICA IDENTITY DEFAULT;
UPDATE t SET a = -a WHERE a % 2 = 0;
DELETE FROM t WHERE a > 100;));
$node->wait_for_catchup('s');
is($sub->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    $node->safe_psql('postgres', 'SELECT count(*), sum(a) FROM t'),
    'keyed changes arrive');

$sub->stop;
$node->stop;
done_testing();
