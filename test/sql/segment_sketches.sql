-- Sketches in segments: option hll, olap.index_stats, compaction of segments that lack them.
CREATE COLLATION seg_nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE seg_enum AS ENUM ('a', 'b', 'c');
CREATE DOMAIN seg_domain AS int;
CREATE TABLE k1 (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(10,2), nn numeric, t text, v varchar(20),
  c char(5), y bytea, u uuid, d date, ts timestamptz, e seg_enum, dom seg_domain, o oid, m money,
  nd text COLLATE seg_nd, iv interval, j jsonb, arr int[]) USING olap;
INSERT INTO k1 SELECT i % 2 = 0, i % 100, i, i * 10, i / 4.0, i / 8.0, i / 100.0, i / 7.0, 't' || i % 500, 'v' || i, 'c' || i % 10,
  i::text::bytea, md5(i::text)::uuid, '2026-01-01'::date + i % 300, '2026-01-01'::timestamptz + i * interval '1 second',
  (ARRAY['a', 'b', 'c'])[i % 3 + 1]::seg_enum, i, i, i, 'x' || i % 7, i * interval '1 s', to_jsonb(i), ARRAY[i]
FROM generate_series(1, 70000) i;
INSERT INTO k1 (i4) SELECT NULL FROM generate_series(1, 5000);
SELECT * FROM olap.index_stats('k1');
ALTER TABLE k1 SET (hll = 'b, i2, i4, i8, f4, f8, n, nn, t, v, c, y, u, d, ts, e, dom, o, nd, iv, j, arr');
SELECT "column", kind, wanted, segments, lacking, built FROM olap.index_stats('k1') WHERE "column" IN ('b', 'arr');
-- compaction finds segments that lack them, and an end
SELECT work FROM olap.compaction_status WHERE "table" = 'k1'::regclass;
CALL olap.compact('k1');
SELECT work FROM olap.compaction_status WHERE "table" = 'k1'::regclass;
SELECT "column", kind, wanted, segments, lacking, built, bytes, not_built FROM olap.index_stats('k1');
SELECT * FROM olap.verify('k1');
-- the same count as that of the aggregate over the rows
SELECT s."column", s.distinct_values, s.distinct_values = least(a.n, s.rows - s.nulls) AS same
FROM olap.column_stats('k1') s,
LATERAL (SELECT (xpath('/row/n/text()', query_to_xml(format('SELECT approx_count_distinct(%I) AS n FROM k1', s."column"),
  false, true, '')))[1]::text::bigint AS n) a
WHERE s."column" NOT IN ('m', 'nd', 'iv', 'j', 'arr');

-- loaded segments have them at once, delta rows do not
CREATE TABLE k2 (ts timestamptz, u int, s text) USING olap WITH (time_column = 'ts', hll = 's, u');
INSERT INTO k2 SELECT '2026-01-01'::timestamptz + i * interval '10 s', i % 6000, 's' || i FROM generate_series(1, 20000) i;
INSERT INTO k2 VALUES ('2026-01-01', -1, 'delta');
SELECT * FROM olap.index_stats('k2');
SELECT * FROM olap.verify('k2');
CALL olap.compact('k2');
SELECT * FROM olap.index_stats('k2');
SELECT * FROM olap.verify('k2');
-- columns that come, go and get another type; options that go
ALTER TABLE k2 ADD COLUMN x int DEFAULT 7;
ALTER TABLE k2 SET (hll = 'u, x');
SELECT "column", wanted, segments, lacking, built FROM olap.index_stats('k2');
-- what a segment is older than needs no sketch
CALL olap.compact('k2');
SELECT "column", wanted, segments, lacking, built FROM olap.index_stats('k2');
INSERT INTO k2 SELECT '2026-01-09'::timestamptz + i * interval '1 s', i, 's', i % 3 FROM generate_series(1, 5000) i;
SELECT "column", wanted, segments, lacking, built FROM olap.index_stats('k2');
ALTER TABLE k2 ALTER COLUMN u TYPE bigint;
SELECT "column", wanted, segments, lacking, built FROM olap.index_stats('k2');
ALTER TABLE k2 DROP COLUMN u;
SELECT "column", wanted, segments, lacking, built FROM olap.index_stats('k2');
SELECT * FROM olap.verify('k2');
ALTER TABLE k2 RESET (hll);
VACUUM FULL k2;
SELECT * FROM olap.index_stats('k2');
SELECT count(*), count(DISTINCT s), sum(x) FROM k2;
-- a collation that makes other values equal: the old sketch is not used
CREATE TABLE k3 (t text) USING olap WITH (hll = 't');
INSERT INTO k3 SELECT CASE WHEN i % 2 = 0 THEN 'A' ELSE 'a' END || i / 2 FROM generate_series(1, 10000) i;
SELECT distinct_values FROM olap.column_stats('k3');
ALTER TABLE k3 ALTER COLUMN t TYPE text COLLATE seg_nd;
SELECT approx_count_distinct(t) < 6000 AS folded FROM k3;
SELECT * FROM olap.verify('k3');
-- A scan that takes sketches of whole segments, for the engine to use: the count is
-- that of the rows which the snapshot sees; only whole segments are taken.
CREATE FUNCTION sketch_of("table" regclass, "column" text, OUT n bigint, OUT taken bigint, OUT read bigint)
  LANGUAGE c AS '$libdir/olap', 'olap_debug_sketch';
CREATE TABLE k4 (ts timestamptz, u int, s text) USING olap WITH (time_column = 'ts', hll = 'u');
INSERT INTO k4 SELECT '2026-01-01'::timestamptz + i * interval '10 s', i % 20000, 's' || i FROM generate_series(1, 40000) i;
INSERT INTO k4 SELECT '2026-02-01', -i, 'delta' FROM generate_series(1, 10) i;
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
-- a column without a sketch
SELECT s.n = approx_count_distinct(t.s) AS same, taken, read FROM k4 t, sketch_of('k4', 's') s GROUP BY s.n, taken, read;
-- rows deleted in one segment, not yet, taken back, by a cursor's older snapshot
BEGIN;
DECLARE old CURSOR FOR SELECT * FROM sketch_of('k4', 'u');
DELETE FROM k4 WHERE u = 100 AND ts < '2026-01-02';
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
FETCH old;
ROLLBACK;
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
DELETE FROM k4 WHERE u BETWEEN 100 AND 5000;
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
-- compaction leaves them behind, and row numbers are stored
CALL olap.compact('k4');
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
INSERT INTO k4 SELECT '2026-03-01'::timestamptz + i * interval '1 s', i, 's' FROM generate_series(1, 5000) i;
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
UPDATE k4 SET u = 1000000 WHERE u = -5;
SELECT s.n = approx_count_distinct(u) AS same, taken, read FROM k4, sketch_of('k4', 'u') s GROUP BY s.n, taken, read;
DROP FUNCTION sketch_of;
-- rights
CREATE ROLE seg_nobody;
SET ROLE seg_nobody;
\set VERBOSITY sqlstate
SELECT * FROM olap.index_stats('k3');
SELECT * FROM olap.index_stats('pg_class');
RESET ROLE;
SELECT * FROM olap.index_stats('pg_class');
DROP ROLE seg_nobody;
DROP TABLE k1, k2, k3, k4;
DROP COLLATION seg_nd;
DROP TYPE seg_enum;
DROP DOMAIN seg_domain;
