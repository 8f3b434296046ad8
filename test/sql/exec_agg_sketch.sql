-- approx_count_distinct in OlapAgg: the very counts of the SQL functions, by vectors,
-- and by the sketches of whole segments where nothing else is asked for.
SET max_parallel_workers_per_gather = 0;
SET TimeZone = 'UTC';
CREATE TYPE sketch_mood AS ENUM ('a', 'b', 'c');
CREATE DOMAIN sketch_domain AS int;
CREATE COLLATION sketch_nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE sketch_heap (id int, ts timestamptz, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(10,2), nn numeric,
	t text, v varchar(20), c char(5), y bytea, u uuid, d date, e sketch_mood, dom sketch_domain, o oid, ch "char",
	nd text COLLATE sketch_nd, iv interval, j jsonb, few text);
INSERT INTO sketch_heap
SELECT i, timestamptz '2026-01-01' + i * interval '10 s', i % 3 = 0, i % 100, k % 20000, k::int8 * 99999999, CASE k % 9 WHEN 0 THEN '-0' WHEN 1 THEN 'NaN' ELSE k % 500 / 4.0 END,
	CASE k % 7 WHEN 0 THEN NULL WHEN 1 THEN '0' WHEN 2 THEN '-0' ELSE k / 8.0 END, k / 100.0, CASE k % 5 WHEN 0 THEN 1.50 WHEN 1 THEN 1.5 ELSE k % 7000 END,
	't' || k % 500, 'v' || k, 'c' || i % 10, i::text::bytea, md5((k % 3000)::text)::uuid, date '2026-01-01' + k % 300,
	(ARRAY['a', 'b', 'c', NULL])[i % 4 + 1]::sketch_mood, i, i, chr(97 + i % 5)::"char", CASE WHEN i % 2 = 0 THEN 'X' ELSE 'x' END || i % 7, i % 100 * interval '1 s',
	to_jsonb(i % 100), (ARRAY['red', 'green', NULL])[1 + i % 3]
FROM (SELECT i, ((i::int8 * 7919 + i / 64 * 104729) % 1000003)::int AS k FROM generate_series(1, 40000) i) s;
CREATE TABLE sketch_olap (LIKE sketch_heap) USING olap WITH (time_column = 'ts', segment_interval = '1 day', hll = 'i4, t, n, u, e');
INSERT INTO sketch_olap SELECT * FROM sketch_heap WHERE id <= 39900;
INSERT INTO sketch_olap SELECT * FROM sketch_heap WHERE id > 39900;
ANALYZE sketch_heap;
ANALYZE sketch_olap;
CREATE FUNCTION sketch_same(query text) RETURNS bool LANGUAGE sql AS $$
	SELECT twin_rows(query, 'sketch_heap') = twin_rows(query, 'sketch_olap')
$$;
-- Rows read and segments answered; NULL: it has no OlapAgg.
CREATE FUNCTION sketch_plan(query text, OUT aggregate text, OUT rows text, OUT segments text, OUT taken text) LANGUAGE plpgsql AS $$
DECLARE
	agg jsonb := twin_agg(twin_query(query, 'sketch_olap'));
BEGIN
	aggregate := CASE WHEN agg ? 'Row Aggregates' THEN 'rows' WHEN agg ? 'Vector Aggregates' THEN 'vectors' END;
	rows := split_part(agg -> 'Plans' -> 0 ->> 'Actual Rows', '.', 1);	-- 18 has decimals
	segments := agg -> 'Plans' -> 0 ->> 'Segments Total';
	taken := agg -> 'Plans' -> 0 ->> 'Segments Answered by Sketches';
END $$;
-- every type, by vectors or by the functions
SELECT col, sketch_same(format('SELECT approx_count_distinct(%I) FROM T', col)) AS plain,
	sketch_same(format('SELECT few, approx_count_distinct(%I), count(*) FROM T GROUP BY few', col)) AS grouped,
	sketch_same(format('SELECT approx_count_distinct(%I) FILTER (WHERE i4 > 7000), approx_count_distinct(%I) FROM T WHERE id %% 3 = 1', col, col)) AS filtered,
	aggregate
FROM unnest(ARRAY['b', 'i2', 'i4', 'i8', 'f4', 'f8', 'n', 'nn', 't', 'v', 'c', 'y', 'u', 'd', 'ts', 'e', 'dom', 'o', 'ch', 'nd', 'iv', 'j']) col,
	sketch_plan(format('SELECT few, approx_count_distinct(%I) FROM T GROUP BY few', col));
SELECT sketch_same('SELECT i4 / 5, approx_count_distinct(t), approx_count_distinct(i4 % 7) FROM T GROUP BY 1') AS many_groups,
	sketch_same('SELECT few, approx_count_distinct(t) FROM T GROUP BY few ORDER BY 2 DESC, 1 LIMIT 2') AS top,
	sketch_same('SELECT approx_count_distinct(t) FROM T WHERE false') AS nothing,
	sketch_same('SELECT approx_count_distinct(nd COLLATE "C"), approx_count_distinct(t COLLATE sketch_nd) FROM T') AS collations;
-- in files when memory is spent, and in parts
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT sketch_same('SELECT i4, approx_count_distinct(t), approx_count_distinct(u) FROM T GROUP BY i4') AS little_memory;
RESET work_mem;
RESET hash_mem_multiplier;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT sketch_same('SELECT approx_count_distinct(t), approx_count_distinct(i4) FROM T') AS parallel,
	sketch_same('SELECT approx_count_distinct(t), count(*), approx_count_distinct(i4), max(ts), count(i8) FROM T') AS parallel_beside,
	sketch_same('SELECT few, approx_count_distinct(t), approx_count_distinct(f8) FROM T GROUP BY few') AS parallel_groups;
SET max_parallel_workers_per_gather = 0;
-- sketches instead of rows: all asked for are stored; with others beside them that zones answer
SELECT query, sketch_same(query), p.* FROM unnest(ARRAY[
	'SELECT approx_count_distinct(i4) FROM T',
	'SELECT approx_count_distinct(i4), approx_count_distinct(t), approx_count_distinct(n) + 1, approx_count_distinct(u) FROM T',
	'SELECT approx_count_distinct(i4), approx_count_distinct(i8) FROM T',
	'SELECT approx_count_distinct(i4), count(*), count(t), min(i8), max(ts), approx_count_distinct(t) FROM T',
	'SELECT count(*), approx_count_distinct(i4) FROM T WHERE ts >= ''2026-01-02 12:00'' AND ts < ''2026-01-04 06:00''',
	'SELECT count(*), approx_count_distinct(i4), olap.last(i4, ts) FROM T',
	'SELECT approx_count_distinct(i4), count(*), approx_count_distinct(i8) FROM T',
	'SELECT approx_count_distinct(i4), sum(i2) FROM T',
	'SELECT approx_count_distinct(i4), count(*) FILTER (WHERE b) FROM T',
	'SELECT approx_count_distinct(i4) FILTER (WHERE b) FROM T',
	'SELECT approx_count_distinct(i4 + 1) FROM T',
	'SELECT approx_count_distinct(i4) FROM T WHERE ts >= ''2026-01-03''',
	'SELECT approx_count_distinct(i4) FROM T WHERE ts >= ''2026-01-02 12:00'' AND ts < ''2026-01-04 06:00''',
	'SELECT approx_count_distinct(i4) FROM T WHERE i4 < 1000',
	'SELECT approx_count_distinct(i4) FROM T WHERE ts >= ''2026-01-03'' AND length(t) > 1']) query, sketch_plan(query) p;
-- not of segments with rows that are deleted for the snapshot
BEGIN;
DELETE FROM sketch_heap WHERE id BETWEEN 100 AND 200;
DELETE FROM sketch_olap WHERE id BETWEEN 100 AND 200;
SELECT sketch_same('SELECT approx_count_distinct(t), count(*), max(ts) FROM T'), rows FROM sketch_plan('SELECT approx_count_distinct(t), count(*), max(ts) FROM T') p;
SELECT sketch_same('SELECT approx_count_distinct(t), approx_count_distinct(u) FROM T'), p.taken FROM sketch_plan('SELECT approx_count_distinct(t) FROM T') p;
ROLLBACK;
SELECT taken FROM sketch_plan('SELECT approx_count_distinct(t) FROM T');
-- an aggregate of somebody's own with other functions is left alone
CREATE AGGREGATE sketch_other(int) (SFUNC = int4_sum, STYPE = int8);
SELECT aggregate FROM sketch_plan('SELECT sketch_other(i4) FROM T');
DROP AGGREGATE sketch_other(int);
DROP TABLE sketch_heap, sketch_olap;
DROP FUNCTION sketch_same, sketch_plan, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
DROP TYPE sketch_mood;
DROP DOMAIN sketch_domain;
DROP COLLATION sketch_nd;
