-- Aggregates over the values of a group in order: percentiles, modes, ORDER BY and
-- DISTINCT inside. The same as a heap's, with memory and without.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
-- one plan for heap as well: which of equal values stands for them is up to it
\set ECHO none
\i test/include/heap_twin.sql
CREATE TABLE ordered_heap (
	id int NOT NULL, g int, few text, i2 int2, i4 int4, i8 int8, o oid, f4 float4, f8 float8,
	n6 numeric(12,6), d date, ts timestamptz, tm time, t text, tc text COLLATE "C", u uuid, iv interval, b bool
);
INSERT INTO ordered_heap
SELECT i, i % 40, (ARRAY['a', 'b', NULL])[1 + i % 3], k % 300 - 150,
	CASE WHEN k % 50 <> 0 THEN k % 30000 - 10000 END,
	CASE k % 1000 WHEN 0 THEN -9223372036854775808 WHEN 1 THEN 9223372036854775807 WHEN 2 THEN NULL ELSE i / 3 END,
	CASE k % 3 WHEN 0 THEN 4000000000 + k % 7 ELSE k % 50 END,
	CASE k % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN '-Infinity' ELSE (k % 2000) / 4.0 - 100.1 END,
	CASE k % 23 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' WHEN 2 THEN 'Infinity' ELSE (k % 20000) / 3.0 - 1000 END,
	CASE k % 29 WHEN 0 THEN NULL WHEN 1 THEN 'NaN' ELSE (k % 20000) / 100.0 END,
	date '2026-01-01' + k % 1000, timestamptz '2026-01-01' + (k % 20000) * interval '1 second', time '00:00' + k * interval '1 second',
	CASE WHEN k % 9 <> 0 THEN 'value ' || k % 500 END, chr(65 + k % 26) || k % 9, md5((k % 300)::text)::uuid,
	CASE WHEN k % 8 <> 0 THEN (k % 1000) * interval '1 minute' END, k % 3 = 0
FROM (SELECT i, ((i::int8 * 7919 + i / 64 * 104729) % 1000003)::int AS k
	FROM generate_series(1, 24000) i) s;
CREATE TABLE ordered_olap (LIKE ordered_heap) USING olap;
INSERT INTO ordered_olap SELECT * FROM ordered_heap WHERE id <= 10000;
INSERT INTO ordered_olap SELECT * FROM ordered_heap WHERE id > 10000 AND id <= 23900;
INSERT INTO ordered_olap SELECT * FROM ordered_heap WHERE id > 23900;
DELETE FROM ordered_heap WHERE id % 97 = 5;
DELETE FROM ordered_olap WHERE id % 97 = 5;
ANALYZE ordered_heap;
ANALYZE ordered_olap;

-- Same rows with much memory and with little? On disk only then, in bounded memory?
CREATE FUNCTION ordered_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	expected text[] := twin_answer(query, 'ordered_heap');
	got text[];
	agg jsonb;
	spilled int8;
	answer text := '';
	n int := 0;
BEGIN
	PERFORM set_config('hash_mem_multiplier', '1', true);
	FOREACH n IN ARRAY ARRAY[65536, 64] LOOP
		PERFORM set_config('work_mem', n || 'kB', true);
		got := twin_answer(query, 'ordered_olap');
		IF twin_differ(got, expected) IS NOT NULL THEN
			RETURN 'with ' || n || ' kB ' || twin_differ(got, expected);
		END IF;
		IF expected[1] ~ '^[0-9A-Z]{5} ' THEN
			RETURN expected[1];
		END IF;
		agg := twin_agg(twin_query(query, 'ordered_olap'));
		spilled := (agg ->> 'Ordered Values Sorts on Disk')::int8 + (agg ->> 'Spilled Partitions')::int8;
		answer := answer || CASE WHEN spilled IS NULL THEN 'no OlapAgg '
			WHEN spilled = 0 THEN 'in memory ' ELSE 'in files ' END;
		IF (agg ->> 'Peak Memory Usage')::int8 > 3 * n + 1024 THEN
			answer := answer || 'much memory: ' || (agg ->> 'Peak Memory Usage') || ' kB ';
		END IF;
	END LOOP;
	RETURN answer || cardinality(expected);
END $$;

-- Every type, ascending and descending; one group, few, many.
CREATE TABLE ordered_columns (col text);
INSERT INTO ordered_columns VALUES ('i2'), ('i4'), ('i8'), ('o'), ('f4'), ('f8'), ('n6'), ('d'), ('ts'), ('tm'), ('t'), ('tc'), ('u'), ('iv'), ('b');
SELECT col, ordered_check(format('SELECT percentile_disc(0.3) WITHIN GROUP (ORDER BY %1$I), percentile_disc(0.3) WITHIN GROUP (ORDER BY %1$I DESC), mode() WITHIN GROUP (ORDER BY %1$I), mode() WITHIN GROUP (ORDER BY %1$I DESC) FROM T', col)) AS plain,
	ordered_check(format('SELECT g, percentile_disc(ARRAY[0, 0.25, NULL, 1, 0.5, 0.5]) WITHIN GROUP (ORDER BY %1$I), mode() WITHIN GROUP (ORDER BY %1$I), count(*) FROM T GROUP BY g', col)) AS grouped,
	ordered_check(format('SELECT id / 4, percentile_disc(0.5) WITHIN GROUP (ORDER BY %1$I DESC NULLS LAST), mode() WITHIN GROUP (ORDER BY %1$I DESC) FILTER (WHERE few = ''a'') FROM T GROUP BY 1', col)) AS many
FROM ordered_columns ORDER BY col;
SELECT col, ordered_check(format('SELECT percentile_cont(0.37) WITHIN GROUP (ORDER BY %1$I), percentile_cont(0.37) WITHIN GROUP (ORDER BY %1$I DESC) FROM T', col)) AS plain,
	ordered_check(format('SELECT few, percentile_cont(ARRAY[[0, 0.123], [NULL, 1]]) WITHIN GROUP (ORDER BY %1$I), percentile_cont(1::float8 / 3) WITHIN GROUP (ORDER BY %1$I DESC) FILTER (WHERE i4 %% 7 = 1) FROM T GROUP BY few', col)) AS grouped,
	ordered_check(format('SELECT g, id / 100, percentile_cont(0.9) WITHIN GROUP (ORDER BY %1$I) FROM T GROUP BY 1, 2 HAVING count(*) > 1', col)) AS many
FROM ordered_columns WHERE col IN ('i2', 'i4', 'i8', 'f4', 'f8', 'n6', 'iv') ORDER BY col;

-- Edges: no rows, only NULLs, one value, errors and the NULLs that come before them.
SELECT query, ordered_check(query) FROM unnest(ARRAY[
	'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i4), percentile_disc(0.5) WITHIN GROUP (ORDER BY t), mode() WITHIN GROUP (ORDER BY i8), percentile_disc(ARRAY[0.5]) WITHIN GROUP (ORDER BY i4), array_agg(i4 ORDER BY id) FROM T WHERE id < 0',
	'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i4) FROM T WHERE id < 0 GROUP BY g',
	'SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY NULL::float8), mode() WITHIN GROUP (ORDER BY i4) FILTER (WHERE i4 IS NULL) FROM T GROUP BY g',
	'SELECT id, percentile_cont(0.5) WITHIN GROUP (ORDER BY i4), percentile_cont(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY iv) FROM T WHERE id < 100 GROUP BY id',
	'SELECT percentile_cont(NULL) WITHIN GROUP (ORDER BY i4), percentile_disc(NULL::float8[]) WITHIN GROUP (ORDER BY i4), percentile_disc(''{}''::float8[]) WITHIN GROUP (ORDER BY i4), percentile_disc(''[3:4]={0.5,NULL}''::float8[]) WITHIN GROUP (ORDER BY i4) FROM T',
	'SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY i4) FROM T',
	'SELECT percentile_disc(-0.1) WITHIN GROUP (ORDER BY i4) FROM T WHERE id < 0',
	'SELECT percentile_disc(''NaN''::float8) WITHIN GROUP (ORDER BY t) FROM T GROUP BY g',
	'SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY i4) FROM T WHERE id < 0 GROUP BY g',
	'SELECT percentile_cont(ARRAY[0.5, 2]) WITHIN GROUP (ORDER BY i4) FROM T',
	'SELECT percentile_cont(ARRAY[0.5, 2]) WITHIN GROUP (ORDER BY i4) FROM T WHERE id < 0',
	'SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i4 % 10 * f8), percentile_disc(0.5) WITHIN GROUP (ORDER BY length(t)) FROM T WHERE i4 > 3',
	'SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY t COLLATE "C" DESC), percentile_disc(0.5) WITHIN GROUP (ORDER BY t), mode() WITHIN GROUP (ORDER BY lower(t)) FROM T']) query;

-- ORDER BY and DISTINCT inside.
SELECT query, ordered_check(query) FROM unnest(ARRAY[
	'SELECT g, string_agg(t, '','' ORDER BY id), array_agg(i4 ORDER BY id DESC) FROM T GROUP BY g',
	'SELECT md5(string_agg(t, '','' ORDER BY t NULLS FIRST, id)), md5(array_agg(id ORDER BY f8 DESC NULLS LAST, id)::text) FROM T',
	'SELECT few, array_agg(tc ORDER BY i4, id) FILTER (WHERE i4 % 50 = 3), sum(f4 ORDER BY id) FILTER (WHERE f4 > 0 AND f4 < ''NaN''), count(*) FROM T GROUP BY few',
	'SELECT id / 3, array_agg(i4 ORDER BY i4 NULLS FIRST, id), jsonb_agg(t ORDER BY id DESC), (array_agg(i8 ORDER BY ts, id))[1] FROM T GROUP BY 1 HAVING count(*) > 1',
	'SELECT g, string_agg(DISTINCT tc, '';''), string_agg(DISTINCT t, '','' ORDER BY t), array_agg(DISTINCT few) FROM T GROUP BY g',
	'SELECT string_agg(DISTINCT tc COLLATE "C", '' '' ORDER BY tc COLLATE "C" DESC) FROM T',
	'SELECT g, sum(DISTINCT f4) FILTER (WHERE f4 > 0), avg(DISTINCT f8) FILTER (WHERE f8 < 500), array_agg(DISTINCT i2 / 30 ORDER BY i2 / 30 DESC) FROM T GROUP BY g',
	'SELECT corr(f8, i4 ORDER BY id), string_agg(few, ''-'' ORDER BY id) FILTER (WHERE id < 20) FROM T WHERE f8 < 1000']) query;
-- more columns than a function has arguments
SELECT n, ordered_check(format('SELECT few, md5(array_agg(id ORDER BY %s, id)::text) FROM T GROUP BY few',
	(SELECT string_agg(format('id %% %s', 7 + i), ', ') FROM generate_series(1, n) i))) FROM unnest(ARRAY[98, 99, 200]) n;

-- many lists, each a small part of the memory
SET work_mem = '4MB'; SET hash_mem_multiplier = 1;
SELECT (twin_agg(format('SELECT %s FROM ordered_olap', (SELECT string_agg(format('percentile_disc(0.5) WITHIN GROUP (ORDER BY i4 + %s)', i), ', ')
	FROM generate_series(1, 60) i))) ->> 'Peak Memory Usage')::int8 < 2 * 4096 AS bounded;
RESET hash_mem_multiplier;

-- The same values for several: what EXPLAIN calls them; sharing does not mix them up.
SET work_mem = '4MB';
EXPLAIN (COSTS OFF, VERBOSE) SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY i4), percentile_disc(0.1) WITHIN GROUP (ORDER BY t), string_agg(t, ',' ORDER BY id) FROM ordered_olap GROUP BY g;
SELECT ordered_check('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f8), percentile_cont(0.5) WITHIN GROUP (ORDER BY f8 DESC), percentile_disc(0.5) WITHIN GROUP (ORDER BY f8), percentile_disc(0.5) WITHIN GROUP (ORDER BY f8) FILTER (WHERE i4 > 0), mode() WITHIN GROUP (ORDER BY f8 DESC), percentile_disc(0.2) WITHIN GROUP (ORDER BY t), percentile_disc(0.2) WITHIN GROUP (ORDER BY t DESC), mode() WITHIN GROUP (ORDER BY t) FROM T GROUP BY few');

-- Parameters of a generic plan; rescans; a group's own fraction is PostgreSQL's.
SET plan_cache_mode = force_generic_plan;
PREPARE ordered_p(float8) AS SELECT few, percentile_cont($1) WITHIN GROUP (ORDER BY i4), percentile_disc(ARRAY[$1, 1 - $1]) WITHIN GROUP (ORDER BY d) FROM ordered_olap GROUP BY few ORDER BY few;
EXECUTE ordered_p(0.25);
EXECUTE ordered_p(2);
EXECUTE ordered_p(NULL);
RESET plan_cache_mode;
SELECT x, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i4) FROM ordered_olap WHERE g < x), (SELECT string_agg(t, ',' ORDER BY id) FROM ordered_olap WHERE id < x * 3) FROM generate_series(1, 3) x;
SELECT x, (SELECT percentile_disc(x / 10.0) WITHIN GROUP (ORDER BY i4) FROM ordered_olap) FROM generate_series(1, 3) x;
SELECT ordered_check('SELECT g, percentile_cont(g / 40.0) WITHIN GROUP (ORDER BY i4) FROM T GROUP BY g');
SELECT ordered_check('SELECT rank(100) WITHIN GROUP (ORDER BY i4) FROM T');
-- again without a change of parameters
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off;
SELECT count(*), sum(p), min(s), max(m) FROM generate_series(1, 3) x LEFT JOIN (SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY i4) AS p FROM ordered_olap GROUP BY g) a ON a.g <> x
	LEFT JOIN (SELECT few, md5(string_agg(t, ',' ORDER BY id)) AS s, mode() WITHIN GROUP (ORDER BY t) AS m FROM ordered_olap GROUP BY few) b ON few > 'a' OR x = 2;
SELECT count(*), sum(p), min(s), max(m) FROM generate_series(1, 3) x LEFT JOIN (SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY i4) AS p FROM ordered_heap GROUP BY g) a ON a.g <> x
	LEFT JOIN (SELECT few, md5(string_agg(t, ',' ORDER BY id)) AS s, mode() WITHIN GROUP (ORDER BY t) AS m FROM ordered_heap GROUP BY few) b ON few > 'a' OR x = 2;
-- nobody reads to the end, with values on disk
SET work_mem = '64kB'; SET hash_mem_multiplier = 1;
SELECT count(*) FROM (SELECT id / 4, percentile_disc(0.5) WITHIN GROUP (ORDER BY t), mode() WITHIN GROUP (ORDER BY i4) FROM ordered_olap GROUP BY 1 LIMIT 10) q;
-- rescans compile nothing: as many functions for 20 as for 2
CREATE FUNCTION ordered_jit(loops int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE format('EXPLAIN (ANALYZE, FORMAT JSON) SELECT x, (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i4) FROM ordered_olap WHERE id < x) FROM generate_series(1, %s) x', loops) INTO plan;
	RETURN plan -> 0 -> 'JIT' ->> 'Functions';
END $$;
SET jit = on; SET jit_above_cost = 0;
SELECT ordered_jit(2) IS NOT DISTINCT FROM ordered_jit(20) AS same;
RESET jit; RESET jit_above_cost;
DROP FUNCTION ordered_jit;
DROP TABLE ordered_heap, ordered_olap, ordered_columns;
DROP FUNCTION ordered_check, twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;
