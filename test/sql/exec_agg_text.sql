-- OlapAgg: min and max of text in collations, those with a comparison of their own too;
-- answers are a heap table's.
SET max_parallel_workers_per_gather = 0;
SET olap.enable_order = off;
-- equal values that look different: the server shows one or the other, by the order of rows
SET enable_sort = off;
\set ECHO none
\i test/include/heap_twin.sql
CREATE COLLATION text_libc (provider = libc, locale = 'C.UTF-8');
CREATE COLLATION text_nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE text_heap (
	id int NOT NULL, g int, day int, few text, many text, long text, v varchar(40), c char(8), p text COLLATE "POSIX", i text COLLATE "und-x-icu",
	n text COLLATE text_nocase);
-- few: entries of a dictionary; many: nearly all different; letters that collations order in their own way
INSERT INTO text_heap
SELECT g, k % 50, g / 4096, CASE WHEN k % 5 <> 0 THEN (ARRAY['', 'a', 'B', 'b', 'ab', 'Ab', 'a b', 'a-b', 'ä', 'Ä', 'z', 'é', 'e', '日本', E'\t', 'a ', 'ss', 'ß'])[1 + k % 18] END,
	CASE WHEN k % 7 <> 0 THEN 'https://' || chr(65 + k % 58) || '.example/' || md5(k::text) END,
	CASE WHEN k % 9 = 0 THEN repeat(chr(97 + k % 3), k % 400) ELSE left(md5(k::text), k % 9) || CASE WHEN k % 2 = 0 THEN 'Ω' ELSE '' END END,
	(ARRAY['x', 'X', 'x ', 'xy', '', 'Zoë', 'zoe'])[1 + k % 7] || k % 11, CASE WHEN k % 6 <> 0 THEN (ARRAY['', 'a', 'a ', 'ab', 'B', 'ä'])[1 + k % 6] END,
	CASE WHEN k % 4 <> 0 THEN chr(32 + k % 90) || 'ü' || k % 100 END, CASE WHEN k % 4 <> 1 THEN chr(65 + k % 58) || '_' || k % 40 END,
	(ARRAY['n', 'N', 'm', 'M'])[1 + k % 4]
FROM (SELECT g, ((g::int8 * 7919 + g / 64 * 104729) % 1000003)::int AS k FROM generate_series(1, 90000) g) s;
CREATE TABLE text_olap (LIKE text_heap) USING olap WITH (autovacuum_enabled = off);
INSERT INTO text_olap SELECT * FROM text_heap WHERE id <= 70000 ORDER BY id;
INSERT INTO text_olap SELECT * FROM text_heap WHERE id > 70000 AND id <= 89950 ORDER BY id;
INSERT INTO text_olap SELECT * FROM text_heap WHERE id > 89950;
DELETE FROM text_heap WHERE id % 97 = 5;
DELETE FROM text_olap WHERE id % 97 = 5;
ANALYZE text_heap;
ANALYZE text_olap;
-- Are the rows of query, which names the table T, those of the heap; how many; how
-- many aggregates are in vectors and by rows?
CREATE FUNCTION text_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text[] := twin_rows(query, 'text_heap');
	got text[] := twin_rows(query, 'text_olap');
	agg jsonb := twin_agg(twin_query(query, 'text_olap'));
BEGIN
	IF twin_differ(got, want) IS NOT NULL THEN
		RETURN twin_differ(got, want);
	END IF;
	RETURN cardinality(got) || ' rows' || coalesce(', ' || jsonb_array_length(agg -> 'Vector Aggregates') || ' in vectors', '')
		|| coalesce(', ' || jsonb_array_length(agg -> 'Row Aggregates') || ' by rows', '')
		|| CASE WHEN (agg ->> 'Spilled Rows')::int8 > 0 THEN ', spilled' ELSE '' END;
END $$;
CREATE TABLE text_collations (n int, col text);
INSERT INTO text_collations VALUES (1, 'default'), (2, 'C'), (3, 'POSIX'), (4, 'text_libc'), (5, 'und-x-icu'), (6, 'de-x-icu'), (7, 'text_nocase');

-- Each collation: without groups, vectors of one group, few groups, many groups.
SELECT col, keys, text_check(format('SELECT %3$s, min(few COLLATE %2$I), max(few COLLATE %2$I), min(many COLLATE %2$I), max(many COLLATE %2$I), min(long COLLATE %2$I), max(long COLLATE %2$I),
	min(v COLLATE %2$I), max(v COLLATE %2$I) FROM T GROUP BY %1$s', keys, col, CASE WHEN keys <> '()' THEN keys ELSE '0' END))
FROM text_collations, unnest(ARRAY['()', 'day', 'g', 'id % 9000']) WITH ORDINALITY k (keys, place) ORDER BY n, place;
-- Collations of columns; blanks at the end.
SELECT text_check('SELECT min(p), max(p), min(i), max(i), max(c), min(c) FROM T');
SELECT text_check('SELECT day, min(p), max(p), min(i), max(i), max(c), min(c) FROM T GROUP BY day');
SELECT text_check('SELECT g, min(p), max(p), min(i), max(i), max(c), min(c), max(c COLLATE "de-x-icu"), min(c COLLATE "C") FROM T GROUP BY g');
SELECT text_check('SELECT g, quote_literal(min(few::bpchar)), quote_literal(max(few::bpchar)), quote_literal(max(v::bpchar COLLATE "und-x-icu")) FROM T GROUP BY g');
SELECT text_check('SELECT day, quote_literal(min(few::bpchar)), quote_literal(max(few::bpchar COLLATE "C")), quote_literal(min(v::bpchar COLLATE "und-x-icu")) FROM T GROUP BY day');
-- equal values look different: the server's functions
SELECT text_check('SELECT g, min(n), max(n) FROM T GROUP BY g');
SELECT text_check('SELECT min(n), max(few), min(n COLLATE "C") FROM T');

-- FILTER, DISTINCT, expressions, HAVING, no rows, NULLs alone.
SELECT text_check('SELECT g, min(few) FILTER (WHERE day = 3), max(few) FILTER (WHERE few <> ''z''), max(many) FILTER (WHERE id % 3 = 0), min(DISTINCT few), max(DISTINCT i) FROM T GROUP BY g');
SELECT text_check('SELECT g, min(upper(few)), max(few || v), min(left(many, 10)), max(CASE WHEN day > 5 THEN few ELSE i END COLLATE "de-x-icu"), min(g::text) FROM T GROUP BY g HAVING max(few) > ''b'' AND min(i) < ''x''');
SELECT text_check('SELECT min(few), max(i), min(many) FROM T WHERE id + 0 < 0');
SELECT text_check('SELECT g, min(few), max(i), min(c) FROM T WHERE few IS NULL AND c IS NULL GROUP BY g');
SELECT text_check('SELECT g, min(few) AS m, count(*) FROM T GROUP BY g ORDER BY min(few), g LIMIT 3');
SELECT text_check('SELECT g, max(many) FROM T GROUP BY g ORDER BY count(*) DESC, g LIMIT 3');
-- row groups are not answered by the bounds of zones, which have the order of bytes
SELECT text_check('SELECT min(few), max(few), min(i), max(i), min(v), max(v), count(*) FROM T');

-- Grouping sets, rolled up and fed; memory that is spent; workers; joins.
SELECT text_check('SELECT g, day, min(few), max(i), min(many), max(c), max(p) FROM T GROUP BY CUBE (g, day)');
SELECT text_check('SELECT g, day, min(few::bpchar), max(few::bpchar), max(v::bpchar) FROM T GROUP BY ROLLUP (g, day)');
SELECT text_check('SELECT g, day, min(few), max(i), sum(DISTINCT id) FROM T GROUP BY GROUPING SETS (g, day, ())');
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT text_check('SELECT id / 5, min(few), max(i), min(many), max(long), min(p) FROM T GROUP BY 1');
SELECT text_check('SELECT id / 5, g, min(few), max(i) FROM T GROUP BY GROUPING SETS (1, g)');
RESET work_mem;
RESET hash_mem_multiplier;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT text_check('SELECT g, min(few), max(few COLLATE "und-x-icu"), max(many), min(c), max(p) FROM T GROUP BY g');
SELECT text_check('SELECT min(few), max(few COLLATE "und-x-icu"), max(many), min(c), max(p) FROM T');
SET max_parallel_workers_per_gather = 0;
SELECT text_check('SELECT x, min(few), max(label), min(label COLLATE "C"), max(i) FROM T JOIN (SELECT k, k % 3 AS x, ''l'' || chr(65 + k) AS label FROM generate_series(0, 40) k GROUP BY k) s ON k = g GROUP BY x');

-- answers of a function for a dictionary's entries, more than are kept
ALTER TABLE text_heap ADD w text;
ALTER TABLE text_olap ADD w text;
TRUNCATE text_heap, text_olap;
INSERT INTO text_heap (id, g, w) SELECT k, k % 7, CASE WHEN k % 11 <> 0 THEN 's' || k % 3000 END FROM generate_series(1, 20000) k;
INSERT INTO text_olap SELECT * FROM text_heap ORDER BY id;
ANALYZE text_heap, text_olap;
SELECT text_check('SELECT md5(repeat(w, 2000)), count(*), count(DISTINCT g) FROM T WHERE repeat(w, 2000) > ''s1'' GROUP BY 1');
SELECT text_check('SELECT g, md5(min(repeat(w, 2000))), md5(max(repeat(w, 2000))), count(DISTINCT repeat(w, 2000)), count(repeat(w, 2000)) FROM T GROUP BY g');
SELECT text_check('SELECT length(k), count(*) FROM (SELECT repeat(w, 2000) AS k, count(*) FROM T GROUP BY 1) s GROUP BY 1');

DROP TABLE text_heap, text_olap, text_collations;
DROP FUNCTION text_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
DROP COLLATION text_libc, text_nocase;
