-- Expressions over vectors answer as the executor does: every query runs on a heap
-- table and, as a program, on an olap table with the same rows.
\set VERBOSITY terse
CREATE FUNCTION debug_program(text) RETURNS SETOF text LANGUAGE c STRICT
    AS '$libdir/olap', 'olap_debug_program';

-- What a query gives: its rows, or its error. %s stands for the table.
CREATE FUNCTION answer(query text, how text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    result text;
BEGIN
    IF how = 'heap' THEN
        EXECUTE format('SELECT count(*) || '' rows '' || md5(string_agg(q::text, E''\n'' ORDER BY q::text)) FROM (%s) q',
                       replace(query, '%s', 'twin_heap')) INTO result;
    ELSE
        EXECUTE 'SELECT count(*) || '' rows '' || md5(string_agg(t, E''\n'' ORDER BY t)) FROM debug_program($1) t'
            INTO result USING replace(query, '%s', 'twin_olap');
    END IF;
    RETURN coalesce(result, 'no rows');
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- The queries whose answers differ, and those that fail where nothing is to.
CREATE FUNCTION differences(queries text[], errors boolean DEFAULT false) RETURNS TABLE (query text, heap text, program text)
LANGUAGE sql AS $$
    SELECT q, a, b FROM unnest(queries) q, answer(q, 'heap') a, answer(q, 'program') b
    WHERE a IS DISTINCT FROM b OR NOT (errors OR a LIKE '% rows %')
$$;

-- Plain values, with NULLs; most rows in a segment (dictionaries), some not.
CREATE TABLE twin_heap (id int, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8,
    n numeric(12, 2), m numeric(10, 4), u numeric, b boolean, s text, v varchar(10), c char(6),
    ts timestamp, tz timestamptz, d date, j jsonb, g uuid);
INSERT INTO twin_heap SELECT i,
    CASE WHEN i % 11 <> 0 THEN (i * 37 % 201 - 100)::int2 END,
    CASE WHEN i % 13 <> 0 THEN i * 7919 % 20011 - 10005 END,
    CASE WHEN i % 17 <> 0 THEN (i * 104729::int8) % 2000003 - 1000001 END,
    CASE WHEN i % 19 <> 0 THEN (i % 1000) / 8.0 - 60 END,
    CASE WHEN i % 23 <> 0 THEN i / 7.0 - 300 END,
    CASE WHEN i % 29 <> 0 THEN (i * 31 % 100003 - 50001) / 100.0 END,
    CASE WHEN i % 31 <> 0 THEN (i * 17 % 90001 - 45000) / 10000.0 END,
    CASE WHEN i % 7 <> 0 THEN (i % 500)::numeric / (1 + i % 3) END,
    CASE WHEN i % 5 <> 0 THEN i % 3 = 0 END,
    CASE WHEN i % 37 <> 0 THEN 'Value ' || i % 50 END,
    'v' || i % 9, 'c' || i % 4,
    CASE WHEN i % 41 <> 0 THEN timestamp '2024-03-25' + i * interval '37 minutes 11.5 seconds' END,
    CASE WHEN i % 43 <> 0 THEN timestamptz '2024-10-20 00:00 UTC' + i * interval '17 minutes' END,
    CASE WHEN i % 47 <> 0 THEN date '2023-11-01' + i % 400 END,
    jsonb_build_object('k', i % 10, 't', 'x' || i % 5),
    md5((i % 20)::text)::uuid
FROM generate_series(1, 5000) i;
CREATE TABLE twin_olap (LIKE twin_heap) USING olap;
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id <= 4500;
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id > 4500;

-- numbers
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s WHERE id %% 3 <> 1', e) FROM unnest(ARRAY[
    'i2 + i2, i2 - i4, i2 * i8, i4 + i2, i4 - i4, i4 * 3, i4 + i8, i8 - i2, i8 * i4, i8 + i8, i8 * i8',
    'i2 / 7::int2, i2 / 3, i4 / 7, i4 / -1, i8 / 11, i8 / 13::int2, i2 / nullif(i8, 0)',
    'i2 % 7::int2, i4 % 7, i4 % -3, i8 % 11, i8 % -1, i4 % nullif(i2, 0)',
    '- i2, - i4, - i8, abs(i2), abs(i4), abs(i8), @ i4, i4 + 1 + i4 + 1',
    'f4 + f4, f4 - f8, f8 * f4, f8 * f8, f8 / 3, f4 / 3::float4, - f4, - f8, abs(f4), @ f8',
    'n + n, n - m, n * m, m * m, n + i4, n * i2, n + 1.5, n * 1.175, 0.5 - n, u + n, n + u, u * u, n / 3',
    '- n, abs(n), - u, round(n, 1), round(n, 0), round(n, 5), round(u, 2), round(m, 2), round(n), ceil(n), trunc(n, 1)',
    'n::int2, n::int4, n::int8, m::int4, n::float8, m::float8, u::float8, u::int4, n::float4, n::numeric(14, 1)',
    'i2::int4, i2::int8, i4::int8, i4::int2, i8::int4, i8::float4, i4::float8, i4::numeric, i8::numeric, b::int, i4::boolean',
    'f4::float8, f8::float4, f4::int2, f8::int4, f8::int8, (f8 / 2)::int4, (f4 * 2)::int8, f8::numeric']) e));

-- comparisons and logic
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s WHERE id %% 3 <> 1', e) FROM unnest(ARRAY[
    'i2 < i4, i4 <= i8, i8 > i2, i4 = i4, i4 <> 5, i2 >= 7::int2, 3 < i4, f4 < f8, f8 >= 1, f4 = 1, f8 <> f4',
    'n < m, n = 1.5, n > u, u >= 3, m <= n, n <> m, n < 100, 1.2345 < m',
    's = ''Value 7'', s <> v, s < ''Value 3'' COLLATE "C", ''Value 2'' = s, v = ''v3'', c = ''c1'', c < ''c2'', g = md5(''3'')::uuid, g < g',
    'ts < timestamp ''2024-05-01'', tz >= timestamptz ''2024-11-01 00:00 UTC'', d = date ''2024-01-01'', d < ts, ts >= d, b = true, b < false',
    'b AND i4 > 0, b OR i4 > 0, NOT b, b AND s = ''Value 7'' AND n > 0, b OR s = ''Value 7'' OR n > 0, NOT (b AND i2 < 0)',
    'b IS TRUE, b IS NOT TRUE, b IS FALSE, b IS NOT FALSE, b IS UNKNOWN, b IS NOT UNKNOWN, s IS NULL, n IS NOT NULL, (i4 > 3) IS NOT TRUE',
    'i4 BETWEEN -500 AND 500, n NOT BETWEEN 1 AND 2, i4 IN (1, 5, -40, 7), i2 NOT IN (1, 2, 3), i4 IN (5, NULL), i8 NOT IN (5, NULL, 7), s IN (''Value 1'', ''Value 2'')',
    'i4 IS DISTINCT FROM i2, s IS NOT DISTINCT FROM ''Value 9'', n IS DISTINCT FROM m, d IN (''2024-01-01'', ''2024-02-02''), i4 = ANY (''{}''::int[])',
    'i4 <> 0 AND 100 / i4 > 1, i4 = 0 OR 100 / i4 > 1, i2 IS NULL OR i2 = 0 OR i4 % i2 = 0, b AND i2 <> 0 AND 5 / i2 > 0 OR n > 0']) e));

-- branches
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s WHERE id %% 3 <> 1', e) FROM unnest(ARRAY[
    'CASE WHEN i4 <> 0 THEN 1000 / i4 ELSE 0 END, CASE WHEN i4 > 0 THEN i4 END, CASE WHEN b THEN i2 WHEN i4 > 5 THEN i4 ELSE i8 END',
    'CASE WHEN i4 > 0 THEN ''plus'' WHEN i4 < 0 THEN ''minus'' END, CASE WHEN b THEN s ELSE v END, CASE WHEN b THEN upper(s) ELSE ''none'' END',
    'CASE i4 % 3 WHEN 0 THEN ''zero'' WHEN 1 THEN ''one'' WHEN -1 THEN ''one'' ELSE ''two'' END, CASE s WHEN ''Value 1'' THEN 1 WHEN ''Value 2'' THEN 2 END, CASE WHEN b IS NULL THEN NULL ELSE ''x'' END',
    'CASE WHEN b THEN n ELSE 0 END, CASE WHEN b THEN n ELSE m END, CASE WHEN b THEN n END, CASE WHEN b THEN u ELSE n END, CASE WHEN b THEN n * 2 ELSE n + 1 END',
    'CASE WHEN i2 > 0 THEN CASE WHEN i4 > 0 THEN f8 / i4 ELSE f8 END ELSE CASE WHEN i4 = 0 THEN -1 ELSE f8 * 2 END END',
    'coalesce(i4, i2, 0), coalesce(s, v), coalesce(s, ''none''), coalesce(n, m), coalesce(n, 0), coalesce(b, i4 > 0, false), coalesce(i2, 7 / nullif(i4, 0)), coalesce(NULL, i4)',
    'nullif(i4, 5), nullif(s, ''Value 3''), nullif(n, 1.5), greatest(i4, i2, 3), least(i8, i4), greatest(f8, f4), least(f8, 1), greatest(d, ''2024-01-05''), least(ts, ''2024-04-01''), greatest(s, v), greatest(n, m)']) e));

-- what has no kernel
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s WHERE id %% 3 <> 1', e) FROM unnest(ARRAY[
    'upper(s), lower(s || v), length(s), substring(s FROM 3 FOR 4), s LIKE ''%%7'', s ~ ''e [1-3]'', s || ''!'', starts_with(s, ''Value 1''), left(c, 2), c || ''x''',
    'j ->> ''t'', (j ->> ''k'')::int + 1, j -> ''k'', md5(g::text), ARRAY[i4, i2], to_char(ts, ''YYYY-MM''), to_char(n, ''999D99''), s::bytea',
    'concat(s, ''-'', i2), coalesce(upper(s), ''?''), CASE WHEN length(s) > 7 THEN upper(s) ELSE s END, upper(coalesce(s, ''q'')), nullif(upper(s), ''VALUE 1'')',
    '1, ''text'', NULL::int, 1.50, current_setting(''port'')::int > 0, now() > tz, interval ''1 day'', ARRAY[1, 2]']) e));
SELECT * FROM differences(ARRAY['SELECT id FROM %s WHERE s LIKE ''%2'' AND i4 > 0', 'SELECT id FROM %s WHERE b', 'SELECT id FROM %s WHERE upper(s) = ''VALUE 7'' OR NULL',
    'SELECT id, 100 / i4 FROM %s WHERE i4 <> 0', 'SELECT id, 100 / i2 FROM %s', 'SELECT id, i4::int2 FROM %s WHERE i4 < 100 OR i4 > 40000', 'SELECT id, s::int FROM %s']);

-- the edges: rows one by one, so that every error is seen
TRUNCATE twin_heap, twin_olap;
INSERT INTO twin_heap (id, i2, i4, i8, f4, f8, n, u)
SELECT row_number() OVER (), a[1], a[2], a[3], f[1], f[2], n[1], n[2] FROM
    (VALUES ('{0,0,0}'::int8[]), ('{-1,-1,-1}'), ('{1,1,1}'), ('{32767,2147483647,9223372036854775807}'),
            ('{-32768,-2147483648,-9223372036854775808}'), ('{181,46340,3037000500}'), (NULL)) x (a),
    (VALUES ('{0,0}'::float8[]), ('{-0,-0}'), ('{NaN,NaN}'), ('{Infinity,-Infinity}'), ('{3e38,1.7e308}'), ('{1e-38,2.3e-308}'),
            ('{32767.5,2147483647.5}'), ('{-2.5,9223372036854775807}')) y (f),
    (VALUES ('{9999999999.99,99999999999999999999.5}'::numeric[]), ('{NaN,NaN}'), ('{-0.5,-0.50}'), ('{0.005,Infinity}')) z (n)
WHERE random() < 2;
INSERT INTO twin_olap SELECT * FROM twin_heap;
SELECT count(*) AS rows FROM twin_heap;
SELECT e, count(*) FROM unnest(ARRAY['i2 + i2', 'i2 - 1::int2', 'i2 * i2', 'i2 / i2', 'i2 % i2', '- i2', 'abs(i2)', 'i2 / (-1)::int2', 'i2 * i4', 'i4 + i2',
    'i4 + i4', 'i4 - 1', 'i4 * i4', 'i4 / i4', 'i4 % i4', 'i4 / -1', 'i4 % -1', '- i4', 'abs(i4)', 'i4::int2', 'i4 * i8', 'i8 - i4',
    'i8 + i8', 'i8 - 1', 'i8 * i8', 'i8 / i8', 'i8 % i8', 'i8 / -1', 'i8 % -1', '- i8', 'abs(i8)', 'i8::int2', 'i8::int4', 'i8::float4', 'i8::float8']) e,
    LATERAL (SELECT DISTINCT ON (i2) id FROM twin_heap ORDER BY i2, id) r,
    LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d GROUP BY e;
SELECT e, count(*) FROM unnest(ARRAY['f4 + f4', 'f4 - f8', 'f4 * f4', 'f4 / f4', 'f4 / 3e38::float4', 'f4 * 1e-10::float4', 'f8 + f8', 'f8 - f8', 'f8 * f8', 'f8 / f8', 'f8 / 1.7e308', 'f8 * 1e-300',
    '1 / f8', '- f8', 'abs(f4)', 'f8::float4', 'f4::int2', 'f8::int2', 'f4::int4', 'f8::int4', 'f4::int8', 'f8::int8', 'f8 > f4', 'f8 = f8', 'greatest(f8, 1, f4)', 'least(f8, 1)']) e,
    LATERAL (SELECT DISTINCT ON (f4::text) id FROM twin_heap ORDER BY f4::text, id) r,
    LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d GROUP BY e;
SELECT e, count(*) FROM unnest(ARRAY['n + n', 'n - u', 'n * n', 'n * u', 'n * n * n * n', '- n', 'abs(u)', 'round(n, 1)', 'round(n, 0)', 'n::int2', 'n::int4', 'n::int8', 'u::int8', 'n::float8', 'u::float8', 'n > u', 'n = n',
    'n + i8', 'n * i8', 'i8::numeric + i8', 'n / 3', 'greatest(n, u)']) e,
    LATERAL (SELECT DISTINCT ON (n, i8) id FROM twin_heap ORDER BY n, i8, id) r,
    LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d GROUP BY e;

DROP TABLE twin_heap, twin_olap;
DROP FUNCTION debug_program, answer, differences;
