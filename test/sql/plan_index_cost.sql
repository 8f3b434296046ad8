-- Rows that an index finds cost what it takes to get them where they are: next to each other, or one here and one
-- there because a compaction sorted them by something else.
CREATE TABLE ic_heap AS
SELECT i AS id, (i * 7919::bigint % 104729)::int AS k, i % 1000 / 4.0 AS n, 'text ' || i * 31 % 5000 AS t, i * 0.5 AS f,
	CASE WHEN i % 3 > 0 THEN jsonb_build_object('k', i % 17) END AS j, CASE WHEN i % 5 > 0 THEN i % 7 END AS g
FROM generate_series(1, 120000) i;
CREATE TABLE ic_plain (LIKE ic_heap) USING olap WITH (autovacuum_enabled = off);
CREATE TABLE ic_sorted (LIKE ic_heap) USING olap WITH (order_by = 'k', autovacuum_enabled = off);
INSERT INTO ic_plain SELECT * FROM ic_heap;
INSERT INTO ic_sorted SELECT * FROM ic_heap;
CALL olap.compact('ic_sorted');
CREATE INDEX ic_plain_id ON ic_plain (id);
CREATE INDEX ic_sorted_id ON ic_sorted (id);
CREATE INDEX ic_sorted_k ON ic_sorted (k);
VACUUM ANALYZE ic_heap, ic_plain, ic_sorted;
SET max_parallel_workers_per_gather = 0;

-- correlation is that of places
SELECT tablename, attname, correlation > 0.9 AS follows, abs(correlation) < 0.2 AS scattered
FROM pg_stats WHERE tablename LIKE 'ic\_%' AND attname IN ('id', 'k') ORDER BY tablename COLLATE "C", attname;

-- what follows is read by the index, what is scattered is sorted
EXPLAIN (COSTS OFF) SELECT * FROM ic_plain WHERE id BETWEEN 20000 AND 30000 ORDER BY id;
EXPLAIN (COSTS OFF) SELECT * FROM ic_sorted WHERE id BETWEEN 20000 AND 30000 ORDER BY id;
EXPLAIN (COSTS OFF) SELECT * FROM ic_sorted WHERE k BETWEEN 20000 AND 21000 ORDER BY k;
EXPLAIN (COSTS OFF) SELECT * FROM ic_plain ORDER BY id;
EXPLAIN (COSTS OFF) SELECT * FROM ic_sorted ORDER BY id;
-- few rows are worth it wherever they are
EXPLAIN (COSTS OFF) SELECT * FROM ic_sorted WHERE id = 77777;
EXPLAIN (COSTS OFF) SELECT * FROM ic_sorted ORDER BY id LIMIT 10;

-- rows far apart, and near each other, one by one: as of the heap table
SET olap.enable_scan = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_bitmapscan = off;
SET enable_material = off;
SET enable_memoize = off;
SET olap.enable_vector_agg = off;
CREATE TABLE ic_ids AS SELECT row_number() OVER () AS i, id FROM
	(SELECT (i * 48271::bigint % 120011)::int AS id FROM generate_series(1, 3000) i
	 UNION ALL SELECT 500 + i * 3 FROM generate_series(1, 2000) i
	 UNION ALL SELECT 60000 + (i % 5) * 10000 + i / 5 FROM generate_series(1, 3000) i) s;
EXPLAIN (COSTS OFF) SELECT * FROM ic_ids JOIN ic_sorted o USING (id);
CREATE FUNCTION ic_rows(tab text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT count(*) || md5(string_agg(o::text, '','' ORDER BY i)) FROM ic_ids JOIN %I o USING (id)', tab) INTO result;
	RETURN result;
END $$;
CREATE INDEX ic_heap_id ON ic_heap (id);
SELECT tab, left(ic_rows(tab), 4) AS rows, ic_rows(tab) = ic_rows('ic_heap') AS same FROM unnest(ARRAY['ic_plain', 'ic_sorted']) tab;
DROP TABLE ic_heap, ic_plain, ic_sorted, ic_ids;
DROP FUNCTION ic_rows;
