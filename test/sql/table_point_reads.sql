-- Reads of few rows: pages stay pinned while a row group is read, and where pages were
-- in memory is remembered; neither may outlive the rows, an error or a transaction.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE points (ts timestamptz, id int, kind text, amount numeric(10,2), address text)
USING olap WITH (time_column = 'ts', segment_interval = '100 days', bitmap = 'id');
CREATE FUNCTION point_rows(first int, n int) RETURNS SETOF points LANGUAGE sql AS $$
  SELECT '2026-01-01'::timestamptz + i * interval '1 s', i % 20000, 'kind ' || i % 7, i * 0.25,
    'https://www.example.com/' || md5((i % 30000)::text) || '/' || i % 30000
  FROM generate_series(first, first + n - 1) i
$$;
INSERT INTO points SELECT * FROM point_rows(1, 140000);
CREATE TABLE points_heap USING heap AS SELECT * FROM points;
CREATE INDEX ON points_heap (id);
-- of these rows few are read
CREATE FUNCTION said(pattern text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM points WHERE id = 4711' LOOP
    IF line ~ pattern THEN RETURN NEXT trim(line); END IF;
  END LOOP;
END $$;
SELECT said('Bitmap:|found');
-- rows of some ids, and whether heap says the same
CREATE FUNCTION look(OUT rows bigint, OUT same boolean) LANGUAGE plpgsql AS $$
DECLARE a text; b text; k int;
BEGIN
  rows := 0; same := true;
  FOREACH k IN ARRAY ARRAY[0, 7, 4711, 12345, 19999, 20000] LOOP
    SELECT md5(string_agg(p::text, ',' ORDER BY p::text)), rows + count(*) INTO a, rows FROM points p WHERE id = k;
    SELECT md5(string_agg(p::text, ',' ORDER BY p::text)) INTO b FROM points_heap p WHERE id = k;
    same := same AND a IS NOT DISTINCT FROM b;
    SELECT string_agg(address, ',') INTO a FROM (SELECT address FROM points WHERE id = k ORDER BY ts DESC LIMIT 3) s;
    SELECT string_agg(address, ',') INTO b FROM (SELECT address FROM points_heap WHERE id = k ORDER BY ts DESC LIMIT 3) s;
    same := same AND a IS NOT DISTINCT FROM b;
  END LOOP;
END $$;
SELECT * FROM look();

-- other rows in the same transaction, in the same blocks of another file, and back
BEGIN;
TRUNCATE points, points_heap;
SELECT * FROM look();
INSERT INTO points SELECT * FROM point_rows(1000, 70000);
INSERT INTO points_heap SELECT * FROM point_rows(1000, 70000);
SELECT * FROM look();
-- the second one is of a file that this transaction made: it is emptied, not replaced
TRUNCATE points, points_heap;
INSERT INTO points SELECT * FROM point_rows(2000, 80000);
INSERT INTO points_heap SELECT * FROM point_rows(2000, 80000);
SELECT * FROM look();
ROLLBACK;
SELECT * FROM look();
BEGIN;
SAVEPOINT s;
TRUNCATE points, points_heap;
INSERT INTO points SELECT * FROM point_rows(3000, 70000);
INSERT INTO points_heap SELECT * FROM point_rows(3000, 70000);
SELECT * FROM look();
ROLLBACK TO s;
SELECT * FROM look();
COMMIT;

-- rows that are moved and blocks that are used again
DELETE FROM points WHERE id % 3 = 0;
DELETE FROM points_heap WHERE id % 3 = 0;
SELECT * FROM look();
INSERT INTO points SELECT * FROM point_rows(200000, 70000);
INSERT INTO points_heap SELECT * FROM point_rows(200000, 70000);
CALL olap.compact('points');
SELECT * FROM look();
VACUUM points;
SELECT * FROM look();
INSERT INTO points SELECT * FROM point_rows(300000, 70000);
INSERT INTO points_heap SELECT * FROM point_rows(300000, 70000);
SELECT * FROM look();
DELETE FROM points WHERE ts < '2026-01-02';
DELETE FROM points_heap WHERE ts < '2026-01-02';
VACUUM points;
INSERT INTO points SELECT * FROM point_rows(400000, 70000);
INSERT INTO points_heap SELECT * FROM point_rows(400000, 70000);
SELECT * FROM look();
VACUUM FULL points;
SELECT * FROM look();
SELECT * FROM olap.verify('points');

-- cursors: rows out before an error, a subtransaction that ends, COMMIT
BEGIN;
DECLARE c CURSOR FOR SELECT id, kind, amount FROM points WHERE id = 4711;
FETCH 2 FROM c;
SAVEPOINT s;
FETCH 1 FROM c;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH 1 FROM c;
SAVEPOINT t;
DECLARE d CURSOR FOR SELECT id, kind, amount FROM points WHERE id = 12346;
FETCH 1 FROM d;
ROLLBACK TO t;
FETCH 1 FROM c;
DECLARE h CURSOR WITH HOLD FOR SELECT id, kind, amount FROM points WHERE id = 4711;
FETCH 1 FROM h;
COMMIT;
FETCH ALL FROM h;
CLOSE h;
BEGIN;
DECLARE c CURSOR FOR SELECT id, kind, amount FROM points WHERE id = 4711;
FETCH 1 FROM c;
ROLLBACK;
-- two scans at once, and a function that fails in the middle of one
SELECT count(*), count(DISTINCT a.address) FROM points a, LATERAL (SELECT * FROM points b WHERE b.id = a.id LIMIT 3) s WHERE a.id IN (4711, 12346);
CREATE FUNCTION fails_at(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record; seen int := 0;
BEGIN
  FOR r IN SELECT * FROM points WHERE id = 4711 LOOP
    seen := seen + 1;
    BEGIN
      PERFORM 1 / (n - seen) FROM points WHERE id = 12346;
    EXCEPTION WHEN division_by_zero THEN
      seen := seen + 100;
    END;
  END LOOP;
  RETURN seen;
END $$;
SELECT fails_at(3);
SELECT * FROM look();
DROP FUNCTION said, look, fails_at, point_rows;
DROP TABLE points, points_heap;
