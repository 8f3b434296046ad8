-- Functions of time in vectors are those of the server in every time zone: changes of daylight saving time, of
-- a zone's own offset, half hours, days that were left out, years far away, infinities.
CREATE TABLE zone_heap AS
SELECT timestamptz '2026-03-28 00:00+00' + i * interval '7 minutes' + j * interval '1 day' AS ts
FROM generate_series(0, 900) i, (VALUES (0), (210), (-5200), (-80 * 365), (-120 * 365), (400 * 365)) v(j);
INSERT INTO zone_heap VALUES ('infinity'), ('-infinity'), (NULL), ('4700-11-24 00:00:00+00 BC'),
	('294270-12-31 23:59:59.999999+00'), ('0001-01-01 00:00:00+00'), ('1582-10-10 12:00+00');
CREATE TABLE zone_olap (LIKE zone_heap) USING olap;
INSERT INTO zone_olap SELECT * FROM zone_heap;
ANALYZE zone_olap;
CREATE FUNCTION zone_answer(tab text, expr text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(k::text || n, '','' ORDER BY k)) FROM'
		' (SELECT %s AS k, count(*) AS n FROM %I WHERE isfinite(ts) AND ts > ''2000-01-01 BC'' AND ts < ''9000-01-01'' GROUP BY 1) s', expr, tab) INTO result;
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
CREATE TABLE zone_answers (zone text, expr text, heap text, olap text);
DO $$
DECLARE
	zone text;
BEGIN
	FOREACH zone IN ARRAY ARRAY['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/St_Johns',
		'Pacific/Apia', 'Africa/Casablanca', 'Asia/Tehran', 'America/Sao_Paulo',
		-- nobody lives there, but the server takes them: clocks jump by days
		'AAA90BBB-60,J60,J101', 'AAA-160BBB150,J87,J297', '<+40>-40', 'A15B-15'] LOOP
		EXECUTE format('SET TimeZone = %L', zone);
		INSERT INTO zone_answers SELECT zone, e, zone_answer('zone_heap', e), zone_answer('zone_olap', e)
		FROM unnest(ARRAY['date_trunc(''minute'', ts)', 'date_trunc(''hour'', ts)', 'date_trunc(''day'', ts)', 'date_trunc(''week'', ts)',
			'date_trunc(''month'', ts)', 'date_trunc(''quarter'', ts)', 'date_trunc(''year'', ts)', 'date_trunc(''century'', ts)',
			'date_trunc(''day'', ts, ''Europe/London'')', 'extract(hour FROM ts)', 'extract(dow FROM ts)', 'extract(isodow FROM ts)',
			'extract(doy FROM ts)', 'extract(week FROM ts)', 'extract(isoyear FROM ts)', 'extract(epoch FROM ts)', 'extract(year FROM ts)',
			'extract(decade FROM ts)', 'extract(timezone FROM ts)', 'ts::date', 'ts::timestamp', '(ts AT TIME ZONE ''UTC'')::timestamptz', 'ts AT TIME ZONE ''America/New_York''',
			'extract(hour FROM ts AT TIME ZONE ''Asia/Tokyo'')', 'ts + interval ''1 day''', 'ts + interval ''90 minutes''',
			'date_bin(''15 minutes'', ts, ''2000-01-01'')', 'time_bucket(interval ''1 hour'', greatest(ts, ''0003-01-01''))', 'time_bucket(interval ''1 day'', greatest(ts, ''0003-01-01''))',
			'to_char(ts, ''HH24'')', 'ts - timestamptz ''2000-01-01''']) e;
	END LOOP;
END $$;
SELECT count(*), sum((olap IS DISTINCT FROM heap)::int) AS different, sum((heap !~ '^[0-9a-f]{32}$')::int) AS errors FROM zone_answers;
SELECT * FROM zone_answers WHERE olap IS DISTINCT FROM heap;
-- and all of them, as far as they go
SET TimeZone = 'Europe/Berlin';
SELECT expr, (SELECT zone_answer('zone_heap', expr) = zone_answer('zone_olap', expr)) AS same
FROM unnest(ARRAY['date_trunc(''day'', ts)', 'ts + interval ''300000 years''', 'ts::date']) expr;
SELECT count(*), min(date_trunc('day', ts)), max(date_trunc('day', ts)) FROM zone_olap;
SELECT date_trunc('hour', ts), count(*) FROM zone_olap WHERE NOT isfinite(ts) OR ts IS NULL GROUP BY 1 ORDER BY 1;
DROP TABLE zone_heap, zone_olap, zone_answers;

-- Comparisons of a column with a constant of another type of time convert by the zone of the session. They
-- run on vectors and prune, with the answers of the server, where clocks change too.
CREATE TABLE mixed_heap AS SELECT u AT TIME ZONE 'UTC' AS tz, u AS t, u::date AS d FROM
	(SELECT timestamp '2026-03-27' + i * interval '29 minutes' + j * interval '1 day' AS u
	 FROM generate_series(0, 300) i, (VALUES (0), (210), (-5200), (-120 * 365), (400 * 365)) v(j)) s;
INSERT INTO mixed_heap VALUES ('infinity', 'infinity', 'infinity'), ('-infinity', '-infinity', '-infinity'), (NULL, NULL, NULL),
	('4713-11-24 00:00+00 BC', '4713-11-24 BC', '4713-11-24 BC'),
	('294276-12-31 23:59:59.999999+00', '294276-12-31 23:59:59.999999', '5874897-12-31');
CREATE TABLE mixed_olap (LIKE mixed_heap) USING olap;
INSERT INTO mixed_olap SELECT * FROM mixed_heap;
SET DateStyle = ISO;
SET TimeZone = 'UTC';
CREATE TABLE mixed_clauses AS
SELECT c, k FROM (VALUES ('tz'), ('tz::date'), ('t::date'), ('t')) v(c), (SELECT format('date %L', d) AS k FROM
	(SELECT date '2026-03-27' + i AS d FROM generate_series(0, 3) i UNION SELECT unnest('{2011-12-30,2425-08-20,infinity,-infinity,5874897-12-31,4713-11-24 BC,294276-12-31}'::date[])) s) k
UNION ALL
SELECT 'tz', format('timestamp %L', x) FROM (SELECT timestamp '2026-03-28 22:50' + i * interval '53 minutes' AS x FROM generate_series(0, 6) i
	UNION SELECT unnest('{infinity,-infinity,294276-12-31 23:59:59.999999,4713-11-24 BC}'::timestamp[])) s
UNION ALL
SELECT c, format('timestamptz %L', x) FROM (VALUES ('t'), ('d')) v(c), (SELECT timestamptz '2026-03-28 22:50+00' + i * interval '53 minutes' AS x FROM generate_series(0, 6) i
	UNION SELECT timestamptz '2026-10-24 22:50+00' + i * interval '53 minutes' FROM generate_series(0, 6) i
	UNION SELECT unnest('{infinity,-infinity,294276-12-31 23:59:59.999999+00,4713-11-24 00:00+00 BC,1906-03-20 03:04:05.6789+01}'::timestamptz[])) s;
CREATE FUNCTION mixed_answers(tab text) RETURNS TABLE (zone text, clause text, answer text) LANGUAGE plpgsql AS $$
DECLARE
	n int := 0;
BEGIN
	FOREACH zone IN ARRAY ARRAY['UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Apia', 'Africa/Casablanca', 'A15B-15', 'XXX-3YYY,J87/0,J88/1', '<+40>-40', 'AAA90BBB-60,J60,J101'] LOOP
		EXECUTE format('SET TimeZone = %L', zone);
		FOR clause IN SELECT CASE i WHEN 1 THEN format('%s %s %s', c, op, k) WHEN 2 THEN format('%s %s %s', k, op, c) ELSE format('NOT (%s %s %s)', c, op, k) END
			FROM (SELECT c, k, op, row_number() OVER (ORDER BY c, k, op) % 3 + 1 AS i FROM mixed_clauses, unnest('{<,<=,=,<>,>=,>}'::text[]) op) s ORDER BY 1 LOOP
			BEGIN
				EXECUTE format('SELECT count(*)::text || coalesce(sum(extract(epoch FROM t)) FILTER (WHERE isfinite(t)), 0) FROM %I WHERE %s', tab, clause) INTO answer;
			EXCEPTION WHEN OTHERS THEN
				answer := SQLERRM;
			END;
			RETURN NEXT;
		END LOOP;
	END LOOP;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS asked, count(DISTINCT h.answer) > 100 AS various, sum((h.answer !~ '^[0-9.-]*$')::int) AS errors, sum((h.answer IS DISTINCT FROM o.answer)::int) AS different
FROM mixed_answers('mixed_heap') h FULL JOIN mixed_answers('mixed_olap') o USING (zone, clause);
SET TimeZone = 'Europe/Berlin';
EXPLAIN (COSTS OFF) SELECT * FROM mixed_olap WHERE tz >= current_date - 7 AND tz < localtimestamp AND t > now() AND d <= now() AND tz::date = current_date AND '2026-03-29' > t::date;
DROP TABLE mixed_heap, mixed_olap, mixed_clauses;
DROP FUNCTION mixed_answers;
