# Transaction ids of deletes, updates and locks are forgotten in time: relfrozenxid goes
# on while autovacuum is pressed by autovacuum_freeze_max_age, and everything can be
# read when the commit log of the old ids is gone.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
fsync = off
synchronous_commit = off
autovacuum_freeze_max_age = 100000
vacuum_freeze_min_age = 1000
vacuum_freeze_table_age = 50000
autovacuum_naptime = 1s
autovacuum_vacuum_cost_delay = 0
log_autovacuum_min_duration = 0
));
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (id int PRIMARY KEY, v int) USING olap;
CREATE TABLE h (id int PRIMARY KEY, v int) USING heap;
INSERT INTO h SELECT g, 0 FROM generate_series(1, 7000) g;
INSERT INTO t SELECT * FROM h;
INSERT INTO h SELECT g, 0 FROM generate_series(7001, 7100) g;
INSERT INTO t SELECT * FROM h WHERE id > 7000;
CREATE PROCEDURE burn(n int) LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1 .. n LOOP PERFORM txid_current(); COMMIT; END LOOP; END $$;
));

sub churn
{
    my ($round) = @_;
    for my $table ('t', 'h')
    {
        $node->safe_psql('postgres', qq(
DELETE FROM $table WHERE id % 97 = $round;
UPDATE $table SET v = v + 1 WHERE id % 89 = $round;
UPDATE $table SET id = id + 100000 WHERE id % 101 = $round AND id < 100000;
BEGIN; DELETE FROM $table WHERE id % 83 = $round; ROLLBACK;
BEGIN; UPDATE $table SET v = -1 WHERE id % 79 = $round; ROLLBACK;
BEGIN; INSERT INTO $table SELECT -g, 0 FROM generate_series(1, 50) g; ROLLBACK;
BEGIN; SELECT count(*) FROM (SELECT FROM $table WHERE id % 71 = $round FOR UPDATE) x; COMMIT;
BEGIN; SAVEPOINT s; DELETE FROM $table WHERE id % 73 = $round; ROLLBACK TO s;
  SELECT count(*) FROM (SELECT FROM $table WHERE id % 71 = $round FOR KEY SHARE) x; COMMIT;
INSERT INTO $table VALUES (200000 + $round, 1);
));
    }
}

my $SAME = 'SELECT count(*) FROM ((TABLE t EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE t)) x';
my $BY_INDEX = 'SET enable_seqscan = off; SET olap.enable_scan = off;';
my $first = $node->safe_psql('postgres', q(SELECT relfrozenxid FROM pg_class WHERE relname = 't'));
for my $round (1 .. 5)
{
    churn($round);
    $node->safe_psql('postgres', 'CALL burn(30000)');
}
churn(6);
$node->poll_query_until('postgres',
    q(SELECT age(relfrozenxid) < 100000 FROM pg_class WHERE relname = 't'))
  or die 'autovacuum did not come';
cmp_ok($node->safe_psql('postgres', q(SELECT relfrozenxid FROM pg_class WHERE relname = 't')), '>', $first,
    'autovacuum moved relfrozenxid on');
is($node->safe_psql('postgres', $SAME), '0', 'the same rows as heap');
$node->safe_psql('postgres', q(ALTER SYSTEM SET autovacuum = off));
$node->reload;

# Without index clean-up what is in the indexes stays, and so do its ids.
my $del = $node->safe_psql('postgres', q(BEGIN; DELETE FROM t WHERE id = 50; DELETE FROM h WHERE id = 50; SELECT txid_current(); COMMIT));
$node->safe_psql('postgres', 'BEGIN; INSERT INTO t SELECT -g, 5 FROM generate_series(1, 10) g; ROLLBACK');
$node->safe_psql('postgres', 'CALL burn(10); VACUUM (FREEZE, INDEX_CLEANUP off) t');
cmp_ok($node->safe_psql('postgres', q(SELECT relfrozenxid FROM pg_class WHERE relname = 't')), '<=', $del,
    'relfrozenxid stays behind what VACUUM without index clean-up left');
is($node->safe_psql('postgres', "$BY_INDEX SELECT count(*) FROM t WHERE id IN (-1, 50)"), '0', 'which does not show');
$node->safe_psql('postgres', 'VACUUM (FREEZE) t');
is($node->safe_psql('postgres', q(SELECT age(relfrozenxid) < 20 FROM pg_class WHERE relname = 't')),
    't', 'the next VACUUM makes up for it');

# Fifty million transactions later the commit log of all this is gone.
$node->safe_psql($_, 'VACUUM FREEZE') for ('postgres', 'template1');
$node->stop;
command_ok([ 'pg_resetwal', '-x', '50000000', '-D', $node->data_dir ], 'move the transaction counter on');
my $segment = sprintf('%04X', 50000000 / (8192 * 4) / 32);
my $file = $node->data_dir . "/pg_xact/$segment";
if (!-e $file)
{
    open my $fh, '>', $file or die $!;
    binmode $fh;
    print $fh "\0" x 262144;
    close $fh;
}
unlink $node->data_dir . '/pg_xact/0000' or die 'there is no old commit log';
$node->start;
is($node->safe_psql('postgres', $SAME), '0', 'the same rows as heap, fifty million transactions later');
is($node->safe_psql('postgres', qq($BY_INDEX SELECT count(*), sum(v) FROM t WHERE id > 0)),
    $node->safe_psql('postgres', 'SELECT count(*), sum(v) FROM h'), 'by index as well');
churn(7);
$node->safe_psql('postgres', 'VACUUM t');
is($node->safe_psql('postgres', $SAME), '0', 'rows can be changed');
is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('t'))), '0', 'storage is sound');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/could not access status|PANIC|is corrupted/, 'nothing was asked of the commit log that is gone');
$node->stop;
done_testing();
