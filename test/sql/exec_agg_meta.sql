-- OlapAgg: count, min and max from the metadata of row groups, and filters that
-- zone maps prove. Every answer is compared with a heap table's, and with what comes
-- of reading the rows.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET extra_float_digits = 3;

\set ECHO none
\i test/include/heap_twin.sql
-- Runs the query on meta_heap, and on meta_olap with and without OlapAgg; says how
-- many row groups were answered by metadata, and how many read without a filter.
CREATE FUNCTION meta_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	said text;
BEGIN
	EXECUTE format('SELECT q::text FROM (%s) q', twin_query(query, 'meta_heap')) INTO want;
	EXECUTE format('SELECT q::text FROM (%s) q', twin_query(query, 'meta_olap')) INTO got;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	SET LOCAL olap.enable_vector_agg = off;
	EXECUTE format('SELECT q::text FROM (%s) q', twin_query(query, 'meta_olap')) INTO got;
	RESET olap.enable_vector_agg;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN 'without OlapAgg ' || twin_differ(got, want);
	END IF;
	SELECT string_agg(' | ' || line, '') INTO said
	FROM twin_said(twin_query(query, 'meta_olap'), '(Row Groups|Order:)') line;
	RETURN want || coalesce(said, '');
END $$;

CREATE TABLE meta_heap (
	id int4, s int2, l int8, o oid, d date, t time, ts timestamp, tz timestamptz, m money,
	f float4, g float8, n numeric(12,3), u numeric, c text COLLATE "C", v varchar(90) COLLATE "C",
	x text, p bpchar(8) COLLATE "C", b bool, z int4, e int4);
INSERT INTO meta_heap
SELECT i, i % 1000 - 500, i * 1000000007::int8, (4000000000 + i)::oid, date '2020-01-01' + i % 900,
	time '00:00' + i * interval '1 second', timestamp '2020-01-01' + i * interval '1 minute',
	timestamptz '2020-01-01 00:00+00' + i * interval '1 minute', (i % 777)::numeric::money,
	(i % 1000 + 1) / 8.0, (i % 1000 + 1) / 3.0::float8, i % 5000 / 7.0, i % 5000 / 7.0,
	'c' || lpad((i % 3000)::text, 5, '0'), 'v' || i % 3000, 'x' || i % 3000, 'p' || i % 300, i % 2 = 0,
	CASE WHEN i % 3 <> 0 THEN i % 50 END, NULL
FROM generate_series(1, 150000) i;
CREATE TABLE meta_olap (LIKE meta_heap) USING olap WITH (autovacuum_enabled = off);
INSERT INTO meta_olap SELECT * FROM meta_heap ORDER BY id;

-- Whole row groups.
SELECT meta_check('SELECT count(*) FROM TAB');
SELECT meta_check('SELECT count(*), count(id), count(z), count(e), count(u), count(p), count(b) FROM TAB');
SELECT meta_check('SELECT count(*) + 1 AS a, min(id) - max(id) AS b FROM TAB HAVING count(z) > 10');
SELECT meta_check('SELECT min(s), max(s), min(l), max(l), min(o), max(o), count(*) FROM TAB');
SELECT meta_check('SELECT min(d), max(d), min(t), max(t), min(ts), max(tz), max(m), count(*) FROM TAB');
SELECT meta_check('SELECT min(f), max(f), min(g), max(g), min(n), max(n), count(*) FROM TAB');
SELECT meta_check('SELECT min(c), max(c), count(*) FROM TAB');
SELECT meta_check('SELECT min(z), max(z), min(e), max(e), count(*) FROM TAB');
SELECT meta_check('SELECT count(DISTINCT s), min(DISTINCT s), max(DISTINCT s) FROM TAB');
SELECT meta_check('SELECT min(DISTINCT s), max(DISTINCT s), count(*) FROM TAB');

-- What they cannot answer is read: other types, orders, aggregates, expressions, keys, FILTERs.
SELECT meta_check('SELECT min(u), max(u), count(*) FROM TAB');
SELECT meta_check('SELECT min(x COLLATE "C"), count(*) FROM TAB');
SELECT meta_check('SELECT min(p), max(p), count(*) FROM TAB');
SELECT meta_check('SELECT max(id + 1), count(*) FROM TAB');
SELECT meta_check('SELECT sum(id), count(*) FROM TAB');
SELECT meta_check('SELECT count(*) FILTER (WHERE id > 0), count(*) FROM TAB');
SELECT meta_check('SELECT b, count(*), max(id) FROM TAB GROUP BY b ORDER BY b LIMIT 1');

-- Clauses that zone maps prove of some row groups, and clauses that they can't.
SELECT meta_check('SELECT count(*), min(id), max(id), max(n) FROM TAB WHERE id > 70000');
SELECT meta_check('SELECT count(*) FROM TAB WHERE id >= 1 AND id <= 150000 AND f > 0 AND s IS NOT NULL');
SELECT meta_check('SELECT count(*), sum(s) FROM TAB WHERE id BETWEEN 10000 AND 140000');
SELECT meta_check('SELECT count(*) FROM TAB WHERE z >= 0');
SELECT meta_check('SELECT count(*) FROM TAB WHERE e IS NULL');
SELECT meta_check('SELECT count(*) FROM TAB WHERE z IS NULL');
SELECT meta_check('SELECT count(*) FROM TAB WHERE n < 714.2855 AND n > -0.0005');
SELECT meta_check('SELECT count(*) FROM TAB WHERE n <= 714.143');
SELECT meta_check('SELECT count(*) FROM TAB WHERE c >= ''c'' AND c < ''d''');
SELECT meta_check('SELECT count(*) FROM TAB WHERE id > 70000 OR id < 0');
SELECT meta_check('SELECT count(*) FROM TAB WHERE id > 70000 AND c LIKE ''c0%''');
SELECT meta_check('SELECT count(*) FROM TAB WHERE id > 70000 AND id + 1 > 70001');
SELECT meta_check('SELECT count(*) FROM TAB WHERE id <> -1');
SELECT meta_check('SELECT count(*), max(id) FROM TAB WHERE id > 1000000');
SELECT meta_check('SELECT count(*), max(id) FROM TAB WHERE false');
SELECT meta_check('SELECT count(c) AS n, max(c) AS c FROM (SELECT c FROM TAB WHERE id > 70000 OFFSET 0) q');
SELECT meta_check('SELECT id, c FROM TAB WHERE id > 70000 ORDER BY id LIMIT 1');

-- Parameters.
SET plan_cache_mode = force_generic_plan;
PREPARE above(int) AS SELECT count(*), max(id) FROM meta_olap WHERE id > $1;
EXECUTE above(70000);
EXECUTE above(-1);
EXECUTE above(NULL);
DEALLOCATE above;
RESET plan_cache_mode;
SELECT w, (SELECT count(*) FROM meta_olap WHERE id > w) FROM (VALUES (0), (140000), (70000)) v(w);

-- Values of several faces: not from bounds.
CREATE TABLE meta_faces (k int, f float8, g float4, c text COLLATE "C");
INSERT INTO meta_faces
SELECT i, CASE i % 3 WHEN 0 THEN 0.0::float8 WHEN 1 THEN '-0' ELSE 1 END, CASE WHEN i % 5 = 0 THEN 'NaN'::float4 ELSE i END,
	repeat('long', 10) || i % 10
FROM generate_series(1, 5000) i;
INSERT INTO meta_faces VALUES (5001, '-0', '-Infinity', NULL);
CREATE TABLE meta_faces_olap (LIKE meta_faces) USING olap;
INSERT INTO meta_faces_olap SELECT * FROM meta_faces ORDER BY k;
SELECT min(f), max(f), min(g), max(g), min(c), max(c), count(*) FROM meta_faces;
SELECT min(f), max(f), min(g), max(g), min(c), max(c), count(*) FROM meta_faces_olap;
SELECT min(f), count(*) FROM meta_faces_olap;
SELECT max(g), count(*) FROM meta_faces_olap;
SELECT max(c), count(*) FROM meta_faces_olap;
SELECT min(f), max(f), count(*) FROM meta_faces_olap WHERE f >= '-0';
SELECT count(*) FROM meta_faces_olap WHERE g >= '-Infinity';
SELECT count(*) FROM meta_faces_olap WHERE g <= 'Infinity';

-- Deleted, updated and fresh rows.
BEGIN;
DELETE FROM meta_heap WHERE id IN (1, 150000);
DELETE FROM meta_olap WHERE id IN (1, 150000);
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB');
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB WHERE id > 70000 AND id < 140000');
SAVEPOINT a;
UPDATE meta_heap SET id = 999999 WHERE id = 2;
UPDATE meta_olap SET id = 999999 WHERE id = 2;
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB');
ROLLBACK TO a;
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB');
ROLLBACK;
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB');
INSERT INTO meta_heap (id, c) VALUES (-5, 'a'), (200000, NULL);
INSERT INTO meta_olap (id, c) VALUES (-5, 'a'), (200000, NULL);
SELECT meta_check('SELECT count(*), count(c), min(id), max(id), min(c) FROM TAB');
DELETE FROM meta_heap WHERE id % 2 = 0;
DELETE FROM meta_olap WHERE id % 2 = 0;
SELECT meta_check('SELECT count(*), count(c), min(id), max(id), min(c) FROM TAB');

-- A cursor keeps to its snapshot.
BEGIN;
DECLARE old CURSOR FOR SELECT count(*), max(id) FROM meta_olap;
DELETE FROM meta_olap WHERE id > 100;
FETCH ALL FROM old;
SELECT count(*), max(id) FROM meta_olap;
ROLLBACK;

-- Compacted: numbered segments.
CALL olap.compact('meta_olap');
SELECT meta_check('SELECT count(*), count(c), min(id), max(id), min(c), max(n) FROM TAB');
DELETE FROM meta_heap WHERE id = 77777;
DELETE FROM meta_olap WHERE id = 77777;
SELECT meta_check('SELECT count(*), min(id), max(id) FROM TAB');

CREATE TABLE meta_sorted (LIKE meta_heap) USING olap WITH (order_by = 'c, id');
INSERT INTO meta_sorted SELECT * FROM meta_heap WHERE id < 50000 ORDER BY id;
INSERT INTO meta_sorted SELECT * FROM meta_heap WHERE id >= 50000 ORDER BY id;
CALL olap.compact('meta_sorted');
ALTER TABLE meta_olap RENAME TO meta_olap_2;
ALTER TABLE meta_sorted RENAME TO meta_olap;
SELECT meta_check('SELECT count(*), count(c), min(id), max(id), min(c), max(n) FROM TAB');
SELECT meta_check('SELECT count(*), max(l) FROM TAB WHERE c > ''b''');
DROP TABLE meta_olap;
ALTER TABLE meta_olap_2 RENAME TO meta_olap;

-- Columns that come, go and change; tables that are empty.
ALTER TABLE meta_heap ADD y int DEFAULT 5, DROP COLUMN s, ALTER v TYPE text COLLATE "C";
ALTER TABLE meta_olap ADD y int DEFAULT 5, DROP COLUMN s, ALTER v TYPE text COLLATE "C";
SELECT meta_check('SELECT count(y), min(y), max(y) FROM TAB');
SELECT meta_check('SELECT count(v), min(v), max(v), max(l) FROM TAB');
SELECT meta_check('SELECT count(*) FROM TAB WHERE y = 5');
TRUNCATE meta_heap, meta_olap;
SELECT meta_check('SELECT count(*), count(y), min(id), max(id) FROM TAB');

-- EXPLAIN (ANALYZE, VERBOSE): which expressions have kernels, which encodings were read.
CREATE TABLE meta_said_olap USING olap AS
SELECT i AS id, 'k' || i % 7 AS k, timestamptz '2024-01-01 00:00+00' + i * interval '1 minute' AS ts FROM generate_series(1, 10000) i;
SELECT twin_said('SELECT date_trunc(''day'', ts), upper(k), sum(id + 1), max(md5(k)), count(*) FILTER (WHERE id % 2 = 0) FROM meta_said_olap GROUP BY 1, 2', 'Expressions|Encodings', ', VERBOSE');
SELECT twin_said('SELECT k, count(*), sum(id) FROM meta_said_olap GROUP BY k', 'Expressions|Encodings', ', VERBOSE');
SELECT twin_said('SELECT count(*), max(id) FROM meta_said_olap', 'Expressions|Encodings|Metadata', ', VERBOSE');
SELECT twin_said('SELECT k, ts FROM meta_said_olap WHERE id = 5', 'Expressions|Encodings', ', VERBOSE');
DROP TABLE meta_said_olap;

-- Partitions.
CREATE TABLE meta_parts (id int, c text) PARTITION BY RANGE (id);
CREATE TABLE meta_parts_1 PARTITION OF meta_parts FOR VALUES FROM (0) TO (5000) USING olap;
CREATE TABLE meta_parts_2 PARTITION OF meta_parts FOR VALUES FROM (5000) TO (10000);
INSERT INTO meta_parts SELECT i, 'p' || i FROM generate_series(0, 9999) i;
SET enable_partitionwise_aggregate = on;
SELECT count(*), min(id), max(id) FROM meta_parts;
RESET enable_partitionwise_aggregate;

DROP TABLE meta_heap, meta_olap, meta_faces, meta_faces_olap, meta_parts;
DROP FUNCTION meta_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
