# A COPY that has rows for 500 partitions in turn holds no more of them in memory than
# olap.write_memory says, beside what a partition's catalog entries and buffers take.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $PARTITIONS = 500;
my $ROWS = 1_000_000;			# 145 MB of text

my $node = olap_node('main', q(
olap.maintenance = off
autovacuum = off
max_locks_per_transaction = 1024
shared_buffers = '64MB'
));

$node->safe_psql('postgres', q(CREATE EXTENSION olap;
	CREATE TABLE h (k int, ts timestamptz, c text, d text) PARTITION BY LIST (k);
	CREATE TABLE memory (setting text, kb int)));
$node->safe_psql('postgres', join('', map { "CREATE TABLE h$_ PARTITION OF h FOR VALUES IN ($_) USING olap;\n" } 0 .. $PARTITIONS - 1));

# The private memory of the backend, in kB, when its COPY is through; it gives back nothing before.
sub memory_of
{
	my ($setting) = @_;

	return $node->safe_psql('postgres', qq(SET olap.write_memory = '$setting';
		TRUNCATE h;
		COPY h FROM PROGRAM 'awk "BEGIN { for (i = 0; i < $ROWS; i++) printf \\"%d\\\\t2026-01-01\\\\t%0100d\\\\t%030d\\\\n\\", i % $PARTITIONS, i * 7919, i }"';
		SELECT substring(pg_read_file('/proc/' || pg_backend_pid() || '/status') FROM 'RssAnon:\\s+(\\d+)')));
}

my $little = memory_of('4MB');
my $more = memory_of('32MB');
note "kB: $little, $more";
# what was freed is not all given back: up to half as much again was seen
cmp_ok($little, '<', 64 * 1024, '4 MB: there are by far not all rows at once');
cmp_ok($more, '<', $little + 56 * 1024, '32 MB: about so much more');
is($node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT k), sum(d::int8) FROM h'),
	"$ROWS|$PARTITIONS|" . $ROWS * ($ROWS - 1) / 2, 'all rows are there');

$node->stop;
done_testing();
