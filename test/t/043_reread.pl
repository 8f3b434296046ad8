# A page that leaves the buffers and comes back is verified again, also if it comes back
# to the buffer where it was before: what damages the file in between is noticed.

use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('reread', q(
shared_buffers = 1MB
autovacuum = off
max_parallel_workers_per_gather = 0
ignore_checksum_failure = on
));
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (k int, s text) USING olap;
INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
CREATE TABLE other (k int, s text);
INSERT INTO other SELECT g, repeat('x', 2000) FROM generate_series(1, 1000) g;
CHECKPOINT;
));
my $query = q(SELECT md5(string_agg(s, ',' ORDER BY k)) FROM t);
my $truth = $node->safe_psql('postgres', $query);
my $file = $node->data_dir . '/' . $node->safe_psql('postgres', q(SELECT pg_relation_filepath('t')));
my $bytes = slurp_file($file);
my $blocks = length($bytes) / 8192;

# In the middle of the text, which no other check knows anything about.
my $at = int($blocks / 2) * 8192 + 4000;

sub put_byte
{
	my ($byte) = @_;

	open(my $fh, '+<:raw', $file) or die "$file: $!";
	seek($fh, $at, 0);
	print $fh $byte;
	close($fh);
}

# All the buffers of the server have had the page, now and then; the table goes out of
# them (other is larger than they are, and read without a ring: by its rows' TIDs).
my $evict = q(SELECT sum(length(s)) FROM other WHERE ctid = ANY (ARRAY(SELECT format('(%s,1)', i)::tid FROM generate_series(0, 249) i)););
my $rounds = 150;
my $script = '';
for my $i (1 .. $rounds)
{
	$script .= "$evict\n$query;\n";
}
my $good = $node->safe_psql('postgres', $script);
is(scalar(grep { $_ eq $truth } split /\n/, $good), $rounds, 'the undamaged file gives the answer');

my $byte = substr($bytes, $at, 1);
put_byte(chr(ord($byte) ^ 1));
my ($out, $err) = ('', '');
$node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 0, on_error_die => 0);
my $noticed = () = $err =~ /segment \d+ of "t" is corrupted\nDETAIL:  Block \d+: page checksum does not match/g;
is($noticed, $rounds, 'each time the damaged page is read it is noticed');
my %answers = map { $_ => 1 } grep { /^[0-9a-f]{32}$/ } split /\n/, $out;
is_deeply([ keys %answers ], [], 'no answer comes from it');

put_byte($byte);
is($node->safe_psql('postgres', "$evict\n$query") =~ s/^.*\n//r, $truth, 'the page as it was is accepted');
$node->stop;
done_testing();
