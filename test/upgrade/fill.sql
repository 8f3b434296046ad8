-- What a cluster may hold when it is upgraded: segments, compacted and not, delta rows,
-- changes in the log and folded ones, rows of aborted transactions, free space, indexes of
-- several kinds, columns that were dropped, added and changed, a paused pipeline.
\set ON_ERROR_STOP on
CREATE EXTENSION olap;
CREATE TABLE events (id bigint PRIMARY KEY, ts timestamptz NOT NULL, gone text, country text, v int,
    cost numeric(12,2), note text)
  USING olap WITH (time_column = 'ts', segment_interval = '1 day', order_by = 'country, ts', bitmap = 'country', bloom = 'id');
CREATE TABLE twin (LIKE events) USING heap;
CREATE INDEX events_v ON events (v);
CREATE INDEX events_hash ON events USING hash (id);
CREATE UNIQUE INDEX events_part ON events (lower(note), id) WHERE v > 500;

CREATE FUNCTION on_each(what text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE replace(what, 'T!', 'events');
  EXECUTE replace(what, 'T!', 'twin');
END $$;
CREATE FUNCTION add(first int, last int) RETURNS void LANGUAGE sql AS $$
  SELECT on_each(format('INSERT INTO T! (id, ts, country, v, cost, note) SELECT g, ''2026-01-01''::timestamptz + g * interval ''1 minute'',
    ''c'' || g %% 10, g %% 1000, g / 4.0, CASE WHEN g %% 7 > 0 THEN repeat(''n'', g %% 40) END FROM generate_series(%s, %s) g', first, last))
$$;
SELECT add(1, 8000);
SELECT add(8001, 14000);
CALL olap.compact('events');
SELECT on_each('DELETE FROM T! WHERE id BETWEEN 3000 AND 4000');
SELECT on_each('UPDATE T! SET v = v + 1, note = ''updated'' WHERE id % 11 = 0');
VACUUM events;
CALL olap.compact('events');
VACUUM events;
SELECT on_each('ALTER TABLE T! DROP COLUMN gone');
SELECT on_each('ALTER TABLE T! ADD COLUMN added int DEFAULT 42');
SELECT on_each('ALTER TABLE T! ALTER COLUMN cost TYPE numeric(14,2)');
SELECT add(20001, 26000);
SELECT add(30001, 30020);
SELECT on_each('DELETE FROM T! WHERE id % 13 = 0');
SELECT on_each('UPDATE T! SET note = note || ''!'' WHERE id % 17 = 0');
BEGIN; SELECT add(40001, 46000); SELECT add(50001, 50010); DELETE FROM events WHERE v < 100; ROLLBACK;
BEGIN; SELECT id FROM events WHERE id < 20 FOR UPDATE; COMMIT;

CREATE TABLE child (id bigint REFERENCES events, n int GENERATED ALWAYS AS IDENTITY, twice bigint GENERATED ALWAYS AS (id * 2) STORED) USING olap;
INSERT INTO child SELECT id FROM events WHERE id < 500;
CREATE TABLE parted (ts timestamptz, v int) PARTITION BY RANGE (ts);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING olap WITH (time_column = 'ts', retention = '1000 days');
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING olap;
INSERT INTO parted SELECT '2026-01-01'::timestamptz + g * interval '5 minutes', g FROM generate_series(1, 16000) g;
INSERT INTO parted VALUES ('2026-02-15', -1);
CREATE TABLE wide (a int, b text, c jsonb, d uuid, e float8, f bytea, g inet, h int[], i hll) USING olap;
INSERT INTO wide SELECT g, repeat(md5(g::text), 100), jsonb_build_object('k', g), md5(g::text)::uuid, g / 3.0,
  decode(md5(g::text), 'hex'), '10.0.0.1', ARRAY[g, NULL], (SELECT hll_agg(x) FROM generate_series(1, g % 50) x) FROM generate_series(1, 5000) g;
INSERT INTO wide (a, b) SELECT 0, string_agg(md5(g::text), '') FROM generate_series(1, 100000) g;
CREATE UNLOGGED TABLE fast (a int) USING olap;
INSERT INTO fast SELECT generate_series(1, 6000);
CREATE TABLE empty (a int) USING olap;
CREATE TABLE truncated (a int) USING olap;
INSERT INTO truncated SELECT generate_series(1, 6000);
TRUNCATE truncated;
INSERT INTO truncated VALUES (1);
CREATE TABLE aged (a int) USING olap;
INSERT INTO aged SELECT generate_series(1, 6000);
INSERT INTO aged VALUES (0);
VACUUM FREEZE aged;
CREATE MATERIALIZED VIEW totals USING olap AS SELECT country, count(*) AS n FROM events GROUP BY 1;
CREATE ROLE reader;
GRANT SELECT ON events TO reader;

CREATE SERVER kafka FOREIGN DATA WRAPPER olap_kafka OPTIONS (bootstrap_servers '127.0.0.1:1');
CREATE TABLE target (id bigint) USING olap;
CREATE FOREIGN TABLE topic (id bigint) SERVER kafka OPTIONS (topic 't', format 'json');
INSERT INTO olap.pipeline (name, source, target, owner, owner_oid, system_identifier, database_oid, state, max_rows, max_bytes, max_delay_ms)
SELECT 'moved', 'topic', 'target', current_user, current_user::regrole::oid, (pg_control_system()).system_identifier, oid, 'paused', 1000, 100000, 1000
FROM pg_database WHERE datname = current_database();
INSERT INTO olap.pipeline_offset (pipeline, partition, start_offset, next_offset, read, inserted, dead) VALUES ('moved', 0, 0, 10, 10, 9, 1);
INSERT INTO olap.pipeline_ledger (pipeline, partition, incarnation, from_offset, to_offset, kind, read, inserted, dead, epoch)
VALUES ('moved', 0, 0, 0, 10, 'batch', 10, 9, 1, 1);
