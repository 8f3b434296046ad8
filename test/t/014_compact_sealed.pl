# The interleaving "insert into a delta page at the moment it is sealed". A compaction seals the delta pages that it
# takes rows from; writers go on with the page that they wrote last, and must notice: their rows go elsewhere, none is
# lost, none is there twice. First one by one, with the compaction held at a gate or the writer's transaction open
# while it passes; then as a race, with a proof that it took place.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
autovacuum = off
olap.maintenance = off
max_connections = 60
max_prepared_transactions = 10
deadlock_timeout = 10min
fsync = off
));
sub sql { return $node->safe_psql('postgres', $_[0]) }

my @TABLES = qw(plain keyed);

sql('CREATE EXTENSION olap;' . gated_type() . join '', map { qq(
CREATE TABLE $_ (id int, k gated, v text) USING olap WITH (order_by = 'k');
CREATE TABLE ${_}_twin (id int, k gated, v text) USING heap;
CREATE VIEW ${_}_difference AS
  (SELECT id, k::int, v FROM $_ WHERE id > 0 EXCEPT ALL SELECT id, k::int, v FROM ${_}_twin)
  UNION ALL
  (SELECT id, k::int, v FROM ${_}_twin EXCEPT ALL SELECT id, k::int, v FROM $_ WHERE id > 0);
) } @TABLES);
sql('ALTER TABLE keyed ADD PRIMARY KEY (id); ALTER TABLE keyed_twin ADD PRIMARY KEY (id)');

sub is_twin
{
    my ($when) = @_;

    for my $table (@TABLES)
    {
        my $query = "SELECT count(*) FROM ${table}_difference";
        is(sql("SET enable_bitmapscan = off; $query; SET olap.enable_scan = off; $query; SET enable_seqscan = off; $query"),
            "0\n0\n0", "$when: the rows of the twin, $table");
        is(sql("SELECT * FROM olap.verify('$table')"), '', "$when: storage is sound, $table");
    }
}

# The delta runs of a table: 'state rows, ...'
sub runs
{
    my ($table) = @_;
    return sql("SELECT string_agg(concat_ws(' ', state, rows), ', ' ORDER BY id) FROM olap.segments('$table') WHERE kind = 'delta'");
}

# Virtual blocks, which are pages: the first and the last one of rows of a kind.
sub pages
{
    my ($table, $kind) = @_;
    return split /\|/, sql("SELECT min((ctid::text::point)[0]), max((ctid::text::point)[0]) FROM $table WHERE v LIKE '$kind %'");
}

# ---- writers, one by one ----
my @WRITERS = qw(committed undone open open_undone prepared);
my %writer = map { $_ => $node->background_psql('postgres') } @WRITERS;

# All ways to write, in both tables and their twins; a kind's rows have ids of their own.
sub write_rows
{
    my ($name, $kind, $first) = @_;
    my $file = $node->basedir . "/rows $kind $name";

    append_to_file($file, join '', map { ($first + 50 + $_) . "\t2\t$kind $name\n" } 1 .. 20);
    for my $table (map { ($_, "${_}_twin") } @TABLES)
    {
        my $id = $first;
        my $value = sub { return sprintf "(%d, '%d', '$kind $name')", ++$id, $id % 3 };
        $writer{$name}->query_safe(join '', map { "$_;\n" } (
                "INSERT INTO $table VALUES " . $value->(),
                'SAVEPOINT a',
                "INSERT INTO $table VALUES " . $value->(),
                'ROLLBACK TO a',
                "INSERT INTO $table VALUES " . $value->(),
                'SAVEPOINT b',
                "INSERT INTO $table VALUES " . $value->() . ',' . $value->(),
                'RELEASE b',
                "INSERT INTO $table VALUES (1, '1', '$kind $name'), " . $value->() . ' ON CONFLICT DO NOTHING',
                "INSERT INTO $table SELECT g, (g % 3)::text::gated, '$kind $name' FROM generate_series($first + 100, $first + 400) g",
                "COPY $table FROM '$file'",
                "UPDATE $table SET v = '$kind $name' WHERE id = " . (10 + $first / 1000)));
    }
}

# Each writer has an id of a thousand for every kind.
my $thousands = 0;

sub all_write
{
    my ($kind, $begin) = @_;
    foreach (@WRITERS)
    {
        $writer{$_}->query_safe('BEGIN') if $begin;
        write_rows($_, $kind, 1000 * ++$thousands);
    }
}

my %END = (committed => 'COMMIT', undone => 'ROLLBACK', open => 'COMMIT', open_undone => 'ROLLBACK');

foreach my $table (map { ($_, "${_}_twin") } @TABLES)
{
    sql("INSERT INTO $table SELECT g, (g % 3)::text::gated, 'seed' FROM generate_series(1, 100) g");
    $writer{ $WRITERS[$_] }->query_safe("INSERT INTO $table VALUES (101 + $_, '1', 'own $_')") for 0 .. $#WRITERS;
}
my %own = map { $_ => [ pages($_, 'own') ] } @TABLES;
my $old = $node->background_psql('postgres');
my $seen = 'SELECT count(*), sum(id) FROM plain; SELECT count(*), sum(id) FROM keyed';
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($old->query_safe($seen), "105|5565\n105|5565", 'an old snapshot sees the first rows');

# held with the page that all of them have written last
my $gate = $node->background_psql('postgres');
$gate->query_safe('SELECT pg_advisory_lock(1)');
my @compactions = map { IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=compaction',
          '-c', "CALL olap.compact('$_')" ], '<', '/dev/null', '>&', \my $said) } @TABLES;
$node->poll_query_until('postgres', q(SELECT count(*) = 2 FROM pg_locks l JOIN pg_stat_activity a USING (pid)
  WHERE application_name = 'compaction' AND l.locktype = 'advisory' AND NOT l.granted)) or die 'they are not held';
is(runs($_), 'sealed 105', "a compaction has sealed the pages of $_, and is held") foreach @TABLES;
all_write('held', 1);
$writer{$_}->query_safe($END{$_}) foreach qw(committed undone);
$writer{prepared}->query_safe(q(PREPARE TRANSACTION 'held'));
for my $table (@TABLES)
{
    cmp_ok((pages($table, 'held'))[0], '>', $own{$table}[1], "the writers' rows go to other pages of $table");
    like(runs($table), qr/^sealed 105(, open \d+)+$/, 'which are another run');
}
is_twin('the compactions are held');
$gate->query_safe('SELECT pg_advisory_unlock(1)');
$_->finish foreach @compactions;
is(join(' ', map { $_->result(0) } @compactions), '0 0', 'the compactions end');
like(runs($_), qr/^replaced 105(, open \d+)+$/, "one has moved the first rows of $_, and only those") foreach @TABLES;
is(sql("SELECT sum(rows) FROM olap.segments('$_') WHERE kind = 'segment'"), '105', 'to a segment') foreach @TABLES;
is_twin('the compactions have committed');
is($old->query_safe($seen), "105|5565\n105|5565", 'the old snapshot sees what it saw');
$writer{$_}->query_safe($END{$_}) foreach qw(open open_undone);
sql(q(COMMIT PREPARED 'held'));
is_twin('all writers have ended');

# passing while they have rows on the page
all_write('before', 1);
my %last = map { my $table = $_; $table => { map { $_ => $writer{$_}->query_safe(
              "SELECT max((ctid::text::point)[0]) FROM $table WHERE v = 'before $_'") } @WRITERS } } @TABLES;
sql("CALL olap.compact('$_')") foreach @TABLES;
like(runs($_), qr/^replaced 105(, sealed \d+)+$/, "a compaction seals pages of $_ that running transactions have written")
  foreach @TABLES;
all_write('after', 0);
for my $table (@TABLES)
{
    is(join(' ', map { $writer{$_}->query_safe("SELECT min((ctid::text::point)[0]) > $last{$table}{$_} FROM $table
  WHERE v = 'after $_'") } @WRITERS), 't t t t t', "what each of them writes after that goes to other pages of $table");
}
sql("CALL olap.compact('$_')") foreach @TABLES;
$writer{$_}->query_safe($END{$_}) foreach qw(committed undone open open_undone);
$writer{prepared}->query_safe(q(PREPARE TRANSACTION 'after'));
is_twin('all but one have ended');
sql(q(COMMIT PREPARED 'after'));
sql("CALL olap.compact('$_')") foreach @TABLES;
unlike(runs($_), qr/open|sealed [^0]/, "then all rows of $_ can be moved") foreach @TABLES;
is_twin('all rows have been moved');
is($old->query_safe($seen), "105|5565\n105|5565", 'the old snapshot sees what it saw');
$_->quit foreach $old, $gate, values %writer;
sql('VACUUM plain, keyed');
is_twin('after VACUUM');

# ---- a race ----
# The transactions that committed stand in a heap: the table's name, and what its rows are called.
sql(q(
CREATE TABLE r_plain (client int, i int, run int, n int) USING olap;
CREATE TABLE r_short (LIKE r_plain) USING olap;
CREATE TABLE r_undone (LIKE r_plain) USING olap;
CREATE TABLE r_keyed (LIKE r_plain, PRIMARY KEY (client, i, run, n)) USING olap;
CREATE TABLE done (name text, client int, i int, run int) USING heap));

my %scripts = (
    plain => q(
\set i :i + 1
BEGIN;
INSERT INTO r_plain VALUES (:client_id, :i, :run, 1);
INSERT INTO r_plain VALUES (:client_id, :i, :run, 2);
INSERT INTO r_plain VALUES (:client_id, :i, :run, 3);
INSERT INTO done VALUES ('r_plain', :client_id, :i, :run);
COMMIT;
),
    keyed => q(
\set i :i + 1
BEGIN;
INSERT INTO r_keyed VALUES (:client_id, :i, :run, 1) ON CONFLICT DO NOTHING;
INSERT INTO r_keyed VALUES (:client_id, :i, :run, 1), (:client_id, :i, :run, 2) ON CONFLICT DO NOTHING;
INSERT INTO r_keyed VALUES (:client_id, :i, :run, 3);
INSERT INTO done VALUES ('r_keyed', :client_id, :i, :run);
COMMIT;
),
    undone => q(
\set i :i + 1
BEGIN;
INSERT INTO r_undone VALUES (:client_id, :i, :run, 0);
ROLLBACK;
BEGIN;
INSERT INTO r_undone VALUES (:client_id, :i, :run, 1);
SAVEPOINT a;
INSERT INTO r_undone VALUES (:client_id, :i, :run, 0);
ROLLBACK TO a;
INSERT INTO r_undone VALUES (:client_id, :i, :run, 2);
SAVEPOINT b;
INSERT INTO r_undone VALUES (:client_id, :i, :run, 3);
RELEASE b;
INSERT INTO done VALUES ('r_undone', :client_id, :i, :run);
COMMIT;
));
# each transaction in a session of its own, which takes the newest page
$scripts{short} = $scripts{plain} =~ s/r_plain/r_short/gr;
$scripts{compact} = join '', map { "CALL olap.compact('$_');\n" } qw(r_plain r_keyed r_undone r_short);
append_to_file($node->basedir . "/$_.sql", $scripts{$_}) foreach keys %scripts;

sub race
{
    my ($run) = @_;
    my (@all, %said);

    for my $name (sort keys %scripts)
    {
        push @all, [ $name, IPC::Run::start([ 'pgbench', '-n', '-T', 3, '-c', $name =~ /plain|keyed/ ? 2 : 1,
                    $name eq 'short' ? '-C' : (), '-D', 'i=0', '-D', "run=$run", '-f', $node->basedir . "/$name.sql",
                    $node->connstr('postgres') ], '<', '/dev/null', '>', \my $out, '2>', \$said{$name}) ];
    }
    my $failed = '';
    foreach (@all)
    {
        my ($name, $handle) = @$_;
        $handle->finish;
        my $errors = join "\n", grep { !/^pgbench \(|^\s*$/ } split /\n/, $said{$name};
        $failed .= "$name: $errors\n" if $handle->result(0) != 0 || $errors ne '';
    }
    return $failed;
}

# Transactions that wrote a row, left the page though it was not half full, and wrote the next row to another one.
sub times_met
{
    return sql(join(' UNION ALL ', map { "SELECT sum(found) FROM (
WITH r AS (SELECT client, i, run, n, (ctid::text::point)[0]::int AS page FROM $_),
  filled AS (SELECT page FROM r GROUP BY page HAVING count(*) < 90)
SELECT count(*) AS found FROM r a JOIN r b ON (a.client, a.i, a.run, a.n + 1) = (b.client, b.i, b.run, b.n)
  WHERE a.page <> b.page AND a.page IN (TABLE filled)) x" } qw(r_plain r_keyed)) =~ s/.*/SELECT sum(sum) FROM ($&) y/sr);
}

my ($failed, $met) = ('', 0);
for (my $run = 1; $run <= 20 && $failed eq '' && $met < 30; $run++)
{
    $failed = race($run);
    $met = times_met() if $failed eq '';
}
is($failed, '', 'all sessions of the race end well');
cmp_ok($met, '>=', 30, "a page was sealed between two rows of a transaction, $met times");
my $expected = 'SELECT name, client, i, run, n FROM done, generate_series(1, 3) n';
my $found = join ' UNION ALL ', map { "SELECT '$_', client, i, run, n FROM $_" } qw(r_plain r_keyed r_undone r_short);
for my $when ('after the race', 'all rows have been moved', 'after VACUUM')
{
    is(sql("SELECT count(*) FROM (($expected) EXCEPT ALL ($found)) x"), '0', "$when: no row is lost");
    is(sql("SELECT count(*) FROM (($found) EXCEPT ALL ($expected)) x"), '0', "$when: none is there twice");
    is(sql("SELECT * FROM olap.verify('r_$_')"), '', "$when: storage is sound, $_") foreach qw(plain keyed undone short);
    sql("CALL olap.compact('r_$_')") foreach qw(plain keyed undone short);
    sql('VACUUM') if $when =~ /moved/;
}
$node->stop;
done_testing();
