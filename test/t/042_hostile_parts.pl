# Sketches, blooms and bitmap indexes that a correct writer never wrote, on pages whose checksum
# is right: descriptors and bytes of parts are changed at random and the page is
# sealed again. Whoever reads them reports an error of class XX or goes on; the
# server never crashes.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $trials = $ENV{CORRUPTION_TRIALS} || 300;
my $seed = $ENV{CORRUPTION_SEED} || 20260303;
note "seed $seed (CORRUPTION_SEED)";
srand($seed);

use constant { PAGE => 8192, HEADER => 24, PAYLOAD => 8152, SPECIAL => 8176 };

my @crc_table = map {
	my $c = $_;
	$c = $c & 1 ? ($c >> 1) ^ 0x82F63B78 : $c >> 1 for 1 .. 8;
	$c;
} 0 .. 255;

sub crc32c
{
	my $c = 0xFFFFFFFF;

	$c = $crc_table[($c ^ $_) & 255] ^ ($c >> 8) for unpack 'C*', shift;
	return $c ^ 0xFFFFFFFF;
}

# The checksum of a page without free space, as docs/format.md says.
sub seal
{
	my ($bytes, $block) = @_;
	my $page = substr($$bytes, $block * PAGE, PAGE);

	substr($$bytes, $block * PAGE + SPECIAL, 4) = pack 'L', crc32c(
		pack('L', $block) . substr($page, 12, SPECIAL - 12) . substr($page, SPECIAL + 4));
}

my $node = PostgreSQL::Test::Cluster->new('parts');
$node->init;
$node->append_conf('postgresql.conf', qq{
shared_preload_libraries = 'olap'
autovacuum = off
ignore_checksum_failure = on
olap.maintenance = off
max_parallel_workers_per_gather = 0
});
$node->start;
my $columns = q{(k int, t text, e int) USING olap WITH (hll = 'k, t, e', bloom = 'k, t', bitmap = 'k, t')};
$node->safe_psql('postgres', qq{
	CREATE EXTENSION olap;
	CREATE TABLE good $columns;
	INSERT INTO good SELECT i * 7919::bigint % 140009, 't' || i * 7919::bigint % 140009, i % 9 FROM generate_series(1, 140000) i;
	CREATE TABLE victim $columns;
	CHECKPOINT});
my $file = $node->data_dir . '/' .
	$node->safe_psql('postgres', "SELECT pg_relation_filepath('good')");
my $bytes = slurp_file($file);

# The segment: its first block has the magic number behind the page's header.
my ($first) = grep {
	substr($bytes, $_ * PAGE + HEADER, 4) eq pack('L', 0x47455351)
} 0 .. length($bytes) / PAGE - 1;
my ($version, $id, $header_len, $ncols, $nrowgroups, $nrows, $nranges, $total) =
	unpack 'LLLLLLLQ', substr($bytes, $first * PAGE + HEADER + 4, 36);
is($version, 4, 'the segment has bitmap indexes');
my $nparts = 3 + 4 * $nrowgroups;
my $parts_at = $header_len - 24 * $nparts;

# Position in the file of an offset in the segment.
sub position
{
	my ($offset) = @_;

	return ($first + int($offset / PAYLOAD)) * PAGE + HEADER + $offset % PAYLOAD;
}

sub get
{
	my ($offset, $len) = @_;

	return join '', map { substr($bytes, position($_), 1) } $offset .. $offset + $len - 1;
}

is(unpack('L', get($parts_at - 8, 4)), $nparts, 'its parts are where the format says');
my @parts = map { [unpack 'CCCCSSLLQ', get($parts_at + 24 * $_, 24)] } 0 .. $nparts - 1;
is(join(' ', map { $_->[0] } @parts), join(' ', (1) x 3, (2) x (2 * $nrowgroups), (3) x (2 * $nrowgroups)),
	'they are sketches, then blooms, then bitmap indexes');
my ($data_at, $data_end) = ($parts[0][8], $total);
my ($bitmap_at) = map { $_->[8] } grep { $_->[0] == 3 } @parts;

# An untouched page sealed by us is what the server sealed.
my $copy = $bytes;
seal(\$copy, $first);
ok($copy eq $bytes, 'we compute the checksum that the server does');

my $dir = PostgreSQL::Test::Utils::tempdir();
chmod 0755, $dir;
my $script = "\\set VERBOSITY verbose\n";
my $queries = q{SELECT count(*) FROM olap.index_stats('victim');
SELECT count(*), sum(distinct_values) FROM olap.column_stats('victim');
SELECT count(*) FROM victim WHERE k = 77 AND t = 't77';
SELECT count(*) FROM victim WHERE k IN (1, 2, 300000);
SET olap.enable_bloom = off;
SELECT count(*) FROM victim WHERE k IN (77, 78, 1000, 99999) AND t IN ('t77', 't78');
SELECT * FROM victim WHERE t = 't1000' ORDER BY k LIMIT 1;
RESET olap.enable_bloom;
SELECT fault FROM olap.verify('victim', indexes => false);
};
for my $i (0 .. $trials - 1)
{
	my %touched;

	$copy = $bytes;
	for (1 .. 1 + int rand 3)
	{
		my $offset = rand() < 0.7 ? $parts_at - 8 + int rand(24 * $nparts + 8) :
			rand() < 0.3 ? $bitmap_at + int rand(2000) :
			$data_at + int rand(rand() < 0.5 ? 64 : $data_end - $data_at);
		my $at = position($offset);

		substr($copy, $at, 1) = rand() < 0.5 ? chr(int rand 256) :
			chr(ord(substr($copy, $at, 1)) ^ (1 << int rand 8));
		$touched{int($at / PAGE)} = 1;
	}
	seal(\$copy, $_) for keys %touched;
	PostgreSQL::Test::Utils::append_to_file("$dir/$i", $copy);
	$script .= qq{TRUNCATE victim;
SELECT current_setting('data_directory') || '/' || pg_relation_filepath('victim') AS path \\gset
\\setenv VICTIM :path
\\! cp $dir/$i "\$VICTIM" && rm $dir/$i
\\echo trial $i
\\warn trial $i
$queries};
}
my ($out, $err) = ('', '');
my $rc = $node->psql('postgres', $script, stdout => \$out, stderr => \$err,
	on_error_stop => 0, on_error_die => 0);
is($rc, 0, 'the server survived every trial');
my @errors = $err =~ /ERROR:  (\w+)/g;
is(join(' ', grep { $_ ne 'XX001' } @errors), '', 'errors say that data is corrupted');
my $reported = () = $out =~ /^segment \d+ of "victim" is corrupted$/mg;
cmp_ok($reported, '>', $trials / 2, "olap.verify notices damage ($reported of $trials; " . @errors . ' errors elsewhere)');
is($node->safe_psql('postgres', "SELECT count(*) FROM olap.verify('good')"), '0', 'the good table is good');

$node->stop;
done_testing();
