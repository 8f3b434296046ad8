# What a query costs before it reads anything: a dashboard's panel without a row, from a
# table of 1,000 segments, by a generic plan whose parameters prune when it runs; beside
# the same statement on an empty heap table. The figures are printed; the bound is
# generous, for a busy machine. SECONDS lengthens each of the runs.
use strict;
use warnings;

use List::Util qw(min);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{SECONDS} || 1;
my $bound = 3.0;    # ms; 0.1 on a quiet machine

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', <<'EOT');
timezone = 'UTC'
shared_preload_libraries = 'olap'
olap.maintenance = off
fsync = off
plan_cache_mode = force_generic_plan
EOT
$node->start;
$node->safe_psql('postgres', <<'EOT');
CREATE EXTENSION olap;
CREATE TABLE h (ts timestamptz NOT NULL, campaign int, country text, event text, user_id bigint, cost numeric(12,6));
CREATE TABLE o (LIKE h) USING olap WITH (time_column = 'ts', segment_interval = '1 hour');
DO $$ BEGIN
	FOR hour IN 0 .. 999 LOOP
		INSERT INTO o SELECT timestamptz '2026-01-01' + hour * interval '1 hour' + i * interval '800 ms',
			i % 1000, 'c' || i % 50, 'e' || i % 5, i * 7, i % 100 / 8.0 FROM generate_series(0, 4095) i;
		COMMIT;
	END LOOP;
END $$;
VACUUM ANALYZE o;
ANALYZE h;
EOT
is($node->safe_psql('postgres', "SELECT count(*) FROM olap.segments('o') WHERE kind = 'segment' AND state = 'live'"),
	1000, 'there are 1,000 segments');

my $panel = 'SELECT date_trunc(\'minute\', ts) AS m, event, count(*), sum(cost) FROM TWIN
	WHERE ts >= $1 AND ts < $1 + interval \'1 day\' AND country = $2 AND campaign = $3 GROUP BY 1, 2 ORDER BY 1';
(my $on_olap = $panel) =~ s/TWIN/o/;
my $plan = $node->safe_psql('postgres', "PREPARE p(timestamptz, text, int) AS $on_olap;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) EXECUTE p('2027-06-01', 'c3', 7)");
like($plan, qr/ts >= \$1/, 'the plan is generic');
like($plan, qr/Segments: total=1000 pruned=1000 read=0/, 'its parameters prune all segments');

# Average latency of a client that runs $sql over and over, in ms.
sub latency
{
	my ($mode, $sql) = @_;
	my $file = PostgreSQL::Test::Utils::tempdir() . '/panel.sql';

	append_to_file($file, "\\set campaign random(1, 900)\n$sql;\n");
	my ($out, $err) = run_command([ 'pgbench', '-n', '-M', $mode, '-T', $seconds, '-f', $file, '-h', $node->host,
		'-p', $node->port, 'postgres' ]);
	my ($ms) = $out =~ /latency average = ([\d.]+) ms/ or die "pgbench: $out $err";
	return $ms;
}

foreach my $mode ('simple', 'prepared')
{
	my %best;
	foreach my $try (1 .. 3)
	{
		foreach my $table ('h', 'o')
		{
			(my $sql = $panel) =~ s/TWIN/$table/;
			$sql =~ s/\$1/timestamptz '2027-06-01'/g;
			$sql =~ s/\$2/'c3'/;
			$sql =~ s/\$3/:campaign/;
			$sql =~ s/\n/ /g;
			my $ms = latency($mode, $sql);
			$best{$table} = min($ms, $best{$table} // $ms);
		}
	}
	my $cost = $best{o} - $best{h};
	diag(sprintf('%s: %.3f ms, %.3f ms more than an empty heap table', $mode, $best{o}, $cost));
	cmp_ok($cost, '<', $bound, "a panel without rows costs little more than on heap ($mode)");
}

$node->stop;
done_testing();
