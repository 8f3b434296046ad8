-- Groups by time: the planner knows about how many there are, of a histogram's range, a
-- bucket's width and what a filter leaves. Each answer is whether the estimate is within a
-- factor of two of the truth.
SET TimeZone = 'UTC';
CREATE TABLE est_tab (ts timestamptz, tz timestamp, d date, k int, nothing timestamptz) USING olap;
INSERT INTO est_tab SELECT timestamptz '2026-01-01' + i * interval '26 seconds', timestamp '2026-01-01' + i * interval '26 seconds',
	date '2026-01-01' + i / 3000, i % 10, NULL FROM generate_series(0, 99999) i;
ANALYZE est_tab;
CREATE FUNCTION est_rows(query text, OUT groups text, OUT estimate text) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
	agg jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON, TIMING off, SUMMARY off) ' || query INTO plan;
	agg := jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapAgg")');
	groups := agg->>'Groups';
	estimate := CASE WHEN (agg->>'Plan Rows')::float8 BETWEEN groups::float8 / 2 AND groups::float8 * 2 + 1 THEN 'near' ELSE agg->>'Plan Rows' END;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT q, est_rows(q) FROM (VALUES
('SELECT date_trunc(''hour'', ts), count(*) FROM est_tab GROUP BY 1'),
('SELECT date_trunc(''day'', ts, ''Europe/Berlin''), count(*) FROM est_tab GROUP BY 1'),
('SELECT date_trunc(''minute'', tz), count(*) FROM est_tab WHERE tz >= ''2026-01-10'' AND tz < ''2026-01-11'' GROUP BY 1'),
('SELECT date_bin(''15 minutes'', ts, ''2026-01-01''), count(*) FROM est_tab GROUP BY 1'),
('SELECT time_bucket(''6 hours'', tz), k, count(*) FROM est_tab GROUP BY 1, 2'),
('SELECT time_bucket(''1 week'', d), count(*) FROM est_tab GROUP BY 1'),
('SELECT ts::date, count(*) FROM est_tab GROUP BY 1'),
('SELECT extract(hour FROM ts), date_part(''dow'', d), count(*) FROM est_tab GROUP BY 1, 2'),
('SELECT DISTINCT date_trunc(''day'', ts) FROM est_tab WHERE ts > ''2026-01-25'''),
-- never more than PostgreSQL's own estimate
('SELECT date_trunc(''second'', ts), count(*) FROM est_tab WHERE k = 3 GROUP BY 1')) v (q);
-- nothing is known: of an empty column, a unit that is no constant, a width of no time
SELECT q, (est_rows(q)).groups FROM (VALUES
('SELECT date_trunc(''day'', nothing), count(*) FROM est_tab GROUP BY 1'),
('SELECT date_trunc(CASE k WHEN 1 THEN ''day'' ELSE ''month'' END, ts), count(*) FROM est_tab GROUP BY 1'),
('SELECT date_trunc(''century'', ts), count(*) FROM est_tab GROUP BY 1')) v (q);
SELECT date_bin('0 seconds', ts, '2026-01-01'), count(*) FROM est_tab GROUP BY 1;
DROP TABLE est_tab;
DROP FUNCTION est_rows;
