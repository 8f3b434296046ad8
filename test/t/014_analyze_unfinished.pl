# A compaction that is cancelled while it writes leaves a segment without contents. Until VACUUM or the
# next job has freed it ANALYZE, which samples the blocks of the file, finds its blocks and passes over them.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

# incompressible, so that the file grows by much; and a range log, or nobody would look at row numbers
sql(q(
CREATE EXTENSION olap;
CREATE TABLE t (id int, b bytea) USING olap WITH (order_by = 'id');
CREATE PROCEDURE fill() LANGUAGE sql AS $$
  TRUNCATE t;
  INSERT INTO t SELECT g, decode(string_agg(md5((g * 99 + i)::text), ''), 'hex') FROM generate_series(1, 20000) g, generate_series(1, 40) i GROUP BY g;
  DELETE FROM t WHERE id % 100 = 0;
$$));
my $unfinished = 0;
for my $try (1 .. 10)
{
    sql('CALL fill()');
    my $file = $node->data_dir . '/' . sql(q(SELECT pg_relation_filepath('t')));
    my $before = -s $file;
    my ($out, $err) = ('', '');
    my $h = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'SELECT pg_backend_pid()', '-c', q(CALL olap.compact('t')) ],
        '<', '/dev/null', '>', \$out, '2>', \$err);
    $h->pump until $out =~ /(\d+)/;
    my $pid = $1;

    # it has its blocks, and grows the file or writes them
    while ($h->pumpable && -s $file < $before + (1 << 16))
    {
        Time::HiRes::usleep(1000);
        $h->pump_nb;
    }
    kill 'INT', $pid;
    $h->finish;
    next if $err !~ /canceling statement/;		# it was faster
    $unfinished++;
    my ($rc, undef, $error) = $node->psql('postgres', 'ANALYZE t');
    is($error, '', "try $try: ANALYZE passes over what is not finished");
    is(sql('SELECT count(*) FROM t'), '19800', 'and so do queries');
    last if $unfinished == 2;
}
cmp_ok($unfinished, '>', 0, 'compactions were cancelled while they wrote');
is(sql(q(SELECT * FROM olap.verify('t'))), '', 'storage is sound');
is(sql(q(SELECT reltuples FROM pg_class WHERE relname = 't')), '19800', 'ANALYZE counted the rows');
$node->stop;
done_testing();
