-- The extension installs, its schema is there, its settings are known and checked.
SELECT extname, extversion, nspname
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE extname = 'olap';
SELECT nspname, has_schema_privilege('public', oid, 'usage') AS usable
FROM pg_namespace WHERE nspname = 'olap';
SHOW olap.enable_scan;
SET olap.write_memory = '10MB';
SHOW olap.write_memory;
\set VERBOSITY sqlstate
SET olap.write_memory = '1kB';
SET olap.no_such_setting = 1;
\set VERBOSITY default
RESET olap.write_memory;
-- Dropping and creating it again leaves nothing behind.
DROP EXTENSION olap;
SELECT count(*) FROM pg_namespace WHERE nspname = 'olap';
CREATE EXTENSION olap;
