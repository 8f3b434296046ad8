# old_snapshot_threshold (up to 16) gives VACUUM a horizon in front of old snapshots. On heap these
# get an error when they read what has changed; an olap table keeps what they see.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
plan skip_all => 'the setting went with 17' if $node->pg_version >= 17;
$node->append_conf('postgresql.conf', q(
shared_preload_libraries = 'olap'
autovacuum = off
olap.maintenance = off
vacuum_freeze_min_age = 0
old_snapshot_threshold = '1min'
fsync = off
));
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]) }

my @tables = ('vacuumed', 'compacted', 'rewritten');
sql(qq(CREATE EXTENSION olap));
for my $table (@tables)
{
    sql(qq(CREATE TABLE $table (a int, b text) USING olap;
        INSERT INTO $table SELECT g, 'segment' FROM generate_series(1, 10000) g;
        INSERT INTO $table SELECT g, 'delta' FROM generate_series(10001, 10100) g));
}
my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
sql(qq(DELETE FROM $_ WHERE a % 2 = 0; UPDATE $_ SET b = 'updated' WHERE a % 10 = 1;
    INSERT INTO $_ SELECT g, 'late' FROM generate_series(20001, 29000) g)) for @tables;
sql(q(CALL olap.compact('compacted')));

# The server notes at the first snapshot of each minute which transactions were running;
# what it noted counts from the next one on.
for (1 .. 2)
{
    sql('SELECT txid_current()');
    sleep(61 - time % 60);
}
sql('VACUUM vacuumed, compacted');
sql('SELECT txid_current()');
sql('VACUUM vacuumed, compacted');
sql('VACUUM FULL rewritten');
is($old->query_safe("SELECT count(*), sum(a), count(*) FILTER (WHERE b IN ('segment', 'delta')) FROM $_"),
    '10100|51010050|10100', "$_: the old snapshot sees what it saw") for @tables;
$old->query_safe('COMMIT');
$old->quit;
for my $table (@tables)
{
    sql($_) for "VACUUM $table", 'SELECT txid_current()', "VACUUM $table";
    is(sql("SELECT count(*), sum(a), count(*) FILTER (WHERE b = 'updated') FROM $table"), '14050|246007000|1010',
        "$table: others what is there");
    is(sql(qq(SELECT age(relfrozenxid) < 20 FROM pg_class WHERE relname = '$table')), 't', "$table: which is frozen");
    is(sql(qq(SELECT * FROM olap.verify('$table'))), '', "$table: storage is sound");
}
$node->stop;
done_testing();
