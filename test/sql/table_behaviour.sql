-- An olap table answers like a heap table to everything that inserts, reads and
-- changes its shape; what this release refuses is refused clearly.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA table_behaviour;
SET search_path = table_behaviour, public;
SET default_table_access_method = heap;
-- differences('h', 'o'): rows of one and not of the other, both ways
CREATE FUNCTION differences(h regclass, o regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
  EXECUTE format('SELECT (SELECT count(*) FROM (SELECT hh::text FROM %1$s hh EXCEPT ALL SELECT oo::text FROM %2$s oo) a)
                       + (SELECT count(*) FROM (SELECT oo::text FROM %2$s oo EXCEPT ALL SELECT hh::text FROM %1$s hh) b)', h, o) INTO n;
  RETURN n;
END $$;

-- system columns, RETURNING, and the order of TIDs
CREATE TABLE o (a int, b text) USING olap;
INSERT INTO o VALUES (1, 'one'), (2, NULL) RETURNING ctid, tableoid::regclass, a;
INSERT INTO o SELECT g, 'v' || g FROM generate_series(3, 6000) g;
SELECT ctid, tableoid::regclass, xmin <> '0' AS has_xmin, xmax, cmin, a, b FROM o WHERE a IN (1, 2, 6000) ORDER BY a;
SELECT count(*), count(DISTINCT ctid) FROM o;
SELECT a FROM o WHERE ctid = (SELECT ctid FROM o WHERE a = 4711);
SELECT a FROM o WHERE ctid IN ('(0,1)', '(0,0)', '(0,292)', '(4294967294,1)');

-- 0 columns, many columns, one row
CREATE TABLE none () USING olap;
INSERT INTO none DEFAULT VALUES;
INSERT INTO none SELECT FROM generate_series(1, 9999);
SELECT count(*) FROM none;
\set ECHO none
SELECT format('CREATE TABLE wide (%s) USING olap', string_agg('c' || g || ' int', ', ')) FROM generate_series(1, 1600) g \gexec
\set ECHO all
INSERT INTO wide (c1, c1600) SELECT g, g FROM generate_series(1, 5000) g;
INSERT INTO wide (c7) VALUES (7);
SELECT count(*), sum(c1), sum(c1600), sum(c7), count(c800) FROM wide;

-- own rows: INSERT .. SELECT from itself, volatile functions, cursors, savepoints
CREATE TABLE self (a int) USING olap;
INSERT INTO self SELECT generate_series(1, 3000);
INSERT INTO self SELECT a + 3000 FROM self;
INSERT INTO self SELECT a + 6000 FROM self;
SELECT count(*), sum(a) FROM self;
CREATE FUNCTION seen() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM self';
CREATE TABLE self_h (a bigint);
INSERT INTO self_h SELECT CASE WHEN g % 2 = 0 THEN seen() ELSE 0 END FROM generate_series(1, 4) g;
INSERT INTO self SELECT seen() FROM generate_series(1, 2);
SELECT a FROM self_h; SELECT count(*) FROM self WHERE a = 12000;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT a FROM self;
INSERT INTO self VALUES (-1);
FETCH 2 FROM c;
SELECT count(*) FROM self WHERE a = -1;
MOVE FORWARD ALL IN c;
FETCH BACKWARD 3 FROM c;
FETCH FIRST FROM c;
FETCH BACKWARD 1 FROM c;
FETCH FORWARD 1 FROM c;
ROLLBACK;
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT a FROM self ORDER BY a DESC;
COMMIT;
TRUNCATE self;
FETCH 2 FROM h;
CLOSE h;
BEGIN;
INSERT INTO self VALUES (1);
SAVEPOINT s1; INSERT INTO self SELECT g FROM generate_series(2, 9000) g; ROLLBACK TO s1;
SAVEPOINT s2; INSERT INTO self VALUES (2); RELEASE s2;
SAVEPOINT s3; INSERT INTO self VALUES (3); SELECT count(*) FROM self; ROLLBACK TO s3;
COMMIT;
SELECT * FROM self ORDER BY a;
BEGIN; INSERT INTO self VALUES (4); ROLLBACK;
SELECT * FROM self ORDER BY a;

-- TRUNCATE: transactional, and in the transaction that filled the table
BEGIN; TRUNCATE self; INSERT INTO self VALUES (10); SELECT * FROM self; ROLLBACK;
SELECT * FROM self ORDER BY a;
BEGIN; CREATE TABLE fresh (a int) USING olap; INSERT INTO fresh VALUES (1); TRUNCATE fresh;
INSERT INTO fresh VALUES (2); SELECT * FROM fresh; COMMIT;
SELECT * FROM fresh;

-- columns added, dropped, changed; with and without a rewrite
CREATE TABLE shape_h (id int, n numeric(10,2), v varchar(10), gone int);
CREATE TABLE shape_o (LIKE shape_h) USING olap;
INSERT INTO shape_h SELECT g, g / 7.0, 'v' || g, g FROM generate_series(1, 5000) g;
INSERT INTO shape_o SELECT * FROM shape_h;
INSERT INTO shape_o VALUES (-1, 1.5, 'delta', 1); INSERT INTO shape_h VALUES (-1, 1.5, 'delta', 1);
SELECT format(s, t) FROM unnest(ARRAY['shape_h', 'shape_o']) t, unnest(ARRAY[
  'ALTER TABLE %s ADD COLUMN d int DEFAULT 42',
  'ALTER TABLE %s ADD COLUMN x text',
  'ALTER TABLE %s DROP COLUMN gone',
  'ALTER TABLE %s ALTER COLUMN n TYPE numeric',
  'ALTER TABLE %s ALTER COLUMN v TYPE text']) s \gexec
SELECT differences('shape_h', 'shape_o');
INSERT INTO shape_h VALUES (-2, 1.23456, 'after', 43, 'x'); INSERT INTO shape_o VALUES (-2, 1.23456, 'after', 43, 'x');
INSERT INTO shape_h SELECT g, g / 3.0, repeat('w', g % 50), NULL, 'y' FROM generate_series(1, 5000) g;
INSERT INTO shape_o SELECT * FROM shape_h WHERE id > 0 AND x = 'y';
SELECT differences('shape_h', 'shape_o');
SELECT count(*), sum(d), count(x), sum(n) FROM shape_o WHERE d = 42;
SELECT count(*) FROM shape_o WHERE d IS NULL; SELECT count(*) FROM shape_o WHERE x IS NULL;
SELECT format(s, t) FROM unnest(ARRAY['shape_h', 'shape_o']) t, unnest(ARRAY[
  'ALTER TABLE %s ALTER COLUMN id TYPE text USING id || ''!''',
  'ALTER TABLE %s ADD COLUMN r float8 DEFAULT length(repeat(''a'', 3)) + random() * 0',
  'ALTER TABLE %s ADD CHECK (length(v) < 100)',
  'ALTER TABLE %s ALTER COLUMN v SET NOT NULL']) s \gexec
SELECT differences('shape_h', 'shape_o');
INSERT INTO shape_o (id) VALUES ('x');

-- rows that came with a column, both rolled back, are nobody's when its number is
-- another column's: for indexes, olap.verify, CLUSTER and VACUUM FULL
CREATE TABLE undone (k int NOT NULL, b text) USING olap;
CREATE INDEX undone_k ON undone (k);
BEGIN;
ALTER TABLE undone ADD c text;
INSERT INTO undone SELECT g, 'gone', 'abc' || g FROM generate_series(1, 5) g;
ROLLBACK;
INSERT INTO undone SELECT g, 'here' FROM generate_series(1, 3) g;
SELECT * FROM olap.verify('undone');
ALTER TABLE undone ADD c timestamptz;
SELECT * FROM olap.verify('undone');
CLUSTER undone USING undone_k;
BEGIN;
ALTER TABLE undone ADD d int;
INSERT INTO undone SELECT g, 'gone', NULL, g FROM generate_series(1, 5) g;
ROLLBACK;
ALTER TABLE undone ADD d text;
VACUUM FULL undone;
SELECT k, b, c, d FROM undone ORDER BY k;
SELECT * FROM olap.verify('undone');

-- generated columns, defaults, identity
CREATE TABLE gen (id int GENERATED ALWAYS AS IDENTITY, a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text DEFAULT 'd') USING olap;
INSERT INTO gen (a) SELECT generate_series(1, 3);
SELECT * FROM gen ORDER BY id;

-- partitions, inheritance, CTAS, materialized views
CREATE TABLE part (ts date, v int) PARTITION BY RANGE (ts);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') USING olap;
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') USING heap;
INSERT INTO part SELECT date '2024-01-01' + g % 60, g FROM generate_series(0, 9999) g;
SELECT tableoid::regclass, count(*), sum(v) FROM part GROUP BY 1 ORDER BY 1;
CREATE TABLE parent (a int); CREATE TABLE child (b text) INHERITS (parent) USING olap;
INSERT INTO child VALUES (1, 'c');
SELECT tableoid::regclass, * FROM parent;
CREATE TABLE ctas USING olap AS SELECT g AS a, g::text AS b FROM generate_series(1, 10000) g;
SELECT count(*), sum(a) FROM ctas;
CREATE MATERIALIZED VIEW mv USING olap AS SELECT a % 10 AS k, count(*) AS n FROM ctas GROUP BY 1;
INSERT INTO ctas VALUES (0, 'x'); REFRESH MATERIALIZED VIEW mv;
SELECT sum(n) FROM mv;

-- triggers see the rows; foreign keys to a heap parent hold
CREATE TABLE log (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO log VALUES (TG_WHEN || ' ' || NEW::text || ' of ' || (SELECT count(*) FROM trig)); RETURN NEW; END $$;
CREATE TABLE keys (k int PRIMARY KEY); INSERT INTO keys VALUES (1), (2);
CREATE TABLE trig (k int REFERENCES keys, v text) USING olap;
CREATE TRIGGER b BEFORE INSERT ON trig FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER a AFTER INSERT ON trig FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO trig VALUES (1, 'x'), (2, 'y');
SELECT * FROM log;
INSERT INTO trig VALUES (3, 'z');
DROP TRIGGER a ON trig; DROP TRIGGER b ON trig;
INSERT INTO trig SELECT 1 + g % 2, 'bulk' FROM generate_series(1, 5000) g;
INSERT INTO trig SELECT 1 + g % 3, 'bulk' FROM generate_series(1, 5000) g;
SELECT count(*) FROM trig;
DELETE FROM keys WHERE k = 1;
ALTER TABLE trig DROP CONSTRAINT trig_k_fkey;
ALTER TABLE trig ADD FOREIGN KEY (k) REFERENCES keys;

-- indexes, each kind, one and many rows, partial, expression, concurrently
CREATE TABLE idx (a int, b text, p point, t tsvector) USING olap;
INSERT INTO idx SELECT g, 'b' || g % 100, point(g, g), to_tsvector('simple', 'w' || g % 50) FROM generate_series(1, 20000) g;
CREATE INDEX idx_a ON idx (a); CREATE INDEX idx_b ON idx USING hash (b);
CREATE INDEX idx_p ON idx USING gist (p); CREATE INDEX idx_t ON idx USING gin (t);
CREATE INDEX idx_part ON idx (b) WHERE a < 100; CREATE INDEX idx_expr ON idx ((a % 7));
CREATE INDEX CONCURRENTLY idx_c ON idx (b, a);
INSERT INTO idx SELECT g, 'b' || g % 100, point(g, g), to_tsvector('simple', 'w' || g % 50) FROM generate_series(20001, 20010) g;
INSERT INTO idx SELECT g, 'b' || g % 100, point(g, g), to_tsvector('simple', 'w' || g % 50) FROM generate_series(20011, 30000) g;
SET enable_seqscan = off; SET olap.enable_scan = off;
SELECT count(*), sum(a) FROM idx WHERE a BETWEEN 19990 AND 20020;
SELECT count(*), sum(a) FROM idx WHERE b = 'b7';
SELECT count(*) FROM (SELECT a FROM idx ORDER BY p <-> point(500, 500) LIMIT 5) x;
SELECT count(*) FROM idx WHERE p <@ box '((0,0),(10.5,10.5))';
SELECT count(*) FROM idx WHERE a % 7 = 3;
SELECT max(a), min(a) FROM idx;
SELECT count(*) FROM idx i JOIN (VALUES (5), (25000), (29999), (99999)) v (x) ON i.a = v.x;
RESET enable_seqscan; RESET olap.enable_scan;
SELECT count(*) FROM idx WHERE t @@ 'w7'::tsquery;
REINDEX TABLE idx;
SELECT bt.c FROM (SELECT count(*) AS c FROM idx WHERE a = 777) bt;
CREATE UNIQUE INDEX idx_unique ON idx (a);
ALTER TABLE idx ADD PRIMARY KEY (a);
CREATE INDEX ON idx USING brin (a);

INSERT INTO idx (a) VALUES (1) ON CONFLICT DO NOTHING RETURNING a;

-- temporary and unlogged tables
CREATE TEMP TABLE tmp (a int) USING olap ON COMMIT DELETE ROWS;
BEGIN; INSERT INTO tmp SELECT generate_series(1, 9000); SELECT count(*) FROM tmp; COMMIT;
SELECT count(*) FROM tmp;
CREATE UNLOGGED TABLE unl (a int) USING olap;
INSERT INTO unl SELECT generate_series(1, 9000); SELECT count(*) FROM unl;
ALTER TABLE unl SET LOGGED; SELECT count(*) FROM unl;

-- VACUUM FULL and CLUSTER keep rows and indexes
CREATE INDEX ctas_a ON ctas (a);
VACUUM FULL ctas; SELECT count(*), sum(a) FROM ctas;
CLUSTER ctas USING ctas_a; SELECT count(*), sum(a), (array_agg(a))[1:3] FROM ctas;
SELECT a, b FROM ctas WHERE a = 5;
VACUUM (FREEZE, ANALYZE) ctas;
SELECT reltuples, relpages > 0 AS pages, age(relfrozenxid) < 100 AS frozen FROM pg_class WHERE relname = 'ctas';

-- samples
SELECT count(*) FROM ctas TABLESAMPLE system (100);
SELECT count(*) BETWEEN 3000 AND 7000 FROM ctas TABLESAMPLE bernoulli (50) REPEATABLE (1);
SELECT count(*) FROM ctas TABLESAMPLE bernoulli (0);

-- large values
CREATE TABLE big (a int, b text) USING olap;
INSERT INTO big SELECT g, repeat(chr(96 + g), 20000000) FROM generate_series(1, 3) g;
INSERT INTO big VALUES (4, repeat('z', 9000)), (5, NULL);
SELECT a, length(b), md5(b) FROM big ORDER BY a;

-- statistics
CREATE TABLE st (id int, few text, f float8, n int) USING olap;
INSERT INTO st SELECT g, 'f' || g % 5, g / 1000.0, CASE WHEN g % 3 = 0 THEN NULL ELSE 1 END FROM generate_series(1, 200000) g;
ANALYZE st;
SELECT reltuples FROM pg_class WHERE oid = 'st'::regclass;
SELECT attname, round(null_frac::numeric, 1) AS null_frac, n_distinct, round(correlation::numeric, 1) AS correlation FROM pg_stats
WHERE tablename = 'st' AND schemaname = 'table_behaviour' ORDER BY attname;

DROP SCHEMA table_behaviour CASCADE;

-- COPY, then a command that drops or replaces the file, in one transaction.
CREATE TABLE replaced (k int) USING olap;
BEGIN;
COPY replaced FROM STDIN;
1
\.
TRUNCATE replaced;
COPY replaced FROM STDIN;
2
\.
SAVEPOINT s;
TRUNCATE replaced;
ROLLBACK TO s;
SAVEPOINT s;
DROP TABLE replaced;
ROLLBACK TO s;
COMMIT;
SELECT * FROM replaced;
BEGIN;
COPY replaced FROM STDIN;
3
\.
ALTER TABLE replaced ALTER k TYPE text;
COPY replaced FROM STDIN;
four
\.
ALTER TABLE replaced SET ACCESS METHOD heap;
COMMIT;
SELECT * FROM replaced;
ALTER TABLE replaced SET ACCESS METHOD olap;
BEGIN;
COPY replaced FROM STDIN;
5
\.
DROP TABLE replaced;
COMMIT;
