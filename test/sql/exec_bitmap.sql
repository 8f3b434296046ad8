-- Trees of AND, OR, NOT over columns with bitmap indexes: which rows are read, and that they are the heap's.
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';
\set ECHO none
\i test/include/heap_twin.sql

-- three row groups; common values and rare ones, scattered; few NULLs in n, few others in s, 2 % NULLs in c
CREATE TABLE xb (id int, c text, camp int, pub int, lat int, f float8, n int, s int, day date, amount numeric(8,2), flag bool, js jsonb)
USING olap WITH (bitmap = 'c, camp, pub, lat, f, n, s, day, amount, flag');
INSERT INTO xb
SELECT i, CASE WHEN k % 50 <> 0 THEN CASE WHEN k % 9001 < 40 THEN 'rare' || k % 9001 ELSE 'common' || k % 5 END END,
  CASE WHEN k % 600 = 0 THEN 5000 + k / 600 % 90 ELSE k % 7 END, k % 3000, CASE WHEN k % 9000 = 0 THEN 900 + k / 9000 ELSE k % 20 END,
  CASE k % 20000 WHEN 1 THEN '-0'::float8 WHEN 2 THEN 0 WHEN 3 THEN 'NaN' ELSE k % 100 END, CASE WHEN k % 20011 <> 0 THEN k % 9 END, CASE WHEN k % 20011 = 0 THEN k % 9 END,
  date '2026-01-01' + (CASE WHEN k % 7000 = 0 THEN 100 + k / 7000 ELSE k % 40 END), CASE WHEN k % 8000 = 0 THEN 50 + k / 8000 / 100.0 ELSE k % 30 / 100.0 END,
  k % 12000 = 0, jsonb_build_object('a', k % 3)
FROM (SELECT i, (i * 7919::bigint % 1000003)::int AS k FROM generate_series(1, 140000) i) x;
CALL olap.compact('xb');
CREATE TABLE xb_heap USING heap AS SELECT * FROM xb;
SELECT "column", built, not_built FROM olap.index_stats('xb');

-- rows, whether they are the heap's with indexes and without, and what EXPLAIN says
CREATE FUNCTION look(VARIADIC quals text[]) RETURNS TABLE (qual text, rows bigint, same boolean, indexes text, pruned int, narrowed int, to_rows int) LANGUAGE plpgsql AS $$
DECLARE plan json; q text := 'SELECT count(*), sum(id), max(c), sum(hashtext(x::text)) FROM %s x WHERE %s'; a text; b text; off text;
BEGIN
  FOREACH qual IN ARRAY quals LOOP
    EXECUTE format('SELECT count(*) FROM xb_heap WHERE %s', qual) INTO rows;
    EXECUTE format('SELECT y::text FROM (' || q || ') y', 'xb', qual) INTO a;
    EXECUTE format('SELECT y::text FROM (' || q || ') y', 'xb_heap', qual) INTO b;
    SET LOCAL olap.enable_bitmap = off;
    EXECUTE format('SELECT y::text FROM (' || q || ') y', 'xb', qual) INTO off;
    SET LOCAL olap.enable_bitmap = on;
    same := a = b AND off = b;
    EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM xb WHERE ' || qual INTO plan;
    plan := plan -> 0 -> 'Plan';
    SELECT string_agg(i, ' ') INTO indexes FROM json_array_elements_text(plan -> 'Bitmap Indexes') i;
    pruned := plan ->> 'Row Groups Pruned by Bitmap';
    narrowed := plan ->> 'Row Groups Narrowed by Bitmap';
    to_rows := plan ->> 'Rows Found by Bitmap';
    RETURN NEXT;
  END LOOP;
END $$;
-- OR: of one column, of several, of ANDs; an arm without an index, or of a common value, ends it, unless zones exclude it
SELECT * FROM look('camp = 5001 OR camp = 5002', 'camp = 5001 OR c = ''rare7''', 'camp = 5001 OR c = ''rare7'' OR pub IN (1, 2)', '(camp = 5001 AND n = 3) OR (c = ''rare7'' AND n = 4)',
  'camp = 5001 OR c = ''common1''', 'camp = 5001 OR js = ''{"a": 1}''', 'camp = 5001 OR id = -1', 'camp = 5001 OR id > 139990', '(camp = 5001 OR c = ''rare7'') AND (pub < 1000 OR pub = 2500)',
  'camp = -1 OR c = ''none''', 'camp = 5001 OR (c = ''rare7'' AND js @> ''{"a": 1}'')', 'camp = 5001 OR n = s');
-- ranges, <>, NOT IN, LIKE: values that pass are looked up, if they are few
SELECT * FROM look('camp BETWEEN 5000 AND 5003', 'camp > 5087', 'camp >= 5080 AND camp < 5082', 'lat > 900', 'lat > 5', 'lat <> 3', 'lat NOT IN (0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19)',
  'c LIKE ''rare1_''', 'c LIKE ''%9''', 'starts_with(c, ''rare2'')', 'c > ''rare3'' COLLATE "C"', 'c NOT LIKE ''common%''', 'c NOT IN (''common0'', ''common1'', ''common2'', ''common3'', ''common4'')',
  'NOT (lat BETWEEN 0 AND 19)', 'day > ''2026-04-01''', 'day BETWEEN timestamp ''2026-04-20'' AND ''2026-04-22 12:00''', 'amount > 50.10', 'amount >= 50.095 AND amount < 50.105', 'flag', 'NOT flag', 'flag IS NOT TRUE', 'f > 99', 'f = 0', 'NOT f < ''NaN''', 'pub BETWEEN 5 AND 7', 'pub < 2000');
-- a list beyond 32 values
SELECT rows, same, indexes FROM (SELECT 'pub IN (' || string_agg(g::text, ',') || ')' AS q FROM generate_series(1, 40) g) s, look(q);
-- NULLs: few, or all but few; not true of them unless it says so
SELECT * FROM look('n IS NULL', 'n IS NOT NULL', 's IS NOT NULL', 's IS NULL', 's > 2', 's <> 3', 'n IS NULL OR camp = 5001', 'n IS DISTINCT FROM NULL AND camp = 5001', 's IS DISTINCT FROM 4', 'n = 3 IS NOT TRUE',
  'c IS NULL', 'c IS NULL OR camp = 5001', '(n <> 3) IS UNKNOWN', 'NOT (n IS NOT NULL OR camp <> 5001)', 'NOT (camp <> 5001 OR c IS NULL)', 'camp = 5001 AND c IS NULL', 'camp NOT IN (1, 2, NULL)', 'camp = ANY (ARRAY[5001, NULL])');
SELECT twin_said('SELECT * FROM xb WHERE camp = 5001 OR c = ''rare7''', 'Bitmap (Indexes|Index Bytes Read: [1-9])|by Bitmap');
SELECT twin_said('SELECT * FROM xb x WHERE camp = 5001 OR c = ''rare7''', 'Bitmap Indexes', ', VERBOSE');
-- nothing was asked: nothing is said
SELECT twin_said('SELECT * FROM xb WHERE id < 0 OR id > 200000', 'Bitmap|Row Groups');

-- zones of trees prune without an index, and with indexes switched off
SET olap.enable_bitmap = off;
SELECT twin_said('SELECT * FROM xb WHERE id < 0 OR id > 139999', 'Bitmap|Row Groups');
SELECT count(*) FROM xb WHERE id < 0 OR id > 139999;
RESET olap.enable_bitmap;

-- in order, late reads, prepared, parallel
SELECT id, camp, c FROM xb WHERE camp = 5001 OR c = 'rare7' ORDER BY id DESC LIMIT 3;
SELECT id, camp, c FROM xb_heap WHERE camp = 5001 OR c = 'rare7' ORDER BY id DESC LIMIT 3;
PREPARE tree(int, text, int) AS SELECT count(*), sum(id) FROM xb WHERE camp = $1 OR c = $2 OR (lat > $3 AND n <> 4);
SET plan_cache_mode = force_generic_plan;
EXECUTE tree(5001, 'rare7', 900);
SELECT count(*), sum(id) FROM xb_heap WHERE camp = 5001 OR c = 'rare7' OR (lat > 900 AND n <> 4);
EXECUTE tree(NULL, NULL, 905);
SELECT count(*), sum(id) FROM xb_heap WHERE lat > 905 AND n <> 4;
RESET plan_cache_mode;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SELECT count(*), sum(id) FROM xb WHERE camp = 5001 OR c LIKE 'rare7%';
SELECT count(*), sum(id) FROM xb_heap WHERE camp = 5001 OR c LIKE 'rare7%';
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- rows of the delta, deleted ones, dropped columns, new ones, segments without indexes
INSERT INTO xb SELECT id + 200000, c, camp, pub, lat, f, n, s, day, amount, flag, js FROM xb WHERE id < 300;
INSERT INTO xb_heap SELECT id + 200000, c, camp, pub, lat, f, n, s, day, amount, flag, js FROM xb_heap WHERE id < 300;
DELETE FROM xb WHERE id % 11 = 3; DELETE FROM xb_heap WHERE id % 11 = 3;
UPDATE xb SET c = 'rare7', n = NULL WHERE id % 9001 = 5; UPDATE xb_heap SET c = 'rare7', n = NULL WHERE id % 9001 = 5;
ALTER TABLE xb DROP s, ADD z int DEFAULT 5, ALTER day TYPE timestamp USING day, ALTER c TYPE varchar; ALTER TABLE xb_heap DROP s, ADD z int DEFAULT 5, ALTER day TYPE timestamp USING day, ALTER c TYPE varchar;
SELECT qual, rows, same FROM look('camp = 5001 OR c = ''rare7''', 'c LIKE ''rare1_''', 'n IS NULL', 'z = 5 AND camp = 5001', 'z <> 5 OR camp = 5001', 'z IS NULL OR camp = 5001', 'day > ''2026-04-01''', 'c NOT LIKE ''common%'' AND NOT (lat BETWEEN 1 AND 18)');
ALTER TABLE xb SET (bitmap = 'camp, z');
INSERT INTO xb SELECT id + 300000, c, camp, pub, lat, f, n, day, amount, flag, js, id % 500 FROM xb WHERE id < 30000;
INSERT INTO xb_heap SELECT id + 300000, c, camp, pub, lat, f, n, day, amount, flag, js, id % 500 FROM xb_heap WHERE id < 30000;
SELECT qual, rows, same FROM look('camp = 5001 OR c = ''rare7''', 'c LIKE ''rare1_'' OR z = 77', 'z IN (7, 77) OR camp > 5087', 'z <> 5 AND camp >= 5080', 'NOT (z = 5 OR camp < 5000)');
CALL olap.compact('xb');
SELECT qual, rows, same FROM look('camp = 5001 OR c = ''rare7''', 'c LIKE ''rare1_'' OR z = 77', 'z IN (7, 77) OR camp > 5087', 'z <> 5 AND camp >= 5080', 'NOT (z = 5 OR camp < 5000)');
SELECT * FROM olap.verify('xb');

-- "char" and oid; a column whose type changed without a rewrite
CREATE TABLE xo (id int, o oid, w int, q "char") USING olap WITH (bitmap = 'o, w, q');
INSERT INTO xo SELECT i, 4294967290 + i % 6, CASE WHEN i % 1000 = 0 THEN -(i / 1000) ELSE i % 3 END, CASE WHEN i % 997 = 0 THEN 'z' ELSE 'a' END::"char" FROM generate_series(1, 70000) i;
INSERT INTO xo SELECT i, i % 7000, i % 90, chr(200 - i % 2) FROM generate_series(70001, 140000) i;
CREATE TABLE xo_heap USING heap AS SELECT * FROM xo;
ALTER TABLE xo ALTER w TYPE oid; ALTER TABLE xo_heap ALTER w TYPE oid;
SELECT twin_rows(q, 'xo') IS NOT DISTINCT FROM twin_rows(q, 'xo_heap') AS same, cardinality(twin_rows(q, 'xo')) AS rows
FROM (VALUES ('SELECT * FROM T WHERE o BETWEEN 4294967292 AND 4294967293 AND w > 4000000000'), ('SELECT * FROM T WHERE w > 4294967200'), ('SELECT * FROM T WHERE q > ''b'' AND w > 4294967000'),
  ('SELECT * FROM T WHERE NOT (w < 4294967200) OR o = 77'), ('SELECT * FROM T WHERE o > 6997 AND o < 100000')) v (q);
DROP TABLE xb, xb_heap, xo, xo_heap;
DROP FUNCTION look, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
