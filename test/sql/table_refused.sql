-- What olap tables cannot have is refused when it is asked for, with a hint.
CREATE TABLE r1 (a int) USING olap;
CREATE INDEX ON r1 USING brin (a);
CREATE INDEX r1_a ON r1 (a);
\d r1
-- An ordinary table keeps it; turning it into an olap table is where it stops.
CREATE TABLE r5 (a int);
CREATE INDEX r5_a ON r5 USING brin (a);
ALTER TABLE r5 SET ACCESS METHOD olap;
DROP INDEX r5_a;
ALTER TABLE r5 SET ACCESS METHOD olap;
SELECT amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE relname = 'r5';
DROP TABLE r1, r5;
