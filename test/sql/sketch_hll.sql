-- Distinct counts by sketch: the type, its functions and aggregates.

-- few values are exact, NULLs do not count
SELECT approx_count_distinct(x) FROM (VALUES (1), (2), (NULL), (2), (3)) v(x);
SELECT approx_count_distinct(x) FROM generate_series(1, 0) x;
SELECT approx_count_distinct(x) FROM generate_series(1, 1000) x;
SELECT approx_count_distinct(NULL::int);

-- many are within 2 % (2.5 standard errors; the answer is always the same)
SELECT n, abs(approx / n::numeric - 1) < 0.02 AS near
FROM (VALUES (5000), (20000), (100000), (400000)) s(n),
LATERAL (SELECT approx_count_distinct(x) AS approx FROM generate_series(1, n) x) a;

-- one per group, by value
SELECT g, approx_count_distinct(x % (g + 2)) FROM generate_series(1, 1000) x, generate_series(1, 3) g
GROUP BY g ORDER BY g;

-- what the type calls equal is one value
SELECT approx_count_distinct(x) FROM (VALUES (1.0), (1.00), (1), (1.0000000000000000000000000), (1e0)) v(x);
SELECT approx_count_distinct(x) FROM (VALUES (0::numeric), (-0.0), ('NaN'), ('NaN'), ('Infinity'), ('-Infinity')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES (1e30::numeric), (1e30::numeric * 1.000), (1e-30), (1.0e-30), (-1e30)) v(x);
SELECT approx_count_distinct(x) FROM (VALUES (0::float8), (-0::float8), ('-0'), ('NaN'), ('NaN')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES ('a'::char(3)), ('a  '), ('a ')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES ('a'::text), ('a '), ('A')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES ('30 days'::interval), ('1 month'), ('720 hours')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES ('{"a":1,"b":2}'::jsonb), ('{"b":2.0,"a":1}')) v(x);
SELECT approx_count_distinct(x) FROM (VALUES (ARRAY[1,2]), (ARRAY[2,1]), (ARRAY[1,2])) v(x);
SELECT approx_count_distinct(x) FROM (VALUES (true), (false), (true)) v(x);
CREATE COLLATION sketch_nd (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT approx_count_distinct(x COLLATE sketch_nd) FROM (VALUES ('a'), ('A'), ('b')) v(x);
CREATE TYPE sketch_enum AS ENUM ('a', 'b', 'c');
SELECT approx_count_distinct(x) FROM unnest(ARRAY['a', 'b', 'a']::sketch_enum[]) x;
CREATE DOMAIN sketch_domain AS numeric(10, 2);
SELECT approx_count_distinct(x) FROM (VALUES (1::sketch_domain), (1.0), (2)) v(x);
-- integers of any width are the same values
SELECT hll_cardinality(hll_union(hll_union(hll_agg(x::int2), hll_agg(x::int4)), hll_agg(x::int8)))
FROM generate_series(-100, 100) x;
SELECT hll_cardinality(hll_union(hll_agg(x::float4), hll_agg(x::float8))) FROM generate_series(1, 10) x;

-- a type without an extended hash function
\set VERBOSITY sqlstate
SELECT approx_count_distinct(x) FROM (VALUES ('<a/>'::xml)) v(x);
SELECT approx_count_distinct(x) FROM (VALUES ('(1,2)'::point)) v(x);
SELECT approx_count_distinct(ROW(x, x % 2)) FROM generate_series(1, 50) x;

-- sketches are values
SELECT hll_empty(4), hll_empty(), hll_cardinality(hll_empty());
SELECT hll_agg(x) FROM generate_series(1, 3) x;
SELECT hll_agg(x, 4) FROM generate_series(1, 100) x;
SELECT hll_cardinality(hll_add(hll_add(hll_add(hll_empty(), 1), 2), 2));
SELECT hll_add(NULL, 1) IS NULL, hll_add(hll_empty(4), NULL::int);
SELECT hll_union(NULL, hll_empty()) IS NULL, hll_cardinality(NULL) IS NULL;
SELECT hll_agg(x) FROM generate_series(1, 0) x;
SELECT hll_agg(NULL::int);
SELECT hll_cardinality(h::text::hll) FROM (SELECT hll_agg(x) h FROM generate_series(1, 500) x) s;
SELECT hll_send(h) = h::text::bytea AS same FROM (SELECT hll_agg(x, 5) h FROM generate_series(1, 500) x) s;

-- stored, dumped as text, merged
CREATE TABLE sketches (day int, users hll) USING heap;
INSERT INTO sketches SELECT d, hll_agg(d * 1000 + x) FROM generate_series(1, 5) d, generate_series(1, 2000) x GROUP BY d;
SELECT abs(hll_cardinality(hll_union_agg(users)) / 6000.0 - 1) < 0.02 AS near FROM sketches;
SELECT hll_union_agg(users) FROM sketches WHERE false;
SELECT hll_cardinality(hll_union_agg(u)) FROM (VALUES (NULL::hll), (hll_add(hll_empty(), 1))) v(u);
-- the order of merging does not matter
SELECT (SELECT hll_union_agg(users ORDER BY day) FROM sketches)::text =
       (SELECT hll_union_agg(users ORDER BY day DESC) FROM sketches)::text AS same;
-- sketches of different precision: the coarser one decides
SELECT hll_union(hll_agg(x, 10), hll_agg(x, 14))::text = hll_agg(x, 10)::text AS same FROM generate_series(1, 50000) x;
DROP TABLE sketches;

-- a window, and a moving one
SELECT x, approx_count_distinct(x / 2) OVER (ORDER BY x),
       approx_count_distinct(x / 2) OVER (ORDER BY x ROWS 1 PRECEDING)
FROM generate_series(1, 5) x;

-- errors
SELECT hll_empty(3);
SELECT hll_empty(19);
SELECT hll_empty(NULL);
SELECT hll_agg(x, 30) FROM generate_series(1, 3) x;
SELECT hll_agg(x, 10 + x) FROM generate_series(1, 3) x;
SELECT ''::hll;
SELECT '\x'::hll;
SELECT 'abc'::hll;
SELECT '\x02010e00'::hll;
SELECT '\x01010e02'::hll;
SELECT '\x01030e00'::hll;
SELECT '\x01010e0000000000'::hll;
SELECT '\x01010e000100000001000000'::hll;
SELECT '\x01020400'::hll;
SELECT '\x01020400ffffffffffffffffffffffff'::hll;
\set VERBOSITY default
SELECT '\x02010e00'::hll;

-- partial aggregation gives the same bytes
CREATE TABLE sketch_rows (g int, x int, t text, n numeric) USING olap;
INSERT INTO sketch_rows SELECT i % 3, i % 30000, 'u' || i % 30000, (i % 30000) / 100.0 FROM generate_series(1, 90000) i;
SET max_parallel_workers_per_gather = 0;
CREATE TEMP TABLE serial AS SELECT g, hll_agg(x) a, hll_agg(t) b, hll_agg(n, 12) c, approx_count_distinct(t) d FROM sketch_rows GROUP BY g;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TEMP TABLE parallel AS SELECT g, hll_agg(x) a, hll_agg(t) b, hll_agg(n, 12) c, approx_count_distinct(t) d FROM sketch_rows GROUP BY g;
SELECT count(*) AS same FROM serial s JOIN parallel p
ON s.g = p.g AND s.a::text = p.a::text AND s.b::text = p.b::text AND s.c::text = p.c::text AND s.d = p.d;
RESET max_parallel_workers_per_gather;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE sketch_rows, serial, parallel;
DROP COLLATION sketch_nd;
DROP TYPE sketch_enum;
DROP DOMAIN sketch_domain;
