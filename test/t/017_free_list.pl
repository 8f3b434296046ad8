# Zone pages of a directory page without entries are replaced by more when the table has got columns.
# That gives blocks back and takes others in one step, also when the list of free blocks is full.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }
sub reclaim { for (1 .. 3) { sql('VACUUM t'); sql('SELECT txid_current()') } }

# A row that does not fit a delta page is a segment, of so many blocks.
sql(q(
CREATE EXTENSION olap;
CREATE TABLE t (b bytea) USING olap;
ALTER TABLE t ALTER b SET STORAGE EXTERNAL;
CREATE FUNCTION wide(blocks int) RETURNS bytea LANGUAGE sql AS $$
  SELECT CASE blocks WHEN 1 THEN convert_to(repeat('x', 9000), 'UTF8')
    ELSE (SELECT string_agg(decode(md5(random()::text), 'hex'), '') FROM generate_series(1, 500 * blocks - 300)) END $$;
CREATE PROCEDURE kept(n int, blocks int) LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1 .. n LOOP INSERT INTO t VALUES (wide(blocks)); END LOOP; END $$;
CREATE PROCEDURE undone(n int, blocks int) LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. n LOOP
    BEGIN INSERT INTO t VALUES (wide(blocks)); RAISE SQLSTATE 'UNDO0'; EXCEPTION WHEN SQLSTATE 'UNDO0' THEN NULL; END;
  END LOOP;
END $$;
));

# docs/format.md: the free list stands behind 112 bytes on the metapage
sub list
{
    sql('CHECKPOINT');
    my ($changes, $blocks, $next, $n) = unpack 'L4', substr(slurp_file($node->data_dir . '/' . sql(q(SELECT pg_relation_filepath('t')))), 24 + 112, 16);
    return "$n $next";
}
my $MAX = int((8152 - 112 - 16) / 8);
sql(qq(DO \$\$ BEGIN FOR i IN 1 .. $MAX LOOP CALL kept(1, 1); CALL undone(1, 3); END LOOP; CALL kept(1, 1); END \$\$));
reclaim();
is(list(), "$MAX 0", 'the list of free blocks is full');
sql("CALL kept($MAX, 2)");
is(list(), "$MAX 0", 'and full of single blocks');
my $rest = -sql(q(SELECT count(*) FROM olap.segments('t'))) % 127;
$rest += 127 if $rest < 5;
sql(qq(CALL kept(1, 3); CALL undone(1, 3); CALL kept(1, 3); CALL undone(1, 3); CALL kept($rest - 4, 3)));
sql('CALL undone(3, 1)');
reclaim();
is(list(), "$MAX 0", 'the list is full again');
sql('ALTER TABLE t ADD c1 int, ADD c2 int, ADD c3 int, ADD c4 int');
my $timed_out;
$node->psql('postgres', 'CALL kept(1, 6)', timeout => 60, timed_out => \$timed_out);
ok(!$timed_out, 'a segment with more columns is written');
if (!$timed_out)
{
    unlike(list(), qr{^$MAX | 0$}, 'half of the list has moved to a page of its own');
    is(sql(q(SELECT * FROM olap.verify('t'))), '', 'storage is sound, and every block in one hand');
}
$node->stop('immediate');
done_testing();
