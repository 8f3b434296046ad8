-- What bitmap indexes leave to be read, in the planner's costs: named values, and other tests that
-- few rows pass, by the statistics.
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';
CREATE TABLE bc (id int, c text, camp int, pub int, lat int, f float8, n int, s int, day date, flag bool)
USING olap WITH (bitmap = 'c, camp, pub, lat, f, n, s, day, flag');
INSERT INTO bc
SELECT i, CASE WHEN k % 50 <> 0 THEN CASE WHEN k % 9001 < 4 THEN 'rare' || k % 9001 ELSE 'common' || k % 5 END END,
  CASE WHEN k % 600 = 0 THEN 5000 + k / 600 % 90 ELSE k % 7 END, k % 3000, CASE WHEN k % 9000 = 0 THEN 900 + k / 9000 ELSE k % 20 END,
  k % 100, CASE WHEN k % 20011 <> 0 THEN k % 9 END, CASE WHEN k % 20011 = 0 THEN k % 9 END,
  date '2026-01-01' + (CASE WHEN k % 7000 = 0 THEN 100 + k / 7000 ELSE k % 40 END), k % 12000 = 0
FROM (SELECT i, (i * 7919::bigint % 1000003)::int AS k FROM generate_series(1, 140000) i) x;
-- of all rows, so that the statistics are the same each time
ALTER TABLE bc ALTER id SET STATISTICS 500;
ANALYZE bc;

-- is the scan cheaper by a tenth than without indexes, and does it use them then?
CREATE FUNCTION counts_on(VARIADIC quals text[]) RETURNS TABLE (qual text, cheaper boolean, narrowed boolean) LANGUAGE plpgsql AS $$
DECLARE
  plan json;
  cost float8[];
BEGIN
  FOREACH qual IN ARRAY quals LOOP
    cost := '{}';
    FOR i IN 0 .. 1 LOOP
      PERFORM set_config('olap.enable_bitmap', CASE i WHEN 0 THEN 'off' ELSE 'on' END, true);
      EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM bc WHERE ' || qual INTO plan;
      cost := cost || (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8;
    END LOOP;
    cheaper := cost[2] < cost[1] * 0.9;
    narrowed := (plan -> 0 -> 'Plan' ->> 'Row Groups Narrowed by Bitmap')::int > 0;
    RETURN NEXT;
  END LOOP;
END $$;
-- named values
SELECT * FROM counts_on('camp = 5003', 'lat IN (900, 905)', 'n IS NULL', 'lat = 903 OR n IS NULL');
-- ranges, negations, patterns, NULL
SELECT * FROM counts_on('lat >= 900', 'NOT (lat < 900)', 'lat <> ALL (ARRAY[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19])', 'pub BETWEEN 100 AND 100',
  'day > ''2026-03-01''', 'c LIKE ''rare%''', 's IS NOT NULL', 's < 100', 'flag');
-- trees
SELECT * FROM counts_on('lat >= 900 OR day > ''2026-03-01''', '(lat >= 900 AND id > 7) OR n IS NULL', 'lat >= 900 AND f < 50', 'pub >= 100 AND camp < 1000 AND pub <= 100');
-- too many rows, or nothing that an index knows
SELECT * FROM counts_on('pub >= 100', 'lat < 900', 'lat >= 900 OR id > 7', 'camp <> 3', 'f > 98', 'pub IS NOT NULL', 'n IS NOT NULL', 'id = 5', 'c LIKE ''common%''');
DROP TABLE bc;
DROP FUNCTION counts_on;
