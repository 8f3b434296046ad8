#!/usr/bin/perl
#
# test/pgsuite/compare_isolation.pl
#		Compare the results of PostgreSQL's isolation suite on heap tables with
#		those on olap tables.
#
#	compare_isolation.pl [--propose] RESULTS LIST
#
# A line of the list accepts one difference and no other: its key is made of the
# lines that differ.
#
#	RUN | SPEC | KEY | why
#
# RUN is "plain" (heap against olap) or "index" (heap-index against olap-index).
# The exit status is 1 if a difference is not listed. Lines that nothing needed
# are reported.
#
use strict;
use warnings;
use Digest::SHA qw(sha1_hex);

my $propose = @ARGV && $ARGV[0] eq '--propose' ? shift : undef;
die "usage: compare_isolation.pl [--propose] RESULTS LIST\n" if @ARGV != 2;
my ($out, $list_file) = @ARGV;

my (%listed, %used, %ran);
if (open my $fh, '<', $list_file)
{
	while (<$fh>)
	{
		chomp;
		next if /^\s*(#|$)/;
		my ($run, $spec, $key, $why) = map { s/^\s+|\s+$//gr } split /\|/, $_, 4;
		die "$list_file:$.: not RUN | SPEC | KEY | why\n"
		  if !defined $why || $why eq '' || $why eq '?';
		$listed{"$run $spec $key"} = $.;
	}
}

my ($same, $known, $new) = (0, 0, 0);
for my $run ('plain', 'index')
{
	my ($heap, $olap) = map { $run eq 'plain' ? "$out/$_" : "$out/$_-index" } qw(heap olap);

	for my $file (sort glob "$heap/results/*.out")
	{
		my ($spec) = $file =~ m{([^/]+)\.out$};
		my @diff;

		$ran{"$run $spec"} = 1;
		if (-e "$olap/results/$spec.out")
		{
			open my $fh, '-|', 'diff', '-U3', $file, "$olap/results/$spec.out" or die;
			@diff = <$fh>;
		}
		else
		{
			@diff = ("-\n", "-\n", "-no result\n");
		}
		if (!@diff)
		{
			$same++;
			next;
		}
		my $key = substr sha1_hex(join '', grep { /^[-+]/ } @diff[ 2 .. $#diff ]), 0, 12;
		if ($listed{"$run $spec $key"})
		{
			$used{"$run $spec $key"} = 1;
			$known++;
			next;
		}
		$new++;
		print "pgsuite_isolation: $run: $spec differs in a way that is not listed\n";
		print "  $_" for @diff[ 2 .. ($#diff < 60 ? $#diff : 60) ];
		print "$run | $spec | $key | ?\n" if $propose;
	}
}
for my $entry (sort keys %listed)
{
	my ($run, $spec) = split / /, $entry;
	print "pgsuite_isolation: line $listed{$entry} of the list was not needed: $entry\n"
	  if !$used{$entry} && $ran{"$run $spec"};
}
print "pgsuite_isolation: $same alike, $known known differences, $new new\n";
exit($new > 0 || $same + $known == 0);
