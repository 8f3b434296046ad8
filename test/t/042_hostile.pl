# Bytes that no writer wrote, on pages whose checksums are right: a query may then give
# another answer, for a value is as good as another, but the server does not crash, and
# what it finds wrong is an error of class XX that names the table.
#
# HOSTILE_TRIALS makes it longer, HOSTILE_SEED tries others.

use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $trials = $ENV{HOSTILE_TRIALS} || 200;
my $seed = $ENV{HOSTILE_SEED} || 20260303;
note "seed $seed (HOSTILE_SEED)";
srand($seed);

# ---- pages ----

my @crc_table = map {
	my $c = $_;
	$c = $c & 1 ? 0x82F63B78 ^ ($c >> 1) : $c >> 1 for 1 .. 8;
	$c;
} 0 .. 255;

sub crc32c
{
	my ($bytes) = @_;
	my $crc = 0xFFFFFFFF;

	$crc = $crc_table[($crc ^ $_) & 0xFF] ^ ($crc >> 8) for unpack('C*', $bytes);
	return $crc ^ 0xFFFFFFFF;
}

# docs/format.md, Pages
sub checksum
{
	my ($page, $block) = @_;
	my ($lower, $upper) = unpack('SS', substr($page, 12, 4));

	return crc32c(pack('L', $block) . substr($page, 12, $lower - 12) .
		substr($page, $upper, 8176 - $upper) . substr($page, 8180, 12));
}

sub sealed
{
	my ($page, $block) = @_;
	my ($lower, $upper) = unpack('SS', substr($page, 12, 4));

	# where the header itself is beyond use, the checksum is not looked at
	return $page if $lower < 24 || $lower > $upper || $upper > 8176;
	substr($page, 8176, 4) = pack('L', checksum($page, $block));
	return $page;
}

sub kind_of { return unpack('S', substr($_[0], 8184, 2)); }

# ---- the server ----

my $node = olap_node('hostile', q(
autovacuum = off
max_parallel_workers_per_gather = 0
ignore_checksum_failure = on
restart_after_crash = off
statement_timeout = '20s'
fsync = off
));
my $columns = q{(ts timestamptz, k int, g text, v numeric(12,6), f float8,
	u uuid, b bool, t text, n numeric, c char(3))};
my $storage = q{USING olap WITH (time_column = 'ts', segment_interval = '1 day')};
sub rows
{
	return qq{SELECT timestamptz '2026-01-01' + i * interval '13 s', i, 'group ' || i % 50,
		(i % 9973)::numeric / 7, i / 3.0, md5((i % 3000)::text)::uuid, i % 3 = 0,
		CASE WHEN i % 5 > 0 THEN repeat('text ' || i % 700, 1 + i % 4) END,
		i::numeric * i / 1000, 'c' || i % 9
	FROM generate_series($_[0], $_[1]) i};
}
# Segments, those that a compaction wrote, free blocks, delta pages with all kinds of
# rows, and a range log with chains.
$node->safe_psql('postgres', qq{
	CREATE EXTENSION olap;
	CREATE TABLE good $columns $storage;
	INSERT INTO good @{[ rows(1, 2500) ]};
	INSERT INTO good @{[ rows(2501, 4300) ]};
	CALL olap.compact('good');
	VACUUM good;
	INSERT INTO good @{[ rows(9001, 13200) ]};
	DELETE FROM good WHERE k % 3 = 0 AND k < 13000;
	INSERT INTO good @{[ rows(20001, 20100) ]};
	INSERT INTO good SELECT FROM generate_series(1, 20);
	ALTER TABLE good ADD COLUMN later int DEFAULT 7;
	INSERT INTO good @{[ rows(20101, 20120) =~ s/ FROM/, 8 FROM/r ]};
	UPDATE good SET b = NOT b WHERE k % 90 = 1;
	BEGIN; INSERT INTO good @{[ rows(30001, 30050) =~ s/ FROM/, 8 FROM/r ]}; ROLLBACK;
	CREATE TABLE victim (LIKE good) $storage;
	CREATE FUNCTION query(OUT text) LANGUAGE sql AS \$\$ SELECT md5(string_agg(v::text, ',' ORDER BY v)) FROM victim v \$\$;
	CHECKPOINT});
my $file = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('good')");
my @pages = unpack('(a8192)*', slurp_file($file));
my %kinds;
push @{ $kinds{ kind_of($pages[$_]) } }, $_ for 0 .. $#pages;
is_deeply([ sort keys %kinds ], [ 0 .. 8 ], 'the table has pages of every kind but one')
	or diag(join(' ', map { "$_: " . @{ $kinds{$_} } } sort keys %kinds));
my @checked = grep { kind_of($pages[$_]) > 0 } 0 .. $#pages;
is(scalar(grep { unpack('L', substr($pages[$_], 8176, 4)) != checksum($pages[$_], $_) } @checked), 0,
	'this test computes the checksums that the server does');

# ---- damage ----

# Values that arithmetic trips over.
sub odd_bytes
{
	my ($n) = @_;
	my @choices = (
		"\xFF" x $n, "\0" x $n, "\x7F" x $n, ("\0" x ($n - 1)) . "\x80", "\x01" . "\0" x ($n - 1),
		join('', map { chr(int(rand(256))) } 1 .. $n)
	);

	return $choices[ rand @choices ];
}

# One of the page's first or changed fields, or anywhere.
sub damage_page
{
	my ($page, $kind) = @_;
	my ($lower, $upper) = unpack('SS', substr($page, 12, 4));
	my $width = (1, 2, 4, 8)[ rand 4 ];
	my $at;

	if ($kind == 4)
	{
		my $n = ($lower - 24) / 4;
		my $item = 24 + 4 * int(rand($n));
		my ($offset, $len) = (unpack('L', substr($page, $item, 4)) & 0x7FFF, unpack('L', substr($page, $item, 4)) >> 17);
		my $where = int(rand(4));

		$at = $where == 0 ? $item + int(rand(4)) :
			$where == 1 ? $offset + 18 + int(rand(6)) :		# infomasks, t_hoff, bitmap
			$where == 2 ? $offset + 23 + int(rand($len - 23)) : $offset + int(rand($len));
	}
	else
	{
		$at = rand() < 0.6 ? 24 + int(rand(300)) : 24 + int(rand(8152));
	}
	$at = 8176 - $width if $at > 8176 - $width;
	if (rand() < 0.3)
	{
		my $bit = 1 << int(rand(8));
		substr($page, $at, 1) = chr(ord(substr($page, $at, 1)) ^ $bit);
	}
	else
	{
		substr($page, $at, $width) = odd_bytes($width);
	}
	return ($page, "offset $at");
}

my $dir = PostgreSQL::Test::Utils::tempdir();
chmod 0755, $dir;
my @kinds;
my @targets = grep { $_ > 0 } sort keys %kinds;
my $script = "\\set VERBOSITY verbose\n";
for my $i (0 .. $trials - 1)
{
	# half of the trials on delta pages, for rows are what everything points at
	my $kind = $i % 2 ? 4 : $targets[ rand @targets ];
	my $block = $kinds{$kind}[ rand @{ $kinds{$kind} } ];
	my ($page, $what) = damage_page($pages[$block], $kind);
	# fields that say where the file ends: high_water, delta_first_block, zone_first
	if ($i < 9 && $i % 3 == 0)
	{
		($block, my $at) = @{ ([ 0, 40 ], [ 0, 100 ], [ $kinds{2}[0], 32 ])[ $i / 3 ] };
		$page = $pages[$block];
		$kind = $block == 0 ? 1 : 2;
		substr($page, $at + 3, 1) = "\x01";
		$what = "offset $at, far away";
	}
	my %damaged = ($block => $page);
	# a type that would follow the bytes of the bounds: uuid[] for uuid
	if ($i == 10)
	{
		my ($uuid, $array) = map { pack('LlL', $_, -1, 0) } 2950, 2951;

		%damaged = map { $_ => $pages[$_] =~ s/\Q$uuid/$array/r } @{ $kinds{5} };
		$kind = 5;
		$what = 'type uuid[] in all headers';
	}
	# transactions that the commit log does not know: of an entry, of rows, of deletes
	if ($i >= 11 && $i <= 13)
	{
		$kind = (2, 4, 7)[ $i - 11 ];
		$block = $kinds{$kind}[ $kind == 4 ? -1 : 0 ];
		$page = $pages[$block];
		# live segments; line pointer 1; record 1
		my @at = $kind == 2 ? map({ 48 + 64 * $_ } grep { unpack('x20SS', substr($page, 48 + 64 * $_, 64)) == 1 &&
				(unpack('x22S', substr($page, 48 + 64 * $_, 64)) & 2) == 0 } 0 .. unpack('L', substr($page, 28, 4)) - 1) :
			$kind == 4 ? unpack('L', substr($page, 24, 4)) & 0x7FFF : 24 + 8 + 128 + 4096 + 8;

		substr($page, $_, 4) = pack('L', 0xF0000000) for @at;
		%damaged = ($block => $page);
		$what = "forgotten transaction at @at";
	}
	my @copy = @pages;

	$copy[$_] = sealed($damaged{$_}, $_) for keys %damaged;
	push @kinds, "block $block of kind $kind, $what";
	PostgreSQL::Test::Utils::append_to_file("$dir/$i", join('', @copy));
	$script .= qq{TRUNCATE victim;
SELECT current_setting('data_directory') || '/' || pg_relation_filepath('victim') AS path \\gset
\\setenv VICTIM :path
\\! cp $dir/$i "\$VICTIM" && cp $dir/$i $dir/last && rm $dir/$i
\\echo trial $i
\\warn trial $i
SELECT query();
SELECT count(later), sum(f), min(g), max(t) FROM victim;
SELECT k, b, c FROM victim WHERE ctid IN ('(0,1)', '(10,5)', '(22,7)', '(40,8)', '(55,20)', '(56,1)');
SELECT count(fault) FROM olap.verify('victim');
SELECT count(*) FROM olap.segments('victim'), olap.column_stats('victim');
BEGIN; DELETE FROM victim WHERE k IN (7, 9001, 20003); UPDATE victim SET g = 'x' WHERE k BETWEEN 20010 AND 20012;
ROLLBACK;
INSERT INTO victim (k) VALUES (1);
ANALYZE victim;
};
	$script .= "INSERT INTO victim (k) SELECT * FROM generate_series(1, 3000);\n" if $i < 9 && $i % 3 == 0;
	# sometimes what changes more than a row
	$script .= "VACUUM victim;\nCALL olap.compact('victim');\nSELECT query();\n" if $i % 3 == 0;
	$script .= "SELECT 'bloated by trial $i' WHERE pg_relation_size('victim') > 1 << 30;\n";
}

my ($rc, $out, $err) = (0, '', '');
$rc = $node->psql('postgres', $script, stdout => \$out, stderr => \$err,
	on_error_stop => 0, on_error_die => 0);
is($rc, 0, 'the server survived every trial');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'no crash in the log');

unlike($out, qr/bloated/, 'no damage lets the file grow without need');

my @parts = split /^trial (\d+)\n?/m, $err;
shift @parts;
push @parts, '' if @parts % 2;
my %error = @parts;
my ($errors, @wrong, %states) = (0);
for my $i (0 .. $trials - 1)
{
	my @messages = split /^(?=\S*psql:\S* (?:ERROR|WARNING|NOTICE|FATAL|PANIC)|ERROR|WARNING|NOTICE|FATAL)/m, $error{$i} // '';
	my $found = 0;

	for my $message (grep { /ERROR:|FATAL:/ } @messages)
	{
		next if $message =~ /ERROR:  25P02/;		# the rest of a failed transaction
		$found = 1;
		note("trial $i ($kinds[$i]): $message") if $message =~ /XX000/;
		$states{$1}++ if $message =~ /ERROR:  (\w{5})/;
		# another format version is another class; values may be no values of their type
		push @wrong, "trial $i ($kinds[$i]): $message"
			unless ($message =~ /ERROR:  (XX00[0-9A-Z]|0A000)/ && $message =~ /victim/) ||
			$message =~ /ERROR:  (22|54000)/;
	}
	push @wrong, "trial $i ($kinds[$i]): nothing found" if $i >= 11 && $i <= 13 && ($error{$i} // '') !~ /ERROR:  XX001/;
	$errors += $found;
}
note(join(', ', map { "$_: $states{$_}" } sort keys %states));
is(scalar(@wrong), 0, 'what is found wrong is an error that names the table')
	or diag(join("\n", @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)]));
cmp_ok($errors, '<', $trials * 0.9, "but not what is sound");
cmp_ok($errors, '>', $trials / 50, "it is found wrong often ($errors of $trials)");

# The good table is still good.
is($node->safe_psql('postgres', "SELECT * FROM olap.verify('good')"), '', 'the undamaged table is unharmed');

$node->stop;
done_testing();
