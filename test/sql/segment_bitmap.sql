-- Bitmap indexes in segments: option bitmap, rows found before any column is read.
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ 'Row Groups' THEN RETURN NEXT trim(line); END IF;
  END LOOP;
END $$;

-- values scattered over three row groups, some of them NULL, -0 and NaN; r: rare values among common ones
CREATE TABLE bm (ts timestamptz, i2 int2, i4 int4, i8 int8, o oid, d date, f4 float4, f8 float8, n numeric(12,3), nn numeric,
  t text, v varchar(40), c char(12), y bytea, u uuid, b bool, r text, ser int)
USING olap WITH (time_column = 'ts', segment_interval = '100 days', bitmap = 'i2, i4, i8, o, d, f4, f8, n, nn, t, v, c, y, u, b, r, ser');
INSERT INTO bm
SELECT '2026-01-01'::timestamptz + i * interval '1 s', h % 20000, h, h::bigint << 20, h, '1900-01-01'::date + h, h, h / 8.0, h / 1000.0, h,
  't' || h, 'v' || h, 'c' || h, h::text::bytea, md5(h::text)::uuid, h % 2 = 0, CASE WHEN h % 500 = 0 THEN 'rare' || h % 7 ELSE 'common' || h % 10 END, i
FROM (SELECT i, CASE WHEN i % 100 > 0 THEN (i * 7919::bigint % 40009)::int END AS h FROM generate_series(1, 140000) i) s;
INSERT INTO bm (ts, f8, f4, n, t) VALUES ('2026-01-02', '-0', '-0', -0.001, ''), ('2026-01-02', 'NaN', 'NaN', 5.5, 'short');
CALL olap.compact('bm');
CREATE TABLE bm_heap USING heap AS SELECT * FROM bm;
SELECT "column", kind, wanted, segments, lacking, built, not_built FROM olap.index_stats('bm');
-- two or three rows a value
SELECT bool_and(bytes BETWEEN 1 AND 560000) AS small FROM olap.index_stats('bm') WHERE built > 0;
SELECT "column", bytes < 20000 AS tiny FROM olap.index_stats('bm') WHERE "column" = 'r';
SELECT * FROM olap.verify('bm');

-- each type, present and absent: the answer is heap's, rows are passed over
CREATE FUNCTION look(col text, VARIADIC constants text[]) RETURNS TABLE (what text, rows bigint, same boolean, used boolean) LANGUAGE plpgsql AS $$
DECLARE k text; a text; b text; off text;
BEGIN
  FOREACH k IN ARRAY constants LOOP
    what := col || ' ' || k;
    EXECUTE format('SELECT count(*), md5(string_agg(x::text, '','' ORDER BY ts)) FROM bm x WHERE %I %s', col, k) INTO rows, a;
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY ts)) FROM bm_heap x WHERE %I %s', col, k) INTO b;
    SET LOCAL olap.enable_bitmap = off;
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY ts)) FROM bm x WHERE %I %s', col, k) INTO off;
    SET LOCAL olap.enable_bitmap = on;
    same := a IS NOT DISTINCT FROM b AND a IS NOT DISTINCT FROM off;
    SELECT count(*) > 0 INTO used FROM plan_of(format('SELECT * FROM bm WHERE %I %s', col, k)) p WHERE p ~ 'Bitmap';
    RETURN NEXT;
  END LOOP;
END $$;
SELECT * FROM look('i2', '= 77', '= 77::bigint', 'IN (77, 78, 79)', 'IS NULL', 'IS DISTINCT FROM 77');
SELECT * FROM look('i4', '= 77', '= 39999', '= 40100', 'IN (77, 12345, 140010)', '= ANY (ARRAY[77, NULL])', '= 77::bigint', '= 77::smallint');
SELECT * FROM look('i8', '= 80740352', '= 80740353', '= 77');
SELECT * FROM look('o', '= 77', '= 39999');
SELECT * FROM look('d', '= ''1900-03-19''', '= ''1900-03-19''::timestamp', '= ''1900-03-19 00:00:01''::timestamp');
SELECT * FROM look('f4', '= 77', '= 77.5', '= ''NaN''', '= 0', '= ''-0''', '= 77::float8');
SELECT * FROM look('f8', '= 9.625', '= 0.1', '= ''NaN''', '= 0', '= ''-0''', '= 9.625::float4');
SELECT * FROM look('n', '= 0.077', '= 0.0770', '= 77', '= 0.0771', '= -0.001', 'IN (0.077, 1.5, 39.999)');
SELECT * FROM look('t', '= ''t77''', '= ''t 77''', '= ''''', 'IN (''t77'', ''short'')', '= ''t77''::varchar');
SELECT * FROM look('v', '= ''v77''', '= ''v0''');
SELECT * FROM look('y', '= ''77''', '= ''077''');
SELECT * FROM look('u', '= md5(''77'')::uuid', '= ''28dd2c79-55ce-9264-5624-0d82443f2bee''');
SELECT * FROM look('r', '= ''rare3''', '= ''common3''', 'IN (''rare3'', ''rare4'')', 'IN (''rare3'', ''common3'')', '= ''none''', '<> ''rare3''');
-- not looked up: other types, columns without an index, common values; NULLs and ranges are found otherwise
SELECT * FROM look('nn', '= 77');
SELECT * FROM look('c', '= ''c77''');
SELECT * FROM look('b', '= true');
SELECT * FROM look('ser', '= 77');
SELECT * FROM look('i4', '> 39990', '<> 77', 'IS NULL', 'BETWEEN 77 AND 77', '= 77 OR r = ''rare1''');
SELECT * FROM look('t', 'COLLATE "C" = ''t77''', 'LIKE ''t77''');
-- a long list is as well, where that pays
SELECT used FROM (SELECT string_agg((-g)::text, ',') l FROM generate_series(1, 32) g) s, look('i4', 'IN (0,' || l || ')');

-- what EXPLAIN says; rows of several columns are intersected
SELECT plan_of('SELECT * FROM bm WHERE i8 = 80740352');
SELECT plan_of('SELECT * FROM bm WHERE r = ''rare3''');
SELECT plan_of('SELECT * FROM bm WHERE r = ''rare3'' AND i2 = 500 AND i4 > 0');
SELECT plan_of('SELECT count(*) FROM bm WHERE i4 = 77');
SELECT plan_of('SELECT * FROM bm WHERE i4 = 77 AND i2 = 78');
CREATE FUNCTION json_of(query text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
  RETURN plan -> 0 -> 'Plan';
END $$;
SELECT k, json_of('SELECT * FROM bm WHERE r = ''rare3'' AND i2 = 500') ->> k AS value
FROM unnest(ARRAY['Row Groups Pruned by Bitmap', 'Row Groups Narrowed by Bitmap', 'Rows Found by Bitmap', 'Rows Passed Over by Bitmap']) k;

-- in the order of a column, with groups, prepared, cursors, parallel
SELECT ts, i4 FROM bm WHERE i4 = 77 ORDER BY ts DESC LIMIT 2;
SELECT ts, i4 FROM bm WHERE r = 'rare3' ORDER BY ts LIMIT 3;
SET work_mem = '64kB';
SELECT count(*), md5(string_agg(ts::text, ',')) FROM (SELECT ts FROM bm WHERE r IN ('rare3', 'rare4', 'rare5') ORDER BY ts) s;
SELECT count(*), md5(string_agg(ts::text, ',')) FROM (SELECT ts FROM bm_heap WHERE r IN ('rare3', 'rare4', 'rare5') ORDER BY ts) s;
RESET work_mem;
SELECT i2, count(*), sum(n), min(t) FROM bm WHERE i4 IN (77, 78) GROUP BY i2 ORDER BY i2;
PREPARE point(int) AS SELECT count(*), min(t) FROM bm WHERE i4 = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE point(77);
EXECUTE point(40100);
EXECUTE point(NULL);
RESET plan_cache_mode;
BEGIN;
DECLARE cur SCROLL CURSOR FOR SELECT i4, t FROM bm WHERE i4 IN (77, 12345);
FETCH 3 FROM cur;
FETCH BACKWARD 2 FROM cur;
FETCH LAST FROM cur;
FETCH BACKWARD 10 FROM cur;
COMMIT;
SELECT x, (SELECT count(*) FROM bm WHERE i4 = x) FROM (VALUES (77), (40100), (78), (NULL), (77)) v (x);
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*), min(t) FROM bm WHERE i4 IN (77, 79, 500000);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- changed rows: deleted, updated, of the delta
BEGIN;
DELETE FROM bm WHERE i4 = 77 AND ts > '2026-01-01 12:00';
UPDATE bm SET i4 = -5 WHERE i4 = 78;
INSERT INTO bm (ts, i4, t) VALUES ('2026-01-03', 77, 'delta');
SELECT i4, count(*), max(t) FROM bm WHERE i4 IN (77, 78, -5) GROUP BY i4 ORDER BY i4;
ROLLBACK;
SELECT i4, count(*) FROM bm WHERE i4 IN (77, 78, -5) GROUP BY i4 ORDER BY i4;
DELETE FROM bm WHERE i4 = 77 AND ts > '2026-01-01 12:00';
UPDATE bm SET i4 = -5 WHERE i4 = 78;
INSERT INTO bm (ts, i4, t) VALUES ('2026-01-03', 77, 'delta');
SELECT i4, count(*), max(t) FROM bm WHERE i4 IN (77, 78, -5) GROUP BY i4 ORDER BY i4;
CALL olap.compact('bm');
SELECT i4, count(*), max(t) FROM bm WHERE i4 IN (77, 78, -5) GROUP BY i4 ORDER BY i4;
DELETE FROM bm WHERE i4 = -5 AND ts < '2026-01-01 12:00';
SELECT ts, i4 FROM bm WHERE i4 IN (77, -5) ORDER BY ts DESC LIMIT 3;
SELECT plan_of('SELECT * FROM bm WHERE i4 = 77');
SELECT * FROM olap.verify('bm');

-- once compaction has sorted the rows, zones do as well
CREATE TABLE bo (k int) USING olap WITH (order_by = 'k', bitmap = 'k');
INSERT INTO bo SELECT i * 7919::bigint % 140009 FROM generate_series(1, 140000) i;
SELECT "column", built, not_built FROM olap.index_stats('bo');
CALL olap.compact('bo');
SELECT "column", built, not_built FROM olap.index_stats('bo');
SELECT count(*) FROM bo WHERE k = 77;
SELECT * FROM olap.verify('bo');

-- old segments get indexes by compaction; types that change without a rewrite
CREATE TABLE bt (k int, v varchar(10), w int) USING olap;
INSERT INTO bt SELECT i * 7919::bigint % 200003, 'v' || i * 7919::bigint % 200003, -i FROM generate_series(1, 200000) i;
ALTER TABLE bt SET (bitmap = 'k, v, w');
SELECT work FROM olap.compaction_status WHERE "table" = 'bt'::regclass;
CALL olap.compact('bt');
SELECT work FROM olap.compaction_status WHERE "table" = 'bt'::regclass;
SELECT "column", wanted, lacking, built, not_built FROM olap.index_stats('bt');
ALTER TABLE bt ALTER v TYPE text;
ALTER TABLE bt ALTER w TYPE oid;
ALTER TABLE bt ADD z int DEFAULT 5;
ALTER TABLE bt SET (bitmap = 'k, v, z');
SELECT count(*) FROM bt WHERE v = 'v77';
SELECT count(*) FROM bt WHERE k = 77 AND z = 5;
SELECT count(*) FROM bt WHERE z = 6;
SELECT count(*) FROM bt WHERE w = 4294967295;
SELECT * FROM olap.verify('bt');
-- one row group; all values common; a bloom besides; a key
CREATE TABLE bs (k int PRIMARY KEY, f int, g int) USING olap WITH (bitmap = 'k, f, g', bloom = 'k');
INSERT INTO bs SELECT i, i % 50, NULL FROM generate_series(1, 10000) i;
CALL olap.compact('bs');
SELECT "column", kind, built, not_built FROM olap.index_stats('bs');
SELECT count(*) FROM bs WHERE f = 5;
SELECT * FROM bs WHERE k = 5000;
SELECT count(*) FROM bs WHERE g = 1;
SELECT * FROM olap.verify('bs');
-- texts that are equal but for case have no hash in common
CREATE COLLATION bm_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE bc (t text COLLATE bm_case) USING olap WITH (bitmap = 't');
INSERT INTO bc SELECT 'x' || i FROM generate_series(1, 10000) i;
SELECT "column", kind, built, not_built FROM olap.index_stats('bc');
SELECT count(*) FROM bc WHERE t = 'X77';
DROP TABLE bc;
DROP COLLATION bm_case;
DROP TABLE bm, bm_heap, bo, bt, bs;
DROP FUNCTION plan_of, json_of, look;
