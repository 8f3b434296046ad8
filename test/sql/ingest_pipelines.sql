-- What of pipelines needs no broker: arguments, rights, views, the ledger's proof.
\set VERBOSITY terse
CREATE ROLE regress_olap_owner LOGIN;
CREATE ROLE regress_olap_other;
CREATE ROLE regress_olap_monitor IN ROLE pg_monitor;
CREATE TABLE pipe_target (id bigint, txt text);

-- arguments are checked before anything is read
SELECT olap.create_pipeline(NULL, 'pipe_target', 'pipe_target');
SELECT olap.create_pipeline('', 'pipe_target', 'pipe_target');
SELECT olap.create_pipeline(repeat('x', 64), 'pipe_target', 'pipe_target');
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', query => 'SELECT 1');
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_rows => 0);
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_bytes => 1);
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_delay => '1 ms');
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_delay => '1 hour');
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_dead_ratio => 1.5);
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target', max_dead_ratio => 'NaN');
-- the source must be a topic
SELECT olap.create_pipeline('p', 'pipe_target', 'pipe_target');
SELECT olap.create_pipeline('p', 'no_such_table', 'pipe_target');
CREATE FOREIGN DATA WRAPPER pipe_fdw;
CREATE SERVER pipe_server FOREIGN DATA WRAPPER pipe_fdw;
CREATE FOREIGN TABLE pipe_foreign (id bigint) SERVER pipe_server;
SELECT olap.create_pipeline('p', 'pipe_foreign', 'pipe_target');
BEGIN TRANSACTION READ ONLY;
SELECT olap.create_pipeline('p', 'pipe_foreign', 'pipe_target');
ROLLBACK;
-- what does not exist
SELECT olap.pause_pipeline('nobody');
SELECT olap.resume_pipeline('nobody');
SELECT olap.alter_pipeline('nobody', max_rows => 10);
SELECT olap.drop_pipeline('nobody');
SELECT olap.drop_pipeline('nobody', if_exists => true);
SELECT olap.accept_gap('nobody', 0, 'why');
SELECT olap.delete_dead_letters('nobody');

-- a paused pipeline with a history, as a restored dump would bring it
INSERT INTO olap.pipeline (name, source, target, owner, owner_oid, system_identifier,
  database_oid, state, max_rows, max_bytes, max_delay_ms)
SELECT 'mine', 'pipe_foreign', 'pipe_target', 'regress_olap_owner', 'regress_olap_owner'::regrole::oid,
  (pg_control_system()).system_identifier, oid, 'paused', 1000, 100000, 1000
FROM pg_database WHERE datname = current_database();
INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, read, inserted, dead, tombstone)
VALUES ('mine', 0, 10, 30, 18, 16, 1, 1), ('mine', 1, 0, 0, 0, 0, 0, 0);
INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation, from_offset, to_offset, kind,
  read, inserted, tombstone, dead, epoch)
VALUES ('mine', 0, 0, 10, 20, 'batch', 8, 7, 1, 0, 1), ('mine', 0, 0, 20, 30, 'batch', 10, 9, 0, 1, 1);
INSERT INTO olap.dead_letter (pipeline, partition, "offset", value, value_length, column_name, sqlstate, error)
VALUES ('mine', 0, 25, '\x626164', 3, 'id', '22P02', 'not a number');

-- the owner sees and controls it, a monitor sees figures but no data, others nothing
SET ROLE regress_olap_owner;
SELECT name, state, reason, target, owner, partitions, rows, dead_letters, lag, pid, max_rows, max_delay
FROM olap.pipeline_status;
SELECT pipeline, partition, state, start_offset, next_offset, inserted, dead, high_offset, lag FROM olap.pipeline_offsets ORDER BY 2;
SELECT partition, "offset", value, column_name, sqlstate, error FROM olap.dead_letters;
SELECT * FROM olap.check_ledger('mine');
SELECT * FROM olap.pipeline;
SELECT * FROM olap.dead_letter;
UPDATE olap.pipeline_offset SET next_offset = 0;
SELECT olap.alter_pipeline('mine', max_rows => 5, max_delay => '2 s');
SELECT olap.alter_pipeline('mine', max_rows => -5);
SELECT olap.alter_pipeline('mine', max_dead_ratio => -0.1);
SELECT olap.alter_pipeline('mine', max_dead_ratio => 0.25);
SELECT max_rows, max_bytes, max_delay, max_dead_ratio FROM olap.pipeline_status;
SELECT olap.accept_gap('mine', 0, 'why');
SELECT olap.accept_gap('mine', 9, 'why');
RESET ROLE;
SET ROLE regress_olap_monitor;
SELECT name, rows FROM olap.pipeline_status;
SELECT count(*) FROM olap.ledger;
SELECT count(*) FROM olap.dead_letters;
SELECT olap.pause_pipeline('mine');
RESET ROLE;
SET ROLE regress_olap_other;
SELECT count(*) FROM olap.pipeline_status;
SELECT count(*) FROM olap.pipeline_offsets;
SELECT count(*) FROM olap.ledger;
SELECT count(*) FROM olap.dead_letters;
SELECT count(*) FROM olap.check_ledger('mine');
SELECT olap.drop_pipeline('mine');
SELECT olap.delete_dead_letters('mine');
RESET ROLE;
-- a search_path of the caller changes nothing
CREATE SCHEMA pipe_evil;
CREATE FUNCTION pipe_evil.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'not yours'; END $$;
CREATE OPERATOR pipe_evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = pipe_evil.eq);
SET search_path = pipe_evil, pg_catalog;
SELECT olap.pause_pipeline('mine');
SELECT ok FROM olap.check_ledger('mine');
RESET search_path;

-- the proof fails for each way to be wrong
BEGIN;
DELETE FROM olap.pipeline_ledger WHERE from_offset = 20;
SELECT partition, holes, overlapping, wrong_sums, ok FROM olap.check_ledger('mine');
ROLLBACK;
BEGIN;
UPDATE olap.pipeline_ledger SET from_offset = 21 WHERE from_offset = 20;
SELECT partition, holes, overlapping, wrong_sums, ok FROM olap.check_ledger('mine');
ROLLBACK;
BEGIN;
UPDATE olap.pipeline_ledger SET from_offset = 19 WHERE from_offset = 20;
SELECT partition, holes, overlapping, wrong_sums, ok FROM olap.check_ledger('mine');
ROLLBACK;
BEGIN;
UPDATE olap.pipeline_ledger SET read = 9, inserted = 9 WHERE from_offset = 20;
SELECT partition, holes, overlapping, wrong_sums, ok FROM olap.check_ledger('mine');
ROLLBACK;
BEGIN;
UPDATE olap.pipeline_offset SET next_offset = 31 WHERE partition = 0;
SELECT partition, holes, overlapping, wrong_sums, ok FROM olap.check_ledger('mine');
ROLLBACK;

-- a pipeline that comes from another server waits to be adopted
UPDATE olap.pipeline SET system_identifier = 1, state = 'running';
SELECT name, state, reason FROM olap.pipeline_status;

-- dead letters can be deleted by the owner, all or by age
SET ROLE regress_olap_owner;
SELECT olap.delete_dead_letters('mine', '2000-01-01');
SELECT olap.delete_dead_letters('mine');
SELECT olap.drop_pipeline('mine');
SELECT count(*) FROM olap.pipeline_status;
RESET ROLE;
SELECT (SELECT count(*) FROM olap.pipeline_offset), (SELECT count(*) FROM olap.pipeline_ledger), (SELECT count(*) FROM olap.dead_letter);

DROP SCHEMA pipe_evil CASCADE;
DROP FOREIGN DATA WRAPPER pipe_fdw CASCADE;
DROP TABLE pipe_target;
DROP ROLE regress_olap_owner, regress_olap_other, regress_olap_monitor;
