-- OlapAgg below ORDER BY and LIMIT: groups that cannot be among the
-- first rows do not become rows. Answers are a heap table's.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
-- a scan in the order of a group key, which PostgreSQL groups, is another way
SET olap.enable_order = off;

\set ECHO none
\i test/include/heap_twin.sql
-- Runs the query on topn_heap and topn_olap; says how many groups were left out.
CREATE FUNCTION topn_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	said text;
BEGIN
	EXECUTE format('SELECT array_agg(q)::text FROM (%s) q', twin_query(query, 'topn_heap')) INTO want;
	EXECUTE format('SELECT array_agg(q)::text FROM (%s) q', twin_query(query, 'topn_olap')) INTO got;
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	SELECT string_agg(' | ' || line, '') INTO said
	FROM twin_said(twin_query(query, 'topn_olap'), '(Groups:|Top Groups|Groups Left Out)') line
	WHERE line !~ 'Row Groups|sort';
	RETURN coalesce(nullif(left(want, 60), want) || '...', want) || coalesce(said, '');
END $$;

CREATE TABLE topn_heap (k int, a int4, b int8, n numeric(15,4), u numeric, f float8, g float4, d date, t text);
INSERT INTO topn_heap
SELECT (i * 7919::int8 % 3001)::int, i % 1013 - 500, CASE WHEN i % 11 < 8 THEN i * 9000000000000::int8 END,
	(i % 977) / 8.0, i % 977 / 7.0, CASE i % 97 WHEN 0 THEN 'NaN'::float8 WHEN 1 THEN '-0' WHEN 2 THEN '-Infinity' ELSE i % 89 - 40 END,
	i % 89, date '2024-01-01' + i % 701, 't' || i % 31
FROM generate_series(1, 30000) i WHERE i % 3001 <> 5 OR i % 2 = 0;
INSERT INTO topn_heap SELECT 5000 + i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, 7) i;
INSERT INTO topn_heap SELECT 6000, i, i, i, i, i, i, NULL, 'x' FROM generate_series(1, 50) i;
CREATE TABLE topn_olap (LIKE topn_heap) USING olap;
INSERT INTO topn_olap SELECT * FROM topn_heap;
ANALYZE topn_heap, topn_olap;

SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 5');
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY c, k DESC LIMIT 5');
SELECT topn_check('SELECT k, count(b) AS c FROM TAB GROUP BY k ORDER BY c, k LIMIT 12 OFFSET 3');
SELECT topn_check('SELECT * FROM (SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY c DESC FETCH FIRST 2 ROWS WITH TIES) x ORDER BY c, k');
SELECT topn_check('SELECT k, sum(a) AS s, max(d) FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 9');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k ORDER BY s DESC, k LIMIT 9');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k ORDER BY s NULLS FIRST, k LIMIT 9');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 9');
SELECT topn_check('SELECT k, sum(b) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, sum(b * 1000) AS s FROM TAB WHERE b < 9000000000000000 GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, sum(n) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, sum(n) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, sum(f) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, sum(f) AS s FROM TAB GROUP BY k ORDER BY s DESC, k LIMIT 20');
SELECT topn_check('SELECT k, sum(f) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 1200');
SELECT topn_check('SELECT k, sum(g) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, min(f) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, max(f) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, min(d) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, max(d) AS s FROM TAB GROUP BY k ORDER BY s DESC, k LIMIT 20');
SELECT topn_check('SELECT k, max(n) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, t, count(*) AS c FROM TAB GROUP BY k, t ORDER BY c DESC, k, t LIMIT 3');
SELECT topn_check('SELECT count(*) FILTER (WHERE a > 0) AS c, k FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 3');
SELECT topn_check('SELECT count(DISTINCT a) AS c, k FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 3');
SELECT topn_check('SELECT k FROM TAB GROUP BY k ORDER BY count(*) DESC, k LIMIT 3');
SELECT topn_check('SELECT k, count(*) FROM TAB GROUP BY k ORDER BY 2 DESC, 1 LIMIT 2000 OFFSET 1100');

-- Averages: equal ones are ties, and what the server rounds to one value is not told apart.
SELECT topn_check('SELECT k, avg(a) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, avg(a) AS s FROM TAB GROUP BY k ORDER BY s DESC, k LIMIT 9');
SELECT topn_check('SELECT k, avg(b) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 9');
SELECT topn_check('SELECT k, avg(b) AS s FROM TAB WHERE a <> 5 GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 9');
SELECT topn_check('SELECT k, avg(n) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 9');
SELECT topn_check('SELECT k, avg(CASE WHEN k % 2 = 0 THEN n ELSE n + 0.00001 END) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 9');
SELECT topn_check('SELECT k, avg(DISTINCT a) AS s FROM TAB GROUP BY k HAVING count(*) > 9 ORDER BY s, k LIMIT 9');
SELECT topn_check('SELECT k, avg(f) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 20');
SELECT topn_check('SELECT k, avg(f) AS s FROM TAB WHERE f > ''-Infinity'' GROUP BY k ORDER BY s, k LIMIT 20');
SELECT topn_check('SELECT k, avg(f) AS s FROM TAB WHERE f <> ''NaN'' GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 20');
SELECT topn_check('SELECT k, avg(f * 0) AS s FROM TAB WHERE f BETWEEN -100 AND 100 GROUP BY k ORDER BY s DESC, k LIMIT 20');
SELECT topn_check('SELECT k, avg(g) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 20');
SELECT topn_check('SELECT * FROM (SELECT k, avg(a) AS c FROM TAB GROUP BY k ORDER BY c DESC NULLS LAST FETCH FIRST 7 ROWS WITH TIES) x ORDER BY c, k');
-- (quotients that lie closer to each other than doubles and the digits of an average do)
SELECT topn_check('SELECT k, avg(9007199254740993 + a % 2) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 9');
SELECT topn_check('SELECT k, avg(9223372036854775807 - k - a % 2) AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 9');
CREATE TABLE topn_near AS SELECT k, m + v AS v FROM (SELECT (1::int8 << 61) + 256 AS m) m,
	(VALUES (1, 0), (1, 0), (1, 1), (2, 0), (2, 0), (2, -1), (3, 9999), (4, -9999)) near(k, v);
CREATE TABLE topn_near_olap (LIKE topn_near) USING olap;
INSERT INTO topn_near_olap SELECT * FROM topn_near;
SELECT k, avg(v) FROM topn_near_olap WHERE k <> 4 GROUP BY k ORDER BY 2, 1 LIMIT 1;
SELECT k, avg(v) FROM topn_near_olap WHERE k <> 3 GROUP BY k ORDER BY 2 DESC, 1 DESC LIMIT 1;
SELECT k, avg(v) FROM (SELECT k, avg(v) AS v FROM topn_near_olap WHERE k <> 4 GROUP BY k ORDER BY 2 FETCH FIRST 1 ROW WITH TIES) x GROUP BY k ORDER BY 1;
SELECT k, avg(v) FROM topn_near WHERE k <> 4 GROUP BY k ORDER BY 2, 1 LIMIT 1;
DROP TABLE topn_near, topn_near_olap;
SELECT topn_check('SELECT k, avg(k % 5 - a % 2) AS s FROM TAB GROUP BY k ORDER BY s, k DESC LIMIT 9');

-- The first sort key is a group key: of every order, with NULLs, and as what a row has.
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY k LIMIT 4');
SELECT topn_check('SELECT k, t, count(*) AS c FROM TAB GROUP BY k, t ORDER BY k DESC, t LIMIT 4 OFFSET 3');
SELECT topn_check('SELECT d, t, sum(a) FROM TAB GROUP BY d, t ORDER BY d DESC NULLS LAST, t LIMIT 4');
SELECT topn_check('SELECT d, t, sum(a) FROM TAB GROUP BY d, t ORDER BY d NULLS FIRST, t LIMIT 4');
SELECT topn_check('SELECT date_trunc(''month'', d::timestamp) AS m, k, max(b) FROM TAB GROUP BY 1, 2 ORDER BY m DESC NULLS LAST, k LIMIT 40');
SELECT topn_check('SELECT b, count(*) FROM TAB GROUP BY b ORDER BY b DESC NULLS LAST LIMIT 4');
SELECT topn_check('SELECT b, count(*) FROM TAB GROUP BY b HAVING max(a) > 500 ORDER BY b DESC NULLS LAST LIMIT 4');
SELECT topn_check('SELECT n, count(*) FROM TAB GROUP BY n ORDER BY n DESC NULLS LAST LIMIT 4');
SELECT topn_check('SELECT u, count(*) FROM TAB GROUP BY u ORDER BY u DESC NULLS LAST LIMIT 4');
SELECT topn_check('SELECT f, k, count(*) FROM TAB GROUP BY f, k ORDER BY f DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT f, k, count(*) FROM TAB WHERE f <= 0 GROUP BY f, k ORDER BY f DESC, k LIMIT 4');
SELECT topn_check('SELECT f, k, count(*) FROM TAB GROUP BY f, k ORDER BY f, k LIMIT 400');
SELECT topn_check('SELECT g, k, count(*) FROM TAB GROUP BY g, k ORDER BY g, k LIMIT 4');
SELECT topn_check('SELECT a > 3 AS p, k, count(*) FROM TAB GROUP BY 1, 2 ORDER BY 1 DESC NULLS LAST, 2 LIMIT 4');
SELECT topn_check('SELECT k::oid AS o, count(*) FROM TAB GROUP BY 1 ORDER BY 1 DESC LIMIT 4');
SELECT topn_check('SELECT (k - 3000)::oid AS o, count(*) FROM TAB GROUP BY 1 ORDER BY 1 DESC LIMIT 4');
SELECT topn_check('SELECT md5(k::text)::uuid AS o, count(*) FROM TAB GROUP BY 1 ORDER BY 1 DESC LIMIT 4');
SELECT topn_check('SELECT ((t || a) COLLATE "C") AS o, count(*) FROM TAB GROUP BY 1 ORDER BY 1 DESC NULLS LAST LIMIT 4');
SELECT topn_check('SELECT ((''the same beginning '' || k) COLLATE "C") AS o, count(*) FROM TAB GROUP BY 1 ORDER BY 1 DESC LIMIT 4');
SELECT topn_check('SELECT (CASE k % 3 WHEN 0 THEN t WHEN 1 THEN '''' END COLLATE "C") AS o, k, count(*) FROM TAB GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 4');
SELECT topn_check('SELECT ((t || repeat('' '', k % 3))::char(20) COLLATE "C") AS o, k, count(*) FROM TAB GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 9');
SELECT topn_check('SELECT ((t || chr(1 + k % 40))::char(20) COLLATE "C") AS o, k, count(*) FROM TAB GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 9');
SELECT topn_check('SELECT k, string_agg(t, '','' ORDER BY t) FROM TAB GROUP BY k ORDER BY k DESC LIMIT 3');
SELECT topn_check('SELECT * FROM (SELECT k / 5 AS f, t, count(*) AS c FROM TAB GROUP BY 1, 2 ORDER BY 1 FETCH FIRST 7 ROWS WITH TIES) x ORDER BY 1, 2');
-- DISTINCT, likewise
SELECT topn_check('SELECT DISTINCT k FROM TAB ORDER BY k DESC LIMIT 4');
SELECT topn_check('SELECT DISTINCT d, a FROM TAB ORDER BY d NULLS FIRST, a LIMIT 12 OFFSET 1');
SELECT topn_check('SELECT DISTINCT a, f FROM TAB WHERE k < 2000 ORDER BY f DESC NULLS LAST, a LIMIT 12');
SELECT topn_check('SELECT * FROM (SELECT DISTINCT a, d FROM TAB ORDER BY d FETCH FIRST 3 ROWS WITH TIES) x ORDER BY d, a');

-- HAVING: until as many rows have passed, or all groups have gone up.
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k HAVING count(*) < 10 ORDER BY c DESC, k LIMIT 4');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k HAVING count(*) > 9 AND max(d) > ''2025-01-01'' ORDER BY s DESC, k LIMIT 4');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k HAVING sum(a) < -500 ORDER BY s DESC NULLS LAST, k LIMIT 4 OFFSET 2');
SELECT topn_check('SELECT k, max(f) AS s FROM TAB GROUP BY k HAVING avg(n) > 60 ORDER BY s DESC NULLS FIRST, k LIMIT 9');
SELECT topn_check('SELECT k, max(f) AS s FROM TAB GROUP BY k HAVING k BETWEEN 100 AND 300 OR count(b) = 0 ORDER BY s NULLS FIRST, k LIMIT 9');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k HAVING min(a) IN (3, 5, 7, 9) ORDER BY s, k LIMIT 1');
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k HAVING count(*) > 1000 ORDER BY s, k LIMIT 1');
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k HAVING count(*) > (SELECT min(a) + 515 FROM TAB) ORDER BY c DESC, k LIMIT 2');
SELECT topn_check('SELECT * FROM (SELECT k, count(*) AS c FROM TAB GROUP BY k HAVING count(d) > 9 ORDER BY c DESC FETCH FIRST 2 ROWS WITH TIES) x ORDER BY c, k');
SELECT topn_check('SELECT * FROM (SELECT k, count(*) AS c FROM TAB GROUP BY k HAVING max(d) > ''2025-01-01'' ORDER BY c DESC FETCH FIRST 2 ROWS WITH TIES) x ORDER BY c, k');
-- ... not if it may fail for a group that would be left out, nor where values are read in order
SELECT topn_check('SELECT k, sum(a) AS s FROM TAB GROUP BY k HAVING 1000 / count(*) > 99 ORDER BY s, k LIMIT 1');
SELECT topn_check('SELECT k, sum(a) AS s, string_agg(t, '','' ORDER BY t) FROM TAB GROUP BY k HAVING count(*) > 9 ORDER BY s, k LIMIT 1');

-- Not left out: other keys, all of them wanted, or somebody else looks at them.
SELECT topn_check('SELECT k, sum(u) AS s FROM TAB GROUP BY k ORDER BY s DESC NULLS LAST, k LIMIT 4');
SELECT topn_check('SELECT k, max(t COLLATE "C") AS s FROM TAB GROUP BY k ORDER BY s, k LIMIT 4');
SELECT topn_check('SELECT k, (t COLLATE "und-x-icu") AS u, count(*) FROM TAB GROUP BY 1, 2 ORDER BY u, k LIMIT 4');
SELECT topn_check('SELECT DISTINCT k, count(*) AS c FROM TAB GROUP BY k, t ORDER BY k LIMIT 4');
SELECT topn_check('SELECT DISTINCT ON (k) k, d FROM TAB ORDER BY k, d LIMIT 4');
SELECT topn_check('SELECT DISTINCT k, generate_series(1, 2) FROM TAB ORDER BY k LIMIT 3');
SELECT topn_check('SELECT k, a, count(*), row_number() OVER (ORDER BY count(*), k, a) FROM TAB GROUP BY k, a ORDER BY k, a LIMIT 4');
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY count(*) + 0 DESC, k LIMIT 4');
SELECT topn_check('SELECT k, count(*) AS c, sum(count(*)) OVER () FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 4');
SELECT topn_check('SELECT DISTINCT count(*) AS c FROM TAB GROUP BY k ORDER BY c DESC LIMIT 2');
SELECT topn_check('SELECT k, count(*) AS c, generate_series(1, 2) FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 3');
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT 0');
SELECT topn_check('SELECT k, count(*) AS c FROM TAB GROUP BY k ORDER BY c DESC, k LIMIT NULL OFFSET 3005');
SELECT topn_check('SELECT t, count(*) AS c FROM TAB GROUP BY t ORDER BY c DESC, t LIMIT 100');
SELECT topn_check('SELECT count(*) AS c FROM TAB ORDER BY c DESC LIMIT 1');

-- Parameters: how many is known when a generic plan runs; NULL is all, and what is wrong with
-- them the Limit above says.
CREATE FUNCTION topn_groups_of(query text, options text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE format('EXPLAIN (COSTS OFF, TIMING OFF, SUMMARY OFF %s) ', options) || query LOOP
		-- 18 says which table a column is of
		CONTINUE WHEN options <> '' AND line !~ 'Groups:|Top Groups|Left Out|Row Groups:';
		RETURN NEXT replace(line, 'topn_olap.', '');
	END LOOP;
END $$;
PREPARE top(int) AS SELECT k, count(*) FROM topn_olap GROUP BY k ORDER BY 2 DESC, 1 LIMIT $1;
PREPARE top_skip(int8, int8) AS SELECT k, sum(a) FROM topn_olap GROUP BY k HAVING count(*) > 9 ORDER BY 2 DESC NULLS LAST, 1 LIMIT $1 + 1 OFFSET $2;
PREPARE top_const(int8) AS SELECT k, sum(a) FROM topn_olap GROUP BY k ORDER BY 2, 1 LIMIT 2 OFFSET $1;
-- (an expression of it is a group key as well)
PREPARE top_key(int8) AS SELECT k, $1 + 1, count(*) FROM topn_olap GROUP BY k, $1 + 1 ORDER BY 3 DESC, 1 LIMIT $1 + 1;
PREPARE top_query(int) AS SELECT k, count(*) FROM topn_olap GROUP BY k ORDER BY 2 DESC, 1 LIMIT (SELECT $1);
EXECUTE top(2);
SET plan_cache_mode = force_generic_plan;
EXECUTE top(3);
SELECT topn_groups_of('EXECUTE top(3)');
SELECT topn_groups_of('EXECUTE top(3)', ', ANALYZE');
SELECT topn_groups_of('EXECUTE top(20000)', ', ANALYZE');
SELECT topn_groups_of('EXECUTE top(NULL)', ', ANALYZE');
EXECUTE top(0);
EXECUTE top(-1);
EXECUTE top_skip(2, 3);
SELECT topn_groups_of('EXECUTE top_skip(2, 3)', ', ANALYZE');
EXECUTE top_skip(1, NULL);
EXECUTE top_skip(1, -1);
EXECUTE top_skip(9223372036854775807, 1);
SELECT topn_groups_of('EXECUTE top_skip(NULL, 2900)', ', ANALYZE');
EXECUTE top_const(1);
SELECT topn_groups_of('EXECUTE top_const(1)', ', ANALYZE');
EXECUTE top_key(1);
EXECUTE top_query(2);
SELECT topn_groups_of('EXECUTE top_query(2)', ', ANALYZE');
CREATE FUNCTION topn_first(most int) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT format('%s: %s', k, max(d)) FROM topn_olap GROUP BY k ORDER BY max(d) DESC NULLS LAST, k LIMIT most;
END $$;
SELECT topn_first(1), topn_first(3);
DROP FUNCTION topn_first;
SET plan_cache_mode = force_custom_plan;
SELECT topn_groups_of('EXECUTE top(3)');
RESET plan_cache_mode;
SELECT v.x, q.* FROM (VALUES (1), (3)) v(x), LATERAL (SELECT k, count(*) AS c FROM topn_olap GROUP BY k ORDER BY c DESC, k LIMIT v.x) q;
DROP FUNCTION topn_groups_of;

-- Rescans, cursors, and groups that come in parts.
SELECT v.x, q.* FROM (VALUES (1), (2)) v(x), LATERAL (SELECT k, count(*) AS c FROM topn_olap WHERE a > v.x GROUP BY k ORDER BY c DESC, k LIMIT 2) q;
SELECT v.x, q.* FROM (VALUES (1), (2)) v(x), LATERAL (SELECT k, count(*) AS c FROM topn_olap GROUP BY k ORDER BY c DESC, k LIMIT 2) q WHERE q.k > v.x;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT k, count(*) FROM topn_olap GROUP BY k ORDER BY 2 DESC, 1 LIMIT 3;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH ALL FROM c;
COMMIT;
CREATE TABLE topn_many AS SELECT i % 60000 AS k, i AS v FROM generate_series(1, 130000) i;
CREATE TABLE topn_many_olap (LIKE topn_many) USING olap;
INSERT INTO topn_many_olap SELECT * FROM topn_many;
-- (many pass, one group in a hundred, in fifty, in a thousand, none)
CREATE FUNCTION topn_many_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text[];
	got text[];
	said jsonb := twin_agg(twin_query(query, 'topn_many_olap'));
BEGIN
	EXECUTE format('SELECT array_agg(q::text) FROM (%s) q', twin_query(query, 'topn_many')) INTO want;
	EXECUTE format('SELECT array_agg(q::text) FROM (%s) q', twin_query(query, 'topn_many_olap')) INTO got;
	RETURN coalesce(twin_differ(got, want), format('%s rows of %s groups, %s left out, %s removed by HAVING',
		coalesce(cardinality(got), 0), said->>'Groups', said->>'Groups Left Out', said->>'Rows Removed by Filter'));
END $$;
SELECT topn_many_check('SELECT k, sum(v) AS s FROM TAB GROUP BY k HAVING min(v) BETWEEN 59000 AND 59700 ORDER BY s DESC, k LIMIT 30');
SELECT topn_many_check(format('SELECT k, sum(v) AS s FROM TAB GROUP BY k HAVING min(v) = ANY (%L) ORDER BY s DESC, k LIMIT 30',
	(SELECT array_agg(i) FROM generate_series(7, 59999, 100) i)));
SELECT topn_many_check(format('SELECT k, max(v - k) AS s FROM TAB GROUP BY k HAVING min(v) = ANY (%L) ORDER BY s DESC, k LIMIT 40',
	(SELECT array_agg(i) FROM generate_series(7, 59999, 50) i)));
SELECT topn_many_check(format('SELECT k, sum(v) AS s FROM TAB GROUP BY k HAVING min(v) = ANY (%L) ORDER BY s, k LIMIT 20',
	(SELECT array_agg(i) FROM generate_series(7, 59999, 1000) i)));
SELECT topn_many_check('SELECT k, sum(v) AS s FROM TAB GROUP BY k HAVING count(*) > 99 ORDER BY s DESC, k LIMIT 30');
SELECT topn_many_check('SELECT k, count(*) AS c FROM TAB GROUP BY k HAVING sum(v) > 200000 ORDER BY c DESC, k LIMIT 9000 OFFSET 900');
SELECT v.x, q.* FROM (VALUES (1), (2), (3)) v(x), LATERAL (SELECT k, count(*) AS c FROM topn_many_olap WHERE k > v.x GROUP BY k HAVING count(*) < v.x ORDER BY c DESC, k LIMIT 2) q;
SELECT v.x, q.* FROM (VALUES (1), (2)) v(x), LATERAL (SELECT k, sum(v) AS c FROM topn_many_olap GROUP BY k HAVING count(*) > 1 ORDER BY c DESC, k LIMIT 2) q WHERE q.k > v.x;
SET work_mem = '64kB';
SELECT topn_many_check('SELECT k, sum(v) AS s FROM TAB GROUP BY k HAVING count(*) > 2 ORDER BY s DESC, k LIMIT 30');
SET enable_sort = off;
(SELECT k, count(*), sum(v) AS s FROM topn_many GROUP BY k ORDER BY s DESC, k LIMIT 50) EXCEPT ALL
(SELECT k, count(*), sum(v) AS s FROM topn_many_olap GROUP BY k ORDER BY s DESC, k LIMIT 50);
(SELECT k, count(*), sum(v) AS s FROM topn_many_olap GROUP BY k ORDER BY s, k LIMIT 50) EXCEPT ALL
(SELECT k, count(*), sum(v) AS s FROM topn_many GROUP BY k ORDER BY s, k LIMIT 50);
RESET work_mem;
RESET enable_sort;

DROP TABLE topn_heap, topn_olap, topn_many, topn_many_olap;
DROP FUNCTION topn_check, topn_many_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
