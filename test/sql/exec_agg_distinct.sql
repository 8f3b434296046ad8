-- DISTINCT aggregates of OlapAgg: the same as a heap's, with memory for the sets
-- of values and without.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE distinct_heap (
	id int NOT NULL, g int, few text, i4 int4, i8 int8, wide int8, ts timestamptz,
	f8 float8, n6 numeric(12,6), n numeric, t text, u uuid, c char(8)
);
-- k: pseudo-random; dense, sparse and growing values, some far from the others
INSERT INTO distinct_heap
SELECT i, i % 40, (ARRAY['a', 'b', NULL])[1 + i % 3],
	CASE WHEN k % 50 <> 0 THEN 100000000 + k % 30000 END,
	CASE k % 1000 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 WHEN 2 THEN NULL ELSE i / 3 END,
	(k::int8 * 9999999999) % 7777777777777 - 3000000000000,
	timestamptz '2026-01-01' + (k % 20000) * interval '1 second',
	CASE k % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' WHEN 3 THEN 0 ELSE (k % 20000) / 4.0 END,
	CASE k % 29 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' ELSE (k % 20000) / 100.0 END,
	CASE k % 31 WHEN 0 THEN NULL WHEN 1 THEN 1.50 WHEN 2 THEN 1.5 WHEN 3 THEN 1e30 ELSE k % 20000 END,
	CASE WHEN k % 9 <> 0 THEN 'value ' || k % 20000 END,
	md5((k % 20000)::text)::uuid,
	CASE WHEN k % 7 <> 0 THEN (k % 10000) || repeat(' ', k % 3) END
FROM (SELECT i, ((i::int8 * 7919 + i / 64 * 104729) % 1000003)::int AS k
	FROM generate_series(1, 60000) i) s;
CREATE TABLE distinct_olap (LIKE distinct_heap) USING olap;
INSERT INTO distinct_olap SELECT * FROM distinct_heap WHERE id <= 30000;
INSERT INTO distinct_olap SELECT * FROM distinct_heap WHERE id > 30000 AND id <= 59900;
INSERT INTO distinct_olap SELECT * FROM distinct_heap WHERE id > 59900;
DELETE FROM distinct_heap WHERE id % 97 = 5;
DELETE FROM distinct_olap WHERE id % 97 = 5;
ANALYZE distinct_heap;
ANALYZE distinct_olap;

-- Same rows with much memory and with little? Are values put aside in files only
-- then, several times where files are large, and is the memory bounded?
CREATE FUNCTION distinct_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text[] := twin_rows(query, 'distinct_heap');
	agg jsonb;
	spilled int8;
	answer text := '';
	n int := 0;
BEGIN
	PERFORM set_config('hash_mem_multiplier', '1', true);
	FOREACH n IN ARRAY ARRAY[65536, 640, 64] LOOP
		PERFORM set_config('work_mem', n || 'kB', true);
		IF twin_rows(query, 'distinct_olap') IS DISTINCT FROM expected THEN
			RETURN 'with ' || n || ' kB different';
		END IF;
		agg := twin_agg(twin_query(query, 'distinct_olap'));
		spilled := (agg ->> 'Distinct Partitions')::int8 + (agg ->> 'Spilled Partitions')::int8;
		answer := answer || CASE WHEN spilled IS NULL THEN 'no OlapAgg '
			WHEN spilled = 0 THEN 'in memory ' ELSE 'in files ' END;
		-- tables double
		IF (agg ->> 'Peak Memory Usage')::int8 > 3 * n + 1024 THEN
			answer := answer || 'much memory: ' || (agg ->> 'Peak Memory Usage') || ' kB ';
		END IF;
	END LOOP;
	RETURN answer || cardinality(expected);
END $$;
CREATE TABLE distinct_columns (col text);
INSERT INTO distinct_columns VALUES ('i4'), ('i8'), ('wide'), ('ts'), ('f8'), ('n6'), ('n'), ('t'), ('u'), ('c');
SELECT col, distinct_check(format('SELECT count(DISTINCT %I) FROM T', col)) AS plain,
	distinct_check(format('SELECT g, count(DISTINCT %I) FROM T GROUP BY g', col)) AS grouped
FROM distinct_columns ORDER BY col;
-- one group after the other; more groups than values in them
SELECT col, distinct_check(format('SELECT id / 3000, count(DISTINCT %I) FROM T GROUP BY 1', col)) AS in_order,
	distinct_check(format('SELECT i4, count(DISTINCT %I) FROM T GROUP BY i4', col)) AS many
FROM distinct_columns ORDER BY col;
-- several sets, FILTERs, sums
SELECT query, distinct_check(query) FROM unnest(ARRAY[
	'SELECT count(DISTINCT i4), count(DISTINCT t), count(*), sum(DISTINCT i4), count(DISTINCT u) FILTER (WHERE i4 % 2 = 0) FROM T',
	'SELECT few, count(DISTINCT i4), count(DISTINCT t), sum(i4), avg(DISTINCT i4), sum(DISTINCT n6) FILTER (WHERE n6 < 150) FROM T GROUP BY few',
	'SELECT few, g, count(DISTINCT i8), stddev(DISTINCT i4), sum(DISTINCT wide) FROM T GROUP BY few, g',
	'SELECT count(DISTINCT i4 / 7), count(DISTINCT lower(t)), avg(DISTINCT i4 * 2) FROM T WHERE i4 IS NOT NULL',
	'SELECT g, count(DISTINCT i4) FROM T GROUP BY g HAVING count(DISTINCT i4) > 1000',
	'SELECT count(DISTINCT i4), count(DISTINCT few) FROM T WHERE false',
	'SELECT g, count(DISTINCT f8) FROM T WHERE f8 IS NULL GROUP BY g']) query;

-- Files are divided again while they are too large.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT (a ->> 'Distinct Partitions')::int8 > 16 AS again,
	(a ->> 'Distinct Spilled Values')::int8 > 20000 AS spilled,
	(a ->> 'Distinct Disk Usage')::int8 > 100 AS disk
FROM twin_agg('SELECT count(DISTINCT u) FROM distinct_olap') a;
-- Sets that were put aside are counted once in a rescan, too.
SELECT o.x, l.n = h.n AS same FROM generate_series(1, 3) o(x),
	LATERAL (SELECT count(DISTINCT i4 + o.x % 2) AS n FROM distinct_olap WHERE id > o.x * 100) l,
	LATERAL (SELECT count(DISTINCT i4 + o.x % 2) AS n FROM distinct_heap WHERE id > o.x * 100) h;
-- A query that ends early or fails leaves no file behind.
SELECT count(*) FROM (SELECT g, count(DISTINCT u) FROM distinct_olap GROUP BY g LIMIT 3) s;
SELECT g, count(DISTINCT u) / (g - 39) FROM distinct_olap GROUP BY g HAVING g = 39;
SELECT count(*) FROM pg_ls_tmpdir();
RESET work_mem;
RESET hash_mem_multiplier;
DROP TABLE distinct_heap, distinct_olap, distinct_columns;
DROP FUNCTION distinct_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
