-- Sums of numerics without a declared scale: each group shows the greatest scale
-- of its own values, as on a heap, and no row goes through the row functions.
SET max_parallel_workers_per_gather = 0;
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE scale_heap (id int, g int, n numeric);
-- group 0 has no digits behind the point, group 1 two, group 2 mixes 0 to 9, group 3
-- is NULL, group 4 gets its longest ones late, group 5 has zeros of many digits
INSERT INTO scale_heap
SELECT i, i % 6, CASE i % 6
	WHEN 0 THEN i::numeric
	WHEN 1 THEN round(i / 7.0, 2)
	WHEN 2 THEN round(i / 7.0, i % 10)
	WHEN 4 THEN round(-i / 3.0, CASE WHEN i > 15000 THEN 12 ELSE 1 END)
	WHEN 5 THEN round(0.0, i % 13) END
FROM generate_series(1, 20000) i;
CREATE TABLE scale_olap (LIKE scale_heap) USING olap;
INSERT INTO scale_olap SELECT * FROM scale_heap WHERE id <= 10000 ORDER BY g, id;
INSERT INTO scale_olap SELECT * FROM scale_heap WHERE id > 10000;
ANALYZE scale_heap;
ANALYZE scale_olap;
SELECT g, sum(n), round(avg(n), 5) AS avg, sum(n) FILTER (WHERE id < 5000) AS early FROM scale_olap GROUP BY g ORDER BY g;
SELECT count(*) AS groups, count(*) FILTER (WHERE o IS DISTINCT FROM h) AS wrong FROM
	(SELECT g, sum(n)::text, avg(n)::text, stddev(n)::text, var_pop(n)::text, sum(n + 1)::text AS plus FROM scale_olap GROUP BY g) o
	FULL JOIN (SELECT g, sum(n)::text, avg(n)::text, stddev(n)::text, var_pop(n)::text, sum(n + 1)::text AS plus FROM scale_heap GROUP BY g) h USING (g);
SELECT count(*) AS groups, count(*) FILTER (WHERE o IS DISTINCT FROM h) AS wrong FROM
	(SELECT id / 10 AS i, sum(n)::text FROM scale_olap GROUP BY 1) o
	FULL JOIN (SELECT id / 10 AS i, sum(n)::text FROM scale_heap GROUP BY 1) h USING (i);
SELECT twin_agg('SELECT g, sum(n), avg(n) FROM scale_olap GROUP BY g') ->> 'Rows by Row Functions' AS grouped,
	twin_agg('SELECT sum(n), avg(n) FROM scale_olap') ->> 'Rows by Row Functions' AS plain;
-- beside NaN and numbers of many digits, which do go through them
INSERT INTO scale_heap VALUES (20001, 1, 'NaN'), (20002, 2, 1e40), (20003, 0, 0.1234567890123456789012345);
INSERT INTO scale_olap SELECT * FROM scale_heap WHERE id > 20000;
SELECT count(*) AS groups, count(*) FILTER (WHERE o IS DISTINCT FROM h) AS wrong FROM
	(SELECT g, sum(n)::text, avg(n)::text, stddev(n)::text FROM scale_olap GROUP BY g) o
	FULL JOIN (SELECT g, sum(n)::text, avg(n)::text, stddev(n)::text FROM scale_heap GROUP BY g) h USING (g);
SELECT (twin_agg('SELECT g, sum(n) FROM scale_olap GROUP BY g') ->> 'Rows by Row Functions')::int > 0 AS some;

-- Equal values that look different: groups show their first row's, min and max the last
-- one's (of char(n) the first one's), as PostgreSQL's hashed groups do; also where sets
-- are rolled up.
CREATE TABLE forms_heap AS SELECT g AS id, (g * 7919 % 100003) % 40 AS k, g % 7 AS m,
	(ARRAY[NULL, 1, 1.0, 1.00, 2, 2.00, 0, 0.0, -3.1, -3.10, -3.100])[1 + (g * 31 + g / 5) % 11] AS n,
	(ARRAY['-0', '0', '1.5', NULL, '-2'])[1 + g * 17 % 5]::float8 AS f,
	(ARRAY['a', 'a  ', 'b', 'b ', NULL, '', ' '])[1 + g * 13 % 7]::bpchar COLLATE "C" AS c, (g % 100 / 4.0)::numeric(10,2) AS d
	FROM generate_series(1, 30000) g;
CREATE TABLE forms_olap (LIKE forms_heap) USING olap;
INSERT INTO forms_olap SELECT * FROM forms_heap WHERE id <= 20000 ORDER BY id;
INSERT INTO forms_olap SELECT * FROM forms_heap WHERE id BETWEEN 20001 AND 29990 ORDER BY id;
INSERT INTO forms_olap SELECT * FROM forms_heap WHERE id > 29990 ORDER BY id;
ANALYZE forms_heap;
ANALYZE forms_olap;
SET enable_sort = off;
CREATE FUNCTION forms_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	agg jsonb := twin_agg(twin_query(query, 'forms_olap'));
BEGIN
	IF twin_rows(query, 'forms_olap') IS DISTINCT FROM twin_rows(query, 'forms_heap') THEN
		RETURN 'WRONG';
	END IF;
	RETURN cardinality(twin_rows(query, 'forms_heap')) || ' rows' || CASE WHEN agg IS NULL THEN ' without OlapAgg' ELSE '' END
		|| coalesce(', rolled up: ' || (agg ->> 'Sets Rolled Up'), '');
END $$;
SELECT forms_check('SELECT n, count(*), min(n), max(n) FROM T GROUP BY n');
SELECT forms_check('SELECT n * 2, f, c, count(*) FROM T WHERE id > 77 GROUP BY 1, 2, 3');
SELECT forms_check('SELECT DISTINCT n, c FROM T');
SELECT forms_check('SELECT k, min(n), max(n), min(f), max(f), min(c), max(c), min(-n), max(n * d) FROM T GROUP BY k');
SELECT forms_check('SELECT min(n), max(n), min(f), max(f), min(c), max(c), min(-n), max(n * d) FROM T');
SELECT forms_check('SELECT k, m, min(n), max(n), min(f), max(f), min(c), max(c), min(-n), max(n * d), max(d) FROM T GROUP BY CUBE (k, m)');
SELECT forms_check('SELECT k, n, min(n + 1), max(abs(f)), min(c) FROM T GROUP BY GROUPING SETS ((k), (n), ())');
SELECT forms_check('SELECT m, n, f, c, min(n * d) FILTER (WHERE k < 9), max(n) FROM T GROUP BY ROLLUP (m, n, f, c)');
SELECT forms_check('SELECT id / 2, k, min(n), max(f) FROM T GROUP BY GROUPING SETS ((id / 2), (k), ())');
RESET enable_sort;
DROP TABLE scale_heap, scale_olap, forms_heap, forms_olap;
DROP FUNCTION forms_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
