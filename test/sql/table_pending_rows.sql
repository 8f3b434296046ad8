-- Rows of a COPY are in the table when it ends, for every reader that the backend has: scans,
-- workers that read a table alone or in a function, and what an error leaves.
CREATE TABLE pend_parts (k int, a int) PARTITION BY LIST (k);
CREATE TABLE pend_heap PARTITION OF pend_parts FOR VALUES IN (1) USING heap;
CREATE TABLE pend_olap PARTITION OF pend_parts FOR VALUES IN (2) USING olap WITH (parallel_workers = 0);
CREATE TABLE pend_dim (k int, name text) USING olap WITH (parallel_workers = 0);
CREATE TABLE pend_fact (k int, a int);
INSERT INTO pend_parts SELECT 1, g FROM generate_series(1, 20000) g;
INSERT INTO pend_fact SELECT g % 5, g FROM generate_series(1, 20000) g;
ANALYZE pend_parts, pend_fact;
CREATE FUNCTION pend_count() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT count(*) FROM pend_dim';
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;
SET enable_parallel_hash = off; SET enable_mergejoin = off; SET enable_nestloop = off;

-- a partition that one worker reads alone
BEGIN;
COPY pend_olap FROM STDIN;
2	1
2	2
2	3
\.
SELECT k, count(*) FROM pend_parts WHERE a % 7 >= 0 GROUP BY k ORDER BY k;
COPY pend_olap FROM STDIN;
2	4
\.
COPY (SELECT k, count(*) FROM pend_parts WHERE a % 7 >= 0 GROUP BY k ORDER BY k) TO STDOUT;
ROLLBACK;

-- the inner side of a join in each worker, and a function that each calls
BEGIN;
COPY pend_dim FROM STDIN;
1	one
3	three
\.
SELECT name, count(*) FROM pend_fact f JOIN pend_dim d USING (k) WHERE f.a % 7 >= 0 GROUP BY name ORDER BY name;
COMMIT;
BEGIN;
COPY pend_dim FROM STDIN;
4	four
\.
SELECT min(pend_count()), max(pend_count()) FROM pend_fact WHERE a % 7 >= 0;
SAVEPOINT s;
COPY pend_dim FROM STDIN;
0	none
\.
SELECT min(pend_count()), max(pend_count()) FROM pend_fact WHERE a % 7 >= 0;
ROLLBACK TO s;
SELECT min(pend_count()), max(pend_count()) FROM pend_fact WHERE a % 7 >= 0;
COMMIT;
SELECT * FROM pend_dim ORDER BY k;
DROP TABLE pend_parts, pend_dim, pend_fact;
DROP FUNCTION pend_count;
