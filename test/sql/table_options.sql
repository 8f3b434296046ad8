-- Table options: taken from every kind of CREATE, checked, changed by ALTER,
-- in step with their columns.
CREATE FUNCTION opts(regclass) RETURNS text[] LANGUAGE sql AS
  'SELECT reloptions FROM pg_class WHERE oid = $1';

-- CREATE TABLE with options of ours and of core; psql shows them.
CREATE TABLE o1 (ts timestamptz, campaign int, country text, "User Id" bigint)
  USING olap WITH (time_column = 'ts', segment_interval = '1 hour',
                   order_by = 'campaign, ts desc', bitmap = 'country', bloom = '"User Id"',
                   hll = '"User Id", campaign', retention = '90 days', parallel_workers = 3);
SELECT opts('o1');
\d+ o1

-- No option is needed; core's own are accepted alone.
CREATE TABLE o2 (a int) USING olap;
CREATE TABLE o3 (a int) USING olap WITH (fillfactor = 80, autovacuum_enabled = off, toast.autovacuum_enabled = off);
SELECT opts('o2'), opts('o3');

-- CREATE TABLE AS, CREATE MATERIALIZED VIEW, EXPLAIN ANALYZE of them, IF NOT EXISTS.
CREATE TABLE o4 USING olap WITH (time_column = 'ts') AS SELECT now() AS ts, 1 AS a;
CREATE MATERIALIZED VIEW o5 USING olap WITH (time_column = 'ts', order_by = 'a') AS SELECT now() AS ts, 1 AS a;
DO $$ BEGIN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) CREATE TABLE o6 USING olap WITH (time_column = ts) AS SELECT now() AS ts'; END $$;
SELECT opts('o4'), opts('o5'), opts('o6');
CREATE TABLE IF NOT EXISTS o4 (x date) USING olap WITH (time_column = 'x');
SELECT opts('o4');
REFRESH MATERIALIZED VIEW o5;
SELECT opts('o5');

-- As default access method: tables, partitions, children, LIKE, CREATE SCHEMA, temporary, unlogged, SELECT INTO.
SET default_table_access_method = olap;
CREATE TABLE o7 (ts date) WITH (time_column = 'ts', segment_interval = '7 days');
CREATE TEMP TABLE o8 (ts timestamp) WITH (time_column = 'ts');
CREATE UNLOGGED TABLE o9 (LIKE o1) WITH (time_column = 'ts');
CREATE TABLE o10 (extra int) INHERITS (o7) WITH (order_by = 'extra');
CREATE SCHEMA olap_s CREATE TABLE o11 (a int, b int) WITH (order_by = 'b');
SELECT 1 AS a INTO o12;
RESET default_table_access_method;
CREATE TABLE p (ts timestamptz, a int) PARTITION BY RANGE (ts);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')
  USING olap WITH (time_column = 'ts', segment_interval = '1 hour');
SELECT c.oid::regclass, amname, reloptions FROM pg_class c JOIN pg_am a ON a.oid = c.relam
WHERE relname ~ '^(o[0-9]+|p1)$' ORDER BY length(relname), relname;

-- In a prepared function body the statement stays intact from call to call.
CREATE FUNCTION make_one() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  CREATE TABLE o13 (ts timestamptz) USING olap WITH (time_column = 'ts');
  ALTER TABLE o13 SET (segment_interval = '2 hours');
END $$;
SELECT make_one();
SELECT opts('o13');
DROP TABLE o13;
SELECT make_one();
SELECT opts('o13');

-- ALTER TABLE SET and RESET, of ours and of core, alone and with other commands.
ALTER TABLE o2 SET (fillfactor = 70, order_by = 'a');
ALTER TABLE o2 SET (autovacuum_enabled = false);
ALTER TABLE o2 ADD COLUMN ts timestamptz, SET (time_column = 'ts');
SELECT opts('o2');
ALTER TABLE o2 RESET (fillfactor, order_by), ALTER COLUMN a SET NOT NULL;
SELECT opts('o2');
ALTER TABLE IF EXISTS no_such_table SET (time_column = 'ts');
ALTER MATERIALIZED VIEW o5 SET (segment_interval = '3 hours');
SELECT opts('o5');
-- A rewrite keeps them.
ALTER TABLE o1 ALTER COLUMN campaign TYPE bigint;
VACUUM FULL o1;
SELECT opts('o1');

-- Columns: a rename is followed, a drop leaves the lists, the time column stays.
ALTER TABLE o1 RENAME COLUMN ts TO "Event Time";
ALTER TABLE o1 RENAME "User Id" TO uid;
SELECT opts('o1');
ALTER TABLE o1 DROP COLUMN uid;
SELECT opts('o1');
ALTER TABLE o1 DROP COLUMN "Event Time";
ALTER TABLE o1 ALTER COLUMN "Event Time" TYPE text;
ALTER TABLE o1 ALTER COLUMN "Event Time" TYPE date;
ALTER TABLE o1 RESET (time_column, segment_interval, retention), DROP COLUMN "Event Time";
SELECT opts('o1');
ALTER TABLE p RENAME COLUMN ts TO event_time;
SELECT opts('p1');

-- Values that do not make sense.
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'nope');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'n');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'ts, n');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'ts', segment_interval = '1 month');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'ts', segment_interval = '-1 hour');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column = 'ts', retention = 'soon');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (segment_interval = '1 hour');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (order_by = 'ts, n up');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (order_by = 'ts,');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (order_by = 'n, n');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (order_by = 'j');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (bloom = 'j');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (bitmap = '"n');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_colum = 'ts');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (fillfactor = 5);
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (bitmap = 'n', bitmap = 'n');
CREATE TABLE bad (ts timestamptz, n bigint, j json) USING olap WITH (time_column);
CREATE TABLE bad (ts timestamptz) USING olap WITH (user_catalog_table = true);
CREATE TABLE bad (ts timestamptz) USING heap WITH (time_column = 'ts');
ALTER TABLE o2 SET (no_such = 1);
ALTER TABLE o2 RESET (time_column), SET (retention = '1 day');
SELECT opts('o2');
-- Only the owner may.
CREATE ROLE regress_olap_other;
SET ROLE regress_olap_other;
ALTER TABLE o2 SET (order_by = 'a');
RESET ROLE;
DROP ROLE regress_olap_other;

-- To heap and back: our options go, and may come with the access method.
ALTER TABLE o2 SET ACCESS METHOD heap;
SELECT opts('o2');
ALTER TABLE o2 SET (fillfactor = 60);
ALTER TABLE o2 SET ACCESS METHOD olap, SET (time_column = 'ts');
SELECT opts('o2');
ALTER TABLE o2 SET (time_column = 'ts', retention = '1 year');

-- Dropping an option's table, and rolling back, leave nothing behind.
BEGIN;
ALTER TABLE o2 SET (order_by = 'a');
ROLLBACK;
SELECT opts('o2');
DROP TABLE o1, o2, o3, o4, o6, o7, o8, o9, o10, o12, o13, p;
DROP MATERIALIZED VIEW o5;
DROP SCHEMA olap_s CASCADE;
DROP FUNCTION make_one, opts;

-- a table that is made while CREATE runs does not get its options, whatever its name
CREATE SCHEMA opt_other;
CREATE FUNCTION opt_make() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('opt.inside', true) = 'yes' THEN
		RETURN;
	END IF;
	PERFORM set_config('opt.inside', 'yes', true);
	CREATE TABLE opt_other.opt_twice (ts timestamptz) USING olap;
	BEGIN
		CREATE TABLE opt_other.opt_twice (ts timestamptz) USING olap;
	EXCEPTION WHEN duplicate_table THEN
		NULL;
	END;
END $$;
CREATE EVENT TRIGGER opt_trigger ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION opt_make();
CREATE TABLE opt_twice (ts timestamptz) USING olap WITH (time_column = 'ts', retention = '1 day');
DROP EVENT TRIGGER opt_trigger;
SELECT relname, relnamespace::regnamespace, reloptions FROM pg_class WHERE relname = 'opt_twice' ORDER BY 2;
DROP TABLE opt_twice;
DROP SCHEMA opt_other CASCADE;
DROP FUNCTION opt_make;

-- values of virtual generated columns (18) are not stored: no option can name one
DO $$
DECLARE
	options text;
BEGIN
	IF current_setting('server_version_num')::int < 180000 THEN
		RETURN;
	END IF;
	FOREACH options IN ARRAY ARRAY['time_column = ''v''', 'order_by = ''ts, v''', 'bitmap = ''v''', 'bloom = ''v''', 'hll = ''v'''] LOOP
		BEGIN
			EXECUTE format('CREATE TABLE opt_virtual (ts date, v date GENERATED ALWAYS AS (ts + 1) VIRTUAL) USING olap WITH (%s)', options);
			RAISE WARNING 'taken: %', options;
			DROP TABLE opt_virtual;
		EXCEPTION WHEN feature_not_supported THEN
			NULL;
		END;
	END LOOP;
END $$;
-- a session that makes and drops tables forgets their options
DO $$ BEGIN
	FOR i IN 1 .. 300 LOOP
		CREATE TEMP TABLE opt_gone (a int) USING olap;
		INSERT INTO opt_gone VALUES (i);
		DROP TABLE opt_gone;
	END LOOP;
END $$;
SELECT count(*) < 200 AS few FROM pg_backend_memory_contexts WHERE name = 'olap table options';
