-- OlapAgg in parallel processes that have the groups divided among them: a Gather
-- is all that joins them, and every answer is the heap's, float sums, DISTINCT and orders
-- included.
SET TimeZone = 'UTC';
\set ECHO none
\i test/include/heap_twin.sql
CREATE FUNCTION div_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		-- how many workers depends on the machine's processors
		CONTINUE WHEN line ~ 'Workers Planned|Parts';
		RETURN NEXT regexp_replace(line, 'div_\w+\.', '', 'g');
	END LOOP;
END $$;
CREATE TABLE div_rows AS
SELECT i AS id, (i * 7919::int8 % 20011)::int AS a, (i % 1000)::int2 AS i2, CASE WHEN i % 7 <> 0 THEN i % 400 END AS b,
	(i % 3000)::int8 * 10000000019 AS i8, 'key ' || i % 700 AS t, md5((i % 5000)::text) AS long, CASE WHEN i % 5 = 0 THEN 'x' || i % 300 END AS tn,
	(i % 500 / 4.0)::numeric(10,2) AS n, (i % 97) / (1 + i % 3)::float8 AS f8, (i % 11 / 3.0)::float4 AS f4, i % 3 = 0 AS bo,
	timestamptz '2024-01-01 00:00+00' + i * interval '1 minute' AS ts, md5((i % 900)::text)::uuid AS u, (i % 600)::oid AS o, (i % 256 - 128)::"char" AS ch
FROM generate_series(1, 60000) i;
CREATE TABLE div_tab (LIKE div_rows) USING olap WITH (bloom = 't');
INSERT INTO div_tab SELECT * FROM div_rows WHERE id <= 59900;
INSERT INTO div_tab SELECT * FROM div_rows WHERE id > 59900;
DELETE FROM div_tab WHERE id % 1009 = 0;
DELETE FROM div_rows WHERE id % 1009 = 0;
ANALYZE div_rows; ANALYZE div_tab;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
\set ECHO all

SELECT div_plan('SELECT a, i2, count(*), sum(f8) FROM div_tab WHERE b > 3 GROUP BY a, i2 HAVING sum(f8) > 5');
-- an integer rather than a string, and the one of more values; what a LIMIT leaves out
SELECT div_plan('SELECT t, i2, id / 10, count(DISTINCT long) FROM div_tab GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT 5');
SELECT div_plan('SELECT t, array_agg(id ORDER BY f8, id) FROM div_tab GROUP BY t');
SELECT div_plan('SELECT DISTINCT a, i2, b FROM div_tab');
-- few values, one value of most rows, equal values that look different: no key to divide by
SELECT line FROM unnest(ARRAY['SELECT bo, count(DISTINCT id) FROM div_tab GROUP BY bo', 'SELECT tn, bo, count(DISTINCT id) FROM div_tab GROUP BY 1, 2',
	'SELECT n, count(DISTINCT id) FROM div_tab GROUP BY n', 'SELECT f8, count(DISTINCT id) FROM div_tab GROUP BY f8', 'SELECT count(DISTINCT id) FROM div_tab',
	'SELECT a, i2, count(*) FROM div_tab GROUP BY CUBE (a, i2)']) q, div_plan(q) line WHERE line ~ 'Divided';
-- not where a function may not run in a worker
CREATE FUNCTION div_unsafe(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS 'BEGIN RETURN $1; END';
SELECT line FROM div_plan('SELECT a, i2, count(DISTINCT div_unsafe(id)) FROM div_tab GROUP BY a, i2') line WHERE line ~ 'Divided|Gather';
DROP FUNCTION div_unsafe;

-- all processes count, and together they make each group once
SELECT agg->>'Divided By' AS divided_by, (agg->>'Parts')::int >= 2 AS parts, agg->>'Groups' AS groups, agg->>'Groups Left Out' AS left_out, (SELECT count(DISTINCT (a, i2)) FROM div_rows) AS truth
FROM twin_agg('SELECT a, i2, sum(f8), count(DISTINCT b) FROM div_tab GROUP BY a, i2') agg;

CREATE TABLE div_queries (n serial, q text);
INSERT INTO div_queries (q) VALUES
('SELECT a, i2, count(*), sum(f8), avg(f4), sum(n), var_pop(f8), stddev(i8) FROM T GROUP BY a, i2'),
('SELECT a, round(sum(f8)::numeric, 4), count(DISTINCT b), count(DISTINCT long), sum(DISTINCT n), array_agg(DISTINCT i2) FROM T WHERE f8 > 1 GROUP BY a HAVING count(*) > 2'),
('SELECT t, string_agg(long, '','' ORDER BY id), percentile_cont(0.3) WITHIN GROUP (ORDER BY f8), mode() WITHIN GROUP (ORDER BY i2), first_value FROM (SELECT *, b AS first_value FROM T) s GROUP BY t, first_value'),
('SELECT t, array_agg(id ORDER BY id) FILTER (WHERE bo), min(long), max(tn), bool_and(bo), bit_or(b) FROM T GROUP BY t'),
('SELECT long, count(*), count(tn), min(ts), max(u::text) FROM T GROUP BY long'),
('SELECT b, count(DISTINCT id), round(avg(f8)::numeric, 4) FROM T GROUP BY b'),
('SELECT u, count(DISTINCT a) FROM T GROUP BY u'),
('SELECT o, ch, count(DISTINCT a), round(sum(f4)::numeric, 4) FROM T GROUP BY o, ch'),
('SELECT i8, tn, n, f8, count(*) FROM T GROUP BY 1, 2, 3, 4'),
('SELECT date_trunc(''hour'', ts) AS h, upper(t), count(DISTINCT i2), round(sum(f8)::numeric, 4) FROM T GROUP BY 1, 2'),
('SELECT id % 5000, count(*), sum(1000 / i2) FILTER (WHERE i2 <> 0) FROM T GROUP BY 1'),
('SELECT DISTINCT a, i2, b FROM T'),
('SELECT DISTINCT t, long FROM T WHERE id % 3 = 0'),
('SELECT a, i2, count(DISTINCT b) AS c FROM T GROUP BY a, i2 ORDER BY c DESC, a, i2 LIMIT 20'),
('SELECT long, sum(i2) FROM T GROUP BY long ORDER BY 2, 1 LIMIT 7 OFFSET 3'),
('SELECT a, i2 FROM T WHERE id < 0 GROUP BY a, i2'),
('SELECT x.a, x.s, y.c FROM (SELECT a, round(sum(f8)::numeric, 4) AS s FROM T GROUP BY a) x JOIN (SELECT a, count(DISTINCT id) AS c FROM T GROUP BY a) y USING (a)'),
('SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT a, sum(f8) FROM T WHERE id < x * 1000 GROUP BY a) s'),
('SELECT x, s.* FROM generate_series(1, 3) x LEFT JOIN (SELECT a, round(sum(f8)::numeric, 4) AS f, count(DISTINCT b) FROM T GROUP BY a) s ON s.a % 4 = x AND s.f > 30'),
('SELECT a, count(*) FROM T WHERE id > (SELECT max(i2) * 10 FROM T) GROUP BY a'),
('SELECT a, approx_count_distinct(i8), olap.last(f8, ts) FROM T GROUP BY a'),
('SELECT a, i2, avg(i8) AS s FROM T GROUP BY a, i2 HAVING count(DISTINCT b) > 0 ORDER BY s DESC, a, i2 LIMIT 20'),
('SELECT a, id / 7 AS d, avg(f8) AS s FROM T GROUP BY 1, 2 HAVING min(b) = 17 ORDER BY s DESC, a, d LIMIT 20 OFFSET 5');
ALTER TABLE div_queries ADD truth text[];
SET max_parallel_workers_per_gather = 0;
UPDATE div_queries SET truth = twin_rows(q, 'div_rows');
RESET max_parallel_workers_per_gather;
-- (heap sorts rows for DISTINCT, and so adds floats in another order)
-- those whose groups are divided, and which
SELECT n, (SELECT string_agg(trim(line), ', ') FROM div_plan(twin_query(q, 'div_tab')) line WHERE line ~ 'Divided') FROM div_queries ORDER BY n;
CREATE VIEW div_wrong AS SELECT n, q FROM div_queries WHERE twin_rows(q, 'div_tab') IS DISTINCT FROM truth;
SELECT * FROM div_wrong;
-- fewer workers than planned: none, one; no leader; every subquery again for each row
SET max_parallel_workers = 0;
SELECT * FROM div_wrong;
SET max_parallel_workers = 1;
SELECT * FROM div_wrong;
RESET max_parallel_workers;
SET parallel_leader_participation = off;
SELECT * FROM div_wrong;
-- what the scans of workers did is counted, of each that read it
SELECT (scan->>'Bytes Read')::int > 0 AS bytes, (scan->>'Row Groups Read')::int > (scan->>'Row Groups Total')::int AS several, (scan->>'Rows Removed by Vector Filter')::int > 30000 AS removed
FROM twin_agg('SELECT a, i2, sum(f8) FROM div_tab WHERE id <= 40000 GROUP BY a, i2') agg, jsonb_path_query_first(agg, '$.** ? (@."Custom Plan Provider" == "OlapScan")') scan;
RESET parallel_leader_participation;
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT * FROM div_wrong WHERE n = 19;
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize;
-- groups that do not fit in memory are put aside by the process that has them
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT agg ? 'Divided By' AS divided, (agg->>'Spilled Rows')::int > 0 AS spilled FROM twin_agg('SELECT a, i2, sum(f8) FROM div_tab GROUP BY a, i2') agg;
SELECT * FROM div_wrong;
RESET work_mem; RESET hash_mem_multiplier;
-- an error is an error, whoever meets it
\set SHOW_CONTEXT never
SELECT a, i2, sum(1 / (id - 777)) FROM div_tab GROUP BY a, i2 HAVING count(*) > 100;
-- parameters of a prepared statement, in workers too
SET plan_cache_mode = force_generic_plan;
PREPARE div_prepared(int, float8) AS SELECT count(*), round(sum(s)::numeric, 6), sum(c) FROM (SELECT a, i2, sum(f8 + $2) AS s, count(DISTINCT b + $1) AS c FROM div_tab WHERE id > $1 GROUP BY a, i2) x;
SELECT line FROM div_plan('EXECUTE div_prepared(5, 1)') line WHERE line ~ 'Divided';
EXECUTE div_prepared(59000, 1);
EXECUTE div_prepared(0, 0.5);
SELECT count(*), round(sum(s)::numeric, 6), sum(c) FROM (SELECT a, i2, sum(f8 + 0.5) AS s, count(DISTINCT b + 0) AS c FROM div_rows WHERE id > 0 GROUP BY a, i2) x;
DEALLOCATE div_prepared;
PREPARE div_top(int) AS SELECT a, i2, count(DISTINCT b), max(id) AS m FROM div_tab GROUP BY a, i2 ORDER BY m DESC, a, i2 LIMIT $1;
SELECT line FROM div_plan('EXECUTE div_top(3)') line WHERE line ~ 'Divided|Top Groups';
EXECUTE div_top(2);
EXECUTE div_top(4);
SELECT a, i2, count(DISTINCT b), max(id) AS m FROM div_rows GROUP BY a, i2 ORDER BY m DESC, a, i2 LIMIT 4;
DEALLOCATE div_top;
RESET plan_cache_mode;
DROP VIEW div_wrong;
DROP TABLE div_rows, div_tab, div_queries;
DROP FUNCTION div_plan, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
