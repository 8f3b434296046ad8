# olap.verify says so when an index's file is damaged: entries that are gone, that point
# to rows there never were, or have another key; and says nothing of sound indexes
# while others insert, delete, VACUUM and compact, nor on a standby.
# OLAP_TEST_SECONDS makes it longer.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $SECONDS = $ENV{OLAP_TEST_SECONDS} || 6;

my $node = olap_node('primary', q(
autovacuum = off
ignore_checksum_failure = on
max_standby_streaming_delay = -1
), allows_streaming => 1);
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (id int PRIMARY KEY, h text, e int) USING olap;
CREATE INDEX t_h ON t USING hash (h);
CREATE INDEX t_e ON t ((e % 1000)) WHERE e > 0;
INSERT INTO t SELECT g, 'h' || g, g FROM generate_series(1, 100) g;
));

# ---- damaged files ----

# Item number n (from 1) of a page: offset of its line pointer, and where it stands.
sub item
{
    my ($page, $n) = @_;
    my $pointer = unpack('L', substr($page, 24 + 4 * ($n - 1), 4));

    return (24 + 4 * ($n - 1), $pointer & 0x7fff);
}

# The file of an index with edit($page, $block) in place of each page; the report.
sub verify_edited
{
    my ($index, $edit) = @_;
    my $file = $node->data_dir . '/' . $node->safe_psql('postgres', "CHECKPOINT; SELECT pg_relation_filepath('$index')");

    $node->stop;
    my $good = slurp_file($file);
    my $bad = '';
    for my $block (0 .. length($good) / 8192 - 1)
    {
        $bad .= $edit->(substr($good, $block * 8192, 8192), $block);
    }
    die "nothing was edited" if $bad eq $good;
    overwrite($file, $bad);
    $node->start;
    my $report = $node->safe_psql('postgres', "SELECT fault, detail FROM olap.verify('t')");
    is($node->safe_psql('postgres', "SELECT * FROM olap.verify('t', indexes => false)"), '', "the table is sound");
    $node->stop;
    overwrite($file, $good);
    $node->start;
    return $report;
}

sub overwrite
{
    my ($file, $bytes) = @_;

    open(my $fh, '+<:raw', $file) or die "$file: $!";
    print $fh $bytes;
    close($fh);
}

# Take the last item away.
sub without_last
{
    my ($page) = @_;

    substr($page, 12, 2) = pack('S', unpack('S', substr($page, 12, 2)) - 4);
    return $page;
}

my $last = $node->safe_psql('postgres', 'SELECT ctid FROM t WHERE id = 100');
my $first = $node->safe_psql('postgres', 'SELECT ctid FROM t WHERE id = 1');

is($node->safe_psql('postgres', "SELECT * FROM olap.verify('t')"), '', 'sound indexes have no fault');

is(verify_edited('t_pkey', sub { $_[1] == 1 ? without_last($_[0]) : $_[0] }),
    qq(index "t_pkey" lacks entries of rows|Rows without an entry that has their key: 1, among them $last.),
    'a btree entry that is gone');

is(verify_edited('t_e', sub { $_[1] == 1 ? without_last($_[0]) : $_[0] }),
    qq(index "t_e" lacks entries of rows|Rows without an entry that has their key: 1, among them $last.),
    'an entry of an index on an expression with a predicate');

# a block number that was not handed out: high half of the first item's
is(verify_edited('t_pkey', sub {
    my ($page, $block) = @_;
    return $page if $block != 1;
    substr($page, (item($page, 1))[1], 2) = pack('S', 77);
    return $page;
}), qq(index "t_pkey" lacks entries of rows|Rows without an entry that has their key: 1, among them $first.
index "t_pkey" has entries of rows there never were|Entries whose row number was not handed out: 1, among them (5046272,1).),
    'an entry of a row that never was');

# an offset beyond those of a virtual block
is(verify_edited('t_pkey', sub {
    my ($page, $block) = @_;
    return $page if $block != 1;
    substr($page, (item($page, 1))[1] + 4, 2) = pack('S', 292);
    return $page;
}), qq(index "t_pkey" lacks entries of rows|Rows without an entry that has their key: 1, among them $first.
index "t_pkey" has entries of rows there never were|Entries whose row number was not handed out: 1, among them (0,292).),
    'an entry of a row number that there is not');

is(verify_edited('t_pkey', sub {
    my ($page, $block) = @_;
    return $page if $block != 1;
    substr($page, (item($page, 1))[1] + 8, 4) = pack('l', -5);
    return $page;
}), qq(index "t_pkey" lacks entries of rows|Rows without an entry that has their key: 1, among them $first.),
    'an entry with another key');

# marked dead by mistake: searches pass over it
is(verify_edited('t_pkey', sub {
    my ($page, $block) = @_;
    return $page if $block != 1;
    my ($at) = item($page, 1);
    substr($page, $at, 4) = pack('L', unpack('L', substr($page, $at, 4)) | (3 << 15));
    return $page;
}), qq(index "t_pkey" lacks entries of rows|Rows without an entry that has their key: 1, among them $first.),
    'an entry that is marked dead');

my $edited = 0;
like(verify_edited('t_h', sub {
    my ($page, $block) = @_;
    my ($special) = unpack('S', substr($page, 16, 2));
    return $page if $edited || unpack('S', substr($page, $special + 12, 2)) != 2 || unpack('S', substr($page, 12, 2)) < 28;
    $edited = 1;
    return without_last($page);
}), qr/^index "t_h" lacks entries of rows\|Rows without an entry that has their key: 1, among them \(\d+,\d+\)\.$/,
    'a hash entry that is gone');

like(verify_edited('t_h', sub { $_[1] == 1 ? "\0" x 8192 : $_[0] }),
    qr/^index "t_h" contains unexpected zero page at block 1/, 'a page of zeros in a hash index');
like(verify_edited('t_pkey', sub { $_[1] == 1 ? "\0" x 8192 : $_[0] }),
    qr/^index "t_pkey" contains unexpected zero page at block 1/, 'a page of zeros in a btree');

is($node->safe_psql('postgres', "SELECT * FROM olap.verify('t')"), '', 'the indexes as they were have no fault');

# ---- sound ones in use ----

$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;

my $dir = PostgreSQL::Test::Utils::tempdir();
$node->safe_psql('postgres', 'CREATE SEQUENCE s START 1000');
PostgreSQL::Test::Utils::append_to_file("$dir/change.sql", q(
\set k random(1, 40)
INSERT INTO t SELECT nextval('s'), 'h' || g % 7, g FROM generate_series(1, :k) g;
DELETE FROM t WHERE id IN (SELECT id FROM t WHERE id > 999 ORDER BY id LIMIT greatest(:k - 5, 0)) AND h <> 'h3';
UPDATE t SET h = 'u' || :k, e = e + 1 WHERE id = :k;
));
PostgreSQL::Test::Utils::append_to_file("$dir/upkeep.sql", "VACUUM t;\nCALL olap.compact('t');\n");
chmod 0755, $dir;
chmod 0644, "$dir/change.sql", "$dir/upkeep.sql";
my @runs;
for my $job ([ 'change', 3 ], [ 'upkeep', 1 ])
{
    my ($out, $err) = ('', '');

    push @runs, {
        name => $job->[0],
        handle => IPC::Run::start([ 'pgbench', '-n', '-c', $job->[1], '-T', $SECONDS, '-f', "$dir/$job->[0].sql",
            '-h', $node->host, '-p', $node->port, 'postgres' ], '>', \$out, '2>', \$err),
        err => \$err
    };
}
my ($faults, $n, $end) = ('', 0, time + $SECONDS);
while (time < $end)
{
    $faults .= $node->safe_psql('postgres', "SELECT * FROM olap.verify('t')");
    $faults .= $standby->safe_psql('postgres', "SELECT * FROM olap.verify('t')");
    $n++;
}
for my $run (@runs)
{
    $run->{handle}->finish;
    is(${ $run->{err} }, '', "$run->{name} ran without an error");
}
is($faults, '', 'no fault while others write');
cmp_ok($n, '>', 1, "it was looked $n times");
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', "SELECT * FROM olap.verify('t')"), '', 'nor at the end');
$standby->stop;
$node->stop;
done_testing();
