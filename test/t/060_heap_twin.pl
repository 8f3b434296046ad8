# Heap is the oracle: random queries give the same answer on an olap table as on
# a heap table with the same rows, through the vectorized scan and aggregation, in
# parallel workers, over partitions, and without either. SEED repeats a run, QUERIES lengthens it; with
# ROWS=2500 (of the largest INSERT, 25000) tens of thousands take minutes. WAYS, a
# regular expression, picks some of the ways by name: those with parallel workers take
# most of the time.
use strict;
use warnings;

use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $seed = $ENV{SEED} || 20260101;
my $queries = $ENV{QUERIES} || 200;
my $ways = $ENV{WAYS} || '.';
my $sets = $ENV{SETS} || 0.1;	# part of the queries that have grouping sets
srand($seed);
note "SEED=$seed QUERIES=$queries";

my $node = olap_node('main', q(
timezone = 'UTC'
log_min_duration_statement = 5000
));
$node->safe_psql('postgres', 'CREATE EXTENSION olap');

# Columns of the kinds that have a kernel, a codec or a trap of their own. Floats
# are multiples of 1/4, so that their sums do not depend on the order.
my $columns = <<'EOT';
  id int NOT NULL, ts timestamptz NOT NULL, b bool, i2 int2, i4 int4, i8 int8,
  f4 float4, f8 float8, n6 numeric(12,6), n numeric, t text, tc text COLLATE "C",
  v varchar(20), c char(6), d date, u uuid, j jsonb, a int[], iv interval, by bytea
EOT

# k: a row's pseudo-random number; every expression is NULL now and then.
my $rows = <<'EOT';
SELECT g, timestamptz '2026-01-01' + g * interval '10 seconds',
  CASE k % 7 WHEN 0 THEN NULL ELSE k % 3 = 0 END,
  CASE WHEN k % 11 <> 0 THEN k % 200 - 100 END,
  CASE WHEN k % 13 <> 0 THEN k % 100000 - 50000 END,
  CASE WHEN k % 17 <> 0 THEN (k::int8 - 500000) * 10000000000 END,
  CASE k % 19 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' WHEN 3 THEN 'Infinity' ELSE (k % 1000) / 4.0 END,
  CASE k % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' WHEN 3 THEN '-Infinity' ELSE (k % 5000) / 4.0 END,
  CASE k % 29 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' ELSE (k % 1000000) / 1000.0 - 300 END,
  CASE k % 31 WHEN 0 THEN NULL WHEN 1 THEN 1.50 WHEN 2 THEN 1.5 WHEN 3 THEN 1e30 ELSE k % 100 END,
  CASE WHEN k % 5 <> 0 THEN 'word ' || k % 50 END,
  CASE WHEN k % 7 <> 0 THEN chr(65 + k % 26) || k % 9 END,
  CASE WHEN k % 3 <> 0 THEN left(md5((k % 400)::text), k % 20) END,
  CASE WHEN k % 6 <> 0 THEN (ARRAY['', 'a', 'a ', 'ab', 'B'])[1 + k % 5] END,
  CASE WHEN k % 37 <> 0 THEN date '2025-12-01' + k % 90 END,
  CASE WHEN k % 41 <> 0 THEN md5((k % 3000)::text)::uuid END,
  CASE WHEN k % 4 <> 0 THEN jsonb_build_object('k', k % 10) END,
  CASE WHEN k % 9 <> 0 THEN ARRAY[k % 3, NULL, k % 5] END,
  CASE WHEN k % 8 <> 0 THEN (k % 60) * interval '1 hour' END,
  CASE WHEN k % 10 <> 0 THEN decode(md5((k % 70)::text), 'hex') END
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k
      FROM generate_series(FIRST, LAST) g) s
EOT

$node->safe_psql('postgres', "CREATE TABLE h ($columns);
	CREATE TABLE o ($columns) USING olap
	  WITH (time_column = 'ts', segment_interval = '1 day');");
# The same rows in partitions, one of which has its columns in another order.
my $share = POSIX::ceil(10000 * ($ENV{ROWS} || 25000) / 25000);
my $turned = join(', ', reverse split(/,(?!6\))/, $columns));
$node->safe_psql('postgres', "CREATE TABLE p ($columns) PARTITION BY RANGE (id);
	CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO ($share) USING olap;
	CREATE TABLE p2 (gone int, $turned) USING olap;
	ALTER TABLE p2 DROP gone;
	ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM ($share) TO (2 * $share);
	CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (2 * $share) TO (MAXVALUE) USING olap;");
# Large batches become segments, small ones stay rows; some rows of a
# transaction that failed lie in between.
my $next = 1;
my $scale = ($ENV{ROWS} || 25000) / 25000;
foreach my $batch (25000, 1, 30, 8000, 5, 300)
{
	my $end = $next + POSIX::ceil($batch * $scale) - 1;
	(my $sql = $rows) =~ s/FIRST, LAST/$next, $end/;
	$node->safe_psql('postgres',
		"INSERT INTO h $sql; BEGIN; INSERT INTO o $sql; ROLLBACK; INSERT INTO o $sql; INSERT INTO p $sql;");
	$next = $end + 1;
	# a small batch is no segment of itself
	$node->safe_psql('postgres', "CALL olap.compact('o')") if $batch == 8000 && $scale < 1;
}
$node->safe_psql('postgres', 'DELETE FROM h WHERE id % 89 = 7; DELETE FROM o WHERE id % 89 = 7; DELETE FROM p WHERE id % 89 = 7; ANALYZE h; ANALYZE o; ANALYZE p');
my $last = $next - 1;

cmp_ok($node->safe_psql('postgres', q(SELECT count(*) FROM olap.segments('o'))),
	'>=', $scale < 1 ? 1 : 3, 'the table has segments');

sub pick { return $_[ int(rand(@_)) ]; }

# Literals of each column: values that occur, that do not, and the edges.
my %literals = (
	id => sub { int(rand($last * 1.2)) },
	ts => sub { "timestamptz '2026-01-01' + " . int(rand($last * 11)) . " * interval '1 second'" },
	i2 => sub { pick(-100, 0, 99, 150, int(rand(200)) - 100) },
	i4 => sub { pick(0, 49999, -50000, 70000, int(rand(100000)) - 50000) },
	i8 => sub { pick(0, 5, '9223372036854775807', (int(rand(1000000)) - 500000) . '0000000000') },
	f4 => sub { pick("'NaN'::float4", '0', "'Infinity'::float4", '12.25', int(rand(1000)) / 4) },
	f8 => sub { pick("'NaN'::float8", '-0.0::float8', '3.75', int(rand(5000)) / 4) },
	n6 => sub { pick("'NaN'::numeric", '0', '-300', '12.345', int(rand(1000000)) / 1000 - 300, '0.0000001') },
	n => sub { pick('1.5', '1.500', '1e30', int(rand(100))) },
	t => sub { pick("'word " . int(rand(60)) . "'", "''", "'word'", "'zzz'") },
	tc => sub { pick("'" . chr(65 + rand(26)) . int(rand(9)) . "'", "'A'", "'Z9'") },
	v => sub { pick("''", "'c4'", "'" . sprintf('%x', rand(256)) . "'") },
	c => sub { pick("''", "'a'", "'a '", "'ab'", "'b'") },
	d => sub { "date '2025-12-01' + " . int(rand(100)) },
	u => sub { "md5('" . int(rand(4000)) . "')::uuid" },
	iv => sub { int(rand(70)) . " * interval '1 hour'" },
	by => sub { "decode(md5('" . int(rand(80)) . "'), 'hex')" },
);
my @orderable = sort keys %literals;

sub predicate
{
	my $depth = shift;
	my $roll = rand();
	my $col = pick(@orderable);

	if ($depth > 0 && $roll < 0.45)
	{
		my $op = pick('AND', 'AND', 'OR');
		return '(' . predicate($depth - 1) . " $op " . predicate($depth - 1) . ')';
	}
	return 'NOT (' . predicate($depth - 1) . ')' if $depth > 0 && $roll < 0.52;
	return pick('b', 'NOT b', 'b IS TRUE', 'b IS NOT FALSE', 'b IS NULL') if $roll < 0.57;
	return "$col IS " . pick('NULL', 'NOT NULL') if $roll < 0.62;
	return "$col IN (" . join(', ', map { $literals{$col}->() } 1 .. 1 + rand(5)) . ')' if $roll < 0.70;
	return "$col NOT IN (" . join(', ', map { $literals{$col}->() } 1 .. 1 + rand(3)) . ')' if $roll < 0.73;
	return "$col BETWEEN " . $literals{$col}->() . ' AND ' . $literals{$col}->() if $roll < 0.80;
	return "$col IS " . pick('', 'NOT ') . 'DISTINCT FROM ' . $literals{$col}->() if $roll < 0.83;
	return pick('t', 'v', 'tc') . pick(' LIKE ', ' NOT LIKE ') . pick("'word 1%'", "'%3'", "'A_'", "'%'", "''") if $roll < 0.88;
	return pick("j->>'k' = '3'", "j \@> '{\"k\": 1}'", 'a[1] = 2', 'i4 % 7 = 2',
		'i2 + i4 > 10', 'length(v) > 5', 'i2 = id', 'i4 < i8', 'f4 = f8', 'n6 > i2',
		"ts::date = d + 31", "extract(hour FROM ts) = 5", "lower(tc) = 'a1'",
		'i2 < 2.5', 'i8 > 1e15', 'coalesce(i2, 0) = 0',
		'ts ' . pick('<', '>=') . " date '2026-01-01' + " . int(rand(4)), "ts >= timestamp '2026-01-02 03:04'",
		'ts::date ' . pick('=', '<>', '<=') . " date '2026-01-01' + " . int(rand(4)), "d > timestamptz '2026-01-15 12:00'") if $roll < 0.94;
	return "$col " . pick('=', '=', '<>', '<', '<=', '>', '>=') . ' ' . $literals{$col}->();
}

my @selections = (
	'count(*)',
	'count(*), count(i2), sum(i4), sum(i8), avg(i2)',
	'sum(n6), avg(n6), sum(n), min(n6), max(n6)',
	'sum(f4), sum(f8), min(f4) + 0, max(f4) + 0, min(f8) + 0, max(f8) + 0',
	'min(ts), max(ts), min(d), max(d), min(id), max(id)',
	'min(t), max(t), min(tc), max(tc), min(c), max(v)',
	'bool_and(b), bool_or(b), count(DISTINCT t), count(DISTINCT i2)',
	q(md5(string_agg(o.*::text, '|' ORDER BY id))),
	q(md5(string_agg(concat_ws(',', t, i4, n6, u, by), '|' ORDER BY id))),
	'count(*) FILTER (WHERE b), sum(i4) FILTER (WHERE i2 > 0)',
);
# Over values in order; of those that look different and are equal any may be taken.
sub ordered_aggregate
{
	my $int = shift;
	my $fraction = pick(0, 1, 0.5, 0.25, 0.9, 'NULL::float8', 'ARRAY[0.1, NULL, 0.7, 1]', rand(), 1 + rand(0.05));
	my $single = $fraction =~ /ARRAY/ ? rand() : $fraction;
	my $dir = pick('', '', ' DESC');

	return pick(
		"percentile_cont($fraction) WITHIN GROUP (ORDER BY $int$dir)",
		"percentile_cont($single) WITHIN GROUP (ORDER BY " . pick('f4', 'f8', 'n6', 'f8 / 4') . "$dir) + 0",
		"percentile_cont($fraction) WITHIN GROUP (ORDER BY iv$dir)",
		"percentile_disc($fraction) WITHIN GROUP (ORDER BY " . pick($int, qw(t tc v c d ts u iv by b n6)) . "$dir)",
		"percentile_disc($single) WITHIN GROUP (ORDER BY " . pick('f4', 'f8') . "$dir) + 0",
		"mode() WITHIN GROUP (ORDER BY " . pick($int, qw(t tc v c d u iv b n6), 'i4 / 1000', 'ts::date') . "$dir)",
		"mode() WITHIN GROUP (ORDER BY " . pick('f4', 'f8') . "$dir) + 0",
		'array_agg(' . pick($int, 't', 'ts') . ' ORDER BY ' . pick('id', 't', 'i2', 'ts', 'f8') . "$dir, id)",
		"string_agg(t, ',' ORDER BY id$dir)", "(array_agg(t ORDER BY ts$dir))[1]",
		"string_agg(DISTINCT t, ',')", "array_agg(DISTINCT i2 ORDER BY i2$dir)",
		'sum(DISTINCT i4::float8)', 'avg(DISTINCT i2::float4)');
}

# First and last by a time without ties. Values are shown as they are stored.
sub by_time
{
	my $value = shift;
	my $time = pick('id', '-id', 'ts', '(id * 7919::int8) % 1000003', "timestamp '2020-01-01' + id * interval '1 second'",
		"date '1950-01-01' + id", 'CASE WHEN i2 > 0 THEN id END', 'id::numeric', "CASE WHEN b THEN ts END", 'id::text COLLATE "C"');

	return 'olap.' . pick('first', 'last') . "($value, $time)";
}

# One aggregate: [expression]. Variances of floats depend on the order of rows in
# their last digits, so they are rounded.
sub aggregate
{
	my $int = pick('i2', 'i4', 'i8', 'id', 'i4 % 100', 'i2 + 1', 'length(t)', 'i4 / 7');
	my $float = pick('f4', 'f8', 'i4::float8', 'f8 / 4');
	my $any = pick(qw(b i2 i4 i8 f4 f8 n6 n t tc v c d ts u iv by), 'left(t, 6)', 'ts::date');
	my $numeric = pick('n6', 'n', 'n6 * 2', 'i4::numeric(12,2)', 'n6 + i2');
	my $agg = pick(
		'count(*)', "count($any)", "sum($int)", "avg($int)", "sum($numeric)", "avg($numeric)",
		"sum($float)", "min($int)", "max($int)", "trim_scale(min($numeric))", "max($float) + 0",
		'min(ts)', 'max(d)', 'min(tc)', 'max(v)', 'min(t COLLATE "C")', 'max(iv)',
		pick('min', 'max') . '(' . pick('t', 'tc', 'v', 'c', "left(v, 3)", 't || v') . pick('', '', ' COLLATE "und-x-icu"', ' COLLATE "C"') . ')',
		'count(DISTINCT ' . pick('i2', 'i4 % 50', 't', 'tc', 'd', 'b', 'u', 'n', 'f4', 'c',
			'id', 'id / 3', 'i4', 'i8', 'ts', 'f8', 'n6', 'v', 'by', 'id::int8 << 40', 'id - i2', 'iv', 'i2 * iv', 'ts::timetz') . ')',
		'sum(DISTINCT i4)', 'avg(DISTINCT n6)', 'stddev(DISTINCT id / 2)', 'bool_and(b)', 'bool_or(i4 > 0)',
		pick('var_pop', 'var_samp', 'stddev_pop', 'stddev_samp') . '(' . pick($int, $numeric) . ')',
		ordered_aggregate($int), ordered_aggregate($int), ordered_aggregate($int),
		by_time($any), by_time($numeric),
		"bit_or($int)", 'length(string_agg(t, \'\'))', 'sum(iv)', 'array_length(array_agg(i2), 1)');
	return $agg if $agg =~ / \+ 0$/ || $agg =~ /^(length|array_length|trim_scale|\(array_agg)/ || rand() < 0.7;
	my $filter = pick('b', 'i2 > 0', "t LIKE 'word 1%'", 'i4 IS NULL', 'id % 3 = 0', 'n6 > 100 OR b');
	return 'sum(1000 / i2) FILTER (WHERE i2 <> 0)' if rand() < 0.1;
	return "$agg FILTER (WHERE $filter)";
}

# Equal values that look different (1.5 and 1.50, 0 and -0) are shown as one:
# which of them stands for a group is up to the plan. A cast is not named as its
# column is, which ORDER BY would take for the column.
my @groups = ('t', 'b', 'i2', 'c', 'tc', 'd', q(date_trunc('hour', ts)), 'f4', 'n', 'b, t', 'left(v, 1)',
	'id', 'i4 % 100', 'u', 'i2, tc, b', q(j->>'k'), 'i4 IS NULL', 'i8', 'n6, d', 'by', 'iv', 'coalesce(t, v)',
	'extract(hour FROM ts)', 'CASE WHEN i4 > 0 THEN t ELSE tc END', 'id / 10, b', 'v, i2',
	'i4, i4 + 1, i4 % 7 = 2', 't, length(t), i2', 'i2 * iv, b', 'ts::timetz', 'i4::bit(9), c', q(set_masklen('10.0.0.0'::inet, abs(i2 % 33))), 'd + 1, d', 'id, 1000 / id, id % 10', 'n, n::int, i2 > 0, i2');
my %shown = ('i2 * iv, b' => 'justify_interval(i2 * iv) AS span, b', f4 => 'f4 + 0', n => 'trim_scale(n)', 'n, n::int, i2 > 0, i2' => 'trim_scale(n), n::int AS whole, i2 > 0, i2', 'n6, d' => 'trim_scale(n6), d');

# ORDER BY an aggregate or the keys, in the end the keys, and LIMIT.
sub top_of
{
	my $by = shift;
	my $key = pick('count(*)', 'count(i2)', 'sum(i4)', 'sum(n6)', 'sum(f8)', 'avg(i4)', 'avg(i8)', 'avg(n6)', 'avg(n)', 'avg(f8)', 'avg(f4)',
		'max(ts)', 'min(d)', 'max(f8)', 'min(n6)', 'sum(i2) FILTER (WHERE b)', 'count(DISTINCT tc)', split(/, (?![^(]*\))/, $by));
	return " ORDER BY $key" . pick('', ' DESC', ' DESC NULLS LAST', ' NULLS FIRST') . ", $by LIMIT " . pick(1, 5, 20, 300) . pick('', '', ' OFFSET 3');
}

# Groups with random aggregates; of many groups, a digest.
sub grouped_query
{
	my $by = pick(@groups);
	my $show = $shown{$by} // $by;
	my $aggs = join ', ', map { aggregate() } 1 .. 1 + rand(4);
	my $having = rand() < 0.3 ? ' HAVING ' . pick('count(*) > 2', 'max(i4) > 0', 'sum(i2) < 100 OR count(b) = 0') : '';
	my $sql = "FROM TWIN o WHERE " . predicate(2);

	return "SELECT DISTINCT $show $sql ORDER BY " . $show =~ s/ AS \w+//r . ' LIMIT 100' if rand() < 0.1;
	$sql = "SELECT $show, $aggs $sql GROUP BY $by$having";
	return "SELECT count(*), md5(string_agg(s::text, '|')) FROM ($sql" . top_of($by) . ') s' if rand() < 0.4;
	return "SELECT count(*), md5(string_agg(s::text, '|' ORDER BY s::text COLLATE \"C\")) FROM ($sql) s";
}

# Grouping sets over keys that look the same when they are equal.
sub sets_query
{
	my @pool = ('t', 'b', 'i2', 'tc', 'd', 'u', 'id % 10', 'left(v, 1)', 'i4 IS NULL', q(date_trunc('hour', ts)),
		'coalesce(t, v)', 'i4 % 100', 'id / 10', 'v', 'extract(hour FROM ts)', 'iv');
	my %keys = map { pick(@pool) => 1 } 1 .. 1 + rand(4);
	my @keys = sort keys %keys;
	my $subset = sub { '(' . join(', ', grep { rand() < 0.5 } @keys) . ')' };
	my $all = join ', ', @keys;
	my $by = pick("ROLLUP ($all)", "CUBE ($all)", "GROUPING SETS (($all), ())",
		'GROUPING SETS (' . join(', ', "($all)", map { $subset->() } 1 .. 1 + rand(4)) . ')',
		'GROUPING SETS (' . join(', ', map({ "($_)" } @keys), $subset->(), $subset->()) . ')',
		"ROLLUP ($all), GROUPING SETS (($keys[0]), ())", "$keys[0], CUBE ($all)",
		"DISTINCT ROLLUP ($all), CUBE ($keys[0])");
	my @aggs = map { aggregate() } 1 .. 1 + rand(3);
	# of those, all can be rolled up
	@aggs = map { pick('count(*)', 'count(i2)', 'sum(i4)', 'avg(i8)', 'sum(n6)', 'avg(n)', 'sum(i8 * 3)', 'max(t)', 'min(ts)', 'max(f8) + 0',
		'trim_scale(min(n))', 'bool_or(b)', 'stddev(n6)', 'variance(i8)', 'min(v) FILTER (WHERE b)', 'sum(n) FILTER (WHERE i2 > 50)',
		'approx_count_distinct(u)') } 1 .. 1 + rand(4) if rand() < 0.6;
	my $grouping = 'grouping(' . join(', ', reverse @keys) . ')';
	my $where = pick(predicate(2), predicate(1), 'true', 'true', 'id < 0');
	my $having = rand() < 0.3 ? ' HAVING ' . pick('count(*) > 2', "$grouping > 0", "max(i4) > 0 OR grouping($keys[0]) = 1") : '';

	return 'SELECT count(*), md5(string_agg(s::text, \'|\' ORDER BY s::text COLLATE "C")) FROM (SELECT '
		. join(', ', $all, "$grouping AS g", @aggs) . " FROM TWIN o WHERE $where GROUP BY $by$having) s";
}

sub query
{
	my $where = predicate(2);
	my $roll = rand();

	return sets_query() if rand() < $sets;
	return grouped_query() if $roll < 0.35;
	return 'SELECT ' . join(', ', map { aggregate() } 1 .. 1 + rand(6)) . " FROM TWIN o WHERE $where" if $roll < 0.5;
	return 'SELECT ' . pick(@selections) . " FROM TWIN o WHERE $where" if $roll < 0.75;
	if ($roll < 0.87)
	{
		my $by = pick(@groups);
		my $show = $shown{$by} // $by;
		return "SELECT $show, count(*), sum(i4), min(ts), max(n6) FROM TWIN o WHERE $where GROUP BY $by ORDER BY $by LIMIT 50";
	}
	my $col = pick(@orderable);
	return "SELECT id, $col FROM TWIN o WHERE $where ORDER BY $col " . pick('', 'DESC') . ', id LIMIT ' . pick(1, 10, 100)
		if $roll < 0.95;
	return "SELECT count(*), sum(xi4) FROM TWIN o JOIN (SELECT id AS xid, i4 AS xi4 FROM TWIN) x ON xid = i4 WHERE $where";
}

my @queries = map { query() } 1 .. $queries;

sub answers
{
	my ($table, $settings) = @_;
	# A join whose outer side was estimated at one row would scan the inner side
	# thousands of times, which is not what is tested here.
	my $script = "\\set VERBOSITY sqlstate\nSET enable_nestloop = off;\n$settings\n";
	for my $i (0 .. $#queries)
	{
		(my $q = $queries[$i]) =~ s/\bTWIN\b/$table/g;
		$script .= "\\echo query $i\n$q;\n";
	}
	my ($out, $err);
	IPC::Run::run([ 'psql', '-XAqt', '-d', $node->connstr('postgres'), '-f', '-' ],
		'<', \$script, '>', \$out, '2>&1');
	# the settings above may have several lines
	$out =~ s/^psql:<stdin>:\d+: //gm;
	my @answers = split /^query \d+\n/m, $out, -1;
	shift @answers;
	return @answers;
}

my $parallel = 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;';
my $begin = time;
my @truth = answers('h', '');
note 'heap: ', time - $begin, ' s';
is(scalar(@truth), $queries, 'the heap answers every query');
cmp_ok(scalar(grep { /^ERROR/m } @truth), '<', $queries / 10, 'most queries are sound');

# Aggregates in vectors: also where PostgreSQL would take another plan, and with
# memory for few groups.
# Rows in an order that a scan has, below a LIMIT, are not all computed: an error that one of them
# would raise (n::int of 1e30) need not come.
sub is_left_out
{
	my ($query, $truth, $got) = @_;
	return $truth =~ /^ERROR:  22/ && $got !~ /^ERROR/ && $query =~ /\bLIMIT\b/;
}

my $serial = 'SET max_parallel_workers_per_gather = 0; SET enable_hashagg = off; SET enable_indexscan = off;';
foreach my $way (
	[ 'the vectorized scan', '' ],
	[ 'vectorized aggregation', $serial ],
	[ 'vectorized aggregation in little memory', "$serial SET work_mem = '64kB'; SET hash_mem_multiplier = 1;" ],
	[ 'vectorized aggregation of partitions', $serial, 'p' ],
	[ 'vectorized aggregation of partitions in little memory', "$serial SET work_mem = '64kB'; SET hash_mem_multiplier = 1;", 'p' ],
	[ 'aggregation by rows', 'SET olap.enable_vector_agg = off;' ],
	[ 'parallel workers', $parallel ],
	[ 'parallel workers over partitions', $parallel, 'p' ],
	[ 'sums of floats in parallel workers', "$parallel SET olap.parallel_float_aggregates = on;" ],
	[ 'the plain scan', 'SET olap.enable_scan = off;' ])
{
	my ($name, $settings, $table) = @$way;
	next if $name !~ /$ways/;
	my $start = time;
	my @got = answers($table // 'o', $settings);
	note "$name: ", time - $start, ' s';

	is_answers(\@queries, \@truth, \@got, "$queries answers through $name are the heap's", \&is_left_out);
}

$node->stop;
done_testing();
