-- Aggregates of a join of an olap table with other sides in OlapAgg. Answers are those
-- of a heap table in the olap table's place.
SET TimeZone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET enable_nestloop = off;
SET enable_hashagg = off;

-- Runs the query on join_heap and join_olap; says which joins OlapAgg did.
CREATE FUNCTION join_check(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	want text;
	got text;
	line text;
	said text := '';
BEGIN
	EXECUTE format('SELECT array_agg(q ORDER BY q)::text FROM (%s) q', replace(query, 'TAB', 'join_heap')) INTO want;
	EXECUTE format('SELECT array_agg(q ORDER BY q)::text FROM (%s) q', replace(query, 'TAB', 'join_olap')) INTO got;
	IF got IS DISTINCT FROM want THEN
		RETURN format('WRONG: %s, heap has %s', left(got, 300), left(want, 300));
	END IF;
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' ||
		replace(query, 'TAB', 'join_olap') LOOP
		CONTINUE WHEN line !~ '(Vector Joins|Vector Aggregation)';
		-- how many rows it takes to spend the memory is no matter here
		said := said || ' | ' || regexp_replace(trim(line), ' memory=\w+|rows=\d+ hashed=\d+ (?=probed=0)', '', 'g');
	END LOOP;
	RETURN coalesce(nullif(left(want, 40), want) || '...', want) || said;
END $$;

CREATE FUNCTION join_plan_text(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE query INTO plan;
	RETURN plan::text;
END $$;

CREATE TABLE join_heap (id int, ts timestamptz, k int, k2 smallint, k8 bigint, t text, v varchar(10), c char(4), f float8, n numeric(12,2), u numeric, d date, b bool);
INSERT INTO join_heap
SELECT i, timestamptz '2026-01-01' + i * interval '1 second', CASE WHEN i % 17 <> 0 THEN i * 31 % 1200 END, i % 50,
	(i % 300) * 10000000000, 'name ' || i % 120, 'v' || i % 40, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b ' END,
	(i % 1000) / 4.0, (i % 777) / 4.0, CASE i % 4 WHEN 0 THEN 1.5 WHEN 1 THEN 1.50 WHEN 2 THEN i % 9 END, date '2026-01-01' + i % 60, i % 5 = 0
FROM generate_series(1, 40000) i;
CREATE TABLE join_olap (LIKE join_heap) USING olap;
INSERT INTO join_olap SELECT * FROM join_heap WHERE id <= 39900;
INSERT INTO join_olap SELECT * FROM join_heap WHERE id > 39900;
DELETE FROM join_heap WHERE id % 101 = 7;
DELETE FROM join_olap WHERE id % 101 = 7;
CREATE TABLE join_dim (k int PRIMARY KEY, kind text, label varchar(20), wide text, k2 smallint, w numeric, num numeric(10,3), f float8, day date, on_ bool, parent int, u uuid);
INSERT INTO join_dim
SELECT i, CASE WHEN i % 13 <> 0 THEN 'kind ' || i % 7 END, 'label ' || i % 11, repeat(md5(i::text), i % 5), i % 50,
	CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN 1.0 WHEN 2 THEN 1.00 ELSE i / 7.0 END, i / 8.0, i / 4.0, date '2026-01-01' + i % 90, i % 3 <> 0, i % 20, md5((i % 30)::text)::uuid
FROM generate_series(0, 999) i;
CREATE TABLE join_group (id int PRIMARY KEY, title text NOT NULL, region text);
INSERT INTO join_group SELECT i, 'group ' || i, CASE WHEN i % 4 <> 0 THEN 'region ' || i % 3 END FROM generate_series(0, 15) i;
CREATE TABLE join_name (t text PRIMARY KEY, n int);
INSERT INTO join_name SELECT 'name ' || i, i FROM generate_series(0, 200, 2) i;
CREATE TABLE join_two (a int, b text, val int, UNIQUE (a, b));
INSERT INTO join_two SELECT i % 50, 'v' || i % 40, i FROM generate_series(0, 199) i;
INSERT INTO join_two VALUES (NULL, 'v1', 1), (NULL, 'v1', 2), (3, NULL, 3);
CREATE TABLE join_many (k int, x int);
INSERT INTO join_many SELECT i % 100, i FROM generate_series(1, 300) i UNION ALL SELECT NULL, 7;
CREATE TABLE join_big (k bigint PRIMARY KEY, txt text);
INSERT INTO join_big SELECT i, 'big ' || i % 5 FROM generate_series(0, 600) i UNION ALL SELECT i * 10000000000, 'huge' FROM generate_series(1, 100) i;
CREATE TABLE join_empty (k int PRIMARY KEY, t text);
ANALYZE join_heap, join_olap, join_dim, join_group, join_name, join_two, join_many, join_big, join_empty;

EXPLAIN (COSTS OFF) SELECT kind, count(*), sum(n) FROM join_olap o JOIN join_dim d ON d.k = o.k GROUP BY kind;
EXPLAIN (VERBOSE, COSTS OFF) SELECT upper(kind), sum(o.n * d.num) FROM join_olap o JOIN join_dim d ON d.k = o.k WHERE o.f < d.f GROUP BY 1 HAVING count(*) > 3;

-- inner: keys, arguments, FILTERs and filters of both sides
SELECT join_check('SELECT count(*) FROM TAB o JOIN join_dim d ON d.k = o.k');
SELECT join_check('SELECT kind, count(*), sum(n), min(ts) FROM TAB o JOIN join_dim d ON d.k = o.k GROUP BY kind');
SELECT join_check('SELECT kind, label, count(*), sum(num), avg(d.f), max(wide) FROM TAB o JOIN join_dim d USING (k) GROUP BY kind, label');
SELECT join_check('SELECT o.c, kind, sum(o.f), sum(d.f), sum(o.f * d.f) FROM TAB o JOIN join_dim d USING (k) GROUP BY o.c, kind');
SELECT join_check('SELECT wide, count(*), count(w), sum(w), min(w) + 0 FROM TAB o JOIN join_dim d USING (k) WHERE on_ GROUP BY wide');
SELECT join_check('SELECT date_trunc(''hour'', ts), d.u, count(*) FILTER (WHERE on_), sum(o.n) FILTER (WHERE d.day > o.d), count(DISTINCT label) FROM TAB o JOIN join_dim d USING (k) GROUP BY 1, 2');
SELECT join_check('SELECT upper(kind), coalesce(kind, t), count(*) FROM TAB o JOIN join_dim d USING (k) WHERE o.d < d.day AND length(o.t || d.label) > 13 GROUP BY 1, 2 HAVING count(*) > 1');
SELECT join_check('SELECT kind || o.b, sum(1 / (d.k - 500)) FROM TAB o JOIN join_dim d USING (k) WHERE d.k <> 500 GROUP BY 1');
SELECT join_check('SELECT sum(100 / d.k) FILTER (WHERE d.k <> 0), length(string_agg(label, '','')) > 5 FROM TAB o JOIN join_dim d USING (k)');
SELECT join_check('SELECT label, array_length(array_agg(d.w), 1), stddev(o.n) FROM TAB o JOIN join_dim d USING (k) WHERE o.id < 3000 GROUP BY label');
-- columns that depend on a key of the group
SELECT join_check('SELECT d.k, d.kind, upper(label), w, count(*) FROM TAB o JOIN join_dim d USING (k) GROUP BY d.k HAVING max(o.id) + d.num > 100');
SELECT join_check('SELECT d.k, d.kind, count(*) FROM TAB o JOIN join_dim d USING (k) GROUP BY d.k, d.kind');
SELECT join_check('SELECT d.k, kind, wide, count(*) FROM TAB o LEFT JOIN join_dim d USING (k) GROUP BY d.k');
-- one column under two names, and keys that are constant (15 does not sort by them)
SELECT join_check('SELECT x, y, count(*), count(DISTINCT o.t) FROM TAB o JOIN (SELECT k, kind AS x, kind AS y FROM join_dim) d USING (k) GROUP BY x, y');
SELECT split_part(join_check('SELECT kind, count(*), count(DISTINCT o.t) FROM TAB o JOIN join_dim d USING (k) WHERE kind = ''kind 3'' GROUP BY kind'), ' | ', 1);
SELECT split_part(join_check('SELECT kind, count(*), count(DISTINCT o.t) FROM TAB o JOIN join_dim d USING (k) WHERE kind = ''none'' GROUP BY kind'), ' | ', 1);
SELECT join_check('SELECT d.day, count(DISTINCT o.id), sum(DISTINCT d.k) FROM TAB o JOIN join_dim d USING (k) GROUP BY d.day');

SELECT join_check('SELECT kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY num), percentile_disc(0.1) WITHIN GROUP (ORDER BY o.d), mode() WITHIN GROUP (ORDER BY label), string_agg(DISTINCT label, '','' ORDER BY label) FROM TAB o LEFT JOIN join_dim d USING (k) GROUP BY kind');
SELECT join_check('SELECT md5(string_agg(label, '','' ORDER BY o.n, o.id)), percentile_cont(0.5) WITHIN GROUP (ORDER BY d.f) FILTER (WHERE on_) FROM TAB o JOIN join_dim d USING (k)');

CREATE TABLE join_sketch (k int, user_id int) USING olap WITH (hll = 'user_id');
INSERT INTO join_sketch SELECT i % 2000, i FROM generate_series(1, 40000) i;
ANALYZE join_sketch;
SELECT approx_count_distinct(user_id) BETWEEN 19000 AND 21000 FROM join_sketch s JOIN join_dim d USING (k);
-- an object a side in formats for programs, also in a subquery, whose relations have other numbers in the plan
SELECT jsonb_path_query(join_plan_text('EXPLAIN (ANALYZE, FORMAT JSON) SELECT upper(kind), sum(o.id + 1) FROM join_olap o JOIN join_dim d ON d.k = o.k WHERE o.f < d.f GROUP BY 1')::jsonb, 'strict $[0].Plan."Vector Joins"[*]') - 'Peak Memory Usage';
SELECT jsonb_path_query(join_plan_text('EXPLAIN (FORMAT JSON) SELECT (SELECT count(*) FROM join_olap o LEFT JOIN (SELECT a, count(*) AS n FROM join_two GROUP BY a) t ON t.a = o.k2 + g.id WHERE coalesce(t.n, 0) < o.id) FROM join_group g')::jsonb, 'strict $[0].Plan.Plans[0]."Vector Joins"[*]');

-- keys of several types, and expressions
SELECT join_check('SELECT x.n % 7, count(*) FROM TAB o JOIN join_name x ON x.t = o.t GROUP BY 1');
SELECT join_check('SELECT x.n % 7, count(*) FROM TAB o JOIN join_name x ON x.t = lower(''NAME '' || o.k2) GROUP BY 1');
SELECT join_check('SELECT count(*), sum(val) FROM TAB o JOIN join_two x ON x.a = o.k2 AND x.b = o.v');
SELECT join_check('SELECT o.v, count(*), sum(val) FROM TAB o JOIN join_two x ON x.a = o.k2 AND x.b = o.v AND x.val <> o.k GROUP BY o.v');
SELECT join_check('SELECT txt, count(*) FROM TAB o JOIN join_big x ON x.k = o.k GROUP BY txt');
SELECT join_check('SELECT txt, count(*) FROM TAB o JOIN join_big x ON x.k = o.k8 GROUP BY txt');
SELECT join_check('SELECT title, count(*) FROM TAB o JOIN join_group g ON g.id = o.k2 GROUP BY title');
SELECT join_check('SELECT txt, count(*) FROM TAB o JOIN join_big x ON x.k = o.k2 GROUP BY txt');
SELECT join_check('SELECT count(*), max(t) FROM TAB o JOIN (SELECT DISTINCT n FROM join_heap) x ON x.n = o.n');
SELECT join_check('SELECT count(*) FROM TAB o JOIN (SELECT u, count(*) AS many FROM join_heap GROUP BY u) x ON x.u = o.u WHERE many > 2');
SELECT join_check('SELECT count(*), sum(x.c2), max(c3) FROM TAB o JOIN (SELECT c, count(*) AS c2, max(id) AS c3 FROM join_heap GROUP BY c) x USING (c)');
SELECT join_check('SELECT count(*) FROM TAB o JOIN (SELECT f FROM join_heap GROUP BY f UNION SELECT ''NaN'') x ON x.f = o.f');

-- several sides, sides that are joins, tables of both kinds
SELECT join_check('SELECT title, kind, count(*), sum(o.n) FROM TAB o JOIN join_dim d USING (k) JOIN join_group g ON g.id = d.parent GROUP BY title, kind');
SELECT join_check('SELECT title, x.n % 3, kind, count(*) FROM TAB o JOIN join_dim d USING (k) JOIN join_group g ON g.id = o.k2 JOIN join_name x ON x.t = o.t GROUP BY 1, 2, 3');
CREATE TABLE join_dim_olap (LIKE join_dim) USING olap;
INSERT INTO join_dim_olap SELECT * FROM join_dim;
SELECT join_check('SELECT d.kind, count(*), sum(o.n) FROM TAB o JOIN (SELECT k, min(kind) AS kind FROM join_dim_olap GROUP BY k) d USING (k) GROUP BY d.kind');

-- left joins: rows without a match, filters above, NULLs from either side
SELECT join_check('SELECT kind, count(*), count(d.k), sum(num), count(w) FROM TAB o LEFT JOIN join_dim d USING (k) GROUP BY kind');
SELECT join_check('SELECT d.k IS NULL, count(*), sum(o.n), sum(d.f) FROM TAB o LEFT JOIN join_dim d ON d.k = o.k AND d.on_ GROUP BY 1');
SELECT join_check('SELECT count(*) FROM TAB o LEFT JOIN join_dim d USING (k) WHERE d.k IS NULL');
SELECT join_check('SELECT coalesce(label, ''none''), count(*) FROM TAB o LEFT JOIN join_dim d USING (k) WHERE coalesce(d.day, o.d) > date ''2026-01-20'' GROUP BY 1');
SELECT join_check('SELECT title, region, kind, count(*) FROM TAB o LEFT JOIN join_dim d USING (k) LEFT JOIN join_group g ON g.id = d.parent GROUP BY 1, 2, 3');
SELECT join_check('SELECT title, kind, count(*) FROM TAB o LEFT JOIN (join_dim d JOIN join_group g ON g.id = d.parent) USING (k) GROUP BY 1, 2');
SELECT join_check('SELECT x.t, count(*) FROM TAB o LEFT JOIN join_empty x USING (k) GROUP BY 1');
SELECT join_check('SELECT x.t, count(*) FROM TAB o JOIN join_empty x USING (k) GROUP BY 1');
SELECT join_check('SELECT count(*), max(x.t) FROM TAB o LEFT JOIN join_empty x USING (k) WHERE o.b');
SELECT join_check('SELECT y.s, count(*) FROM TAB o LEFT JOIN (SELECT k, kind, 5 AS s FROM join_dim) y ON y.k = o.k GROUP BY 1');

-- semijoins and antijoins, where the other side may have a key many times
SELECT join_check('SELECT o.k2, count(*), sum(n) FROM TAB o WHERE EXISTS (SELECT 1 FROM join_many m WHERE m.k = o.k) GROUP BY 1');
SELECT join_check('SELECT count(*), sum(f) FROM TAB o WHERE NOT EXISTS (SELECT 1 FROM join_many m WHERE m.k = o.k)');
SELECT join_check('SELECT kind, count(*) FROM TAB o JOIN join_dim d USING (k) WHERE o.k IN (SELECT k FROM join_many WHERE x > 100) GROUP BY 1');
SELECT join_check('SELECT kind, count(*) FROM TAB o JOIN join_dim d USING (k) WHERE NOT EXISTS (SELECT 1 FROM join_two m WHERE m.a = o.k2 AND m.b = o.v) GROUP BY 1');
SELECT join_check('SELECT count(*) FROM TAB o WHERE o.k NOT IN (SELECT k FROM join_many WHERE k IS NOT NULL)');

-- left to PostgreSQL: rows may match more than once, no equality, full and right joins
SELECT join_check('SELECT count(*), sum(x) FROM TAB o JOIN join_many m USING (k)');
SELECT join_check('SELECT count(*) FROM TAB o LEFT JOIN join_many m USING (k)');
SELECT join_check('SELECT count(*) FROM TAB o FULL JOIN join_dim d USING (k)');
SELECT join_check('SELECT count(*), count(o.id) FROM TAB o RIGHT JOIN join_dim d USING (k)');
SELECT join_check('SELECT count(*) FROM TAB o LEFT JOIN join_dim d ON d.k = o.k AND d.day > o.d');
SELECT join_check('SELECT count(*) FROM TAB o WHERE EXISTS (SELECT 1 FROM join_many m WHERE m.k = o.k AND m.x < o.id)');
SELECT join_check('SELECT count(*) FROM TAB o JOIN join_dim d USING (k), LATERAL (SELECT o.k + d.k AS s OFFSET 0) l WHERE l.s > 100');

-- views, subqueries, parameters, rescans
CREATE VIEW join_view AS SELECT k, kind || '!' AS kind, on_ FROM join_dim WHERE k > 10;
CREATE VIEW join_barrier WITH (security_barrier) AS SELECT k, label, parent FROM join_dim WHERE on_;
SELECT join_check('SELECT kind, count(*) FROM TAB o JOIN join_view d USING (k) WHERE on_ GROUP BY kind');
SELECT join_check('SELECT label, count(*) FROM TAB o JOIN join_barrier d USING (k) WHERE label < ''label 5'' GROUP BY label');
SELECT join_check('WITH d AS MATERIALIZED (SELECT k, kind FROM join_dim) SELECT (SELECT min(kind) FROM d), count(*), sum(o.n) FROM TAB o WHERE EXISTS (SELECT 1 FROM d WHERE d.k = o.k)');
SELECT join_check('SELECT d.kind, count(*) FROM TAB o JOIN (SELECT k, kind, (SELECT max(g.title) FROM join_group g WHERE g.id = join_dim.parent) AS title FROM join_dim OFFSET 0) d ON d.k = o.k GROUP BY 1');
SELECT join_check('SELECT label, (SELECT max(title) FROM join_group), count(*) FROM TAB o JOIN join_dim d USING (k) WHERE o.k2 + d.k < (SELECT max(id) * 10 FROM join_group) GROUP BY label');
SELECT join_check('SELECT g.id, (SELECT count(*) || ''/'' || coalesce(sum(o.n), 0) FROM TAB o JOIN join_dim d USING (k) WHERE d.parent = g.id AND o.id + d.k > g.id * 900) FROM join_group g');
SELECT join_check('SELECT g.id, (SELECT string_agg(x, '' '' ORDER BY x) FROM (SELECT kind || count(*) AS x FROM TAB o JOIN join_dim d USING (k) WHERE o.k2 = g.id GROUP BY kind) y) FROM join_group g');
SELECT join_check('SELECT g.id, (SELECT count(*) FROM TAB o JOIN join_dim d ON d.k = o.k + g.id) FROM join_group g');
PREPARE join_plan(int, text) AS SELECT kind, count(*), sum($1 + d.k) FROM join_olap o JOIN join_dim d ON d.k = o.k WHERE o.id % 50 + d.k > $1 AND kind < $2 GROUP BY kind ORDER BY kind;
SET plan_cache_mode = force_generic_plan;
EXECUTE join_plan(900, 'kind 3');
EXECUTE join_plan(950, 'kind 5');
EXPLAIN (COSTS OFF) EXECUTE join_plan(950, 'kind 5');
RESET plan_cache_mode;

-- little memory: groups that go to files, sides that PostgreSQL's own plan takes over
SET work_mem = '400kB';
SET hash_mem_multiplier = 1.0;
SELECT join_check('SELECT o.id % 9000, kind, count(*), sum(num), max(wide), count(DISTINCT label) FROM TAB o JOIN join_dim d USING (k) GROUP BY 1, 2');
SET work_mem = '256kB';
CREATE TABLE join_wrong (k int PRIMARY KEY, txt text);
INSERT INTO join_wrong VALUES (1, 'one');
ANALYZE join_wrong;
ALTER TABLE join_wrong SET (autovacuum_enabled = off);
INSERT INTO join_wrong SELECT i, 'text ' || i % 9 || repeat('x', 400) FROM generate_series(2, 1100) i;
SELECT join_check('SELECT left(txt, 6), count(*), sum(o.n), count(DISTINCT o.t) FROM TAB o JOIN join_wrong x USING (k) WHERE txt >= ''o'' GROUP BY 1');
SELECT join_check('SELECT g.id, (SELECT count(*) || max(txt) FROM TAB o JOIN join_wrong x USING (k) WHERE o.k2 = g.id) FROM join_group g');
SELECT join_check('SELECT count(*), max(txt) FROM TAB o JOIN join_wrong x USING (k) HAVING count(*) > 1');
-- the limit holds while tables double, whatever the keys are
CREATE TABLE join_grown (k int PRIMARY KEY, small int UNIQUE, t text UNIQUE, u numeric UNIQUE, x text, UNIQUE (k, t));
ALTER TABLE join_grown SET (autovacuum_enabled = off);
INSERT INTO join_grown VALUES (0, 0, '0', 0, '');
ANALYZE join_grown;
INSERT INTO join_grown SELECT i * 7919, i, 'name ' || i, i / 4.0, 'label ' || i % 500 FROM generate_series(1, 24000) i;
SET work_mem = '1MB';
CREATE FUNCTION join_memory(conditions text, n int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	plan := join_plan_text(format('EXPLAIN (ANALYZE, FORMAT JSON) SELECT count(*), max(upper(x)) FROM join_olap o JOIN join_grown g ON %s WHERE g.small <= %s', conditions, n));
	RETURN plan #> '{0,Plan,Vector Joins,0}' || jsonb_build_object('whole', plan #> '{0,Plan,Vector Aggregation}' IS NULL);
END $$;
SELECT conditions, bool_and((j->'Peak Memory Usage')::int BETWEEN 1 AND 1024) AS fits, bool_or((j->'whole')::bool) AS some_whole, bool_and((j->'whole')::bool) AS all_whole
FROM unnest(array['g.k = o.k', 'g.small = o.k', 'g.t = o.t', 'g.u = o.n', 'g.k = o.k AND g.t = o.t']) conditions,
	LATERAL (SELECT join_memory(conditions, n) AS j FROM unnest(array[1000, 3000, 6000, 12000, 24000]) n) s GROUP BY conditions ORDER BY conditions COLLATE "C";
DROP FUNCTION join_memory;
DROP TABLE join_grown;
RESET work_mem;
RESET hash_mem_multiplier;
SELECT join_check('SELECT left(txt, 6), count(*), sum(o.n), count(DISTINCT o.t) FROM TAB o JOIN join_wrong x USING (k) WHERE txt >= ''o'' GROUP BY 1');

-- a plan that was made with more memory than there is now: aggregates that rely on
-- an order have it in PostgreSQL's plan too
PREPARE join_shrunk(int) AS SELECT count(DISTINCT o.t), count(DISTINCT d.label), sum(d.num), count(*) FROM join_olap o JOIN join_dim d USING (k) WHERE o.id > $1;
PREPARE join_shrunk_order(int) AS SELECT md5(string_agg(DISTINCT d.label, '' ORDER BY d.label)), md5(string_agg(o.t, '' ORDER BY o.t)), md5(array_agg(d.wide ORDER BY o.id)::text), percentile_disc(0.5) WITHIN GROUP (ORDER BY d.num) FROM join_olap o JOIN join_dim d USING (k) WHERE o.id > $1;
PREPARE join_shrunk_by(int) AS SELECT o.b, count(DISTINCT o.t), count(DISTINCT d.wide), sum(d.num), count(*) FROM join_olap o JOIN join_dim d USING (k) WHERE o.id > $1 GROUP BY o.b ORDER BY 1;
SET plan_cache_mode = force_generic_plan;
EXECUTE join_shrunk(100);
EXECUTE join_shrunk_by(100);
EXECUTE join_shrunk_order(100);
SET work_mem = '64kB';
SET hash_mem_multiplier = 1.0;
EXECUTE join_shrunk(100);
EXECUTE join_shrunk_order(100);
EXECUTE join_shrunk_by(100);
SELECT p ~ 'the sides exceed memory' FROM join_plan_text('EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE join_shrunk(100)') p;
SELECT p ~ 'the sides exceed memory' FROM join_plan_text('EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE join_shrunk_by(100)') p;
RESET work_mem;
RESET hash_mem_multiplier;
EXECUTE join_shrunk(100);
RESET plan_cache_mode;
DEALLOCATE ALL;

-- a unique key of which a part has no equality of ours is no key alone
CREATE TABLE join_span (k int, span interval, val int, UNIQUE (k, span));
INSERT INTO join_span SELECT i / 2, (i % 2) * interval '1 hour', i FROM generate_series(0, 99) i;
ANALYZE join_span;
SELECT join_check('SELECT count(*), sum(val) FROM TAB o JOIN join_span s ON s.k = o.k2 AND s.span = (o.id % 2) * interval ''1 hour''');

-- columns of a side that are read under one FILTER first
SELECT join_check('SELECT sum(num) FILTER (WHERE b), sum(num) FILTER (WHERE NOT b), count(DISTINCT label) FILTER (WHERE o.k2 = 3), count(DISTINCT label) FILTER (WHERE o.k2 > 3) FROM TAB o JOIN join_dim d USING (k)');
SELECT join_check('SELECT sum(num) FILTER (WHERE b), max(num) FILTER (WHERE NOT b) FROM TAB o LEFT JOIN join_dim d USING (k)');

-- columns of a side without a match, where PostgreSQL makes an antijoin of a left join
SELECT join_check('SELECT d.k, label, count(*), sum(d.num), count(d.f) FROM TAB o LEFT JOIN join_dim d ON d.k = o.k WHERE d.k IS NULL GROUP BY d.k, label');
SELECT join_check('SELECT label, count(*), sum(d.num), count(d.f), min(d.u::text) FROM TAB o LEFT JOIN join_dim d ON d.k = o.k WHERE d.k IS NULL GROUP BY label');

-- relations of a subquery over partitions can't be numbered twice: PostgreSQL joins
CREATE TABLE join_parts (k int, x int) PARTITION BY HASH (k);
CREATE TABLE join_parts0 PARTITION OF join_parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE join_parts1 PARTITION OF join_parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO join_parts SELECT i % 500, i FROM generate_series(1, 2000) i;
ANALYZE join_parts;
SELECT join_check('SELECT x, count(*) FROM TAB o JOIN (SELECT k, max(x) % 10 AS x FROM join_parts GROUP BY k) p USING (k) GROUP BY x');
SELECT join_check('SELECT p.x % 10, count(*) FROM TAB o JOIN (SELECT k, max(x) AS x FROM (SELECT * FROM (SELECT k, x FROM join_many UNION ALL SELECT k, x FROM join_parts) u OFFSET 0) v GROUP BY k) p USING (k) GROUP BY 1');
-- a partitioned table as a side of its own, in pieces (15 does not know that its key is unique)
CREATE TABLE join_pieces (k int PRIMARY KEY, x int) PARTITION BY RANGE (k);
CREATE TABLE join_pieces0 PARTITION OF join_pieces FOR VALUES FROM (0) TO (300);
CREATE TABLE join_pieces1 PARTITION OF join_pieces FOR VALUES FROM (300) TO (1000) USING olap;
INSERT INTO join_pieces SELECT i, i % 7 FROM generate_series(0, 899) i;
ANALYZE join_pieces;
SELECT split_part(join_check('SELECT x, count(*), sum(n) FROM TAB o JOIN join_pieces p USING (k) GROUP BY x'), ' | ', 1);
SELECT split_part(join_check('SELECT x, count(*), sum(n) FROM TAB o LEFT JOIN join_pieces p USING (k) WHERE p.k < 200 OR p.k IS NULL GROUP BY x'), ' | ', 1);
SELECT split_part(join_check('SELECT count(*), sum(n) FROM TAB o WHERE EXISTS (SELECT FROM join_pieces p WHERE p.k = o.k)'), ' | ', 1);

-- what plans of a subquery can't be made twice: MIN by an index, grouping sets
SELECT join_check('SELECT count(*), sum(n), min(m) FROM TAB o JOIN (SELECT max(k) AS m FROM join_dim) s ON s.m = o.k');
SELECT join_check('SELECT count(*), sum(y) FROM TAB o JOIN (SELECT DISTINCT ON (k) k, y FROM (SELECT k, count(*) AS y FROM join_many GROUP BY CUBE (k)) s ORDER BY k, y) s ON s.k = o.k');
-- but one with EXISTS in either way, and joins by OlapAgg in a side
SELECT join_check('SELECT count(*), sum(s.c) FROM TAB o JOIN (SELECT k, count(*) AS c FROM join_many WHERE EXISTS (SELECT FROM join_dim d WHERE d.k = join_many.k) OR x > 250 GROUP BY k) s USING (k)');
SELECT join_check('SELECT s.c % 5, count(*), sum(s.c) FROM TAB o JOIN (SELECT d.k, count(*) AS c FROM join_olap o JOIN join_dim d USING (k) GROUP BY d.k) s USING (k) GROUP BY 1');
SELECT join_check('SELECT s.c % 5, count(*), sum(s.c) FROM TAB o JOIN (SELECT k, count(*) AS c FROM join_olap GROUP BY k) s USING (k) GROUP BY 1');

-- a side without rows that match, and one of NULLs
CREATE TABLE join_nulls (k int UNIQUE, x int);
INSERT INTO join_nulls SELECT NULL, i FROM generate_series(1, 3000) i;
ANALYZE join_nulls;
SELECT join_check('SELECT count(*), count(x) FROM TAB o LEFT JOIN join_nulls x USING (k)');
SELECT join_check('SELECT count(*), count(x) FROM TAB o JOIN join_nulls x USING (k)');
SELECT join_check('SELECT count(*) FROM TAB o WHERE NOT EXISTS (SELECT FROM join_nulls x WHERE x.k = o.k)');
SELECT join_check('SELECT count(*) FROM TAB o WHERE o.k IN (SELECT k FROM join_nulls)');
SELECT join_check('SELECT count(*) FROM TAB o WHERE o.k NOT IN (SELECT k FROM join_nulls)');

-- volatile functions are called once a row: PostgreSQL joins
CREATE SEQUENCE join_calls;
SELECT join_check('SELECT count(*), sum(x) FROM TAB o JOIN (SELECT k, count(nextval(''join_calls'')) AS x FROM join_many GROUP BY k) s USING (k)');
SELECT join_check('SELECT count(*) FROM TAB o JOIN join_dim d USING (k) WHERE d.num + o.id + random() > 0');
SELECT join_check('SELECT count(*) FROM TAB o JOIN join_dim d USING (k) WHERE (SELECT random() >= 0)');

-- clauses are tested in the order of their costs: the division comes last
CREATE FUNCTION join_divide(a int, b int) RETURNS int LANGUAGE plpgsql IMMUTABLE COST 100 AS 'BEGIN RETURN a / b; END';
SELECT join_check('SELECT count(*), sum(num) FROM TAB o JOIN join_dim d USING (k) WHERE join_divide(o.id, o.k2 - d.k2) >= 0 AND o.k2 <> d.k2');
SELECT join_check('SELECT count(*), sum(num) FROM TAB o JOIN join_dim d USING (k) WHERE o.k2 <> d.k2 AND join_divide(o.id, o.k2 - d.k2) >= 0');
-- those of HAVING too
SELECT join_check('SELECT d.k, count(*) FROM TAB o JOIN join_dim d USING (k) GROUP BY d.k HAVING join_divide(100, (count(*) % 2)::int) > 0 AND count(*) % 2 <> 0');
SELECT join_check('SELECT k, count(*) FROM TAB GROUP BY k HAVING join_divide(100, (count(*) % 2)::int) > 0 AND count(*) % 2 <> 0');

-- cursors, with other queries between their rows, and what changes under them
SET plan_cache_mode = force_custom_plan;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT kind, count(*), sum(num) FROM join_olap o JOIN join_dim d USING (k) GROUP BY kind ORDER BY kind;
FETCH 2 FROM c;
DELETE FROM join_dim WHERE k > 10;
SELECT count(*) FROM join_olap o JOIN join_dim d USING (k);
FETCH 2 FROM c;
FETCH BACKWARD 3 FROM c;
CLOSE c;
DECLARE c CURSOR WITH HOLD FOR SELECT kind, count(*) FROM join_olap o LEFT JOIN join_dim d USING (k) GROUP BY kind ORDER BY kind;
ROLLBACK;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT kind, count(*) FROM join_olap o LEFT JOIN join_dim d USING (k) GROUP BY kind ORDER BY kind;
COMMIT;
FETCH 3 FROM c;
CLOSE c;
RESET plan_cache_mode;

-- parallel workers have the sides each, or read one for the leader
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT join_check('SELECT kind, count(*), sum(n) FROM TAB o JOIN join_dim d USING (k) GROUP BY kind');
SELECT join_check('SELECT kind, count(*), sum(n) FROM TAB o LEFT JOIN (SELECT k, max(kind) AS kind FROM join_dim GROUP BY k) d USING (k) GROUP BY kind');
SET max_parallel_workers_per_gather = 0;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE join_span, join_parts, join_pieces, join_nulls;
DROP SEQUENCE join_calls;
DROP FUNCTION join_divide;

-- row security on either side, and the right to execute
CREATE ROLE join_reader;
GRANT SELECT ON join_heap, join_olap, join_dim, join_group TO join_reader;
ALTER TABLE join_heap ENABLE ROW LEVEL SECURITY;
ALTER TABLE join_olap ENABLE ROW LEVEL SECURITY;
ALTER TABLE join_dim ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON join_heap USING (k2 < 25);
CREATE POLICY mine ON join_olap USING (k2 < 25);
CREATE POLICY mine ON join_dim USING (parent % 2 = 0);
CREATE FUNCTION join_leak(a text, b int) RETURNS bool LANGUAGE plpgsql STABLE COST 0.0001 AS $$
BEGIN
	IF b % 2 <> 0 OR a IS NULL THEN RAISE EXCEPTION 'saw %', b; END IF;
	RETURN true;
END $$;
CREATE FUNCTION join_forbidden(a int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT pg_backend_pid() * 0 + a';
REVOKE EXECUTE ON FUNCTION join_forbidden(int) FROM PUBLIC;
SET ROLE join_reader;
SELECT join_check('SELECT kind, count(*), max(o.k2), sum(num) FROM TAB o JOIN join_dim d USING (k) GROUP BY kind');
SELECT join_check('SELECT kind, count(*) FROM TAB o JOIN join_dim d USING (k) WHERE join_leak(o.t, d.parent) GROUP BY kind');
EXPLAIN (COSTS OFF) SELECT kind, count(*) FROM join_olap o JOIN join_dim d USING (k) WHERE join_leak(o.t, d.parent) GROUP BY kind;
SELECT count(*) FROM join_olap o JOIN join_dim d ON join_forbidden(d.k) = o.k;
RESET ROLE;
SELECT join_check('SELECT kind, count(*), max(o.k2) FROM TAB o JOIN join_dim d USING (k) GROUP BY kind');

-- The olap table on the side that is only looked at: distinct rows joined are not the table's rows.
SELECT join_check('SELECT count(*), sum(parent) FROM join_dim d WHERE k IN (SELECT k FROM TAB)');
SELECT join_check('SELECT kind, count(*) FROM join_dim d WHERE k IN (SELECT k FROM TAB WHERE b) GROUP BY kind');
SELECT join_check('SELECT count(*) FROM join_dim d WHERE EXISTS (SELECT FROM TAB o WHERE o.k = d.k AND o.id > 100)');
SELECT join_check('SELECT count(*) FROM join_dim d WHERE NOT EXISTS (SELECT FROM TAB o WHERE o.k = d.k)');
SELECT join_check('SELECT count(*), sum(o.id) FROM TAB o RIGHT JOIN join_dim d USING (k)');

DROP POLICY mine ON join_heap;
DROP POLICY mine ON join_olap;
DROP POLICY mine ON join_dim;
SET client_min_messages = warning;
DROP TABLE join_heap, join_olap, join_dim, join_dim_olap, join_group, join_name, join_two, join_many, join_big, join_empty, join_wrong, join_sketch CASCADE;
DROP OWNED BY join_reader;
DROP FUNCTION join_check, join_plan_text, join_leak, join_forbidden;
DROP ROLE join_reader;
