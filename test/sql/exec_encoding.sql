-- Strings in databases whose encoding is not UTF8: kernels answer as the executor does.
CREATE DATABASE olap_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE olap_euc_jp ENCODING 'EUC_JP' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE olap_ascii ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0;
SELECT current_database() AS here \gset

-- characters of two bytes, two, three and one in EUC_JP; bytes that UTF-8 would take for parts of one
\set twins 'CREATE EXTENSION olap; CREATE TABLE twin_heap (id int, s text, v text, c char(40)); INSERT INTO twin_heap SELECT i, CASE WHEN i % 7 <> 0 THEN repeat(x, i % 40) || i END, repeat(x, i % 4), repeat(x, i % 3) FROM generate_series(1, 3000) i, convert_from(decode(\'a4a28eb18fb0a161\', \'hex\'), getdatabaseencoding()) x; CREATE TABLE twin_olap (LIKE twin_heap) USING olap; INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id <= 2500; CALL olap.compact(\'twin_olap\'); INSERT INTO twin_olap SELECT * FROM twin_heap WHERE id > 2500;'
\set lengths 'getdatabaseencoding() AS encoding, count(*), sum(length(s)) AS s, sum(octet_length(s)) AS s_bytes, sum(char_length(v)) AS v, sum(bit_length(v)) AS v_bits, sum(length(c)) AS c, sum(octet_length(c)) AS c_bytes, sum(id) FILTER (WHERE length(v) = 8) AS ids'

\c olap_latin1
:twins
SELECT :lengths FROM twin_heap UNION ALL SELECT :lengths FROM twin_olap;

\c olap_euc_jp
:twins
SELECT :lengths FROM twin_heap UNION ALL SELECT :lengths FROM twin_olap;

\c olap_ascii
:twins
SELECT :lengths FROM twin_heap UNION ALL SELECT :lengths FROM twin_olap;

\c :here
DROP DATABASE olap_latin1;
DROP DATABASE olap_euc_jp;
DROP DATABASE olap_ascii;
