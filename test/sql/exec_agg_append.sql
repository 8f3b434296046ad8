-- OlapAgg over all partitions of a table at once, for what parts that each partition
-- computes for itself cannot be joined to: DISTINCT, values in order, float sums,
-- grouping sets, many groups below a LIMIT. Every answer is the heap's.
SET TimeZone = 'UTC';
\set ECHO none
\i test/include/heap_twin.sql
CREATE FUNCTION app_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN NEXT regexp_replace(line, 'app_\w+\.', '', 'g');
	END LOOP;
END $$;
CREATE TABLE app_rows AS
SELECT i AS id, (i * 7919::int8 % 20011)::int AS a, CASE WHEN i % 7 <> 0 THEN i % 40 END AS b, 'key ' || i % 70 AS t, CASE WHEN i % 5 = 0 THEN md5((i % 3000)::text) END AS long,
	(i % 500 / 4.0)::numeric(10,2) AS n, (i % 97) / (1 + i % 3)::float8 AS f8, i % 3 = 0 AS bo, timestamptz '2024-01-01 00:00+00' + i * interval '2 minutes' AS ts
FROM generate_series(1, 60000) i;
CREATE TABLE app_tab (LIKE app_rows) PARTITION BY RANGE (ts);
CREATE TABLE app_1 PARTITION OF app_tab FOR VALUES FROM ('2023-12-31') TO ('2024-01-20') USING olap;
-- a level more, an empty one, one that was attached
CREATE TABLE app_2 PARTITION OF app_tab FOR VALUES FROM ('2024-01-20') TO ('2024-03-01') PARTITION BY LIST (b);
CREATE TABLE app_2_few PARTITION OF app_2 FOR VALUES IN (1, 2, 3, NULL) USING olap;
CREATE TABLE app_2_rest PARTITION OF app_2 DEFAULT USING olap;
CREATE TABLE app_3 PARTITION OF app_tab FOR VALUES FROM ('2024-03-01') TO ('2024-03-02') USING olap;
CREATE TABLE app_4 (LIKE app_rows) USING olap;
ALTER TABLE app_tab ATTACH PARTITION app_4 DEFAULT;
DELETE FROM app_rows WHERE ts >= '2024-03-01' AND ts < '2024-03-02';
INSERT INTO app_tab SELECT * FROM app_rows WHERE id <= 59900;
INSERT INTO app_tab SELECT * FROM app_rows WHERE id > 59900;
DELETE FROM app_tab WHERE id % 1009 = 0;
DELETE FROM app_rows WHERE id % 1009 = 0;
CREATE TABLE app_dim AS SELECT 'key ' || i AS t, i % 5 AS class, CASE WHEN i % 3 = 0 THEN 'n' || i % 4 END AS name FROM generate_series(0, 60) i;
ALTER TABLE app_dim ADD PRIMARY KEY (t);
CREATE TABLE app_dim2 (b int PRIMARY KEY, label text) USING olap;
INSERT INTO app_dim2 SELECT i, 'label ' || i % 6 FROM generate_series(1, 30) i;
ANALYZE app_rows; ANALYZE app_tab; ANALYZE app_dim; ANALYZE app_dim2;
SET max_parallel_workers_per_gather = 0;
\set ECHO all

SELECT app_plan('SELECT t, count(DISTINCT a), sum(f8) FROM app_tab WHERE b > 3 GROUP BY t HAVING sum(f8) > 5');
SELECT app_plan('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f8) FROM app_tab WHERE ts < ''2024-02-01''');
SELECT app_plan('SELECT t, b, count(*), grouping(t, b) FROM app_tab GROUP BY ROLLUP (t, b)');
-- groups that a LIMIT leaves out do not go up; parts would make most of them four times
SELECT app_plan('SELECT a, count(*) AS c FROM app_tab GROUP BY a ORDER BY c DESC, a LIMIT 5');
-- a star join
SELECT app_plan('SELECT class, label, count(*), sum(f8) FROM app_tab JOIN app_dim USING (t) LEFT JOIN app_dim2 USING (b) WHERE ts < ''2024-02-01'' GROUP BY class, label');
-- what parts do is left to them, and without groups their metadata
SELECT app_plan('SELECT t, count(*) FROM app_tab GROUP BY t');
SELECT app_plan('SELECT count(*), min(a) FROM app_tab');
SELECT agg->>'Groups' AS groups, agg->>'Groups Left Out' AS left_out, (SELECT count(DISTINCT a) FROM app_rows) AS truth,
	(SELECT sum((r->>'Actual Rows')::float8) FROM jsonb_array_elements(agg->'Plans') r) AS rows, (SELECT count(*) FROM app_rows) AS truth
FROM twin_agg('SELECT a, count(*) AS c FROM app_tab GROUP BY a ORDER BY c DESC, a LIMIT 5') agg;

CREATE TABLE app_queries (n serial, q text);
INSERT INTO app_queries (q) VALUES
('SELECT count(DISTINCT a), count(DISTINCT long), sum(DISTINCT n), avg(DISTINCT b) FROM T'),
('SELECT t, count(DISTINCT a), count(DISTINCT long) FILTER (WHERE bo), round(sum(f8)::numeric, 4) FROM T WHERE b > 3 GROUP BY t'),
('SELECT b, percentile_disc(0.3) WITHIN GROUP (ORDER BY f8), percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY n), mode() WITHIN GROUP (ORDER BY t) FROM T GROUP BY b'),
('SELECT t, string_agg(long, '','' ORDER BY id), array_agg(DISTINCT b ORDER BY b) FROM T WHERE id % 3 = 0 GROUP BY t'),
('SELECT t, b, count(*), sum(n), min(long), max(ts), grouping(t, b) FROM T GROUP BY ROLLUP (t, b)'),
('SELECT t, bo, count(DISTINCT a), grouping(bo) FROM T GROUP BY CUBE (t, bo) HAVING count(*) > 10'),
('SELECT a, count(*), sum(n), round(avg(f8)::numeric, 6) FROM T GROUP BY a'),
('SELECT a, b, long, count(*) FROM T GROUP BY a, b, long'),
('SELECT a, count(*) AS c, max(long) FROM T GROUP BY a ORDER BY c DESC, a LIMIT 7 OFFSET 2'),
('SELECT a, avg(n) AS s FROM T WHERE id > 10 GROUP BY a HAVING count(*) > 1 ORDER BY s DESC, a LIMIT 7'),
('SELECT date_trunc(''day'', ts) AS d, upper(t), count(DISTINCT b), sum(1000 / b) FILTER (WHERE b <> 0) FROM T WHERE ts >= ''2024-01-15'' AND ts < ''2024-03-05'' GROUP BY 1, 2'),
('SELECT count(DISTINCT a), percentile_disc(0.5) WITHIN GROUP (ORDER BY ts) FROM T WHERE ts >= ''2024-03-01'' AND ts < ''2024-03-02'''),
('SELECT t, count(DISTINCT a) FROM T WHERE ts > ''2025-01-01'' GROUP BY t'),
('SELECT count(DISTINCT a) FROM T WHERE b IN (1, 2) AND long LIKE ''%a%'' OR length(long) > 40'),
('SELECT x, s.* FROM generate_series(1, 3) x, LATERAL (SELECT count(DISTINCT t), sum(DISTINCT n) FROM T WHERE id < x * 9000 AND ts < ''2024-01-10''::timestamptz + x * interval ''1 day'') s'),
('SELECT x, s.* FROM generate_series(1, 3) x LEFT JOIN (SELECT b, count(DISTINCT a) AS c FROM T GROUP BY b) s ON s.b % 4 = x'),
('SELECT t, count(DISTINCT a) FROM T WHERE id > (SELECT max(b) * 1000 FROM T) GROUP BY t'),
('SELECT u.t, count(DISTINCT u.a) FROM (SELECT t, a FROM T UNION ALL SELECT ''other'', b FROM T) u GROUP BY u.t'),
('SELECT t, count(DISTINCT a) FROM T WHERE 1000 / (id - 777) > 0 GROUP BY t'),
('SELECT class, label, count(*), round(sum(f8)::numeric, 4), count(DISTINCT a), max(long) FROM T JOIN app_dim USING (t) LEFT JOIN app_dim2 USING (b) GROUP BY class, label'),
('SELECT d.t, d.name, count(*), sum(n), min(ts) FROM T x JOIN app_dim d ON d.t = x.t AND d.class < x.b GROUP BY d.t'),
('SELECT bo, count(*), count(label) FROM T LEFT JOIN app_dim2 d ON d.b = T.b AND d.label <> ''label 2'' WHERE n > 5 GROUP BY bo'),
('SELECT b, count(*), sum(a) FROM T x WHERE EXISTS (SELECT FROM app_dim d WHERE d.t = x.t AND d.class = 2) AND NOT EXISTS (SELECT FROM app_dim2 e WHERE e.b = x.b AND e.label = ''label 1'') GROUP BY b'),
('SELECT class, b, count(*), sum(n), grouping(class, b) FROM T JOIN app_dim USING (t) GROUP BY CUBE (class, b)'),
('SELECT d.name, count(*) AS c, sum(n) FROM T JOIN app_dim d USING (t) WHERE ts >= ''2024-02-27'' AND ts < ''2024-03-08'' GROUP BY d.name ORDER BY c DESC, d.name LIMIT 3'),
('SELECT count(*), sum(x.f8) > 0, count(DISTINCT x.a) FROM T x JOIN app_dim d ON d.t = x.t JOIN app_dim2 e ON e.b = d.class + 1 AND e.b < x.b'),
('SELECT x.b, count(*) FROM T x JOIN (SELECT t, count(DISTINCT a) AS c FROM T GROUP BY t) y ON y.t = x.t AND y.c > 200 GROUP BY x.b'),
('SELECT t, count(*), min(a), max(long) FROM T WHERE t = ''key 3'' GROUP BY t'),
('SELECT t, b, count(DISTINCT a) FROM T WHERE t = ''key 3'' AND b = 2 GROUP BY t, b'),
('SELECT t, olap.first(f8, ts), olap.last(long, ts), approx_count_distinct(a) FROM T GROUP BY t');
ALTER TABLE app_queries ADD truth text[];
UPDATE app_queries SET truth = twin_answer(q, 'app_rows');
-- those in one node over all partitions, and those that it joins
SELECT n, text ~ 'OlapAgg.*Append' AS one, text ~ 'Vector Joins' AS joined FROM app_queries, LATERAL (SELECT string_agg(line, E'\n') AS text FROM app_plan(twin_query(q, 'app_tab')) line) p ORDER BY n;
CREATE VIEW app_wrong AS SELECT n, q, twin_differ(twin_answer(q, 'app_tab'), truth) FROM app_queries WHERE twin_answer(q, 'app_tab') IS DISTINCT FROM truth;
SELECT * FROM app_wrong;
-- groups, values and sets beyond memory
SET work_mem = '64kB';
SELECT (twin_agg('SELECT a, b, long, count(*) FROM app_tab GROUP BY a, b, long')->>'Spilled Partitions')::int > 0 AS spilled;
SELECT * FROM app_wrong;
RESET work_mem;
SET enable_partitionwise_aggregate = on;
SELECT * FROM app_wrong;
RESET enable_partitionwise_aggregate;
SET enable_hashagg = off;
SELECT * FROM app_wrong;
RESET enable_hashagg;
-- what a partition's filter took goes with its rows
SELECT n, (SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'olap program') AS programs FROM (SELECT count(DISTINCT a) AS n FROM app_tab WHERE id % 3 <> 1) s;
SET plan_cache_mode = force_generic_plan;
PREPARE app_p (timestamptz, int) AS SELECT t, count(DISTINCT a), sum(DISTINCT n) FROM app_tab WHERE ts >= $1 AND b = $2 GROUP BY t ORDER BY t LIMIT 3;
EXPLAIN (COSTS OFF) EXECUTE app_p ('2024-02-20', 4);
EXECUTE app_p ('2024-02-20', 4);
EXECUTE app_p ('2024-03-20', 2);
SELECT t, count(DISTINCT a), sum(DISTINCT n) FROM app_rows WHERE ts >= '2024-02-20' AND b = 4 GROUP BY t ORDER BY t LIMIT 3;
SELECT t, count(DISTINCT a), sum(DISTINCT n) FROM app_rows WHERE ts >= '2024-03-20' AND b = 2 GROUP BY t ORDER BY t LIMIT 3;
PREPARE app_j (timestamptz) AS SELECT class, count(*), sum(n) FROM app_tab JOIN app_dim USING (t) WHERE ts >= $1 AND ts < $1 + interval '20 days' GROUP BY class ORDER BY class;
EXECUTE app_j ('2024-02-10');
EXECUTE app_j ('2024-03-10');
EXECUTE app_j ('2034-03-10');
SELECT class, count(*), sum(n) FROM app_rows JOIN app_dim USING (t) WHERE ts >= '2024-02-10' AND ts < '2024-03-01' GROUP BY class ORDER BY class;
SELECT class, count(*), sum(n) FROM app_rows JOIN app_dim USING (t) WHERE ts >= '2024-03-10' AND ts < '2024-03-30' GROUP BY class ORDER BY class;
-- a partition that is dropped or moved to heap makes it plan anew
ALTER TABLE app_tab DETACH PARTITION app_4;
EXECUTE app_p ('2024-03-20', 2);
-- all partitions are pruned when it starts
EXECUTE app_j ('2034-03-10');
PREPARE app_k (timestamptz) AS SELECT count(*), sum(n) FROM app_tab JOIN app_dim USING (t) WHERE ts >= $1;
EXECUTE app_k ('2034-03-10');
EXECUTE app_k ('2024-02-29');
SELECT x, c.* FROM generate_series(1, 2) x, LATERAL (SELECT count(*), sum(n) FROM app_tab JOIN app_dim USING (t) WHERE ts >= timestamptz '2024-02-28 23:50' + x * interval '1 day') c;
PREPARE app_z (timestamptz) AS SELECT count(DISTINCT a), sum(DISTINCT b + 1), percentile_disc(0.5) WITHIN GROUP (ORDER BY t) FROM app_tab WHERE ts >= $1;
EXECUTE app_z ('2034-03-10');
EXECUTE app_z ('2024-02-29');
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE app_z ('2034-03-10');
DEALLOCATE app_j;
DEALLOCATE app_k;
DEALLOCATE app_z;
-- partitions pruned for each row above
SELECT regexp_replace(line, 'actual rows=[0-9.]+ ', '') FROM twin_said('SELECT x, c.* FROM generate_series(1, 3) x, LATERAL (SELECT count(DISTINCT a) FROM app_tab WHERE ts >= timestamptz ''2024-01-05'' + x * interval ''14 days'' AND b = 2) c', 'Scan|Agg|Append') line;
SELECT x, c.* FROM generate_series(1, 3) x, LATERAL (SELECT count(DISTINCT a) FROM app_tab WHERE ts >= timestamptz '2024-01-05' + x * interval '14 days' AND b = 2) c;
SELECT x, c.* FROM generate_series(1, 3) x, LATERAL (SELECT count(DISTINCT a) FROM app_rows WHERE ts < '2024-03-01' AND ts >= timestamptz '2024-01-05' + x * interval '14 days' AND b = 2) c;
ALTER TABLE app_tab ATTACH PARTITION app_4 DEFAULT;
ALTER TABLE app_4 SET ACCESS METHOD heap;
SELECT line FROM app_plan('EXECUTE app_p (''2024-02-20'', 4)') line WHERE line ~ 'Agg|Scan';
EXECUTE app_p ('2024-02-20', 4);
ALTER TABLE app_4 SET ACCESS METHOD olap;
DEALLOCATE app_p;
RESET plan_cache_mode;
-- row security of the parent
CREATE ROLE app_role;
GRANT SELECT ON app_tab TO app_role;
ALTER TABLE app_tab ENABLE ROW LEVEL SECURITY;
CREATE POLICY app_policy ON app_tab TO app_role USING (b < 5);
SET ROLE app_role;
SELECT app_plan('SELECT t, count(DISTINCT a) FROM app_tab WHERE bo GROUP BY t');
SELECT bo, count(DISTINCT a), count(DISTINCT b) FROM app_tab GROUP BY bo ORDER BY bo;
RESET ROLE;
SELECT bo, count(DISTINCT a), count(DISTINCT b) FROM app_rows WHERE b < 5 GROUP BY bo ORDER BY bo;
DROP POLICY app_policy ON app_tab;
ALTER TABLE app_tab DISABLE ROW LEVEL SECURITY;
DROP OWNED BY app_role;
DROP ROLE app_role;
-- groups divided among processes
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET enable_hashagg = off; SET enable_sort = off;
SELECT line FROM app_plan('SELECT a, t, count(DISTINCT b), sum(f8) FROM app_tab GROUP BY a, t') line WHERE line ~ 'Gather|Divided|Append';
SELECT n, q, twin_differ(twin_answer(q, 'app_tab'), twin_answer(q, 'app_rows')) FROM (VALUES (1, 'SELECT a, t, count(DISTINCT b), round(sum(f8)::numeric, 4) FROM T GROUP BY a, t'),
	(2, 'SELECT a, count(DISTINCT b) AS c, max(long) FROM T WHERE ts < ''2024-02-10'' GROUP BY a ORDER BY c DESC, a LIMIT 9'), (3, 'SELECT a, percentile_disc(0.4) WITHIN GROUP (ORDER BY n) FROM T GROUP BY a')) q (n, q)
WHERE twin_answer(q, 'app_tab') IS DISTINCT FROM twin_answer(q, 'app_rows');
-- (each process may take several parts)
SET max_parallel_workers = 0;
SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) = (SELECT md5(string_agg(r::text, ' ' ORDER BY r::text)) FROM (SELECT a, t, count(DISTINCT b), sum(n) FROM app_rows GROUP BY a, t) r) AS same FROM (SELECT a, t, count(DISTINCT b), sum(n) FROM app_tab GROUP BY a, t) r;
RESET max_parallel_workers; RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET enable_hashagg; RESET enable_sort;
SET max_parallel_workers_per_gather = 0;
-- columns at other places, behind dropped ones too: in the first partition, in others
CREATE TABLE app_0 (id int, gone int, a int, b int, t text, long text, n numeric(10,2), f8 float8, bo boolean, ts timestamptz) USING olap;
CREATE TABLE app_5 (bo boolean, ts timestamptz, gone int, f8 float8, n numeric(10,2), long text, t text, a int, b int, id int, gone2 text) USING olap;
ALTER TABLE app_0 DROP gone;
ALTER TABLE app_5 DROP gone, DROP gone2;
ALTER TABLE app_tab ATTACH PARTITION app_5 FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');
INSERT INTO app_tab SELECT id + 100000, a, b, t, long, n, f8, bo, ts + interval '6 years' FROM app_rows WHERE id < 5000 AND ts < '2024-02-01';
INSERT INTO app_rows SELECT id + 100000, a, b, t, long, n, f8, bo, ts + interval '6 years' FROM app_rows WHERE id < 5000 AND ts < '2024-02-01';
UPDATE app_queries SET truth = twin_answer(q, 'app_rows');
SELECT line FROM app_plan('SELECT t, count(DISTINCT a) FROM app_tab GROUP BY t') line WHERE line ~ 'Agg';
SELECT line FROM app_plan('SELECT class, sum(f8) FROM app_tab JOIN app_dim USING (t) GROUP BY class') line WHERE line ~ 'Agg|Join';
SELECT * FROM app_wrong;
ALTER TABLE app_tab ATTACH PARTITION app_0 FOR VALUES FROM (MINVALUE) TO ('2023-12-31');
INSERT INTO app_tab SELECT id + 200000, a + 5000, b, t || 'x', long, n, f8, bo, ts - interval '6 years' FROM app_rows WHERE id < 5000 AND ts < '2024-02-01';
INSERT INTO app_rows SELECT id + 200000, a + 5000, b, t || 'x', long, n, f8, bo, ts - interval '6 years' FROM app_rows WHERE id < 5000 AND ts < '2024-02-01';
UPDATE app_queries SET truth = twin_answer(q, 'app_rows');
SELECT line FROM app_plan('SELECT t, count(DISTINCT a), avg(f8) FILTER (WHERE bo AND long > ''5'') FROM app_tab WHERE n > 3 GROUP BY t') line WHERE line ~ 'Agg|app_[015]';
SELECT * FROM app_wrong;
SET work_mem = '64kB';
SELECT * FROM app_wrong;
RESET work_mem;
-- a column that is dropped and one that is added
ALTER TABLE app_tab DROP COLUMN n;
ALTER TABLE app_tab ADD COLUMN n numeric(10,2) DEFAULT 7.5;
ALTER TABLE app_rows DROP COLUMN n;
ALTER TABLE app_rows ADD COLUMN n numeric(10,2) DEFAULT 7.5;
CREATE TABLE app_6 PARTITION OF app_tab FOR VALUES FROM ('2031-01-01') TO ('2032-01-01') USING olap;
INSERT INTO app_tab (id, a, b, t, n, ts) SELECT i, i * 3, i % 7, 'new', i / 4.0, '2031-05-01' FROM generate_series(1, 3000) i;
INSERT INTO app_rows (id, a, b, t, n, ts) SELECT i, i * 3, i % 7, 'new', i / 4.0, '2031-05-01' FROM generate_series(1, 3000) i;
UPDATE app_queries SET truth = twin_answer(q, 'app_rows');
SELECT * FROM app_wrong;

DROP TABLE app_rows, app_tab, app_queries, app_dim, app_dim2 CASCADE;
DROP FUNCTION app_plan;
DROP FUNCTION twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
