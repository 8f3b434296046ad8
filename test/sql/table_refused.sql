-- What olap tables cannot have is refused when it is asked for, with a hint.
CREATE TABLE r1 (a int PRIMARY KEY) USING olap;
CREATE TABLE r1 (a int UNIQUE) USING olap;
CREATE TABLE r1 (a int, EXCLUDE USING btree (a WITH =)) USING olap;
CREATE TABLE r1 (a int) USING olap;
ALTER TABLE r1 ADD PRIMARY KEY (a);
CREATE UNIQUE INDEX ON r1 (a);
CREATE UNIQUE INDEX CONCURRENTLY ON r1 (a);
CREATE INDEX ON r1 USING brin (a);
CREATE TABLE r2 (a int REFERENCES r1 (a));
-- Ordinary tables keep all of it; an olap partition is where it stops.
CREATE TABLE r3 (a int PRIMARY KEY) PARTITION BY RANGE (a);
CREATE TABLE r4 PARTITION OF r3 FOR VALUES FROM (0) TO (10) USING olap;
CREATE TABLE r4 PARTITION OF r3 FOR VALUES FROM (0) TO (10) USING heap;
CREATE INDEX r1_a ON r1 (a);
\d r1
ALTER TABLE r4 SET ACCESS METHOD olap;
CREATE TABLE r5 (a int);
CREATE INDEX r5_a ON r5 USING brin (a);
ALTER TABLE r5 SET ACCESS METHOD olap;
DROP INDEX r5_a;
ALTER TABLE r5 SET ACCESS METHOD olap;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname = 'r5';
DROP TABLE r1, r3, r5;
