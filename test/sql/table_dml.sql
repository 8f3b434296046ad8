-- UPDATE, DELETE, MERGE, ON CONFLICT, row locks, keys and triggers: each statement
-- runs on an olap table and on its heap twin, and the two must agree.
CREATE SCHEMA table_dml; SET search_path = table_dml, public;
SET client_min_messages = warning;

-- t: rows in a segment and in the delta; with and without a key
CREATE TABLE heap_t (id int, k int, v text, d numeric(12,4), f float8) USING heap;
INSERT INTO heap_t SELECT g, g % 100, 'v' || g, g / 7.0, CASE WHEN g % 5 = 0 THEN NULL ELSE g END FROM generate_series(1, 10000) g;
INSERT INTO heap_t SELECT g, g % 100, repeat('w', g % 50), g, 'NaN' FROM generate_series(10001, 10100) g;
CREATE TABLE olap_t (LIKE heap_t) USING olap;
INSERT INTO olap_t SELECT * FROM heap_t WHERE id <= 10000;
INSERT INTO olap_t SELECT * FROM heap_t WHERE id > 10000;
CREATE FUNCTION same(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n bigint; m bigint; d bigint;
BEGIN
  SELECT count(*) INTO n FROM heap_t; SELECT count(*) INTO m FROM olap_t;
  SELECT count(*) INTO d FROM ((TABLE heap_t EXCEPT ALL TABLE olap_t) UNION ALL (TABLE olap_t EXCEPT ALL TABLE heap_t)) x;
  RETURN format('%s: %s rows, %s rows, %s differ', what, n, m, d);
END $$;
-- run a statement on both; what it returns or affects must agree
CREATE FUNCTION twice(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE n bigint; m bigint;
BEGIN
  EXECUTE replace(statement, 'T!', 'heap_t'); GET DIAGNOSTICS n = ROW_COUNT;
  EXECUTE replace(statement, 'T!', 'olap_t'); GET DIAGNOSTICS m = ROW_COUNT;
  RETURN same(format('%s / %s', n, m));
END $$;
SELECT twice('DELETE FROM T! WHERE k = 3');
SELECT twice('DELETE FROM T! WHERE id BETWEEN 500 AND 800');
SELECT twice('UPDATE T! SET v = v || ''!'', k = k + 1 WHERE k = 7');
SELECT twice('UPDATE T! SET f = NULL WHERE f = ''NaN''');
SELECT twice('UPDATE T! SET id = id + 100000 WHERE id % 3 = 0');
SELECT twice('DELETE FROM T! WHERE v IS NULL');
SELECT twice('UPDATE T! a SET d = b.d FROM T! b WHERE a.id = b.id + 1 AND b.k < 5');
SELECT twice('DELETE FROM T! a USING T! b WHERE a.id = b.id - 2 AND b.k = 50');
SELECT twice('WITH gone AS (DELETE FROM T! WHERE k = 60 RETURNING *) INSERT INTO T! SELECT id, 61, v, d, f FROM gone');
SELECT twice('MERGE INTO T! t USING (SELECT g AS id FROM generate_series(9990, 10200) g) s ON t.id = s.id
  WHEN MATCHED AND t.k % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET k = -t.k WHEN NOT MATCHED THEN INSERT VALUES (s.id, 1, ''merged'', 0, 0)');
SELECT count(*), sum(k), count(f) FROM olap_t WHERE k < 10;
SELECT count(*), sum(k), count(f) FROM heap_t WHERE k < 10;

-- nothing of it after a rollback, all of it after a released savepoint
BEGIN;
DELETE FROM olap_t WHERE k < 50; SAVEPOINT a; UPDATE olap_t SET k = 0; SELECT count(*), sum(k) FROM olap_t;
ROLLBACK TO a; SELECT count(*), sum(k) FROM olap_t; ROLLBACK;
SELECT same('rolled back');
BEGIN; SAVEPOINT a; SELECT twice('DELETE FROM T! WHERE k = 40'); RELEASE a;
SAVEPOINT b; SELECT twice('DELETE FROM T! WHERE k = 41'); ROLLBACK TO b; COMMIT;
SELECT same('committed');

-- a row once deleted can be neither changed nor seen again
BEGIN; DELETE FROM olap_t WHERE k = 10; UPDATE olap_t SET k = 1 WHERE k = 10; SELECT count(*) FROM olap_t WHERE k = 10; ROLLBACK;
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE olap_t SET k = 99 WHERE id = NEW.id; RETURN NEW; END $$;
CREATE TRIGGER again BEFORE UPDATE ON olap_t FOR EACH ROW WHEN (NEW.k = -1000) EXECUTE FUNCTION again();
UPDATE olap_t SET k = -1000 WHERE id = 1;
DROP TRIGGER again ON olap_t;

-- VACUUM folds the deletes; rows stay right, twice
VACUUM olap_t; SELECT same('vacuumed'); VACUUM olap_t;
SELECT twice('DELETE FROM T! WHERE k = 20'); SELECT same('deleted');
ANALYZE olap_t; SELECT reltuples = (SELECT count(*) FROM olap_t) AS reltuples FROM pg_class WHERE oid = 'olap_t'::regclass;
SELECT * FROM olap.verify('olap_t');
VACUUM FULL olap_t; SELECT same('rewritten');
ALTER TABLE olap_t ADD COLUMN extra int DEFAULT 7; ALTER TABLE heap_t ADD COLUMN extra int DEFAULT 7;
SELECT twice('UPDATE T! SET extra = 8 WHERE k % 10 = 1'); SELECT twice('DELETE FROM T! WHERE extra = 7 AND k % 10 = 2');
ALTER TABLE olap_t DROP COLUMN f; ALTER TABLE heap_t DROP COLUMN f;
SELECT twice('UPDATE T! SET v = upper(v) WHERE extra = 8');
ALTER TABLE olap_t SET ACCESS METHOD heap; SELECT same('as heap'); ALTER TABLE olap_t SET ACCESS METHOD olap; SELECT same('as olap');

-- keys
CREATE TABLE pk (id int PRIMARY KEY, u text UNIQUE, x int) USING olap;
INSERT INTO pk SELECT g, 'u' || g, 0 FROM generate_series(1, 3000) g;
\set VERBOSITY terse
-- a lookup of one key goes by the index: it locks the row alone, and costs less
EXPLAIN (COSTS OFF) SELECT x FROM pk WHERE id = 5;
INSERT INTO pk VALUES (5, 'new', 1);
INSERT INTO pk VALUES (5000, 'u6', 1);
UPDATE pk SET id = 7 WHERE id = 8;
INSERT INTO pk VALUES (5, 'new', 1) ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO pk VALUES (5, 'new', 1), (6000, 'u6000', 1) ON CONFLICT (id) DO UPDATE SET x = pk.x + EXCLUDED.x, u = EXCLUDED.u RETURNING *;
INSERT INTO pk VALUES (7000, 'a', 1), (7000, 'b', 1) ON CONFLICT (id) DO UPDATE SET x = 2;
INSERT INTO pk SELECT 1, 'u1', 0 ON CONFLICT (u) DO UPDATE SET x = 9 WHERE pk.x = 12345 RETURNING *;
DELETE FROM pk WHERE id = 100; INSERT INTO pk VALUES (100, 'u100', 5); SELECT * FROM pk WHERE u = 'u100';
BEGIN; DELETE FROM pk WHERE id = 101; INSERT INTO pk VALUES (101, 'u101', 5); ROLLBACK; SELECT * FROM pk WHERE id = 101;
UPDATE pk SET id = id + 10000 WHERE id < 50; SELECT count(*), min(id), max(id) FROM pk;
UPDATE pk SET u = u || repeat('u', 2000) WHERE id IN (200, 201); SELECT id, length(u) FROM pk WHERE id IN (200, 201) ORDER BY id;
CREATE TABLE wide (id int PRIMARY KEY, u text) USING olap; INSERT INTO wide VALUES (1, repeat('long', 5000)), (2, 'x'), (3, repeat('z', 9000));
INSERT INTO wide VALUES (2, 'x') ON CONFLICT (id) DO UPDATE SET u = repeat('long', 4000); INSERT INTO wide VALUES (3, repeat('y', 9000)) ON CONFLICT DO NOTHING;
INSERT INTO wide VALUES (4, repeat('y', 9000)), (4, repeat('x', 9000)) ON CONFLICT DO NOTHING; INSERT INTO wide VALUES (1, repeat('y', 9000));
SELECT id, length(u), left(u, 1) FROM wide ORDER BY id;
VACUUM pk; SELECT * FROM pk WHERE id = 100; REINDEX TABLE pk; SELECT count(*) FROM pk;
CREATE TABLE def (a int, UNIQUE (a) DEFERRABLE INITIALLY DEFERRED) USING olap;
INSERT INTO def SELECT generate_series(1, 5); UPDATE def SET a = a + 1; SELECT array_agg(a ORDER BY a) FROM def;
BEGIN; INSERT INTO def VALUES (3); COMMIT;
CREATE TABLE excl (r int4range, EXCLUDE USING gist (r WITH &&)) USING olap;
INSERT INTO excl VALUES ('[1,5)'), ('[5,9)'); INSERT INTO excl VALUES ('[4,6)'); INSERT INTO excl VALUES ('[4,6)') ON CONFLICT DO NOTHING;
CREATE TABLE dup (a int) USING olap; INSERT INTO dup VALUES (1), (1), (2); CREATE UNIQUE INDEX dup_a ON dup (a);
DELETE FROM dup WHERE ctid = (SELECT min(ctid) FROM dup WHERE a = 1); CREATE UNIQUE INDEX dup_a ON dup (a);
CREATE UNIQUE INDEX CONCURRENTLY dup_a2 ON dup (a); SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'dup'::regclass ORDER BY 1;

-- foreign keys, an olap table on either side
CREATE TABLE child (pid int REFERENCES pk ON DELETE CASCADE ON UPDATE CASCADE, y int) USING olap;
INSERT INTO child SELECT id, 1 FROM pk WHERE id < 300;
INSERT INTO child VALUES (99999, 1);
DELETE FROM pk WHERE id BETWEEN 60 AND 70; UPDATE pk SET id = 20000 WHERE id = 71;
SELECT count(*), max(pid) FROM child; SELECT count(*) FROM child c WHERE NOT EXISTS (SELECT FROM pk WHERE id = c.pid);
CREATE TABLE strict (pid int REFERENCES pk) USING heap; INSERT INTO strict VALUES (300); DELETE FROM pk WHERE id = 300;

-- triggers see old and new rows
CREATE TABLE audit (op text, old text, new text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO audit VALUES (TG_OP, CASE WHEN TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_OP <> 'DELETE' THEN NEW::text END); RETURN NULL; END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON dup FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO dup VALUES (10); UPDATE dup SET a = 11 WHERE a = 10; DELETE FROM dup WHERE a = 11; TABLE audit;

-- row locks, cursors
BEGIN; SELECT * FROM pk WHERE id = 400 FOR UPDATE; SELECT * FROM pk WHERE id = 400 FOR KEY SHARE;
UPDATE pk SET x = 1 WHERE id = 400 RETURNING *; COMMIT;
BEGIN; DECLARE c CURSOR FOR SELECT * FROM olap_t WHERE k = 33 FOR UPDATE; MOVE 2 FROM c;
UPDATE olap_t SET v = 'current' WHERE CURRENT OF c; MOVE 1 FROM c; DELETE FROM olap_t WHERE CURRENT OF c;
SELECT count(*), count(*) FILTER (WHERE v = 'current') FROM olap_t WHERE k = 33; SELECT count(*) FROM heap_t WHERE k = 33; ROLLBACK;
BEGIN; DECLARE old CURSOR FOR SELECT count(*) FROM pk; DELETE FROM pk WHERE id > 1000; FETCH old; SELECT count(*) FROM pk; ROLLBACK;

-- partitions: rows move between olap and heap
CREATE TABLE part (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (100) USING olap;
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM (100) TO (200) USING heap;
INSERT INTO part SELECT g, 'p' || g FROM generate_series(0, 199) g;
UPDATE part SET a = (a + 50) % 200; SELECT tableoid::regclass, count(*), min(a), max(a) FROM part GROUP BY 1 ORDER BY 1;

-- temporary and unlogged tables
CREATE TEMP TABLE tmp (a int PRIMARY KEY, b int) USING olap;
INSERT INTO tmp SELECT g, 0 FROM generate_series(1, 5000) g; DELETE FROM tmp WHERE a % 2 = 0; UPDATE tmp SET b = a; SELECT count(*), sum(b) FROM tmp;
CREATE UNLOGGED TABLE unl (a int PRIMARY KEY, b int) USING olap;
INSERT INTO unl SELECT g, 0 FROM generate_series(1, 5000) g; DELETE FROM unl WHERE a % 2 = 0; UPDATE unl SET b = a; SELECT count(*), sum(b) FROM unl;
VACUUM tmp; VACUUM unl; SELECT count(*), sum(b) FROM tmp; SELECT count(*), sum(b) FROM unl;

-- many changes of one range: chains of log pages
CREATE TABLE many (a int, b int) USING olap; INSERT INTO many SELECT g, 0 FROM generate_series(1, 40000) g;
UPDATE many SET b = 1 WHERE a % 2 = 0; SELECT count(*), sum(b) FROM many; DELETE FROM many WHERE a % 4 = 0; SELECT count(*), sum(b) FROM many;
DO $$ BEGIN FOR i IN 1..300 LOOP UPDATE many SET b = b + 1 WHERE a = 1; END LOOP; END $$; SELECT b FROM many WHERE a = 1;
VACUUM many; SELECT count(*), sum(b) FROM many; SELECT * FROM olap.verify('many');
-- VACUUM in several passes: more scattered deletes than its memory holds
CREATE TABLE passes (a int, b int) USING olap; INSERT INTO passes SELECT g, g % 7 FROM generate_series(1, 250000) g; CREATE INDEX passes_a ON passes (a);
DELETE FROM passes WHERE a % 2 = 0; SET maintenance_work_mem = '1MB'; VACUUM passes; RESET maintenance_work_mem;
SELECT count(*), sum(a) FROM passes; SELECT * FROM olap.verify('passes'); SELECT count(*) FROM passes WHERE a BETWEEN 1000 AND 1010;
-- (an older snapshot elsewhere in the cluster makes VACUUM leave entries)
SELECT relname, reltuples = 125000 OR (relname = 'passes_a' AND reltuples = 250000) AS right FROM pg_class WHERE relname IN ('passes', 'passes_a') ORDER BY relname;
DROP SCHEMA table_dml CASCADE;
