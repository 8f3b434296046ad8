# What was committed survives kill -9, what was not does not show; unlogged tables
# are emptied; a standby and a base backup hold the same rows.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('primary', q(
restart_after_crash = on
autovacuum = off
wal_keep_size = '256MB'
), allows_streaming => 1, extra => ['--data-checksums']);
$node->safe_psql('postgres', q(
CREATE EXTENSION olap;
CREATE TABLE t (a int, b text, c numeric(10,2)) USING olap;
CREATE INDEX t_a ON t (a);
CREATE TABLE plain (a int, b text) USING olap;
CREATE UNLOGGED TABLE u (a int) USING olap;
));

# The sums a table must show, by scan and by index.
sub sums
{
    my ($server, $table) = @_;
    return $server->safe_psql('postgres', "SELECT count(*), sum(a), count(b) FROM $table");
}

# ---- crash during a COPY, again and again, at different moments ----
my ($rows, $sum) = (0, 0);
for my $round (1 .. 6)
{
    $node->safe_psql('postgres', qq(
INSERT INTO t SELECT g, 'r' || g, g / 100.0 FROM generate_series(1, 20000) g;
INSERT INTO t VALUES ($round, 'single', 1.25);
INSERT INTO plain SELECT g, 'r' || g FROM generate_series(1, 20000) g;
INSERT INTO plain VALUES ($round, 'single');
INSERT INTO u VALUES ($round);
));
    $rows += 20001;
    $sum += 20000 * 20001 / 2 + $round;

    my ($in, $out, $err) = ('', '', '');
    my $h = IPC::Run::start(
        [ 'psql', '-X', '-q', '-d', $node->connstr('postgres') ],
        '<', \$in, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
    $in .= "SELECT pg_backend_pid();\nBEGIN;\n";
    $in .= "INSERT INTO plain SELECT -g, 'lost' FROM generate_series(1, 300000) g;\n";
    $in .= "INSERT INTO t SELECT -g, 'lost', 0 FROM generate_series(1, 300000) g;\n";
    $h->pump until $out =~ /(\d+)\s*\n\(1 row/;
    my ($pid) = $out =~ /(\d+)\s*\n\(1 row/;
    select(undef, undef, undef, 0.12 * $round);
    kill 'KILL', $pid;
    eval { $h->finish };
    wait_for_recovery($node);

    is(sums($node, 't'), "$rows|$sum|$rows", "round $round: indexed table");
    is(sums($node, 'plain'), "$rows|$sum|$rows", "round $round: plain table");
    is($node->safe_psql('postgres', 'SELECT count(*) FROM u'),
        '0', "round $round: unlogged table is emptied");
    is($node->safe_psql('postgres',
            'SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*) FROM t WHERE a = 77'),
        $round, "round $round: index and rows agree");
}

# ---- aborted rows go with VACUUM, the committed stay ----
$node->safe_psql('postgres', 'VACUUM t; VACUUM plain;');
is(sums($node, 't'), "$rows|$sum|$rows", 'after VACUUM');

# ---- a base backup and a standby ----
$node->backup('b');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'b', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q(
INSERT INTO t SELECT g, 's' || g, 0 FROM generate_series(1, 10000) g;
INSERT INTO t VALUES (5, 'standby', 1);
BEGIN; INSERT INTO t VALUES (6, 'aborted', 1); ROLLBACK;
VACUUM FREEZE t;
));
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(sums($standby, 't'), sums($node, 't'), 'standby shows the same rows');
is($standby->safe_psql('postgres',
        'SET enable_seqscan = off; SET olap.enable_scan = off; SELECT count(*) FROM t WHERE a = 77'),
    $node->safe_psql('postgres', 'SELECT count(*) FROM t WHERE a = 77'),
    'standby finds rows by index');
for my $look (map { "SELECT * FROM $_" } 'u', map { "olap.$_('u')" } qw(verify segments column_stats index_stats))
{
    my ($rc, $out, $err) = $standby->psql('postgres', $look);
    like($err, qr/cannot access temporary or unlogged relations during recovery/, "standby refuses: $look");
}
is($standby->safe_psql('postgres', q(SELECT "table", segments IS NULL, work IS NULL FROM olap.compaction_status ORDER BY 1)),
    "t|f|f\nplain|f|f\nu|t|t", 'compaction_status on the standby has NULLs of the unlogged table');
$standby->promote;
$standby->safe_psql('postgres', q(INSERT INTO t VALUES (7, 'promoted', 1)));
is($standby->safe_psql('postgres', q(SELECT count(*) FROM t WHERE b = 'promoted')),
    '1', 'a promoted standby takes rows');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM u'),
    '0', 'unlogged table is empty after promotion');
$standby->stop;

# ---- a file that changed without WAL ----
my $minimal = olap_node('minimal', q(
wal_level = minimal
max_wal_senders = 0
wal_skip_threshold = '64kB'
shared_buffers = '128kB'
));
is($minimal->safe_psql('postgres', q(
CREATE EXTENSION olap;
BEGIN;
CREATE TABLE t (a int, b text) USING olap;
INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 10000) g;
SELECT count(*) FROM t;
INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 10000) g;
COMMIT;
SELECT count(*) FROM t)), "10000\n20000",
    'a session finds what its transaction added to a new table after it had read it');

# ---- the fewest buffers that a server can have ----
$minimal->safe_psql('postgres', $_) for ('UPDATE t SET a = -a WHERE a % 9 = 0', 'DELETE FROM t WHERE a % 5 = 0',
    'VACUUM t', q(CALL olap.compact('t')), 'CREATE INDEX ON t (a)', 'VACUUM FULL t');
is($minimal->safe_psql('postgres', q(SELECT count(*), sum(a), count(DISTINCT b) FROM t; SELECT * FROM olap.verify('t'))),
    $minimal->safe_psql('postgres', q(
SELECT 2 * count(*), 2 * sum(CASE WHEN g % 9 = 0 THEN -g ELSE g END), count(*) FROM generate_series(1, 10000) g WHERE g % 5 <> 0)),
    '16 shared buffers are enough');
$minimal->stop;

# ---- checksums hold ----
$node->stop;
command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ],
    'checksums of all pages are right');
done_testing();
