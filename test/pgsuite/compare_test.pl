#!/usr/bin/perl
#
# test/pgsuite/compare_test.pl
#		Does compare.pl see what it must not let pass, and only that?
#
#	perl test/pgsuite/compare_test.pl        TAP; needs no server
#
use strict;
use warnings;
use File::Temp qw(tempdir);
use FindBin;
use Test::More;

my $dir = tempdir(CLEANUP => 1);
mkdir "$dir/$_" for qw(sql heap olap);

sub spew
{
	my ($name, $text) = @_;
	open my $fh, '>', "$dir/$name" or die "$name: $!\n";
	print $fh $text;
	close $fh;
}

# Compare one pair of answers; what the tool says is new, without key and reason.
#	input: [ statement, heap's answer, olap's answer ] ...
sub differences
{
	my @case = @_;
	my (%file);
	for my $c (@case)
	{
		my ($sql, $heap, $olap) = @$c;
		my $echo = join '', grep { $_ ne "\n" } map { "$_\n" } split /\n/, $sql;
		$file{sql} .= "$sql\n";
		$file{heap} .= "$echo$heap";
		$file{olap} .= $echo . (defined $olap ? $olap : $heap);
	}
	spew("sql/t.sql", $file{sql});
	spew("$_/t.out", $file{$_}) for qw(heap olap);
	my @out = `perl $FindBin::Bin/compare.pl --propose $dir/sql $dir/heap $dir/olap $dir/list $dir/report`;
	return join ' ', map { (split / \| /)[1] } @out;
}

sub rows { return " a \n---\n" . join('', map { " $_\n" } @_) . '(' . @_ . " rows)\n\n" }
sub plan_of { return " QUERY PLAN \n----\n" . join('', map { " $_\n" } @_) . "\n" }

my @before = ('SELECT 1;', rows(1));
my @after = ("-- the end\n\nSELECT 2;", rows(2));
my @cases = (
	[ 'no difference', '', 'SELECT a FROM t;', rows(1, 2) ],
	[ 'another value', 'other', 'SELECT a FROM t;', rows(1, 2), rows(1, 3) ],
	[ 'a row less', 'other', 'SELECT a FROM t;', rows(1, 2), rows(1) ],
	[ 'a row twice', 'other', 'SELECT a FROM t;', rows(1, 1, 2), rows(1, 2, 2) ],
	[ 'another order', 'order', 'SELECT a FROM t;', rows(1, 2), rows(2, 1) ],
	[ 'another order, where one is asked for', 'other', "SELECT a\n  FROM t\n\n ORDER BY a;", rows(1, 2), rows(2, 1) ],
	[ 'an order asked for inside only', 'order', 'SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 2) x;', rows(1, 2), rows(2, 1) ],
	[ 'an order in a string only', 'order', q(SELECT 'order by', a FROM t;), rows(1, 2), rows(2, 1) ],
	[ 'an error for an answer', 'other', 'SELECT a FROM t;', rows(1), "ERROR:  no\n" ],
	[ 'another error', 'other', 'SELECT a FROM t;', "ERROR:  yes\n", "ERROR:  no\n" ],
	[ 'another plan', 'plan', 'EXPLAIN SELECT a FROM t;', plan_of('Seq Scan'), plan_of('OlapScan', 'x') ],
	[ 'an error for a plan', 'other', 'EXPLAIN SELECT a FROM t;', plan_of('Seq Scan'), "ERROR:  no\n" ],
	[ 'a plan that returns more rows', 'other', 'EXPLAIN ANALYZE SELECT a FROM t;',
		plan_of('Seq Scan (actual rows=2 loops=1)'), plan_of('OlapScan (actual rows=3 loops=1)') ],
	[ 'a plan that returns as many', 'plan', 'EXPLAIN ANALYZE SELECT a FROM t;',
		plan_of('Seq Scan (actual rows=2 loops=1)'), plan_of('OlapScan (actual rows=2 loops=1)') ],
	[ 'another estimate', 'estimate', q(SELECT * FROM check_estimated_rows('SELECT 1');), rows('7 | 9'), rows('8 | 9') ],
	[ 'another number', 'other', q(SELECT * FROM check_estimated_rows('SELECT 1');), rows('7 | 9'), rows('7 | 8') ],
	[ 'a crash', 'other', 'SELECT a FROM t;', rows(1), "server closed the connection unexpectedly\n" ],
	[ 'semicolons in strings and bodies', 'order', "SELECT ';' FROM t -- ;\n WHERE \$x\$;\$x\$ = ';';", rows(1, 2), rows(2, 1) ],
	[ 'in parentheses', 'order', "SELECT (1\n;\n) FROM t;", rows(1, 2), rows(2, 1) ],
	[ 'a backslash command', 'other', '\d t', "Table t\n", "Table u\n" ],
);
for my $c (@cases)
{
	my ($name, $expected, $sql, $heap, $olap) = @$c;
	is(differences([@before], [ $sql, $heap, $olap ], [@after]), $expected, $name);
}

is(differences([ 'DECLARE c CURSOR FOR SELECT a FROM t ORDER BY a;', '' ],
		[ 'FETCH ALL FROM c;', rows(1, 2), rows(2, 1) ]), 'other', 'order of a cursor');
is(differences([ 'PREPARE p AS SELECT a FROM t ORDER BY a;', '' ],
		[ 'EXECUTE p;', rows(1, 2), rows(2, 1) ]), 'other', 'order of a prepared statement');
is(differences([ 'PREPARE p AS SELECT a FROM t;', '' ],
		[ 'EXECUTE p;', rows(1, 2), rows(2, 1) ]), 'order', 'no order of a prepared statement');

# an entry accepts the answer it was made for, and no other
sub with_list { my $c = shift; differences([ 'SELECT a FROM t;', rows(1), rows($c) ]) }
is(with_list(2), 'other', 'not listed');
my ($line) = `perl $FindBin::Bin/compare.pl --propose $dir/sql $dir/heap $dir/olap $dir/list $dir/report`;
spew('list', $line =~ s/\?$/a reason/r);
is(with_list(2), '', 'listed');
is(with_list(3), 'other', 'another answer than the listed one');
spew('list', $line);
isnt(system("perl $FindBin::Bin/compare.pl $dir/sql $dir/heap $dir/olap $dir/list $dir/report > $dir/out 2>&1"),
	0, 'a reason is needed');
done_testing();
