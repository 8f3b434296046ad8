-- What stands above OlapAgg's joins: ORDER BY an aggregate with LIMIT. Answers are a
-- heap table's.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET enable_nestloop = off;
SET enable_hashagg = off;

\set ECHO none
\i test/include/heap_twin.sql
-- Runs the query on above_heap and above_olap; says what OlapAgg did, of the lines that match.
CREATE FUNCTION above_check(query text, pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	said text;
BEGIN
	EXECUTE format('SELECT array_agg(q)::text FROM (%s) q', twin_query(query, 'above_heap')) INTO want;
	EXECUTE format('SELECT array_agg(q)::text FROM (%s) q', twin_query(query, 'above_olap')) INTO got;
	IF got IS DISTINCT FROM want THEN
		RETURN format('WRONG: %s, heap has %s', left(got, 300), left(want, 300));
	END IF;
	SELECT string_agg(' | ' || regexp_replace(line, ' memory=\w+', ''), '') INTO said
	FROM twin_said(twin_query(query, 'above_olap'), pattern) line WHERE line !~ 'Row Groups';
	RETURN coalesce(nullif(left(want, 60), want) || '...', want) || coalesce(said, '');
END $$;
-- The plan, without what differs between versions.
CREATE FUNCTION above_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN NEXT line;
	END LOOP;
END $$;

CREATE TABLE above_heap (id int, k int, k2 smallint, t text, n numeric(12,2), f float8, b bool);
INSERT INTO above_heap
SELECT i, CASE WHEN i % 17 <> 0 THEN (i * 7919::int8 % 3001)::int END, i % 50, 'name ' || i % 120, (i % 977) / 4.0, (i % 89) / 4.0, i % 5 = 0
FROM generate_series(1, 40000) i;
CREATE TABLE above_olap (LIKE above_heap) USING olap;
INSERT INTO above_olap SELECT * FROM above_heap WHERE id <= 39900;
INSERT INTO above_olap SELECT * FROM above_heap WHERE id > 39900;
DELETE FROM above_heap WHERE id % 101 = 7;
DELETE FROM above_olap WHERE id % 101 = 7;
CREATE TABLE above_dim (k int PRIMARY KEY, kind text, label varchar(20), num numeric(10,3), parent int);
INSERT INTO above_dim
SELECT i, CASE WHEN i % 13 <> 0 THEN 'kind ' || i % 7 END, 'label ' || i % 1100, i / 8.0, i % 20
FROM generate_series(0, 2499) i;
CREATE TABLE above_many (k int, x int);
INSERT INTO above_many SELECT i % 900, i FROM generate_series(1, 2700) i UNION ALL SELECT NULL, 7;
ANALYZE above_heap, above_olap, above_dim, above_many;

-- LIMIT: groups that cannot be among the first rows do not become rows
SELECT above_plan('SELECT d.label, count(*), sum(o.n) AS s FROM above_olap o JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s DESC, d.label LIMIT 5');
SELECT above_check('SELECT d.label, count(*), sum(o.n) AS s FROM TAB o JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s DESC, d.label LIMIT 5', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.label, sum(num) AS s FROM TAB o LEFT JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s NULLS FIRST, d.label LIMIT 7 OFFSET 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, d.label, max(o.id) AS s FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY s DESC, d.k LIMIT 3', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT o.k, count(DISTINCT d.kind) AS c FROM TAB o JOIN above_dim d USING (k) WHERE EXISTS (SELECT FROM above_many m WHERE m.k = o.k2) GROUP BY o.k ORDER BY c, o.k LIMIT 4', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT * FROM (SELECT d.k, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY c DESC FETCH FIRST 2 ROWS WITH TIES) x ORDER BY c, k', '(Groups:|Top Groups|Groups Left Out)');
-- not with HAVING, averages, text, window functions
SELECT above_check('SELECT d.k, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k HAVING count(*) < 12 ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, avg(o.n) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, count(*) AS c, sum(count(*)) OVER () FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
-- groups in parts, again for other parameters, and where PostgreSQL's plan takes over
SET work_mem = '400kB';
SET hash_mem_multiplier = 1.0;
SELECT above_check('SELECT o.id % 9000 AS g, d.kind, sum(n) AS s FROM TAB o JOIN above_dim d USING (k) GROUP BY 1, 2 ORDER BY s DESC NULLS LAST, 1, 2 LIMIT 9', 'Top Groups');
RESET work_mem;
RESET hash_mem_multiplier;
SELECT above_check('SELECT v.x, q.* FROM (VALUES (1), (2)) v(x), LATERAL (SELECT d.label, sum(o.n) AS s FROM TAB o JOIN above_dim d USING (k) WHERE o.k2 > v.x GROUP BY d.label ORDER BY s DESC, d.label LIMIT 2) q ORDER BY v.x, s', 'Top Groups');
PREPARE above_top(int) AS SELECT d.label, sum(o.n) AS s FROM above_olap o JOIN above_dim d USING (k) WHERE o.id > $1 GROUP BY d.label ORDER BY s DESC, d.label LIMIT 3;
SET plan_cache_mode = force_generic_plan;
EXECUTE above_top(100);
SET work_mem = '64kB';
SET hash_mem_multiplier = 1.0;
EXECUTE above_top(100);
SELECT line FROM twin_said('EXECUTE above_top(100)', '(Groups:|Top Groups|Groups Left Out|Vector Aggregation)') line WHERE line !~ 'Row Groups';
RESET work_mem;
RESET hash_mem_multiplier;
RESET plan_cache_mode;
DEALLOCATE above_top;

DROP TABLE above_heap, above_olap, above_dim, above_many;
DROP FUNCTION above_check, above_plan, twin_query, twin_rows, twin_agg, twin_said;
