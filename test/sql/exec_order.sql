-- Scans in the order of a column: heap's answers, and only the places that are
-- needed are read.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA exec_order;
SET search_path = exec_order, public;
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET extra_float_digits = 1;

-- Rows nearly in the order of ts; every other column in none. One in ten is NULL,
-- some are the ends of what the types hold.
CREATE TABLE h (id int, ts timestamptz, ts0 timestamp NOT NULL, i2 int2, i4 int, i8 bigint, f4 real, f8 float8,
  n numeric(10,2), d date, t time, b bool, o oid, m money, txt text) USING heap;
CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO h SELECT i,
    CASE WHEN r[1] < 0.03 THEN NULL WHEN r[1] < 0.032 THEN 'infinity' WHEN r[1] < 0.034 THEN '-infinity'
      ELSE timestamptz '2024-01-01' + (i + 300 * r[2]) * interval '1 second' END,
    timestamp '2024-01-01' + (i / 7) * interval '1 second',
    CASE WHEN r[2] > 0.1 THEN (r[3] * 65535 - 32768)::int2 END,
    CASE WHEN r[3] > 0.1 THEN (CASE WHEN r[4] < 0.01 THEN 2147483647 WHEN r[4] < 0.02 THEN -2147483648 ELSE (r[5] * 2000 - 1000)::int END) END,
    CASE WHEN r[4] > 0.1 THEN (CASE WHEN r[5] < 0.01 THEN 9223372036854775807 WHEN r[5] < 0.02 THEN -9223372036854775808 ELSE (r[6] * 1e12)::bigint - 500000000000 END) END,
    CASE WHEN r[5] > 0.1 THEN (CASE WHEN r[6] < 0.02 THEN 'NaN' WHEN r[6] < 0.03 THEN '-Infinity' WHEN r[6] < 0.04 THEN 'Infinity' ELSE ((r[1] - 0.5) * 100)::numeric(6,2)::real END) END,
    CASE WHEN r[6] > 0.1 THEN (CASE WHEN r[1] < 0.02 THEN 'NaN' WHEN r[1] < 0.03 THEN '-Infinity' WHEN r[1] < 0.04 THEN '-0' WHEN r[1] < 0.05 THEN 0 ELSE (r[2] - 0.5) * 1e10 END) END,
    CASE WHEN r[1] > 0.1 THEN (CASE WHEN r[3] < 0.005 THEN 'NaN' ELSE ((r[4] - 0.5) * 1e6)::numeric(10,2) END) END,
    CASE WHEN r[2] > 0.1 THEN (CASE WHEN r[4] < 0.01 THEN 'infinity'::date WHEN r[4] < 0.02 THEN '-infinity' ELSE date '2024-01-01' + (r[4] * 1000)::int END) END,
    CASE WHEN r[3] > 0.1 THEN time '00:00' + r[4] * interval '23 hours' END,
    CASE WHEN r[4] > 0.1 THEN r[5] < 0.5 END,
    CASE WHEN r[5] > 0.1 THEN (r[6] * 4294967295)::bigint::oid END,
    CASE WHEN r[6] > 0.1 THEN ((r[1] - 0.5) * 1000)::numeric(8,2)::money END,
    CASE WHEN r[1] > 0.5 THEN repeat('text ' || i, 1 + i % 5) END
  FROM (SELECT i, ARRAY[random(), random(), random(), random(), random(), random()] r FROM generate_series(first, last) i) s $$;
SELECT setseed(0.25);
SELECT fill(1, 20000);

-- Twins: segments in order with deleted and delta rows; one large segment; delta
-- rows only; and one that a compaction sorted by another column.
CREATE TABLE o (LIKE h) USING olap WITH (time_column = 'ts0');
DO $$ BEGIN FOR i IN 0 .. 3 LOOP INSERT INTO o SELECT * FROM h WHERE id > i * 5000 AND id <= (i + 1) * 5000; END LOOP; END $$;
SELECT fill(20001, 20040);
INSERT INTO o SELECT * FROM h WHERE id > 20000;
DELETE FROM o WHERE id % 11 = 3;
DELETE FROM h WHERE id % 11 = 3;
UPDATE o SET i4 = 77, ts = ts + interval '1 hour' WHERE id % 501 = 4;
UPDATE h SET i4 = 77, ts = ts + interval '1 hour' WHERE id % 501 = 4;
CREATE TABLE o_delta USING olap AS SELECT * FROM h WHERE false;
DO $$ BEGIN FOR i IN 0 .. 20 LOOP INSERT INTO o_delta SELECT * FROM h WHERE id > 20040 - (i + 1) * 50 AND id <= 20040 - i * 50; END LOOP; END $$;
CREATE TABLE h_delta USING heap AS SELECT * FROM o_delta;
CREATE TABLE o_sorted (LIKE h) USING olap WITH (order_by = 'i4, ts0');
INSERT INTO o_sorted SELECT * FROM h;
CALL olap.compact('o_sorted');
CREATE TABLE h_sorted USING heap AS SELECT * FROM h;
INSERT INTO o_sorted SELECT * FROM h WHERE id < 30;
INSERT INTO h_sorted SELECT * FROM h WHERE id < 30;
SELECT count(*) FROM olap.segments('o') WHERE kind = 'segment';
ANALYZE h; ANALYZE o; ANALYZE o_delta; ANALYZE o_sorted;

-- The same query on a heap table and its twin, told how many differ. Of a query
-- on one key its values are compared, as equal ones come in any order; with a
-- second key rows are. A sort is no choice for the one on the twin.
CREATE TABLE seen (q text, ordered bool, same bool);
CREATE FUNCTION answer(q text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE a text;
BEGIN
  EXECUTE format('SELECT md5(string_agg(x::text, ''|'')) || count(*) FROM (%s) x', q) INTO a;
  RETURN a;
END $$;
CREATE FUNCTION is_ordered(q text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || q LOOP
    -- 17 knows that a NOT NULL column is not null
    IF line LIKE '%Order: %' OR line LIKE '%One-Time Filter: false' THEN RETURN true; END IF;
  END LOOP;
  RETURN false;
END $$;
CREATE FUNCTION compare(heap regclass, twin regclass, q text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE expected text := answer(replace(q, '%T', heap::text));
  mine text := replace(q, '%T', twin::text);
BEGIN
  SET LOCAL enable_sort = off;
  INSERT INTO seen VALUES (mine, is_ordered(mine), answer(mine) IS NOT DISTINCT FROM expected);
  SET LOCAL enable_sort = on;
END $$;
CREATE FUNCTION try(heap regclass, twin regclass, columns text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c text; way text; tail text; filter text;
BEGIN
  FOREACH c IN ARRAY columns LOOP
    FOREACH way IN ARRAY '{"ASC","DESC","ASC NULLS FIRST","DESC NULLS LAST"}'::text[] LOOP
      FOREACH tail IN ARRAY '{"","LIMIT 1","LIMIT 10","LIMIT 100 OFFSET 37","LIMIT 2500"}'::text[] LOOP
        filter := (ARRAY['true', 'i4 > 900', 'b', 'id % 100 = 1', format('%I IS NOT NULL', c), format('%I IS NULL', c),
          'ts0 >= ''2024-01-01 00:30''', 'txt LIKE ''text 1%%'' AND NOT b', 'i8 IS NULL OR n > 300000', 'id < 0'])[1 + floor(random() * 10)];
        PERFORM compare(heap, twin, format('SELECT CASE WHEN %1$I::text = ''-0'' THEN ''0'' ELSE %1$I::text END AS k FROM %%T WHERE %2$s ORDER BY %1$I %3$s %4$s', c, filter, way, tail));
        PERFORM compare(heap, twin, format('SELECT y FROM (SELECT * FROM %%T WHERE %2$s ORDER BY %1$I %3$s, id, ts0 %4$s) y', c, filter, way, tail));
      END LOOP;
    END LOOP;
  END LOOP;
END $$;
SELECT try('h', 'o', '{id,ts,ts0,i2,i4,i8,f4,f8,n,d,t,b,o,m}');
SELECT try('h_delta', 'o_delta', '{ts,i4,f8,n}');
SELECT try('h_sorted', 'o_sorted', '{ts,i4,f4,n}');
-- with the memory of a thousand rows: several passes
SET work_mem = '64kB';
SELECT try('h', 'o', '{ts,i8,f8,b}');
SELECT try('h_sorted', 'o_sorted', '{ts0,i4}');
RESET work_mem;
SELECT count(*), sum(ordered::int) AS ordered, sum((NOT same)::int) AS differ FROM seen;
SELECT q FROM seen WHERE NOT same OR NOT ordered LIMIT 10;

-- columns of no orderable type, expressions, tables that are not scanned so
SELECT bool_or(is_ordered(q)) FROM unnest(ARRAY['SELECT txt FROM o ORDER BY txt LIMIT 1', 'SELECT * FROM o ORDER BY txt COLLATE "C" LIMIT 1',
  'SELECT * FROM o ORDER BY i4 + 1 LIMIT 1', 'SELECT * FROM o ORDER BY ts::date LIMIT 1', 'SELECT ts FROM o WHERE i4 = 5 ORDER BY i4 LIMIT 1',
  'SELECT xmin, ts0 FROM o ORDER BY ts0 LIMIT 1']) q;
SET olap.enable_order = off;
SELECT is_ordered('SELECT * FROM o ORDER BY ts0 LIMIT 1');
RESET olap.enable_order;

-- What is read: the newest rows, and whatever may hold newer ones (delta rows).
CREATE FUNCTION places(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan json; result text := '';
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, FORMAT JSON) ' || query INTO plan;
  WITH RECURSIVE nodes AS (SELECT plan->0->'Plan' AS p UNION ALL SELECT json_array_elements(p->'Plans') FROM nodes)
  SELECT string_agg(format('order by %s: segments %s of %s, row groups %s of %s, passes %s, late rows %s', p->>'Order',
    p->>'Segments Read', p->>'Segments Total', p->>'Row Groups Read', p->>'Row Groups Total', p->>'Passes', p->>'Late Read Rows'), E'\n')
  FROM nodes WHERE p->>'Order' IS NOT NULL INTO result;
  RETURN result;
END $$;
CREATE TABLE big (id int, ts timestamp NOT NULL, v int, pad text) USING olap WITH (time_column = 'ts');
INSERT INTO big SELECT i, timestamp '2024-01-01' + i * interval '1 second', i * 7919::bigint % 1000003, 'row ' || i FROM generate_series(1, 150000) i;
INSERT INTO big SELECT i, timestamp '2024-01-01' + i * interval '1 second', i * 7919::bigint % 1000003, 'row ' || i FROM generate_series(150001, 300000) i;
ANALYZE big;
SELECT places('SELECT * FROM big ORDER BY ts DESC LIMIT 100');
SELECT places('SELECT * FROM big ORDER BY ts LIMIT 100 OFFSET 30');
SELECT places('SELECT * FROM big WHERE ts < ''2024-01-02 00:00'' ORDER BY ts DESC LIMIT 10');
SELECT places('SELECT * FROM big WHERE id % 50 = 7 ORDER BY ts DESC LIMIT 10');
SELECT places('SELECT min(ts), max(ts) FROM big');
SELECT places('SELECT max(v) FROM big WHERE ts >= ''2024-01-02''');
SELECT min(ts), max(ts), min(v), max(v) FROM big;
SELECT places('SELECT * FROM big ORDER BY v DESC LIMIT 5');
SELECT * FROM big ORDER BY v DESC LIMIT 5;
SELECT places('SELECT ts, id FROM big ORDER BY ts DESC, id LIMIT 3');
SELECT places('SELECT DISTINCT ON (ts) * FROM big ORDER BY ts DESC LIMIT 3');
EXPLAIN (COSTS OFF) SELECT * FROM big WHERE v < 5000 ORDER BY ts DESC NULLS LAST LIMIT 10;

-- parameters of prepared statements, nested loops and LIMIT
PREPARE newest(int, int) AS SELECT id, v FROM big WHERE v < $1 ORDER BY ts DESC LIMIT $2;
SET plan_cache_mode = force_generic_plan;
SELECT is_ordered('EXECUTE newest(1000, 3)');
EXECUTE newest(1000, 3);
EXECUTE newest(10, 3);
EXECUTE newest(NULL, 3);
RESET plan_cache_mode;
SET enable_sort = off;
SELECT is_ordered($$SELECT k, l.* FROM generate_series(1, 4) k, LATERAL (SELECT id, ts FROM big WHERE v = k ORDER BY ts DESC LIMIT 1) l$$);
SELECT k, l.* FROM generate_series(1, 4) k, LATERAL (SELECT id, ts FROM big WHERE v = k ORDER BY ts DESC LIMIT 1) l;
RESET enable_sort;

-- uncommitted rows of our own, deletes of our own, savepoints
BEGIN;
INSERT INTO big SELECT i, timestamp '2024-01-01' + i * interval '1 second', i, 'mine' FROM generate_series(300001, 300003) i;
SELECT id, pad FROM big ORDER BY ts DESC LIMIT 4;
SAVEPOINT s;
DELETE FROM big WHERE id IN (300002, 299999);
SELECT id, pad FROM big ORDER BY ts DESC LIMIT 4;
SELECT max(ts) FROM big WHERE pad = 'mine';
ROLLBACK TO s;
INSERT INTO big SELECT i, timestamp '2024-01-01' + i * interval '1 second', i, 'many' FROM generate_series(300004, 310000) i;
SELECT id, pad FROM big ORDER BY ts DESC LIMIT 2;
ROLLBACK;
SELECT max(ts) FROM big;

-- a column that is younger than the rows, and one that is dropped
ALTER TABLE big ADD COLUMN young int DEFAULT 5, DROP COLUMN pad;
INSERT INTO big VALUES (300001, timestamp '2024-01-04 12:00', 0, 4), (300002, timestamp '2024-01-04 12:01', 1, 6);
SET enable_sort = off;
SELECT is_ordered('SELECT id FROM big ORDER BY young DESC, id LIMIT 3');
SELECT id, young FROM big ORDER BY young DESC, id LIMIT 3;
SELECT id, young FROM big ORDER BY young, id LIMIT 2;
RESET enable_sort;

-- ctid and tableoid; whole rows; no column at all; a scan below a projection
SELECT b.id, b.id = x.id AS found, tableoid = 'big'::regclass AS ours FROM (SELECT ctid AS c, id, tableoid FROM big ORDER BY ts DESC LIMIT 3) x JOIN big b ON b.ctid = c;
SELECT b FROM big b ORDER BY ts DESC LIMIT 2;
SELECT count(*) FROM (SELECT FROM big ORDER BY ts DESC LIMIT 7) x;
SELECT id + 1 AS next, extract(hour FROM ts) AS hour FROM big ORDER BY ts DESC LIMIT 2;

-- rows that go out are tested: clauses without a vector form
SELECT id FROM big WHERE length(id::text) = 5 AND mod(id, 3) = 1 ORDER BY ts DESC LIMIT 3;
SELECT count(*), min(id) FROM (SELECT id FROM big WHERE mod(id, 30) = 1 ORDER BY ts DESC LIMIT 5000) x;

-- cursors: backward as well, unless NO SCROLL, as over a Sort; WHERE CURRENT OF
BEGIN;
DECLARE c NO SCROLL CURSOR FOR SELECT id, v FROM big ORDER BY ts DESC;
FETCH 2 FROM c;
UPDATE big SET v = -1 WHERE CURRENT OF c;
MOVE 1000 FROM c;
FETCH 1 FROM c;
CLOSE c;
SELECT id, v FROM big WHERE v = -1;
DECLARE s SCROLL CURSOR FOR SELECT id FROM big ORDER BY ts DESC;
FETCH 2 FROM s;
FETCH PRIOR FROM s;
FETCH ABSOLUTE 2000 FROM s;
FETCH RELATIVE -1999 FROM s;
DECLARE b CURSOR FOR SELECT id FROM big ORDER BY ts DESC;
FETCH 2 FROM b;
FETCH PRIOR FROM b;
FETCH ABSOLUTE 2000 FROM b;
MOVE BACKWARD 1998 FROM b;
FETCH PRIOR FROM b;
DECLARE l CURSOR FOR SELECT id FROM big WHERE v > 0 ORDER BY ts DESC, id LIMIT 3;
FETCH ALL FROM l;
FETCH BACKWARD ALL FROM l;
FETCH 1 FROM l;
EXPLAIN (COSTS OFF) DECLARE x CURSOR FOR SELECT id FROM big ORDER BY ts DESC;
EXPLAIN (COSTS OFF) DECLARE x NO SCROLL CURSOR FOR SELECT id FROM big ORDER BY ts DESC;
ROLLBACK;
BEGIN;
DECLARE c NO SCROLL CURSOR FOR SELECT id FROM big ORDER BY ts DESC;
FETCH 1 FROM c;
\set VERBOSITY sqlstate
FETCH PRIOR FROM c;
\set VERBOSITY default
ROLLBACK;

-- row locks
BEGIN;
SELECT is_ordered('SELECT id FROM big ORDER BY ts DESC LIMIT 2 FOR UPDATE');
SELECT id FROM big ORDER BY ts DESC LIMIT 2 FOR UPDATE;
ROLLBACK;

-- partitions are merged, and those not needed are not opened
CREATE TABLE parts (ts timestamp NOT NULL, k int, v int) PARTITION BY RANGE (ts);
CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') USING olap;
CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') USING olap;
CREATE TABLE p3 PARTITION OF parts FOR VALUES FROM ('2024-03-01') TO ('2024-04-01') USING heap;
INSERT INTO parts SELECT timestamp '2024-01-01' + i * interval '100 seconds', i % 10, i FROM generate_series(0, 70000) i;
CREATE INDEX ON p3 (ts);
ANALYZE parts;
SELECT is_ordered('SELECT * FROM parts ORDER BY ts DESC LIMIT 3');
SELECT * FROM parts WHERE ts < '2024-03-01' ORDER BY ts DESC LIMIT 2;
SELECT min(ts), max(ts) FROM parts;
CREATE TABLE hashed (ts timestamp NOT NULL, k int) PARTITION BY HASH (k);
CREATE TABLE h1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0) USING olap;
CREATE TABLE h2 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1) USING olap;
INSERT INTO hashed SELECT timestamp '2024-01-01' + i * interval '1 second', i FROM generate_series(1, 20000) i;
ANALYZE hashed;
EXPLAIN (COSTS OFF) SELECT * FROM hashed ORDER BY ts DESC LIMIT 3;
SELECT * FROM hashed ORDER BY ts DESC LIMIT 3;

-- merge joins
SET enable_hashjoin = off;
SET enable_nestloop = off;
SET enable_sort = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM big a JOIN hashed b ON a.ts = b.ts;
SELECT count(*), sum(a.id - b.k) FROM big a JOIN hashed b ON a.ts = b.ts;
RESET enable_hashjoin;
RESET enable_nestloop;
RESET enable_sort;

-- an empty table, and one truncated in this transaction
CREATE TABLE none (ts timestamp) USING olap;
SET enable_sort = off;
SELECT * FROM none ORDER BY ts LIMIT 1;
SELECT max(ts) FROM none;
BEGIN;
TRUNCATE big;
SELECT * FROM big ORDER BY ts LIMIT 1;
ROLLBACK;
RESET enable_sort;

DROP SCHEMA exec_order CASCADE;
