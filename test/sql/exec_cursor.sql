-- Cursors over OlapScan: they move backwards without SCROLL, as over any scan of a
-- table, and WHERE CURRENT OF finds their row; heap is the oracle.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA exec_cursor;
SET search_path = exec_cursor, public;
CREATE TABLE h (a int, b text, c int) USING heap;
INSERT INTO h SELECT g, 'row ' || g, g % 7 FROM generate_series(1, 10000) g;
CREATE TABLE o USING olap AS SELECT * FROM h;                       -- a segment ...
INSERT INTO h SELECT g, 'row ' || g, g % 7 FROM generate_series(10001, 10020) g;
INSERT INTO o SELECT * FROM h WHERE a > 10000;                      -- ... and delta rows
EXPLAIN (COSTS OFF) DECLARE x CURSOR FOR SELECT a FROM o WHERE c = 3;
EXPLAIN (COSTS OFF) DECLARE x SCROLL CURSOR FOR SELECT a FROM o WHERE c = 3;

-- the same moves on both tables, with and without clauses and projection
CREATE FUNCTION tour(query text, moves text[], seen OUT text[]) LANGUAGE plpgsql AS $$
DECLARE c refcursor; m text; r record; n int;
BEGIN
  OPEN c FOR EXECUTE query;
  FOREACH m IN ARRAY moves LOOP
    IF m LIKE 'MOVE%' THEN
      EXECUTE m || ' ' || quote_ident(c::text);
    ELSE
      EXECUTE m || ' ' || quote_ident(c::text) INTO r;
      GET DIAGNOSTICS n = ROW_COUNT;
      seen := seen || (CASE WHEN n = 0 THEN 'none' ELSE r::text END);
    END IF;
  END LOOP;
END $$;
CREATE TABLE moves (id serial, m text[]);
INSERT INTO moves (m) VALUES
  ('{FETCH PRIOR FROM,FETCH NEXT FROM,FETCH PRIOR FROM,FETCH NEXT FROM,FETCH NEXT FROM}'),
  ('{MOVE FORWARD 5 FROM,FETCH PRIOR FROM,FETCH RELATIVE 0 FROM,FETCH NEXT FROM,FETCH FIRST FROM}'),
  ('{MOVE FORWARD ALL FROM,FETCH PRIOR FROM,FETCH PRIOR FROM,FETCH NEXT FROM,FETCH NEXT FROM,FETCH NEXT FROM,FETCH PRIOR FROM}'),
  ('{FETCH LAST FROM,MOVE BACKWARD 3000 FROM,FETCH PRIOR FROM,MOVE FORWARD 100 FROM,FETCH NEXT FROM,MOVE BACKWARD ALL FROM,FETCH NEXT FROM}'),
  ('{FETCH ABSOLUTE 1400 FROM,FETCH ABSOLUTE 1399 FROM,FETCH ABSOLUTE -1 FROM,FETCH ABSOLUTE -1425 FROM,FETCH ABSOLUTE 20000 FROM,FETCH RELATIVE -2 FROM}');
CREATE TABLE queries (id serial, q text);
INSERT INTO queries (q) VALUES ('SELECT * FROM %I'), ('SELECT b, a FROM %I'), ('SELECT a FROM %I WHERE c = 3'),
  ('SELECT * FROM %I WHERE c = 3 AND a > 5000'), ('SELECT a + 1 FROM %I WHERE length(b) > 8'),
  ('SELECT a FROM %I WHERE a > 20000'), ('SELECT a FROM %I LIMIT 3000 OFFSET 5'), ('SELECT FROM %I');
SELECT q.id, count(*), count(*) FILTER (WHERE tour(format(q, 'h'), m) = tour(format(q, 'o'), m)) AS same
FROM queries q, moves GROUP BY q.id ORDER BY q.id;
SELECT tour('SELECT a, b FROM o', m) FROM moves ORDER BY id;

-- the current row
BEGIN;
DECLARE whole CURSOR FOR SELECT * FROM o WHERE c = 3;
DECLARE part CURSOR FOR SELECT b FROM o;
MOVE FORWARD 2 FROM whole;
FETCH PRIOR FROM whole;
UPDATE o SET b = 'through whole' WHERE CURRENT OF whole;
MOVE FORWARD 10015 FROM part;
FETCH NEXT FROM part;
DELETE FROM o WHERE CURRENT OF part;
FETCH NEXT FROM part;
UPDATE o SET b = 'through part' WHERE CURRENT OF part RETURNING *;
COMMIT;
SELECT * FROM o WHERE b LIKE 'through%' OR a = 10016 ORDER BY a;

-- an order below the top
CREATE TABLE times (id int, ts timestamptz) USING olap WITH (time_column = 'ts', segment_interval = '1 day');
INSERT INTO times SELECT g, timestamptz '2026-01-01 00:00+00' + g * interval '1 minute' FROM generate_series(1, 5000) g;
BEGIN;
DECLARE sub CURSOR FOR SELECT * FROM (SELECT id FROM times ORDER BY ts LIMIT 10) x WHERE id > 2;
DECLARE both_ends CURSOR FOR (SELECT id FROM times ORDER BY ts LIMIT 3) UNION ALL (SELECT id FROM times ORDER BY ts DESC LIMIT 3);
DECLARE forward NO SCROLL CURSOR FOR SELECT * FROM (SELECT id FROM times ORDER BY ts LIMIT 10) x;
FETCH 3 sub; FETCH BACKWARD 2 sub; FETCH FORWARD 1 sub;
FETCH 5 both_ends; FETCH BACKWARD 3 both_ends;
FETCH 2 forward; FETCH BACKWARD 1 forward;
ROLLBACK;

-- enable_seqscan speaks of this scan as well
CREATE INDEX ON o (a);
CREATE TABLE tiny (a int) USING olap;
INSERT INTO tiny VALUES (1);
CREATE INDEX ON tiny (a);
EXPLAIN (COSTS OFF) SELECT * FROM tiny WHERE a = 1;
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM tiny WHERE a = 1;
SELECT * FROM tiny WHERE a = 1;
DROP SCHEMA exec_cursor CASCADE;
