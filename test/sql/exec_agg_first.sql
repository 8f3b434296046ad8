-- olap.first(value, time) and olap.last(value, time): what they mean on any table, and
-- that OlapAgg gives the same answers in vectors, in parts and on disk.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET extra_float_digits = 3;

-- The least and the greatest time; a row without a time takes no part, one without a
-- value wins like any other; of equal times the row met first wins.
SELECT olap.first(x, t), olap.last(x, t) FROM (VALUES (1, 5), (2, 7), (3, 4), (4, NULL)) v (x, t);
SELECT olap.first(x, t), olap.last(x, t) FROM (VALUES (NULL, 3), (1, 5), (NULL, 7)) v (x, t);
SELECT olap.first(x, t), olap.last(x, t) FROM (VALUES (1, NULL::date), (2, NULL)) v (x, t);
SELECT olap.first(x, t), olap.last(x, t) FROM (VALUES (1, 5), (2, 5), (3, 5)) v (x, t);
SELECT olap.first(x, t), olap.last(x, t) FROM (SELECT 1 AS x, 1 AS t WHERE false) v;

-- Any type of value, any time with a btree order; a literal is text.
SELECT olap.last(ARRAY[x, x], s), olap.first(ROW(x, s), s COLLATE "C"), olap.last(s, 1.0 / x), olap.first(s, ROW(x, s)),
	olap.last(x::numeric, ARRAY[x]), olap.last(x, 'one time')
FROM (VALUES (1, 'b'), (2, 'a'), (3, 'B')) v (x, s);
SELECT olap.last(x, s COLLATE "C"), olap.last(x, s COLLATE "und-x-icu") FROM (VALUES (1, 'b'), (2, 'a'), (3, 'B')) v (x, s);
\set VERBOSITY sqlstate
SELECT olap.last(x, point(x, x)) FROM (VALUES (1), (2)) v (x);
SELECT olap.last(1);
\set VERBOSITY default
-- Not to be called by hand; which error says so depends on the minor release.
DO $$
BEGIN
  PERFORM olap._first_trans(NULL, 1, 2);
EXCEPTION WHEN undefined_function OR feature_not_supported THEN
  RAISE NOTICE 'refused';
END $$;

-- As a window function, with FILTER, DISTINCT and ORDER BY inside.
SELECT x, olap.first(x, t) OVER (ORDER BY x), olap.last(x, t) OVER (ORDER BY x ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING)
FROM (VALUES (1, 5), (2, 7), (3, 4)) v (x, t) ORDER BY x;
SELECT olap.last(x, t) FILTER (WHERE x < 3) FROM (VALUES (1, 7), (2, 7), (3, 8), (3, 8)) v (x, t);
SELECT olap.first(x, t ORDER BY x DESC), olap.last(DISTINCT x, t) FROM (VALUES (1, 7), (2, 7), (3, 8), (3, 8)) v (x, t);

\set ECHO none
\i test/include/heap_twin.sql
-- The answer of the heap, if first_olap's is the same in vectors and by rows; how the
-- former came about.
CREATE FUNCTION first_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text[] := twin_rows(query, 'first_heap');
	got text[] := twin_rows(query, 'first_olap');
	agg jsonb := twin_agg(twin_query(query, 'first_olap'));
BEGIN
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	SET LOCAL olap.enable_vector_agg = off;
	got := twin_rows(query, 'first_olap');
	RESET olap.enable_vector_agg;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN 'without OlapAgg ' || twin_differ(got, want);
	END IF;
	RETURN coalesce(cardinality(want), 0) || ' rows'
		|| CASE WHEN agg IS NULL THEN ' without OlapAgg'
		ELSE coalesce(', ' || jsonb_array_length(agg -> 'Vector Aggregates') || ' in vectors', '')
			|| coalesce(', ' || jsonb_array_length(agg -> 'Row Aggregates') || ' by rows', '') END
		|| CASE WHEN (agg ->> 'Spilled Rows')::int > 0 THEN ', on disk' ELSE '' END;
END $$;

-- Times are a permutation, so that there are no ties; some are NULL, and every column
-- has NULLs.
CREATE TABLE first_heap (id int4, tz timestamptz, ts timestamp, d date, i2 int2, i4 int4, i8 int8,
	b bool, f4 float4, f8 float8, n numeric(12,3), u numeric, t text, c char(4), id16 uuid, by bytea, a int[], iv interval, ch "char", j jsonb, k int4);
INSERT INTO first_heap
SELECT g, timestamptz '2026-01-01' + p * interval '1 second', timestamp '2026-01-01' - p * interval '1 minute',
	date '1990-01-01' + p, CASE WHEN g < 30000 THEN g - 15000 END, CASE WHEN g % 7 <> 0 THEN p - 40000 END, (p - 40000)::int8 << 40,
	CASE WHEN g % 3 <> 0 THEN g % 2 = 0 END, CASE WHEN g % 4 <> 0 THEN g / 8.0 END, CASE WHEN g % 5 <> 0 THEN g / 3.0 END,
	CASE WHEN g % 6 <> 0 THEN g / 8.0 END, CASE g % 7 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 1e30 WHEN 3 THEN g ELSE g / 8.0 END,
	CASE WHEN g % 8 <> 0 THEN repeat('text ' || md5(g::text), 1 + g % 4) END, CASE WHEN g % 9 <> 0 THEN left('c' || g, 4) END,
	CASE WHEN g % 10 <> 0 THEN md5(g::text)::uuid END, CASE WHEN g % 11 <> 0 THEN decode(md5(g::text), 'hex') END,
	CASE WHEN g % 12 <> 0 THEN ARRAY[g, NULL, g + 1] END, g * interval '1 minute', chr(65 + g % 26)::"char",
	CASE WHEN g % 13 <> 0 THEN jsonb_build_object('g', g) END, g % 100
FROM (SELECT g, (g::int8 * 7919 % 80021)::int AS p FROM generate_series(1, 80000) g) s;
UPDATE first_heap SET tz = NULL, d = NULL WHERE id % 17 = 0;
CREATE TABLE first_olap (LIKE first_heap) USING olap;
INSERT INTO first_olap SELECT * FROM first_heap WHERE id <= 70000 ORDER BY id;
INSERT INTO first_olap SELECT * FROM first_heap WHERE id > 70000 AND id <= 79990 ORDER BY id;
DO $$ BEGIN FOR i IN 79991 .. 80000 LOOP INSERT INTO first_olap SELECT * FROM first_heap WHERE id = i; END LOOP; END $$;
DELETE FROM first_heap WHERE id % 1001 = 3;
DELETE FROM first_olap WHERE id % 1001 = 3;
ANALYZE first_heap;
ANALYZE first_olap;

-- Every type of value, over every type of time.
SELECT first_check('SELECT olap.first(id, tz), olap.last(b, tz), olap.first(f4, ts), olap.last(f8, ts), olap.first(n, d), olap.last(u, d) FROM T');
SELECT first_check('SELECT k, olap.first(id, tz), olap.last(b, tz), olap.first(f4, ts), olap.last(f8, ts), olap.first(n, d), olap.last(u, d) FROM T GROUP BY k');
SELECT first_check('SELECT k, olap.last(t, i4), olap.last(c, i8), olap.first(id16, i4), olap.last(by, i8), olap.first(i2, i8), olap.last(i8, i4) FROM T GROUP BY k');
SELECT first_check('SELECT k, olap.first(a, tz), olap.last(iv, tz), olap.first(ch, tz), olap.last(j, ts), olap.last(d, ts), olap.last(ts, tz) FROM T GROUP BY k');
SELECT first_check('SELECT t IS NULL, olap.last(id, i2), olap.first(id, i2) FROM T GROUP BY 1');
SELECT first_check('SELECT id / 3, olap.last(u, tz), olap.first(n, tz), olap.first(t, tz), olap.last(f4, tz) FROM T GROUP BY 1');

-- any_value() (from 16 on) is the first value that is not NULL, of every type.
DO $$
DECLARE
	col text;
	wrong int;
	agg jsonb;
BEGIN
	IF current_setting('server_version_num')::int < 160000 THEN
		RETURN;
	END IF;
	FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = 'first_olap'::regclass AND attnum > 0 LOOP
		EXECUTE format('SELECT count(*) FROM (SELECT k, any_value(%1$I)::text, any_value(%1$I) FILTER (WHERE id > 69000)::text
			FROM first_olap GROUP BY k EXCEPT
			SELECT k, (array_agg(%1$I::text ORDER BY id) FILTER (WHERE %1$I IS NOT NULL))[1],
			(array_agg(%1$I::text ORDER BY id) FILTER (WHERE %1$I IS NOT NULL AND id > 69000))[1] FROM first_heap GROUP BY k) differ', col) INTO wrong;
		agg := twin_agg(format('SELECT k, any_value(%I) FROM first_olap GROUP BY k', col));
		IF wrong > 0 OR agg -> 'Vector Aggregates' IS NULL THEN
			RAISE WARNING 'any_value(%): % wrong groups, %', col, wrong, agg;
		END IF;
	END LOOP;
END $$;

-- Times that are no integers, and what sorts inside, are for the server's functions.
SELECT first_check('SELECT k, olap.last(id, n + id), olap.first(id, id16), olap.last(id, f8) FROM T GROUP BY k');
SELECT first_check('SELECT k, olap.last(id, i4 ORDER BY id), olap.first(DISTINCT b, tz) FROM T GROUP BY k');

-- Expressions: those that may fail are computed of every row.
SELECT first_check('SELECT k, olap.last(i4 + 1, tz), olap.last(upper(t), tz), olap.first(n * 2, tz + interval ''1 day''), olap.last(1, -i4), olap.first(NULL::int, i4) FROM T GROUP BY k');
SELECT first_check('SELECT olap.last(f8 / f8, i4) FROM T WHERE id > 1');
\set VERBOSITY sqlstate
SELECT olap.last(1 / (id - 40000), tz) FROM first_heap;
SELECT olap.last(1 / (id - 40000), tz) FROM first_olap;
\set VERBOSITY default
SELECT first_check('SELECT k, olap.last(1 / (id - 40000), tz) FILTER (WHERE id <> 40000) FROM T GROUP BY k');

-- FILTER, WHERE, HAVING, top-N, DISTINCT; the same column as time, value and beside.
SELECT first_check('SELECT k, olap.last(t, tz) FILTER (WHERE b), olap.first(t, tz) FILTER (WHERE id % 1000 = 7), olap.first(n, i4) FILTER (WHERE false) FROM T WHERE i4 % 3 = 1 GROUP BY k');
SELECT first_check('SELECT k, olap.last(t, tz), sum(length(t)), max(tz), olap.last(tz, tz) FROM T WHERE id > 3000 GROUP BY k HAVING olap.first(id, tz) % 2 = 0');
SELECT first_check('SELECT k, olap.last(id, i4) AS l FROM T GROUP BY k ORDER BY l DESC LIMIT 5');
SELECT first_check('SELECT olap.last(t, tz), olap.first(t, tz) FROM T WHERE false');
SELECT first_check('SELECT olap.last(t, tz), olap.first(t, tz) FROM T WHERE tz IS NULL');

-- Grouping sets are fed with the rows, as ties go to the row met first.
SELECT first_check('SELECT k % 5, b, olap.last(t, tz), olap.first(n, i4), count(*) FROM T GROUP BY CUBE (1, 2)');
SELECT first_check('SELECT k % 5, b, olap.last(id, 1), olap.first(id, k % 2), count(*) FROM T GROUP BY ROLLUP (1, 2)');

-- Joins.
CREATE TABLE first_keys AS SELECT g AS k, 'name ' || g % 10 AS name, g * 2 AS v FROM generate_series(0, 90) g;
ALTER TABLE first_keys ADD PRIMARY KEY (k);
SELECT first_check('SELECT name, olap.last(t, tz), olap.first(name, tz), olap.last(v, i4) FROM T JOIN first_keys USING (k) GROUP BY name');
SELECT first_check('SELECT olap.last(name, tz), olap.first(v, tz), olap.last(n, tz) FROM T LEFT JOIN first_keys USING (k)');

-- More groups than memory has room for.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT first_check('SELECT id / 7, olap.last(u, tz), olap.first(n, tz), olap.first(t, tz), olap.last(c, i4) FROM T GROUP BY 1');
RESET work_mem;
RESET hash_mem_multiplier;

-- In parallel workers, and partition by partition.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT first_check('SELECT k, olap.last(t, tz), olap.first(n, tz), olap.last(u, ts), olap.first(b, d), olap.last(a, i8), olap.first(id, i4), olap.last(by, i2) FILTER (WHERE b) FROM T GROUP BY k');
SELECT first_check('SELECT olap.last(t, tz), olap.first(n, tz), olap.last(id, i2), olap.last(id, tz) FILTER (WHERE false) FROM T');
SELECT first_check('SELECT k, olap.last(id, f8 + id), olap.first(t, id16) FROM T WHERE f8 IS NOT NULL GROUP BY k');
SELECT regexp_replace(line, ' \(actual.*', '') FROM twin_said('SELECT k, olap.last(t, tz) FROM first_olap GROUP BY k', 'Agg|Gather') line;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE first_parts (LIKE first_heap) PARTITION BY RANGE (id);
CREATE TABLE first_parts_1 PARTITION OF first_parts FOR VALUES FROM (0) TO (30000) USING olap;
CREATE TABLE first_parts_2 PARTITION OF first_parts FOR VALUES FROM (30000) TO (60000) USING olap;
CREATE TABLE first_parts_3 PARTITION OF first_parts DEFAULT USING olap;
INSERT INTO first_parts SELECT * FROM first_heap ORDER BY id;
ANALYZE first_parts;
SELECT twin_rows(q, 'first_parts') = twin_rows(q, 'first_heap') AS same, twin_agg(twin_query(q, 'first_parts')) IS NOT NULL AS parts
FROM (VALUES ('SELECT olap.last(t, tz), olap.first(n, tz), olap.last(u, ts), olap.first(a, i4) FROM T'),
	('SELECT k, olap.last(t, tz), olap.first(n, tz), olap.last(u, ts), olap.first(a, i4) FROM T GROUP BY k')) v (q);

-- Rows are read in the order of time: row groups whose times cannot win are left out,
-- from the end for the last, with ties, deleted rows and delta rows.
CREATE TABLE ties_heap AS SELECT g AS id, (g / 4 + CASE WHEN g > 140000 THEN -40000 ELSE 0 END)::int8 AS ts, 'v' || g AS v, g % 2 AS e, CASE WHEN g < 66000 THEN g END AS w
	FROM generate_series(1, 200000) g;
CREATE TABLE ties_olap (LIKE ties_heap) USING olap;
INSERT INTO ties_olap SELECT * FROM ties_heap ORDER BY id;
CREATE FUNCTION ties_check(query text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF twin_rows(query, 'ties_olap') IS DISTINCT FROM twin_rows(query, 'ties_heap') THEN
		RETURN format('WRONG: %s, heap has %s', twin_rows(query, 'ties_olap'), twin_rows(query, 'ties_heap'));
	END IF;
	RETURN (twin_rows(query, 'ties_olap'))[1] || coalesce(' | ' || (SELECT string_agg(line, ' | ') FROM twin_said(twin_query(query, 'ties_olap'), 'Row Groups') line), '');
END $$;
SELECT ties_check('SELECT olap.last(v, ts) FROM T');
SELECT ties_check('SELECT olap.first(v, ts), count(*), min(id) FROM T');
SELECT ties_check('SELECT olap.first(v, ts), olap.last(v, ts) FROM T');
SELECT ties_check('SELECT olap.last(v, ts), olap.last(id, id), count(v) FROM T');
SELECT ties_check('SELECT olap.last(v, ts) FROM T WHERE id >= 65537');
SELECT ties_check('SELECT olap.last(v, ts) FROM T WHERE e = 0');
SELECT ties_check('SELECT olap.last(v, w), olap.first(v, w) FROM T');
SELECT ties_check('SELECT olap.last(v, 7) FROM T');
SELECT ties_check('SELECT olap.last(v, ts) FILTER (WHERE e = 1) FROM T');
SELECT ties_check('SELECT olap.last(e, ts), sum(e) FROM T');
DELETE FROM ties_heap WHERE ts BETWEEN 34000 AND 35000;
DELETE FROM ties_olap WHERE ts BETWEEN 34000 AND 35000;
SELECT ties_check('SELECT olap.last(v, ts) FROM T');
INSERT INTO ties_heap VALUES (0, 33999, 'new', 0, NULL), (0, 0, 'old', 0, NULL), (0, NULL, 'never', 0, NULL);
INSERT INTO ties_olap VALUES (0, 33999, 'new', 0, NULL), (0, 0, 'old', 0, NULL), (0, NULL, 'never', 0, NULL);
SELECT ties_check('SELECT olap.last(v, ts), count(*) FROM T');
SELECT ties_check('SELECT olap.first(v, ts), count(*) FROM T');
-- A subquery that runs again for each row outside.
SELECT ties_check('SELECT array_agg((SELECT olap.last(v, ts) FROM T WHERE id > x) ORDER BY x) FROM (VALUES (1), (150000), (199999), (200001)) v (x)');
-- A cursor goes back.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT e, olap.last(v, ts) FROM ties_olap GROUP BY e ORDER BY e;
FETCH ALL c;
FETCH BACKWARD ALL c;
COMMIT;

-- Values are read where a row wins, not of the row groups where none does.
CREATE FUNCTION bytes_read(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON, TIMING off, SUMMARY off) ' || query INTO plan;
	RETURN jsonb_path_query_first(plan, '$.**."Bytes Read"')::bigint;
END $$;
SELECT bytes_read('SELECT sum(id), olap.first(t, id) FROM first_olap') < bytes_read('SELECT sum(id), max(length(t)) FROM first_olap') / 2 AS late;

DROP TABLE first_heap, first_olap, first_keys, first_parts, ties_heap, ties_olap;
DROP FUNCTION first_check, ties_check, bytes_read, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
