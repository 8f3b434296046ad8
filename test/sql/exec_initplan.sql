-- Scalar subqueries that expressions of OlapAgg and OlapScan ask for first.  They
-- are run once, in memory of the query: it outlives the program that asked, which
-- is gone at each rescan.
CREATE TABLE ei_once (a int) USING olap;
INSERT INTO ei_once SELECT i FROM generate_series(1, 5000) i;
CREATE TABLE ei_rows (x int, t text) USING olap;
INSERT INTO ei_rows SELECT i, 'v' || i % 50 FROM generate_series(1, 3000) i;

-- to_hex() has no kernel
SELECT sum(c) FROM (SELECT (SELECT count(DISTINCT t) FROM ei_rows
	WHERE to_hex(x + g) > (SELECT to_hex(a) FROM ei_once o JOIN ei_once p USING (a) ORDER BY a LIMIT 1)) AS c
	FROM generate_series(1, 40) g) s;
SELECT sum(c) FROM (SELECT (SELECT count(DISTINCT t) FROM ei_rows
	WHERE to_hex(x + g) > (SELECT to_hex(o.a) FROM ei_once o, ei_once p WHERE o.a + 0 = 7 AND p.a + 0 = 9 LIMIT 1)) AS c
	FROM generate_series(1, 40) g) s;
SELECT sum(c) FROM (SELECT (SELECT max(to_hex(x + g) || (SELECT to_hex(max(o.a)) FROM ei_once o JOIN ei_once p USING (a)))
	FROM ei_rows) AS t, g AS c FROM generate_series(1, 40) g) s WHERE t > '';
-- rows of a scan
SELECT sum(length(t)) FROM generate_series(1, 40) g, LATERAL (SELECT t FROM ei_rows
	WHERE to_hex(x + g) > (SELECT to_hex(a) FROM ei_once o JOIN ei_once p USING (a) ORDER BY a DESC LIMIT 1)
	ORDER BY x LIMIT 5) s;

DROP TABLE ei_once, ei_rows;
