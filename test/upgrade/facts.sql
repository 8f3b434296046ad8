-- What must be the same before and after: rows by scan and by index, the heap twin,
-- options, indexes, freeze limits, the pipeline; and no fault.
\set ON_ERROR_STOP on
SET extra_float_digits = 1;
SELECT relname, reloptions, relpersistence, relkind, relfrozenxid FROM pg_class c JOIN pg_am a ON a.oid = relam
  WHERE amname = 'olap' ORDER BY relname;
SELECT relname, f.* FROM pg_class c JOIN pg_am a ON a.oid = relam, olap.verify(c.oid) f WHERE amname = 'olap';
SELECT count(*) AS differences FROM ((TABLE events EXCEPT ALL TABLE twin) UNION ALL (TABLE twin EXCEPT ALL TABLE events)) x;
SELECT 'events', count(*), md5(string_agg(x::text, ',' ORDER BY id)) FROM events x;
SELECT 'child', count(*), md5(string_agg(x::text, ',' ORDER BY n)) FROM child x;
SELECT 'parted', tableoid::regclass, count(*), md5(string_agg(x::text, ',' ORDER BY ts)) FROM parted x GROUP BY 2 ORDER BY tableoid::regclass::text COLLATE "C";
SELECT 'wide', count(*), md5(string_agg(x::text, ',' ORDER BY a)) FROM wide x;
SELECT 'others', (SELECT count(*) FROM fast), (SELECT count(*) FROM empty), (SELECT count(*) FROM truncated), (SELECT sum(a) FROM aged);
SELECT 'totals', count(*), sum(n) FROM totals;
SELECT indexrelid::regclass, indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'events'::regclass ORDER BY indexrelid::regclass::text COLLATE "C";
SELECT has_table_privilege('reader', 'events', 'SELECT');
SELECT name, state, target, source, rows, dead_letters FROM olap.pipeline_status;
SELECT ok FROM olap.check_ledger('moved');
SET enable_seqscan = off; SET enable_bitmapscan = off; SET olap.enable_scan = off;
SELECT 'by index', count(*), sum(id), sum(v) FROM events WHERE id > 0;
SELECT 'by v', count(*), sum(id), sum(v) FROM events WHERE v > -1;
SELECT 'one', count(*) FROM generate_series(1, 30020, 7) g WHERE EXISTS (SELECT FROM events WHERE id = g);
