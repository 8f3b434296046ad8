-- Values that other tables keep out of line, compressed, or that functions pass on
-- as expanded objects, are stored whole: they outlive where they came from.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS olap;
CREATE SCHEMA table_toast;
SET search_path = table_toast, public;
CREATE TABLE source (id int, kind text, a text, b int[]) USING heap;
ALTER TABLE source ALTER a SET STORAGE EXTERNAL;
INSERT INTO source SELECT 1, 'out of line', repeat('0123456789', 10000), ARRAY(SELECT generate_series(1, 5000));
ALTER TABLE source ALTER a SET STORAGE EXTENDED;
INSERT INTO source SELECT 2, 'out of line, compressed', repeat(string_agg(md5(g::text), ''), 2), ARRAY[1] FROM generate_series(1, 1000) g;
INSERT INTO source SELECT 3, 'compressed', repeat('x', 5000), array_fill(7, ARRAY[1500]);
INSERT INTO source VALUES (4, 'short', 'x', '{1}'), (5, 'empty', '', '{}'), (6, 'null', NULL, NULL);
CREATE TABLE kept AS SELECT id, kind, md5(a) AS a, md5(b::text) AS b FROM source;

CREATE TABLE pending (LIKE source) USING olap;      -- through buffered rows
INSERT INTO pending SELECT * FROM source;
CREATE TABLE through (LIKE source) USING olap;      -- through the delta, at once
CREATE INDEX ON through (id);
INSERT INTO through SELECT * FROM source;
CREATE TABLE segment (LIKE source) USING olap;      -- through a segment
INSERT INTO segment SELECT s.* FROM generate_series(1, 1000) g, source s ORDER BY g, id;
CREATE TABLE made USING olap AS SELECT * FROM source;
CREATE TABLE changed (LIKE source) USING olap;      -- through new versions
INSERT INTO changed SELECT id, kind FROM source;
UPDATE changed SET a = s.a, b = s.b FROM source s WHERE s.id = changed.id;
CREATE TABLE expanded (LIKE source) USING olap;
DO $$
DECLARE r record; grown int[];
BEGIN
  FOR r IN SELECT * FROM source ORDER BY id LOOP
    grown := r.b;
    IF grown <> '{}' THEN
      grown[1] := grown[1];
    END IF;
    INSERT INTO expanded VALUES (r.id, r.kind, r.a, grown);
  END LOOP;
  INSERT INTO expanded SELECT 7, 'of a variable', 'x', grown || g FROM generate_series(1, 2) g;
END $$;
DROP TABLE source;

SELECT t, count(*), count(*) FILTER (WHERE md5(v.a) IS NOT DISTINCT FROM k.a AND md5(v.b::text) IS NOT DISTINCT FROM k.b) AS same
FROM (SELECT 'pending' AS t, * FROM pending UNION ALL SELECT 'through', * FROM through
      UNION ALL SELECT 'segment', * FROM segment UNION ALL SELECT 'made', * FROM made
      UNION ALL SELECT 'changed', * FROM changed UNION ALL SELECT 'expanded', * FROM expanded) v
JOIN kept k USING (id) GROUP BY t ORDER BY t;
SELECT b FROM expanded WHERE id = 7 ORDER BY 1;
SELECT count(*) FROM pg_class c, olap.verify(c.oid::regclass) WHERE relnamespace = 'table_toast'::regnamespace
  AND relam = (SELECT oid FROM pg_am WHERE amname = 'olap');

-- Few long values are compressed too, as rows and as entries of a dictionary.
CREATE TABLE documents (id int, a text, b text) USING olap;
INSERT INTO documents SELECT i, string_agg('key' || g * i % 97, ' '), min('document ' || i % 3) || repeat(' of words', 9000)
  FROM generate_series(1, 20) i, generate_series(1, 20000) g GROUP BY i;
CALL olap.compact('documents');
SELECT "column", rows, stored_bytes < raw_bytes / 2 AS compressed FROM olap.column_stats('documents') WHERE "column" <> 'id' ORDER BY 1;
SELECT count(*), sum(length(a)), sum(length(b)), count(DISTINCT b) FROM documents;
DROP SCHEMA table_toast CASCADE;
