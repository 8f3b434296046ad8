-- Every column type PostgreSQL has keeps its values through the delta and
-- through segments, alone, with NULLs and in every mix; heap is the oracle.
-- The comparison casts rows to text, for not every type has an equality.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA table_types;
SET search_path = table_types, public;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS numeric(8,3) CHECK (value > 0);

CREATE TABLE samples (id serial, type text, vals text[]);
INSERT INTO samples (type, vals) VALUES
  ('bool', '{t,f}'), ('"char"', '{a,"\\377"}'), ('int2', '{-32768,32767,0}'),
  ('int4', '{-2147483648,2147483647,0}'),
  ('int8', '{-9223372036854775808,9223372036854775807,7}'),
  ('oid', '{0,4294967295}'), ('float4', '{NaN,-Infinity,-0,3.4e38,1e-40}'),
  ('float8', '{NaN,Infinity,-0,1.7e308,5e-324}'),
  ('numeric', '{NaN,Infinity,-Infinity,0,0.00,1e300,-12.3400}'),
  ('numeric(10,2)', '{NaN,99999999.99,-99999999.99,0.01}'),
  ('numeric(18,6)', '{999999999999.999999,-0.000001}'),
  ('numeric(38,10)', '{1234567890123456789012345678.0123456789}'),
  ('positive', '{1.5,99999.999}'), ('money', '{-$92233720368547758.08,$1.23}'),
  ('text', '{"",a,"long text that is longer than a short header would hold, perhaps","\u00e4\u00f6\u00fc"}'),
  ('varchar(8)', '{"",abc,"a b  "}'), ('char(5)', '{"",abc,"ab   "}'),
  ('name', '{pg_class}'), ('bytea', '{"\\\\x","\\\\x00ff00"}'),
  ('date', '{infinity,-infinity,4713-01-01 BC,2024-02-29,5874897-12-31}'),
  ('time', '{00:00:00,24:00:00,12:34:56.789012}'),
  ('timetz', '{12:00:00+14,12:00:00-12:30}'),
  ('timestamp', '{infinity,-infinity,2024-02-29 23:59:59.999999}'),
  ('timestamptz', '{infinity,epoch,294276-12-31 00:00:00+00}'),
  ('interval', '{1 mon,30 days,-1 year 2 mons 00:00:01.5}'),
  ('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
  ('inet', '{127.0.0.1,::1/64,10.0.0.0/8}'), ('cidr', '{10.0.0.0/8,2001::/16}'),
  ('macaddr', '{08:00:2b:01:02:03}'), ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
  ('json', '{"{\"a\": [1, 2]}",null,"\"x\""}'), ('jsonb', '{"{\"a\": [1, 2.50]}","[]"}'),
  ('jsonpath', '{$.a[*]}'), ('xml', '{<a>b</a>}'),
  ('bit(7)', '{0000000,1010101}'), ('varbit', '{"",1,010101010101}'),
  ('point', '{"(1,2)","(-0,NaN)"}'), ('line', '{"{1,2,3}"}'), ('lseg', '{"[(1,2),(3,4)]"}'),
  ('box', '{"(3,4),(1,2)"}'), ('path', '{"((1,2),(3,4))","[(0,0)]"}'),
  ('polygon', '{"((0,0),(1,1),(1,0))"}'), ('circle', '{"<(1,2),3>"}'),
  ('tsvector', '{"''a'':1 ''b'':2","" }'), ('tsquery', '{"''a'' & ''b''"}'),
  ('int4range', '{empty,"[1,5)","(,)"}'), ('int8range', '{"[1,5)"}'),
  ('numrange', '{"[1.50,5)"}'), ('daterange', '{"[2024-01-01,infinity)"}'),
  ('tsrange', '{"[2024-01-01,)"}'), ('tstzrange', '{empty}'),
  ('int4multirange', '{"{}","{[1,3),[5,9)}"}'),
  ('int4[]', '{"{}","{1,NULL,3}","{{1,2},{3,4}}","[5:6]={7,8}"}'),
  ('text[]', '{"{}","{a,NULL,\"\"}"}'), ('pair', '{"(1,x)","(,)"}'),
  ('pair[]', '{"{\"(1,x)\",\"(,)\"}"}'), ('mood', '{sad,happy}'), ('mood[]', '{"{sad,ok}"}'),
  ('tid', '{"(0,1)","(4294967295,65535)"}'), ('xid', '{0,4294967295}'), ('xid8', '{18446744073709551615}'),
  ('cid', '{5}'), ('pg_lsn', '{FFFFFFFF/FFFFFFFF}'), ('pg_snapshot', '{"10:20:10,14"}'),
  ('txid_snapshot', '{"10:20:10,14"}'), ('refcursor', '{c}'),
  ('oidvector', '{"1 2 3",""}'), ('int2vector', '{"1 2"}'),
  ('regclass', '{pg_class}'), ('regtype', '{integer}'), ('regproc', '{now}'),
  ('regprocedure', '{abs(integer)}'), ('regoper', '{||/}'), ('regoperator', '{"+(integer,integer)"}'),
  ('regrole', '{-}'), ('regnamespace', '{pg_catalog}'), ('regcollation', '{"\"C\""}'),
  ('regconfig', '{simple}'), ('regdictionary', '{simple}'),
  ('aclitem', ARRAY['=r/' || quote_ident(current_user)]), ('gtsvector[]', '{"{}"}');

-- every built-in base, range and enum type that can be a column is among them
SELECT typname FROM pg_type t
WHERE typtype IN ('b', 'r', 'm') AND typcategory <> 'A' AND typnamespace = 'pg_catalog'::regnamespace
  AND typname NOT LIKE 'pg\_%' AND typname NOT IN ('gtsvector', 'refcursor', 'cstring', 'unknown',
      'nummultirange', 'tsmultirange', 'tstzmultirange', 'datemultirange', 'int8multirange', 'aclitem')
  AND oid NOT IN (SELECT type::regtype::oid FROM samples)
ORDER BY 1;

\set ECHO none
SELECT format('CREATE TABLE heap_t (id int, %s)', string_agg(format('c%s %s', id, type), ', ' ORDER BY id)) FROM samples \gexec
CREATE TABLE olap_t (LIKE heap_t) USING olap;
-- row g has value (g + column) modulo (count + 1) of each type, the extra one NULL
SELECT format('CREATE FUNCTION fill(n int) RETURNS SETOF heap_t LANGUAGE sql AS $f$ SELECT g, %s FROM generate_series(1, n) g $f$',
  string_agg(format('(%L::text[])[(g + %s) %% %s + 1]::%s', vals, id, cardinality(vals) + 1, type), ', ' ORDER BY id))
FROM samples \gexec
\set ECHO all
CREATE FUNCTION differences() RETURNS TABLE (missing bigint, extra bigint, rows bigint) LANGUAGE sql AS $$
  SELECT (SELECT count(*) FROM (SELECT h::text FROM heap_t h EXCEPT ALL SELECT o::text FROM olap_t o) x),
         (SELECT count(*) FROM (SELECT o::text FROM olap_t o EXCEPT ALL SELECT h::text FROM heap_t h) x),
         (SELECT count(*) FROM olap_t) $$;

-- delta rows
INSERT INTO heap_t SELECT * FROM fill(50);
INSERT INTO olap_t SELECT * FROM heap_t;
SELECT * FROM differences();
-- a segment
INSERT INTO heap_t SELECT * FROM fill(9000);
TRUNCATE olap_t;
INSERT INTO olap_t SELECT * FROM heap_t;
SELECT * FROM differences();
-- all NULL, one row, and each column alone
INSERT INTO heap_t (id) SELECT g FROM generate_series(1, 5000) g;
INSERT INTO olap_t (id) SELECT g FROM generate_series(1, 5000) g;
SELECT * FROM differences();
SELECT coalesce(string_agg(type, ', '), 'every column alone agrees') AS outcome FROM samples s
WHERE (xpath('//n/text()', query_to_xml(format(
  'SELECT count(*) AS n FROM (SELECT id, c%1$s::text FROM olap_t EXCEPT ALL SELECT id, c%1$s::text FROM heap_t) x', s.id),
  false, true, '')))[1]::text <> '0';
-- through COPY, both ways
SELECT current_setting('data_directory') || '/olap_table_types.copy' AS file \gset
COPY olap_t TO :'file';
TRUNCATE olap_t;
COPY olap_t FROM :'file';
COPY (SELECT WHERE false) TO :'file';
SELECT * FROM differences();
-- back into a heap, and rewritten as olap by ALTER TABLE
ALTER TABLE olap_t SET ACCESS METHOD heap;
SELECT * FROM differences();
ALTER TABLE olap_t SET ACCESS METHOD olap;
SELECT * FROM differences();
VACUUM FULL olap_t;
SELECT * FROM differences();
-- values too large for a heap page find a toast table there, also in a column
-- that the same statement adds
CREATE TABLE olap_large (id int, x text) USING olap;
INSERT INTO olap_large SELECT g, (SELECT string_agg(md5((g * i)::text), '') FROM generate_series(1, 600) i)
FROM generate_series(1, 3) g;
CREATE TABLE large AS SELECT id, md5(x) FROM olap_large;
ALTER TABLE olap_large SET ACCESS METHOD heap;
SELECT id, length(x), md5(x) = l.md5 AS same FROM olap_large JOIN large l USING (id) ORDER BY id;
ALTER TABLE olap_large SET ACCESS METHOD olap;
SELECT id, length(x), md5(x) = l.md5 AS same FROM olap_large JOIN large l USING (id) ORDER BY id;
-- toasted values come in one row at a time, and as many as make a segment
CREATE TABLE toasted (id int, x text);
ALTER TABLE toasted ALTER COLUMN x SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT g, repeat(md5(g::text), 80) FROM generate_series(1, 4200) g;
INSERT INTO toasted SELECT g, CASE WHEN g % 2 = 0 THEN 'short' ELSE repeat(md5(g::text), 80) END
FROM generate_series(4201, 4205) g;
CREATE TABLE olap_toasted (LIKE toasted) USING olap;
INSERT INTO olap_toasted SELECT * FROM toasted WHERE id <= 4200;
INSERT INTO olap_toasted SELECT * FROM toasted WHERE id > 4200;
SELECT count(*), count(*) FILTER (WHERE o.x IS DISTINCT FROM t.x) AS wrong
FROM toasted t FULL JOIN olap_toasted o USING (id);
CREATE TABLE olap_grows (id int) USING olap;
INSERT INTO olap_grows VALUES (1);
ALTER TABLE olap_grows SET ACCESS METHOD heap, ADD COLUMN y text;
UPDATE olap_grows SET y = (SELECT max(x) FROM olap_large);
SELECT length(y) FROM olap_grows;
DROP SCHEMA table_types CASCADE;
