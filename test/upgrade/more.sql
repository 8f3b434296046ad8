-- The upgraded cluster goes on. The result is what the next upgrade starts from.
\set ON_ERROR_STOP on
SELECT COALESCE(max(id), 0) / 100000 * 100000 + 100000 AS base FROM events \gset
SELECT add(:base + 1, :base + 6000);
SELECT add(:base + 7001, :base + 7010);
SELECT on_each('DELETE FROM T! WHERE id % 19 = 3 AND id NOT IN (SELECT id FROM child)');
SELECT on_each('UPDATE T! SET v = v + 2 WHERE id % 23 = 1');
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
INSERT INTO events (id, ts) VALUES (1, now());
INSERT INTO child VALUES (-5);
\set ON_ERROR_STOP on
VACUUM events;
CALL olap.compact('events');
VACUUM (FREEZE) events;
VACUUM FULL parted_1;
SELECT age(relfrozenxid) < 1000 AS frozen FROM pg_class WHERE relname = 'events';
DROP INDEX events_v;
CREATE INDEX CONCURRENTLY events_v ON events (v);
INSERT INTO child SELECT id FROM events WHERE id > :base LIMIT 100;
INSERT INTO wide SELECT g, 'more' FROM generate_series(10001, 15000) g;
INSERT INTO truncated SELECT generate_series(1, 5000);
INSERT INTO empty SELECT generate_series(1, 10);
DELETE FROM fast WHERE a % 2 = 0;
REFRESH MATERIALIZED VIEW totals;
SELECT on_each('ALTER TABLE T! ADD COLUMN more_' || current_setting('server_version_num') || ' int DEFAULT 1');
INSERT INTO parted VALUES ('2026-01-20', -2);
