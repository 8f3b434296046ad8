-- Filters of texts of which nearly all differ, and of those that share a large
-- dictionary: the same rows as of a heap, for every kind of pattern.
CREATE TABLE text_heap AS
SELECT i AS id,
	CASE WHEN i % 11 = 0 THEN NULL WHEN i % 7 = 0 THEN ''
		ELSE 'https://' || md5(i::text) || CASE i % 5 WHEN 0 THEN '/cart/' WHEN 1 THEN '/käse_100%/' ELSE '/' END || i
	END AS url,
	CASE WHEN i % 13 = 0 THEN '' ELSE repeat(chr(97 + i % 26), i % 70) || i % 3000 END AS word,
	(CASE WHEN i % 3 = 0 THEN '' ELSE 'x' || i || repeat(' ', i % 4) END)::char(12) AS padded,
	decode(CASE WHEN i % 9 = 0 THEN '' ELSE lpad(to_hex(i), 8, '0') || '25' END, 'hex') AS bytes
FROM generate_series(1, 10000) i;
CREATE TABLE text_olap (LIKE text_heap) USING olap;
INSERT INTO text_olap SELECT * FROM text_heap WHERE id <= 8500;
INSERT INTO text_olap SELECT * FROM text_heap WHERE id > 8500;
SET max_parallel_workers_per_gather = 0;

-- How many rows the heap has, and how many either table has alone.
CREATE FUNCTION twins(condition text) RETURNS TABLE (n bigint, alone bigint) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format(
		'SELECT (SELECT count(*) FROM text_heap WHERE %1$s), (SELECT count(*) FROM ('
		'(SELECT * FROM text_heap WHERE %1$s EXCEPT ALL SELECT * FROM text_olap WHERE %1$s) UNION ALL '
		'(SELECT * FROM text_olap WHERE %1$s EXCEPT ALL SELECT * FROM text_heap WHERE %1$s)) d)', condition);
END $$;

SELECT p AS pattern, col, negated, t.n, t.alone
FROM unnest(ARRAY['%/cart/42%', '%art%4%', '%e%', '%', '%%', '', '_%', '%_', '%käse%', '%k_se%', '%\_100\%%',
	'%s_100%', 'https%/cart/%', 'https%art%5', '%/cart/%0', '%9', '%a0%', '%/_', '%____/%', 'https://%',
	'%aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%', '%no such thing%',
	'%' || repeat('z', 300) || '%']) AS p,
	unnest(ARRAY['url', 'word']) AS col,
	unnest(ARRAY['', 'NOT ']) AS negated,
	LATERAL twins(format('%I %sLIKE %L', col, negated, p)) AS t
WHERE t.alone <> 0 OR p IN ('%/cart/42%', '%e%', '%', '', '%k_se%', '%\_100\%%')
ORDER BY col, p, negated;

-- Of few rows, and of those that another test leaves.
SELECT t.* FROM unnest(ARRAY['id % 40 = 3', 'id BETWEEN 8490 AND 8510', 'word = ''b1''', 'word <> ''''']) AS other,
	LATERAL twins(other || ' AND url LIKE ''%a1%'' AND word NOT LIKE ''%aa%''') AS t;

-- Empty or not, and equal.
SELECT condition, t.* FROM unnest(ARRAY['url <> ''''', 'url = ''''', 'word <> ''''', 'word = ''''', 'url IS NULL',
	'NOT (url <> '''')', '(url = '''') IS NOT TRUE', 'word = ''bb''', 'word = ''t71''', 'word <> ''t71''', 'padded = ''''',
	'padded <> ''''', 'padded = ''x7''', 'padded <> ''x7''', 'bytes = ''''', 'bytes <> ''''', 'bytes = ''\x0000000125''',
	'bytes <> ''\x0000000125''', 'bytes LIKE ''%\\x25%''', 'bytes LIKE ''%\\%''', 'bytes LIKE ''\000\000%''',
	'url = (SELECT url FROM text_heap WHERE id = 8501)', 'word IN ('''', ''t71'', ''nothing'')']) AS condition,
	LATERAL twins(condition) AS t;

-- An error where the heap has one.
SELECT count(*) FROM text_heap WHERE url LIKE '%/cart/42\';
SELECT count(*) FROM text_olap WHERE url LIKE '%/cart/42\';

DROP FUNCTION twins;
DROP TABLE text_heap, text_olap;
