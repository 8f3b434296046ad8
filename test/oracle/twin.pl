#!/usr/bin/perl
#
# test/oracle/twin.pl
#		Heap is the oracle: random rows and random conditions, asked of an olap
#		table with OlapScan, without it, in parallel, and of a heap twin.
#
#	test/oracle/twin.pl [--seed N] [--queries N] [--rounds N] [psql options]
#
# Needs a server with the extension's library installed; connects as psql does.
# Works in a schema of its own, which it drops. Prints the seed; the exit status
# is 1 if any answer differs, and the differing conditions are printed.
#
use strict;
use warnings;
use Getopt::Long qw(:config pass_through);

my $seed = time ^ ($$ << 8);
my $queries = 150;
my $rounds = 1;
GetOptions('seed=i' => \$seed, 'queries=i' => \$queries, 'rounds=i' => \$rounds)
	or die "usage: twin.pl [--seed N] [--queries N] [--rounds N] [psql options]\n";

sub pick { return $_[ int(rand(@_)) ]; }

# column => [ type, comparable group, values ]
my @ints = qw(-2 -1 0 1 2 7 77);
my %columns = (
	i2 => [ 'int2', 'int', @ints, qw(-32768 32767) ],
	i4 => [ 'int4', 'int', @ints, qw(-2147483648 2147483647 40000) ],
	i8 => [ 'int8', 'int', @ints,
		qw(-9223372036854775808 9223372036854775807 5000000000) ],
	f4 => [ 'float4', 'float', qw(-1.5 -0 0 0.1 1.5 1e30 NaN Infinity -Infinity) ],
	f8 => [ 'float8', 'float', qw(-1.5 -0 0 0.1 1.5 1e300 NaN Infinity -Infinity) ],
	n => [ 'numeric(12,2)', 'numeric', qw(-9999999999.99 -1.50 0 0.01 1.5 2 NaN) ],
	nu => [ 'numeric', 'numeric', qw(-1e40 -1.5 0 0.00 1.5 1.50 1e-30 NaN Infinity -Infinity) ],
	t => [ 'text', 'text', '', ' ', 'a', 'A', 'ab', 'abc', 'b', 'ä', 'äb', 'z%', '_', 'a\\b' ],
	tc => [ 'text collate "C"', 'textc', '', 'a', 'A', 'ab', 'abc', 'b', 'ä',
		'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2' ],
	v => [ 'varchar(10)', 'text', '', 'a', 'a ', 'abc', 'ä' ],
	bp => [ 'char(5)', 'bpchar', '', 'a', 'a ', 'abc', 'abcde' ],
	d => [ 'date', 'date', qw(2024-01-01 2024-01-02 infinity -infinity 0044-03-15) ],
	ts => [ 'timestamp', 'date', '2024-01-01', '2024-01-01 12:00', '2024-01-02', 'infinity', '-infinity' ],
	tz => [ 'timestamptz', 'tz', '2024-01-01', '2024-01-01 12:00+02', '2024-01-02', 'infinity', '-infinity' ],
	tm => [ 'time', 'time', qw(00:00 12:00 23:59:59.999999 24:00) ],
	b => [ 'bool', 'bool', qw(t f) ],
	u => [ 'uuid', 'uuid', '00000000-0000-0000-0000-000000000000',
		'00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff' ],
	by => [ 'bytea', 'bytea', '\\x', '\\x00', '\\x0001', '\\xff' ],
	ch => [ '"char"', 'char', 'a', 'b', 'z', '' ],
	o => [ 'oid', 'oid', qw(0 1 2147483648 4294967295) ],
);
my @names = sort keys %columns;

sub quoted
{
	my ($value) = @_;
	$value =~ s/'/''/g;
	return "'$value'";
}

# A constant for a column: typed as it or as a sibling, at times a parameter.
sub constant
{
	my ($name) = @_;
	my ($type, $group, @values) = @{ $columns{$name} };
	my $expr;

	$type =~ s/ collate.*//;
	$type = 'numeric' if $group eq 'numeric';
	if ($group eq 'numeric' && rand() < 0.4)
	{
		$expr = pick('0.005', '1.499', '1.5000', '-0.001', '12345678901234567890.5', '2');
	}
	elsif ($group eq 'int' || $group eq 'float')
	{
		my $other = pick(grep { $columns{$_}[1] eq $group } @names);
		my ($otype, undef, @ovalues) = @{ $columns{$other} };
		$expr = quoted(pick(@ovalues)) . "::$otype";
	}
	elsif ($group eq 'date')
	{
		$expr = quoted(pick(@values)) . '::' . pick('date', 'timestamp');
	}
	else
	{
		$expr = quoted(pick(@values)) . "::$type";
	}
	$expr = "NULL::$type" if rand() < 0.03;
	$expr = "(SELECT $expr)" if rand() < 0.15;
	return $expr;
}

sub test
{
	my $name = pick(@names);
	my ($type, $group, @values) = @{ $columns{$name} };
	my $kind = rand();
	my $op = pick('<', '<=', '=', '<>', '>=', '>');

	return pick('b', 'NOT b', 'b IS TRUE', 'b IS NOT TRUE', 'b IS FALSE',
		'b IS NOT FALSE', 'b IS UNKNOWN') if $kind < 0.04;
	return "$name IS " . pick('NULL', 'NOT NULL') if $kind < 0.12;
	return "$name IS DISTINCT FROM " . constant($name) if $kind < 0.15;
	return constant($name) . " $op $name" if $kind < 0.22;
	return "$name " . pick('', 'NOT ') . 'BETWEEN ' . constant($name) . ' AND '
	  . constant($name) if $kind < 0.3;
	if ($kind < 0.42)
	{
		my @list = map { constant($name) } 1 .. pick(1, 2, 3, 12);
		@list = grep { !/SELECT/ } @list;
		@list = ('NULL') unless @list;
		return "$name " . pick('', 'NOT ') . 'IN (' . join(', ', @list) . ')';
	}
	if ($kind < 0.46 && $group ne 'bpchar')
	{
		my $atype = $type;
		$atype =~ s/ collate.*//;
		$atype =~ s/\(.*//;
		return "$name " . pick('= ANY', '<> ALL', '> ANY')
		  . " ('{" . pick('', 'NULL') . "}'::${atype}[])";
	}
	if ($group =~ /^(text|textc|bpchar)$/ && $kind < 0.7)
	{
		return "$name " . pick('', 'NOT ') . 'LIKE '
		  . quoted(pick('a%', '%b', '%b%', '_', '_b', 'a_c', '%', '', 'z\\%', '%\\_%', 'ä_', 'a\\\\b'));
	}
	if ($group =~ /^(text|textc)$/ && $kind < 0.76)
	{
		return "starts_with($name, " . quoted(pick('a', 'ab', '', 'ä')) . ')';
	}
	if ($kind > 0.9)
	{
		my $other = pick(grep { $columns{$_}[1] eq $group } @names);
		return "$name $op $other";
	}
	return "length($name) $op 1" if $group =~ /^text/ && $kind > 0.86;
	return "$name $op " . constant($name);
}

sub condition
{
	my ($depth) = @_;
	my $kind = rand();

	return test() if $depth == 0 || $kind < 0.4;
	return 'NOT (' . condition($depth - 1) . ')' if $kind < 0.5;
	return '(' . condition($depth - 1) . ') ' . pick('IS TRUE', 'IS NOT TRUE', 'IS FALSE', 'IS UNKNOWN')
	  if $kind < 0.57;
	return join(pick(' AND ', ' OR '), map { '(' . condition($depth - 1) . ')' } 1 .. pick(2, 2, 3));
}

sub tables_sql
{
	my ($round) = @_;
	my $sql = "CREATE TABLE heap_rows (id int";
	my @fields;

	$sql .= ", $_ $columns{$_}[0]" foreach @names;
	$sql .= ");\nSELECT setseed(" . (rand() * 2 - 1) . ");\n";
	foreach my $name (@names)
	{
		my ($type, undef, @values) = @{ $columns{$name} };
		my $nulls = pick(0, 0.1, 0.5);
		$type =~ s/ collate.*//;

		# a fifth of the columns follows the row number, so that zones prune
		my $index = rand() < 0.2 ? 'g * ' . scalar(@values) . ' / 20001 + 1'
		  : 'floor(random() * ' . scalar(@values) . ')::int + 1';
		push @fields, "CASE WHEN random() < $nulls THEN NULL ELSE (ARRAY["
		  . join(', ', map { quoted($_) } @values) . "])[$index]::$type END";
	}
	$sql .= "INSERT INTO heap_rows SELECT g, " . join(",\n ", @fields)
	  . " FROM generate_series(1, 20000) g;\n";
	$sql .= "CREATE TABLE olap_rows (LIKE heap_rows) USING olap;\n";
	# segments of several sizes, then rows one small statement at a time
	$sql .= "INSERT INTO olap_rows SELECT * FROM heap_rows WHERE id > $_->[0] AND id <= $_->[1];\n"
	  foreach ([ 0, 7000 ], [ 7000, 12000 ], [ 12000, 19800 ], [ 19800, 19801 ], [ 19801, 20000 ]);
	return $sql . "ANALYZE heap_rows; ANALYZE olap_rows;\n";
}

my $setup = <<'SQL';
\set QUIET on
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
DROP SCHEMA IF EXISTS olap_twin CASCADE;
CREATE SCHEMA olap_twin;
SET search_path = olap_twin, public;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;

-- Count and digest of the answer, or the error's SQLSTATE.
CREATE FUNCTION answer(relation text, target text, condition text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT count(*) || '' '' || coalesce(sum(hashtext(r.*::text)::bigint), 0)'
		|| ' FROM (SELECT %s FROM %I AS x WHERE %s) r', target, relation, condition) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

CREATE FUNCTION differ(target text, condition text) RETURNS SETOF text
LANGUAGE plpgsql AS $$
DECLARE
	expected text;
	got text;
BEGIN
	PERFORM set_config('max_parallel_workers_per_gather', '0', false);
	expected := answer('heap_rows', target, condition);
	FOR mode IN 0 .. 2 LOOP
		PERFORM set_config('olap.enable_scan', CASE mode WHEN 1 THEN 'off' ELSE 'on' END, false);
		PERFORM set_config('max_parallel_workers_per_gather', CASE mode WHEN 2 THEN '2' ELSE '0' END, false);
		got := answer('olap_rows', target, condition);
		IF got IS DISTINCT FROM expected THEN
			RETURN NEXT format('DIFFERENT (%s): heap %s, olap %s: SELECT %s WHERE %s',
				(ARRAY['scan on', 'scan off', 'parallel'])[mode + 1], expected, got, target, condition);
		END IF;
	END LOOP;
	PERFORM set_config('olap.enable_scan', 'on', false);
END $$;
SQL

print "# seed $seed\n";
srand($seed);
my ($asked, $different, $broken) = (0, 0, 0);
foreach my $round (1 .. $rounds)
{
	my $sql = $setup . tables_sql($round);

	foreach (1 .. $queries)
	{
		my $target = rand() < 0.7 ? 'id' : pick('x.*', 'x', 'i4 + 1, t', 'count(*)', 'n, sum(f8) FILTER (WHERE b) OVER ()');
		my $condition = condition(pick(0, 0, 1, 2, 3));

		# parallel workers may be refused by the condition; one query of three
		$sql .= 'SELECT * FROM differ(' . quoted($target) . ', ' . quoted($condition) . ");\n";
		$asked++;
	}
	$sql .= "SELECT 'ROUND DONE';\nDROP SCHEMA olap_twin CASCADE;\n";
	my $file = "/tmp/olap_twin.$$.sql";
	open(my $fh, '>', $file) or die "$file: $!";
	print $fh $sql;
	close($fh);
	my @output = qx(psql -X -A -t -q -f $file @{[ join ' ', map { "'$_'" } @ARGV ]} 2>&1);
	unlink $file;
	my $done = 0;
	foreach (@output)
	{
		$different++, print if /^DIFFERENT/;
		$broken++, print if /ERROR|FATAL|server closed/;
		$done = 1 if /^ROUND DONE/;
	}
	$broken++, print "round $round did not finish\n" unless $done;
}
print "# $asked conditions, $different different, $broken broken (seed $seed)\n";
exit($different || $broken ? 1 : 0);
