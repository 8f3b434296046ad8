# The maintenance worker asks every few seconds whether a table has a job. Where rows were deleted that
# must not mean to read the row numbers of all segments.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
maintenance_work_mem = '16MB'
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

# in random order, so that row numbers take some bits each
sql(q(
CREATE EXTENSION olap;
CREATE TABLE t (id int, k float8) USING olap WITH (order_by = 'k');
INSERT INTO t SELECT g, random() FROM generate_series(1, 800000) g;
CALL olap.compact('t');
));
my ($segments, $pages) = split /\|/, sql(q(SELECT count(*), sum(blocks) FROM olap.segments('t') WHERE state = 'live'));
cmp_ok($segments, '>', 1, "$segments sorted segments of $pages pages");

# pages that a call reads
sub cost
{
    my @out = split /\n/, sql(q(
        SELECT pg_stat_force_next_flush();
        SELECT pg_stat_get_blocks_fetched('t'::regclass);
        CALL olap.compact('t');
        SELECT pg_stat_force_next_flush();
        SELECT pg_stat_get_blocks_fetched('t'::regclass)));
    return $out[-1] - $out[-2 - ($out[-2] eq '')];
}
cmp_ok(cost(), '<', 100, 'a table without deleted rows is not read');
sql('DELETE FROM t WHERE id % 1000 = 0');
cmp_ok(cost(), '<', 100 + 10 * $segments, 'one with few of them neither');
is(sql(q(SELECT count(*) FROM olap.segments('t') WHERE state = 'live')), $segments, 'for nothing is to be done');

# but what many are deleted of is found and written anew
sql('DELETE FROM t WHERE id % 4 = 0');
sql(q(CALL olap.compact('t')));
is(sql(q(SELECT sum(rows) FROM olap.segments('t') WHERE state = 'live')), '600000', 'a quarter of the rows is left behind');
is(sql('SELECT count(*), sum(id) FROM t'), '600000|240000000000', 'and the others are there');
is(sql(q(SELECT * FROM olap.verify('t'))), '', 'storage is sound');
$node->stop;
done_testing();
