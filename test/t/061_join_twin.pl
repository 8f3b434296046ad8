# Heap is the oracle of joins: aggregates of random joins, with grouping sets and
# LIMIT, give the same answer with an olap table as with a heap table that has the same
# rows, with OlapAgg's own joins, in little memory, prepared with more memory than there is later, with parallel
# workers, and by PostgreSQL's; asked by a role that row security hides rows from.
# SEED repeats a run, QUERIES lengthens it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $seed = $ENV{SEED} || 20260202;
my $queries = $ENV{QUERIES} || 100;
srand($seed);
note "SEED=$seed QUERIES=$queries";

my $node = olap_node('main', q(
timezone = 'UTC'
log_min_duration_statement = 1000
));

# Floats are multiples of 1/4, so that their sums do not depend on the order.
my $rows = <<'EOT';
SELECT g AS id, timestamptz '2026-01-01' + g * interval '10 seconds' AS ts,
  CASE WHEN k % 11 <> 0 THEN k % 700 END AS k1, (k % 40)::int2 AS k2,
  CASE WHEN k % 13 <> 0 THEN (k % 900) * 10000000000 END AS k8,
  CASE WHEN k % 7 <> 0 THEN 'name ' || k % 90 END AS t, ('v' || k % 30)::varchar(10) AS v,
  CASE k % 5 WHEN 0 THEN '-0'::float8 WHEN 1 THEN 'NaN' ELSE (k % 200) / 4.0 END AS f,
  CASE k % 4 WHEN 0 THEN 1.5 WHEN 1 THEN 1.50 WHEN 2 THEN k % 9 END AS n,
  (k % 3000 / 100.0)::numeric(10,2) AS m, date '2026-01-01' + k % 50 AS d, (k % 24) * interval '1 hour' AS iv,
  k % 3 = 0 AS b, CASE WHEN k % 9 <> 0 THEN md5((k % 60)::text)::uuid END AS u, CASE k % 4 WHEN 0 THEN 'a' WHEN 1 THEN 'ab ' WHEN 2 THEN 'B' END::char(5) AS c
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k FROM generate_series(FIRST, LAST) g) s
EOT

sub insert
{
	my ($table, $first, $last) = @_;
	(my $sql = $rows) =~ s/FIRST, LAST/$first, $last/;
	return "INSERT INTO $table $sql;";
}
(my $none = $rows) =~ s/FIRST, LAST/1, 0/;

# Other sides: unique keys of every kind of type, keys of which a part is an
# interval, keys that repeat, NULLs, partitions, an olap table.
$node->safe_psql('postgres', <<EOT);
CREATE EXTENSION olap;
CREATE TABLE h AS $none;
CREATE TABLE o (LIKE h) USING olap WITH (time_column = 'ts', segment_interval = '1 day');
CREATE TABLE p (LIKE h) PARTITION BY RANGE (id);
CREATE TABLE p1 (gone int, LIKE h) USING olap;
ALTER TABLE p1 DROP gone;
ALTER TABLE p ATTACH PARTITION p1 FOR VALUES FROM (MINVALUE) TO (9000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (9000) TO (20010) USING olap;
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (20010) TO (MAXVALUE) USING olap;
CREATE TABLE d1 (k int PRIMARY KEY, x int, kind text, w numeric(8,3), f float8, day date, on_ bool, g int);
INSERT INTO d1 SELECT i, CASE WHEN i % 6 <> 0 THEN i END, CASE WHEN i % 8 <> 0 THEN 'kind ' || i % 9 END, i / 8.0,
	(i % 60) / 4.0, date '2026-01-01' + i % 70, i % 3 = 0, i % 12 FROM generate_series(0, 599) i;
CREATE TABLE d2 (k int, iv interval, y int, label varchar(12), UNIQUE (k, iv));
INSERT INTO d2 SELECT i / 24, (i % 24) * interval '1 hour', i, 'label ' || i % 17 FROM generate_series(0, 799) i;
CREATE TABLE dt (t text PRIMARY KEY, y int);
INSERT INTO dt SELECT 'name ' || i, i FROM generate_series(0, 120, 3) i;
CREATE TABLE d8 (k bigint PRIMARY KEY, y int, z text);
INSERT INTO d8 SELECT i * 10000000000, i, repeat('z', i % 3) FROM generate_series(0, 500) i UNION ALL SELECT i, -i, 'small' FROM generate_series(1, 50) i;
CREATE TABLE dn (n numeric PRIMARY KEY, y int);
INSERT INTO dn VALUES (1.500, 1), (2, 2), (3.0, 3), (4, 4), (7.00, 7);
CREATE TABLE df (f float8 PRIMARY KEY, y int);
INSERT INTO df VALUES ('NaN', 1), ('0', 2), (3.25, 3), (12, 4);
CREATE TABLE d12 (k1 int, v varchar(10), y int, PRIMARY KEY (k1, v));
INSERT INTO d12 SELECT i % 100, 'v' || i % 30, i FROM generate_series(0, 299) i;
CREATE TABLE du (u uuid PRIMARY KEY, y int, s text);
INSERT INTO du SELECT md5(i::text)::uuid, i, nullif('u' || i % 5, 'u3') FROM generate_series(0, 90, 2) i;
CREATE TABLE dc (c char(5) PRIMARY KEY, y int2);
INSERT INTO dc VALUES ('a', 1), ('ab', 2), ('b', 3);
CREATE TABLE dd (d date, b bool, k2 int2, y int, UNIQUE (d, b, k2));
INSERT INTO dd SELECT date '2026-01-01' + i % 60, i % 3 = 0, i % 40, i FROM generate_series(0, 119) i;
CREATE TABLE none (k int PRIMARY KEY, y int, s text);
CREATE TABLE pieces (k int PRIMARY KEY, y int) PARTITION BY RANGE (k);
CREATE TABLE pieces0 PARTITION OF pieces FOR VALUES FROM (0) TO (200);
CREATE TABLE pieces1 PARTITION OF pieces FOR VALUES FROM (200) TO (1000) USING olap;
INSERT INTO pieces SELECT i, i % 77 FROM generate_series(0, 400) i;
CREATE TABLE wide (k int PRIMARY KEY, y int, s text);
INSERT INTO wide SELECT i, i % 50, repeat(md5(i::text), i % 4) FROM generate_series(0, 650) i;
CREATE TABLE grp (g int PRIMARY KEY, title text);
INSERT INTO grp SELECT i, 'title ' || i % 4 FROM generate_series(0, 9) i;
CREATE TABLE many (k int, y int);
INSERT INTO many SELECT i % 300, i FROM generate_series(1, 900) i UNION ALL SELECT NULL, 1;
CREATE TABLE part (k int, y int) PARTITION BY HASH (k);
CREATE TABLE part0 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part1 PARTITION OF part FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO part SELECT i % 500, i FROM generate_series(1, 2000) i;
CREATE TABLE od (k int, y int, s text) USING olap;
INSERT INTO od SELECT i, i * 3, 's' || i % 21 FROM generate_series(0, 650) i;
CREATE VIEW busy WITH (security_barrier) AS SELECT k, sum(y) AS y FROM many GROUP BY k HAVING sum(y) > 300;
CREATE ROLE reader;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader;
ALTER TABLE h ENABLE ROW LEVEL SECURITY;
ALTER TABLE o ENABLE ROW LEVEL SECURITY;
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
ALTER TABLE d1 ENABLE ROW LEVEL SECURITY;
ALTER TABLE wide ENABLE ROW LEVEL SECURITY;
CREATE POLICY part_of ON h USING (k2 <> 39);
CREATE POLICY part_of ON o USING (k2 <> 39);
CREATE POLICY part_of ON p USING (k2 <> 39);
CREATE POLICY part_of ON d1 USING (g <> 11);
CREATE POLICY part_of ON wide USING (EXISTS (SELECT FROM grp WHERE grp.g = wide.k % 11));
EOT
# Large batches become segments, small ones stay rows.
my $next = 1;
foreach my $batch (20000, 40, 6000, 3)
{
	my $end = $next + $batch - 1;
	$node->safe_psql('postgres', insert('h', $next, $end) . insert('o', $next, $end) . insert('p', $next, $end));
	$next = $end + 1;
}
$node->safe_psql('postgres', 'DELETE FROM h WHERE id % 83 = 7; DELETE FROM o WHERE id % 83 = 7; DELETE FROM p WHERE id % 83 = 7; ANALYZE');

sub pick { return $_[ int(rand(@_)) ]; }

# A side: what it is, its conditions with the table, and columns: integers, others.
my %sides = (
	d1 => [ 'd1', ['d1.k = e.k1'], [ 'd1.x', 'd1.g', 'd1.k' ], [ 'd1.kind', 'd1.on_', 'd1.day', 'd1.w', 'd1.f + 0' ] ],
	d2 => [ 'd2', [ 'd2.k = e.k2', 'd2.iv = e.iv' ], ['d2.y'], ['d2.label'] ],
	dt => [ 'dt', ['e.t = dt.t'], ['dt.y'], ['dt.t'] ],
	d8 => [ 'd8', [ pick('d8.k = e.k8', 'd8.k = e.k1') ], ['d8.y'], ['d8.z'] ],
	dn => [ 'dn', ['dn.n = e.n'], ['dn.y'], ['trim_scale(dn.n)'] ],
	df => [ 'df', ['df.f = e.f'], ['df.y'], ['df.f + 0'] ],
	d12 => [ 'd12', [ 'd12.k1 = e.k1', 'd12.v = e.v' ], ['d12.y'], ['d12.v'] ],
	many => [ 'many', ['many.k = e.k1'], ['many.y'], ['many.k'] ],
	sub1 => [ '(SELECT k, max(y) AS y, min(y) AS lo FROM many GROUP BY k) sub1', ['sub1.k = e.k1'], ['sub1.y'], ['sub1.lo'] ],
	sub2 => [ '(SELECT k, max(y) AS y FROM part GROUP BY k) sub2', ['sub2.k = e.k1'], ['sub2.y'], ['sub2.k'] ],
	sub3 => [ '(SELECT DISTINCT g FROM d1 WHERE on_ UNION SELECT 30) sub3', ['sub3.g = e.k2'], ['sub3.g'], ['sub3.g'] ],
	sub4 => [ '(SELECT DISTINCT k FROM od WHERE y % 2 = 0) sub4', ['sub4.k = e.k1'], ['sub4.k'], ['sub4.k'] ],
	busy => [ 'busy', ['busy.k = e.k1'], ['busy.y::int'], ['busy.k'] ],
	sub5 => [ '(SELECT DISTINCT ON (k) k, y, s FROM wide ORDER BY k, y) sub5', ['sub5.k = e.k1'], ['sub5.y'], ['sub5.s'] ],
	sub6 => [ '(SELECT k1, min(k2) AS y FROM TWIN GROUP BY k1) sub6', ['sub6.k1 = e.k1'], ['sub6.y'], ['sub6.k1'] ],
	sub7 => [ '(SELECT max(k) AS k FROM d1) sub7', ['sub7.k = e.k1'], ['sub7.k'], ['sub7.k'] ],
	sub8 => [ '(SELECT k, y FROM none UNION SELECT k, y FROM d8 WHERE k < 40) sub8', ['sub8.k = e.k2'], ['sub8.y'], ['sub8.k'] ],
	sub9 => [ '(SELECT upper(t) AS t, count(*)::int AS y FROM dt GROUP BY 1) sub9', ['sub9.t = upper(e.t)'], ['sub9.y'], ['sub9.t'] ],
	vals => [ '(SELECT v.* FROM (VALUES (1, 2), (5, 3), (NULL, 7)) v (k, y) GROUP BY 1, 2) vals', [ 'vals.k = e.k2', 'vals.y = e.k1 % 4' ], ['vals.y'], ['vals.k'] ],
	cte => [ 'cte', ['cte.k = e.k1'], ['cte.y'], ['cte.k'] ],
	du => [ 'du', ['du.u = e.u'], ['du.y'], ['du.s'] ],
	dc => [ 'dc', ['dc.c = e.c'], ['dc.y'], ['dc.c'] ],
	dd => [ 'dd', [ 'dd.d = e.d', 'dd.b = e.b', 'dd.k2 = e.k2' ], ['dd.y'], ['dd.d'] ],
	none => [ 'none', ['none.k = e.k1'], ['none.y'], ['none.s'] ],
	pieces => [ 'pieces', ['pieces.k = e.k1'], ['pieces.y'], ['pieces.k'] ],
	wide => [ 'wide', [ pick('wide.k = e.k1', 'wide.k = e.k2 + 5') ], ['wide.y'], [ 'wide.s', 'length(wide.s)' ] ],
	d1g => [ '(d1 JOIN grp USING (g))', ['d1.k = e.k1'], [ 'd1.x', 'grp.g' ], [ 'grp.title', 'd1.kind' ] ],
);

# A number that is a parameter where the query is prepared.
sub number { return 'PARAM(' . int(rand($_[0])) . ')'; }

sub query
{
	my @names = map { pick(sort keys %sides) } 1 .. 1 + int(rand(2.4));
	my $outer = rand() < 0.05;
	my (%seen, @ints, @others, @where);
	my $from = 'TWIN e';

	@ints = ('e.k1', 'e.id', 'e.k2');
	@others = ('e.t', 'e.d', 'e.b', 'e.m');
	foreach my $name (@names)
	{
		my ($what, $on, $ints, $others) = @{ $sides{$name} };
		my $kind = rand();
		my @on = @$on;

		next if $seen{ $name =~ /^d1/ ? 'd1' : $name }++;
		if ($kind < 0.2)
		{
			my $not = pick('', 'NOT ');
			push @where, "${not}EXISTS (SELECT FROM $what WHERE " . join(' AND ', @on) . ')';
			next;
		}
		if ($kind < 0.27)
		{
			my ($theirs, $ours) = $on[0] =~ /^e/ ? reverse split(/ = /, $on[0]) : split(/ = /, $on[0]);
			push @where, "$ours " . pick('', '', '', '', 'NOT ') . "IN (SELECT $theirs FROM $what)";
			next;
		}
		push @on, pick("$ints->[0] > " . number(80), "e.id % 7 < $ints->[0] % 7", "e.b", "e.k2 <> $ints->[0]", "$ints->[0] > 40 AND $others->[0] IS NOT NULL") if rand() < 0.25;
		$from .= ($kind < 0.55 ? ' LEFT' : '') . " JOIN $what ON " . join(' AND ', @on);
		push @where, pick("$others->[0] IS NOT NULL", "$ints->[0] % 2 = 0 OR e.b", "$ints->[0] IS NULL", "e.k2 > $ints->[0] % 30",
			"$ints->[0] = " . number(60), "$ints->[0] + e.k2 > " . number(90)) if rand() < 0.35;
		# what was picked for aggregates must prefer the sides
		push @ints, @$ints, @$ints;
		push @others, @$others, @$others;
	}
	push @where, pick('e.k2 % 10 = g0.g', 'e.k2 + g0.g > 20', "$ints[-1] % 10 = g0.g") if $outer;
	push @where, pick('e.id > ' . number(25000), 'e.b', "e.ts < '2026-01-02'", 'e.k2 < 20', "e.t LIKE 'name 1%'") if rand() < 0.5;

	my $parts = rand() < 0.45;	# none that needs all rows of a group in one process
	my @aggs = map {
		my ($i, $j, $any) = (pick(@ints), pick(@ints), pick(@others));
		my $agg = $parts ? pick('count(*)', "count($any)", "sum($i)", "sum(${i}::int8 * 1000003)", "avg($i)", "min($i)", "max($j)", "sum(e.m)", "stddev($i)", "bool_and($any IS NULL)", "bit_or($i)") :
			pick('count(*)', "count($any)", "sum($i)", "sum(${i}::int8 + $j)", "avg($i)", "min($i)", "max($i)",
			"sum(e.m * coalesce($i, 1))", "count(DISTINCT $any)", "count(DISTINCT $i)", "sum(CASE WHEN e.b THEN $i ELSE $j END)",
			"bool_or($any IS NULL)", "percentile_cont(0.5) WITHIN GROUP (ORDER BY $i)", "percentile_disc(0.9) WITHIN GROUP (ORDER BY $j DESC)", "mode() WITHIN GROUP (ORDER BY $i)",
			"md5(string_agg(DISTINCT $any\::text, ',' ORDER BY $any\::text))", "md5(array_agg($i ORDER BY $i, e.id)::text)", 'sum(e.f) FILTER (WHERE e.id % 3 = 1)');
		$agg !~ /FILTER|^md5/ && rand() < 0.4 ? "$agg FILTER (WHERE " . pick('e.b', 'NOT e.b', "$j > 100", "$j % 2 = 0", 'e.k2 = 3') . ')' : $agg;
	} 1 .. 1 + rand(4);
	my $where = @where ? ' WHERE ' . join(' AND ', @where) : '';

	my $with = grep({ $_ eq 'cte' } @names) ? 'WITH cte AS MATERIALIZED (SELECT k, min(y) AS y FROM many GROUP BY k) ' : '';

	if ($outer)
	{
		my $aggs = join(', ', map { "$aggs[$_] AS a$_" } 0 .. $#aggs);
		my $sub = "SELECT $aggs FROM $from$where" . pick('', ' GROUP BY e.b', " GROUP BY $ints[-1]");

		return $with . "SELECT count(*), md5(string_agg(whole::text, '|' ORDER BY whole::text COLLATE \"C\")) FROM (SELECT g0.g, l.* FROM grp g0 "
			. pick('LEFT JOIN', 'JOIN') . " LATERAL ($sub) l ON true) whole";
	}
	return $with . 'SELECT ' . join(', ', @aggs) . " FROM $from$where" if rand() < 0.3;
	my @by = map { pick(@others, 'e.k2', $ints[-1], "$ints[-1] % 10", "date_trunc('hour', e.ts)") } 1 .. 1 + rand(2);
	my $by = join(', ', @by);
	my $group = $by;
	my $having = rand() < 0.2 ? ' HAVING count(*) > 2' : '';
	my $order = '';
	if (rand() < 0.25)
	{
		push @aggs, "grouping($by[-1])" if rand() < 0.5;
		$group = pick("ROLLUP ($by)", "CUBE ($by)", "GROUPING SETS (($by), ($by[0]), ())", "GROUPING SETS ($by)", "$by[0], ROLLUP ($by)");
	}
	elsif (rand() < 0.4)
	{
		# the first groups by an aggregate; equal ones by the keys
		my $n = @by + ($from =~ /JOIN d1 / ? 1 : 0);

		$order = ' ORDER BY ' . ($n + 1) . pick('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST') . ', '
			. join(', ', 1 .. $n) . ' LIMIT ' . pick(1, 5, 40);
	}
	# columns that depend on a key
	if ($from =~ /JOIN d1 / && ($order || rand() < 0.5))
	{
		push @aggs, pick('d1.kind', 'd1.w', 'd1.x + d1.g', 'upper(d1.kind)', 'd1.day');
		$by .= ', d1.k';
		$group .= ', d1.k';
	}
	return $with . "SELECT count(*), md5(string_agg(whole::text, '|' ORDER BY whole::text COLLATE \"C\")) FROM (SELECT $by, "
		. join(', ', @aggs) . " FROM $from$where GROUP BY $group$having$order) whole";
}

# The olap table on the side that is only looked at, or the one that may be missing.
sub inner_query
{
	my $name = pick(qw(d1 d8 dt dn d12 many none wide sub3 sub6 d1g));
	my ($what, $on, $ints, $others) = @{ $sides{$name} };
	my $more = pick('', ' AND e.b', ' AND e.k2 < ' . number(40), " AND e.id % 5 = $ints->[0] % 5");
	my ($theirs, $ours) = $on->[0] =~ /^e/ ? reverse split(/ = /, $on->[0]) : split(/ = /, $on->[0]);
	my $in = rand() < 0.6 ? "$theirs IN (SELECT $ours FROM TWIN e WHERE true$more)" :
		pick('', 'NOT ') . 'EXISTS (SELECT FROM TWIN e WHERE ' . join(' AND ', @$on) . "$more)";
	my $aggs = "count(*), sum($ints->[0]), count(DISTINCT $others->[0])";

	return pick(
		"SELECT $aggs FROM $what WHERE $in",
		"SELECT $aggs FROM $what JOIN grp g1 ON g1.g = $ints->[0] % 10 WHERE $in",
		"SELECT $aggs, sum(f.k2) FROM $what JOIN TWIN f ON f.k2 = $ints->[0] WHERE $in",
		"SELECT $aggs, sum(e.k2) FROM TWIN e " . pick('RIGHT', 'FULL') . " JOIN $what ON " . join(' AND ', @$on),
		"SELECT $aggs, sum(e.k2) FROM (SELECT DISTINCT k1, k2, k8, t, n, v FROM TWIN) e JOIN $what ON " . join(' AND ', @$on));
}

my @queries = map { rand() < 0.1 ? inner_query() : query() } 1 .. $queries;

sub answers
{
	my ($table, $settings, $prefix, $later) = @_;
	my $script = "\\set VERBOSITY sqlstate\nSET ROLE reader; SET max_parallel_workers_per_gather = 0;\n$settings\n";
	for my $i (0 .. $#queries)
	{
		(my $q = $queries[$i]) =~ s/\bTWIN\b/$table/g;
		my @params;

		$script .= "\\echo query $i\n";
		if (!defined $later)
		{
			$q =~ s/PARAM\((\d+)\)/$1/g;
			$script .= "$prefix$q;\n";
			next;
		}
		# planned by EXPLAIN, run behind the settings of $later
		$q =~ s/PARAM\((\d+)\)/push(@params, $1); '$' . @params . '::int'/ge;
		my $run = 'EXECUTE q' . (@params ? '(' . join(', ', @params) . ')' : '');
		$script .= "PREPARE q AS $q;\n\\o /dev/null\nEXPLAIN $run;\n\\o\n$later\n$run;\nRESET work_mem; RESET hash_mem_multiplier;\nDEALLOCATE q;\n";
	}
	return psql_answers($node, $script);
}

my @truth = answers('h', '', '');
is(scalar(@truth), $queries, 'the heap answers every query');
cmp_ok(scalar(grep { /ERROR/ } @truth), '<', $queries / 20, 'most queries are sound');

my $ours = 'SET enable_nestloop = off; SET enable_hashagg = off; SET enable_indexscan = off; SET enable_bitmapscan = off;';
my @plans = answers('o', $ours, 'EXPLAIN ');
cmp_ok(scalar(grep { /Vector Joins/ } @plans), '>', $queries / 4, 'OlapAgg joins in many of them');
cmp_ok(scalar(grep { /Vector Joins/ && /Top Groups/ } @plans), '>', $queries / 100, 'below a LIMIT in some');
cmp_ok(scalar(grep { /Vector Joins/ && /Grouping Sets/ } @plans), '>', $queries / 50, 'below grouping sets in some');

@plans = answers('p', $ours, 'EXPLAIN ');
cmp_ok(scalar(grep { /Vector Joins/ } @plans), '>', $queries / 4, 'OlapAgg joins partitions in many of them');

# sums of the floats are exact, so workers may add them
my $workers = "$ours SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET olap.parallel_float_aggregates = on;";
@plans = answers('o', $workers, 'EXPLAIN ');
cmp_ok(scalar(grep { /Gather.*Parallel Custom Scan \(OlapAgg\).*Vector Joins/s } @plans), '>', $queries / 50, 'in workers in some');

foreach my $way (
	[ 'the plans of default settings', '' ],
	[ 'joins in vectors', $ours ],
	[ 'joins in vectors, groups in little memory', "$ours SET work_mem = '256kB'; SET hash_mem_multiplier = 1;" ],
	[ 'prepared queries', "$ours SET plan_cache_mode = force_generic_plan;", '' ],
	[ 'prepared queries that lose their memory', "$ours SET plan_cache_mode = force_generic_plan;", "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;" ],
	[ 'joins of partitions in vectors', $ours, undef, 'p' ],
	[ 'joins of partitions in vectors, groups in little memory', "$ours SET work_mem = '256kB'; SET hash_mem_multiplier = 1;", undef, 'p' ],
	[ 'joins with parallel workers', $workers ],
	[ 'joins of workers alone', "$workers SET parallel_leader_participation = off;" ],
	[ 'prepared joins of workers that lose their memory', "$workers SET plan_cache_mode = force_generic_plan;", "SET work_mem = '64kB'; SET hash_mem_multiplier = 1;" ],
	[ 'joins by rows', 'SET olap.enable_vector_agg = off;' ])
{
	my ($name, $settings, $later, $table) = @$way;
	my @got = answers($table // 'o', $settings, '', $later);

	is_answers(\@queries, \@truth, \@got, "$queries answers by $name are the heap's");
}

$node->stop;
done_testing();
