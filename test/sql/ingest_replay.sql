-- Dead letters are tried again: no broker is needed for it.
\set VERBOSITY terse
CREATE ROLE regress_olap_owner LOGIN;
CREATE ROLE regress_olap_other;
GRANT CREATE ON SCHEMA public TO regress_olap_owner;
CREATE SERVER replay_server FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers 'localhost:1');
GRANT USAGE ON FOREIGN SERVER replay_server TO regress_olap_owner;
SET ROLE regress_olap_owner;
CREATE FOREIGN TABLE replay_topic (id int, t text, at timestamptz OPTIONS (time_format 'epoch_ms'), r tstzrange,
  p int OPTIONS (meta 'partition'), o bigint OPTIONS (meta 'offset'), k text OPTIONS (meta 'key'),
  ts timestamptz OPTIONS (meta 'timestamp')) SERVER replay_server OPTIONS (topic 'replay');
CREATE TABLE replay_target (id int NOT NULL, t text, at timestamptz, r tstzrange, p int, o bigint, k text, ts timestamptz) USING olap;
RESET ROLE;
-- a pipeline whose letters are the fault of the contract (1, 2), of the table (3), of nobody
-- any more (4), of themselves (5), or were not kept whole (6)
INSERT INTO olap.pipeline (name, source, target, owner, owner_oid, system_identifier,
  database_oid, state, max_rows, max_bytes, max_delay_ms)
SELECT 'replay', 'replay_topic', 'replay_target', 'regress_olap_owner', 'regress_olap_owner'::regrole::oid,
  (pg_control_system()).system_identifier, oid, 'paused', 1000, 100000, 1000
FROM pg_database WHERE datname = current_database();
INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, read, inserted, dead)
VALUES ('replay', 0, 0, 100, 100, 95, 5), ('replay', 1, 0, 10, 10, 9, 1);
CREATE FUNCTION letter(partition int, "offset" bigint, value text, at timestamptz DEFAULT '2026-02-01', length bigint DEFAULT NULL)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO olap.dead_letter (pipeline, partition, "offset", "timestamp", key, value, value_length, column_name, sqlstate, error, at)
  VALUES ('replay', partition, "offset", '2026-01-01 00:00:01.234+00', 'key', convert_to(value, 'UTF8'),
    coalesce(length, length(value)), 'id', '22P02', 'of old', at) $$;
SELECT letter(0, 10, '{"id": 1, "t": "contract", "at": "2026-01-01T00:00:00Z"}', '2026-01-01');
SELECT letter(0, 20, '{"id": 2, "t": "contract", "at": "2026-01-02T00:00:00Z"}');
SELECT letter(0, 30, '{"id": null, "t": "table"}');
SELECT letter(0, 40, '{"id": 4, "t": "good", "r": "[2026-01-01 00:00,2026-01-02 00:00)"}');
SELECT letter(1, 5, '{"id": 5, "t": "bro');
SELECT letter(1, 6, '{"id": 6, "t": "lo', length => 3000000);

-- who may not
SET ROLE regress_olap_other;
SELECT * FROM olap.replay_dead_letters('replay');
RESET ROLE;
SELECT * FROM olap.replay_dead_letters('nobody');
SELECT * FROM olap.replay_dead_letters(NULL);
BEGIN TRANSACTION READ ONLY;
SELECT * FROM olap.replay_dead_letters('replay');
ROLLBACK;

-- a transaction that may have queued deferred triggers
BEGIN;
SAVEPOINT s;
CREATE TEMP TABLE of_caller (i int);
SELECT * FROM olap.replay_dead_letters('replay');
ROLLBACK;

-- nothing is better yet but one; reasons are those of today; settings of the session change nothing
SET ROLE regress_olap_owner;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'SQL, DMY';
SELECT * FROM olap.replay_dead_letters('replay');
SHOW TimeZone;
RESET TimeZone;
RESET DateStyle;
SET TimeZone = 'UTC';
SELECT * FROM replay_target ORDER BY id;
SELECT partition, "offset", column_name, sqlstate, error FROM olap.dead_letters ORDER BY 1, 2;

-- the contract is mended: what is older than a time, what does not commit, one letter
ALTER FOREIGN TABLE replay_topic ALTER at OPTIONS (SET time_format 'iso8601');
SELECT * FROM olap.replay_dead_letters('replay', before => '2026-01-15');
BEGIN;
SELECT * FROM olap.replay_dead_letters('replay');
SELECT count(*) FROM replay_target;
ROLLBACK;
SELECT count(*) FROM replay_target;
SELECT count(*) FROM olap.dead_letters;
SELECT * FROM olap.replay_dead_letters('replay', max_letters => 0);
SELECT * FROM olap.replay_dead_letters('replay', max_letters => 1);
-- the table is mended
ALTER TABLE replay_target ALTER id DROP NOT NULL;
SELECT * FROM olap.replay_dead_letters('replay');
SELECT id, t, at, p, o, k, ts FROM replay_target ORDER BY o;
SELECT partition, "offset", sqlstate, error FROM olap.dead_letters ORDER BY 1, 2;
SELECT name, rows, dead_letters, replayed FROM olap.pipeline_status;
RESET ROLE;

-- another table with rules of its own; a superuser's call runs as the owner
SET ROLE regress_olap_owner;
CREATE TABLE replay_heap (id int PRIMARY KEY CHECK (id % 10 <> 0), t text, who name);
CREATE FUNCTION replay_who() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN NEW.who := current_user; IF NEW.id % 10 = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TRIGGER who BEFORE INSERT ON replay_heap FOR EACH ROW EXECUTE FUNCTION replay_who();
ALTER FOREIGN TABLE replay_topic DROP at, DROP r, DROP p, DROP o, DROP k, DROP ts;
RESET ROLE;
UPDATE olap.pipeline SET target = 'replay_heap';
DELETE FROM olap.dead_letter;
SELECT count(letter(g % 3, g, format('{"id": %s, "t": "many"}', CASE WHEN g % 100 = 7 THEN 17 ELSE g END))) FROM generate_series(1, 2500) g;
SELECT * FROM olap.replay_dead_letters('replay');
SELECT count(*), count(DISTINCT id), min(who), max(who) FROM replay_heap;
SELECT sqlstate, count(*), min("offset") FROM olap.dead_letters GROUP BY 1 ORDER BY 1;
SELECT * FROM olap.replay_dead_letters('replay');
-- a key of just as many bytes as are kept was not cut; one byte more tells that it was
DELETE FROM olap.dead_letter;
SELECT letter(0, 5002 + g, format('{"id": %s, "t": "key"}', 5002 + g)) FROM generate_series(0, 1) g;
UPDATE olap.dead_letter SET key = convert_to(repeat('k', 1048576 + "offset"::int - 5002), 'UTF8');
SELECT * FROM olap.replay_dead_letters('replay');
SELECT "offset", sqlstate FROM olap.dead_letters;
-- without its right to insert there the owner gets an error, and nothing changes
REVOKE INSERT ON replay_heap FROM regress_olap_owner;
ALTER TABLE replay_heap OWNER TO CURRENT_USER;
SELECT * FROM olap.replay_dead_letters('replay');

-- how long letters are kept: what the worker obeys, test/kafka/test_pipelines.sh shows
SELECT olap.alter_pipeline('replay', dead_letter_retention => '-1 s');
SELECT olap.alter_pipeline('replay', dead_letter_retention => '9999 years');
SELECT olap.alter_pipeline('replay', dead_letter_retention => '100000 years -35999999 days');
SELECT olap.alter_pipeline('replay', dead_letter_retention => '1000 years');
SELECT olap.alter_pipeline('replay', dead_letter_retention => '30 days');
SELECT olap.alter_pipeline('replay', max_rows => 7);
SELECT max_rows, dead_letter_retention FROM olap.pipeline_status;
SELECT olap.alter_pipeline('replay', dead_letter_retention => '0');
SELECT dead_letter_retention FROM olap.pipeline_status;
-- a pipeline of another database
UPDATE olap.pipeline SET system_identifier = 1;
SELECT * FROM olap.replay_dead_letters('replay');

SELECT olap.drop_pipeline('replay');
DROP FUNCTION letter;
DROP TABLE replay_heap, replay_target;
DROP FUNCTION replay_who;
DROP SERVER replay_server CASCADE;
REVOKE CREATE ON SCHEMA public FROM regress_olap_owner;
DROP ROLE regress_olap_owner, regress_olap_other;
