-- Expressions over vectors answer as the executor does: every query runs on a heap
-- table and, as a program, on an olap table with the same rows.
\set VERBOSITY terse
CREATE FUNCTION debug_program(text) RETURNS SETOF text LANGUAGE c STRICT
    AS '$libdir/olap', 'olap_debug_program';

CREATE FUNCTION debug_describe(text) RETURNS text LANGUAGE c STRICT
    AS '$libdir/olap', 'olap_debug_describe';

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
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id <= 2100;
CALL olap.compact('twin_olap');
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id BETWEEN 2101 AND 4500;
CALL olap.compact('twin_olap');
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id > 4500;

-- what runs in kernels, what does not
SELECT e, debug_describe(format('SELECT %s FROM twin_olap', e)) FROM unnest(ARRAY[
    'i2 + i4, i8 / 3, i4 % 7, -i4, f4 * f8, n + 1.5, n * m, round(n, 1), n::int, n / 3, i4::float8',
    'f8::numeric(12, 3), f4::numeric(6, 2), i4::numeric(12, 2), n::numeric(14, 1), n::numeric(20, 4), f8::numeric, f8::numeric(12, -2), u::numeric(9, 3), round(f8::numeric, 2), round(f4::numeric), round(f8::numeric, -1)',
    'round(f8), ceil(f8), floor(f4), trunc(f8), sqrt(f8), ceil(n), floor(n), trunc(n), trunc(n, 1), trunc(f8::numeric, 2)',
    'i2 < i8, n > u, s = ''x'', b AND i4 > 0, i4 IN (1, 2), i4 IS NULL, CASE WHEN b THEN i4 END, coalesce(n, 0)',
    'date_trunc(''day'', tz), date_trunc(''month'', d), extract(hour FROM ts), date_bin(''1 day'', ts, ''2000-01-01''), tz::date, ts + interval ''1 day'', time_bucket(''1 week'', tz), ts + interval ''1 month''',
    's, now(), upper(s), j ->> ''t'', upper(s) = ''X'' AND b, extract(epoch FROM ts - ts), date_part(''epoch'', tz - now()), extract(hour FROM ts - ts), d + i4, d - 7, d - d',
    'length(s), char_length(v), octet_length(s), bit_length(v), length(c), octet_length(c), length(s) > 7, length(upper(s))']) e;

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
    'f4::float8, f8::float4, f4::int2, f8::int4, f8::int8, (f8 / 2)::int4, (f4 * 2)::int8, f8::numeric',
    'f8::numeric(12, 3), f8::numeric(7, 0), f4::numeric(9, 2), (f8 * f4)::numeric(18, 6), f8::numeric(30, 10), f8::numeric(10, -2), f8::numeric(25, 20), - f8::numeric(12, 1), f8::numeric(12, 2) + n',
    'round(f8::numeric, 2), round(f4::numeric, 1), round(f8::numeric), round((f8 * i4)::numeric, 3), round(f8::numeric, 18), round(f8::numeric, -1), round(f8::numeric, 19), round(f8::numeric, i2), round(f8::numeric(12, 4), 2), round(f8)',
    'ceil(f8), ceiling(f8), floor(f8), trunc(f8), round(f8 / 4), sqrt(abs(f8)), |/ abs(f8), floor(f4), sqrt(i4 * i4), ceil(n), floor(n), trunc(n), trunc(n, 1), trunc(m, 5), trunc(n, -1), ceil(u), floor(m), ceil(m), trunc(- m, 2), ceil(i8 / 7.0), ceil(i4)',
    'i2::numeric(5, 1), i4::numeric(18, 4), i8::numeric(9, 2), i8::numeric(40, 18), n::numeric(14, 1), n::numeric(14, 5), m::numeric(10, 4), u::numeric(12, 1), n::numeric(7, -1), "numeric"(f8::numeric, 786439), "numeric"(n, i2 % 2 - 1)']) e));

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

-- time, in several zones; the rows cross changes of the clock
CREATE FUNCTION time_differences() RETURNS TABLE (zone text, query text, heap text, program text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH zone IN ARRAY ARRAY['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe'] LOOP
        PERFORM set_config('timezone', zone, false);
        FOR query, heap, program IN SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s WHERE id %% 3 <> 1', e) FROM unnest(ARRAY[
            (SELECT string_agg(format('date_trunc(%L, ts), date_trunc(%L, tz), date_trunc(%L, d), date_trunc(%L, tz, ''Europe/Berlin'')', u, u, u, u), ', ')
                FROM unnest(ARRAY['microseconds', 'milliseconds', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'decade', 'century', 'millennium', 'HOUR', 'mon']) u),
            (SELECT string_agg(format('extract(%s FROM ts), extract(%s FROM tz), date_part(%L, ts), date_part(%L, tz)', u, u, u, u), ', ')
                FROM unnest(ARRAY['microseconds', 'milliseconds', 'second', 'epoch', 'minute', 'hour', 'day', 'dow', 'isodow', 'doy', 'week', 'isoyear', 'month', 'quarter', 'year', 'century', 'julian']) u),
            (SELECT string_agg(format('extract(%s FROM d), date_part(%L, d)', u, u), ', ')
                FROM unnest(ARRAY['epoch', 'day', 'dow', 'isodow', 'doy', 'week', 'isoyear', 'month', 'quarter', 'year', 'decade']) u),
            'ts::date, tz::date, d::timestamp, d::timestamptz, ts::timestamptz, tz::timestamp, tz AT TIME ZONE ''America/New_York'', ts AT TIME ZONE ''Europe/Berlin'', tz AT TIME ZONE ''UTC'', tz AT TIME ZONE ''EST''',
            'ts + interval ''1 day 2 hours'', tz + interval ''1 day'', tz - interval ''36 hours'', tz - interval ''30 days 1 minute'', d + interval ''1 day'', d - interval ''1 hour'', ts - interval ''1 month'', tz + interval ''1 year'', ts - ts, d - d, d + 1, d - i2, i4 + d, d - date ''2024-02-29'', date ''2024-03-01'' - d, (d + 7) - (d - 7), d + NULL::int, d - ts::date, now()::date - d < 5',
            'extract(epoch FROM ts - tz::timestamp), extract(epoch FROM tz - ts::timestamptz), date_part(''epoch'', ts - timestamp ''2024-05-05 05:05:05.123456''), extract(epoch FROM now() - tz) > 0, extract(epoch FROM ts - d), extract(day FROM ts - tz::timestamp), extract(epoch FROM ts - tz)',
            'date_bin(''15 minutes'', ts, ''2024-01-01''), date_bin(''7 days'', tz, ''2001-01-01''), date_bin(''1 hour 7 seconds'', ts, ''2030-05-05 01:02:03.5''), date_bin(''2 days'', d, ''1999-01-01'')',
            'time_bucket(''5 minutes'', ts), time_bucket(''1 week'', tz), time_bucket(''3 months'', ts), time_bucket(''1 year'', tz), time_bucket(''2 days'', d), time_bucket(''5 months'', d)',
            'time_bucket(''11 minutes'', ts, ''2024-01-01 00:03''), time_bucket(''5 months'', tz, timestamptz ''2023-02-11''), time_bucket(''10 days'', d, ''2024-01-01''), time_bucket(''1 day'', tz, ''Europe/Berlin''), time_bucket(''1 month'', tz, ''America/New_York''), time_bucket(''20 minutes'', tz, ''Australia/Lord_Howe'')',
            'CASE WHEN extract(hour FROM tz) < 12 THEN ''am'' ELSE ''pm'' END, date_trunc(''day'', tz) = date_trunc(''day'', tz + interval ''1 hour''), to_char(date_trunc(''hour'', tz), ''HH24''), tz::date = d, greatest(tz, date_trunc(''day'', tz))'
            ]) e)) LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
    RESET timezone;
END $$;
SELECT * FROM time_differences();

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
    '1 / f8', '- f8', 'abs(f4)', 'f8::float4', 'f4::int2', 'f8::int2', 'f4::int4', 'f8::int4', 'f4::int8', 'f8::int8', 'f8 > f4', 'f8 = f8', 'greatest(f8, 1, f4)', 'least(f8, 1)',
    'f4::numeric(6, 2)', 'f8::numeric(6, 2)', 'f4::numeric(5, 0)', 'f4::numeric(4, 0)', 'f8::numeric(18, 0)', 'f8::numeric(10, 0)', 'f8::numeric(9, 0)', 'f8::numeric(18, 18)', 'f8::numeric(2, 4)', 'f8::numeric(400, 9)', 'f4::numeric(50, 12)', 'round(f8::numeric, 1)', 'round(f4::numeric, 2)', 'round(f8::numeric)', 'round(f8::numeric, 17)',
    'round(f8)', 'ceil(f8)', 'floor(f8)', 'trunc(f8)', 'sqrt(f8)', 'round(f4)', 'ceil(f4)', 'floor(f4)', 'trunc(f4)', 'sqrt(f4)']) e,
    LATERAL (SELECT DISTINCT ON (f4::text) id FROM twin_heap ORDER BY f4::text, id) r,
    LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d GROUP BY e;
SELECT e, count(*) FROM unnest(ARRAY['n + n', 'n - u', 'n * n', 'n * u', 'n * n * n * n', '- n', 'abs(u)', 'round(n, 1)', 'round(n, 0)', 'n::int2', 'n::int4', 'n::int8', 'u::int8', 'n::float8', 'u::float8', 'n > u', 'n = n',
    'n + i8', 'n * i8', 'i8::numeric + i8', 'n / 3', 'greatest(n, u)',
    'ceil(n)', 'floor(n)', 'trunc(n)', 'trunc(n, 1)', 'trunc(n, 18)', 'ceil(u)', 'floor(u)', 'trunc(u, 2)', 'ceil(i8 + 0.5)', 'floor(i8 * 0.1)', 'trunc(i8 * -0.01, 1)',
    'n::numeric(12, 1)', 'n::numeric(11, 1)', 'n::numeric(10, 1)', 'n::numeric(30, 10)', 'u::numeric(12, 2)', 'u::numeric(1, 1)', 'i8::numeric(18, 2)', 'i8::numeric(19, 0)', 'i8::numeric(40, 4)', 'i4::numeric(12, 2)', 'i4::numeric(9, 0)', 'i2::numeric(5, 1)']) e,
    LATERAL (SELECT DISTINCT ON (n, i8) id FROM twin_heap ORDER BY n, i8, id) r,
    LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d GROUP BY e;

-- floats as numerics: numbers of many sizes that are decimals, nearly so, and neither
TRUNCATE twin_heap, twin_olap;
INSERT INTO twin_heap (id, i2, f8, f4, s) SELECT i, i % 5, x, x, kind::text FROM (
    SELECT i, kind, CASE kind WHEN 0 THEN round(h / 1e9::numeric, i % 7)::float8 WHEN 1 THEN (round(h / 1e9::numeric, i % 5) + 0.0005)::float8
        WHEN 2 THEN h / 3.0e6 WHEN 3 THEN round(h / 1e6::numeric, 3)::float8 * (1 + (i % 9 - 4) * 2.220446049250313e-16) ELSE h * 10.0 ^ (i % 20 - 27) END AS x
    FROM (SELECT i, i / 7 % 5 AS kind, hashint8extended(i, 1) / 4 AS h FROM generate_series(1, 20000) i) r) v;
INSERT INTO twin_olap SELECT * FROM twin_heap;
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s', e) FROM unnest(ARRAY[
    'f8::numeric(18, 0), f8::numeric(18, 1), f8::numeric(18, 2), f8::numeric(18, 3), f8::numeric(30, 4), f8::numeric(30, 5), (f8 / 1e4)::numeric(30, 9), (f8 / 1e9)::numeric(35, 14), (f8 / 1e13)::numeric(40, 18), f8::numeric(35, 14)',
    'f4::numeric(18, 0), f4::numeric(18, 1), f4::numeric(18, 2), f4::numeric(18, 3), f4::numeric(30, 4), f4::numeric(30, 5), (f4 / 1e4::float4)::numeric(30, 9), (f4 / 1e9::float4)::numeric(35, 14), (f4 / 1e13::float4)::numeric(40, 18), f4::numeric(35, 14)',
    'CASE WHEN i2 > 1 THEN f8::numeric(18, 2) ELSE f4::numeric(18, 2) END, (f8 / 2)::numeric(20, 3), f8::numeric(18, 3) > f4::numeric(18, 3)',
    'round(f8::numeric, 2), round(f8::numeric, 3), round(f4::numeric, 2), round(f8::numeric), round((f8 / 1e9)::numeric, 14)']) e));

-- lengths: characters of one to four bytes, strings of many sizes, some of them often
TRUNCATE twin_heap, twin_olap;
INSERT INTO twin_heap (id, i2, s, v, c) SELECT i, i % 5, CASE WHEN i % 37 <> 0 THEN
        (SELECT string_agg(chr(CASE (i + k * k) % 7 WHEN 0 THEN 233 WHEN 1 THEN 8364 WHEN 2 THEN 128512 + k % 9 ELSE 97 + k % 26 END), '') FROM generate_series(1, i % 300) k) END,
    CASE WHEN i % 41 <> 0 THEN repeat(U&'\00E9\+01F600', i % 4) || i % 9 END, repeat(U&'\20AC', i % 6)
FROM generate_series(1, 3000) i;
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id <= 2500;
CALL olap.compact('twin_olap');
INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id > 2500;
SELECT * FROM differences(ARRAY(SELECT format('SELECT id, %s FROM %%s %s', e, w) FROM unnest(ARRAY['', 'WHERE id % 3 <> 1', 'WHERE length(s) > 99 AND octet_length(v) < 9']) w, unnest(ARRAY[
    'length(s), char_length(s), character_length(s), octet_length(s), bit_length(s), length(s::bytea), octet_length(s::bytea)',
    'length(v), char_length(v), octet_length(v), bit_length(v), length(c), char_length(c), octet_length(c), bit_length(c)',
    'CASE WHEN i2 > 1 THEN length(s) ELSE length(v) END, length(coalesce(s, v)), length(upper(v)) + length(''x''), length(nullif(s, ''a'')), length(left(s, i2))']) e));

-- times at the edges, one by one
TRUNCATE twin_heap, twin_olap;
INSERT INTO twin_heap (id, ts, tz, d) SELECT row_number() OVER (), t, t AT TIME ZONE 'UTC', CASE WHEN isfinite(t) THEN t::date WHEN t > now() THEN 'infinity'::date ELSE '-infinity' END
FROM unnest('{infinity,-infinity,4713-01-01 00:00:00 BC,0002-03-04 BC,0001-01-01 BC,0001-01-01,0001-12-31 23:59:59.999999,0002-01-01,0002-01-02,1582-10-15,1700-02-28 12:00,1752-09-02,
    1800-12-31 23:59:59.999999,1883-11-18 17:00:01,1893-03-31 23:06:40,1900-01-01,1900-02-28 23:59:59.999999,1916-04-30 22:00:00,1947-05-11,1969-12-31 23:59:59.5,1970-01-01,1999-12-31 23:59:59.999999,2000-01-01,2000-02-29 13:14:15.161718,
    2000-12-31 23:59:59,2001-01-01,2004-02-29 00:00:00.000001,2010-01-03,2012-12-30 23:00:00,2015-12-31,2016-12-31 22:59:60,2020-02-29,2021-01-03,2024-03-31 00:59:59.999999,2024-03-31 01:00,2024-10-27 00:30,2024-10-27 01:00,2024-11-03 05:59:59,2024-11-03 06:00,2024-12-30,
    2037-12-31,2038-01-19 03:14:08,2100-02-28 23:59,2100-03-01,2400-02-29,9999-12-31 23:59:59.999999,100000-01-01,275000-05-05,294000-01-01,294276-12-31 23:59:59.999999}'::timestamp[]) t;
INSERT INTO twin_heap (id, d) VALUES (1001, '5874897-12-31'), (1002, '4714-11-24 BC'), (1003, '294277-01-01');
INSERT INTO twin_olap SELECT * FROM twin_heap;
CREATE FUNCTION edge_differences() RETURNS TABLE (zone text, query text, heap text, program text) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH zone IN ARRAY ARRAY['Europe/Berlin'] LOOP
        PERFORM set_config('timezone', zone, false);
        FOR query, heap, program IN SELECT d.* FROM unnest(ARRAY[
            (SELECT string_agg(format('date_trunc(%L, ts), date_trunc(%L, d::timestamp)', u, u), ', ') FROM unnest(ARRAY['second', 'hour', 'day', 'week', 'month', 'quarter', 'year', 'decade', 'century', 'millennium']) u),
            (SELECT string_agg(format('date_trunc(%L, tz), date_trunc(%L, tz, ''Asia/Tokyo'')', u, u), ', ') FROM unnest(ARRAY['minute', 'hour', 'day', 'week', 'month', 'year', 'millennium']) u),
            (SELECT string_agg(format('extract(%s FROM ts), extract(%s FROM tz), date_part(%L, tz)', u, u, u), ', ')
                FROM unnest(ARRAY['milliseconds', 'second', 'epoch', 'minute', 'hour', 'day', 'dow', 'isodow', 'doy', 'week', 'isoyear', 'month', 'quarter', 'year']) u),
            (SELECT string_agg(format('extract(%s FROM d)', u), ', ') FROM unnest(ARRAY['epoch', 'day', 'dow', 'isodow', 'doy', 'week', 'isoyear', 'month', 'quarter', 'year']) u),
            'extract(hour FROM d)', 'ts::date, tz::date', 'd::timestamp', 'd::timestamptz', 'ts::timestamptz', 'tz::timestamp', 'tz AT TIME ZONE ''Asia/Kolkata''', 'ts AT TIME ZONE ''America/New_York''',
            'd + 1', 'd - 1', 'd - 100000', 'd + 2147483647', 'd - (-2147483648)', 'd - date ''2000-01-01''', 'd - date ''infinity''', 'd - d', '(d + 3) - date ''1999-12-31''',
            'ts + interval ''1 day 2 hours''', 'ts - interval ''1 day 2 hours''', 'tz + interval ''1 day''', 'tz - interval ''1 day''', 'tz + interval ''100 years''', 'd + interval ''1 day''', 'd - interval ''1 hour''', 'extract(epoch FROM ts - timestamp ''2000-01-01'')', 'date_part(''epoch'', timestamp ''2024-02-29 01:02:03.4'' - ts)', 'extract(epoch FROM tz - timestamptz ''1999-01-01 00:00 UTC''), date_part(''epoch'', tz - timestamptz ''1999-01-01 00:00 UTC'')', 'extract(epoch FROM ts - ts)',
            'date_bin(''1 day'', ts, ''0001-01-01'')', 'date_bin(''100 days'', tz, ''2000-01-01'')',
            'time_bucket(''1 hour'', ts)', 'time_bucket(''7 months'', ts)', 'time_bucket(''1 week'', tz)', 'time_bucket(''1 week'', d)', 'time_bucket(''1 day'', tz, ''Europe/Berlin'')', 'time_bucket(''1 hour'', tz, ''Europe/Berlin'')']) e,
            (SELECT id FROM twin_heap) r, LATERAL differences(ARRAY[format('SELECT %s FROM %%s WHERE id = %s', e, r.id)], true) d LOOP
            RETURN NEXT;
        END LOOP;
    END LOOP;
    RESET timezone;
END $$;
SELECT * FROM edge_differences();

-- time_bucket by itself
SET timezone = 'UTC';
SELECT time_bucket('1 week', timestamp '2024-02-29 12:00') AS week, date_trunc('week', timestamp '2024-02-29 12:00') AS truncated,
    time_bucket('3 months', date '2024-02-29') AS quarter, time_bucket('7 months', date '1999-02-28') AS months, time_bucket('15 minutes', timestamptz '2024-02-29 12:44+00') AS minutes,
    time_bucket('1 day', timestamptz '2024-03-31 12:00+00', 'Europe/Berlin') AS day, time_bucket('1 day', timestamp 'infinity') AS infinite, time_bucket(NULL, now()) IS NULL AS strict;
SELECT time_bucket('1 month 1 day', now());
SELECT time_bucket('-1 day', now());
SELECT time_bucket('1 hour', current_date);
SELECT time_bucket('1 day', now(), 'Nowhere/Else');
SELECT time_bucket('1 day', timestamp '0001-01-01');
RESET timezone;

DROP TABLE twin_heap, twin_olap;
DROP FUNCTION debug_program, debug_describe, answer, differences, time_differences, edge_differences;
