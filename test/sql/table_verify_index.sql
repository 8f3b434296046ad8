-- olap.verify compares indexes with their table: every row has its entry, and no
-- entry is of a row that never was.
CREATE SCHEMA vi; SET search_path = vi, public;
CREATE FUNCTION vi.twice(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN a * 2; END';
CREATE TABLE t (id int PRIMARY KEY, a int, b text, n numeric(12, 3), m numeric, f float8, u uuid, o boolean,
  s name, c char(5), v varchar, i interval, r int4range, x int[], big text) USING olap;
CREATE INDEX t_a ON t (a);                             -- many duplicates: posting lists
CREATE INDEX t_desc ON t (a DESC NULLS FIRST, b COLLATE "C");
CREATE INDEX t_cover ON t (n) INCLUDE (b, m);
CREATE INDEX t_types ON t (f, u, o, s, c, v, i, r, x, m);
CREATE INDEX t_partial ON t (b) WHERE a > 5;
CREATE INDEX t_expr ON t (vi.twice(a), lower(b)) WHERE vi.twice(a) % 3 = 0;
CREATE INDEX t_hash ON t USING hash (b);
CREATE INDEX t_hash_partial ON t USING hash (a) WHERE o;
CREATE INDEX t_gist ON t USING gist (r);
CREATE INDEX t_spgist ON t USING spgist (v);
CREATE INDEX t_big ON t (left(big, 1000));             -- compressed in the index
CREATE FUNCTION vi.fill(first int, last int) RETURNS void LANGUAGE sql AS $$
  INSERT INTO t SELECT g, nullif(g % 17, 3), CASE WHEN g % 11 > 0 THEN 'b' || g % 250 END, g / 7.0, g::numeric / (1 + g % 5),
    CASE g % 6 WHEN 0 THEN '-0' WHEN 1 THEN 'NaN' ELSE (g % 40) / 3.0 END::float8, md5((g % 99)::text)::uuid, g % 3 = 0,
    'n' || g % 70, g % 900, 'v' || g % 33, g % 50 * interval '1 hour', int4range(g % 90, g % 90 + 9), ARRAY[g % 4, NULL, g % 2],
    repeat('big ' || g % 20, 400)
  FROM generate_series(first, last) g $$;
SELECT vi.fill(1, 6000);                               -- segments
SELECT vi.fill(6001, 6050);                            -- delta rows
SELECT * FROM olap.verify('t');
BEGIN; SELECT vi.fill(7001, 12000); ROLLBACK;          -- entries of rows that are none
BEGIN; SELECT vi.fill(7001, 7100); SAVEPOINT s; SELECT vi.fill(7101, 7200); ROLLBACK TO s;
SELECT * FROM olap.verify('t');                        -- in the middle of a transaction
COMMIT;
DELETE FROM t WHERE id % 7 = 0; UPDATE t SET a = a + 1, b = upper(b) WHERE id % 5 = 0;
SELECT * FROM olap.verify('t');
CALL olap.compact('t');
SELECT * FROM olap.verify('t');
VACUUM t; REINDEX TABLE t; SELECT vi.fill(9001, 9020); UPDATE t SET n = n + 1 WHERE id < 50; VACUUM t;
SELECT * FROM olap.verify('t');
-- Little memory: sorts on disk.
SET maintenance_work_mem = '1MB';
INSERT INTO t (id, a) SELECT g, g % 100 FROM generate_series(100001, 130000) g;
SELECT * FROM olap.verify('t');
RESET maintenance_work_mem;

-- What an index did not get to know of.
CREATE FUNCTION vi.ready(index regclass, ready boolean) RETURNS void LANGUAGE sql AS
  'UPDATE pg_index SET indisready = ready WHERE indexrelid = index';
CREATE TABLE w (a int, b text) USING olap;
INSERT INTO w SELECT g, 'w' || g FROM generate_series(1, 5000) g;
CREATE UNIQUE INDEX w_a ON w (a);
CREATE INDEX w_partial ON w (b) WHERE a > 5002;
CREATE INDEX w_expr ON w ((a + length(b)));
CREATE INDEX w_hash ON w USING hash (b);
CREATE INDEX w_gist ON w USING gist (int4range(a, a + 1));
SELECT * FROM olap.verify('w');
SELECT vi.ready(c.oid, false) FROM pg_class c WHERE relname ~ '^w_' AND relkind = 'i';
INSERT INTO w VALUES (5001, 'x'), (5002, NULL), (5003, 'y');
SELECT vi.ready(c.oid, true) FROM pg_class c WHERE relname ~ '^w_' AND relkind = 'i';
SELECT fault, detail ~ ': 3, among them \(\d+,\d+\), \(\d+,\d+\), \(\d+,\d+\)\.$' AS three, substring(detail, ': (\d+)')::int AS n, segment
FROM olap.verify('w') ORDER BY fault COLLATE "C";
SELECT * FROM olap.verify('w', indexes => false);
SELECT * FROM olap.verify('w', false);
-- The rows it names are the ones.
SELECT array_agg(w.a ORDER BY a) FROM olap.verify('w') v, regexp_matches(detail, '\(\d+,\d+\)', 'g') m, w
WHERE v.fault ~ 'w_a' AND w.ctid = m[1]::tid;
-- Many of them, on disk and in segments.
SELECT vi.ready('w_a', false);
INSERT INTO w SELECT g, 'w' || g FROM generate_series(10001, 19999) g;
SELECT vi.ready('w_a', true);
SELECT substring(detail, ': (\d+)')::int AS n, (SELECT count(*) FROM regexp_matches(detail, '\(\d+,\d+\)', 'g')) AS named
FROM olap.verify('w') WHERE fault ~ 'w_a';
CALL olap.compact('w');
SELECT substring(detail, ': (\d+)')::int AS n FROM olap.verify('w') WHERE fault ~ 'w_a';
-- Not those that are deleted; a repair repairs.
DELETE FROM w WHERE a > 10001;
SELECT substring(detail, ': (\d+)')::int AS n FROM olap.verify('w') WHERE fault ~ 'w_a';
REINDEX TABLE w;
SELECT * FROM olap.verify('w');

-- Entries with another key: the function does not say what it said.
CREATE OR REPLACE FUNCTION vi.twice(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN CASE WHEN a = 9 THEN 21 ELSE a * 2 END; END';
SELECT fault FROM olap.verify('t');
-- Functions run as the table's owner, not as who verifies.
CREATE ROLE regress_olap_owner; CREATE ROLE regress_olap_verifier;
GRANT ALL ON SCHEMA vi TO regress_olap_owner; GRANT USAGE ON SCHEMA vi TO regress_olap_verifier;
CREATE FUNCTION vi.who(a int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
  IF current_user <> 'regress_olap_owner' THEN RAISE EXCEPTION 'run as %', current_user; END IF; RETURN a; END $$;
CREATE TABLE o (a int) USING olap; ALTER TABLE o OWNER TO regress_olap_owner;
SET ROLE regress_olap_owner; CREATE INDEX o_who ON o (vi.who(a)); INSERT INTO o VALUES (1); GRANT SELECT ON o TO regress_olap_verifier;
SET ROLE regress_olap_verifier; SELECT * FROM olap.verify('o'); RESET ROLE;
-- ... and find nothing that the caller put into his search path.
CREATE SCHEMA regress_olap_trap AUTHORIZATION regress_olap_verifier;
CREATE FUNCTION regress_olap_trap.lower(a text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''run as %'', current_user; END';
GRANT USAGE ON SCHEMA regress_olap_trap TO regress_olap_owner;
CREATE FUNCTION vi.norm(a int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN lower(a::text); END';
SET ROLE regress_olap_owner; CREATE INDEX o_norm ON o (vi.norm(a));
SET ROLE regress_olap_verifier; SET search_path = regress_olap_trap, pg_catalog;
SELECT * FROM olap.verify('vi.o'); SHOW search_path;
RESET ROLE; SET search_path = vi, public;
DROP SCHEMA regress_olap_trap CASCADE;
-- Indexes that are not valid do not count; nor do those that cannot be asked.
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_expr'::regclass;
SELECT * FROM olap.verify('t');
CREATE INDEX t_gin ON t USING gin (x);
SELECT * FROM olap.verify('t');
SET client_min_messages = warning;
DROP SCHEMA vi CASCADE; DROP ROLE regress_olap_owner, regress_olap_verifier;

-- an error of an index's function is no fault of the table: the others are verified, and
-- the transaction goes on as after any other error
CREATE TABLE verify_failing (a int, b int) USING olap;
CREATE TABLE verify_rows (a int);
CREATE FUNCTION verify_raise(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF current_setting('verify.code', true) <> '' THEN
		RAISE EXCEPTION 'no value today' USING ERRCODE = current_setting('verify.code');
	END IF;
	RETURN a;
END $$;
CREATE INDEX verify_failing_a ON verify_failing (verify_raise(a));
CREATE INDEX verify_failing_b ON verify_failing (b);
INSERT INTO verify_failing SELECT g, g FROM generate_series(1, 100) g;
SET verify.code = 'P0001';
SELECT * FROM olap.verify('verify_failing');
-- what must end the statement does, and its own transaction with it
SET verify.code = '53000';
SELECT * FROM olap.verify('verify_failing');
SELECT 'goes on';
DO $$
BEGIN
	BEGIN
		INSERT INTO verify_rows VALUES (1);
		PERFORM * FROM olap.verify('verify_failing');
	EXCEPTION WHEN OTHERS THEN
		RAISE NOTICE 'caught %', SQLSTATE;
	END;
	INSERT INTO verify_rows VALUES (2);
END $$;
INSERT INTO verify_rows VALUES (3);
\c
SELECT * FROM verify_rows ORDER BY a;
DROP TABLE verify_failing, verify_rows;
DROP FUNCTION verify_raise;
