-- Decompressing strings has a price in every plan: of many rows in vectors rather than by
-- an index, of few by the index.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE string_cost (id int, k int, t text) USING olap;
INSERT INTO string_cost SELECT i, i * 7919::int8 % 60013, repeat(md5(i::text), 10) FROM generate_series(1, 60000) i;
CREATE INDEX ON string_cost (id);
ANALYZE string_cost;
EXPLAIN (COSTS OFF) SELECT id, t FROM string_cost WHERE id BETWEEN 100 AND 30000;
EXPLAIN (COSTS OFF) SELECT sum(length(t)) FROM string_cost WHERE id BETWEEN 100 AND 30000;
EXPLAIN (COSTS OFF) SELECT id, t FROM string_cost WHERE id = 100;
EXPLAIN (COSTS OFF) SELECT id, t FROM string_cost WHERE id IN (5, 70, 900, 10000) AND k > 5;
-- the same by a bitmap
SET enable_indexscan = off;
EXPLAIN (COSTS OFF) SELECT id, t FROM string_cost WHERE id BETWEEN 100 AND 30000;
DROP TABLE string_cost;
