-- What zone maps leave of a table is guessed for the two ends of a range together: a piece
-- of the middle costs as little as one at the end, and is not shared with workers.
SET TimeZone = 'UTC';
CREATE TABLE range_tab (id int, ts timestamptz, a int) USING olap WITH (time_column = 'ts', segment_interval = '1 day', autovacuum_enabled = off);
INSERT INTO range_tab SELECT g, timestamptz '2026-01-01' + g * interval '18 seconds', g % 50 FROM generate_series(0, 479999) g;
ANALYZE range_tab;
CREATE FUNCTION range_cost(condition text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT id FROM range_tab WHERE ' || condition INTO plan;
	RETURN jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapScan")."Total Cost"')::float8;
END $$;
-- (some versions print the table's name with its columns)
CREATE FUNCTION range_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		RETURN NEXT replace(line, 'range_tab.', '');
	END LOOP;
END $$;
SET max_parallel_workers_per_gather = 0;
SELECT q, range_cost(q) < range_cost('true') * 0.06 AS little
FROM (VALUES ('ts >= ''2026-04-09'''), ('ts < ''2026-01-02'''), ('ts >= ''2026-02-20'' AND ts < ''2026-02-21'''), ('ts BETWEEN ''2026-02-20'' AND ''2026-02-21'''),
	('ts < ''2026-02-21'' AND a = 3 AND ts >= ''2026-02-20'''), ('id > 200000 AND id <= 204000'), ('id > 200000 AND ts < ''2026-02-12'''), ('ts >= ''2026-02-20'''), ('a > 3 AND a < 5')) v(q);
-- few rows of many row groups: no workers, and the groups in vectors
RESET max_parallel_workers_per_gather;
SET parallel_setup_cost = 50; SET min_parallel_table_scan_size = 0;
SELECT range_plan('SELECT a, count(*) FROM range_tab WHERE ts >= ''2026-02-20'' AND ts < ''2026-02-20 02:00'' GROUP BY a');
DROP TABLE range_tab;
DROP FUNCTION range_cost, range_plan;
