-- OlapAgg: group expressions that are functions of other group keys make no groups of
-- their own; groups, values and errors are a heap table's.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE der_heap (
	id int NOT NULL, i int, s int2, l int8, o oid, d date, ts timestamp, tz timestamptz, b bool, u uuid, t text, v varchar(20),
	n numeric(10,2), r numeric, f float8, c char(4), ch "char");
INSERT INTO der_heap
SELECT g, CASE WHEN k % 11 <> 0 THEN k % 300 - 100 END, k % 50, k::int8 << 20, (k % 70)::oid, date '2024-01-01' + k % 60, timestamp '2024-01-01' + k % 500 * interval '1 hour',
	timestamptz '2024-01-01' + k % 500 * interval '1 hour', CASE WHEN k % 5 <> 0 THEN k % 2 = 0 END, md5((k % 40)::text)::uuid,
	CASE WHEN k % 7 <> 0 THEN repeat('ä', k % 9) || k % 6 END, 'v' || k % 30, k % 40 / 4.0, CASE WHEN k % 2 = 0 THEN 1.0 ELSE 1.00 END * (k % 5),
	CASE k % 10 WHEN 1 THEN '-0' WHEN 2 THEN 'NaN' ELSE (k % 10 - 3)::float8 END, (ARRAY['', 'a', 'ab'])[1 + k % 3], chr(97 + k % 5)::"char"
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k FROM generate_series(1, 20000) g) s;
CREATE TABLE der_olap (LIKE der_heap) USING olap WITH (autovacuum_enabled = off);
INSERT INTO der_olap SELECT * FROM der_heap WHERE id <= 19950 ORDER BY id;
INSERT INTO der_olap SELECT * FROM der_heap WHERE id > 19950;
DELETE FROM der_heap WHERE id % 97 = 5;
DELETE FROM der_olap WHERE id % 97 = 5;
ANALYZE der_heap;
ANALYZE der_olap;
-- Are the rows of query, which names the table T, those of the heap, or the error the
-- heap's; how many; what are keys, and what is derived?
CREATE FUNCTION der_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text[] := twin_answer(query, 'der_heap');
	got text[] := twin_answer(query, 'der_olap');
	plan jsonb;
BEGIN
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || twin_query(query, 'der_olap') INTO plan;
	plan := jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapAgg")');
	RETURN CASE WHEN want[1] ~ '^[0-9A-Z]{5} ' THEN want[1] ELSE cardinality(got) || ' rows' END
		|| replace(coalesce(' by ' || (plan ->> 'Group Key'), '') || coalesce(' derived ' || (plan ->> 'Derived Keys'), ''), 'der_olap.', '');
END $$;
\set ECHO all

SELECT der_check('SELECT i, i - 1 AS a1, i - 2 AS a2, i - 3 AS a3, count(*) FROM T GROUP BY i, a1, a2, a3');
SELECT der_check('SELECT i - 1 AS a, i, sum(i - 1), min(l) FROM T GROUP BY 1, 2');
SELECT der_check('SELECT i - 1 AS a, count(*) FROM T GROUP BY 1');
SELECT der_check('SELECT i, s, i + s AS x, i * 2 > s AS y, s::int8 AS w, count(*) FROM T GROUP BY i, s, x, y, w');
-- every type whose equal values are the same
SELECT der_check(format('SELECT %1$s, %2$s AS e, count(*), sum(id) FROM T GROUP BY %1$s, e', key, derived))
FROM (VALUES ('l', 'l >> 22'), ('o', 'o::int8 + 1'), ('d', 'd + 3'), ('d', 'extract(dow FROM d) = 3'), ('ts', 'date_trunc(''day'', ts)'), ('ts', 'ts::date'), ('tz', 'tz - interval ''1 second'''),
	('b', 'NOT b'), ('u', 'u < ''80000000-0000-0000-0000-000000000000'''), ('t', 'length(t)'), ('t', 't LIKE ''%ä1'''), ('v', 'length(v)'),
	('v', 'v = ''v7'''), ('t', 'octet_length(t) + 0.5::float8'), ('ch', 'ch::int'), ('s', 'CASE WHEN s > 9 THEN s / 10 END'), ('i', 'coalesce(i, 0)')) v (key, derived);
-- what looks different, what is not immutable, what costs too much or is no number are keys
SELECT der_check(format('SELECT %1$s AS k, %2$s AS e, count(*), sum(id) FROM T GROUP BY %1$s, e', key, derived))
FROM (VALUES ('n', 'n::int'), ('c', 'length(c)'), ('tz', 'tz::date'), ('tz', 'date_trunc(''day'', tz)'), ('t', 'upper(t)'), ('i', 'i::numeric'),
	('s', 's + id % 2'), ('i', 'i + 1 - 1 + 1 - 1 + 1 - 1 + 1 - 1 + 1 - 1 + 1'), ('i + 1', 'i + 2'), ('i', '7')) v (key, derived);
SELECT der_check('SELECT count(*), sum(scale(r)) FROM T GROUP BY r, r::int');
SELECT der_check('SELECT count(*), sum(id) FROM T GROUP BY f, f > 0');

-- HAVING, ORDER BY, LIMIT, DISTINCT, window functions, expressions of derived ones.
SELECT der_check('SELECT i, i % 7 AS m, count(*) FROM T GROUP BY i, m HAVING count(*) > 60 AND i % 7 = 2');
SELECT der_check('SELECT i, i % 7 AS m, count(*) FROM T GROUP BY i, m ORDER BY count(*) DESC, m DESC, i LIMIT 5');
SELECT der_check('SELECT i, i % 7 AS m, count(*) FROM T GROUP BY i, m ORDER BY m, i NULLS FIRST LIMIT 5');
SELECT der_check('SELECT i % 7 + 1, (i % 7) || t, sum(count(*)) OVER (PARTITION BY i % 7) FROM T GROUP BY i, i % 7, t');
SELECT der_check('SELECT count(*), max(id) FROM T GROUP BY i, i % 7, -i');
SELECT der_check('SELECT DISTINCT i, i - 1 AS a, -i AS b FROM T');
SELECT der_check('SELECT count(DISTINCT t), count(*) FILTER (WHERE i % 2 = 0), percentile_cont(0.5) WITHIN GROUP (ORDER BY s) FROM T GROUP BY i, i % 2 = 0');
SELECT der_check('SELECT i, i - 1 AS a, count(*) FROM T WHERE id + 0 < 0 GROUP BY i, a');
SELECT der_check('SELECT g, (SELECT sum(x) FROM (SELECT i, i - g AS a, (i - g) * count(*) AS x FROM T WHERE s = g GROUP BY i, a) q) FROM generate_series(1, 5) g');
-- grouping sets have keys alone
SELECT der_check('SELECT i, i % 7 AS m, count(*) FROM T GROUP BY ROLLUP (i, m)');

-- Errors: of groups that nobody sees, too; not of rows that a clause leaves out.
SELECT der_check('SELECT i, count(*) FROM T GROUP BY i, 100 / (i - 5)');
SELECT der_check('SELECT i, 100 / (i - 5) AS x, count(*) FROM T GROUP BY i, x HAVING count(*) > 1000000');
SELECT der_check('SELECT i, 100 / (i - 5) AS x, count(*) FROM T GROUP BY i, x ORDER BY count(*) DESC LIMIT 1');
SELECT der_check('SELECT * FROM (SELECT i, 100 / (i - 5) AS x, count(*) FROM T GROUP BY i, x) q LIMIT 0');
SELECT der_check('SELECT i, 100 / (i - 5) AS x, count(*) FROM T WHERE i <> 5 GROUP BY i, x');
SELECT der_check('SELECT l, (l / 1000000)::int2 AS x, count(*) FROM T GROUP BY l, x');
SELECT der_check('SELECT i, i + 2147483600 AS x, count(*) FROM T GROUP BY i, x HAVING i < 0');

-- Memory that is spent; workers, partitions.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT der_check('SELECT id, id + 1 AS a, -id AS m, count(*), min(t) FROM T GROUP BY id, a, m');
SELECT (twin_agg('SELECT id, id + 1 AS a, -id AS m, count(*), min(t) FROM der_olap GROUP BY id, a, m') ->> 'Spilled Rows')::int > 0 AS spilled;
SELECT der_check('SELECT id, count(*) FROM T GROUP BY id, 100 / (id - 19940)');
RESET work_mem;
RESET hash_mem_multiplier;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT der_check('SELECT i, i - 1 AS a, length(t) AS x, count(*), sum(n) FROM T GROUP BY i, a, t, x');
SELECT der_check('SELECT DISTINCT s, s + 1 FROM T');
SELECT der_check('SELECT s, count(*) FROM T GROUP BY s, 100 / (s - 5)');
SET max_parallel_workers_per_gather = 0;
CREATE TABLE der_parts (LIKE der_heap) PARTITION BY RANGE (id);
CREATE TABLE der_parts_1 PARTITION OF der_parts FOR VALUES FROM (0) TO (9000) USING olap;
CREATE TABLE der_parts_2 PARTITION OF der_parts FOR VALUES FROM (9000) TO (90000) USING olap;
INSERT INTO der_parts SELECT * FROM der_heap;
ANALYZE der_parts;
SELECT twin_rows(q, 'der_parts') = twin_rows(q, 'der_heap') AS same
FROM unnest(ARRAY['SELECT i, i - 1 AS a, count(*), sum(n) FROM T GROUP BY i, a', 'SELECT DISTINCT s, s + 1 FROM T', 'SELECT count(*) FROM T GROUP BY s, -s']) q;

-- As many groups are expected as without.
CREATE FUNCTION der_expected(query text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	RETURN jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapAgg")') ->> 'Plan Rows';
END $$;
SELECT der_expected('SELECT i, s, i - 1, s > 3, count(*) FROM der_olap GROUP BY 1, 2, 3, 4') = der_expected('SELECT i, s, count(*) FROM der_olap GROUP BY 1, 2') AS same;
DROP TABLE der_heap, der_olap, der_parts;
DROP FUNCTION der_check, der_expected, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
