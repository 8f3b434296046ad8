-- Tables for sqlsmith, in a database and of a role of its own.
CREATE ROLE smith LOGIN;
CREATE DATABASE smith OWNER smith;
\connect smith
CREATE EXTENSION olap;
GRANT ALL ON SCHEMA public TO smith;
SET ROLE smith;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE events (id bigint, ts timestamptz, d date, t time, b bool, i2 smallint, i4 int, f4 float4, f8 float8,
	n numeric, n2 numeric(12,2), txt text, vc varchar(20), c char(4), u uuid, by bytea, j jsonb, a int[], iv interval, m mood,
	ip inet, r int4range, o oid)
	USING olap WITH (time_column = 'ts', segment_interval = '1 day', hll = 'i4, txt', bloom = 'id, txt', bitmap = 'i4, txt');
CREATE FUNCTION fill(first int, last int) RETURNS void LANGUAGE sql AS $$
INSERT INTO events SELECT i, timestamptz '2026-01-01' + i * interval '37 s', date '2026-01-01' + i % 40,
	time '00:00' + i * interval '7 s', i % 3 = 0, CASE WHEN i % 11 > 0 THEN i % 300 END, i * 7919 % 100003, i / 7.0,
	CASE i % 1000 WHEN 0 THEN 'NaN' WHEN 1 THEN 'infinity' ELSE i / 13.0 END, i::numeric / 17, i % 9999,
	CASE WHEN i % 5 > 0 THEN 'word ' || i % 700 END, 'v' || i % 50, 'c' || i % 9, md5((i % 3000)::text)::uuid,
	decode(md5(i::text), 'hex'), jsonb_build_object('k', i % 10, 's', 'x' || i % 3), ARRAY[i, i % 7],
	i % 100 * interval '1 hour', (enum_range(NULL::mood))[1 + i % 3], ('10.0.0.' || i % 256)::inet, int4range(i % 50, i % 50 + 5), i % 1000
FROM generate_series(first, last) i $$;
SELECT fill(1, 9000);
CALL olap.compact('events');
SELECT fill(9001, 12000);
DELETE FROM events WHERE id % 17 = 0;
UPDATE events SET i4 = NULL, txt = upper(txt) WHERE id % 23 = 0;
SELECT fill(20001, 20050);
CREATE TABLE dims (id int PRIMARY KEY, name text, kind mood, weight float8);
INSERT INTO dims SELECT i, 'dim ' || i, (enum_range(NULL::mood))[1 + i % 3], i / 3.0 FROM generate_series(0, 299) i;
CREATE TABLE small (k int PRIMARY KEY, v text, w numeric(6,2)) USING olap;
INSERT INTO small SELECT i, 'small ' || i % 10, i / 4.0 FROM generate_series(1, 500) i;
CREATE TABLE parts (id int, at date, v int, s text) PARTITION BY RANGE (at);
CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') USING olap;
CREATE TABLE parts2 PARTITION OF parts FOR VALUES FROM ('2026-02-01') TO ('2026-03-01') USING olap;
CREATE TABLE parts3 PARTITION OF parts DEFAULT;
INSERT INTO parts SELECT i, date '2026-01-01' + i % 80, i % 90, 's' || i % 12 FROM generate_series(1, 4000) i;
CREATE VIEW daily AS SELECT date_trunc('day', ts) AS day, m, count(*) AS n, sum(n2) AS total, count(DISTINCT i4) AS users FROM events GROUP BY 1, 2;
CREATE TABLE empty_one (a int, b text) USING olap;
RESET ROLE;
ANALYZE;
