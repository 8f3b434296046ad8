# Heap is the oracle of bitmap indexes: random trees of AND, OR, NOT over comparisons,
# IN, BETWEEN, LIKE, IS NULL, IS DISTINCT FROM and IS TRUE find the rows that they find in a
# heap table, over columns with and without an index, in segments with indexes, in older
# ones without, in columns added later, in deleted rows and rows not in segments yet.
# SEED repeats a run, QUERIES lengthens it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $seed = $ENV{SEED} || 20261126;
my $queries = $ENV{QUERIES} || 120;
srand($seed);
note "SEED=$seed QUERIES=$queries";

my $node = olap_node('main', q(
timezone = 'UTC'
olap.maintenance = off
jit = off
), extra => ['--locale=C', '--encoding=UTF8']);

# Few values and many, common and rare, with dictionaries and without, with few, many and no
# NULLs; rows of one row group are of all kinds.
my $rows = <<'EOT';
SELECT g AS id, timestamptz '2026-01-01' + g * interval '5 seconds' AS ts, k % 60000 AS many,
  CASE WHEN k % 997 <> 0 THEN (CASE WHEN k % 40 = 0 THEN k / 40 % 500 ELSE k % 3 END) END AS i4,
  CASE WHEN k % 5 <> 0 THEN (k / 7 % 300 - 150)::int2 END AS i2, CASE WHEN k % 2003 = 0 THEN (k % 90)::int8 * 10000000000 END AS i8,
  CASE WHEN k % 31 = 0 THEN 'rare ' || chr(65 + k / 31 % 26) || k / 31 % 90 ELSE 'common' || k % 4 END AS t,
  ('v' || k % 400)::varchar(10) AS v, CASE k % 700 WHEN 0 THEN '-0'::float8 WHEN 1 THEN 0 WHEN 2 THEN 'NaN' WHEN 3 THEN 'inf' ELSE (k % 350) / 4.0 END AS f,
  ((k % 500) / 8.0)::float4 AS f4, CASE WHEN k % 1501 <> 0 THEN (k / 3 % 333) / 100.0 END::numeric(8,2) AS n,
  CASE WHEN k % 3001 = 0 THEN 'NaN' ELSE k % 250 / 10.0 END::numeric(6,1) AS m,
  date '2026-01-01' + (k / 11 % 360) AS d, k % 300 = 0 AS b, md5((k % 800)::text)::uuid AS u, ('\x' || md5((k % 600)::text))::bytea AS y,
  CASE WHEN k % 41 <> 0 THEN (k % 200 + 2000000000)::oid END AS o, ('name ' || k % 300) AS c, ('N' || k % 200) AS nd, k % 500 AS late, k % 90 AS plain
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k FROM generate_series(FIRST, LAST) g) s
EOT
my @cols = qw(id ts many i4 i2 i8 t v f f4 n m d b u y o c nd late plain);

sub insert
{
	my ($table, $first, $last) = @_;
	(my $sql = $rows) =~ s/FIRST, LAST/$first, $last/;
	return "INSERT INTO $table $sql;";
}
(my $none = $rows) =~ s/FIRST, LAST/1, 0/;

$node->safe_psql('postgres', <<EOT);
CREATE EXTENSION olap;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE h AS $none;
ALTER TABLE h ALTER n TYPE numeric(8,2), ALTER m TYPE numeric(6,1), ALTER c TYPE text COLLATE "C", ALTER nd TYPE text COLLATE nocase;
ALTER TABLE h DROP late;
CREATE TABLE o (LIKE h) USING olap WITH (time_column = 'ts', segment_interval = '40 days');
EOT
# The first segment has no indexes, and no column "late".
my @batches = ([ 1, 30000 ], [ 30001, 170000 ], [ 170001, 170060 ], [ 170061, 200000 ]);
(my $early = $rows) =~ s/k % 500 AS late, //;
my $next = 1;
foreach my $table (qw(h o))
{
	(my $sql = $early) =~ s/FIRST, LAST/1, 30000/;
	my $indexes = $table eq 'h' ? '' : "ALTER TABLE o SET (bitmap = 'many, i4, i2, i8, t, v, f, f4, n, m, d, b, u, y, o, c, nd, late');";
	my $later = join('', map { insert("$table (" . join(', ', @cols) . ')', @$_) } @batches[ 1 .. 3 ]);
	$node->safe_psql('postgres', <<EOT);
INSERT INTO $table $sql;
ALTER TABLE $table ADD late int DEFAULT 7, ADD gone int DEFAULT 1;
$indexes
$later
ALTER TABLE $table DROP gone;
DELETE FROM $table WHERE id % 83 = 7;
UPDATE $table SET i4 = NULL, t = 'rare A1' WHERE id % 5003 = 9;
ANALYZE $table;
EOT
}

sub pick { return $_[ int(rand(@_)) ]; }

# constants that are there, are not, and are of another type or scale
my %constants = (
	id => sub { int(rand(200000)) }, ts => sub { "timestamptz '2026-01-01' + " . int(rand(1000000)) . " * interval '1 s'" },
	many => sub { int(rand(60500)) }, i4 => sub { pick(int(rand(3)), int(rand(520)), int(rand(500)) . '::bigint', 'NULL') },
	i2 => sub { int(rand(310)) - 155 }, i8 => sub { int(rand(95)) . '0000000000' },
	t => sub { "'" . pick('common' . int(rand(4)), 'rare ' . chr(65 + int(rand(26))) . int(rand(90)), 'rare A1', 'x') . "'" },
	v => sub { "'v" . int(rand(410)) . "'" }, f => sub { pick("'-0'", "'NaN'", "'inf'", 0, int(rand(350)) / 4, int(rand(90)) . '::float4') },
	f4 => sub { pick(int(rand(500)) / 8, int(rand(60)) . '::float8') },
	n => sub { pick(int(rand(333)) / 100, int(rand(4)) . '.000', int(rand(333)) / 100 . '5', 99999999999) },
	m => sub { pick(int(rand(250)) / 10, int(rand(25)) . '.00', "'NaN'") },
	d => sub { pick("date '2026-01-01' + " . int(rand(365)), "timestamp '2026-03-0" . (1 + int(rand(9))) . " 12:00'", "'infinity'::date") },
	b => sub { pick('true', 'false') }, u => sub { "md5('" . int(rand(820)) . "')::uuid" },
	y => sub { "('\\x' || md5('" . int(rand(620)) . "'))::bytea" }, o => sub { 2000000000 + int(rand(210)) },
	c => sub { "'name " . int(rand(310)) . "'" }, nd => sub { pick("'N", "'n") . int(rand(210)) . "'" },
	late => sub { pick(7, int(rand(510))) }, plain => sub { int(rand(95)) });
my %lists = map { $_ => 1 } qw(many i4 i2 i8 t v f n m u o c nd late);

sub test
{
	my $col = pick(@cols);
	my $constant = $constants{$col};
	my $kind = rand();

	return pick("$col IS NULL", "$col IS NOT NULL") if $kind < 0.12;
	return "$col " . pick('', '', 'NOT ') . "IN (" . join(', ', map { $constant->() } 1 .. 1 + int(rand(pick(3, 8, 60)))) . ')' if $kind < 0.3 && $lists{$col};
	return "$col " . pick('', 'NOT ') . 'BETWEEN ' . $constant->() . ' AND ' . $constant->() if $kind < 0.45;
	return "$col " . pick('', 'NOT ') . "LIKE '" . pick('rare B%', 'rare _1%', 'common%', '%9', 'v3%', 'name 1_', 'rare A1') . "'" if $kind < 0.55 && $col =~ /^(t|v|c)$/;
	return pick("starts_with($col, 'rare Q')", "starts_with($col, 'v1')", "$col ^\@ 'name 2'") if $kind < 0.58 && $col =~ /^(t|v|c)$/;
	return pick("$col", "NOT $col", "$col IS TRUE", "$col IS NOT TRUE", "$col IS FALSE", "$col IS NOT FALSE") if $kind < 0.7 && $col eq 'b';
	return "$col IS " . pick('', 'NOT ') . 'DISTINCT FROM ' . $constant->() if $kind < 0.65;
	return pick('i4 = i2', 'late < i4', 'i2 + i4 = 5', 'length(t) = 7', 'many % 1000 = 3') if $kind < 0.67;
	# a range that is narrow more often than not
	return "($col > " . $constant->() . " AND $col < " . $constant->() . ')' if $kind < 0.72;
	return "$col " . pick('=', '=', '=', '=', '<>', '<', '<=', '>', '>=') . ' ' . $constant->();
}

sub tree
{
	my ($depth) = @_;
	my $kind = rand();

	return test() if $depth == 0 || $kind < 0.25;
	return 'NOT (' . tree($depth - 1) . ')' if $kind < 0.35;
	return '(' . tree($depth - 1) . ') IS ' . pick('TRUE', 'NOT TRUE', 'FALSE', 'NOT FALSE', 'UNKNOWN') if $kind < 0.4;
	return '(' . join(pick(' AND ', ' OR '), map { tree($depth - 1) } 1 .. 2 + int(rand(2))) . ')';
}

my @queries = map {
	my $where = join(' AND ', map { tree(pick(0, 1, 2, 3)) } 1 .. 1 + int(rand(2)));
	rand() < 0.15 ? "SELECT id, t, late FROM TWIN WHERE $where ORDER BY ts DESC, id LIMIT 20" :
	  "SELECT count(*), sum(id), min(t COLLATE \"C\"), sum(many), sum(late) FROM TWIN WHERE $where"
} 1 .. $queries;

sub answers
{
	my ($table, $settings, $prefix) = @_;
	my $script = "\\set VERBOSITY sqlstate\nSET max_parallel_workers_per_gather = 0; SET statement_timeout = '60s';\n$settings\n";
	for my $i (0 .. $#queries)
	{
		(my $q = $queries[$i]) =~ s/\bTWIN\b/$table/g;
		$script .= "\\echo query $i\n$prefix$q;\n";
	}
	return psql_answers($node, $script);
}

my @truth = answers('h', '', '');
is(scalar(@truth), $queries, 'the heap answers every query');
cmp_ok(scalar(grep { /ERROR/ } @truth), '<', $queries / 20, 'most queries are sound');
my @plans = answers('o', '', 'EXPLAIN (ANALYZE) ');
cmp_ok(scalar(grep { /Row Groups (Pruned|Narrowed) by Bitmap/ } @plans), '>', $queries / 8, 'indexes take rows away in many of them');

my $parallel = 'SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;';
my @ways = ([ 'bitmap indexes', '' ], [ 'bitmap indexes without aggregates in vectors', 'SET olap.enable_vector_agg = off;' ], [ 'bitmap indexes in workers', $parallel ],
	[ 'zones alone', 'SET olap.enable_bitmap = off;' ]);

sub compare
{
	my ($state) = @_;
	foreach my $way (@ways)
	{
		my ($name, $settings) = @$way;
		my @got = answers('o', $settings, '');

		is_answers(\@queries, \@truth, \@got, "$queries answers by $name, $state, are the heap's");
	}
}
compare('some segments without');
$node->safe_psql('postgres', q(CALL olap.compact('o')));
compare('after compaction');
is($node->safe_psql('postgres', q(SELECT * FROM olap.verify('o'))), '', 'the table is sound');

$node->stop;
done_testing();
