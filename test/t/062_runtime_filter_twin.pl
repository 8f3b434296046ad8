# Heap is the oracle of runtime filters: rows of random hash joins are the same with an
# olap table as with a heap table that has the same rows, with filters and without, with
# hash tables in several batches, with parallel workers, and run again with other keys.
# SEED repeats a run, QUERIES lengthens it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $seed = $ENV{SEED} || 20261126;
my $queries = $ENV{QUERIES} || 100;
srand($seed);
note "SEED=$seed QUERIES=$queries";

my $node = olap_node('main', q(
timezone = 'UTC'
log_min_duration_statement = 2000
jit = off
));

my $rows = <<'EOT';
SELECT g AS id, timestamptz '2026-01-01' + g * interval '10 seconds' AS ts, g / 40 AS near,
  CASE WHEN k % 11 <> 0 THEN k % 3000 END AS k1, (k % 40)::int2 AS k2,
  CASE WHEN k % 13 <> 0 THEN (k % 900) * 10000000000 END AS k8,
  CASE WHEN k % 7 <> 0 THEN 'name ' || k % 900 END AS t, ('v' || k % 300)::varchar(10) AS v,
  CASE k % 9 WHEN 0 THEN '-0'::float8 WHEN 1 THEN 'NaN' ELSE (k % 2000) / 4.0 END AS f, ((k % 500) / 8.0)::float4 AS f4,
  CASE k % 4 WHEN 0 THEN 1.5 WHEN 1 THEN k % 70 / 4.00 WHEN 2 THEN k % 900 END AS n,
  CASE WHEN k % 1001 = 0 THEN 'NaN' ELSE (k % 3000 / 100.0)::numeric(10,2) END::numeric(10,2) AS m, date '2026-01-01' + g / 700 AS d,
  k % 3 = 0 AS b, CASE WHEN k % 9 <> 0 THEN md5((k % 600)::text)::uuid END AS u, CASE k % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'ab ' WHEN 2 THEN 'B' END::char(5) AS c,
  (k % 777)::oid AS o, ('\x' || md5((k % 800)::text))::bytea AS y
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k FROM generate_series(FIRST, LAST) g) s
EOT

sub insert
{
	my ($table, $first, $last) = @_;
	(my $sql = $rows) =~ s/FIRST, LAST/$first, $last/;
	return "INSERT INTO $table $sql;";
}
(my $none = $rows) =~ s/FIRST, LAST/1, 0/;

$node->safe_psql('postgres', <<EOT);
CREATE EXTENSION olap;
CREATE TABLE h AS $none;
ALTER TABLE h ALTER m TYPE numeric(10,2);
CREATE TABLE o (LIKE h) USING olap WITH (time_column = 'ts', segment_interval = '1 day', bitmap = 'k2, v', bloom = 'k1, t, u');
CREATE TABLE hp (LIKE h) PARTITION BY RANGE (id);
CREATE TABLE hp1 PARTITION OF hp FOR VALUES FROM (0) TO (9000);
CREATE TABLE hp2 PARTITION OF hp FOR VALUES FROM (9000) TO (100000);
CREATE TABLE op (LIKE h) PARTITION BY RANGE (id);
CREATE TABLE op1 PARTITION OF op FOR VALUES FROM (0) TO (9000) USING olap;
CREATE TABLE op2 PARTITION OF op FOR VALUES FROM (9000) TO (100000) USING olap;
EOT
# Large batches become segments, small ones stay rows.
my $next = 1;
foreach my $batch (10000, 40, 10000, 6000, 3)
{
	my $end = $next + $batch - 1;
	$node->safe_psql('postgres', join('', map { insert($_, $next, $end) } qw(h o hp op)));
	$next = $end + 1;
}
# Sides: some rows of the same kinds, few and many, with NULLs, clustered and not.
$node->safe_psql('postgres', <<EOT);
DELETE FROM h WHERE id % 83 = 7; DELETE FROM o WHERE id % 83 = 7;
DELETE FROM hp WHERE id % 83 = 7; DELETE FROM op WHERE id % 83 = 7;
CREATE TABLE few AS SELECT * FROM h WHERE id % 1500 = 11;
CREATE TABLE near_by AS SELECT * FROM h WHERE id BETWEEN 14000 AND 14300;
CREATE TABLE many AS SELECT * FROM h WHERE id % 9 = 1 UNION ALL SELECT * FROM h WHERE id % 18 = 1;
CREATE TABLE olap_side USING olap AS SELECT * FROM h WHERE id % 40 = 3;
CREATE TABLE nulls AS SELECT * FROM few LIMIT 0;
INSERT INTO nulls (id, k2) SELECT i, i FROM generate_series(1, 5) i;
CREATE TABLE empty AS SELECT * FROM few LIMIT 0;
ANALYZE;
EOT

sub pick { return $_[ int(rand(@_)) ]; }

my @sides = qw(few near_by many olap_side few near_by many olap_side nulls empty);
my @keys = qw(k1 k1 k2 k8 t v f f4 n m d u c o y near near ts id id b);
# across types, and other expressions of the side
my %across = (
	k1 => [ 'k2', 'k8', 'near', 'id', 'k1 + 1', 'k2::int8' ],
	k2 => [ 'k1', 'k8', 'near' ],
	k8 => [ 'k1', 'k1 * 10000000000', 'k2' ],
	t => [ 'v', 'upper(t)', "'name ' || k2" ],
	v => [ 't', "'v' || k2" ],
	f => [ 'f4', 'f + 0', 'k2::float8', '-f' ],
	f4 => ['f'],
	n => [ 'm', 'n::numeric(20,5)', 'k2::numeric', 'm * 2' ],
	m => [ 'n', 'm + 0.001', 'trim_scale(m)' ],
	near => [ 'k1', 'near + 1', 'k8' ]);

sub condition
{
	my ($side) = @_;
	my $key = pick(@keys);
	my $theirs = $across{$key} && rand() < 0.4 ? pick(@{ $across{$key} }) : $key;

	$theirs =~ s/\b(id|ts|near|k1|k2|k8|t|v|f4|f|n|m|d|b|u|c|o|y)\b(?!')/$side.$1/g;
	return "e.$key = $theirs";
}

sub query
{
	my $from = pick('TWIN', 'TWIN', 'TWIN', 'TWINp', '(SELECT * FROM TWIN UNION ALL SELECT * FROM TWIN WHERE id < 3000)', '(SELECT * FROM TWIN OFFSET 0)') . ' e';
	my @where;
	my @out = ('e.id', pick('e.k1', 'e.t', 'e.m', 'e.ts'));
	my $lateral = rand() < 0.15;

	for my $i (1 .. 1 + int(rand(2.3)))
	{
		my $side = "s$i";
		my $table = pick(@sides);
		my $kind = rand();
		my @on = map { condition($side) } 1 .. 1 + int(rand(1.4));

		# keys with few values: not all of their pairs
		push @on, "e.id % 60 = $side.id % 60" if $on[0] =~ /^e\.(k2|c|d|b) / && !grep { !/^e\.(k2|c|d|b) / } @on;
		push @on, pick('e.b', "$side.b", "e.id % 5 <> $side.id % 5", "e.k2 < $side.k2") if rand() < 0.2;
		push @on, "$side.id % 3 = g.g" if $lateral && rand() < 0.6;
		if ($kind < 0.3)
		{
			push @where, pick('', '', 'NOT ') . "EXISTS (SELECT FROM $table $side WHERE " . join(' AND ', @on) . ')';
			next;
		}
		my $join = pick('', '', '', '', '', 'LEFT ', 'RIGHT ', 'FULL ');
		# which FULL joins would be, as they take equalities alone
		$join = 'LEFT ' if $join eq 'FULL ' && grep { /% 60/ } @on;
		$from .= " ${join}JOIN $table $side ON " . join(' AND ', grep { $_ } @on);
		push @out, "$side.id";
	}
	# FULL joins take equalities alone
	$from =~ s/(FULL JOIN \w+ \w+ ON [^=]+ = .*?)(?= AND (?:e\.b|s\d\.b|e\.id %|e\.k2 <|s\d\.id %)).*?(?=$| (?:LEFT |RIGHT |FULL )?JOIN)/$1/g;
	push @where, pick('e.id > 12000', 'e.b', "e.ts < '2026-01-02'", 'e.k2 < 20', "e.t LIKE 'name 1%'", 'e.id % 4 = 1') if rand() < 0.4;
	push @where, 'e.id % 3 = g.g' if $lateral && rand() < 0.4;
	my $where = @where ? ' WHERE ' . join(' AND ', @where) : '';

	if ($lateral)
	{
		my $sum = join(', ', map { "sum($out[$_]) AS a$_" } grep { $out[$_] =~ /id$/ } 0 .. $#out);
		return "SELECT g.g, l.* FROM generate_series(0, 3) g, LATERAL (SELECT count(*), $sum FROM $from$where) l ORDER BY 1";
	}
	my $out = join(', ', map { "$out[$_] AS c$_" } 0 .. $#out);
	my $order = rand() < 0.2 ? ' ORDER BY ' . join(', ', 1 .. @out) . ' LIMIT ' . int(rand(50)) : '';
	return "SELECT count(*), md5(string_agg(whole::text, '|' ORDER BY whole::text COLLATE \"C\")) FROM (SELECT $out FROM $from$where$order) whole";
}

my @queries = map { query() } 1 .. $queries;

sub answers
{
	my ($table, $settings, $prefix) = @_;
	my $script = "\\set VERBOSITY sqlstate\nSET max_parallel_workers_per_gather = 0; SET statement_timeout = '60s';\n$settings\n";
	for my $i (0 .. $#queries)
	{
		(my $q = $queries[$i]) =~ s/\bTWIN(p?)\b/$table$1/g;
		$script .= "\\echo query $i\n$prefix$q;\n";
	}
	return psql_answers($node, $script);
}

my @truth = answers('h', '', '');
is(scalar(@truth), $queries, 'the heap answers every query');
cmp_ok(scalar(grep { /ERROR/ } @truth), '<', $queries / 20, 'most queries are sound');

my $hash = 'SET enable_nestloop = off; SET enable_mergejoin = off;';
my @plans = answers('o', $hash, 'EXPLAIN (ANALYZE) ');
cmp_ok(scalar(grep { /Rows Removed by Runtime Filter: [1-9]/ } @plans), '>', $queries / 4, 'filters remove rows in many of them');

foreach my $way (
	[ 'the plans of default settings', '' ],
	[ 'hash joins', $hash ],
	[ 'hash joins without filters', "$hash SET olap.enable_runtime_filters = off;" ],
	[ 'hash joins in batches', "$hash SET work_mem = '64kB'; SET hash_mem_multiplier = 1;" ],
	[ 'hash joins under aggregates by rows', "$hash SET olap.enable_vector_agg = off; SET work_mem = '256kB';" ],
	[ 'hash joins in workers, each its own', "$hash SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET enable_parallel_hash = off;" ],
	[ 'parallel hash joins', "$hash SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;" ],
	[ 'parallel hash joins in batches', "$hash SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET work_mem = '64kB'; SET hash_mem_multiplier = 1;" ])
{
	my ($name, $settings) = @$way;
	my @got = answers('o', $settings, '');

	is_answers(\@queries, \@truth, \@got, "$queries answers by $name are the heap's");
}

$node->stop;
done_testing();
