-- olap.compact: rows, row numbers, deletes, indexes and types before and after.
\set VERBOSITY terse
SET timezone = 'UTC';
-- The heap twin holds the same rows with the row numbers they had.
CREATE TABLE cb (id int, ts timestamptz, c text, n numeric(10,2), x float8, u uuid)
  USING olap WITH (time_column = 'ts', segment_interval = '1 hour', order_by = 'c, ts DESC');
CREATE INDEX cb_id ON cb (id);
INSERT INTO cb SELECT g, '2026-01-01'::timestamptz + g * interval '1 second', 'c' || g % 17, g, g, NULL
  FROM generate_series(1, 300) g;
-- single rows, out of order in time, with odd values
DO $$ BEGIN
  FOR i IN 1001 .. 1900 LOOP
    INSERT INTO cb VALUES (i, CASE WHEN i % 50 = 0 THEN NULL WHEN i % 61 = 0 THEN 'infinity' WHEN i % 67 = 0 THEN '-infinity'
        ELSE '2026-01-01'::timestamptz + (i * 7919 % 7200) * interval '1 second' END,
      CASE WHEN i % 10 = 0 THEN NULL WHEN i % 11 = 0 THEN '' ELSE 'd' || i % 13 END,
      CASE WHEN i % 7 = 0 THEN 'NaN'::numeric ELSE i / 3.0 END,
      CASE i % 9 WHEN 0 THEN NULL WHEN 1 THEN '-0' WHEN 2 THEN 'NaN' WHEN 3 THEN '-Infinity' ELSE i / 7.0 END,
      CASE WHEN i % 3 = 0 THEN md5(i::text)::uuid END);
  END LOOP;
END $$;
INSERT INTO cb SELECT g, '2026-01-01'::timestamptz + g * interval '1 second', 'c' || g % 17, g, g, md5(g::text)::uuid
  FROM generate_series(10000, 30000) g;
DELETE FROM cb WHERE id % 100 = 5;
UPDATE cb SET n = n + 1 WHERE id % 100 = 7;
CREATE TABLE cb_twin AS SELECT *, ctid AS tid FROM cb;

-- same rows at the same row numbers, however they are looked up
CREATE FUNCTION cb_check(OUT scan_ok boolean, OUT index_ok boolean, OUT tid_ok boolean, OUT faults bigint)
LANGUAGE plpgsql AS $$
BEGIN
  SELECT count(*) = (SELECT count(*) FROM cb_twin) AND count(*) = (SELECT count(*) FROM cb) INTO scan_ok
    FROM (SELECT id, ts, c, n, x, u, ctid AS tid FROM cb) o JOIN cb_twin t
      ON o.tid = t.tid AND (o.id, o.ts, o.c, o.n, o.x, o.u) IS NOT DISTINCT FROM (t.id, t.ts, t.c, t.n, t.x, t.u);
  SET LOCAL olap.enable_scan = off;
  SET LOCAL enable_seqscan = off;
  SET LOCAL enable_hashjoin = off;
  SET LOCAL enable_mergejoin = off;
  SELECT count(*) = (SELECT count(*) FROM cb_twin) INTO index_ok
    FROM cb_twin t, LATERAL (SELECT * FROM cb WHERE cb.id = t.id AND cb.ctid = t.tid OFFSET 0) o
    WHERE (o.id, o.ts, o.c, o.n, o.x, o.u) IS NOT DISTINCT FROM (t.id, t.ts, t.c, t.n, t.x, t.u);
  SELECT count(*) = (SELECT count(*) FROM cb_twin WHERE id % 20 = 0) INTO tid_ok
    FROM cb_twin t, LATERAL (SELECT * FROM cb WHERE cb.ctid = t.tid OFFSET 0) o WHERE t.id % 20 = 0 AND o.id = t.id;
  SELECT count(*) INTO faults FROM olap.verify('cb');
END $$;
SELECT * FROM cb_check();
SELECT kind, state, count(*), sum(rows) FROM olap.segments('cb') WHERE state NOT IN ('replaced', 'aborted') GROUP BY 1, 2 ORDER BY 1, 2;
CALL olap.compact('cb');
SELECT * FROM cb_check();
-- deleted rows and old versions stayed behind
SELECT kind, state, sum(rows) FROM olap.segments('cb') WHERE state NOT IN ('replaced', 'aborted') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT segments = compacted AS all_compacted, segment_rows, delta_pages, replaced_bytes > 0 AS replaced, work
  FROM olap.compaction_status WHERE "table" = 'cb'::regclass;
-- a second time there is nothing to do
SELECT max(id) AS last_id FROM olap.segments('cb') \gset
CALL olap.compact('cb');
SELECT max(id) = :last_id AS unchanged FROM olap.segments('cb');

-- within a segment rows are in order
SELECT count(*) FILTER (WHERE NOT ok) AS out_of_order FROM (
  SELECT (c, ts) IS NOT DISTINCT FROM (lc, lts) OR c > lc OR c IS NULL OR (c = lc AND (ts <= lts OR ts IS NULL OR lts IS NULL)) AS ok FROM (
    SELECT c, ts, lag(c) OVER w AS lc, lag(ts) OVER w AS lts, date_trunc('hour', ts) AS b, lag(date_trunc('hour', ts)) OVER w AS lb
    FROM (SELECT *, row_number() OVER () AS pos FROM cb) s WINDOW w AS (ORDER BY pos)) s
  WHERE b = lb AND b >= '2026-01-01 03:00' AND b < '2026-01-01 08:00') s;
-- pruning by the bounds of the new segments
SELECT count(*) FROM cb WHERE ts >= '2026-01-01 05:00' AND ts < '2026-01-01 06:00';

-- deletes, updates and locks of rows that were moved
DELETE FROM cb WHERE id % 100 = 9;
DELETE FROM cb_twin WHERE id % 100 = 9;
BEGIN;
UPDATE cb SET c = 'gone' WHERE id < 2000;
SELECT count(*) FROM cb WHERE c = 'gone';
ROLLBACK;
SELECT count(*) FROM (SELECT * FROM cb WHERE id % 1000 = 1 FOR UPDATE) s;
INSERT INTO cb VALUES (99999, '2026-01-01 02:30', 'late', 1, 1, NULL);
INSERT INTO cb_twin SELECT *, ctid FROM cb WHERE id = 99999;
SELECT * FROM cb_check();
CALL olap.compact('cb');
SELECT * FROM cb_check();
VACUUM cb;
SELECT * FROM cb_check();
ANALYZE cb;
SELECT reltuples = (SELECT count(*) FROM cb_twin) AS estimate FROM pg_class WHERE relname = 'cb';
SELECT count(*) = (SELECT count(*) FROM cb_twin) AS sample FROM cb TABLESAMPLE bernoulli (100);
SELECT count(*) = (SELECT count(*) FROM cb_twin) AS sample FROM cb TABLESAMPLE system (100);
SELECT count(*) > 0 AND count(*) < 12000 AS sample FROM cb TABLESAMPLE system (30) REPEATABLE (1);
-- indexes made of sorted segments
CREATE INDEX cb_id2 ON cb (id);
DROP INDEX cb_id;
SELECT * FROM cb_check();
CREATE UNIQUE INDEX CONCURRENTLY cb_id ON cb (id);
DROP INDEX cb_id2;
SELECT * FROM cb_check();
-- uniqueness is checked against moved rows
INSERT INTO cb (id) VALUES (20000);
INSERT INTO cb (id, c) VALUES (20000, 'new'), (30001, 'new') ON CONFLICT (id) DO UPDATE SET c = excluded.c || '!';
SELECT id, c FROM cb WHERE id IN (20000, 30001) ORDER BY id;
DELETE FROM cb WHERE id = 20000;
INSERT INTO cb (id, c) VALUES (20000, 'again');
SELECT id, c FROM cb WHERE id = 20000;
-- a rewrite of everything
VACUUM FULL cb;
CLUSTER cb USING cb_id;
SELECT count(*), count(DISTINCT id) FROM cb;
SELECT count(*) FROM olap.verify('cb');
DROP FUNCTION cb_check();
DROP TABLE cb, cb_twin;

-- columns that came, went and changed type since
CREATE TABLE ca (a int, gone text, v varchar(10), n numeric(8,2)) USING olap;
INSERT INTO ca SELECT g, 'x', 'v' || g, g FROM generate_series(1, 5000) g;
INSERT INTO ca VALUES (0, 'x', NULL, 'NaN');
ALTER TABLE ca DROP COLUMN gone;
ALTER TABLE ca ADD COLUMN later text DEFAULT 'missing';
ALTER TABLE ca ADD COLUMN latest int;
ALTER TABLE ca ALTER COLUMN v TYPE text, ALTER COLUMN n TYPE numeric;
INSERT INTO ca VALUES (-1, 'longer than ten characters', 12345678901234567890.123, 'here', 1);
CREATE TABLE ca_twin AS SELECT *, ctid AS tid FROM ca;
CALL olap.compact('ca');
SELECT kind, state, sum(rows) FROM olap.segments('ca') WHERE state NOT IN ('replaced', 'aborted') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM (SELECT *, ctid AS tid FROM ca) o JOIN ca_twin t USING (tid)
  WHERE (o.a, o.v, o.n, o.later, o.latest) IS NOT DISTINCT FROM (t.a, t.v, t.n, t.later, t.latest)
    AND o.n::text IS NOT DISTINCT FROM t.n::text;
ALTER TABLE ca ALTER COLUMN later DROP DEFAULT;
SELECT "column", rows, nulls FROM olap.column_stats('ca') ORDER BY 1;
SELECT count(*) FROM olap.verify('ca');
DROP TABLE ca, ca_twin;

-- wide values, tables without columns, empty tables, values out of line
CREATE TABLE cw (a int, t text) USING olap;
CALL olap.compact('cw');
INSERT INTO cw SELECT g, repeat(chr(65 + g), 300000) FROM generate_series(1, 5) g;
INSERT INTO cw VALUES (6, 'small');
CALL olap.compact('cw');
SELECT a, length(t), left(t, 3) FROM cw ORDER BY a;
SELECT kind, state, sum(rows) FROM olap.segments('cw') WHERE state NOT IN ('replaced', 'aborted') GROUP BY 1, 2 ORDER BY 1, 2;
DELETE FROM cw;
INSERT INTO cw VALUES (7, 'last');
DELETE FROM cw;
CALL olap.compact('cw');
SELECT count(*) FROM cw;
INSERT INTO cw VALUES (8, 'after');
TABLE cw;
DROP TABLE cw;
CREATE TABLE c0 () USING olap;
INSERT INTO c0 DEFAULT VALUES;
INSERT INTO c0 DEFAULT VALUES;
CALL olap.compact('c0');
SELECT count(*) FROM c0;
DROP TABLE c0;

-- many small segments become one; rows of aborted transactions do not come back
CREATE TABLE cs (a int, b text) USING olap;
DO $$ BEGIN FOR i IN 1 .. 6 LOOP
  INSERT INTO cs SELECT g, 'r' || i FROM generate_series(1, 5000) g;
  COMMIT;
  INSERT INTO cs SELECT -g, 'aborted' FROM generate_series(1, 5000) g;
  INSERT INTO cs VALUES (-1, 'aborted');
  ROLLBACK;
  INSERT INTO cs VALUES (i, 'single');
  COMMIT;
END LOOP; END $$;
CALL olap.compact('cs');
SELECT state, count(*), sum(rows) FROM olap.segments('cs') WHERE kind = 'segment' AND state = 'live' GROUP BY 1 ORDER BY 1;
SELECT b, count(*), sum(a) FROM cs GROUP BY 1 ORDER BY 1;
VACUUM cs;
SELECT b, count(*), sum(a) FROM cs GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM olap.verify('cs');
DROP TABLE cs;

-- partitioned tables, and who may
CREATE TABLE cp (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE cp1 PARTITION OF cp FOR VALUES FROM (0) TO (10) USING olap;
CREATE TABLE cp2 PARTITION OF cp FOR VALUES FROM (10) TO (20) USING olap;
CREATE TABLE cp3 PARTITION OF cp FOR VALUES FROM (20) TO (30) USING heap;
INSERT INTO cp SELECT g, g FROM generate_series(0, 29) g;
CALL olap.compact('cp');
SELECT "table", segments, segment_rows, delta_pages FROM olap.compaction_status WHERE "table"::text LIKE 'cp_' ORDER BY 1;
SELECT count(*), sum(b) FROM cp;
CALL olap.compact('cp3');
CREATE ROLE regress_olap_compact;
SET ROLE regress_olap_compact;
CALL olap.compact('cp1');
SELECT count(*) FROM olap.compaction_status WHERE "table"::text LIKE 'cp_';
RESET ROLE;
GRANT SELECT ON cp1 TO regress_olap_compact;
SET ROLE regress_olap_compact;
SELECT "table", segment_rows FROM olap.compaction_status WHERE "table"::text LIKE 'cp_';
RESET ROLE;
BEGIN;
CALL olap.compact('cp1');
ROLLBACK;
DROP TABLE cp;
DROP ROLE regress_olap_compact;

-- temporary and unlogged tables
CREATE TEMP TABLE ct (a int) USING olap;
INSERT INTO ct SELECT g FROM generate_series(1, 100) g;
CALL olap.compact('ct');
SELECT count(*), sum(a) FROM ct;
SELECT kind, state, rows FROM olap.segments('ct') WHERE state = 'live' ORDER BY id;
TRUNCATE ct;
INSERT INTO ct SELECT g FROM generate_series(1, 10) g;
CALL olap.compact('ct');
SELECT count(*), sum(a) FROM ct;
DROP TABLE ct;
CREATE UNLOGGED TABLE cu (a int) USING olap;
INSERT INTO cu SELECT g FROM generate_series(1, 100) g;
CALL olap.compact('cu');
SELECT count(*), sum(a) FROM cu;
DROP TABLE cu;

-- a segment that lost many of its rows is written anew
CREATE TABLE cd (a int, b text) USING olap;
INSERT INTO cd SELECT g, 'row' FROM generate_series(1, 10000) g;
DELETE FROM cd WHERE a <= 1000;
CALL olap.compact('cd');
SELECT state, rows FROM olap.segments('cd') WHERE kind = 'segment' AND state = 'live' ORDER BY id;
DELETE FROM cd WHERE a <= 4000;
CALL olap.compact('cd');
SELECT state, rows FROM olap.segments('cd') WHERE kind = 'segment' AND state = 'live' ORDER BY id;
DELETE FROM cd WHERE a % 2 = 0;
CALL olap.compact('cd');
SELECT state, rows FROM olap.segments('cd') WHERE kind = 'segment' AND state = 'live' ORDER BY id;
SELECT count(*), sum(a) FROM cd;
DROP TABLE cd;

-- no table
CALL olap.compact(NULL);
CALL olap.compact(0);
