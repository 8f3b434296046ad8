-- OlapAgg: GROUPING SETS, ROLLUP, CUBE. Sets are rolled up from others or fed with
-- rows; both answer as PostgreSQL's plan does, in little memory too.
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION sets_plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
		CONTINUE WHEN line ~ '(Bytes Read|Buffers|Memory|Sort Method|Index Searches|Disk Usage|Segments|Row Groups|Delta)';
		RETURN NEXT regexp_replace(replace(line, 'sets_tab.', ''), '(rows=\d+)\.\d+', '\1');
	END LOOP;
END $$;
-- The rows of query that OlapAgg and PostgreSQL's own plan do not have in common.
CREATE FUNCTION sets_differ(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	differ bigint;
BEGIN
	EXECUTE 'SELECT count(*) FROM ((' || query || ' EXCEPT ALL ' || replace(query, 'sets_tab', 'sets_rows')
		|| ') UNION ALL (' || replace(query, 'sets_tab', 'sets_rows') || ' EXCEPT ALL ' || query || ')) d' INTO differ;
	RETURN differ;
END $$;
CREATE TABLE sets_rows AS
SELECT i AS id, i % 4 AS a, CASE WHEN i % 7 <> 0 THEN i % 3 END AS b, 'k' || i % 5 AS t, i % 2 = 0 AS e,
	CASE i % 500 WHEN 1 THEN 'NaN' WHEN 2 THEN 1e25 WHEN 3 THEN 2.500 ELSE (i % 500 / 4.0)::numeric(10,2) END AS n,
	(i % 77 / 4.0)::float8 AS f, i::int8 << 40 AS big
FROM generate_series(1, 20000) i;
CREATE TABLE sets_tab (LIKE sets_rows) USING olap;
INSERT INTO sets_tab SELECT * FROM sets_rows WHERE id <= 19990;
INSERT INTO sets_tab SELECT * FROM sets_rows WHERE id > 19990;
ANALYZE sets_tab;

SELECT a, b, grouping(a, b), count(*), sum(id), avg(big), min(t), max(f), bool_and(e), round(stddev(id)) AS dev
FROM sets_tab GROUP BY ROLLUP (a, b) ORDER BY a, b, 3;
SELECT sets_plan_of('SELECT a, b, grouping(a, b), count(*) FROM sets_tab GROUP BY ROLLUP (a, b) HAVING count(*) > 1000 ORDER BY 1, 2, 3');
-- a NULL of the data and a NULL of the set
SELECT b, grouping(b), count(*) FROM sets_tab GROUP BY CUBE (b) ORDER BY 1, 2;
-- several sets that none of the others can be rolled up from: a hidden one is
SELECT sets_plan_of('SELECT a, b, t, count(*) FROM sets_tab GROUP BY GROUPING SETS (a, b, t, (), (), a)');
SELECT a, b, t, count(*) FROM sets_tab GROUP BY GROUPING SETS (a, b, t, (), (), a) ORDER BY 1, 2, 3, 4;
-- ... for as long as it has few groups
SELECT sets_plan_of('SELECT id, a, t, count(*) FROM sets_tab GROUP BY GROUPING SETS (id, (a, t), a)');
SELECT sets_differ('SELECT id, a, t, count(*), sum(n), max(id) FROM sets_tab GROUP BY GROUPING SETS (id, (a, t), a)');
-- what shows the order of rows, or needs the values, is fed with rows
SELECT sets_plan_of('SELECT a, b, sum(f), count(DISTINCT t) FROM sets_tab GROUP BY CUBE (a, b)');
SELECT a, b, sum(f), avg(f), count(DISTINCT t), string_agg(DISTINCT t, ',' ORDER BY t), percentile_disc(0.5) WITHIN GROUP (ORDER BY id),
	array_length(array_agg(id), 1), count(*) FILTER (WHERE e), sum(1000 / b) FILTER (WHERE b <> 0)
FROM sets_tab GROUP BY CUBE (a, b) ORDER BY 1, 2, 3;

-- numerics: scales that differ between groups, values without a form of ours
SELECT a, sum(n), avg(n), var_pop(n) FROM sets_tab WHERE id % 500 <> 1 GROUP BY ROLLUP (a) ORDER BY 1;
SELECT b, t, sum(n) FROM sets_tab WHERE id % 500 IN (3, 4, 8) AND a < 3 GROUP BY ROLLUP (b, t) ORDER BY 1, 2;
SELECT sets_differ('SELECT a, b, t, grouping(b, t), sum(n), avg(n), var_samp(n), sum(n) FILTER (WHERE e), variance(big) FROM sets_tab GROUP BY CUBE (a, b, t)');

-- no rows: those of the empty sets
SELECT a, count(*), sum(id) FROM sets_tab WHERE id < 0 GROUP BY ROLLUP (a);
SELECT a, count(*), sum(f) FROM sets_tab WHERE id < 0 GROUP BY GROUPING SETS (a, (), ());
SELECT a FROM sets_tab WHERE id < 0 GROUP BY GROUPING SETS (a, (a));
SELECT count(*), sum(id) FROM sets_tab GROUP BY ();
SELECT count(*) FROM sets_tab GROUP BY GROUPING SETS ((), ()) HAVING count(*) > 5;

-- expressions: keys, over keys, HAVING over GROUPING(); one expression under two names is PostgreSQL's
SELECT a + 1, a * 2, b, count(*) FROM sets_tab GROUP BY ROLLUP (a + 1, a), b HAVING grouping(a) = 0 OR b = 1 ORDER BY 1, 2, 3, 4;
SELECT count(x), count(y), sum(n) FROM (SELECT x, y, count(*) AS n FROM (SELECT a AS x, a AS y FROM sets_tab) s GROUP BY GROUPING SETS (x, y)) s;
SELECT c, a, count(*) FROM (SELECT a, 1 AS c FROM sets_tab) s GROUP BY CUBE (c, a) ORDER BY 1, 2;
SELECT a, grouping(a) FROM sets_tab WHERE id < 9 GROUP BY a ORDER BY 1;
SELECT a, rank() OVER (ORDER BY count(*)), grouping(a) + 10 FROM sets_tab GROUP BY ROLLUP (a) ORDER BY 1;
SELECT DISTINCT grouping(a, b) FROM sets_tab GROUP BY CUBE (a, b) ORDER BY 1;

-- again with other parameters, and with the same ones
SELECT o, s.* FROM generate_series(1, 2) o, LATERAL (SELECT a, count(*) FROM sets_tab WHERE id % 3 < o GROUP BY ROLLUP (a)) s ORDER BY 1, 2;
PREPARE sets(int) AS SELECT a, sum(id) FROM sets_tab WHERE id > $1 GROUP BY ROLLUP (a) ORDER BY 1;
SET plan_cache_mode = force_generic_plan;
EXECUTE sets(10000);
EXECUTE sets(20000);
RESET plan_cache_mode;

-- little memory: sets are fed once their source is large, and put rows aside
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT line FROM sets_plan_of('SELECT id, a, t, count(*), sum(n) FROM sets_tab GROUP BY CUBE (id, a, t)') line WHERE line ~ '(Sets|Groups)';
SELECT sets_differ('SELECT id, a, t, count(*), sum(n), max(id) FROM sets_tab GROUP BY CUBE (id, a, t)');
SELECT sets_differ('SELECT id / 2, a, count(DISTINCT t), sum(f), percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM sets_tab GROUP BY CUBE (1, a)');
SET work_mem = '1MB';
SELECT sets_differ('SELECT id / 10, a, t, count(*), sum(n), max(id) FROM sets_tab GROUP BY CUBE (1, a, t)');
SELECT sets_differ('SELECT id, id / 2, id / 3, count(*), avg(n) FROM sets_tab GROUP BY GROUPING SETS ((1, 2), (2, 3), 1, 2, 3)');
RESET work_mem;
RESET hash_mem_multiplier;

-- so many sets that the groups of one vector in each are beyond the limit
CREATE FUNCTION sets_in_olap_agg(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN plan::text ~ 'OlapAgg';
END $$;
SET work_mem = '4MB';
SET hash_mem_multiplier = 2;
SELECT sets_in_olap_agg('SELECT count(*) FROM sets_tab GROUP BY CUBE (id, id / 2, id / 3, id / 4, id / 5, id / 6, id / 7, id / 8)') AS many,
	sets_in_olap_agg('SELECT count(*) FROM sets_tab GROUP BY CUBE (a, b, t, e, a + 1, b + 1, a + 2, b + 2)') AS small,
	sets_in_olap_agg('SELECT count(*) FROM sets_tab GROUP BY CUBE (id, id / 2, id / 3, id / 4)') AS few;
SET work_mem = '64MB';
SELECT sets_in_olap_agg('SELECT count(*) FROM sets_tab GROUP BY CUBE (id, id / 2, id / 3, id / 4, id / 5, id / 6, id / 7, id / 8)') AS many;
-- ... or the values that states keep: all of them in every set
SET work_mem = '1MB';
SELECT sets_in_olap_agg('SELECT string_agg(t || t, '','') FROM sets_tab GROUP BY CUBE (a, b, t, e)') AS strings,
	sets_in_olap_agg('SELECT string_agg(t || t, '','') FROM sets_tab GROUP BY ROLLUP (a)') AS few_sets,
	sets_in_olap_agg('SELECT string_agg(t || t, '','' ORDER BY id), bit_or(id), hll_agg(t || t) FROM sets_tab GROUP BY CUBE (a, b, t, e)') AS none_kept;
SET work_mem = '64MB';
SELECT sets_in_olap_agg('SELECT string_agg(t || t, '','') FROM sets_tab GROUP BY CUBE (a, b, t, e)') AS strings;
RESET work_mem;
RESET hash_mem_multiplier;
DROP FUNCTION sets_in_olap_agg;

-- a plan that does without
SET olap.enable_vector_agg = off;
SELECT a, count(*) FROM sets_tab GROUP BY ROLLUP (a) ORDER BY 1;
DROP TABLE sets_tab, sets_rows;
DROP FUNCTION sets_plan_of, sets_differ;
