-- Blocks are used again: what compaction replaced, what was rolled back, pages of
-- the range log, slots of the directory; and the end of the file is cut off.
\set VERBOSITY terse
CREATE FUNCTION kb(t regclass) RETURNS bigint LANGUAGE sql AS 'SELECT pg_relation_size(t) / 1024';
-- a transaction id goes by, so that what is dead for everybody can be seen to be so
CREATE PROCEDURE tick() LANGUAGE plpgsql AS 'BEGIN PERFORM txid_current(); COMMIT; END';

-- constant load and deletion: bounded by compaction alone, without VACUUM
CREATE TABLE sp (a int, b text) USING olap WITH (autovacuum_enabled = off);
CREATE TABLE sizes (round int, kb bigint);
CREATE FUNCTION load_round(r int) RETURNS void LANGUAGE sql AS $$
  DELETE FROM sp WHERE a < r;
  INSERT INTO sp SELECT r, md5(g::text || r) FROM generate_series(1, 20000) g;
$$;
SELECT 'DO $$ BEGIN PERFORM load_round(' || r || '); END $$', 'CALL olap.compact(''sp'')',
  'INSERT INTO sizes SELECT ' || r || ', kb(''sp'')' FROM generate_series(1, 12) r \gexec
SELECT count(*), min(a), max(a) FROM sp;
SELECT max(kb) FILTER (WHERE round > 6) <= 1.2 * max(kb) FILTER (WHERE round <= 6) AS bounded FROM sizes;
SELECT * FROM olap.verify('sp');
SELECT state, rows FROM olap.segments('sp') WHERE state = 'live';

-- the same with an index, by VACUUM; both ways find the rows
TRUNCATE sp, sizes;
CREATE INDEX sp_b ON sp (b);
SELECT 'DO $$ BEGIN PERFORM load_round(' || r || '); END $$', 'VACUUM sp', 'CALL olap.compact(''sp'')',
  'INSERT INTO sizes SELECT ' || r || ', kb(''sp'')' FROM generate_series(1, 12) r \gexec
SELECT max(kb) FILTER (WHERE round > 6) <= 1.2 * max(kb) FILTER (WHERE round <= 6) AS bounded FROM sizes;
SELECT count(*) FROM sp WHERE b = md5('712');
SET enable_seqscan = off; SET olap.enable_scan = off; SET enable_bitmapscan = off;
SELECT count(*) FROM sp WHERE b = md5('712');
SELECT count(*), count(DISTINCT b) FROM sp WHERE b > '';
RESET enable_seqscan; RESET olap.enable_scan; RESET enable_bitmapscan;
SELECT * FROM olap.verify('sp');
DROP TABLE sp;

-- rolled back: free once a transaction later, and cut off at the end of the file
CREATE TABLE sa (a int, b text) USING olap WITH (autovacuum_enabled = off);
INSERT INTO sa VALUES (0, 'stays');
BEGIN;
INSERT INTO sa SELECT g, md5(g::text) FROM generate_series(1, 60000) g;
ROLLBACK;
VACUUM sa;
SELECT dead_bytes > 900000 AS dead, free_bytes < 100000 AS not_free, kb('sa') > 900 AS large
FROM olap.compaction_status WHERE "table" = 'sa'::regclass;
CALL tick();
VACUUM (TRUNCATE off) sa;
SELECT dead_bytes, kb('sa') > 900 AS large FROM olap.compaction_status WHERE "table" = 'sa'::regclass;
VACUUM sa;
SELECT kb('sa') <= 120 AS small;
SELECT * FROM olap.verify('sa');
TABLE sa;
-- a snapshot of before keeps the space, for nobody knows what it looks at
BEGIN;
INSERT INTO sa SELECT g, md5(g::text) FROM generate_series(1, 60000) g;
ROLLBACK;
VACUUM sa; CALL tick(); VACUUM sa;
SELECT kb('sa') <= 120 AS small, dead_bytes FROM olap.compaction_status WHERE "table" = 'sa'::regclass;
DROP TABLE sa;

-- a slot of the directory and of the zone pages is used again, by a segment with as
-- many rows; a column that is younger than the zone pages
CREATE TABLE sz (a int, b int) USING olap WITH (autovacuum_enabled = off);
SELECT 'BEGIN', format('INSERT INTO sz SELECT g + %s, -g FROM generate_series(1, 5000) g', r * 10000), 'ROLLBACK',
  'VACUUM sz', 'CALL tick()', 'VACUUM sz'
FROM generate_series(1, 3) r \gexec
INSERT INTO sz SELECT g + 70000, g FROM generate_series(1, 5000) g;
SELECT (SELECT count(*) FROM sz WHERE a = 70010), (SELECT count(*) FROM sz WHERE a = 20010),
  (SELECT count(*) FROM sz WHERE b = 17), (SELECT count(*) FROM sz WHERE b = -17);
ALTER TABLE sz ADD COLUMN c int DEFAULT 5;
INSERT INTO sz SELECT g + 80000, g, g FROM generate_series(1, 5000) g;
SELECT (SELECT count(*) FROM sz WHERE c = 5), (SELECT count(*) FROM sz WHERE c = 4000), (SELECT count(*) FROM sz WHERE c > 5000);
SELECT * FROM olap.verify('sz');
-- all slots are free: zone pages for the new column as well
DELETE FROM sz;
CALL olap.compact('sz'); VACUUM sz; CALL tick(); VACUUM sz;
INSERT INTO sz SELECT g + 90000, g, -g FROM generate_series(1, 5000) g;
INSERT INTO sz SELECT g + 90000, g, g FROM generate_series(1, 5000) g;
SELECT (SELECT count(*) FROM sz WHERE c = -4000), (SELECT count(*) FROM sz WHERE c = 4000), (SELECT count(*) FROM sz WHERE c = 6000);
SELECT * FROM olap.verify('sz');
DROP TABLE sz;

-- more free extents than the metapage has room for, and slots of many directory pages
CREATE TABLE sf (a int, t text) USING olap WITH (autovacuum_enabled = off);
CREATE PROCEDURE alternate(first int, last int) LANGUAGE plpgsql AS $$
DECLARE
  wide text;
BEGIN
  SELECT string_agg(md5(g::text), '') INTO wide FROM generate_series(1, 500) g;
  FOR i IN first .. last LOOP
    INSERT INTO sf VALUES (i, wide);
    IF i % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
  END LOOP;
END $$;
CALL alternate(1, 2400);
SELECT count(*), sum(length(t)) FROM sf;
VACUUM sf; CALL tick(); VACUUM sf;
SELECT free_bytes / 8192 >= 2390 AS free, dead_bytes FROM olap.compaction_status WHERE "table" = 'sf'::regclass;
SELECT * FROM olap.verify('sf');
INSERT INTO sizes SELECT 100, kb('sf');
CALL alternate(2401, 4400);
VACUUM sf; CALL tick(); VACUUM sf;
SELECT kb('sf') <= kb + 1.1 * 8 * (4000 - 2400) AS reused FROM sizes WHERE round = 100;
SELECT count(*), sum(length(t)), sum(a) FROM sf;
SELECT * FROM olap.verify('sf');
DELETE FROM sf WHERE a <= 4000;
CALL olap.compact('sf'); VACUUM sf; CALL tick(); VACUUM sf;
SELECT count(*), sum(length(t)), sum(a) FROM sf;
SELECT * FROM olap.verify('sf');
DROP TABLE sf;

-- pages of the range log: rows locked and deleted one by one in many transactions
CREATE TABLE sl (a int) USING olap WITH (autovacuum_enabled = off);
INSERT INTO sl SELECT g FROM generate_series(1, 10000) g;
CREATE PROCEDURE churn() LANGUAGE plpgsql AS $$
BEGIN
  FOR i IN 1 .. 6 LOOP
    UPDATE sl SET a = a WHERE a % 2 = i % 2;
    COMMIT;
  END LOOP;
END $$;
SELECT 'CALL churn()', 'VACUUM sl', 'CALL olap.compact(''sl'')', 'VACUUM sl',
  'INSERT INTO sizes SELECT 200 + ' || r || ', kb(''sl'')' FROM generate_series(1, 4) r \gexec
SELECT count(*), sum(a) FROM sl;
SELECT * FROM olap.verify('sl');
SELECT max(kb) FILTER (WHERE round > 202) <= 1.3 * max(kb) FILTER (WHERE round <= 202) AS bounded FROM sizes WHERE round > 200;
-- head pages of ranges that no row is in any more: the file shrinks to next to nothing
INSERT INTO sl SELECT g FROM generate_series(1, 300000) g;
DELETE FROM sl WHERE a % 2 = 0;
DELETE FROM sl WHERE a % 2 = 1;
VACUUM sl; CALL olap.compact('sl'); VACUUM sl; CALL tick(); VACUUM sl;
SELECT kb('sl') <= 200 AS small, count(*) FROM sl;
SELECT * FROM olap.verify('sl');
INSERT INTO sl SELECT g FROM generate_series(1, 1000) g;
DELETE FROM sl WHERE a > 10;
SELECT count(*), sum(a) FROM sl;
VACUUM sl;
SELECT count(*), sum(a) FROM sl;
SELECT * FROM olap.verify('sl');
DROP TABLE sl;

-- temporary and unlogged tables
CREATE TEMP TABLE st (a int, b text) USING olap;
CREATE UNLOGGED TABLE su (a int, b text) USING olap WITH (autovacuum_enabled = off);
SELECT 'BEGIN', 'INSERT INTO ' || t || ' SELECT g, md5(g::text) FROM generate_series(1, 30000) g', 'ROLLBACK',
  'INSERT INTO ' || t || ' VALUES (1, ''one'')', 'VACUUM ' || t, 'CALL tick()', 'VACUUM ' || t, 'CALL olap.compact(''' || t || ''')'
FROM generate_series(1, 4), unnest('{st,su}'::text[]) t \gexec
SELECT kb('st') < 2000 AS temp, kb('su') < 2000 AS unlogged, (SELECT count(*) FROM st), (SELECT count(*) FROM su);
SELECT * FROM olap.verify('st');
SELECT * FROM olap.verify('su');
DROP TABLE st, su, sizes;
DROP PROCEDURE tick, alternate, churn;
DROP FUNCTION kb, load_round;
