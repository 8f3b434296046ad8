-- OlapAgg: the same groups and the same results as from a heap, from segments,
-- rows of small inserts and around deleted rows; what it leaves to PostgreSQL.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
-- min() and max() by an aggregate, not by the first row in order
SET olap.enable_order = off;
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE agg_heap (
	id int NOT NULL, ts timestamptz NOT NULL, b bool, i2 int2, i4 int4, i8 int8,
	f4 float4, f8 float8, n6 numeric(12,6), n numeric, t text, tc text COLLATE "C",
	c char(6), d date, u uuid, iv interval, m money, o oid, ch "char", j jsonb
);
INSERT INTO agg_heap
SELECT g, timestamptz '2026-01-01' + g * interval '1 minute',
	CASE k % 7 WHEN 0 THEN NULL ELSE k % 3 = 0 END,
	CASE WHEN k % 11 <> 0 THEN k % 200 - 100 END,
	CASE WHEN k % 13 <> 0 THEN k % 100000 - 50000 END,
	CASE WHEN k % 17 <> 0 THEN (k::int8 - 500000) * 10000000000 END,
	CASE k % 19 WHEN 0 THEN NULL ELSE (k % 1000) / 4.0 END,
	CASE k % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-0' ELSE (k % 5000) / 4.0 END,
	CASE WHEN k % 29 <> 0 THEN (k % 1000000) / 1000.0 - 300 END,
	CASE k % 31 WHEN 0 THEN NULL WHEN 1 THEN 1.50 WHEN 2 THEN 1.5 WHEN 3 THEN 1e30 ELSE k % 100 END,
	CASE WHEN k % 5 <> 0 THEN 'word ' || k % 50 END,
	CASE WHEN k % 7 <> 0 THEN chr(65 + k % 26) || k % 9 END,
	CASE WHEN k % 6 <> 0 THEN (ARRAY['', 'a', 'a ', 'ab', 'B'])[1 + k % 5] END,
	CASE WHEN k % 37 <> 0 THEN date '2025-12-01' + k % 90 END,
	CASE WHEN k % 41 <> 0 THEN md5((k % 300)::text)::uuid END,
	CASE WHEN k % 8 <> 0 THEN (k % 60) * interval '1 hour' END,
	CASE WHEN k % 9 <> 0 THEN ((k % 1000) / 100.0)::numeric::money END,
	CASE WHEN k % 10 <> 0 THEN (k % 77)::oid END,
	CASE WHEN k % 12 <> 0 THEN chr(97 + k % 5)::"char" END,
	jsonb_build_object('k', k % 10)
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k
	FROM generate_series(1, 20000) g) s;
CREATE TABLE agg_olap (LIKE agg_heap) USING olap;
INSERT INTO agg_olap SELECT * FROM agg_heap WHERE id <= 9000;
INSERT INTO agg_olap SELECT * FROM agg_heap WHERE id > 9000 AND id <= 19950;
INSERT INTO agg_olap SELECT * FROM agg_heap WHERE id > 19950;
DELETE FROM agg_heap WHERE id % 97 = 5;
DELETE FROM agg_olap WHERE id % 97 = 5;
ANALYZE agg_heap;
ANALYZE agg_olap;

-- Run query (T stands for the table) on both tables, on ours with and without
-- OlapAgg: is it used, how many rows, are they the same?  "by order": the last
-- digits of a float sum depend on the order of rows, which is not the heap's.
CREATE FUNCTION agg_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	used bool := false;
	expected text[] := twin_rows(query, 'agg_heap');
	result text[] := twin_rows(query, 'agg_olap');
	by_order text := '';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || twin_query(query, 'agg_olap') LOOP
		used := used OR line ~ 'Custom Scan \(OlapAgg\)';
	END LOOP;
	IF used AND result IS DISTINCT FROM expected THEN
		SET LOCAL olap.enable_vector_agg = off;
		expected := twin_rows(query, 'agg_olap');
		SET LOCAL olap.enable_vector_agg = on;
		by_order := ' by order';
	END IF;
	FOR i IN 1 .. coalesce(greatest(cardinality(result), cardinality(expected)), 0) LOOP
		IF result[i] IS DISTINCT FROM expected[i] THEN
			RETURN 'DIFFERENT: ' || coalesce(left(result[i], 1000), 'none') || ' for ' || coalesce(left(expected[i], 1000), 'none');
		END IF;
	END LOOP;
	RETURN CASE WHEN used THEN 'OlapAgg, ' ELSE 'PostgreSQL, ' END
		|| coalesce(cardinality(result), 0) || ' rows' || by_order;
END $$;

-- Every aggregate, over the whole table and by group.
CREATE TABLE agg_exprs (expr text);
INSERT INTO agg_exprs VALUES
	('count(*)'), ('count(i4)'), ('count(t)'), ('count(j)'), ('count(DISTINCT t)'),
	('count(DISTINCT i4)'), ('count(DISTINCT f8)'), ('count(DISTINCT n)'), ('count(DISTINCT c)'),
	('count(DISTINCT u)'), ('count(DISTINCT b)'), ('count(DISTINCT d)'), ('count(DISTINCT ts)'),
	('sum(i2)'), ('sum(i4)'), ('sum(i8)'), ('sum(n6)'), ('sum(n)'), ('sum(f4)'),
	('sum(f8)'), ('sum(f8) FILTER (WHERE f8 < ''NaN'')'), ('sum(iv)'), ('sum(m)'),
	('sum(DISTINCT i4)'), ('sum(DISTINCT n6)'), ('avg(DISTINCT i2)'), ('stddev(DISTINCT i4)'),
	('avg(i2)'), ('avg(i4)'), ('avg(i8)'), ('avg(n6)'), ('avg(n)'), ('avg(f4)'), ('avg(f8)'), ('avg(iv)'),
	('var_pop(i2)'), ('var_samp(i4)'), ('variance(i8)'), ('stddev_pop(n6)'), ('stddev_samp(n)'), ('stddev(i4)'),
	('var_pop(f4)'), ('var_samp(f8)'), ('variance(f4)'), ('stddev_pop(f8)'), ('stddev_samp(f4)'), ('stddev(f8)'),
	('min(i2)'), ('max(i4)'), ('min(i8)'), ('max(f4)'), ('min(f8)'), ('max(f8)'), ('min(n6)'), ('max(n)'),
	('min(t)'), ('max(tc)'), ('min(tc)'), ('max(c)'), ('min(d)'), ('max(ts)'), ('min(iv)'), ('max(m)'), ('min(o)'),
	('max(tc COLLATE "C")'), ('min(t COLLATE "C")'),
	('bool_and(b)'), ('bool_or(b)'), ('every(b)'), ('bit_or(i4)'), ('bool_or(i4 > 49000)'),
	('max(DISTINCT i4)'), ('min(i4 + i2)'), ('sum(i4 * 2 + 1)'), ('sum(n6 * i2)'), ('max(length(t))'),
	('count(*) FILTER (WHERE b)'), ('count(*) FILTER (WHERE b IS NULL)'), ('sum(i4) FILTER (WHERE t LIKE ''word 1%'')'),
	('sum(1000 / i2) FILTER (WHERE i2 <> 0)'), ('count(DISTINCT t) FILTER (WHERE i4 > 0)'),
	('corr(f4, i4)'), ('regr_count(i4, i2)'), ('array_length(array_agg(id), 1)'), ('length(string_agg(tc, '',''))'), ('jsonb_array_length(jsonb_agg(i2))'),
	('bit_and(i8)'), ('max(u::text COLLATE "C")');
SELECT expr, agg_check('SELECT ' || expr || ' FROM T') AS whole,
	agg_check('SELECT tc, ' || expr || ' FROM T GROUP BY tc') AS by_group,
	agg_check('SELECT ' || expr || ' FROM T WHERE id + 0 < 0') AS none
FROM agg_exprs;
-- All at once, the states side by side.
SELECT agg_check('SELECT i2 % 7, ' || string_agg(expr, ', ') || ' FROM T WHERE id > 300 GROUP BY 1')
FROM agg_exprs WHERE expr !~ 'f4|f8';

-- Keys of every type, several keys, expressions, NULL groups.
SELECT key, agg_check('SELECT ' || key || ', count(*), sum(i4), min(id) FROM T GROUP BY ' || key)
FROM unnest(ARRAY['b', 'i2', 'i4', 'i8', 'f4', 'f8', 'n6', 'n', 't', 'tc', 'c', 'd', 'u', 'iv', 'm', 'o', 'ch', 'j',
	'ts', 'id', 'b, t', 'i2, tc, d', 'u, f8', 'c, n6, b', 'date_trunc(''day'', ts)', 'i4 / 1000', 'left(t, 6)',
	'j->>''k''', 'id % 10, b', 'CASE WHEN i4 > 0 THEN tc END', 'coalesce(t, tc)', 't || tc', 'i4 IS NULL',
	'now() > ts', 'upper(tc), i2 + 1', 'i2::int8', 'n6::int', 'd + 1', 'extract(hour FROM ts)']) key;

-- Filters of all kinds below.  Which plan is cheaper for few rows and DISTINCT differs between the server's versions.
SELECT clause, substring(agg_check('SELECT count(*), sum(i4), count(DISTINCT tc) FROM T WHERE ' || clause) FROM 'DIFFERENT.*|\d+ rows') AS answer,
	agg_check('SELECT tc, count(*), max(ts) FROM T WHERE ' || clause || ' GROUP BY tc')
FROM unnest(ARRAY['id < 100', 'id > 19900', 'i4 % 3 = 1', 't LIKE ''word 1%'' AND length(t) = 7', 'b', 'b IS NOT TRUE',
	'i2 <> 0 AND 1000 / i2 > 20', 'id = 7 OR tc = ''C1''', 'j @> ''{"k": 3}''', 'ts < now() AND n > n6', 'false', 'id < 0 AND length(t) > 0',
	'f8 = ''NaN''', 'tc IN (''A1'', ''B2'', NULL)']) clause;

-- HAVING, expressions over aggregates, ORDER BY and LIMIT above.
SELECT agg_check($q$SELECT tc, sum(i4) / count(*), round(avg(n6), 2) FROM T GROUP BY tc HAVING count(*) > 80 AND max(i4) > 49000$q$);
SELECT agg_check($q$SELECT 1 FROM T HAVING count(*) > 5$q$);
SELECT agg_check($q$SELECT 1 FROM T HAVING count(*) < 5$q$);
SELECT agg_check($q$SELECT tc FROM T GROUP BY tc HAVING tc > 'K'$q$);
SELECT agg_check($q$SELECT t, count(*) FROM T GROUP BY t ORDER BY count(*) DESC, t LIMIT 7$q$);
SELECT agg_check($q$SELECT 'x', 1 + 1, tc || '!', count(*) FROM T GROUP BY 1, tc$q$);
SELECT agg_check($q$SELECT tc, tc, count(*), count(*) FROM T GROUP BY tc, tc$q$);
SELECT agg_check($q$SELECT sum(n) OVER (ORDER BY tc), tc FROM (SELECT tc, count(*) AS n FROM T GROUP BY tc) s$q$);
SELECT agg_check($q$SELECT tc, count(*), rank() OVER (ORDER BY count(*) DESC, tc) FROM T GROUP BY tc$q$);
SELECT agg_check($q$SELECT tc, (SELECT max(i || tc) FROM generate_series(1, 3) i) FROM T GROUP BY tc$q$);
SELECT agg_check($q$SELECT sum(x) FROM (SELECT i2 AS x, count(*) FROM T GROUP BY i2 HAVING count(*) > 2) s$q$);

-- What is left to PostgreSQL.
SELECT query, agg_check(query) FROM unnest(ARRAY[
	'SELECT rank(7) WITHIN GROUP (ORDER BY i4) FROM T',
	'SELECT tc, percentile_cont(length(tc) / 9.0) WITHIN GROUP (ORDER BY i4) FROM T GROUP BY tc',
	'SELECT tc, b, count(*) FROM T GROUP BY ROLLUP (tc, b)',
	'SELECT sum(DISTINCT n) FROM T',
	'SELECT count(T) FROM T',
	'SELECT count(ctid) FROM T WHERE ctid IS NOT NULL',
	'SELECT count(*) FROM T WHERE random() >= 0',
	'SELECT iv, count(*) FROM T GROUP BY iv',
	'SELECT sum((SELECT i2 FROM generate_series(1, 1))) FROM T',
	'SELECT count(*) FROM T TABLESAMPLE bernoulli (100)']) query;
SET olap.enable_vector_agg = off;
SELECT agg_check('SELECT tc, count(*) FROM T GROUP BY tc');
RESET olap.enable_vector_agg;

-- Values that the states have no form for go through the server's functions.
CREATE TABLE agg_odd_heap (g int, n numeric(12,2), x int8, r numeric);
INSERT INTO agg_odd_heap SELECT i % 5, i / 100.0, 9000000000000000000 + i, 1e200 * i FROM generate_series(1, 6000) i;
INSERT INTO agg_odd_heap VALUES (1, 'NaN', NULL, 'Infinity'), (2, NULL, -9000000000000000000, '-Infinity'), (7, 'NaN', NULL, 'NaN'), (8, NULL, NULL, NULL);
CREATE TABLE agg_odd_olap (LIKE agg_odd_heap) USING olap;
INSERT INTO agg_odd_olap SELECT * FROM agg_odd_heap;
CREATE FUNCTION odd_check(query text) RETURNS bool LANGUAGE sql AS $$
	SELECT twin_rows(query, 'agg_odd_heap') IS NOT DISTINCT FROM twin_rows(query, 'agg_odd_olap')
$$;
SELECT e, odd_check('SELECT ' || e || ' FROM T'), odd_check('SELECT g, ' || e || ' FROM T GROUP BY g')
FROM unnest(ARRAY['sum(n)', 'avg(n)', 'stddev(n)', 'var_pop(n)', 'min(n)', 'max(n)', 'count(DISTINCT n)', 'sum(DISTINCT n)',
	'sum(x)', 'avg(x)', 'stddev(x)', 'var_samp(x)', 'sum(r)', 'avg(r)', 'max(r)', 'min(r)', 'count(r)']) e;
-- The server's errors are raised.
CREATE TABLE agg_error (f8 float8, f4 float4, i int) USING olap;
INSERT INTO agg_error SELECT 1e308, 3e38, i FROM generate_series(1, 10) i;
SELECT sum(f8) FROM agg_error;
SELECT sum(f4) FROM agg_error;
SELECT i, avg(f8) FROM agg_error GROUP BY i HAVING i = 3;
SELECT sum(1 / (i - 5)) FROM agg_error;
SELECT sum(i + 2147483647) FROM agg_error;
-- A guess that is far too high spends no memory that the groups need: none is put aside.
CREATE TABLE agg_guess (x int) USING olap;
INSERT INTO agg_guess SELECT i * 7919::int8 % 30011 FROM generate_series(1, 30010) i;
ANALYZE agg_guess;
SET work_mem = '1MB'; SET hash_mem_multiplier = 1;
SELECT e, agg->>'Groups' AS groups, agg->>'Spilled Rows' AS spilled
FROM unnest(ARRAY['(x % 8000)::int8 * 1000000007', '''k'' || (x % 8000)', '(x % 8000)::int8 * 1000000007, (x % 8000)::int8 * 1000000009']) e,
	twin_agg('SELECT DISTINCT ' || e || ' FROM agg_guess') agg;
RESET work_mem; RESET hash_mem_multiplier;
DROP TABLE agg_guess;
DROP TABLE agg_heap, agg_olap, agg_odd_heap, agg_odd_olap, agg_error, agg_exprs;
DROP FUNCTION agg_check, odd_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
