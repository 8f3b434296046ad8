# A session that groups by many texts again and again keeps the memory for it, up to
# olap.keep_memory, and does not have the system take it away and clear it each time.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
olap.maintenance = off
autovacuum = off
work_mem = '64MB'
max_parallel_workers_per_gather = 0
));

$node->safe_psql('postgres', q(CREATE EXTENSION olap;
	CREATE TABLE t (url text, x int) USING olap;
	INSERT INTO t SELECT 'https://example.org/' || i % 50000 || '/' || md5((i % 50000)::text), i
		FROM generate_series(1, 200000) i;
	VACUUM ANALYZE t));

my $query = 'SELECT url, count(*), avg(x) FROM t GROUP BY url ORDER BY 2 DESC, 1 LIMIT 3;';

# Page faults of one run of the query, in a session that has made some already.
sub faults
{
	my ($setting) = @_;
	my $read = q(SELECT split_part(pg_read_file('/proc/' || pg_backend_pid() || '/stat'), ' ', 10) AS faults;);
	my @out = split /\n/, $node->safe_psql('postgres', "SET olap.keep_memory = '$setting';\n" . $query x 3 .
		$read . $query x 10 . $read);

	# 3 rows a query
	my ($before, $after) = @out[9, 40];
	like("$before $after", qr/^\d+ \d+$/, "$setting: faults were read");
	return ($after - $before) / 10;
}

like($node->safe_psql('postgres', "EXPLAIN (COSTS OFF) $query"), qr/OlapAgg/, 'the query is one of OlapAgg');

my $kept = faults('16MB');
my $given = faults('0');
note "page faults of a query: $kept with 16 MB, $given with 0";
cmp_ok($given, '>', 1000, 'without, each query takes its memory anew');
cmp_ok($kept, '<', $given / 20, 'with it, a query takes the memory of the one before');

# the setting can change within a session, and malloc is told
my $changed = $node->safe_psql('postgres', "SET olap.keep_memory = '256MB'; $query SET olap.keep_memory = 0;" . $query x 2 .
	q(SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/status') FROM 'VmData:\\s+(\\d+)')));
my $always = $node->safe_psql('postgres', "SET olap.keep_memory = '256MB';" . $query x 3 .
	q(SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/status') FROM 'VmData:\\s+(\\d+)')));
($changed, $always) = map { (split /\n/)[-1] } ($changed, $always);
note "kB of data: $changed after the setting was taken back, $always with it";
cmp_ok($changed + 4096, '<', $always, 'a session gives the memory back when the setting is 0');

$node->stop;
done_testing();
