-- OlapAgg in parts: in parallel workers and partition by partition, with
-- PostgreSQL's Finalize Agg above; answers are those of a heap table in one process.
SET TimeZone = 'UTC';
CREATE FUNCTION par_plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		-- 18 says which table a column is of
		RETURN NEXT regexp_replace(line, 'par_\w+\.', '', 'g');
	END LOOP;
END $$;
CREATE TABLE par_rows AS
SELECT i AS id, i % 10 AS a, (i % 1000)::int2 AS i2, CASE WHEN i % 7 <> 0 THEN i % 100 END AS b,
	i::int8 * 1000003 AS i8, 'k' || i % 20 AS t, (i % 500 / 4.0)::numeric(10,2) AS n,
	CASE WHEN i % 30011 = 0 THEN 'NaN'::numeric ELSE (i % 97) / (1 + i % 3)::numeric END AS un,
	i % 50 / 4.0::float8 AS f8, (i % 50 / 4.0)::float4 AS f4, i % 3 = 0 AS bo,
	timestamptz '2024-01-01 00:00+00' + i * interval '1 minute' AS ts, i % 30 * interval '1 minute' AS iv
FROM generate_series(1, 150000) i;
CREATE TABLE par_tab (LIKE par_rows) USING olap;
INSERT INTO par_tab SELECT * FROM par_rows WHERE id <= 149990;
INSERT INTO par_tab SELECT * FROM par_rows WHERE id > 149990;
DELETE FROM par_tab WHERE id % 1009 = 0;
DELETE FROM par_rows WHERE id % 1009 = 0;
-- two levels of partitions, columns in another order in one, an empty one
CREATE TABLE par_parts (LIKE par_rows) PARTITION BY RANGE (id);
CREATE TABLE par_parts_1 PARTITION OF par_parts FOR VALUES FROM (0) TO (60000) USING olap;
CREATE TABLE par_parts_2 PARTITION OF par_parts FOR VALUES FROM (60000) TO (90000) PARTITION BY LIST (a);
CREATE TABLE par_parts_21 PARTITION OF par_parts_2 FOR VALUES IN (0, 1, 2) USING olap;
CREATE TABLE par_parts_22 (un numeric, n numeric(10,2), gone text, t text, iv interval, ts timestamptz, bo bool, f4 float4, f8 float8, i8 int8, b int, i2 int2, a int, id int) USING olap;
ALTER TABLE par_parts_22 DROP COLUMN gone;
ALTER TABLE par_parts_2 ATTACH PARTITION par_parts_22 DEFAULT;
CREATE TABLE par_parts_3 PARTITION OF par_parts FOR VALUES FROM (90000) TO (900000) USING olap;
CREATE TABLE par_parts_4 PARTITION OF par_parts FOR VALUES FROM (900000) TO (999999) USING olap;
INSERT INTO par_parts SELECT * FROM par_rows;
ANALYZE par_rows; ANALYZE par_tab; ANALYZE par_parts;

SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT par_plan_of('SELECT a, count(*), sum(n) + 1, var_pop(i8) FROM par_tab WHERE b > 3 GROUP BY a HAVING sum(n) > 5');
SELECT par_plan_of('SELECT count(*), max(ts), sum(un) FROM par_tab WHERE bo');
SELECT par_plan_of('SELECT DISTINCT t, a FROM par_tab');
SELECT line FROM par_plan_of('SELECT DISTINCT t, a FROM par_parts') line WHERE line !~ 'on par|Key';
SELECT line FROM par_plan_of('SELECT a, min(i8) FROM par_parts GROUP BY a') line WHERE line !~ 'on par|Key';
-- floats are added in the order of the rows, unless that is waived
SELECT par_plan_of('SELECT a, sum(f8) FROM par_tab GROUP BY a');
SELECT par_plan_of('SELECT a, max(f8) FROM par_tab GROUP BY a');
SET olap.parallel_float_aggregates = on;
SELECT par_plan_of('SELECT a, sum(f8) FROM par_tab GROUP BY a');
RESET olap.parallel_float_aggregates;
-- not in parts
SELECT par_plan_of('SELECT count(DISTINCT a) FROM par_tab');
CREATE FUNCTION par_unsafe(int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL UNSAFE AS 'SELECT $1 + 1';
SELECT line FROM par_plan_of('SELECT sum(par_unsafe(a)) FROM par_tab') line WHERE line ~ 'Gather';
DROP FUNCTION par_unsafe;

-- EXPLAIN counts the rows of all processes, also when the leader takes none
CREATE FUNCTION par_counted(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Rows by Row Functions' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
SELECT par_counted('SELECT a, bit_or(b) FROM par_tab GROUP BY a'), count(*) FROM par_tab;
SET parallel_leader_participation = off;
SELECT par_counted('SELECT a, bit_or(b) FROM par_tab GROUP BY a');
RESET parallel_leader_participation;
DROP FUNCTION par_counted;

-- Every query on the olap tables, in many ways, against heap in one process.
CREATE TABLE par_queries (n serial, q text);
INSERT INTO par_queries (q) VALUES
('SELECT a, count(*), sum(n), avg(i2), var_pop(i8), stddev(un), avg(un), sum(i8), min(t COLLATE "C"), bit_or(b), sum(iv) FROM TW GROUP BY a HAVING sum(n) > 5'),
('SELECT count(*), max(ts), min(un), sum(un), avg(n), var_samp(i2), sum(i2), avg(b), count(b), bool_and(bo), every(bo), bool_or(bo), max(f8), min(f4) FROM TW'),
('SELECT count(*), max(ts), min(un), sum(un), avg(n), var_samp(i2), sum(i2), avg(b), count(b), bool_and(bo), sum(iv), avg(i8), max(t) FROM TW WHERE id < 0'),
('SELECT a, bo, count(*) FILTER (WHERE b > 50), sum(n) FILTER (WHERE t = ''k3'') + 1, sum(1000 / i2) FILTER (WHERE i2 <> 0) FROM TW GROUP BY 1, 2'),
('SELECT DISTINCT t, a FROM TW'),
('SELECT DISTINCT a + 1, t || ''!'', bo FROM TW WHERE b > 50'),
('SELECT date_trunc(''day'', ts), t || ''!'', sum(n + 1), avg(i8) FROM TW GROUP BY 1, 2'),
('SELECT b, stddev_pop(b), variance(i8), sum(un), max(n), sum(n) FROM TW WHERE id % 3 = 1 GROUP BY b'),
('SELECT a, sum(f8), round(avg(f8)::numeric, 9), sum(f4), round(var_pop(f8)::numeric, 9), round(stddev(f4)::numeric, 9), round(corr(f8, f4)::numeric, 9) FROM TW GROUP BY a'),
('SELECT sum(f8), round(avg(f4)::numeric, 9), round(var_samp(f8)::numeric, 9) FROM TW WHERE id < 5'),
('SELECT round(var_samp(f8)::numeric, 9), avg(f8) FROM TW WHERE id < 0'),
('SELECT id, sum(n), avg(un) FROM TW WHERE id % 3 = 0 GROUP BY id'),
('SELECT a, string_agg(t, '','' ORDER BY id) FROM TW WHERE id < 50 GROUP BY a'),
('SELECT a FROM TW WHERE a = 3 AND b = 4 GROUP BY a, b'),
('SELECT 1 FROM TW GROUP BY a'),
-- the best of a part need not be the best of all
('SELECT id % 777 AS k, count(*), sum(i8) FROM TW WHERE id % 1000 < id / 200 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 7'),
('SELECT t, b, max(i8) FROM TW GROUP BY 1, 2 ORDER BY 3, 1, 2 LIMIT 5'),
-- what headers of row groups answer, each once
('SELECT count(*), count(b), min(id), max(ts), max(i8) FROM TW'),
('SELECT count(*), max(id) FROM TW WHERE id > 70000'),
('SELECT x, (SELECT sum(n) FROM TW WHERE a = x) FROM generate_series(1, 4) x'),
('SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT a, count(*) FROM TW WHERE id < x * 1000 GROUP BY a) s'),
('SELECT a, count(*) FROM TW WHERE id > (SELECT max(a) * 10 FROM TW) GROUP BY a'),
('SELECT avg(i2) + sum(i8) FROM TW WHERE n > 100 HAVING count(*) > 1'),
('SELECT GROUPING(a), a, sum(n) FROM TW GROUP BY ROLLUP (a)'),
('SELECT a, approx_count_distinct(i8) FROM TW GROUP BY a'),
('SELECT x.a, x.s, y.c FROM (SELECT a, sum(i8) AS s FROM TW GROUP BY a) x JOIN (SELECT a, count(*) AS c FROM TW GROUP BY a) y USING (a)');
CREATE FUNCTION par_answer(query text, tab text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT count(*) || md5(string_agg(s::text, ''|'' ORDER BY s::text COLLATE "C")) FROM (%s) s', replace(query, 'TW', tab)) INTO answer;
	RETURN answer;
END $$;
SET max_parallel_workers_per_gather = 0;
ALTER TABLE par_queries ADD truth text;
UPDATE par_queries SET truth = par_answer(q, 'par_rows');
RESET max_parallel_workers_per_gather;
CREATE VIEW par_wrong AS
SELECT n, tab, q FROM par_queries, (VALUES ('par_tab'), ('par_parts')) t (tab) WHERE par_answer(q, tab) IS DISTINCT FROM truth;
SELECT count(DISTINCT truth) FROM par_queries;
SELECT * FROM par_wrong;
SET olap.parallel_float_aggregates = on;
SELECT * FROM par_wrong;
-- in partitions, without workers
SET max_parallel_workers_per_gather = 0;
SELECT par_plan_of('SELECT a, sum(f8) FROM par_parts GROUP BY a');
SELECT * FROM par_wrong;
RESET olap.parallel_float_aggregates;
SET max_parallel_workers_per_gather = 2;
-- fewer workers than planned: none, one; no leader; no shared Append
SET max_parallel_workers = 0;
SELECT * FROM par_wrong;
SET max_parallel_workers = 1;
SELECT * FROM par_wrong;
RESET max_parallel_workers;
SET parallel_leader_participation = off;
SELECT * FROM par_wrong;
RESET parallel_leader_participation;
SET enable_parallel_append = off;
SELECT * FROM par_wrong;
RESET enable_parallel_append;
SET enable_hashagg = off;
SELECT par_plan_of('SELECT a, min(i8) FROM par_tab GROUP BY a');
SELECT * FROM par_wrong;
RESET enable_hashagg;
SET enable_partitionwise_aggregate = on;
SELECT * FROM par_wrong;
RESET enable_partitionwise_aggregate;
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT * FROM par_wrong;
RESET work_mem; RESET hash_mem_multiplier;

-- Partitions that hold no rows of the query are not started, by parameters too.
SET plan_cache_mode = force_generic_plan;
SET max_parallel_workers_per_gather = 0;
PREPARE par_of(int) AS SELECT a, count(*) FROM par_parts WHERE id < $1 GROUP BY a;
SELECT par_plan_of('EXECUTE par_of(10)');
SET max_parallel_workers_per_gather = 2;
SELECT par_plan_of('EXECUTE par_of(10)');
EXECUTE par_of(2);
DEALLOCATE par_of;
RESET plan_cache_mode;

-- A reader that stops early; rows of one's own; an error and a cancel in a worker.
SELECT count(*) FROM (SELECT id, count(*) FROM par_tab GROUP BY id LIMIT 3) s;
BEGIN;
INSERT INTO par_tab (id, a) VALUES (-1, 3), (-2, 3);
SELECT count(*) FROM par_tab WHERE a = 3 AND id < 0;
DECLARE c CURSOR FOR SELECT a, count(*) FROM par_tab GROUP BY a ORDER BY a;
FETCH 1 FROM c;
ROLLBACK;
\set VERBOSITY sqlstate
SELECT sum(1 / (id - 100000)) FROM par_tab;
SELECT a, sum(n / (id - 100000)) FROM par_parts GROUP BY a;
SET statement_timeout = '200ms';
CREATE FUNCTION par_sleep(int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN 1; END $$;
SELECT sum(par_sleep(id)) FROM par_tab;
RESET statement_timeout;
\set VERBOSITY default
SELECT * FROM par_wrong WHERE n < 3;

-- A key that can be sorted, but not hashed.
SELECT line FROM par_plan_of('SELECT (a * 2)::money, count(*) FROM par_parts GROUP BY 1') line LIMIT 1;
SELECT m::numeric, n FROM (SELECT (a * 2)::money AS m, count(*) AS n FROM par_parts GROUP BY 1) s ORDER BY m;
SELECT count(*) FROM (SELECT DISTINCT (a * 2)::money FROM par_tab) s;

-- A partition that is not an olap table: PostgreSQL aggregates.
CREATE TABLE par_parts_5 PARTITION OF par_parts DEFAULT;
INSERT INTO par_parts (id, a) VALUES (-5, 3);
SELECT line FROM par_plan_of('SELECT a, count(*) FROM par_parts GROUP BY a') line WHERE line ~ 'OlapAgg';
SELECT a, count(*) FROM par_parts WHERE a = 3 GROUP BY a;

DROP VIEW par_wrong;
DROP TABLE par_rows, par_tab, par_parts, par_queries;
DROP FUNCTION par_plan_of, par_answer, par_sleep;
