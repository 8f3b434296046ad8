#!/usr/bin/perl
#
# test/pgsuite/compare.pl
#		Compare the results of PostgreSQL's regression suite on heap tables with
#		those on olap tables, statement by statement.
#
#	compare.pl [--propose] SQL_DIR HEAP_RESULTS OLAP_RESULTS LIST REPORT
#
# psql echoes its input, so an output file is the input with answers in between.
# The echoed lines are found again, and what stands between two of them is the
# answer to the statements that end on the line before. Answers that differ are
# put into a class:
#
#   plan      both answers are plans of one EXPLAIN, or of the suite's functions
#             that run EXPLAIN. Where both plans tell the number of rows the
#             top node returned, it is the same.
#   order     the same lines in another order, and nothing at the statement's own
#             level (nor at that of the prepared statement or cursor it names)
#             asks for an order
#   estimate  of check_estimated_rows(): the same actual number of rows
#
# These three are recognised here, and the list says only which files have them.
# Every other difference is listed one by one, with a key made of the statement
# and of the answer on olap tables: the entry accepts this answer and no other.
#
#	FILE | plan, order or estimate | * | why
#	FILE | class | key | statement | why
#
# The exit status is 1 if a difference is not listed, or is listed with no reason.
# Entries that nothing needed any more are reported.
#
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);

my $propose = @ARGV && $ARGV[0] eq '--propose' ? shift : undef;
die "usage: compare.pl [--propose] SQL_DIR HEAP OLAP LIST REPORT\n" if @ARGV != 5;
my ($sql_dir, $heap_dir, $olap_dir, $list_file, $report_file) = @ARGV;

# --- the list ------------------------------------------------------------------

my (%listed, %used);

sub read_list
{
	open my $fh, '<', $list_file or return;
	while (<$fh>)
	{
		chomp;
		next if /^\s*(#|$)/;
		my @field = map { s/^\s+|\s+$//gr } split /\|/, $_, -1;
		my ($file, $class, $key) = @field;
		my $why = @field > 3 ? $field[-1] : '';
		die "$list_file:$.: not FILE | class | key | ... | why\n"
		  if @field < 4
		  || ($key eq '*') != ($class =~ /^(plan|order|estimate)$/ ? 1 : 0);
		die "$list_file:$.: no reason is given\n" if $why eq '' || $why eq '?';
		$listed{ $key eq '*' ? "$file $class" : "$file $key" } = $.;
	}
}

# --- the input: which statement ends on which line -------------------------------

# Split SQL as psql does. Returns, by line: the line; the text of the statements
# that end on it, or of the one that is still open after it; whether any ends; and
# whether psql does not echo it: data of a COPY, empty lines, and after \set ECHO.
sub read_input
{
	my @lines = @_;
	my ($state, $tag, $depth, $begin, $comment, $text) = ('', '', 0, 0, 0, '');
	my %in = (line => \@lines, text => [], ends => [], silent => []);
	my ($copying, $quiet) = (0, 0);

	for my $line (@lines)
	{
		my $done = '';
		if ($copying)
		{
			push @{ $in{text} }, '';
			push @{ $in{ends} }, 0;
			push @{ $in{silent} }, 1;
			$copying = 0 if $line eq '\\.';
			next;
		}
		my $silent = $quiet || ($line eq '' && $state eq '');
		my $l = "$line\n";
		pos($l) = 0;
		while (pos($l) < length $l)
		{
			if ($state eq 'comment')
			{
				if ($l =~ m{\G/\*}gc) { $comment++ }
				elsif ($l =~ m{\G\*/}gc) { $state = '' if --$comment == 0 }
				else { $l =~ /\G./gcs }
			}
			elsif ($state eq "'" || $state eq 'E')
			{
				if ($state eq 'E' && $l =~ /\G\\./gcs) { $text .= ' ' }
				elsif ($l =~ /\G''/gc) { $text .= "''" }
				elsif ($l =~ /\G'/gc) { $text .= "'"; $state = '' }
				else { $l =~ /\G(.)/gcs; $text .= $1 }
			}
			elsif ($state eq '"')
			{
				$l =~ /\G(.)/gcs;
				$text .= $1;
				$state = '' if $1 eq '"';
			}
			elsif ($state eq '$')
			{
				if ($l =~ /\G\Q$tag\E/gc) { $text .= $tag; $state = '' }
				else { $l =~ /\G(.)/gcs; $text .= $1 }
			}
			elsif ($l =~ /\G--[^\n]*/gc) { }
			elsif ($l =~ m{\G/\*}gc) { $state = 'comment'; $comment = 1 }
			elsif ($l =~ /\G\b[eE]'/gc) { $text .= "E'"; $state = 'E' }
			elsif ($l =~ /\G(['"])/gc) { $text .= $1; $state = $1 }
			elsif ($l =~ /\G(\$(?:[A-Za-z_]\w*)?\$)/gc)
			{
				$text .= $1;
				($state, $tag) = ('$', $1);
			}
			elsif ($l =~ /\G\\;/gc) { $text .= ';' }
			elsif ($l =~ /\G(\\g\w*[^\n]*)/gc)
			{
				$done .= "$text $1\n";
				($text, $depth, $begin) = ('', 0, 0);
			}
			elsif ($l =~ /\G(\\[^\n]*)/gc) { $done .= "$1\n" }
			elsif ($l =~ /\G([(\[])/gc) { $text .= $1; $depth++ }
			elsif ($l =~ /\G([)\]])/gc) { $text .= $1; $depth-- }
			elsif ($l =~ /\G;/gc)
			{
				$text .= ';';
				if ($depth <= 0 && $begin == 0)
				{
					$done .= "$text\n";
					($text, $depth) = ('', 0);
				}
			}
			elsif ($l =~ /\G(\w+)/gc)
			{
				my $word = $1;
				$text .= $word;
				if ($text =~ /^\s*create\b/i)
				{
					$begin++ if lc $word eq 'atomic' || ($begin && lc $word eq 'case');
					$begin-- if $begin && lc $word eq 'end';
				}
			}
			else { $l =~ /\G(.)/gcs; $text .= $1 }
		}
		push @{ $in{text} }, $done ne '' ? $done : $text;
		push @{ $in{ends} }, $done ne '' ? 1 : 0;
		push @{ $in{silent} }, $silent;
		$quiet = lc $1 ne 'all' if $done =~ /^\s*\\set\s+ECHO\s+(\w+)/m;
		$copying = $done =~ /^\s*\\?copy\b.*\bfrom\s+p?stdin\b/is ? 1 : 0;
	}
	return \%in;
}

# The statement without strings, names in quotes, and what stands in parentheses.
sub skeleton
{
	my $s = shift;
	$s =~ s/\$(\w*)\$.*?\$\1\$/''/gs;
	$s =~ s/'(?:[^']|'')*'/''/gs;
	$s =~ s/"[^"]*"/x/g;
	1 while $s =~ s/\([^()]*\)/ /g;
	return $s;
}

# --- the output -----------------------------------------------------------------

sub slurp
{
	my $name = shift;
	open my $fh, '<:raw', $name or die "$name: $!\n";
	local $/;
	my $all = <$fh>;
	return defined $all ? $all : '';
}

# Where the lines that psql echoed without a pause begin in the output from $from
# on: input lines $n and following, up to one that ends a statement.
sub find_run
{
	my ($in, $out, $n, $from) = @_;
	my @run;

	for (my $i = $n; $i < @{ $in->{line} } && @run < 50; $i++)
	{
		push @run, $in->{line}[$i] if !$in->{silent}[$i];
		last if $in->{ends}[$i];
	}
  PLACE:
	for my $p ($from .. @$out - @run)
	{
		for my $i (0 .. $#run)
		{
			next PLACE if $out->[ $p + $i ] ne $run[$i];
		}
		return $p;
	}
	return;
}

# Answers by the number of the input line they follow (0: before the first).
sub answers
{
	my ($in, $out) = @_;
	my @n = grep { !$in->{silent}[$_] } 0 .. $#{ $in->{line} };
	my (%answer, $p);
	my $before = 0;
	$p = 0;
	for my $n (@n)
	{
		if ($p >= @$out || $out->[$p] ne $in->{line}[$n] || $before == 0
			|| $in->{ends}[ $before - 1 ])
		{
			my $found = find_run($in, $out, $n, $p);
			if (!defined $found)
			{
				# an answer that looks like input: take it as all there is
				last;
			}
			$answer{$before} = [ @$out[ $p .. $found - 1 ] ] if $found > $p;
			$p = $found;
		}
		$before = $n + 1;
		$p++;
	}
	$answer{$before} = [ @$out[ $p .. $#$out ] ] if $p < @$out;
	for my $n (keys %answer)
	{
		my @a = grep { /\S/ } @{ $answer{$n} };
		$answer{$n} = @a ? join("\n", @a) . "\n" : '';
	}
	return \%answer;
}

sub sorted { return join "\n", sort split /\n/, shift }

# --- classes --------------------------------------------------------------------

my %source;    # of prepared statements and cursors of the file at hand

sub note_names
{
	my $text = shift;
	while ($text =~ /\bprepare\s+(\w+)(?:\s*\([^()]*\))?\s+as\s+([^;]*)/gi)
	{
		$source{ lc $1 } = $2;
	}
	while ($text =~ /\bdeclare\s+(\w+)\s[^;]*?\bcursor\b[^;]*?\bfor\s+([^;]*)/gi)
	{
		$source{ lc $1 } = $2;
	}
}

sub asks_for_order
{
	my $text = shift;
	for my $s (split /;/, skeleton($text))
	{
		return 1 if $s =~ /\border\s+by\b/i;
		if ($s =~ /^\s*execute\s+(\w+)/i
			|| $s =~ /^\s*(?:fetch|move)\b.*?(\w+)\s*$/is)
		{
			my $named = $source{ lc $1 };
			return 1 if defined $named && skeleton($named) =~ /\border\s+by\b/i;
		}
	}
	return 0;
}

my $has_error = qr/^(?:psql:[^\n]*: )?(?:ERROR|FATAL|PANIC|server closed)/m;

sub top_rows
{
	my $plan = shift;
	return $plan =~ /^[^\n]*\n-+\n[^\n]*actual rows=(\d+)/ ? $1 : undef;
}

sub classify
{
	my ($text, $heap, $olap) = @_;

	return 'other' if $heap =~ $has_error || $olap =~ $has_error;
	if (($text =~ /^\s*explain\b/i || $text =~ /^\s*select\b[^;]*\bexplain_\w+\s*\(/i)
		&& skeleton($text) !~ /;.*\S/s
		&& $heap =~ /^ *(QUERY PLAN|explain_\w+|jsonb_pretty|ht_explain\w*)\s*\n-+\n/
		&& $olap =~ /^ *\Q$1\E\s*\n-+\n/)
	{
		my ($h, $o) = (top_rows($heap), top_rows($olap));
		return !defined $h || !defined $o || $h == $o ? 'plan' : 'other';
	}
	if ($text =~ /\bcheck_estimated_rows\s*\(/)
	{
		my ($h, $o) = map { s/^ *\d+ \|/ estimate |/gmr } $heap, $olap;
		return $h eq $o ? 'estimate' : 'other';
	}
	return 'order' if sorted($heap) eq sorted($olap) && !asks_for_order($text);
	return 'other';
}

# --- main -----------------------------------------------------------------------

my ($report, %count, @new, %files);

sub head_of
{
	my $s = shift =~ s/\s+/ /gr;
	$s =~ s/^ | $//g;
	$s =~ tr/|/!/;
	return length $s > 70 ? substr($s, 0, 67) . '...' : $s;
}

sub compare_file
{
	my $name = shift;
	my ($h, $o) = map { "$_/$name.out" } $heap_dir, $olap_dir;

	if (!-e $o || !-e $h)
	{
		push @new, "$name: did not run";
		return;
	}
	return if slurp($h) eq slurp($o);
	my $in = read_input(split /\n/, slurp("$sql_dir/$name.sql"));
	my ($heap, $olap) = map { answers($in, [ split /\n/, slurp($_) ]) } $h, $o;
	%source = ();
	for my $n (0 .. @{ $in->{line} })
	{
		my $text = $n > 0 ? $in->{text}[ $n - 1 ] : '';
		note_names($text);
		my ($ha, $oa) = map { defined $_->{$n} ? $_->{$n} : '' } $heap, $olap;
		next if $ha eq $oa;
		difference($name, $n, $text, $ha, $oa);
	}
}

sub difference
{
	my ($name, $n, $text, $heap, $olap) = @_;
	my $class = classify($text, $heap, $olap);
	my $key = $class eq 'other'
	  ? substr(sha1_hex($text =~ s/\s+/ /gr . "\0" . $olap), 0, 10) : '*';
	my $id = $key eq '*' ? "$name $class" : "$name $key";

	$count{$class}++;
	$files{$name} = 1;
	$used{$id}++;
	my $status = exists $listed{$id} ? 'listed' : 'NEW';
	my $line = $key eq '*' ? "$name | $class | * | ?"
	  : "$name | $class | $key | " . head_of($text) . ' | ?';
	push @new, $line if $status eq 'NEW' && $used{$id} == 1;
	$report .= "=== $name:$n $class $key $status\n$text\n"
	  . "--- heap\n$heap--- olap\n$olap\n";
}

read_list();
opendir my $dh, $sql_dir or die "$sql_dir: $!\n";
my @names = sort map { /^(.*)\.sql$/ ? $1 : () } readdir $dh;
@names = grep { -e "$heap_dir/$_.out" || -e "$olap_dir/$_.out" } @names;
$report = '';
compare_file($_) for @names;
open my $out, '>:raw', $report_file or die "$report_file: $!\n";
print $out $report;
close $out;

if (@new && $propose) { print "$_\n" for @new }
elsif (@new)
{
	print "pgsuite: not listed:\n";
	print "  $_\n" for @new[ 0 .. ($#new < 39 ? $#new : 39) ];
	printf "  ... and %d more\n", @new - 40 if @new > 40;
}
my @stale = grep { !$used{$_} } sort keys %listed;
if (@stale && !$propose)
{
	print "pgsuite: listed, but not found:\n";
	print "  line $listed{$_}: $_\n" for @stale;
}
printf "pgsuite: %d files, %d differ; %s; %d not listed\n", scalar @names,
  scalar keys %files,
  join(', ', map { "$count{$_} $_" } sort keys %count) || 'no difference',
  scalar @new
  if !$propose;
exit(@new || !@names ? 1 : 0);
