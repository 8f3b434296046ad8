-- OlapScan: plans, projection, parameters, rescans, and the same answers with it,
-- without it and from a heap.
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	-- sizes and times vary; workers may do any part of the work
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
		CONTINUE WHEN line ~ '(Bytes Read|Buffers|Heap Fetches|Memory Usage|Sort Method|Index Searches)';
		RETURN NEXT regexp_replace(line, '(rows=\d+)\.\d+', '\1');
	END LOOP;
END $$;
SET max_parallel_workers_per_gather = 0;
-- aggregates above the scan go row by row here
SET olap.enable_vector_agg = off;

CREATE TABLE scan_heap AS
SELECT i AS id, i % 10 AS a, CASE WHEN i % 7 <> 0 THEN i % 100 END AS b,
	'k' || i % 20 AS t, (i % 500 / 4.0)::numeric(10,2) AS n,
	timestamptz '2024-01-01 00:00+00' + i * interval '1 minute' AS ts
FROM generate_series(1, 20000) i;
CREATE TABLE scan_olap (LIKE scan_heap) USING olap;
INSERT INTO scan_olap SELECT * FROM scan_heap WHERE id <= 10000;
INSERT INTO scan_olap SELECT * FROM scan_heap WHERE id > 10000 AND id <= 19990;
INSERT INTO scan_olap SELECT * FROM scan_heap WHERE id > 19990;
ANALYZE scan_heap;
ANALYZE scan_olap;
SET TimeZone = 'UTC';

-- A vectorized clause is shown as such, another one stays a filter.
SELECT plan_of('SELECT sum(id) FROM scan_olap WHERE a = 3 AND length(t) = 2');
SELECT sum(id), count(*) FROM scan_olap WHERE a = 3 AND length(t) = 2;
SELECT sum(id), count(*) FROM scan_heap WHERE a = 3 AND length(t) = 2;

-- The node can be switched off; answers stay.
SET olap.enable_scan = off;
SELECT plan_of('SELECT sum(id) FROM scan_olap WHERE a = 3 AND t = ''k3''');
SELECT sum(id) FROM scan_olap WHERE a = 3 AND t = 'k3';
RESET olap.enable_scan;
SELECT sum(id) FROM scan_olap WHERE a = 3 AND t = 'k3';

-- EXPLAIN in a format for programs.
DO $$
DECLARE
	plan json;
	node json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM scan_olap WHERE id < 5' INTO plan;
	node := plan->0->'Plan';
	RAISE NOTICE '% % % % % % %', node->>'Custom Plan Provider',
		node->>'Vector Filter', node->>'Rows Removed by Vector Filter',
		node->>'Segments Total', node->>'Segments Pruned', node->>'Segments Read',
		(node->>'Bytes Read')::int > 0;
END $$;

-- Expressions of columns that only the target list uses, whole rows, system columns.
SELECT id + a + b, upper(t), n * 2 FROM scan_olap WHERE id = 123;
SELECT r, r.ctid IS NOT NULL AS has_ctid, r.tableoid::regclass FROM scan_olap r WHERE id = 19995;
SELECT count(r) FROM scan_olap r;
SELECT count(*) FROM scan_olap;
SELECT count(*) FROM scan_olap WHERE false;
SELECT 1 FROM scan_olap LIMIT 2;
-- A view through a subquery that renames and drops columns.
SELECT x, y FROM (SELECT t AS x, id AS y, n FROM scan_olap) s WHERE y BETWEEN 5 AND 6 ORDER BY y;

-- Parameters prune when the plan is run, generic plan or not.
SET plan_cache_mode = force_generic_plan;
PREPARE by_id(int, text) AS SELECT id, t FROM scan_olap WHERE id >= $1 AND id < $1 + 2 AND t LIKE $2;
EXECUTE by_id(5, 'k%');
EXECUTE by_id(19999, '%');
EXECUTE by_id(NULL, '%');
SELECT plan_of('EXECUTE by_id(12000, ''%'')');
-- A pattern that ends in its escape is an error where it is reached, as on heap.
EXECUTE by_id(-5, 'k\');
EXECUTE by_id(5, 'k\');
DEALLOCATE by_id;
RESET plan_cache_mode;
SELECT count(*) FROM scan_olap WHERE ts >= now();
SELECT count(*) FROM scan_olap WHERE id > (SELECT max(id) - 3 FROM scan_heap);

-- Rescans start over, with other parameters or the same.
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
SET enable_memoize = off;
SELECT v.x, l.id FROM (VALUES (1), (2), (19999)) v(x),
	LATERAL (SELECT id FROM scan_olap WHERE id >= v.x ORDER BY id LIMIT 2) l ORDER BY 1, 2;
SELECT count(*) FROM (VALUES (1), (2)) v(x), scan_olap o WHERE o.a > v.x AND o.id < 50;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material; RESET enable_memoize;

-- Cursors read forward in steps and do not see later rows.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM scan_olap WHERE a = 0 ORDER BY id;
FETCH 2 FROM c;
INSERT INTO scan_olap (id, a) VALUES (11, 0);
FETCH 1 FROM c;
SELECT count(*) FROM scan_olap WHERE id = 11;
ROLLBACK;

-- Partitions, inheritance children and materialized views.
CREATE TABLE scan_part (id int, t text) PARTITION BY RANGE (id);
CREATE TABLE scan_part1 PARTITION OF scan_part FOR VALUES FROM (0) TO (100) USING olap;
CREATE TABLE scan_part2 PARTITION OF scan_part FOR VALUES FROM (100) TO (200);
INSERT INTO scan_part SELECT i, 'p' || i FROM generate_series(0, 199) i;
SELECT plan_of('SELECT * FROM scan_part WHERE id > 97 AND id < 102');
SELECT * FROM scan_part WHERE id > 97 AND id < 102 ORDER BY id;
CREATE MATERIALIZED VIEW scan_view USING olap AS SELECT id, t FROM scan_heap WHERE id < 100;
SELECT plan_of('SELECT count(*) FROM scan_view WHERE id > 90');
SELECT count(*) FROM scan_view WHERE id > 90;

-- A clause above a security barrier does not run before it.
CREATE FUNCTION leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS
$$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
CREATE VIEW scan_barrier WITH (security_barrier) AS SELECT * FROM scan_olap WHERE id = 7;
SELECT id FROM scan_barrier WHERE leak(t) AND n >= 0;

-- Parallel: every row once, counts of all workers together.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT count(*), sum(id) FROM scan_olap WHERE a < 5;
SELECT count(*), sum(id) FROM scan_olap WHERE a < 5;
SELECT count(*), sum(id) FROM scan_heap WHERE a < 5;
BEGIN;
INSERT INTO scan_olap (id, a) SELECT i, 1 FROM generate_series(30001, 30010) i;
SELECT count(*), sum(id) FROM scan_olap WHERE a < 5;
ROLLBACK;

-- A column that is asked for twice, of few rows of a dictionary: it is decoded once.
CREATE TABLE scan_twice (id int, t text) USING olap;
INSERT INTO scan_twice SELECT i, CASE i % 5000 WHEN 4711 THEN
	(SELECT string_agg(md5(j::text), '') FROM generate_series(1, 10000) j)
	ELSE md5((i % 5000)::text) END FROM generate_series(1, 50000) i;
SELECT encodings FROM olap.column_stats('scan_twice') WHERE "column" = 't';
CREATE TEMP TABLE scan_rows AS SELECT t AS a, t AS b FROM scan_twice WHERE id = 4711;
SELECT length(a), length(b), a = b FROM scan_rows;
DROP TABLE scan_rows, scan_twice;

DROP TABLE scan_part;
DROP MATERIALIZED VIEW scan_view;
DROP TABLE scan_heap, scan_olap CASCADE;
DROP FUNCTION plan_of, leak;
