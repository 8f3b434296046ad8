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
DROP TABLE scale_heap, scale_olap;
DROP FUNCTION twin_query, twin_rows, twin_agg, twin_said;
