-- OlapAgg: plans, parameters, rescans, cursors, permissions, rows of one's own,
-- partitions, EXPLAIN; and what comes out when memory is short.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION agg_plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
		CONTINUE WHEN line ~ '(Bytes Read|Buffers|Heap Fetches|Memory Usage|Sort Method|Index Searches|Disk Usage)';
		-- 18 names the table before a column of a grouped query
		RETURN NEXT regexp_replace(replace(line, 'agg_tab.', ''), '(rows=\d+)\.\d+', '\1');
	END LOOP;
END $$;
CREATE TABLE agg_rows AS
SELECT i AS id, i % 10 AS a, CASE WHEN i % 7 <> 0 THEN i % 100 END AS b,
	'k' || i % 20 AS t, (i % 500 / 4.0)::numeric(10,2) AS n,
	timestamptz '2024-01-01 00:00+00' + i * interval '1 minute' AS ts
FROM generate_series(1, 20000) i;
CREATE TABLE agg_tab (LIKE agg_rows) USING olap;
INSERT INTO agg_tab SELECT * FROM agg_rows WHERE id <= 19990;
INSERT INTO agg_tab SELECT * FROM agg_rows WHERE id > 19990;
ANALYZE agg_tab;

SELECT agg_plan_of('SELECT a, count(*), sum(n) FROM agg_tab WHERE id > 5000 AND length(t) = 2 GROUP BY a HAVING sum(n) > 62000');
SELECT agg_plan_of('SELECT count(*) FROM agg_tab');
SELECT agg_plan_of('SELECT DISTINCT t FROM agg_tab WHERE a = 3');
EXPLAIN (VERBOSE, COSTS OFF)
SELECT date_trunc('day', ts), t || '!', count(*) FILTER (WHERE b > 3), array_agg(id), sum(n) + 1
FROM agg_tab GROUP BY 1, t HAVING max(b) > 98;
DO $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) SELECT a, count(*), string_agg(t, '','') FROM agg_tab GROUP BY a' INTO plan;
	plan := plan->0->'Plan';
	RAISE NOTICE '% % % % % % % % %', plan->>'Custom Plan Provider', replace(plan->>'Group Key', 'agg_tab.', ''),
		plan->>'Groups', plan->>'Rows by Row Functions', (plan->>'Peak Memory Usage')::int > 0,
		plan->>'Spilled Partitions', plan->>'Spilled Rows', plan->>'Disk Usage',
		(plan->>'Input Time')::float + (plan->>'Group Time')::float + (plan->>'Update Time')::float > 0;
END $$;
-- What the scan took, in parts that are its own; nothing where nobody asks for times.
DO $$
DECLARE
	plan jsonb;
	scan jsonb;
	query text;
	read_time float := 0;
BEGIN
	FOR query IN VALUES ('SELECT count(*), sum(id) FROM agg_tab WHERE a > 3 AND t LIKE ''%1%'''),
		('SELECT sum(id) FROM agg_tab WHERE id % 7 = 3 AND t || t LIKE ''k1%'''),
		('SELECT id, t FROM agg_tab WHERE a > 3 ORDER BY t LIMIT 3') LOOP
		EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
		scan := jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapScan")');
		RAISE NOTICE 'read % decode % filter % sum %', scan ? 'Read Time', (scan->>'Decode Time')::float > 0, (scan->>'Filter Time')::float > 0,
			(scan->>'Read Time')::float + (scan->>'Decode Time')::float + (scan->>'Filter Time')::float <= (plan->0->>'Execution Time')::float;
		read_time := read_time + (scan->>'Read Time')::float;
	END LOOP;
	-- of one query it may be less than a microsecond, which shows as 0
	RAISE NOTICE 'read %', read_time > 0;
	EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) SELECT count(*) FROM agg_tab WHERE a > 3' INTO plan;
	RAISE NOTICE '%', plan::text ~ 'Filter Time';
END $$;

-- A single key by index stays an index scan.
CREATE INDEX agg_tab_id ON agg_tab (id);
ANALYZE agg_tab;
EXPLAIN (COSTS OFF) SELECT count(*) FROM agg_tab WHERE id = 77;
SELECT count(*), sum(a) FROM agg_tab WHERE id = 77;
DROP INDEX agg_tab_id;

-- Parameters, generic plans.
SET plan_cache_mode = force_generic_plan;
PREPARE by_a(int, text) AS SELECT t, count(*), sum(n * $1) FROM agg_tab WHERE a >= $1 AND t >= $2 COLLATE "C" GROUP BY t HAVING count(*) > $1 ORDER BY t;
EXECUTE by_a(8, 'k');
EXECUTE by_a(4, 'k1');
EXECUTE by_a(NULL, '');
SELECT agg_plan_of('EXECUTE by_a(8, ''k'')');
DEALLOCATE by_a;
RESET plan_cache_mode;
SELECT count(*) FROM agg_tab WHERE id > (SELECT max(id) - 3 FROM agg_rows);

-- Rescans, with other parameters and with the same.
SELECT x, (SELECT sum(n) FROM agg_tab WHERE a = x), (SELECT count(DISTINCT t) FROM agg_tab WHERE b = x) FROM generate_series(1, 4) x;
SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT a, count(*) FROM agg_tab WHERE id < x * 10 GROUP BY a HAVING a < x) s ORDER BY x, a;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
SELECT x, s.n FROM generate_series(1, 3) x LEFT JOIN (SELECT a, count(*) AS n FROM agg_tab GROUP BY a) s ON s.a <> x AND s.a > 7 ORDER BY 1, 2;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material;
WITH w AS MATERIALIZED (SELECT a, max(ts) AS ts FROM agg_tab GROUP BY a) SELECT count(*), max(ts) FROM w;

-- Cursors, forward and backward.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT a, count(*) FROM agg_tab GROUP BY a ORDER BY a;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH LAST FROM c;
CLOSE c;
DECLARE c CURSOR FOR SELECT a, count(*) FROM agg_tab WHERE a IN (3, 4) GROUP BY a;
INSERT INTO agg_tab (id, a) VALUES (-1, 3);
MOVE 1 FROM c;
FETCH ALL FROM c;
-- Rows of one's own, not yet committed, and without them after a rollback.
SELECT count(*), count(t) FROM agg_tab WHERE a = 3;
DELETE FROM agg_tab WHERE a = 4;
SELECT a, count(*) FROM agg_tab WHERE a IN (3, 4) GROUP BY a;
ROLLBACK;
SELECT a, count(*) FROM agg_tab WHERE a IN (3, 4) GROUP BY a ORDER BY a;

-- As the source of a change, under a lock, in a view, in a function.
CREATE TABLE agg_target (a int, n bigint);
INSERT INTO agg_target SELECT a, count(*) FROM agg_tab GROUP BY a;
UPDATE agg_target SET n = s.n + 1 FROM (SELECT a, count(DISTINCT t) AS n FROM agg_tab GROUP BY a) s WHERE s.a = agg_target.a;
SELECT sum(a), sum(n) FROM agg_target;
CREATE VIEW agg_view AS SELECT a, sum(n) AS s FROM agg_tab GROUP BY a;
SELECT * FROM agg_view WHERE a = 5;
SELECT agg_plan_of('SELECT * FROM agg_view WHERE a = 5');

-- The right to call an aggregate and its functions; row security.
CREATE FUNCTION agg_slow(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'sees %', $1; RETURN true; END $$;
CREATE AGGREGATE agg_mine(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE ROLE agg_user;
GRANT SELECT ON agg_tab TO agg_user;
SET ROLE agg_user;
SELECT agg_mine(a) FROM agg_tab;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION agg_mine(int) FROM PUBLIC;
SET ROLE agg_user;
SELECT agg_mine(a) FROM agg_tab;
RESET ROLE;
-- of grouping, that to call the type's equality
BEGIN;
REVOKE EXECUTE ON FUNCTION int4eq(int, int) FROM PUBLIC;
SET LOCAL ROLE agg_user;
SELECT a, count(*) FROM agg_tab GROUP BY a ORDER BY 1 LIMIT 1;
ROLLBACK;
ALTER TABLE agg_tab ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON agg_tab TO agg_user USING (length(t) = 2 AND id < 12);
SET ROLE agg_user;
SELECT count(*), min(t), max(id) FROM agg_tab WHERE agg_slow(t) AND id > 8;
RESET ROLE;
ALTER TABLE agg_tab DISABLE ROW LEVEL SECURITY;

-- Partitions one by one.
CREATE TABLE agg_parts (LIKE agg_rows) PARTITION BY LIST (a);
CREATE TABLE agg_parts_1 PARTITION OF agg_parts FOR VALUES IN (0, 1, 2, 3, 4) USING olap;
CREATE TABLE agg_parts_2 PARTITION OF agg_parts DEFAULT USING olap;
INSERT INTO agg_parts SELECT * FROM agg_rows;
ANALYZE agg_parts;
SET enable_partitionwise_aggregate = on;
EXPLAIN (COSTS OFF) SELECT a, count(*), sum(n) FROM agg_parts GROUP BY a HAVING sum(n) > 0;
SELECT a, count(*), sum(n) FROM agg_parts GROUP BY a HAVING sum(n) > 0 ORDER BY a;
RESET enable_partitionwise_aggregate;

-- Memory for a few hundred groups: the others wait in files.
SET work_mem = '64kB'; SET hash_mem_multiplier = 1.0;
SELECT count(*), sum(c), sum(s), min(d), max(e) FROM (SELECT id, t, count(*) AS c, sum(n) AS s, count(DISTINCT b) AS d, string_agg(t, '') AS e FROM agg_tab GROUP BY id, t) q;
SELECT count(*), sum(c), sum(s), min(d), max(e) FROM (SELECT id, t, count(*) AS c, sum(n) AS s, count(DISTINCT b) AS d, string_agg(t, '') AS e FROM agg_rows GROUP BY id, t) q;
SELECT count(*) FROM (SELECT b, id / 3 FROM agg_tab GROUP BY 1, 2 EXCEPT ALL SELECT b, id / 3 FROM agg_rows GROUP BY 1, 2) q;
SELECT line ~ 'Rows: [1-9]' FROM agg_plan_of('SELECT id, count(*) FROM agg_tab GROUP BY id') line WHERE line ~ 'Spilled Rows';
-- ... also when it starts over
SELECT x, (SELECT count(*) FROM (SELECT id, sum(n + x) AS s FROM agg_tab GROUP BY id HAVING sum(n + x) > 100) q) FROM generate_series(1, 2) x;
SELECT x, (SELECT count(*) FROM (SELECT id, sum(n + x) AS s FROM agg_rows GROUP BY id HAVING sum(n + x) > 100) q) FROM generate_series(1, 2) x;
-- ... and when nobody reads to the end
SELECT count(*) FROM (SELECT id, count(*) FROM agg_tab GROUP BY id LIMIT 10) q;
RESET work_mem; RESET hash_mem_multiplier;

-- States that vectors and the server's functions share go up again as they were.
CREATE TABLE agg_scales (k int, v int8) USING olap;
INSERT INTO agg_scales SELECT 1, g FROM generate_series(1, 6000) g;
INSERT INTO agg_scales SELECT 1, 9000000000000000000 + g FROM generate_series(1, 6000) g;
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT g, s, c FROM generate_series(1, 3) g LEFT JOIN (SELECT k, round(var_pop(v)) AS s, count(*) AS c FROM agg_scales GROUP BY k) x ON x.s > g ORDER BY g;
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin;
DROP TABLE agg_scales;
DROP VIEW agg_view;
DROP TABLE agg_tab, agg_rows, agg_parts, agg_target;
DROP AGGREGATE agg_mine(int);
DROP ROLE agg_user;
