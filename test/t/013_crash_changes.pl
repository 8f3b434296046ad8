# The server dies while several sessions update, delete and lock the same rows, in
# subtransactions and with asynchronous commit, and VACUUM and compactions run: afterwards the table
# holds what a heap table holds that the same transactions changed.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $KILLS = $ENV{OLAP_TEST_KILLS} || 5;
srand($ENV{OLAP_TEST_SEED} || 11);

my $node = olap_node('main', q(
restart_after_crash = on
checkpoint_timeout = 30s
wal_writer_delay = 10ms
deadlock_timeout = 100ms
autovacuum = off
));

# change() does the same to both tables, and to the heap table only what it did to the
# olap table: a key that one session inserts and another deletes at the same time must
# not be counted twice.
$node->safe_psql('postgres', q(
    CREATE EXTENSION olap;
    CREATE TABLE o (id int PRIMARY KEY, w int, v int, t text) USING olap;
    CREATE TABLE h (id int PRIMARY KEY, w int, v int, t text) USING heap;
    INSERT INTO h SELECT g, 0, g, 'hot' FROM generate_series(1, 40) g;
    INSERT INTO h SELECT g, g % 4, g, 'cold' FROM generate_series(1001, 9000) g;
    INSERT INTO o SELECT * FROM h;
    CREATE FUNCTION change(what text) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE ids int[];
    BEGIN
      EXECUTE 'WITH x AS (' || replace(what, 'T!', 'o') || ' RETURNING o.id) SELECT array_agg(id) FROM x' INTO ids;
      IF ids IS NOT NULL THEN
        IF what LIKE 'INSERT%' THEN
          EXECUTE replace(what, 'T!', 'h');
        ELSE
          EXECUTE replace(what, 'T!', 'h') || ' AND h.id = ANY ($1)' USING ids;
        END IF;
      END IF;
    END $$;
));

sub statement
{
    my ($w) = @_;
    my $id = 1 + int rand 40;
    my $from = 1001 + int rand 7900;
    my $kind = int rand 8;

    return "SELECT change('UPDATE T! SET v = T!.v + $w WHERE T!.id = $id');" if $kind <= 1;
    return "SELECT change('DELETE FROM T! WHERE T!.id = $id');" if $kind == 2;
    return "SELECT change('INSERT INTO T! VALUES ($id, $w, 1, ''back'') ON CONFLICT (id) DO UPDATE SET v = T!.v + 1, t = ''up''');" if $kind <= 4;
    return "SELECT id FROM o WHERE id = $id FOR UPDATE;" if $kind == 5;
    return "SELECT change('UPDATE T! SET v = -T!.v, t = T!.t || $w WHERE T!.w = $w AND T!.id BETWEEN $from AND ' || $from + 100);" if $kind == 6;
    return "SELECT change('DELETE FROM T! WHERE T!.w = $w AND T!.id BETWEEN $from AND ' || $from + 20);"
      . "SELECT change('INSERT INTO T! SELECT $w * 1000000 + $from * 100 + g, $w, g, ''new'' FROM generate_series(1, 20) g ON CONFLICT DO NOTHING');";
}

sub statements
{
    my ($w) = @_;
    my $sql = $w % 2 ? "SET synchronous_commit = off;\n" : '';
    for (1 .. 400)
    {
        $sql .= "BEGIN;\n" . statement($w) . "\n";
        $sql .= "SAVEPOINT s;\n" . statement($w) . statement($w)
          . (rand() < 0.5 ? "ROLLBACK TO s;\n" : "RELEASE s;\n") if rand() < 0.4;
        $sql .= statement($w) . "\n" . (rand() < 0.2 ? 'ROLLBACK' : 'COMMIT') . ";\n";
    }
    return $sql;
}

my %seen;
for my $kill (1 .. $KILLS)
{
    my @sessions;
    for my $w (1 .. 4)
    {
        my $file = $node->basedir . "/writer$w-$kill.sql";
        PostgreSQL::Test::Utils::append_to_file($file, statements($w));
        push @sessions,
          IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', $file ],
            '<', '/dev/null', '>', '/dev/null', '2>', $node->basedir . "/writer$w-$kill.err");
    }
    my $file = $node->basedir . "/vacuum-$kill.sql";
    PostgreSQL::Test::Utils::append_to_file($file,
        "SELECT pg_backend_pid();\n" . "VACUUM o;\nCALL olap.compact('o');\nSELECT pg_sleep(0.05);\n" x 400);
    push @sessions,
      IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-f', $file ],
        '<', '/dev/null', '>', '/dev/null', '2>', '/dev/null');
    select undef, undef, undef, 0.7 + 1.3 * rand;
    $node->safe_psql('postgres', 'CHECKPOINT') if $kill % 3 == 0;
    if ($kill % 2)
    {
        $node->stop('immediate');
        eval { $_->finish } for @sessions;
        $node->start;
    }
    else
    {
        # kill -9 of one writer: the server restarts itself
        my $pid = $node->safe_psql('postgres', q(
            SELECT pid FROM pg_stat_activity WHERE query LIKE '%change%' AND pid <> pg_backend_pid() LIMIT 1));
        kill 'KILL', $pid if $pid;
        eval { $_->finish } for @sessions;
        wait_for_recovery($node);
    }

    is($node->safe_psql('postgres', q(
        SELECT count(*) FROM ((TABLE o EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE o)) x)),
        '0', "crash $kill: the same rows as heap");
    is($node->safe_psql('postgres', q(
        SET enable_seqscan = off; SET olap.enable_scan = off;
        SELECT count(*) FROM h FULL JOIN (SELECT * FROM o WHERE id > 0) o USING (id, w, v, t) WHERE o.id IS NULL OR h.id IS NULL)),
        '0', "crash $kill: and by index");
    is($node->safe_psql('postgres', q(SELECT count(*) FROM olap.verify('o'))), '0',
        "crash $kill: storage is sound");
    $seen{$node->safe_psql('postgres', 'SELECT count(*), sum(v), sum(length(t)) FROM o')} = 1;
}
cmp_ok(scalar keys %seen, '>', 1, 'transactions committed');
like($node->safe_psql('postgres', q(SELECT string_agg(DISTINCT left(t, 2), ',' ORDER BY left(t, 2)) FROM o)),
    qr/co.*ne/, 'rows of several kinds are there');
my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile);
unlike($log, qr/PANIC|is corrupted|XX000|unrecognized/, 'nothing unexpected in the log');

$node->safe_psql('postgres', 'VACUUM o');
is($node->safe_psql('postgres', q(
    SELECT count(*) FROM ((TABLE o EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE o)) x)),
    '0', 'the same rows after VACUUM');
$node->stop;
done_testing();
