-- The system column xmax names who deleted, updated or locked the row, as far as
-- statements can tell; each one runs on a heap table as well.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA table_xmax;
SET search_path = table_xmax, public;
CREATE TABLE h (a int PRIMARY KEY, b text) USING heap;
CREATE TABLE o (a int PRIMARY KEY, b text) USING olap;
CREATE FUNCTION twins(statement text, o OUT text, h OUT text) LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE replace(statement, 'T!', 'o') INTO o;
  EXECUTE replace(statement, 'T!', 'h') INTO h;
END $$;
SELECT * FROM twins('INSERT INTO T! VALUES (1, ''old'') RETURNING xmax = 0');
-- which rows of an upsert were new?
SELECT * FROM twins('WITH r AS (INSERT INTO T! VALUES (1, ''x''), (2, ''x''), (3, ''x'') ON CONFLICT (a) DO UPDATE SET b = excluded.b || T!.b
  RETURNING a, b, xmax = 0 AS inserted, xmax = pg_current_xact_id()::xid AS updated) SELECT string_agg(r::text, '' '' ORDER BY a) FROM r');
SELECT * FROM twins('WITH r AS (UPDATE T! SET b = ''y'' WHERE a < 3 RETURNING xmax = 0 AS z) SELECT string_agg(z::text, '' '') FROM r');
SELECT * FROM twins('WITH r AS (DELETE FROM T! WHERE a = 2 RETURNING xmax = pg_current_xact_id()::xid AS x) SELECT string_agg(x::text, '' '') FROM r');
SELECT * FROM twins('SELECT string_agg((xmax::text = ''0'')::text, '' '') FROM T! WHERE a = 3');
-- an old cursor still sees the row that was deleted since
BEGIN;
DECLARE c CURSOR FOR SELECT a, xmax = pg_current_xact_id()::xid AS mine FROM o ORDER BY a;
DELETE FROM o WHERE a = 3;
FETCH ALL FROM c;
ROLLBACK;
DROP SCHEMA table_xmax CASCADE;
