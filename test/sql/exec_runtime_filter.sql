-- Runtime filters: a scan leaves out rows without a partner in a hash join above. The
-- answers are those of a heap table in the olap table's place, and of no filters.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET enable_nestloop = off;
SET enable_mergejoin = off;
SET enable_hashagg = off;
SET enable_memoize = off;
SET olap.enable_vector_agg = off;

-- What ran, but for figures: some rows come before the join has its hash table, or none.
CREATE FUNCTION rt_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
		CONTINUE WHEN line ~ '(Segments:|Row Groups:|Bytes Read|Delta Pages|Buckets:|Rows Removed by Filter|Batches|Workers)';
		line := regexp_replace(line, ' \(actual.*\)| \(never executed\)', '');
		line := regexp_replace(line, '(Removed by Runtime Filter): [1-9]\d*', '\1: some');
		line := regexp_replace(line, '(Narrowed by Bitmap): .*', '\1: some');
		line := regexp_replace(line, '(Pruned by Runtime Filter): .*=[1-9].*', '\1: some');
		RETURN NEXT regexp_replace(line, '(Pruned by Runtime Filter): segments=0 row groups=0', '\1: 0');
	END LOOP;
END $$;

-- Runs the query on both tables, with filters and without; says what they did.
CREATE FUNCTION rt_check(query text, figures bool DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	said text := '';
	setting text;
BEGIN
	EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(q::text, ''|'' ORDER BY q::text)), ''-'') FROM (%s) q', replace(query, 'TAB', 'rt_heap')) INTO want;
	FOREACH setting IN ARRAY ARRAY['off', 'on'] LOOP
		PERFORM set_config('olap.enable_runtime_filters', setting, false);
		EXECUTE format('SELECT count(*) || '' '' || coalesce(md5(string_agg(q::text, ''|'' ORDER BY q::text)), ''-'') FROM (%s) q', replace(query, 'TAB', 'rt_olap')) INTO got;
		IF got IS DISTINCT FROM want THEN
			RETURN format('WRONG with filters %s: %s, heap has %s', setting, got, want);
		END IF;
	END LOOP;
	SELECT string_agg(' | ' || trim(l), '' ORDER BY n) FROM rt_plan(replace(query, 'TAB', 'rt_olap')) WITH ORDINALITY p (l, n)
		WHERE l ~ 'Runtime Filter' AND (figures OR l !~ '(Rem|Pru)') INTO said;
	RETURN split_part(want, ' ', 1) || ' rows' || coalesce(regexp_replace(said, '( by)? Runtime Filter', '', 'g'), '');
END $$;

-- Four segments in the order of id and of k, and rows in the delta.
CREATE TABLE rt_heap (id int, k int, k2 smallint, k8 bigint, r int, t text, v varchar(10), c char(4), f float8, f4 float4, n numeric(12,2), u numeric, d date, ts timestamptz, b bool, uu uuid, o oid, m money);
INSERT INTO rt_heap
SELECT i, CASE WHEN i % 17 <> 0 THEN i / 10 END, i % 50, (i / 10) * 10000000000, i * 7919 % 100003, CASE WHEN i % 19 <> 0 THEN 'name ' || i % 700 END,
	'v' || i % 40, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b ' END,
	CASE i % 7 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0'::float8 ELSE i / 4.0 END, i / 8.0, i / 4.0,
	CASE i % 4 WHEN 0 THEN 1.5 WHEN 1 THEN 1.50 WHEN 2 THEN i END, date '2026-01-01' + i / 1000,
	timestamptz '2026-01-01' + i * interval '1 second', i % 5 = 0, md5((i % 3000)::text)::uuid, i % 9000, (i % 1000)::money
FROM generate_series(1, 80100) i;
CREATE TABLE rt_olap (LIKE rt_heap) USING olap;
INSERT INTO rt_olap SELECT * FROM rt_heap WHERE id <= 20000;
INSERT INTO rt_olap SELECT * FROM rt_heap WHERE id > 20000 AND id <= 40000;
INSERT INTO rt_olap SELECT * FROM rt_heap WHERE id > 40000 AND id <= 60000;
INSERT INTO rt_olap SELECT * FROM rt_heap WHERE id > 60000 AND id <= 80000;
INSERT INTO rt_olap SELECT * FROM rt_heap WHERE id > 80000;
DELETE FROM rt_heap WHERE id % 101 = 7;
DELETE FROM rt_olap WHERE id % 101 = 7;
CREATE TABLE rt_key (k int, x int, t text, v varchar(20), c char(6), f float8, f4 float4, n numeric, d date, ts timestamptz, b bool, uu uuid, o oid, m money, k2 smallint, k8 bigint);
INSERT INTO rt_key
SELECT 4500 + i * 3, i, 'name ' || i * 5, 'v' || i % 6, CASE i % 2 WHEN 0 THEN 'a' END, CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 0.0 ELSE (i * 100)::float8 END,
	i * 50, CASE i % 3 WHEN 0 THEN 1.500 WHEN 1 THEN i * 40 ELSE i + 0.001 END, date '2026-02-01' + i % 8,
	timestamptz '2026-01-01 12:00' + i * interval '1 minute', true, md5((i * 11)::text)::uuid, i * 8, i::money, i % 4, (4500 + i * 3) * 10000000000
FROM generate_series(0, 99) i;
INSERT INTO rt_key (x) SELECT i FROM generate_series(1, 20) i;
INSERT INTO rt_key SELECT * FROM rt_key WHERE x < 30;
-- keys of which few have a partner: too many to be listed, dense and not
CREATE TABLE rt_many (k int, k8 bigint, t text, r int);
INSERT INTO rt_many SELECT 2500 + i % 2000, (2500 + i % 2000) * 10000000000, 'name ' || i * 7, i * 37 FROM generate_series(1, 6000) i;
ANALYZE rt_heap; ANALYZE rt_olap; ANALYZE rt_key; ANALYZE rt_many;

-- plans
EXPLAIN (COSTS OFF) SELECT e.id, x FROM rt_olap e JOIN rt_key d USING (k);
EXPLAIN (COSTS OFF, VERBOSE) SELECT e.id, x FROM rt_olap e JOIN rt_key d ON d.k = e.k AND d.t = e.t WHERE e.b;
SELECT rt_plan('SELECT e.id, x FROM rt_olap e JOIN rt_key d USING (k)');
CREATE FUNCTION rt_json(query text) RETURNS TABLE (what text) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON) ' || query INTO plan;
	RETURN QUERY SELECT key || ': ' || CASE WHEN value::text ~ '^[1-9]' AND key !~ 'Keys|Total' THEN 'some' ELSE value::text END FROM jsonb_each(jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapScan")')) WHERE key ~ 'Runtime|Segments [TPR]' ORDER BY 1;
END $$;
SELECT rt_json('SELECT e.id, x FROM rt_olap e JOIN rt_key d USING (k)');
SET olap.enable_runtime_filters = off;
EXPLAIN (COSTS OFF) SELECT e.id, x FROM rt_olap e JOIN rt_key d USING (k);
SET olap.enable_runtime_filters = on;

-- the planner counts on filters that leave few rows, and on no others
CREATE FUNCTION rt_costs(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
	rows float8[];
	cost float8[];
	setting text;
BEGIN
	FOREACH setting IN ARRAY ARRAY['off', 'on'] LOOP
		PERFORM set_config('olap.enable_runtime_filters', setting, false);
		EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
		rows := rows || (jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapScan" && @."Relation Name" == "rt_olap")') ->> 'Plan Rows')::float8;
		cost := cost || (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8;
	END LOOP;
	RETURN format('rows: %s, cost: %s', CASE WHEN rows[2] = rows[1] THEN 'the same' WHEN rows[2] < rows[1] / 4 THEN 'few' ELSE 'others' END,
		CASE WHEN cost[2] = cost[1] THEN 'the same' WHEN cost[2] < cost[1] THEN 'lower' ELSE 'higher' END);
END $$;
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e JOIN rt_key d ON d.k = e.k');
SELECT rt_costs('SELECT e.id FROM rt_olap e WHERE e.k IN (SELECT k FROM rt_key OFFSET 0)');
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e RIGHT JOIN rt_key d ON d.k = e.k');
SELECT rt_costs('SELECT e.id, d.x, g.k FROM rt_olap e JOIN rt_many g ON g.t = e.t JOIN rt_key d ON d.k = e.k');
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e LEFT JOIN rt_key d ON d.k = e.k');
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e JOIN rt_key d ON d.k = e.k + 1');
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e JOIN rt_key d ON d.x = e.k2 AND d.k > 4600');

-- keys of every kind, across types
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k8 = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k8');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k8 = e.k8');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.x + 4500 = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.x = e.k2 AND d.x > 48');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.t = e.t AND d.x > 30');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.v = e.v AND d.x IN (3, 5)');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.c = e.c AND d.x = 40');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.f = e.f AND d.x BETWEEN 71 AND 79 AND d.f <> ''NaN''');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.f = e.f WHERE d.x = 35');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.f4 = e.f WHERE d.x > 30');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.f4 = e.f4');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.n = e.n');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.n = e.n WHERE d.x % 3 = 1');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.n = e.u WHERE d.x BETWEEN 75 AND 80');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.d = e.d WHERE d.x = 50');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.ts = e.ts');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.b = e.b WHERE d.x = 30');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.uu = e.uu');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.o = e.o');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.m = e.m WHERE d.x > 90');
SELECT rt_check('SELECT e.id FROM TAB e WHERE (e.k, e.t, e.b) IN (SELECT k, t, b FROM rt_key WHERE x < 80)');

-- sets that are too large for a list: dense, wide, of bytes
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.k8 = e.k8');
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.t = e.t');
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.r = e.r');

-- kinds of joins: those that keep outer rows have no filter
SELECT rt_check('SELECT e.id FROM TAB e WHERE e.k IN (SELECT k FROM rt_key)');
SELECT rt_check('SELECT e.id FROM TAB e WHERE NOT EXISTS (SELECT FROM rt_key d WHERE d.k = e.k)');
SELECT rt_check('SELECT e.id, d.x FROM TAB e LEFT JOIN rt_key d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e FULL JOIN rt_key d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x, d.k FROM TAB e RIGHT JOIN rt_key d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x, d.k FROM TAB e RIGHT JOIN rt_key d ON d.k = e.k AND e.b');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k IS NOT DISTINCT FROM e.k AND d.x = e.k2 WHERE d.x < 10');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k + 1');

-- the table on both sides (the smaller one is hashed), and filters of several joins
SELECT rt_check('SELECT e.id, d.id FROM TAB e JOIN TAB d ON d.r = e.r WHERE d.id BETWEEN 30000 AND 30100');
SELECT rt_check('SELECT e.id, d.x, g.k FROM TAB e JOIN rt_key d ON d.k = e.k JOIN rt_many g ON g.t = e.t');
SELECT rt_check('SELECT e.id, d.x, g.k FROM TAB e JOIN rt_key d ON d.k = e.k LEFT JOIN rt_many g ON g.t = e.t');
SELECT rt_check('SELECT e.id, d.x, g.k FROM (SELECT e.* FROM TAB e LEFT JOIN rt_key g ON g.t = e.t OFFSET 0) e JOIN rt_key d ON d.k = e.k JOIN rt_many g ON g.k = e.k');
SELECT rt_check('SELECT e.id, d.x FROM (SELECT id, k, random() AS r FROM TAB OFFSET 0) e JOIN rt_key d ON d.k = e.k');

-- nothing on the hash side, or NULLs alone
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k WHERE d.x < -10');
SELECT rt_check('SELECT e.id, d.x FROM TAB e RIGHT JOIN (SELECT * FROM rt_key WHERE k IS NULL) d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e RIGHT JOIN (SELECT * FROM rt_key WHERE t IS NULL) d ON d.t = e.t');

-- under other clauses of the scan, and a LIMIT
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k WHERE e.id > 50000 AND e.f > 3 AND e.id % 3 = 1');
SELECT rt_check('SELECT count(*) FROM (SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k LIMIT 7) l', false);
SELECT rt_check('SELECT e.k2, count(*), sum(d.x) FROM TAB e JOIN rt_key d ON d.k = e.k GROUP BY 1');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k ORDER BY e.id DESC LIMIT 5');

-- again and again, with another hash side each time, and with the same
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 4) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN rt_key d ON d.k = e.k WHERE d.x % 5 = g) l');
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 4) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN rt_key d ON d.k = e.k WHERE e.id % 5 = g) l');
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 4) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN rt_key d ON d.k = e.k WHERE d.x % 5 = g AND e.id % 5 = g) l');
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 20, 10) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN rt_key d ON d.x + g = e.k2 WHERE e.id % 5 = d.x % 5) l');

-- batches: the keys are in files
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.k, d.t FROM TAB e JOIN rt_many d ON d.t = e.t');
SELECT rt_check('SELECT e.id, d.k, d.t FROM TAB e JOIN rt_many d ON d.r = e.r');
SELECT rt_check('SELECT e.id, d.k, d.t FROM TAB e RIGHT JOIN rt_many d ON d.r = e.r');
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 3) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN (SELECT *, repeat(t, 20) FROM rt_many OFFSET 0) d ON d.k = e.k WHERE d.r % 2 = g % 2) l');
-- half of the outer rows have one key, which goes to a skew bucket
CREATE TABLE rt_skew (k int, pad text) USING olap;
INSERT INTO rt_skew SELECT CASE WHEN i % 2 = 0 THEN 7 ELSE i END, 'x' FROM generate_series(1, 20000) i;
CREATE TABLE rt_skew_dim AS SELECT CASE WHEN i = 1 THEN 7 ELSE i * 1000 + 1 END AS k, repeat('y', 100) AS pad FROM generate_series(1, 3000) i;
ANALYZE rt_skew; ANALYZE rt_skew_dim;
SELECT rt_plan('SELECT count(*), sum(length(d.pad)) FROM rt_skew e JOIN rt_skew_dim d USING (k)');
RESET work_mem;
RESET hash_mem_multiplier;

-- partitions, each with a filter from one set
CREATE TABLE rt_parts (id int, k int, n numeric(12,2)) PARTITION BY RANGE (id);
CREATE TABLE rt_part1 PARTITION OF rt_parts FOR VALUES FROM (0) TO (40000) USING olap;
CREATE TABLE rt_part2 PARTITION OF rt_parts FOR VALUES FROM (40000) TO (100000) USING olap;
INSERT INTO rt_parts SELECT id, k, n FROM rt_heap WHERE id < 20000;
INSERT INTO rt_parts SELECT id, k, n FROM rt_heap WHERE id >= 20000;
ANALYZE rt_parts;
SELECT rt_plan('SELECT count(*) FROM rt_parts e JOIN rt_key d ON d.k = e.k AND d.n < 100');
SELECT count(*) FROM rt_parts e JOIN rt_key d ON d.k = e.k AND d.n < 100;
SELECT count(*) FROM rt_heap e JOIN rt_key d ON d.k = e.k AND d.n < 100;

-- a filter that leaves nothing out sleeps, and wakes up
CREATE TABLE rt_long (k int) USING olap;
INSERT INTO rt_long SELECT CASE WHEN i <= 150000 THEN i % 1000 ELSE i % 2000 END FROM generate_series(1, 400000) i;
CREATE TABLE rt_dense AS SELECT i AS k FROM generate_series(0, 999) i;
ANALYZE rt_long; ANALYZE rt_dense;
SELECT rt_plan('SELECT count(*) FROM rt_long e JOIN rt_dense d USING (k)');
SELECT count(*) FROM rt_long e JOIN rt_dense d USING (k);

-- prepared, with other keys each time
SET plan_cache_mode = force_generic_plan;
PREPARE rt (int, int) AS SELECT count(*), sum(e.id) FROM rt_olap e JOIN rt_key d ON d.k = e.k WHERE d.x BETWEEN $1 AND $2;
EXECUTE rt(0, 10);
EXECUTE rt(90, 99);
EXECUTE rt(5, 4);
DEALLOCATE rt;
RESET plan_cache_mode;

-- cursors, and rows that are locked
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT e.id, d.x FROM rt_olap e JOIN rt_key d ON d.k = e.k WHERE d.x > 95 ORDER BY 1, 2;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
COMMIT;
BEGIN;
SELECT count(*) FROM (SELECT e.id FROM rt_olap e JOIN rt_key d ON d.k = e.k WHERE d.x > 95 FOR UPDATE OF e) s;
UPDATE rt_olap e SET b = NOT e.b FROM rt_key d WHERE d.k = e.k AND d.x > 95;
SELECT count(*) FROM rt_olap e JOIN rt_heap h USING (id) WHERE e.b <> h.b;
ROLLBACK;

-- indexes: few keys are looked up in bitmaps and blooms
CREATE TABLE rt_indexed (id int, k int, t text) USING olap WITH (bitmap = 'k', bloom = 't');
INSERT INTO rt_indexed SELECT i, i * 7919 % 5003, 'name ' || i * 7919 % 50021 FROM generate_series(1, 20000) i;
INSERT INTO rt_indexed SELECT i, i * 7919 % 5003, 'name ' || i * 7919 % 50021 FROM generate_series(20001, 40000) i;
INSERT INTO rt_indexed SELECT i, i * 7919 % 5003, 'name ' || i * 7919 % 50021 FROM generate_series(40001, 60000) i;
ANALYZE rt_indexed;
CREATE TABLE rt_few AS SELECT i * 100 AS k, 'name ' || i * 5 AS t FROM generate_series(1, 3) i;
ANALYZE rt_few;
SELECT rt_plan('SELECT e.id FROM rt_indexed e JOIN rt_few d ON d.k = e.k');
SELECT count(*), sum(e.id) FROM rt_indexed e JOIN rt_few d ON d.k = e.k;
SELECT rt_plan('SELECT e.id FROM rt_indexed e JOIN rt_few d ON d.t = e.t');
SELECT count(*), sum(e.id) FROM rt_indexed e JOIN rt_few d ON d.t = e.t;
SET olap.enable_runtime_filters = off;
SELECT count(*), sum(e.id) FROM rt_indexed e JOIN rt_few d ON d.k = e.k;
SELECT count(*), sum(e.id) FROM rt_indexed e JOIN rt_few d ON d.t = e.t;
RESET olap.enable_runtime_filters;

-- parallel: each worker has its hash table, or all share one
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_parallel_hash = off;
SELECT rt_costs('SELECT e.id, d.x FROM rt_olap e JOIN rt_key d ON d.k = e.k');
SELECT rt_check('SELECT e.id, d.x FROM TAB e JOIN rt_key d ON d.k = e.k', false);
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.t = e.t', false);
SET enable_parallel_hash = on;
SELECT rt_check('SELECT e.id, d.k FROM TAB e JOIN rt_many d ON d.k = e.k', false);
SELECT rt_check('SELECT e.id, d.id FROM TAB e JOIN TAB d ON d.r = e.r WHERE d.id BETWEEN 30000 AND 31000', false);
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 2) g, LATERAL (SELECT count(*), sum(e.id) FROM TAB e JOIN TAB d ON d.r = e.r WHERE d.id BETWEEN 30000 AND 31000 AND d.k2 > g) l', false);
-- one of several batches, whose keys are in files of all workers, some of rows that are wider than
-- a chunk of such a file
CREATE FUNCTION rt_batches(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF, FORMAT JSON) ' || query INTO plan;
	RETURN format('shared, of several batches: %s, rows removed: %s',
		jsonb_path_exists(plan, '$.** ? (@."Node Type" == "Hash" && @."Parallel Aware" == true && @."Hash Batches" > 1)'),
		jsonb_path_exists(plan, '$.** ? (@."Rows Removed by Runtime Filter" > 0)'));
END $$;
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT rt_check('SELECT e.id, d.k, d.t FROM TAB e JOIN rt_many d ON d.k = e.k WHERE d.r < 130000', false);
SELECT rt_batches('SELECT e.id, d.k, d.t FROM rt_olap e JOIN rt_many d ON d.k = e.k WHERE d.r < 130000');
SELECT rt_check('SELECT e.id, d.k, d.t FROM TAB e JOIN rt_many d ON d.t = e.t WHERE d.r < 130000', false);
SELECT rt_batches('SELECT e.id, d.k, d.t FROM rt_olap e JOIN rt_many d ON d.t = e.t WHERE d.r < 130000');
-- more memory: a file a batch and process is what takes the time here
SET work_mem = '384kB';
SELECT rt_check('SELECT e.id, d.k, md5(d.p) FROM TAB e JOIN (SELECT k, repeat(t, CASE WHEN k % 100 = 1 THEN 5000 + k ELSE 1 END) AS p FROM rt_many WHERE r < 100000 AND r + 0 = r UNION ALL SELECT k, t FROM rt_many WHERE r > 210000) d ON d.k = e.k', false);
SELECT rt_batches('SELECT e.id, d.k, md5(d.p) FROM rt_olap e JOIN (SELECT k, repeat(t, CASE WHEN k % 100 = 1 THEN 5000 + k ELSE 1 END) AS p FROM rt_many WHERE r < 100000 AND r + 0 = r UNION ALL SELECT k, t FROM rt_many WHERE r > 210000) d ON d.k = e.k');
SET work_mem = '64kB';
-- and again, with other keys
SELECT rt_check('SELECT g, l.* FROM generate_series(0, 2) g, LATERAL (SELECT count(*), sum(e.id), sum(length(d.t)) FROM TAB e JOIN rt_many d ON d.r = e.r WHERE d.k % 3 = g) l', false);
RESET work_mem;
RESET hash_mem_multiplier;

DROP TABLE rt_heap, rt_olap, rt_key, rt_many, rt_parts, rt_skew, rt_skew_dim, rt_indexed, rt_few, rt_long, rt_dense;
DROP FUNCTION rt_batches, rt_check, rt_costs, rt_json, rt_plan;
