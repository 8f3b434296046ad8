-- Options of olap_kafka: what is accepted, shown, refused, and never shown. No
-- broker is needed, none is contacted.

-- A server, a mapping and a table with every kind of option
CREATE SERVER k FOREIGN DATA WRAPPER olap_kafka
  OPTIONS (bootstrap_servers 'b1:9092,[::1]:9093,SSL://b3', security_protocol 'sasl_ssl',
           sasl_mechanism 'SCRAM-SHA-512', fetch_wait_max_ms '50', check_crcs 'on',
           isolation_level 'read_committed', group_id_prefix 'shop-');
CREATE USER MAPPING FOR CURRENT_USER SERVER k
  OPTIONS (sasl_username 'reader', sasl_password 'the-secret');
CREATE FOREIGN TABLE t (
  ts timestamptz OPTIONS (path 'event.time', time_format 'epoch_ms') NOT NULL,
  first_tag text OPTIONS (path 'tags[0]."a.b"'),
  cost numeric(12,6) OPTIONS (required 'true', mode 'strict'),
  p int OPTIONS (meta 'partition'), o bigint OPTIONS (meta 'offset')
) SERVER k OPTIONS (topic 'events', format 'json', on_error 'skip', mode 'lax', timeout_ms '500');
\d t

-- Planning asks no broker; bounds on meta columns are pushed down
EXPLAIN (COSTS OFF) SELECT ts FROM t WHERE p IN (0, 1) AND o BETWEEN 5 AND 9;
EXPLAIN (COSTS OFF) SELECT ts FROM t WHERE cost > 1;

-- Writing to a topic is not offered
INSERT INTO t (ts, cost) VALUES (now(), 1);

-- Unknown and misplaced names: the error says what is valid, and where
ALTER SERVER k OPTIONS (ADD plugin_library_paths '/tmp/x.so');
ALTER SERVER k OPTIONS (ADD "ssl.ca.location" '/etc/passwd');
ALTER SERVER k OPTIONS (ADD sasl_kerberos_kinit_cmd 'id');
ALTER SERVER k OPTIONS (ADD sasl_password 'x');
ALTER USER MAPPING FOR CURRENT_USER SERVER k OPTIONS (ADD topic 'x');
ALTER FOREIGN TABLE t OPTIONS (ADD bootstrap_servers 'b:1');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (ADD topic 'x');
ALTER FOREIGN DATA WRAPPER olap_kafka OPTIONS (ADD topic 'x');

-- Values
ALTER SERVER k OPTIONS (SET sasl_mechanism 'GSSAPI');
ALTER SERVER k OPTIONS (SET security_protocol 'telnet');
ALTER SERVER k OPTIONS (SET fetch_wait_max_ms '10001');
ALTER SERVER k OPTIONS (SET fetch_wait_max_ms '5x');
ALTER SERVER k OPTIONS (SET check_crcs 'maybe');
ALTER SERVER k OPTIONS (SET bootstrap_servers 'b1:0');
ALTER SERVER k OPTIONS (SET bootstrap_servers 'b1:9092:9092');
ALTER SERVER k OPTIONS (SET bootstrap_servers ' , ');
ALTER SERVER k OPTIONS (ADD ssl_ca_pem '/etc/ssl/ca.pem');
ALTER SERVER k OPTIONS (DROP bootstrap_servers);
ALTER FOREIGN TABLE t OPTIONS (SET topic 'no/such');
ALTER FOREIGN TABLE t OPTIONS (SET topic '..');
ALTER FOREIGN TABLE t OPTIONS (DROP topic);
ALTER FOREIGN TABLE t OPTIONS (SET format 'xml');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (SET path 'a..b');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (SET path 'a[x]');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (SET path 'a."b');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (SET time_format 'epoch');
ALTER FOREIGN TABLE t ALTER COLUMN ts OPTIONS (ADD meta 'timestamp');
ALTER FOREIGN TABLE t ALTER COLUMN p OPTIONS (SET meta 'headers');

-- A secret is in no error, even when it is the value refused
ALTER USER MAPPING FOR CURRENT_USER SERVER k OPTIONS (SET sasl_password E'the\nsecret');
ALTER USER MAPPING FOR CURRENT_USER SERVER k OPTIONS (ADD ssl_key_pem 'the-secret-key');

-- olap.allowed_hosts is the administrator's
SET olap.allowed_hosts = '*';

SET client_min_messages = warning;
DROP SERVER k CASCADE;
