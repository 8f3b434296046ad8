-- Group keys and DISTINCT in OlapAgg of types that have no vector comparison: what
-- counts is which values are equal. Equal intervals may look different, and the
-- first one stands for its group. Every answer is the heap's.
SET TimeZone = 'UTC';
\set ECHO none
\i test/include/heap_twin.sql
CREATE DOMAIN kt_span AS interval CHECK (value <> '13 days');
CREATE TABLE kt_rows AS
SELECT *, iv::kt_span AS span FROM (SELECT i AS id,
	(ARRAY['1 mon', '30 days', '720:00:00', '29 days 24:00:00', '-1 mon', '1 day', '24:00:00', '00:00:00', '0.000001 s', '-178000000 years', '178000000 years 11 mons 30 days', NULL]::interval[])[1 + i % 12] AS iv,
	i % 5003 * interval '1 hour' AS many,
	('12:00:00'::time + i % 4 * interval '1 hour')::text::time + ('+0' || i % 4)::text::interval * 0 AS tim,
	((12 + i % 4) || ':00:00+0' || i % 4)::timetz AS tz,
	CASE WHEN i % 6 <> 0 THEN (ARRAY['10.0.0.1', '10.0.0.1/24', '10.0.0.0/24', '::1', '::ffff:10.0.0.1', '10.0.0.1/32'])[1 + i % 6]::inet END AS ip,
	(ARRAY['10.0.0.0/24', '10.0.0.0/25', '10.0.0.0/24'])[1 + i % 3]::cidr AS net,
	('08:00:2b:01:02:0' || i % 3)::macaddr AS mac, ('08:00:2b:01:02:03:04:0' || i % 4)::macaddr8 AS mac8,
	(i % 11)::bit(7) AS bits, substring((i % 64)::bit(6), 1, i % 7)::varbit AS vbits
FROM generate_series(1, 40000) i) r;
CREATE TABLE kt_tab (LIKE kt_rows) USING olap;
INSERT INTO kt_tab SELECT * FROM kt_rows ORDER BY id;
DELETE FROM kt_tab WHERE id % 101 = 0;
DELETE FROM kt_rows WHERE id % 101 = 0;
ANALYZE kt_rows; ANALYZE kt_tab;
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION kt_plan(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	nodes text[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		nodes := nodes || substring(line FROM '(OlapAgg|HashAggregate|GroupAggregate|Append|Gather|Partial)');
	END LOOP;
	RETURN array_to_string(nodes, ', ');
END $$;
CREATE TABLE kt_queries (n serial, q text);
INSERT INTO kt_queries (q)
SELECT format(CASE WHEN e ~ 'iv|span' THEN 'SELECT justify_interval(%s) AS k' ELSE 'SELECT %1$s AS k' END || ', count(*), sum(id), count(DISTINCT id %% 17) FROM T GROUP BY %1$s', e)
FROM unnest(ARRAY['iv', 'many', 'tz', 'ip', 'net', 'mac', 'mac8', 'bits', 'vbits', 'span', 'iv * 2', 'id * interval ''1 minute''', 'tim::timetz', 'host(ip)::inet', 'many - many']) e;
INSERT INTO kt_queries (q) VALUES
('SELECT justify_interval(iv), tz, ip, count(*), min(id) FROM T GROUP BY iv, tz, ip'),
('SELECT justify_interval(iv), id % 3 AS k, bits, max(id) FROM T GROUP BY iv, 2, 3 HAVING count(*) > 3'),
('SELECT justify_interval(iv), mac FROM (SELECT DISTINCT iv, mac FROM T) s'),
('SELECT DISTINCT many FROM T ORDER BY many LIMIT 7'),
('SELECT count(DISTINCT iv), count(DISTINCT many), count(DISTINCT tz), count(DISTINCT ip), count(DISTINCT net), count(DISTINCT mac), count(DISTINCT bits), count(DISTINCT vbits) FROM T'),
('SELECT id % 7 AS k, count(DISTINCT iv), count(DISTINCT many), count(DISTINCT tz), count(DISTINCT ip) FROM T GROUP BY 1'),
('SELECT justify_interval(iv), tz, count(*), grouping(iv, tz) FROM T GROUP BY CUBE (iv, tz)'),
('SELECT many, count(*) AS c FROM T GROUP BY many ORDER BY c DESC, many DESC LIMIT 5'),
('SELECT justify_interval(iv), count(*) FROM T WHERE iv = ''30 days'' GROUP BY iv'),
('SELECT justify_interval(iv), string_agg(id::text, '','' ORDER BY id) FROM T WHERE id < 200 GROUP BY iv'),
('SELECT ip, net, count(*) FROM T WHERE id < 0 GROUP BY ip, net');
\set ECHO all

-- of equal intervals any may stand for them all, and is shown as one
SELECT n, kt_plan(twin_query(q, 'kt_tab')) AS plan, twin_differ(twin_answer(q, 'kt_tab'), twin_answer(q, 'kt_rows')) AS wrong FROM kt_queries ORDER BY n;

-- the first of equal intervals is shown, as by a HashAggregate above a sequential scan
SELECT iv, count(*) FROM kt_tab GROUP BY iv ORDER BY iv, 2;

-- groups that exceed memory
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT n, twin_differ(twin_answer(q, 'kt_tab'), twin_answer(q, 'kt_rows')) AS wrong FROM kt_queries
WHERE twin_answer(q, 'kt_tab') IS DISTINCT FROM twin_answer(q, 'kt_rows') ORDER BY n;
RESET work_mem;
RESET hash_mem_multiplier;

-- in parallel processes, by groups and in parts
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) FILTER (WHERE kt_plan(twin_query(q, 'kt_tab')) ~ 'Gather, OlapAgg') > 3 AS some_are FROM kt_queries;
SELECT n, twin_differ(twin_answer(q, 'kt_tab'), twin_answer(q, 'kt_rows')) AS wrong FROM kt_queries
WHERE twin_answer(q, 'kt_tab') IS DISTINCT FROM twin_answer(q, 'kt_rows') ORDER BY n;
RESET max_parallel_workers_per_gather;

-- jsonb, arrays and rows are grouped by PostgreSQL
SELECT kt_plan('SELECT to_jsonb(id % 3), count(*) FROM kt_tab GROUP BY 1');

DROP TABLE kt_rows, kt_tab, kt_queries;
DROP DOMAIN kt_span;
DROP FUNCTION kt_plan, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
