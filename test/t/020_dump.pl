# pg_dump carries olap tables and their options, and restoring them elsewhere
# gives the same tables; so do a physical copy and a crash.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

sub new_node
{
    my ($name) = @_;
    my $node = PostgreSQL::Test::Cluster->new($name);
    $node->init(allows_streaming => 1);
    $node->append_conf('postgresql.conf', q(shared_preload_libraries = 'olap'));
    $node->start;
    return $node;
}

my $source = new_node('source');
$source->safe_psql(
    'postgres', q(
    CREATE EXTENSION olap;
    CREATE TABLE events (ts timestamptz NOT NULL, "Country" text, n int, cost numeric(12,2))
      USING olap WITH (time_column = 'ts', segment_interval = '1 hour',
        order_by = '"Country", ts desc', bitmap = '"Country"', bloom = 'n', hll = 'n',
        retention = '90 days', autovacuum_enabled = off, fillfactor = 90);
    INSERT INTO events
      SELECT '2026-01-01'::timestamptz + i * interval '1 second', 'c' || i % 10, i, i / 4.0
      FROM generate_series(1, 20000) i;
    INSERT INTO events VALUES ('2026-02-01', NULL, NULL, 'NaN');
    CREATE TABLE parted (ts timestamptz, n int) PARTITION BY RANGE (ts);
    CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
      USING olap WITH (time_column = 'ts');
    INSERT INTO parted VALUES ('2026-01-15', 1);
    CREATE MATERIALIZED VIEW totals USING olap WITH (order_by = 'k') AS
      SELECT "Country" AS k, count(*) AS n FROM events GROUP BY 1;
    CREATE TABLE plain (a int) USING heap WITH (fillfactor = 50);
    CREATE UNLOGGED TABLE fast (a int) USING olap;
));

# What must be the same on both sides.
my $facts = q(
    SELECT relname, amname, relpersistence, reloptions FROM pg_class c LEFT JOIN pg_am a ON a.oid = c.relam
    WHERE relname IN ('events', 'parted', 'parted_1', 'totals', 'plain', 'fast') ORDER BY relname;
    SELECT count(*), sum(n), min(ts), max(ts), count("Country"), sum(cost) FROM events WHERE cost <> 'NaN';
    SELECT md5(string_agg(e::text, ',' ORDER BY ts)) FROM events e;
    SELECT * FROM parted;
    SELECT * FROM totals ORDER BY k;
);
my $before = $source->safe_psql('postgres', $facts);
like($before, qr/events\|olap\|p\|\{.*time_column=ts.*retention=90 days/,
    'options are in pg_class');

my $dump = $source->basedir . '/plain.sql';
$source->command_ok([ 'pg_dump', '--port', $source->port, '--host', $source->host,
        '-f', $dump, 'postgres' ], 'pg_dump runs');
my $text = slurp_file($dump);
like($text, qr/SET default_table_access_method = olap/, 'the dump names the access method');
like($text, qr/CREATE TABLE public\.events .*?WITH \([^;]*time_column='?ts'?[^;]*segment_interval='1 hour'/s,
    'the dump has the options in CREATE TABLE');

# Restored with psql, and with pg_restore from the custom format.
my $target = new_node('target');
$target->safe_psql('postgres', 'CREATE DATABASE again');
$target->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '--port', $target->port,
        '--host', $target->host, '-f', $dump, 'postgres' ], 'the dump restores');
is($target->safe_psql('postgres', $facts), $before, 'tables, options and rows are the same');
is($target->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('events'))), '0',
    'the restored table is sound');

my $custom = $source->basedir . '/custom';
$source->command_ok([ 'pg_dump', '-Fc', '--port', $source->port, '--host', $source->host,
        '-f', $custom, 'postgres' ], 'pg_dump -Fc runs');
$target->command_ok([ 'pg_restore', '--exit-on-error', '--port', $target->port, '--host',
        $target->host, '-d', 'again', $custom ], 'pg_restore runs');
is($target->safe_psql('again', $facts), $before, 'the same through pg_restore');

# In parallel, from a directory; schema and data apart, by section and by option.
sub pg
{
    my ($what, $node, $program, @args) = @_;
    $node->command_ok([ $program, '--port', $node->port, '--host', $node->host, @args ], $what);
}

my $dir = $source->basedir . '/dir';
pg('pg_dump -Fd -j2 runs', $source, 'pg_dump', '-Fd', '-j2', '-f', $dir, 'postgres');
my $data = $source->basedir . '/data.sql';
pg('pg_dump --data-only runs', $source, 'pg_dump', '--data-only', '-f', $data, 'postgres');
$target->safe_psql('postgres', "CREATE DATABASE $_") for ('parallel', 'sections', 'apart', 'inserts');
pg('pg_restore -j2 runs', $target, 'pg_restore', '--exit-on-error', '-j2', '-d', 'parallel', $dir);
for my $section ('pre-data', 'data', 'post-data')
{
    pg("pg_restore --section=$section runs", $target, 'pg_restore', '--exit-on-error', "--section=$section",
        '-d', 'sections', $custom);
}
pg('pg_restore --schema-only runs', $target, 'pg_restore', '--exit-on-error', '--schema-only', '-d', 'apart', $dir);
$target->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '--port', $target->port,
        '--host', $target->host, '-f', $data, 'apart' ], 'the data restore into what is there');
# which do not include those of materialized views, whatever their access method
$target->safe_psql('apart', 'REFRESH MATERIALIZED VIEW totals');
my $inserts = $source->basedir . '/inserts.sql';
pg('pg_dump --rows-per-insert runs', $source, 'pg_dump', '--rows-per-insert=500', '-f', $inserts, 'postgres');
$target->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '--port', $target->port,
        '--host', $target->host, '-f', $inserts, 'inserts' ], 'INSERTs restore');
for my $database ('parallel', 'sections', 'apart', 'inserts')
{
    is($target->safe_psql($database, $facts), $before, "the same in database $database");
    is($target->safe_psql($database, q(SELECT count(*) FROM olap.verify('events'))), '0', "which is sound");
}

# The restored options are live: ALTER TABLE finds and changes them.
$target->safe_psql('again', q(ALTER TABLE events RESET (hll), SET (segment_interval = '2 hours')));
like($target->safe_psql('again', q(SELECT reloptions FROM pg_class WHERE relname = 'events')),
    qr/segment_interval=2 hours/, 'options can be changed after a restore');

# A crash right after the commit keeps the table, its options and its rows.
$source->stop('immediate');
$source->start;
is($source->safe_psql('postgres', $facts), $before, 'the same after a crash');
is($source->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('events'))), '0',
    'the table is sound after a crash');
is($source->safe_psql('postgres', q(SELECT count(*) FROM fast)), '0',
    'an unlogged table is empty and usable after a crash');

# A streaming standby reads the same, and what is written from then on.
$source->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($source, 'base', has_streaming => 1);
$standby->start;
my $more = q(
    INSERT INTO events SELECT '2026-03-01'::timestamptz + i * interval '1 second', 'd', i, i
      FROM generate_series(1, 10000) i;
    INSERT INTO events SELECT '2026-04-01', 'delta', i, i FROM generate_series(1, 10) i;
    ALTER TABLE events SET (segment_interval = '1 day');
);
$source->safe_psql('postgres', $more);
my $after = $source->safe_psql('postgres', $facts);
isnt($after, $before, 'the table changed');
$source->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $facts), $after, 'the same on a streaming standby');
is($standby->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('events'))), '0',
    'the standby is sound');
is($standby->safe_psql('postgres', q(SELECT count(*) > 1 FROM olap.segments('events'))), 't',
    'storage can be looked into on a standby');

$_->stop for ($standby, $target, $source);
done_testing();
