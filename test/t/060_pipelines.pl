# Pipelines as PostgreSQL moves them: a plain dump and restore carries them, with
# offsets, ledger and dead letters, and they wait to be adopted; the launcher runs
# on a primary, not on a standby, and promotion starts it.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "shared_preload_libraries = 'olap'\n");
$primary->start;

my $launchers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'olap launcher'";
ok($primary->poll_query_until('postgres', $launchers, '1'), 'the launcher runs on a primary');

# A pipeline that is to run, with a history. Its broker does not exist, which is
# no reason to end: it waits.
$primary->safe_psql('postgres', q{
CREATE EXTENSION olap;
CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '127.0.0.1:1');
CREATE TABLE "Target" (id bigint);
CREATE FOREIGN TABLE topic (id bigint) SERVER kafka OPTIONS (topic 't', format 'json');
INSERT INTO olap.pipeline (name, source, target, owner, owner_oid, system_identifier,
  database_oid, state, max_rows, max_bytes, max_delay_ms)
SELECT 'moved', 'topic', '"Target"', current_user, current_user::regrole::oid,
  (pg_control_system()).system_identifier, oid, 'running', 1000, 100000, 1000
FROM pg_database WHERE datname = current_database();
INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, read, inserted, dead)
VALUES ('moved', 0, 0, 10, 10, 9, 1);
INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation, from_offset, to_offset, kind, read, inserted, dead, epoch)
VALUES ('moved', 0, 0, 0, 10, 'batch', 10, 9, 1, 1);
INSERT INTO olap.dead_letter (pipeline, partition, "offset", value, sqlstate, error)
VALUES ('moved', 0, 4, '\x00ff', '22P02', 'bad');
SELECT olap.alter_pipeline('moved', max_rows => 2000);
});
ok($primary->poll_query_until('postgres',
	"SELECT count(*) FROM olap.pipeline_status WHERE pid IS NOT NULL", '1'),
	'its worker starts');
ok($primary->poll_query_until('postgres',
	"SELECT state FROM olap.pipeline_status", 'disconnected'),
	'without a broker it is disconnected');
is($primary->safe_psql('postgres', "SELECT lag IS NULL FROM olap.pipeline_status"), 't',
	'and claims no lag');

# --- dump and restore ---
my $dump = $primary->basedir . '/dump.sql';
$primary->command_ok([ 'pg_dump', '-f', $dump, $primary->connstr('postgres') ],
	'pg_dump of a database with a running pipeline');
$primary->safe_psql('postgres', 'CREATE DATABASE restored');
$primary->command_ok([ 'psql', '-X', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $primary->connstr('restored') ],
	'a plain restore runs without an error');
is($primary->safe_psql('restored', q{SELECT name, state, reason LIKE 'adoption needed%', target, source, rows, dead_letters
	FROM olap.pipeline_status}),
	'moved|paused|t|"Target"|topic|9|1', 'the restored pipeline waits to be adopted');
is($primary->safe_psql('restored', "SELECT ok FROM olap.check_ledger('moved')"), 't',
	'its ledger is whole');
is($primary->safe_psql('restored', 'SELECT value FROM olap.dead_letters'), '\x00ff',
	'its dead letters are there, byte for byte');
is($primary->safe_psql('postgres',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'olap pipeline' AND datname = 'restored'"), '0',
	'no worker runs for it');
$primary->safe_psql('restored', "SELECT olap.resume_pipeline('moved')");
ok($primary->poll_query_until('restored',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'olap pipeline' AND datname = 'restored'", '1'),
	'resumed, it is adopted and runs');
$primary->safe_psql('postgres', 'DROP DATABASE restored');
pass('a database with a running pipeline can be dropped');

# --- standby ---
$primary->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'copy', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'olap%'"), '0',
	'nothing of ours runs on a standby');
is($standby->safe_psql('postgres', "SELECT state, reason FROM olap.pipeline_status"),
	'stopped|the server is a standby: pipelines run on its primary', 'the views can be read there, and say so');
my ($rc, $out, $err) = $standby->psql('postgres', "SELECT olap.pause_pipeline('moved')");
isnt($rc, 0, 'a standby changes no pipeline');
$primary->stop;
$standby->promote;
ok($standby->poll_query_until('postgres', $launchers, '1'), 'promotion starts the launcher');
ok($standby->poll_query_until('postgres',
	"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'olap pipeline'", '1'),
	'and the pipeline');

# --- stop ---
my $start = time;
$standby->stop('fast');
ok(time - $start <= 10, 'a fast shutdown does not wait for pipelines');
done_testing();
