# COPY into an olap table reads common texts of values without their types' input functions
# (olap.enable_fast_input). Values, down to the bytes, and errors are those of a heap table, for
# texts of every kind, under any DateStyle and time zone.
# SEED repeats a run, TEXTS lengthens it.
use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

use FindBin;
use lib $FindBin::RealBin;
use OlapTest;

my $seed = $ENV{SEED} || 20261126;
my $texts = $ENV{TEXTS} || 600;
srand($seed);
note "SEED=$seed TEXTS=$texts";

my $node = olap_node('main', q(
olap.maintenance = off
autovacuum = off
fsync = off
));
my $dir = PostgreSQL::Test::Utils::tempdir;
chmod 0777, $dir;
my $file = "$dir/texts";

sub pick { return $_[ rand @_ ] }
sub number { my ($digits) = @_; return join '', map { int rand 10 } 1 .. $digits }
sub date { return sprintf('%04d-%02d-%02d', pick(1, 999, 1000, 1582, 1883, 1900, 1970, 1999, 2000, 2024, 2026, 9999), 1 + rand 12, 1 + rand 28) }
sub clock { return sprintf('%02d:%02d:%02d', rand 24, rand 60, rand 60) . pick('', '', '.5', '.' . number(3), '.' . number(6), '.' . number(7), '.0000005') }
sub zone { return pick('', '', 'Z', '+00', '-08', '+05:30', '-00:01', '+14', '+15:59', '-0330', ' UTC', ' America/New_York', '+01:02:03', 'z') }

# Local times that the clocks of some zones skip or have twice, or had no whole hours
my @odd_times = map { $_ . zone() } '2026-03-08 02:30:00', '2026-11-01 01:30:00', '2026-03-29 02:00:00', '2026-10-25 02:59:59.999999',
  '1883-11-18 12:00:00', '1900-01-01 00:00:00', '2024-02-29 00:00:00', '1999-12-31 23:59:59.9999995';
my %types = (
    uuid => sub {
        my $t = join '-', map { join '', map { pick(0 .. 9, 'a' .. 'f', 'A' .. 'F') } 1 .. $_ } 8, 4, 4, 4, 12;
        $t =~ s/-//g if rand() < 0.1;
        return rand() < 0.1 ? "{$t}" : $t;
    },
    date => sub { return pick(date(), date(), date(), date() . ' BC', 'infinity', '2000-2-9', 'J2451187', '20000102', date() . ' ' . clock()) },
    timestamp => sub { return pick(@odd_times, map { date() . pick(' ', 'T') . clock() . zone() } 1 .. 20) },
    timestamptz => sub { return pick(@odd_times, '-infinity', 'epoch', map { date() . pick(' ', 'T') . clock() . zone() } 1 .. 20) },
    float8 => sub {
        return pick('-') x (rand() < 0.3)
          . pick(number(1), number(1 + rand 20) . '.' . number(1 + rand 6), '0.' . number(1 + rand 24), number(15), number(16), number(17) . 'e-5',
            '.5', '7.', '00012.50', '1e300', '4.9e-324', 'Infinity', '0', '0.0', '9007199254740993');
    },
    numeric => sub {
        return pick('-') x (rand() < 0.3)
          . pick(number(1), number(1 + rand 30) . '.' . number(1 + rand 10), '0.' . number(1 + rand 25), number(18), number(19), '0', '0.000',
            '.5', '7.', '000120.500', '1e5', '99999999999999999.9', ' 12 ');
    },
    'numeric(12,6)' => sub { return pick('', '-') . pick(int(rand 1000000), number(1 + rand 6) . '.' . number(1 + rand 8), '0.' . number(6), '0', '1.5e2', 'NaN') },
    'numeric(20,3)' => sub { return pick('', '-') . pick(number(1 + rand 17), number(1 + rand 17) . '.' . number(1 + rand 5)) },
    'numeric(3,-2)' => sub { return int(rand 99000) },
    'timestamptz(3)' => sub { return date() . ' ' . clock() . zone() },
    'timestamp(0)' => sub { return date() . ' ' . clock() });
my %wrong = (
    uuid => [ '01234567-89ab-cdef-0123-456789abcdeg', '01234567-89ab-cdef-0123-456789abcde', '' ],
    date => [ '2026-02-29', '2026-13-01', '2026-00-10', 'yesterdy', '2026-01-01x' ],
    timestamp => [ '2026-02-30 00:00:00', '2026-01-01 25:00:00', '2026-01-01 00:61:00', '2026-01-01 00:00:00+17' ],
    timestamptz => [ '2026-04-31 00:00:00', '2026-01-01 00:00:00 Nowhere/Town', '2026-01-01 00:00:00+1:99' ],
    float8 => [ '1e400', '1.5x', '-', '1,5' ],
    numeric => [ '1.2.3', 'abc', '-', '1_0x' ],
    'numeric(12,6)' => [ '1000000', '999999.9999999', '-1000000.5' ],
    'numeric(3,-2)' => ['99999'],
    'numeric(20,3)' => [ '1' . '0' x 17, '9' x 20 ]);

$node->safe_psql('postgres', 'CREATE EXTENSION olap; CREATE SCHEMA heap; CREATE SCHEMA olap_');

sub columns { my $i = 0; return map { 'c' . $i++ . " $_" } @_ }

sub write_file
{
    open my $f, '>', $file or die;
    print $f join("\t", @$_), "\n" foreach @_;
    close $f;
    chmod 0644, $file;
}

# Into a heap table and an olap table. The first rows of a COPY are always read by the input functions.
sub copy
{
    my ($settings, @rows) = @_;
    write_file(@rows);
    return map {
        my ($rc, $out, $err) = $node->psql('postgres', "$settings TRUNCATE $_.t; COPY $_.t FROM '$file'");
        $err =~ s/^psql:<stdin>:\d+: //mg;
        $err
    } qw(heap olap_);
}

my @columns = sort keys %types;
$node->safe_psql('postgres', "CREATE TABLE heap.t (id int, " . join(', ', columns(@columns)) . ')'
  . '; CREATE TABLE olap_.t (LIKE heap.t) USING olap');
# the bytes of each value: comparison would take -0 for 0, and 1.0 for 1.00
my $send = join ', ', map { my ($name, $type) = split / /; $type =~ s/\(.*//; "${type}send($name)" =~ s/^(?!float8)(\w+)send/$1_send/r } columns(@columns);
$node->safe_psql('postgres', 'CREATE TABLE texts (id int, ' . join(', ', map { "c$_ text" } 0 .. $#columns) . ');' . q(
CREATE FUNCTION taken(t text, type text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE unused text;
BEGIN
  EXECUTE format('SELECT %L::%s', t, type) INTO unused;
  RETURN true;
EXCEPTION WHEN data_exception THEN
  RETURN false;
END $$));
my @first = map { my $id = $_; [ -$id, map { '\N' } @columns ] } 1 .. 1001;
for my $settings ("SET datestyle = 'ISO, MDY'; SET timezone = 'UTC';", "SET datestyle = 'German, DMY'; SET timezone = 'America/New_York';",
    "SET datestyle = 'SQL, YMD'; SET timezone = 'Europe/Berlin';", "SET datestyle = 'Postgres, DMY'; SET timezone = 'Asia/Kathmandu';",
    "SET datestyle = 'ISO, YMD'; SET timezone = '<odd>-3:17';", "SET datestyle = 'ISO, MDY'; SET timezone = '<Z>5';")
{
    my @rows = map { my $id = $_; [ $id, map { rand() < 0.05 ? '\N' : $types{$_}->() } @columns ] } 1 .. $texts;
    # texts that no table takes under these settings become NULL; the ones below are for errors
    write_file(@rows);
    $node->safe_psql('postgres', "$settings TRUNCATE texts; COPY texts FROM '$file';
        UPDATE texts SET " . join(', ', map { "c$_ = CASE WHEN taken(c$_, '$columns[$_]') THEN c$_ END" } 0 .. $#columns)
          . "; COPY texts TO '$file'");
    @rows = map { [ split /\t/ ] } split /\n/, slurp_file($file);
    my @errors = copy($settings, @first, @rows);
    is("@errors", ' ', "$settings taken by both") or next;
    cmp_ok($node->safe_psql('postgres', 'SELECT min(n) FROM (SELECT unnest(ARRAY[' . join(', ', map { "count(c$_)" } 0 .. $#columns) . ']) AS n FROM olap_.t) s'),
        '>', $texts / 3, 'many values of each type');
    is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT id, $send FROM heap.t EXCEPT SELECT id, $send FROM olap_.t) d"),
        '0', "$settings the same bytes");
    is($node->safe_psql('postgres', 'SELECT count(*) FROM olap_.t'), @first + @rows, 'and no others');
}

# T is a time zone before it is what stands before a time, if the session's has that name, from 18 on; so is Z (above)
my @two_zones = copy("SET timezone = '<T>5';", @first, [ 1, map { /^timestamp/ ? '2026-01-02T03:04:05+02' : '\N' } @columns ]);
is($two_zones[1], $two_zones[0], 'the same with a time zone T');
is($two_zones[0] ne '', $node->pg_version >= 18, 'which is refused where it is one');

# Errors, with their context
for my $type (sort keys %wrong)
{
    for my $text (@{ $wrong{$type} })
    {
        my $at = (grep { $columns[$_] eq $type } 0 .. $#columns)[0];
        my @errors = copy('SET timezone = \'UTC\';', @first, [ 1, map { $_ == $at ? $text : '\N' } 0 .. $#columns ]);
        isnt($errors[0], '', "$type: \"$text\" is refused");
        is($errors[1], $errors[0], 'with the same words');
    }
}

# Rows with such texts are passed over where COPY is told to, from 17 on
if ($node->pg_version >= 17)
{
    my @bad;
    for my $at (grep { $wrong{ $columns[$_] } } 0 .. $#columns)
    {
        push @bad, [ 1, map { $_ == $at ? $wrong{ $columns[$at] }->[0] : '\N' } 0 .. $#columns ], [ 2, map { '\N' } @columns ];
    }
    write_file(@first, @bad);
    my @rows = map { $node->safe_psql('postgres', "TRUNCATE $_.t; COPY $_.t FROM '$file' (ON_ERROR ignore); SELECT count(*) FROM $_.t") } qw(heap olap_);
    is($rows[0], @first + @bad / 2, 'a heap table has the good rows');
    is($rows[1], $rows[0], 'and so has an olap table');
}

# The setting turns it off: the same values, read more slowly; other commands and formats do not know it.
my @rows = map { my $id = $_; [ $id, map { my $t = $_; $t =~ /^numeric/ ? '1.5' : $t eq 'uuid' ? $types{$t}->() : $t =~ /^(date|time)/ ? date() : '2.25' } @columns ] } 1 .. 100;
for my $settings ('SET olap.enable_fast_input = off;', 'SET olap.encode_workers = 1;')
{
    is(join('', copy($settings, @first, @rows)), '', "$settings taken by both");
    is($node->safe_psql('postgres', "SELECT count(*) FROM (SELECT id, $send FROM heap.t EXCEPT SELECT id, $send FROM olap_.t) d"), '0', 'the same bytes');
}
is($node->safe_psql('postgres', "COPY heap.t TO '$file' (FORMAT binary); TRUNCATE olap_.t; COPY olap_.t FROM '$file' (FORMAT binary);
    SELECT count(*) FROM (SELECT id, $send FROM heap.t EXCEPT SELECT id, $send FROM olap_.t) d"), '0', 'binary COPY');
$node->stop;
done_testing();
