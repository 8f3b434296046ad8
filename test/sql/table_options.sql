-- Options of olap tables: stored as reloptions, checked, changed, kept in step
-- with the columns they name.
\set VERBOSITY terse
CREATE FUNCTION options_of(regclass) RETURNS text LANGUAGE sql AS
$$ SELECT array_to_string(reloptions, ' ; ') FROM pg_class WHERE oid = $1 $$;

-- all of them, beside one of core's
CREATE TABLE o_all (ts timestamptz NOT NULL, k int, country text, "Odd Name" text, u bigint)
  USING olap WITH (time_column = 'ts', segment_interval = '1 hour',
    order_by = 'k, ts DESC', bitmap = 'country, "Odd Name"', bloom = 'u',
    hll = 'u', retention = '90 days', autovacuum_enabled = false);
SELECT options_of('o_all');

-- without USING, by the default access method; temporary, unlogged, in a schema
SET default_table_access_method = olap;
CREATE TABLE o_default (ts date) WITH (time_column = 'ts');
CREATE TEMP TABLE o_temp (ts timestamp) WITH (time_column = ts);
CREATE UNLOGGED TABLE o_unlogged (ts timestamp) WITH (time_column = ts);
CREATE SCHEMA o_schema CREATE TABLE t (ts timestamp) WITH (time_column = ts);
RESET default_table_access_method;
SELECT options_of('o_default'), options_of('o_temp'), options_of('o_unlogged'), options_of('o_schema.t');

-- CREATE TABLE AS, SELECT INTO's cousin, materialized views, partitions
CREATE TABLE o_ctas USING olap WITH (time_column = 'ts') AS SELECT now() AS ts, 1 AS a;
CREATE MATERIALIZED VIEW o_mv USING olap WITH (time_column = 'ts') AS SELECT ts, a FROM o_ctas;
CREATE TABLE o_part (ts timestamptz, k int) PARTITION BY LIST (k);
CREATE TABLE o_part1 PARTITION OF o_part FOR VALUES IN (1) USING olap WITH (time_column = 'ts');
SELECT options_of('o_ctas'), options_of('o_mv'), options_of('o_part1');
REFRESH MATERIALIZED VIEW o_mv;
VACUUM FULL o_ctas;
SELECT options_of('o_ctas'), options_of('o_mv');

-- SET and RESET, alone and among other commands
ALTER TABLE o_all SET (segment_interval = '1 day', fillfactor = 80);
SELECT options_of('o_all');
ALTER TABLE o_all RESET (retention, fillfactor), ADD COLUMN extra int;
SELECT options_of('o_all');
ALTER MATERIALIZED VIEW o_mv SET (segment_interval = '2 hours');
SELECT options_of('o_mv');

-- renamed and dropped columns
ALTER TABLE o_all RENAME COLUMN ts TO "Time";
ALTER TABLE o_all RENAME country TO land;
SELECT options_of('o_all');
ALTER TABLE o_all DROP COLUMN u;
SELECT options_of('o_all');
ALTER TABLE o_all DROP COLUMN "Time";
ALTER TABLE o_all RESET (time_column);
ALTER TABLE o_all DROP COLUMN "Time";
SELECT options_of('o_all');

-- another access method drops them
ALTER TABLE o_default SET ACCESS METHOD heap;
SELECT options_of('o_default');
ALTER TABLE o_default SET ACCESS METHOD olap, SET (time_column = 'ts');
SELECT options_of('o_default');

-- what is refused
CREATE TABLE o_bad (a int) USING olap WITH (time_column = 'a');
CREATE TABLE o_bad (a int) USING olap WITH (time_column = 'b');
CREATE TABLE o_bad (a int) USING olap WITH (time_column);
CREATE TABLE o_bad (a int) USING olap WITH (order_by = 'a,');
CREATE TABLE o_bad (a int) USING olap WITH (bitmap = 'a, a');
CREATE TABLE o_bad (a int) USING olap WITH (bloom = 'zz');
CREATE TABLE o_bad (a int) USING olap WITH (segment_interval = '1 month');
CREATE TABLE o_bad (a int) USING olap WITH (segment_interval = '-1 day');
CREATE TABLE o_bad (a int) USING olap WITH (retention = 'soon');
CREATE TABLE o_bad (a int) USING olap WITH (colour = 'red');
CREATE TABLE o_bad (a int) USING olap WITH (bitmap = 'a', bitmap = 'a');
CREATE TABLE o_bad (a int) USING heap WITH (time_column = 'a');
ALTER TABLE o_ctas SET (colour = 'red');
ALTER TABLE o_ctas SET (time_column = 'a');
SELECT count(*) FROM pg_class WHERE relname = 'o_bad';

-- only the owner
CREATE ROLE o_other;
SET ROLE o_other;
ALTER TABLE o_ctas SET (segment_interval = '1 hour');
RESET ROLE;
DROP ROLE o_other;

DROP TABLE o_all, o_default, o_temp, o_unlogged, o_ctas, o_part CASCADE;
DROP SCHEMA o_schema CASCADE;
