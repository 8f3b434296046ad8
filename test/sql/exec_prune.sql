-- Zone maps: places that no row can match are not read, and no row is lost.
CREATE FUNCTION places(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	plan := plan->0->'Plan';
	WHILE plan->>'Custom Plan Provider' IS DISTINCT FROM 'OlapScan' LOOP
		plan := plan->'Plans'->0;
	END LOOP;
	RETURN format('segments %s pruned %s read %s, row groups %s pruned %s read %s, rows %s',
		plan->>'Segments Total', plan->>'Segments Pruned', plan->>'Segments Read',
		plan->>'Row Groups Total', plan->>'Row Groups Pruned', plan->>'Row Groups Read',
		(plan->>'Actual Rows')::numeric::bigint);
END $$;
SET max_parallel_workers_per_gather = 0;
SET TimeZone = 'UTC';

-- Four segments of 5,000 rows in the order of every column, and a few delta rows.
CREATE TABLE prune (id int, big bigint, f float8, n numeric(10,2), ts timestamptz,
	d date, c text COLLATE "C", t text, u uuid, nul int) USING olap WITH (autovacuum_enabled = off);
CREATE FUNCTION add_rows(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO prune SELECT i, i * 10000000000, i / 3.0, i / 4.0,
		timestamptz '2024-01-01' + i * interval '1 minute', date '2024-01-01' + i / 1440,
		to_char(i, 'FM000000'), 't' || to_char(i, 'FM000000'),
		('00000000-0000-0000-0000-' || to_char(i, 'FM000000000000'))::uuid,
		CASE WHEN i > 15000 THEN i END
	FROM generate_series(first, last) i $$;
SELECT add_rows(1, 5000);
SELECT add_rows(5001, 10000);
SELECT add_rows(10001, 15000);
SELECT add_rows(15001, 20000);
SELECT add_rows(20001, 20003);

SELECT places('SELECT * FROM prune');
-- each type, each operator
SELECT places('SELECT * FROM prune WHERE id <= 5000');
SELECT places('SELECT * FROM prune WHERE id < 5001');
SELECT places('SELECT * FROM prune WHERE id = 7000');
SELECT places('SELECT * FROM prune WHERE id > 15000');
SELECT places('SELECT * FROM prune WHERE 14999 >= id AND id >= 10002');
SELECT places('SELECT * FROM prune WHERE id < 0');
SELECT places('SELECT * FROM prune WHERE id > 3000000000');
SELECT places('SELECT * FROM prune WHERE id <> 3');
SELECT places('SELECT * FROM prune WHERE NOT (id < 19999)');
SELECT places('SELECT * FROM prune WHERE big = 150000000000000');
SELECT places('SELECT * FROM prune WHERE f BETWEEN 1 AND 2');
SELECT places('SELECT * FROM prune WHERE f > ''Infinity''');
SELECT places('SELECT * FROM prune WHERE n = 2500');
SELECT places('SELECT * FROM prune WHERE n > 3749.999');
SELECT places('SELECT * FROM prune WHERE n < 1250.001');
SELECT places('SELECT * FROM prune WHERE n = 1.001');
SELECT places('SELECT * FROM prune WHERE n > 1e30');
SELECT places('SELECT * FROM prune WHERE ts < ''2024-01-02''');
SELECT places('SELECT * FROM prune WHERE ts >= ''2024-01-14'' AND ts < ''2024-01-15''');
SELECT places('SELECT * FROM prune WHERE d = ''2024-01-14''');
SELECT places('SELECT * FROM prune WHERE ts >= date ''2024-01-14''');
SELECT places('SELECT * FROM prune WHERE timestamp ''2024-01-02'' > ts');
SELECT places('SELECT * FROM prune WHERE ts::date = ''2024-01-14''');
SELECT places('SELECT * FROM prune WHERE ts::date BETWEEN ''2024-01-01'' AND ''2024-01-02''');
SELECT places('SELECT * FROM prune WHERE d >= timestamptz ''2024-01-13 12:00+00''');
SELECT places('SELECT * FROM prune WHERE c < ''000010''');
SELECT places('SELECT * FROM prune WHERE c = ''012345''');
SELECT places('SELECT * FROM prune WHERE t = ''t012345''');
SELECT places('SELECT * FROM prune WHERE u = ''00000000-0000-0000-0000-000000012345''');
SELECT places('SELECT * FROM prune WHERE id IN (1, 2, 19000)');
SELECT places('SELECT * FROM prune WHERE id = ANY (''{}'')');
SELECT places('SELECT * FROM prune WHERE nul IS NOT NULL');
SELECT places('SELECT * FROM prune WHERE nul IS NULL');
SELECT places('SELECT * FROM prune WHERE nul < 15002');
-- values known only when the query runs
SELECT places('SELECT * FROM prune WHERE id > (SELECT 19998)');
SELECT places('SELECT * FROM prune WHERE ts > now()');
-- what zones can't say stays right
SELECT places('SELECT * FROM prune WHERE id < 10 OR id > 20000');
SELECT places('SELECT * FROM prune WHERE id + 0 = 20002');

-- A row group without the value is skipped within a segment.
CREATE TABLE prune_groups USING olap WITH (autovacuum_enabled = off) AS SELECT i AS id, i / 1000 AS k FROM generate_series(1, 200000) i;
SELECT places('SELECT * FROM prune_groups WHERE id = 150000');
SELECT places('SELECT * FROM prune_groups WHERE k = 0');
SELECT places('SELECT count(*) FROM prune_groups WHERE id > 0');

-- Columns added later are NULL, or the default, in what was there before.
ALTER TABLE prune ADD COLUMN late int, ADD COLUMN filled int DEFAULT 5;
INSERT INTO prune (id, late, filled) SELECT i, i, i FROM generate_series(30001, 35000) i;
SELECT places('SELECT * FROM prune WHERE late IS NULL');
SELECT places('SELECT * FROM prune WHERE late = 30001');
SELECT places('SELECT * FROM prune WHERE filled = 5');
SELECT places('SELECT * FROM prune WHERE filled <= 30001');

DROP TABLE prune, prune_groups;
DROP FUNCTION places, add_rows;
