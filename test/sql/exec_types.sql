-- Every type's tests: which run on vectors, and that all give heap's answer.
SET max_parallel_workers_per_gather = 0;
SET TimeZone = 'UTC';
CREATE DOMAIN types_float AS float8;
CREATE TYPE types_enum AS ENUM ('low', 'mid', 'high');
CREATE COLLATION types_ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE types_heap (id int, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, df types_float,
	n numeric(8,2), nu numeric, t text, tc text COLLATE "C", ci text COLLATE types_ci,
	v varchar(9), bp char(4), nm name, d date, ts timestamp, tz timestamptz, tm time, iv interval,
	b bool, u uuid, by bytea, ch "char", o oid, m money, e types_enum, j jsonb, a int[]);
INSERT INTO types_heap
SELECT i, i2, i4, i8, f4::float4, f8::float8, f8::float8, n, nu, t, t, t, v, bp, v, d, ts, ts AT TIME ZONE 'UTC', tm,
	make_interval(days => k), b, u, by, ch, o, (i4 % 100)::numeric::money, e, to_jsonb(t), ARRAY[k]
FROM generate_series(1, 6000) i, LATERAL (SELECT i % 6 AS k) x, LATERAL (SELECT
	(ARRAY[-32768, -1, 0, 1, 32767, NULL])[k + 1]::int2 AS i2,
	(ARRAY[-2147483648, -1, 0, 1, 2147483647, NULL])[k + 1] AS i4,
	(ARRAY[-9223372036854775808, -1, 0, 1, 9223372036854775807, NULL])[k + 1] AS i8,
	(ARRAY['-Infinity', '-0', '0', '1.1', 'NaN', NULL])[k + 1] AS f4,
	(ARRAY['-Infinity', '-0', '0', '1.1', 'NaN', NULL])[k + 1] AS f8,
	(ARRAY['-999999.99', '-0.01', '0', '1.25', CASE WHEN i > 5000 THEN 'NaN' ELSE '7' END, NULL])[k + 1]::numeric AS n,
	(ARRAY['-Infinity', '-1e-20', '0.00', '1.2500', 'NaN', NULL])[k + 1]::numeric AS nu,
	(ARRAY['', 'a', 'A', 'ab', 'b%', NULL])[k + 1] AS t,
	(ARRAY['', 'a', 'a ', 'ab', 'b', NULL])[k + 1] AS v,
	(ARRAY['', 'a', 'a ', 'ab', 'b', NULL])[k + 1]::char(4) AS bp,
	(ARRAY['-infinity', '2024-01-01', '2024-01-02', '0044-03-15 BC', 'infinity', NULL])[k + 1]::date AS d,
	(ARRAY['-infinity', '2024-01-01', '2024-01-02 12:00', '0044-03-15 BC', 'infinity', NULL])[k + 1]::timestamp AS ts,
	(ARRAY['00:00', '12:00', '12:00:00.000001', '23:59', '24:00', NULL])[k + 1]::time AS tm,
	(ARRAY[true, false, true, false, true, NULL])[k + 1] AS b,
	('00000000-0000-0000-0000-00000000000' || NULLIF(k, 5))::uuid AS u,
	(ARRAY['\x', '\x00', '\x0001', '\xff', '\x61', NULL])[k + 1]::bytea AS by,
	(ARRAY['', 'a', 'b', 'z', '\377', NULL])[k + 1]::"char" AS ch,
	(ARRAY[0, 1, 2147483648, 4294967295, 7, NULL])[k + 1]::oid AS o,
	(ARRAY['low', 'mid', 'high', 'low', 'mid', NULL])[k + 1]::types_enum AS e) y;
CREATE TABLE types_olap (LIKE types_heap) USING olap;
INSERT INTO types_olap SELECT * FROM types_heap WHERE id <= 5900;
INSERT INTO types_olap SELECT * FROM types_heap WHERE id > 5900;
ANALYZE types_olap;

CREATE FUNCTION types_check(condition text, OUT vectors bool, OUT row_count bigint, OUT agree bool)
LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	expected text;
	got text;
	plain text;
	query text := 'SELECT count(*) || ''/'' || coalesce(sum(id), 0) FROM %I WHERE ' || condition;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT id FROM types_olap WHERE ' || condition INTO plan;
	plan := plan->0->'Plan';
	vectors := plan->'Vector Filter' IS NOT NULL AND plan->'Filter' IS NULL;
	EXECUTE replace(query, '%I', 'types_heap') INTO expected;
	EXECUTE replace(query, '%I', 'types_olap') INTO got;
	SET LOCAL olap.enable_scan = off;
	EXECUTE replace(query, '%I', 'types_olap') INTO plain;
	SET LOCAL olap.enable_scan = on;
	row_count := split_part(expected, '/', 1);
	agree := got = expected AND plain = expected;
END $$;

SELECT condition, r.* FROM unnest(ARRAY[
	'i2 < 1', 'i2 <= 40000', 'i2 <> -1::int8', 'i2 IN (1, 32767)', 'i4 > i2', 'i4 >= -2147483648',
	'i4 < 3000000000', '0 <= i4', 'i4 = i4', 'i8 < 0', 'i8 = -9223372036854775808', 'i8 NOT IN (0, 1)',
	'i8 NOT IN (0, NULL)', 'i8 = ANY (''{}'')', 'i8 <> ALL (''{}'')', 'i4 BETWEEN -1 AND 1', 'i4 IS NULL',
	'i4 IS DISTINCT FROM 1', 'i4 % 2 = 0',
	'f4 = 1.1', 'f4 = 1.1::float4', 'f4 = ''NaN''', 'f8 = 0', 'f8 < ''NaN''', 'f8 >= ''NaN''', 'f8 > 1', 'f8 <= 1.1',
	'f8 IN (0, ''NaN'')', 'f8 <> f8', 'df < 1', 'df IS NOT NULL',
	'n = 1.25', 'n = 1.250', 'n = 1.251', 'n < 1.251', 'n > -0.015', 'n <> 1.251', 'n >= ''NaN''', 'n < ''Infinity''',
	'n IN (0, 1.25, 3.333)', 'n < 1e30', 'nu = 1.25', 'nu = 0', 'nu < 0', 'nu > ''Infinity''', 'n = nu',
	't = ''a''', 't <> ''a''', 't IN (''a'', ''ab'')', 't < ''b''', 'tc < ''b''', 'tc >= ''a''', 't COLLATE "C" > ''a''',
	'ci = ''a''', 't LIKE ''a%''', 't LIKE ''%b''', 't NOT LIKE ''_''', 't LIKE ''b\%''',
	'tc LIKE ''%''', 't ILIKE ''a%''', 'starts_with(t, ''a'')', 't ^@ ''''', 't = v', 'v = ''a''', 'v = ''a ''',
	'bp = ''a''', 'bp = ''a   ''', 'bp < ''b''', 'bp LIKE ''a%''', 'nm = ''a''',
	'd = ''2024-01-01''', 'd < ''2024-01-02''', 'd > ''infinity''', 'd = timestamp ''2024-01-01''', 'ts < ''2024-01-02''',
	'ts = date ''2024-01-01''', 'tz >= ''2024-01-01''', 'tz < now()', 'tz > ''infinity''', 'ts::date = ''2024-01-02''',
	'tm > ''12:00''', 'iv = ''1 day''',
	'b', 'NOT b', 'b IS NOT TRUE', 'b IS FALSE', 'b IS UNKNOWN', 'b = false', 'b <> (i4 > 0)',
	'u = ''00000000-0000-0000-0000-000000000003''', 'u < ''00000000-0000-0000-0000-000000000003''',
	'by = ''\x00''', 'by > ''\x00''', 'ch = ''b''', 'ch > ''b''', 'o > 2147483647', 'o IN (1, 4294967295)', 'm > ''0''',
	'e = ''mid''', 'j = ''"a"''', 'a = ''{1}''', 'a IS NOT NULL',
	'i4 > 0 OR t = ''a''', 'NOT (i4 > 0 OR t = ''a'')', '(i4 > 0 AND t <> ''a'') IS NOT TRUE', 'i4 > 0 OR t ILIKE ''a''',
	'NULL::bool', 'i4 = NULL::int', '(i4 > 0) IS FALSE'
]) condition, types_check(condition) r;

DROP TABLE types_heap, types_olap;
DROP FUNCTION types_check;
DROP TYPE types_enum;
DROP DOMAIN types_float;
DROP COLLATION types_ci;
