-- Blooms in segments: option bloom, what they exclude, when they are not built.
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
    IF line ~ 'Row Groups' THEN RETURN NEXT trim(line); END IF;
  END LOOP;
END $$;

-- values scattered over three row groups, some of them NULL, -0 and NaN
CREATE TABLE bl (ts timestamptz, i2 int2, i4 int4, i8 int8, o oid, d date, f4 float4, f8 float8, n numeric(12,3), nn numeric,
  t text, v varchar(40), c char(12), y bytea, u uuid, b bool, lc text, ser int)
USING olap WITH (autovacuum_enabled = off, time_column = 'ts', segment_interval = '100 days',
  bloom = 'i2, i4, i8, o, d, f4, f8, n, nn, t, v, c, y, u, b, lc, ser');
INSERT INTO bl
SELECT '2026-01-01'::timestamptz + i * interval '1 s', h % 20000, h, h::bigint << 20, h, '1900-01-01'::date + h, h, h / 8.0, h / 1000.0, h,
  't' || h, 'v' || h, 'c' || h, h::text::bytea, md5(h::text)::uuid, h % 2 = 0, 'lc' || h % 10, i
FROM (SELECT i, CASE WHEN i % 100 > 0 THEN (i * 7919::bigint % 140009)::int END AS h FROM generate_series(1, 140000) i) s;
INSERT INTO bl (ts, f8, f4, n, t) VALUES ('2026-01-02', '-0', '-0', -0.001, ''), ('2026-01-02', 'NaN', 'NaN', 5.5, 'short');
CREATE TABLE bl_heap USING heap AS SELECT * FROM bl;
SELECT "column", built, not_built FROM olap.index_stats('bl');
SELECT bool_and(bytes <= 90000 * built) AS small FROM olap.index_stats('bl');
SELECT * FROM olap.verify('bl');

-- each type, present and absent: the answer is heap's, and row groups are excluded
CREATE FUNCTION look(col text, VARIADIC constants text[]) RETURNS TABLE (what text, rows bigint, same boolean, excluded boolean) LANGUAGE plpgsql AS $$
DECLARE k text; a text; b text; off text;
BEGIN
  FOREACH k IN ARRAY constants LOOP
    what := col || ' ' || k;
    EXECUTE format('SELECT count(*), md5(string_agg(x::text, '','' ORDER BY ts)) FROM bl x WHERE %I %s', col, k) INTO rows, a;
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY ts)) FROM bl_heap x WHERE %I %s', col, k) INTO b;
    SET LOCAL olap.enable_bloom = off;
    EXECUTE format('SELECT md5(string_agg(x::text, '','' ORDER BY ts)) FROM bl x WHERE %I %s', col, k) INTO off;
    SET LOCAL olap.enable_bloom = on;
    same := a IS NOT DISTINCT FROM b AND a IS NOT DISTINCT FROM off;
    SELECT count(*) > 0 INTO excluded FROM plan_of(format('SELECT * FROM bl WHERE %I %s', col, k)) p WHERE p ~ 'Bloom';
    RETURN NEXT;
  END LOOP;
END $$;
SELECT * FROM look('i2', '= 77', '= 77::bigint', 'IN (77, 78, 79)');
SELECT * FROM look('i4', '= 77', '= 139999', 'IN (77, 123456, 140010)', '= ANY (ARRAY[77, NULL])', '= 77::bigint', '= 77::smallint');
SELECT * FROM look('i8', '= 80740352', '= 80740353', '= 77');
SELECT * FROM look('o', '= 77', '= 139999');
SELECT * FROM look('d', '= ''1900-03-19''', '= ''1900-03-19''::timestamp', '= ''1900-03-19 00:00:01''::timestamp');
SELECT * FROM look('f4', '= 77', '= 77.5', '= ''NaN''', '= 0', '= ''-0''', '= 77::float8');
SELECT * FROM look('f8', '= 9.625', '= 0.1', '= ''NaN''', '= 0', '= ''-0''', '= 9.625::float4');
SELECT * FROM look('n', '= 0.077', '= 0.0770', '= 77', '= 0.0771', '= -0.001', 'IN (0.077, 1.5, 139.999)');
SELECT * FROM look('t', '= ''t77''', '= ''t 77''', '= ''''', 'IN (''t77'', ''short'')', '= ''t77''::varchar');
SELECT * FROM look('v', '= ''v77''', '= ''v0''');
SELECT * FROM look('y', '= ''77''', '= ''077''');
SELECT * FROM look('u', '= md5(''77'')::uuid', '= ''28dd2c79-55ce-9264-5624-0d82443f2bee''');
-- not looked up: other types, columns without a bloom, other comparisons
SELECT * FROM look('nn', '= 77');
SELECT * FROM look('c', '= ''c77''');
SELECT * FROM look('lc', '= ''lc3''');
SELECT * FROM look('ser', '= 77');
SELECT * FROM look('i4', '> 139990', '<> 77', 'IS NULL', 'BETWEEN 77 AND 77', '= 77 OR lc = ''lc1''');
SELECT * FROM look('t', 'COLLATE "C" = ''t77''', 'LIKE ''t77''');
-- a long list is not
SELECT excluded FROM (SELECT string_agg((-g)::text, ',') l FROM generate_series(1, 32) g) s, look('i4', 'IN (0,' || l || ')');

-- what EXPLAIN says
SELECT plan_of('SELECT * FROM bl WHERE i8 = 80740352');
-- prepared statements and parallel workers
PREPARE point(int) AS SELECT count(*), min(t) FROM bl WHERE i4 = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE point(77);
EXECUTE point(100);
EXECUTE point(NULL);
RESET plan_cache_mode;
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SELECT count(*), min(t) FROM bl WHERE i4 IN (77, 79, 500000);
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;

-- changed rows
UPDATE bl SET i4 = -5 WHERE i4 = 77;
DELETE FROM bl WHERE i4 = 79;
SELECT count(*) FROM bl WHERE i4 IN (77, 79);
SELECT count(*) FROM bl WHERE i4 = -5;
CALL olap.compact('bl');
SELECT count(*) FROM bl WHERE i4 = -5;
SELECT * FROM olap.verify('bl');

-- once compaction has sorted the rows, zones do as well
CREATE TABLE bo (k int) USING olap WITH (order_by = 'k', bloom = 'k');
INSERT INTO bo SELECT i * 7919::bigint % 140009 FROM generate_series(1, 140000) i;
SELECT "column", built, not_built FROM olap.index_stats('bo');
SELECT count(*) FROM bo WHERE k = 77;
CALL olap.compact('bo');
SELECT "column", built, not_built FROM olap.index_stats('bo');
SELECT count(*) FROM bo WHERE k = 77;
SELECT * FROM olap.verify('bo');

-- old segments get blooms by compaction; types that change without a rewrite
CREATE TABLE bt (k int, v varchar(10), w int) USING olap;
INSERT INTO bt SELECT i * 7919::bigint % 200003, 'v' || i * 7919::bigint % 200003, -i FROM generate_series(1, 200000) i;
ALTER TABLE bt SET (bloom = 'k, v, w');
SELECT work FROM olap.compaction_status WHERE "table" = 'bt'::regclass;
CALL olap.compact('bt');
SELECT work FROM olap.compaction_status WHERE "table" = 'bt'::regclass;
SELECT "column", wanted, lacking, built, not_built FROM olap.index_stats('bt');
ALTER TABLE bt ALTER v TYPE text;
ALTER TABLE bt ALTER w TYPE oid;
SELECT count(*) FROM bt WHERE v = 'v77';
SELECT count(*) FROM bt WHERE k = 77;
SELECT count(*) FROM bt WHERE w = 4294967295;
SELECT * FROM olap.verify('bt');
-- one row group: few values are not worth it
CREATE TABLE bs (k int, f int) USING olap WITH (bloom = 'k, f');
INSERT INTO bs SELECT i, i % 50 FROM generate_series(1, 10000) i;
SELECT "column", built, not_built FROM olap.index_stats('bs');
TRUNCATE bs;
INSERT INTO bs SELECT NULL, i FROM generate_series(1, 10000) i;
SELECT "column", built, not_built FROM olap.index_stats('bs');
SELECT count(*) FROM bs WHERE f = 5;
DROP TABLE bl, bl_heap, bo, bt, bs;
DROP FUNCTION plan_of, look;
