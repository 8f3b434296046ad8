# Whatever happens to a byte of an olap relation's file, a query either gives
# the true answer (the byte carried nothing) or an error of class XX that names
# the table; the server never crashes and never answers with other rows.
#
# Each trial puts a damaged copy of one good file in place of an empty table's
# file: TRUNCATE gives a fresh file that no buffer knows.

use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $trials = $ENV{CORRUPTION_TRIALS} || 1000;
my $seed = $ENV{CORRUPTION_SEED} || 20260303;
note "seed $seed (CORRUPTION_SEED)";
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('corruption');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'olap'");
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->append_conf('postgresql.conf', 'max_parallel_workers_per_gather = 0');
$node->start;

# Two segments with dictionaries, packed integers, text, NULLs and numerics,
# small inserts in the delta, and an index to fetch by row number.
my $columns = q{(ts timestamptz, k int, g text, v numeric(12,6), f float8,
	u uuid, b bool, t text, n bigint)};
my $storage = q{USING olap WITH (time_column = 'ts', segment_interval = '1 day', hll = 'k, g, v', bloom = 'k, u')};
$node->safe_psql('postgres', qq{
	CREATE EXTENSION olap;
	CREATE TABLE good $columns $storage;
	INSERT INTO good
	SELECT timestamptz '2026-01-01' + i * interval '13 s', i, 'group ' || i % 50,
		(i % 9973)::numeric / 7, i / 3.0, md5((i % 3000)::text)::uuid, i % 3 = 0,
		CASE WHEN i % 5 > 0 THEN repeat('text ' || i % 700, 1 + i % 4) END,
		i::bigint * i
	FROM generate_series(1, 12000) i;
	CHECKPOINT});
$node->safe_psql('postgres', "INSERT INTO good (ts, k, g) VALUES (now(), -$_, 'small')")
	for 1 .. 5;
$node->safe_psql('postgres', "CREATE TABLE victim $columns $storage; CHECKPOINT");

my $query = q{SELECT count(*), sum(k), sum(v), sum(f), count(u), count(b), sum(length(t)), sum(n), min(g), max(g), md5(string_agg(u::text, ',' ORDER BY k)), min(ts), max(ts)};
my $truth = $node->safe_psql('postgres', "$query FROM good");
my $file = $node->data_dir . '/' .
	$node->safe_psql('postgres', "SELECT pg_relation_filepath('good')");
my $bytes = slurp_file($file);
my $blocks = length($bytes) / 8192;
cmp_ok($blocks, '>', 20, "the good table has pages of every kind ($blocks blocks)");

# The damaged copies, written beforehand so that one psql can run all trials.
my $dir = PostgreSQL::Test::Utils::tempdir();
chmod 0755, $dir;
my @kinds;

sub damage
{
	my ($i) = @_;
	my $copy = $bytes;

	if ($i % 20 == 0)			# a page of zeros
	{
		my $block = int(rand($blocks));
		substr($copy, $block * 8192, 8192) = "\0" x 8192;
		return ("zeroed block $block", $copy);
	}
	if ($i % 20 == 1)			# the file ends early
	{
		my $keep = 1 + int(rand($blocks - 1));
		return ("cut to $keep blocks", substr($copy, 0, $keep * 8192));
	}
	if ($i % 20 == 2)			# a page in the wrong place
	{
		my ($from, $to) = (int(rand($blocks)), int(rand($blocks)));
		substr($copy, $to * 8192, 8192) = substr($copy, $from * 8192, 8192);
		return ("block $from copied over $to", $copy);
	}
	if ($i % 20 == 3)			# a torn page: noise in half of it
	{
		my $block = int(rand($blocks));
		substr($copy, $block * 8192 + 4096, 4096) =
			join('', map { chr(int(rand(256))) } 1 .. 4096);
		return ("noise in block $block", $copy);
	}
	my $at = int(rand(length($copy)));
	my $bit = 1 << int(rand(8));
	substr($copy, $at, 1) = chr(ord(substr($copy, $at, 1)) ^ $bit);
	return ("bit $bit of byte $at (block " . int($at / 8192) . ', offset ' . $at % 8192 . ')', $copy);
}

my $script = "\\set VERBOSITY verbose\n";
for my $i (0 .. $trials - 1)
{
	my ($kind, $copy) = damage($i);

	push @kinds, $kind;
	PostgreSQL::Test::Utils::append_to_file("$dir/$i", $copy);
	$script .= qq{TRUNCATE victim;
SELECT current_setting('data_directory') || '/' || pg_relation_filepath('victim') AS path \\gset
\\setenv VICTIM :path
\\! cp $dir/$i "\$VICTIM" && rm $dir/$i
\\echo trial $i
\\warn trial $i
$query FROM victim;
};
}

my ($rc, $out, $err) = (0, '', '');
$rc = $node->psql('postgres', $script, stdout => \$out, stderr => \$err,
	on_error_stop => 0, on_error_die => 0);
is($rc, 0, 'the server survived every trial');

my %answer = split_trials($out);
my %error = split_trials($err);
my ($errors, $harmless) = (0, 0);
my @wrong;

sub split_trials
{
	my ($text) = @_;
	my @parts = split /^trial (\d+)\n?/m, $text;

	shift @parts;
	push @parts, '' if @parts % 2;
	return @parts;
}

for my $i (0 .. $trials - 1)
{
	my $answer = $answer{$i} // '';
	my $error = $error{$i} // '';

	chomp $answer;
	if ($error =~ /ERROR:  XX00[0-9A-Z]/)
	{
		$errors++;
		push @wrong, "trial $i ($kinds[$i]): error does not name the table: $error"
			unless $error =~ /victim/;
	}
	elsif ($answer eq $truth)
	{
		$harmless++;
	}
	else
	{
		push @wrong, "trial $i ($kinds[$i]): answer '$answer', error '$error'";
	}
}
is(scalar(@wrong), 0, 'every damaged file gives the true answer or an error that names the table')
	or diag(join("\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]));
cmp_ok($errors, '>', $trials / 4, "damage is noticed ($errors errors, $harmless harmless of $trials)");

# The good table is still good, and an empty file is an empty table.
is($node->safe_psql('postgres', "$query FROM good"), $truth, 'the undamaged table is unharmed');
is($node->safe_psql('postgres', 'TRUNCATE victim; SELECT count(*) FROM victim'),
	'0', 'a file without a block is an empty table');

# A damaged segment is no obstacle to queries that do not read it: planning an
# ordered scan samples segments, whichever will be read.
my @heads = grep { index(substr($bytes, $_ * 8192, 8192), 'QSEG') >= 0 } 0 .. $blocks - 1;
cmp_ok(scalar(@heads), '>=', 2, 'segments have headers');
my ($both, $either) = (0, 0);
for my $block (@heads)
{
	my $copy = $bytes;
	my $failed = 0;

	substr($copy, $block * 8192 + index(substr($copy, $block * 8192, 8192), 'QSEG'), 4) = 'BAD!';
	PostgreSQL::Test::Utils::append_to_file("$dir/head$block", $copy);
	for my $day ("ts < '2026-01-01 22:00+00'", "ts > '2026-01-02 02:00+00'")
	{
		$failed++ if $node->psql('postgres', qq{TRUNCATE victim;
SELECT current_setting('data_directory') || '/' || pg_relation_filepath('victim') AS path \\gset
\\setenv VICTIM :path
\\! cp $dir/head$block "\$VICTIM"
SELECT k FROM victim WHERE $day ORDER BY ts LIMIT 3}) != 0;
	}
	$both++ if $failed == 2;
	$either++ if $failed == 1;
}
is($both, 0, 'a damaged segment fails no query that does not read it');
is($either, 2, 'and those that read it');

$node->stop;
done_testing();
