# What a session, an owner or the settings of one database hold up there does not hold up the
# pipelines and the maintenance of others.
use strict;
use warnings;
use PostgreSQL::Test::Utils;
use Test::More;

use OlapTest;

my $node = olap_node('main', q(
olap.maintenance_naptime = 1
olap.maintenance_interval = 3
autovacuum = off
max_worker_processes = 30
olap.max_pipelines = 16
wal_level = replica
max_wal_senders = 2
synchronous_commit = local
olap.ingest_synchronous_commit = off
synchronous_standby_names = 'nobody'
));
my $pid = q(SELECT pid FROM olap.pipeline_status WHERE name = 'mine');

# Two pipelines a database; their broker does not exist, so they wait for it.
$node->safe_psql('postgres', $_) foreach (
    'CREATE ROLE leaver LOGIN SUPERUSER', 'CREATE ROLE maker LOGIN CREATEDB', 'CREATE DATABASE kit');
$node->safe_psql('kit', q(
CREATE EXTENSION olap;
CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '127.0.0.1:1');
CREATE TABLE target (id bigint) USING olap;
CREATE FOREIGN TABLE topic (id bigint) SERVER kafka OPTIONS (topic 't', format 'json')));

sub make_pipelines
{
    my ($database) = @_;

    $node->safe_psql($database, q(
INSERT INTO olap.pipeline (name, source, target, owner, owner_oid, system_identifier,
  database_oid, state, max_rows, max_bytes, max_delay_ms)
SELECT p.name, 'topic', 'target', p.owner, to_regrole(p.owner), (pg_control_system()).system_identifier, oid,
  'paused', 1000, 100000, 1000
FROM pg_database, (VALUES ('mine', current_user::text), ('left', 'leaver')) p (name, owner)
WHERE datname = current_database();
INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, read, inserted, dead)
SELECT name, 0, 0, 0, 0, 0, 0 FROM olap.pipeline;
SELECT olap.resume_pipeline(name) FROM olap.pipeline));
}

sub make_database
{
    my ($database) = @_;

    $node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE kit");
    make_pipelines($database);
    $node->poll_query_until($database, 'SELECT count(*) FROM olap.pipeline_status WHERE pid IS NOT NULL', '2')
      or die "the pipelines of $database do not start";
}

sub state_is
{
    my ($database, $name, $state, $what) = @_;

    ok($node->poll_query_until($database,
            "SELECT state FROM olap.pipeline_status WHERE name = '$name'", $state), $what);
}

make_database($_) foreach qw(good dropping altering waiting readonly);

# --- sessions and settings that stand in the way, all at once ---
my %held = map { $_ => $node->background_psql($_) } qw(dropping altering waiting);
$held{dropping}->query_safe('SET client_min_messages = warning; BEGIN; DROP EXTENSION olap CASCADE');
$held{altering}->query_safe(q(BEGIN; SELECT olap.alter_pipeline('left', max_rows => 7)));
$held{waiting}->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE; CREATE TABLE unsafe (); SELECT 1 FROM target');
$node->safe_psql('postgres', "ALTER DATABASE waiting SET default_transaction_$_") foreach
  ('isolation = serializable', 'read_only = on', 'deferrable = on');
$node->safe_psql('readonly', 'DROP SERVER kafka CASCADE') if 0;
$node->safe_psql('postgres', 'ALTER DATABASE readonly SET default_transaction_read_only = on');
my $offset = -s $node->logfile;
$node->safe_psql('postgres', 'ALTER ROLE leaver NOLOGIN');
# each of these asks for a look
$node->safe_psql($_, q(SET default_transaction_read_only = off;
SET default_transaction_isolation = 'read committed'; SELECT olap.pause_pipeline('mine')))
  foreach qw(altering waiting readonly);
$node->safe_psql('dropping', 'DROP SCHEMA IF EXISTS nosuch');

$node->safe_psql('good', q(SELECT olap.pause_pipeline('mine')));
ok($node->poll_query_until('good', "SELECT count(*) = 0 FROM pg_stat_activity
 WHERE application_name = 'olap pipeline mine' AND datname = 'good'"), 'a pause has its effect');
$node->safe_psql('good', q(SELECT olap.resume_pipeline('mine')));
state_is('good', 'mine', 'disconnected', 'and so has a resume');
foreach my $database (qw(altering waiting readonly))
{
    ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity
 WHERE application_name = 'olap pipeline mine' AND datname = '$database'"), "a pause in $database as well");
}
state_is('readonly', 'left', 'failed', 'a pipeline whose owner may not log in fails in a read-only database');
$node->safe_psql('readonly', q(SET default_transaction_read_only = off; SELECT olap.resume_pipeline('mine')));
state_is('readonly', 'mine', 'disconnected', 'where others run on');

$node->safe_psql('good', 'INSERT INTO target SELECT generate_series(1, 1000)');
ok($node->poll_query_until('good', q(
SELECT count(*) > 0 FROM olap.segments('target') WHERE kind = 'segment' AND state = 'live')),
    'tables are maintained');
ok($node->log_contains('canceling statement due to lock timeout', $offset), 'a look does not wait for a lock');

# --- and when they let go ---
$held{$_}->query_safe('ROLLBACK') foreach keys %held;
$held{$_}->quit foreach keys %held;
$node->safe_psql('altering', q(SELECT olap.resume_pipeline('mine')));
state_is('altering', 'left', 'failed', 'what was locked is marked at the next look');
$node->safe_psql('dropping', q(SELECT olap.pause_pipeline('mine')));
ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity
 WHERE application_name = 'olap pipeline mine' AND datname = 'dropping'"), 'a database that was locked is looked at again');

# --- a look that waits for something that no timeout ends ---
$node->safe_psql('postgres', 'ALTER ROLE leaver LOGIN');
make_database('stuck');
$node->safe_psql('postgres', 'ALTER DATABASE stuck SET synchronous_commit = on');
$node->safe_psql('postgres', 'ALTER ROLE leaver NOLOGIN');
$offset = -s $node->logfile;
$node->safe_psql('stuck', q(SET synchronous_commit = local; SELECT olap.pause_pipeline('mine')));
$node->wait_for_log(qr/the look into the database with OID \d+ takes too long and is ended/, $offset);
$node->safe_psql('good', q(SELECT olap.pause_pipeline('mine')));
ok($node->poll_query_until('good', "SELECT count(*) = 0 FROM pg_stat_activity
 WHERE application_name = 'olap pipeline mine' AND datname = 'good'"), 'a look that takes long is ended');
$node->safe_psql('good', q(SELECT olap.resume_pipeline('mine')));
state_is('good', 'mine', 'disconnected', 'and others follow');

# --- a dump has the owner's name, so it follows the role's ---
$node->safe_psql('postgres', 'ALTER ROLE leaver RENAME TO renamed');
$node->safe_psql('good', q(SELECT olap.alter_pipeline('mine', max_rows => 2000)));
ok($node->poll_query_until('good', "SELECT owner FROM olap.pipeline WHERE name = 'left'", 'renamed'),
    'a pipeline knows the new name of its owner after a look');
$node->safe_psql('postgres', 'ALTER ROLE renamed RENAME TO leaver');

# --- an interrupted DROP DATABASE leaves this behind ---
$offset = -s $node->logfile;
$node->safe_psql('postgres', q(UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'stuck'));
$node->restart;
state_is('good', 'mine', 'disconnected', 'pipelines run after a restart');
ok(!$node->log_contains('cannot connect to invalid database', $offset), 'no look at an invalid database');
$node->safe_psql('postgres', 'DROP DATABASE stuck');

# --- commands that PostgreSQL refuses leave the workers alone, others find nobody there ---
state_is('good', 'left', 'failed', 'the other one does not run');
my $before = $node->safe_psql('good', $pid);
my @refused = (
    [ 'maker', 'CREATE DATABASE copy TEMPLATE good', qr/permission denied to copy/ ],
    [ 'maker', 'ALTER DATABASE good RENAME TO other', qr/must be owner/ ],
    [ 'postgres', 'BEGIN; DROP DATABASE good', qr/cannot run inside a transaction block/ ],
    [ 'postgres', 'BEGIN; CREATE DATABASE copy TEMPLATE good', qr/cannot run inside a transaction block/ ]);
foreach (@refused)
{
    my ($user, $sql, $error) = @$_;
    my ($rc, $out, $err) = $node->psql('postgres', $sql,
        extra_params => $user eq 'maker' ? [ '-U', 'maker' ] : []);
    like($err, $error, "$sql is refused");
}
is($node->safe_psql('good', $pid), $before, 'and ends no worker');
$node->safe_psql('template1', q(
CREATE EXTENSION olap;
CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '127.0.0.1:1');
CREATE TABLE target (id bigint) USING olap;
CREATE FOREIGN TABLE topic (id bigint) SERVER kafka OPTIONS (topic 't', format 'json')));
make_pipelines('template1');
foreach my $options ('', ' TEMPLATE DEFAULT', ' TEMPLATE template1')
{
    state_is('template1', 'mine', 'disconnected', 'a pipeline runs in template1');
    $node->safe_psql('postgres', "CREATE DATABASE copy$options");
    pass("CREATE DATABASE$options with a pipeline in template1");
    $node->safe_psql('postgres', 'DROP DATABASE copy');
}

$node->stop;
done_testing();
