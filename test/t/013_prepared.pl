# Prepared transactions hold their deletes, updates and row locks through VACUUM, a
# restart and a crash, until they are committed or rolled back.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
max_prepared_transactions = 10
vacuum_freeze_min_age = 0
lock_timeout = '200ms'
autovacuum = off
));
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (id int PRIMARY KEY, v int) USING olap;
INSERT INTO t SELECT g, 0 FROM generate_series(1, 6000) g;
CREATE TABLE child (pid int REFERENCES t) USING olap;
));

# What each of two prepared transactions does, ten rows further on for the second.
sub prepare
{
    my ($name, $add) = @_;
    my ($del, $upd, $lock, $parent, $sub, $undone, $key) = map { $_ + $add } 1 .. 7;
    $node->safe_psql('postgres', qq(
BEGIN;
DELETE FROM t WHERE id = $del;
UPDATE t SET v = v + 1 WHERE id = $upd;
UPDATE t SET v = v + 1 WHERE id = $upd;
SELECT * FROM t WHERE id = $lock FOR UPDATE;
INSERT INTO child VALUES ($parent);
SAVEPOINT s;
UPDATE t SET v = 7 WHERE id = $sub;
RELEASE s;
SAVEPOINT s;
DELETE FROM t WHERE id = $undone;
ROLLBACK TO s;
UPDATE t SET id = id + 10000 WHERE id = $key;
INSERT INTO t VALUES ($add + 7001, 9);
PREPARE TRANSACTION '$name';
));
}

my $xid = $node->safe_psql('postgres', 'SELECT txid_current()');
prepare('kept', 0);
prepare('dropped', 10);

sub fails
{
    my ($sql, $error, $what) = @_;
    my ($rc, $out, $err) = $node->psql('postgres', $sql);
    like($err, $error, $what);
}

sub check_held
{
    my ($when) = @_;
    my $busy = qr/could not obtain lock on row/;
    my $timeout = qr/canceling statement due to lock timeout/;

    is($node->safe_psql('postgres', 'SELECT count(*), sum(v), max(id) FROM t'),
        '6000|0|6000', "$when: nothing of it shows");
    is($node->safe_psql('postgres', 'SELECT id FROM t WHERE id <= 20 ORDER BY id FOR UPDATE SKIP LOCKED'),
        join("\n", 6, 8, 9, 10, 16, 18, 19, 20), "$when: the other rows can be locked");
    for my $add (0, 10)
    {
        fails('SELECT * FROM t WHERE id = ' . ($_ + $add) . ' FOR UPDATE NOWAIT', $busy, "$when: row $_ + $add is locked")
          for (1 .. 5, 7);
        fails('SELECT * FROM t WHERE id = ' . ($_ + $add) . ' FOR KEY SHARE NOWAIT', $busy, "$when: row $_ + $add even against KEY SHARE")
          for (1, 3, 7);
        is($node->safe_psql('postgres', 'SELECT id FROM t WHERE id IN (' . (2 + $add) . ',' . (4 + $add) . ',' . (5 + $add) . ') ORDER BY id FOR KEY SHARE NOWAIT'),
            join("\n", map { $_ + $add } 2, 4, 5), "$when: the others are not");
        fails('DELETE FROM t WHERE id = ' . (4 + $add), $timeout, "$when: the parent cannot be deleted");
        fails('INSERT INTO t VALUES (' . (7001 + $add) . ', 0)', $timeout, "$when: nor the key be taken");
        is($node->safe_psql('postgres', 'BEGIN; UPDATE t SET v = v WHERE id = ' . (4 + $add) . ' RETURNING id; ROLLBACK'),
            4 + $add, "$when: but changed");
    }
    cmp_ok($node->safe_psql('postgres', q(SELECT relfrozenxid FROM pg_class WHERE relname = 't')), '<=', $xid + 1,
        "$when: relfrozenxid stays behind");
    is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('t'))), '0', "$when: storage is sound");
}

check_held('at first');
$node->safe_psql('postgres', 'VACUUM FREEZE t');
check_held('after VACUUM');
$node->restart;
check_held('after a restart');
$node->safe_psql('postgres', 'VACUUM FREEZE t');
$node->stop('immediate');
$node->start;
check_held('after a crash');

$node->safe_psql('postgres', q(COMMIT PREPARED 'kept'; ROLLBACK PREPARED 'dropped'));
is($node->safe_psql('postgres', 'SELECT id, v FROM t WHERE id <= 20 OR id > 6000 ORDER BY id'),
    join("\n", '2|2', '3|0', '4|0', '5|7', '6|0', map({ "$_|0" } 8 .. 20), '7001|9', '10007|0'),
    'one committed, one rolled back');
is($node->safe_psql('postgres', 'SELECT count(*) FROM (SELECT FROM t WHERE id <= 20 FOR UPDATE NOWAIT) x'),
    '18', 'no lock is left');
is($node->safe_psql('postgres', 'SELECT * FROM child'), '4', 'the parent of one');
fails('DELETE FROM t WHERE id = 4', qr/violates foreign key/, 'is still there');
$node->safe_psql('postgres', 'DELETE FROM t WHERE id = 14; VACUUM FREEZE t');
is($node->safe_psql('postgres', q(SELECT age(relfrozenxid) < 20 FROM pg_class WHERE relname = 't')),
    't', 'relfrozenxid is recent');
is($node->safe_psql('postgres', 'SELECT count(*), sum(v) FROM t'), '5999|18', 'rows after VACUUM');
is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('t'))), '0', 'storage is sound');
$node->stop;
done_testing();
