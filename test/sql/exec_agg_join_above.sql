-- What stands above OlapAgg's joins: ORDER BY an aggregate with LIMIT, grouping sets,
-- parallel workers. Answers are a heap table's.
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
	EXECUTE format('SELECT array_agg(q ORDER BY q)::text FROM (%s) q', twin_query(query, 'above_heap')) INTO want;
	EXECUTE format('SELECT array_agg(q ORDER BY q)::text FROM (%s) q', twin_query(query, 'above_olap')) INTO got;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
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
CREATE TABLE above_few (k int PRIMARY KEY, title text, k2 int);
INSERT INTO above_few SELECT i, 'title ' || i % 4, i + 1 FROM generate_series(0, 29) i;
ANALYZE above_heap, above_olap, above_dim, above_many, above_few;

-- LIMIT: groups that cannot be among the first rows do not become rows
SELECT above_plan('SELECT d.label, count(*), sum(o.n) AS s FROM above_olap o JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s DESC, d.label LIMIT 5');
SELECT above_check('SELECT d.label, count(*), sum(o.n) AS s FROM TAB o JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s DESC, d.label LIMIT 5', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.label, sum(num) AS s FROM TAB o LEFT JOIN above_dim d USING (k) GROUP BY d.label ORDER BY s NULLS FIRST, d.label LIMIT 7 OFFSET 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, d.label, max(o.id) AS s FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY s DESC, d.k LIMIT 3', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT o.k, count(DISTINCT d.kind) AS c FROM TAB o JOIN above_dim d USING (k) WHERE EXISTS (SELECT FROM above_many m WHERE m.k = o.k2) GROUP BY o.k ORDER BY c, o.k LIMIT 4', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT * FROM (SELECT d.k, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY c DESC FETCH FIRST 2 ROWS WITH TIES) x ORDER BY c, k', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k HAVING min(o.id) > 100 ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k HAVING count(*) < 12 ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
SELECT above_check('SELECT d.k, avg(o.n) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.k ORDER BY c DESC, d.k LIMIT 2', '(Groups:|Top Groups|Groups Left Out)');
-- not with window functions
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

-- Grouping sets: rolled up, or fed with joined rows.
SET enable_hashagg = on;
SELECT above_plan('SELECT kind, parent, grouping(kind), count(*) FROM above_olap o JOIN above_dim d USING (k) GROUP BY ROLLUP (kind, parent) HAVING count(*) > 100');
SET enable_hashagg = off;
SELECT above_check('SELECT kind, parent, grouping(kind, parent) + 0 AS g, count(*), sum(n), max(label) FROM TAB o JOIN above_dim d USING (k) GROUP BY ROLLUP (kind, parent) HAVING count(*) > 100', 'Vector Joins|Sets');
SELECT above_check('SELECT kind, o.b, d.parent, o.k2 % 5, grouping(o.b), count(*), sum(num), avg(o.n) FILTER (WHERE o.k2 > d.parent) FROM TAB o LEFT JOIN above_dim d USING (k) GROUP BY CUBE (kind, o.b, 3, 4)', 'Vector Joins|Sets (Fed|Rolled)');
SELECT above_check('SELECT kind, o.t, sum(o.f), count(DISTINCT label), array_agg(o.id ORDER BY o.id) FILTER (WHERE o.id % 100 = 0) FROM TAB o JOIN above_dim d USING (k) GROUP BY GROUPING SETS (kind, o.t, ())', 'Vector Joins|Sets');
SELECT above_check('SELECT title, o.t, count(*) FROM TAB o JOIN above_few f ON f.k = o.k2 WHERE EXISTS (SELECT FROM above_many m WHERE m.k = o.k) GROUP BY GROUPING SETS (title, title, (), (title, o.t))', 'Vector Joins|Sets');
SELECT above_check('SELECT title, count(*), sum(o.n) FROM TAB o JOIN above_few f ON f.k = o.k2 WHERE o.id + 0 < 0 GROUP BY ROLLUP (title)', 'Vector Joins|Sets');
SELECT above_check('SELECT count(*), sum(o.n) FROM TAB o JOIN above_few f ON f.k = o.k2 GROUP BY ()', 'Vector Joins|Sets');
SELECT above_check('SELECT title, count(*) AS c FROM TAB o JOIN above_few f ON f.k = o.k2 GROUP BY ROLLUP (title) ORDER BY c DESC LIMIT 2', 'Vector Joins|Sets|Top Groups');
SELECT above_check('SELECT f.k, title, o.b, count(*) FROM TAB o JOIN above_few f ON f.k = o.k2 GROUP BY f.k, ROLLUP (o.b)', 'Vector Joins|Sets');
SELECT above_check('SELECT c, title, count(*) FROM (SELECT 1 AS c, title FROM TAB o JOIN above_few f ON f.k = o.k2) s GROUP BY CUBE (c, title)', 'Vector Joins|Sets');
-- groups that go to files, sets in each row of an outer query
SET work_mem = '400kB';
SET hash_mem_multiplier = 1.0;
SELECT above_check('SELECT o.id % 9000 AS g, d.kind, count(*), sum(n), max(label) FROM TAB o JOIN above_dim d USING (k) GROUP BY CUBE (1, 2)', 'Vector Joins|Grouping Sets');
SELECT above_check('SELECT o.id % 3000 AS g, d.kind, count(DISTINCT o.k2), sum(f) FROM TAB o JOIN above_dim d USING (k) GROUP BY CUBE (1, 2)', 'Vector Joins|Grouping Sets');
RESET work_mem;
RESET hash_mem_multiplier;
SELECT above_check('SELECT f.k, s.* FROM above_few f, LATERAL (SELECT kind, count(*) FROM TAB o JOIN above_dim d USING (k) WHERE o.k2 <> f.k GROUP BY ROLLUP (kind)) s WHERE f.k < 3', 'Vector Joins|Sets');
-- PostgreSQL's own sets, where sides need more memory than the plan was made with
PREPARE above_sets(int) AS SELECT kind, o.b, grouping(kind) * 10 + grouping(o.b) AS g, count(*), count(DISTINCT o.t) AS t, sum(d.num) FROM above_olap o JOIN above_dim d USING (k) WHERE o.id > $1 GROUP BY CUBE (kind, o.b) HAVING count(*) > 3500 ORDER BY 1, 2, 3;
SET plan_cache_mode = force_generic_plan;
EXECUTE above_sets(100);
SET work_mem = '64kB';
SET hash_mem_multiplier = 1.0;
EXECUTE above_sets(100);
SELECT twin_said('EXECUTE above_sets(100)', 'Sets|Vector Aggregation');
RESET work_mem;
RESET hash_mem_multiplier;
EXECUTE above_sets(20000);
RESET plan_cache_mode;
DEALLOCATE above_sets;

-- Workers: each has the sides, and takes a part of the olap table's rows.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT above_plan('SELECT kind, count(*), sum(n) FROM above_olap o JOIN above_dim d USING (k) GROUP BY kind');
SELECT above_check('SELECT kind, count(*), sum(n) FROM TAB o JOIN above_dim d USING (k) GROUP BY kind', 'Workers Launched|Vector Joins');
SELECT above_check('SELECT count(*), sum(num), min(label), avg(o.n) FROM TAB o LEFT JOIN above_dim d USING (k)', 'Workers Launched|Vector Joins');
SELECT above_check('SELECT d.k, kind, upper(label), count(*) FROM TAB o JOIN above_dim d USING (k) WHERE d.k < 50 GROUP BY d.k HAVING max(o.id) + num > 39000', 'Workers Launched|Vector Joins');
SELECT above_check('SELECT x, y, count(*) FROM TAB o JOIN (SELECT k, kind AS x, kind AS y FROM above_dim) d USING (k) GROUP BY x, y', 'Workers Launched|Vector Joins');
SELECT above_check('SELECT kind, count(*) FROM TAB o JOIN above_dim d USING (k) WHERE kind = ''kind 3'' AND d.parent < o.k2 GROUP BY kind', 'Workers Launched');
SELECT above_check('SELECT title, count(*), count(f.k), sum(f.k2) FROM TAB o LEFT JOIN above_few f ON f.k = o.k2 WHERE NOT EXISTS (SELECT FROM above_few g WHERE g.k2 = o.k) AND o.k2 IN (SELECT k + 15 FROM above_few) GROUP BY title', 'Workers Launched|Vector Joins');
SELECT above_check('SELECT d.label, count(*) AS c FROM TAB o JOIN above_dim d USING (k) GROUP BY d.label ORDER BY c DESC, d.label LIMIT 5', 'Vector Joins|Top Groups');
-- values that the leader has before the workers start
SELECT above_check('SELECT kind, count(*) FROM TAB o JOIN above_dim d USING (k) WHERE o.k2 + d.parent < (SELECT max(x) / 100 FROM above_many) GROUP BY kind HAVING count(*) > (SELECT min(x) FROM above_many)', 'Workers Launched|Vector Joins');
PREPARE above_par(int, text) AS SELECT kind, count(*), sum($1 + d.k) FROM above_olap o JOIN above_dim d ON d.k = o.k WHERE o.id % 50 + d.k > $1 AND kind < $2 GROUP BY kind ORDER BY kind;
SET plan_cache_mode = force_generic_plan;
EXECUTE above_par(2000, 'kind 3');
EXECUTE above_par(2400, 'kind 5');
SELECT twin_said('EXECUTE above_par(2400, ''kind 5'')', 'Workers Launched|Vector Joins');
-- less memory than the plan was made with: PostgreSQL's plan, in all processes
SET work_mem = '64kB';
SET hash_mem_multiplier = 1.0;
EXECUTE above_par(2000, 'kind 3');
SELECT regexp_replace(line, ' \((rows|actual).*', '') FROM twin_said('EXECUTE above_par(2400, ''kind 5'')', 'Workers Launched|Vector Joins|Vector Aggregation|Parallel Hash Join') line;
-- sides that workers read are given up before their end, and read again
PREPARE above_again AS SELECT g.x, (SELECT count(DISTINCT o.t) || max(d.kind) FROM above_olap o JOIN above_dim d USING (k) WHERE o.k2 > g.x AND (d.parent IN (SELECT k FROM above_few) OR d.num < 9)) FROM generate_series(1, 3) g(x);
RESET work_mem;
EXECUTE above_again;
SET work_mem = '64kB';
EXECUTE above_again;
SELECT regexp_replace(line, ' \((rows|actual).*', '') FROM twin_said('EXECUTE above_again', 'Workers Launched|Vector Joins|Vector Aggregation|Gather') line;
DEALLOCATE above_again;
SET max_parallel_workers = 0;
EXECUTE above_par(2000, 'kind 3');
RESET work_mem;
RESET hash_mem_multiplier;
EXECUTE above_par(2000, 'kind 3');
SET max_parallel_workers = 2;
RESET plan_cache_mode;
DEALLOCATE above_par;
-- again in the same query
SET enable_material = off;
SELECT above_check('SELECT v.x, s.* FROM (VALUES (1), (2), (3)) v(x) LEFT JOIN (SELECT count(*) AS c, sum(o.n) FROM TAB o JOIN above_few f ON f.k = o.k2) s ON s.c > v.x', 'Workers Launched|Vector Joins');
RESET enable_material;
-- not where the order of the rows shows, nor with a side that workers may not run
SELECT above_check('SELECT kind, sum(f) FROM TAB o JOIN above_dim d USING (k) GROUP BY kind', 'Vector Joins');
SELECT above_check('SELECT kind, count(DISTINCT o.t) FROM TAB o JOIN above_dim d USING (k) GROUP BY kind', 'Vector Joins');
SET olap.parallel_float_aggregates = on;
SELECT above_check('SELECT kind, sum(f) FROM TAB o JOIN above_dim d USING (k) GROUP BY kind', 'Vector Joins');
RESET olap.parallel_float_aggregates;
CREATE FUNCTION above_unsafe(int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL RESTRICTED AS 'SELECT pg_backend_pid() * 0 + $1';
SELECT above_check('SELECT kind, count(*) FROM TAB o JOIN (SELECT above_unsafe(k) AS k, max(kind) AS kind FROM above_dim GROUP BY 1) d USING (k) GROUP BY kind', 'Vector Joins');
SELECT above_check('WITH d AS MATERIALIZED (SELECT k, max(kind) AS kind FROM above_dim GROUP BY 1) SELECT kind, count(*) FROM TAB o JOIN d USING (k) GROUP BY kind', 'Vector Joins');
DROP FUNCTION above_unsafe;
-- by default, so small a table is for one process
SET parallel_setup_cost = 1000;
SELECT above_check('SELECT kind, count(*), sum(n) FROM TAB o JOIN above_dim d USING (k) GROUP BY kind', 'Workers Launched|Vector Joins');
SET parallel_setup_cost = 0;

-- Sides that fit in one process and not in another: the one that knows first decides,
-- and no row is counted twice, or not at all.  above_side() lies to the planner: it is
-- large in one process, and it waits in one until the other has all rows of the side.
SET max_parallel_workers_per_gather = 1;
SET work_mem = '1MB';
SET hash_mem_multiplier = 1.0;
SELECT set_config('above.leader', pg_backend_pid()::text, false) <> '';
CREATE FUNCTION above_side(k int) RETURNS text LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1 AS $$
DECLARE
	me text := CASE WHEN pg_backend_pid() = current_setting('above.leader')::int THEN 'leader' ELSE 'worker' END;
BEGIN
	IF k = 0 THEN
		PERFORM pg_advisory_unlock_all();
	ELSIF k = 2499 THEN
		PERFORM pg_advisory_lock(4711, CASE me WHEN 'leader' THEN 1 ELSE 2 END);
	END IF;
	IF k = 0 AND me = current_setting('above.late') THEN
		FOR i IN 1 .. 1000 LOOP
			EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 4711 AND objid = CASE me WHEN 'leader' THEN 2 ELSE 1 END);
			PERFORM pg_sleep(0.01);
		END LOOP;
		PERFORM pg_sleep(0.5);
	END IF;
	RETURN repeat('x', CASE me WHEN current_setting('above.large') THEN 2000 ELSE 1 END);
END $$;
CREATE FUNCTION above_mixed(large text, late text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT kind, count(*), count(pad), sum(o.n) FROM TAB o JOIN (SELECT k, max(kind) AS kind, max(above_side(k)) AS pad FROM above_dim GROUP BY k) d USING (k) GROUP BY kind';
BEGIN
	PERFORM set_config('above.large', large, false), set_config('above.late', late, false);
	RETURN regexp_replace(above_check(query, 'Workers Launched|Vector Joins|Vector Aggregation'), 'rows=\d+ hashed=\d+ ', '');
END $$;
SELECT large, late, above_mixed(large, late) FROM unnest(array['worker', 'leader']) large, unnest(array['worker', 'leader']) late;
SELECT pg_advisory_unlock_all();
DROP FUNCTION above_mixed, above_side;
RESET work_mem;
RESET hash_mem_multiplier;

DROP TABLE above_heap, above_olap, above_dim, above_many, above_few;
DROP FUNCTION above_check, above_plan, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
