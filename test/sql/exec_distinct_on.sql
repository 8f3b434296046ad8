-- DISTINCT ON: OlapDistinctOn gives the rows that the heap gives, from keys and sort keys
-- alone, and leaves out row groups whose keys all have a row before any of theirs.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET extra_float_digits = 3;

\set ECHO none
\i test/include/heap_twin.sql
CREATE FUNCTION don_node(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON, TIMING off, SUMMARY off) ' || query INTO plan;
	RETURN jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapDistinctOn")');
END $$;

-- The answer of the heap, if don_olap's is the same in vectors and by rows; how the
-- former came about.
CREATE FUNCTION don_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text[] := twin_answer(query, 'don_heap');
	got text[] := twin_answer(query, 'don_olap');
	node jsonb;
BEGIN
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	SET LOCAL olap.enable_vector_agg = off;
	got := twin_answer(query, 'don_olap');
	RESET olap.enable_vector_agg;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN 'without OlapDistinctOn ' || twin_differ(got, want);
	END IF;
	IF want[1] ~ '^[0-9A-Z]{5} ' THEN
		RETURN want[1];
	END IF;
	node := don_node(twin_query(query, 'don_olap'));
	RETURN coalesce(cardinality(want), 0) || ' rows'
		|| CASE WHEN node IS NULL THEN ' without OlapDistinctOn' ELSE '' END
		|| CASE WHEN (node ->> 'Row Groups Left Out')::int > 0 THEN ', row groups left out' ELSE '' END
		|| CASE WHEN (node ->> 'Passes')::int > (node ->> 'Actual Loops')::int THEN ', in parts' ELSE '' END;
END $$;

-- Times are a permutation, near the order of the rows, so that there are no ties; every
-- column has NULLs, times too. 14 segments, a row group each, and rows in delta pages.
CREATE TABLE don_heap (id int4, tz timestamptz, ts timestamp, d date, i2 int2, i4 int4, i8 int8,
	b bool, f4 float4, f8 float8, n numeric(12,3), u numeric, t text, c char(4), id16 uuid, by bytea, a int[], iv interval, ch "char", j jsonb,
	k int4, kt text, kn numeric(6,2), ku uuid, kd date, gone int, o oid);
INSERT INTO don_heap
SELECT g, timestamptz '2026-01-01' + p * interval '1 second', timestamp '2026-01-01' - p * interval '1 minute',
	date '1990-01-01' + p, (g - 30000)::int2, CASE WHEN g % 7 <> 0 THEN p - 40000 END, (p - 40000)::int8 << 40,
	CASE WHEN g % 3 <> 0 THEN g % 2 = 0 END, CASE WHEN g % 4 <> 0 THEN p / 8.0 END, CASE WHEN g % 5 <> 0 THEN p / 3.0 END,
	CASE WHEN g % 6 <> 0 THEN p / 8.0 END, CASE g % 7 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 1e30 WHEN 3 THEN g ELSE g / 8.0 END,
	CASE WHEN g % 8 <> 0 THEN repeat('text ' || md5(g::text), 1 + g % 4) END, CASE WHEN g % 9 <> 0 THEN left('c' || g, 4) END,
	CASE WHEN g % 10 <> 0 THEN md5(g::text)::uuid END, CASE WHEN g % 11 <> 0 THEN decode(md5(g::text), 'hex') END,
	CASE WHEN g % 12 <> 0 THEN ARRAY[g, NULL, g + 1] END, g * interval '1 minute', chr(65 + g % 26)::"char",
	CASE WHEN g % 13 <> 0 THEN jsonb_build_object('g', g) END,
	1 + g * 7 % 100, CASE WHEN g % 97 <> 0 THEN 'key ' || g % 90 END, g % 50 / 4.0, md5((g % 40)::text)::uuid, date '2026-01-01' + g % 30, g, p::oid
FROM (SELECT g, (g + g::int8 * 7919 % 13 * 14)::int AS p FROM generate_series(1, 60000) g) s;
DELETE FROM don_heap WHERE id IN (SELECT max(id) FROM don_heap GROUP BY tz HAVING count(*) > 1);
UPDATE don_heap SET tz = NULL WHERE id % 1777 = 0;
CREATE TABLE don_olap (LIKE don_heap) USING olap;
DO $$ BEGIN FOR i IN 0 .. 13 LOOP INSERT INTO don_olap SELECT * FROM don_heap WHERE id > i * 4250 AND id <= (i + 1) * 4250 ORDER BY id; END LOOP; END $$;
INSERT INTO don_olap SELECT * FROM don_heap WHERE id > 59500;
DELETE FROM don_heap WHERE id % 1001 = 3;
DELETE FROM don_olap WHERE id % 1001 = 3;
ALTER TABLE don_heap DROP COLUMN gone;
ALTER TABLE don_olap DROP COLUMN gone;
ALTER TABLE don_heap ADD COLUMN young int DEFAULT 7;
ALTER TABLE don_olap ADD COLUMN young int DEFAULT 7;
ANALYZE don_heap;
ANALYZE don_olap;
\set ECHO all

EXPLAIN (COSTS OFF) SELECT DISTINCT ON (kt) kt, tz, t, i4 + 1 FROM don_olap WHERE id > 5 ORDER BY kt, tz DESC NULLS LAST, id;
EXPLAIN (VERBOSE, COSTS OFF) SELECT DISTINCT ON (k) k, ts, upper(t) FROM don_olap ORDER BY k, ts;

-- Keys of several types, first and last, with values of every type; NULL is a key.
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE tz IS NOT NULL ORDER BY k, tz DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE tz IS NOT NULL ORDER BY kt, tz DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T ORDER BY kt, tz');
SELECT don_check('SELECT DISTINCT ON (kn) * FROM T ORDER BY kn, ts');
SELECT don_check('SELECT DISTINCT ON (ku) * FROM T ORDER BY ku DESC, d');
SELECT don_check('SELECT DISTINCT ON (kd) * FROM T ORDER BY kd, d DESC');
SELECT don_check('SELECT DISTINCT ON (b) * FROM T ORDER BY b, i2 DESC');
SELECT don_check('SELECT DISTINCT ON (ch) * FROM T ORDER BY ch, i8');
SELECT don_check('SELECT DISTINCT ON (c) c, id, t FROM T ORDER BY c, id DESC');
SELECT don_check('SELECT DISTINCT ON (t) t, id FROM T WHERE id < 9000 ORDER BY t, id DESC');
SELECT don_check('SELECT DISTINCT ON (young) * FROM T ORDER BY young, id DESC');

-- By every type that sorts as integers do, NULLs at either end: a row whose sort key is
-- NULL may win, and of those that tie the next sort key decides.
SELECT don_check('SELECT DISTINCT ON (k) k, tz, id, t FROM T ORDER BY k, tz DESC, id');
SELECT don_check('SELECT DISTINCT ON (k) k, tz, id, t FROM T ORDER BY k, tz DESC NULLS LAST, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) k, tz, id, t FROM T ORDER BY k, tz NULLS FIRST, id DESC');
SELECT don_check('SELECT DISTINCT ON (kt) kt, i4, id FROM T ORDER BY kt, i4 DESC, id');
SELECT don_check('SELECT DISTINCT ON (kt) kt, f4, f8, id FROM T ORDER BY kt, f4, f8 DESC, id');
SELECT don_check('SELECT DISTINCT ON (kt) kt, f8, n, id FROM T ORDER BY kt, f8 DESC NULLS LAST, n, id');
SELECT don_check('SELECT DISTINCT ON (kt) kt, n, id FROM T ORDER BY kt, n DESC, id');
SELECT don_check('SELECT DISTINCT ON (kt) kt, n, id FROM T ORDER BY kt, n, id DESC');
SELECT don_check('SELECT DISTINCT ON (kt) kt, o, id FROM T ORDER BY kt, o DESC');
SELECT don_check('SELECT DISTINCT ON (k) k, b, id FROM T ORDER BY k, b, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) k, kd, kn, b, i4, id FROM T ORDER BY k, kd DESC, kn, b, i4, id');

-- Several keys, expressions as keys, sort keys and values.
SELECT don_check('SELECT DISTINCT ON (k, kt) * FROM T ORDER BY kt, k DESC, id DESC');
SELECT don_check('SELECT DISTINCT ON (k % 7, b) id, k % 7, t FROM T ORDER BY k % 7, b, id DESC');
SELECT don_check('SELECT DISTINCT ON (date_trunc(''hour'', tz)) tz, id FROM T ORDER BY date_trunc(''hour'', tz), tz DESC, id');
SELECT don_check('SELECT DISTINCT ON (kt) kt, i8 / 2, upper(t), a[1], j ->> ''g'', -id FROM T ORDER BY kt, -id');
SELECT don_check('SELECT DISTINCT ON (kt) id FROM T ORDER BY kt, abs(i8), id');
SELECT don_check('SELECT DISTINCT ON (kt) length(t), kt || ''!'' FROM T ORDER BY kt, id');
SELECT don_check('SELECT DISTINCT ON (k) 1, NULL::text FROM T ORDER BY k, id');

-- PostgreSQL computes volatile functions of the rows that are left.
SELECT don_check('SELECT DISTINCT ON (k) k, id, random() < 2 FROM T ORDER BY k, id');

-- Without a sort key any row will do.
SELECT don_check('SELECT DISTINCT ON (kt) kt FROM T');
SELECT don_check('SELECT DISTINCT ON (k) k FROM T ORDER BY k');
SELECT don_check('SELECT k = 1 + id * 7 % 100 FROM (SELECT DISTINCT ON (k) k, id FROM T) s');

-- Of rows that tie all columns are of one.
SELECT don_check('SELECT kt, k, id IS NULL OR (kt IS NOT DISTINCT FROM CASE WHEN id % 97 <> 0 THEN ''key '' || id % 90 END AND k = 1 + id * 7 % 100 AND ku = md5((id % 40)::text)::uuid)
	FROM (SELECT DISTINCT ON (kt) kt, k, ku, id FROM T ORDER BY kt, k DESC) s');

-- WHERE: in vectors, by expressions, that leaves few rows or none.
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE id % 2 = 0 AND t LIKE ''%a%'' AND tz IS NOT NULL ORDER BY kt, tz DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE tz < ''2026-01-01 10:00'' ORDER BY kt, tz DESC');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE kt = ''key 7'' ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE id = 4711 ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE id < 0 ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE k IN (7, 107) ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE kt IN (''key 3'', ''key 11'', ''none'') AND kt <> ''key 11'' ORDER BY kt, id DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE kt LIKE ''%1%'' ORDER BY kt, id DESC');
SELECT don_check('SELECT DISTINCT ON (kt) * FROM T WHERE kt IS NULL OR kt = ''key 9'' ORDER BY kt, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE k BETWEEN 40 AND 50 AND k <> 45 ORDER BY k, id');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE k = 7 OR i4 = 8 ORDER BY k, id');
SELECT don_check('SELECT DISTINCT ON (k) * FROM T WHERE upper(kt) <> ''KEY 1'' ORDER BY k, id DESC');

-- What may fail is computed of every row, so nothing is left out then.
SELECT don_check('SELECT DISTINCT ON (k) k, 1 / (id - 40000) FROM T ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) k, 1 / (id - 40000) FROM T WHERE id <> 40000 ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, id DESC, 1 / (id - 40000)');
SELECT don_check('SELECT DISTINCT ON (k) k, id FROM T WHERE 1 / (id - 4000) <= 1 ORDER BY k, id DESC');

-- Left to PostgreSQL: sort keys that are strings or numerics of any scale, keys without
-- an equality of ours, rows as a whole, sets, groups, windows and joins below.
SELECT don_check('SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, kt, id');
SELECT don_check('SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, u, id');
SELECT don_check('SELECT DISTINCT ON (iv) iv, id FROM T WHERE id < 100 ORDER BY iv, id');
SELECT don_check('SELECT DISTINCT ON (k) k, TAB FROM T TAB ORDER BY k, id');
SELECT don_check('SELECT DISTINCT ON (k) k, generate_series(1, 2) FROM T ORDER BY k, id, 2');
SELECT don_check('SELECT DISTINCT ON (kd) kd, count(*) FROM T GROUP BY kd, k ORDER BY kd, k');
SELECT don_check('SELECT DISTINCT ON (k) k, id, row_number() OVER (ORDER BY id) FROM T ORDER BY k, id DESC');
SELECT don_check('SELECT DISTINCT ON (x.k) x.k, x.id, y.id FROM T x JOIN T y USING (id) ORDER BY x.k, x.id');

-- Where it stands: below joins, LIMIT and set operations, in CTEs and subqueries, rescanned
-- with parameters and without.
SELECT don_check('SELECT s.*, x.t FROM (SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, id DESC) s JOIN T x ON x.id = s.id');
SELECT don_check('SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, id DESC OFFSET 5 LIMIT 7');
SELECT don_check('SELECT x.kd, count(*), sum(s.id), count(s.t) FROM T x JOIN (SELECT DISTINCT ON (k) k, id, t FROM T ORDER BY k, id DESC) s ON s.k = x.k GROUP BY x.kd');
SELECT twin_agg('SELECT x.kd, count(*), sum(s.id) FROM don_olap x JOIN (SELECT DISTINCT ON (k) k, id FROM don_olap ORDER BY k, id DESC) s ON s.k = x.k GROUP BY x.kd') -> 'Vector Joins' IS NOT NULL AS in_vectors;
SELECT don_check('SELECT DISTINCT ON (k) k, (SELECT max(id) FROM T), (SELECT 1 / (max(id) - max(id)) FROM T) FROM T WHERE id < 0 ORDER BY k');
SELECT don_check('SELECT DISTINCT ON (k) k, (SELECT max(id) FROM T) FROM T ORDER BY k, id');
SELECT don_check('(SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, id DESC) UNION ALL (SELECT DISTINCT ON (k) k, id FROM T ORDER BY k, id)');
SELECT don_check('SELECT * FROM (SELECT DISTINCT ON (k, kd) k, kd, id FROM T ORDER BY k, kd, id DESC) s WHERE k < 4 AND id % 2 = 0');
SELECT don_check('SELECT g, s.* FROM generate_series(1, 4) g, LATERAL (SELECT DISTINCT ON (kd) kd, id FROM T WHERE k = g * 3 ORDER BY kd, id DESC) s');
SELECT don_check('SELECT g, (SELECT sum(id) FROM (SELECT DISTINCT ON (kd) kd, id FROM T WHERE id < g * 10000 ORDER BY kd, id DESC) s) FROM generate_series(0, 4) g');
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
SELECT don_check('SELECT g, s.* FROM generate_series(1, 3) g LEFT JOIN (SELECT DISTINCT ON (kd) kd, id FROM T ORDER BY kd, id DESC OFFSET 0) s ON s.id % 3 = g % 3');
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin;
PREPARE newest (int, text) AS SELECT DISTINCT ON (kt) kt, id, t FROM don_olap WHERE id < $1 AND kt <> $2 ORDER BY kt, id DESC;
SET plan_cache_mode = force_generic_plan;
SELECT string_agg(id::text, ' ' ORDER BY id) FROM (SELECT DISTINCT ON (kt) kt, id FROM don_heap WHERE id < 30000 AND kt <> 'key 3' ORDER BY kt, id DESC) s;
CREATE TEMP TABLE newest_rows AS EXECUTE newest (30000, 'key 3');
SELECT string_agg(id::text, ' ' ORDER BY id) FROM newest_rows;
EXECUTE newest (NULL, 'key 3');
RESET plan_cache_mode;
BEGIN;
DECLARE cur SCROLL CURSOR FOR SELECT DISTINCT ON (k) k, id FROM don_olap ORDER BY k, id DESC;
FETCH 2 FROM cur;
MOVE FORWARD ALL FROM cur;
FETCH BACKWARD 2 FROM cur;
ROLLBACK;

-- In parts: the planner takes a table that was not analyzed to have few keys.
CREATE TABLE don_many_heap AS SELECT g::int8 * 7919 % 50000 AS id, g AS at, md5(g::text) AS t FROM generate_series(1, 80000) g;
CREATE TABLE don_many USING olap AS TABLE don_many_heap;
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT (node ->> 'Passes')::int > 10 AS in_parts, (node ->> 'Actual Rows')::numeric::int AS rows
FROM (SELECT don_node('SELECT DISTINCT ON (id) * FROM don_many ORDER BY id, at DESC') AS node) s;
SELECT count(*) FROM ((SELECT DISTINCT ON (id) * FROM don_many ORDER BY id, at DESC) EXCEPT (SELECT DISTINCT ON (id) * FROM don_many_heap ORDER BY id, at DESC)) s;
SELECT don_node('SELECT * FROM generate_series(1, 2) g LEFT JOIN (SELECT DISTINCT ON (id) * FROM don_many ORDER BY id, at DESC OFFSET 0) s ON s.at = g') IS NOT NULL AS rescanned;
-- What the first try took does not count against the parts.
SET work_mem = '1MB';
SELECT (node ->> 'Passes')::int <= 5 AS few_parts, (node ->> 'Peak Memory Usage')::int <= 1536 AS little_memory, (node ->> 'Actual Rows')::numeric::int AS rows
FROM (SELECT don_node('SELECT DISTINCT ON (id) * FROM don_many ORDER BY id, at DESC') AS node) s;
RESET work_mem; RESET hash_mem_multiplier;

-- Within a transaction: rows that it wrote, deleted and rolled back.
BEGIN;
INSERT INTO don_olap (id, k) VALUES (100000, 7), (100001, NULL);
INSERT INTO don_heap (id, k) VALUES (100000, 7), (100001, NULL);
SELECT don_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, id DESC');
SAVEPOINT one;
DELETE FROM don_olap WHERE id > 55000;
DELETE FROM don_heap WHERE id > 55000;
SELECT don_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, id DESC');
ROLLBACK TO one;
SELECT don_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, id DESC');
ROLLBACK;
SELECT don_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, id DESC');

-- A silent key, which has its last row far back: the row groups between are left out where
-- their keys are known by dictionaries, and of integers that leave no gap.
CREATE TABLE don_silent (at int, kt text, ki int) USING olap;
DO $$ BEGIN FOR i IN 0 .. 9 LOOP
	INSERT INTO don_silent SELECT i * 5000 + g, 'key ' || g % (CASE WHEN i = 2 THEN 21 ELSE 20 END), g % (CASE WHEN i = 2 THEN 21 ELSE 20 END)
	FROM generate_series(1, 5000) g;
END LOOP; END $$;
VACUUM ANALYZE don_silent;
SELECT twin_said('SELECT DISTINCT ON (kt) kt, at FROM don_silent ORDER BY kt, at DESC', 'Left Out|Row Groups:');
SELECT twin_said('SELECT DISTINCT ON (ki) ki, at FROM don_silent ORDER BY ki, at DESC', 'Left Out|Row Groups:');
SELECT count(*), min(at) FROM (SELECT DISTINCT ON (kt) kt, at FROM don_silent ORDER BY kt, at DESC) s;
-- Deleted rows are among a dictionary's: more is read then, never less.
DELETE FROM don_silent WHERE kt = 'key 20' AND at % 2 = 0;
SELECT count(*), min(at) FROM (SELECT DISTINCT ON (kt) kt, at FROM don_silent ORDER BY kt, at DESC) s;
DELETE FROM don_silent WHERE kt = 'key 20';
SELECT count(*), min(at) FROM (SELECT DISTINCT ON (kt) kt, at FROM don_silent ORDER BY kt, at DESC) s;

-- Partitions, of columns in another order and partitioned again: each gives its rows, and
-- PostgreSQL takes the first of these. One that is not of ours leaves all to PostgreSQL.
CREATE TABLE don_parts (k int, x text, ts timestamptz, v float8) PARTITION BY RANGE (ts);
CREATE TABLE don_part_1 (v float8, gone int, k int, x text, ts timestamptz) USING olap;
ALTER TABLE don_part_1 DROP COLUMN gone;
ALTER TABLE don_parts ATTACH PARTITION don_part_1 FOR VALUES FROM ('2026-01-01') TO ('2026-01-02');
CREATE TABLE don_part_2 PARTITION OF don_parts FOR VALUES FROM ('2026-01-02') TO ('2026-01-04') PARTITION BY LIST (k);
CREATE TABLE don_part_2a PARTITION OF don_part_2 FOR VALUES IN (1, 2, 3) USING olap;
CREATE TABLE don_part_2b PARTITION OF don_part_2 DEFAULT USING olap;
CREATE TABLE don_part_3 PARTITION OF don_parts FOR VALUES FROM ('2026-01-04') TO ('2026-01-06') USING olap;
INSERT INTO don_parts SELECT g % 40, 'key ' || g % 17, timestamptz '2026-01-01 00:00+00' + g * interval '20 second', g FROM generate_series(200, 20000) g;
ANALYZE don_parts;
CREATE TABLE don_whole AS TABLE don_parts;
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (k) k, ts, v * 2 FROM don_parts WHERE ts > '2026-01-03' ORDER BY k, ts DESC;
CREATE FUNCTION don_parts_check(query text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(twin_differ(twin_answer(query, 'don_parts'), twin_answer(query, 'don_whole')),
		CASE WHEN don_node(twin_query(query, 'don_parts')) IS NULL THEN 'without' ELSE 'with' END || ' OlapDistinctOn')
$$;
SELECT don_parts_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, ts DESC');
SELECT don_parts_check('SELECT DISTINCT ON (x, k) x, v, ts + interval ''1 day'', upper(x) FROM T ORDER BY x DESC, k, ts');
SELECT don_parts_check('SELECT DISTINCT ON (x) x, k, v FROM T WHERE ts > ''2026-01-03'' ORDER BY x DESC, k DESC, v LIMIT 4');
SELECT don_parts_check('SELECT DISTINCT ON (x) x, v FROM T WHERE k = 3 ORDER BY x, ts DESC');
SELECT don_parts_check('SELECT g, s.* FROM generate_series(1, 3) g, LATERAL (SELECT DISTINCT ON (x) x, v FROM T WHERE k = g ORDER BY x, ts DESC) s');
SELECT don_parts_check('SELECT DISTINCT ON (k) k, TAB FROM T TAB ORDER BY k, ts');
CREATE TABLE don_part_4 PARTITION OF don_parts DEFAULT USING heap;
SELECT don_parts_check('SELECT DISTINCT ON (k) * FROM T ORDER BY k, ts DESC');

DROP TABLE don_parts, don_whole;
DROP FUNCTION don_parts_check;
DROP TABLE don_heap, don_olap, don_many, don_many_heap, don_silent;
DROP FUNCTION twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said, don_node, don_check;
