-- olap.segments, olap.column_stats and olap.verify tell what is stored.
CREATE TABLE i1 (ts timestamptz, k int, country text, cost numeric(12,2), id uuid, note text)
  USING olap WITH (time_column = 'ts', segment_interval = '1 day');
SELECT count(*) FROM olap.segments('i1');
SELECT * FROM olap.verify('i1');
SET timezone = 'UTC';
SET datestyle = ISO;
INSERT INTO i1
SELECT '2026-03-01'::timestamptz + i * interval '10 seconds', i % 100, 'c' || i % 7, i / 4.0,
       md5(i::text)::uuid, CASE WHEN i % 3 = 0 THEN repeat(md5(i::text), 2) END
FROM generate_series(0, 19999) i;
-- Three buckets, the last too small for a segment of its own.
SELECT kind, state, sum(rows), min(time_min), max(time_max) FROM olap.segments('i1') GROUP BY kind, state, time_min ORDER BY time_min;
SELECT sum(rows) FROM olap.segments('i1');
SELECT "column", rows, nulls, raw_bytes, stored_bytes < raw_bytes AS smaller, min, max
FROM olap.column_stats('i1');
-- Distinct values are estimates: of one chunk good ones, of several fair ones.
SELECT "column", segment, distinct_values BETWEEN d * 0.8 AND d * 1.25 AS fair
FROM olap.column_stats('i1'),
  LATERAL (VALUES ('ts', 17280), ('k', 100), ('country', 7), ('cost', 17280), ('id', 17280), ('note', 5760)) t (c, d)
WHERE c = "column" ORDER BY "column";
-- Each segment by itself; together they are all.
SELECT s.segment = g.id AS known, s."column", s.rows, s.nulls, s.min, s.max,
       distinct_values BETWEEN 0.9 * least(d, s.rows - s.nulls) AND 1.1 * least(d, s.rows - s.nulls) AS good
FROM olap.column_stats('i1', per_segment => true) s
JOIN olap.segments('i1') g ON g.id = s.segment
JOIN (VALUES ('ts', 20000), ('k', 100), ('country', 7), ('note', 20000)) t (c, d) ON c = s."column"
ORDER BY s."column", s.min;
SELECT count(DISTINCT segment), bool_and(a.rows = t.rows AND a.stored = t.stored)
FROM (SELECT "column", sum(rows) AS rows, sum(stored_bytes) AS stored FROM olap.column_stats('i1', true) GROUP BY 1) a
JOIN (SELECT "column", rows, stored_bytes AS stored FROM olap.column_stats('i1')) t USING ("column"),
  (SELECT segment FROM olap.column_stats('i1', true)) s;
SELECT * FROM olap.verify('i1');

-- An aborted writer's segment is shown as what it is, and is not counted.
BEGIN;
INSERT INTO i1 (ts, k) SELECT '2026-04-01', i FROM generate_series(1, 5000) i;
SELECT state, rows FROM olap.segments('i1') WHERE time_min LIKE '2026-04%';
ROLLBACK;
SELECT state, rows FROM olap.segments('i1') WHERE time_min LIKE '2026-04%';
SELECT max(rows) FROM olap.column_stats('i1');
SELECT * FROM olap.verify('i1');

-- Columns added, dropped and retyped since.
ALTER TABLE i1 ADD COLUMN extra int DEFAULT 5;
ALTER TABLE i1 DROP COLUMN note;
SELECT "column", rows, max FROM olap.column_stats('i1');
INSERT INTO i1 (ts, k) SELECT '2026-05-01', i FROM generate_series(1, 5000) i;
SELECT "column", rows, max FROM olap.column_stats('i1') WHERE "column" IN ('k', 'extra');
SELECT * FROM olap.verify('i1');
SELECT count(*), sum(extra) FROM i1;

-- No columns; many; rows wider than a page; several row groups.
CREATE TABLE i2 () USING olap;
INSERT INTO i2 SELECT FROM generate_series(1, 70000);
SELECT count(*) FROM i2;
SELECT kind, rows FROM olap.segments('i2');
SELECT * FROM olap.column_stats('i2');
SELECT * FROM olap.verify('i2');
DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE i3 (' || string_agg(format('c%s int', i), ', ') || ') USING olap' FROM generate_series(1, 1000) i); END $$;
INSERT INTO i3 (c1, c500, c1000) SELECT i, i * 2, i * 3 FROM generate_series(1, 5000) i;
SELECT sum(c1), sum(c2), sum(c500), sum(c1000), count(*) FROM i3;
SELECT * FROM olap.verify('i3');
CREATE TABLE i4 (a int, b text) USING olap;
INSERT INTO i4 SELECT i, repeat(chr(64 + i), i * 100000) FROM generate_series(1, 20) i;
SELECT count(*), sum(length(b)), min(left(b, 1)), max(left(b, 1)) FROM i4;
SELECT * FROM olap.verify('i4');
CREATE TABLE i5 (a int, b text) USING olap;
INSERT INTO i5 SELECT i, 'x' || i % 1000 FROM generate_series(1, 150000) i;
SELECT kind, rows FROM olap.segments('i5');
SELECT count(*), sum(a), count(DISTINCT b) FROM i5;
SELECT * FROM olap.verify('i5');
-- A value as large as a page or much larger, and nothing but NULLs.
INSERT INTO i4 VALUES (NULL, NULL), (1, repeat('y', 8192)), (2, repeat(md5('z'), 1000000));
SELECT length(b), md5(b) FROM i4 WHERE length(b) IN (8192, 32000000) OR b IS NULL ORDER BY 1;
SELECT * FROM olap.verify('i4');

-- Who may: SELECT is needed, row security hides values; only olap tables.
CREATE ROLE regress_olap_reader;
SET ROLE regress_olap_reader;
SELECT * FROM olap.verify('i1');
SELECT * FROM olap.segments('i1');
SELECT * FROM olap.column_stats('i1');
RESET ROLE;
GRANT SELECT ON i1 TO regress_olap_reader;
ALTER TABLE i1 ENABLE ROW LEVEL SECURITY;
SET ROLE regress_olap_reader;
SELECT * FROM olap.verify('i1');
SELECT bool_and(time_min IS NULL AND time_max IS NULL) FROM olap.segments('i1');
SELECT bool_and(min IS NULL AND max IS NULL), max(rows) FROM olap.column_stats('i1');
RESET ROLE;
DROP OWNED BY regress_olap_reader;
DROP ROLE regress_olap_reader;
SELECT * FROM olap.verify('pg_class');
CREATE VIEW i6 AS SELECT 1;
SELECT * FROM olap.segments('i6');
SELECT * FROM olap.column_stats(NULL);
DROP VIEW i6;
DROP TABLE i1, i2, i3, i4, i5;

-- Segments outlive the domain and the collation that their columns had.
CREATE DOMAIN stale_domain AS text;
CREATE COLLATION stale_collation FROM "C";
CREATE TABLE stale (a stale_domain, b text COLLATE stale_collation) USING olap WITH (hll = 'a, b', bloom = 'a, b');
INSERT INTO stale SELECT 'a' || i, 'b' || i FROM generate_series(1, 5000) i;
CALL olap.compact('stale');
ALTER TABLE stale ALTER a TYPE text, ALTER b TYPE text COLLATE "POSIX";
DROP DOMAIN stale_domain;
DROP COLLATION stale_collation;
SELECT "column", rows, min, max, distinct_values > 0 AS sketched FROM olap.column_stats('stale');
SELECT approx_count_distinct(a) > 4900, approx_count_distinct(b) > 4900, max(a), min(b), count(*) FILTER (WHERE b < 'b11') FROM stale;
SELECT count(*) FROM stale WHERE b = 'b77' AND a = 'a77';
SELECT count(*) FROM olap.verify('stale');
INSERT INTO stale SELECT 'a' || i, 'b' || i FROM generate_series(1, 5000) i;
CALL olap.compact('stale');
SELECT "column", rows, min, max, distinct_values > 4900 AS sketched FROM olap.column_stats('stale');
DROP TABLE stale;
