-- sql/olap--0.1.0.sql: install script of the olap extension.
--
-- Functions and views live in schema olap; functions people know by their usual
-- names (approx_count_distinct, time_bucket, ...) go to the extension's schema.
-- One headed section a topic; later sections may use earlier ones.

\echo Use "CREATE EXTENSION olap" to load this file. \quit

CREATE SCHEMA olap;
GRANT USAGE ON SCHEMA olap TO PUBLIC;
COMMENT ON SCHEMA olap IS 'functions, views and catalogs of the olap extension';

-------------------------------------------------------------------------------
-- table access method
-------------------------------------------------------------------------------

CREATE FUNCTION olap.olap_tableam_handler(internal)
RETURNS table_am_handler
AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
COMMENT ON FUNCTION olap.olap_tableam_handler(internal) IS
  'callbacks of the olap table access method';

CREATE ACCESS METHOD olap TYPE TABLE HANDLER olap.olap_tableam_handler;
COMMENT ON ACCESS METHOD olap IS 'columnar tables for real-time analytics';

-------------------------------------------------------------------------------
-- sketches and general functions (in the extension's schema)
-------------------------------------------------------------------------------

CREATE TYPE hll;
CREATE FUNCTION hll_in(cstring) RETURNS hll
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_in';
CREATE FUNCTION hll_out(hll) RETURNS cstring
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteaout';
CREATE FUNCTION hll_recv(internal) RETURNS hll
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_recv';
CREATE FUNCTION hll_send(hll) RETURNS bytea
  LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE AS 'byteasend';
CREATE TYPE hll (INPUT = hll_in, OUTPUT = hll_out, RECEIVE = hll_recv, SEND = hll_send,
                 INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended);
COMMENT ON TYPE hll IS 'sketch that counts different values (HyperLogLog)';

CREATE FUNCTION hll_empty(bits integer DEFAULT 14) RETURNS hll
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_empty_sql';
COMMENT ON FUNCTION hll_empty IS 'sketch of nothing, with 2^bits registers';

CREATE FUNCTION hll_add(sketch hll, value anyelement) RETURNS hll
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_add_sql';
COMMENT ON FUNCTION hll_add IS 'sketch with one more value; NULL adds nothing';

CREATE FUNCTION hll_union(hll, hll) RETURNS hll
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_union_sql';
COMMENT ON FUNCTION hll_union IS 'sketch of the values of both';

CREATE FUNCTION hll_cardinality(hll) RETURNS bigint
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_cardinality_sql';
COMMENT ON FUNCTION hll_cardinality IS 'about how many different values a sketch has seen';

CREATE FUNCTION olap._hll_trans(internal, anyelement) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_trans';
CREATE FUNCTION olap._hll_trans(internal, anyelement, integer) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_trans';
CREATE FUNCTION olap._hll_union_trans(internal, hll) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_union_trans';
CREATE FUNCTION olap._hll_combine(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_combine';
CREATE FUNCTION olap._hll_serialize(internal) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_serialize';
CREATE FUNCTION olap._hll_deserialize(bytea, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_deserialize';
CREATE FUNCTION olap._hll_final(internal) RETURNS hll
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_final';
CREATE FUNCTION olap._hll_final_count(internal) RETURNS bigint
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_hll_final_count';

CREATE AGGREGATE approx_count_distinct(anyelement) (
  SFUNC = olap._hll_trans, STYPE = internal, SSPACE = 512, FINALFUNC = olap._hll_final_count,
  COMBINEFUNC = olap._hll_combine, SERIALFUNC = olap._hll_serialize,
  DESERIALFUNC = olap._hll_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE approx_count_distinct(anyelement) IS
  'about how many different values there are: standard error 0.8 %, few are exact';

CREATE AGGREGATE hll_agg(anyelement) (
  SFUNC = olap._hll_trans, STYPE = internal, SSPACE = 512, FINALFUNC = olap._hll_final,
  COMBINEFUNC = olap._hll_combine, SERIALFUNC = olap._hll_serialize,
  DESERIALFUNC = olap._hll_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE hll_agg(anyelement) IS 'sketch of the values';

CREATE AGGREGATE hll_agg(anyelement, bits integer) (
  SFUNC = olap._hll_trans, STYPE = internal, SSPACE = 512, FINALFUNC = olap._hll_final,
  COMBINEFUNC = olap._hll_combine, SERIALFUNC = olap._hll_serialize,
  DESERIALFUNC = olap._hll_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE hll_agg(anyelement, integer) IS 'sketch of the values, with 2^bits registers';

CREATE AGGREGATE hll_union_agg(hll) (
  SFUNC = olap._hll_union_trans, STYPE = internal, SSPACE = 16384, FINALFUNC = olap._hll_final,
  COMBINEFUNC = olap._hll_combine, SERIALFUNC = olap._hll_serialize,
  DESERIALFUNC = olap._hll_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE hll_union_agg(hll) IS 'sketch of the values of all sketches';

CREATE FUNCTION olap._first_trans(internal, anyelement, anycompatible) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_first_trans';
CREATE FUNCTION olap._last_trans(internal, anyelement, anycompatible) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_last_trans';
CREATE FUNCTION olap._first_last_combine(internal, internal) RETURNS internal
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_first_last_combine';
CREATE FUNCTION olap._first_last_serialize(internal) RETURNS bytea
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_first_last_serialize';
CREATE FUNCTION olap._first_last_deserialize(bytea, internal) RETURNS internal
  LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_first_last_deserialize';
CREATE FUNCTION olap._first_last_final(internal, anyelement, anycompatible) RETURNS anyelement
  LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'olap_first_last_final';

CREATE AGGREGATE olap.first(value anyelement, "time" anycompatible) (
  SFUNC = olap._first_trans, STYPE = internal, SSPACE = 128, FINALFUNC = olap._first_last_final,
  FINALFUNC_EXTRA, COMBINEFUNC = olap._first_last_combine, SERIALFUNC = olap._first_last_serialize,
  DESERIALFUNC = olap._first_last_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE olap.first(anyelement, anycompatible) IS
  'value of the row with the least time; rows without a time take no part';

CREATE AGGREGATE olap.last(value anyelement, "time" anycompatible) (
  SFUNC = olap._last_trans, STYPE = internal, SSPACE = 128, FINALFUNC = olap._first_last_final,
  FINALFUNC_EXTRA, COMBINEFUNC = olap._first_last_combine, SERIALFUNC = olap._first_last_serialize,
  DESERIALFUNC = olap._first_last_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE olap.last(anyelement, anycompatible) IS
  'value of the row with the greatest time; rows without a time take no part';

CREATE FUNCTION time_bucket(width interval, ts timestamp) RETURNS timestamp
AS 'MODULE_PATHNAME', 'olap_time_bucket_timestamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts timestamp) IS
  'start of the bucket of this width that ts is in';

CREATE FUNCTION time_bucket(width interval, ts timestamp, origin timestamp) RETURNS timestamp
AS 'MODULE_PATHNAME', 'olap_time_bucket_timestamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts timestamp, origin timestamp) IS
  'the same with buckets counted from origin on';

CREATE FUNCTION time_bucket(width interval, ts timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'olap_time_bucket_timestamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts timestamptz) IS
  'start of the bucket of this width that ts is in';

CREATE FUNCTION time_bucket(width interval, ts timestamptz, origin timestamptz) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'olap_time_bucket_timestamp' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts timestamptz, origin timestamptz) IS
  'the same with buckets counted from origin on';

CREATE FUNCTION time_bucket(width interval, ts date) RETURNS date
AS 'MODULE_PATHNAME', 'olap_time_bucket_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts date) IS
  'start of the bucket of this width that ts is in';

CREATE FUNCTION time_bucket(width interval, ts date, origin date) RETURNS date
AS 'MODULE_PATHNAME', 'olap_time_bucket_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts date, origin date) IS
  'the same with buckets counted from origin on';

CREATE FUNCTION time_bucket(width interval, ts timestamptz, timezone text) RETURNS timestamptz
AS 'MODULE_PATHNAME', 'olap_time_bucket_zone' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION time_bucket(width interval, ts timestamptz, timezone text) IS
  'the same with buckets of the local time of a time zone';

-------------------------------------------------------------------------------
-- kafka
-------------------------------------------------------------------------------

CREATE FUNCTION olap.olap_kafka_handler()
RETURNS fdw_handler AS '$libdir/olap_kafka' LANGUAGE C STRICT;
COMMENT ON FUNCTION olap.olap_kafka_handler() IS
  'callbacks of foreign-data wrapper olap_kafka';

CREATE FUNCTION olap.olap_kafka_validator(text[], oid)
RETURNS void AS '$libdir/olap_kafka' LANGUAGE C STRICT;
COMMENT ON FUNCTION olap.olap_kafka_validator(text[], oid) IS
  'checks options of olap_kafka servers, user mappings, foreign tables and columns';

CREATE FOREIGN DATA WRAPPER olap_kafka
  HANDLER olap.olap_kafka_handler VALIDATOR olap.olap_kafka_validator;
COMMENT ON FOREIGN DATA WRAPPER olap_kafka IS 'topics of Apache Kafka';

-------------------------------------------------------------------------------
-- pipelines
-------------------------------------------------------------------------------

-- The truth about pipelines: ordinary tables, carried by pg_dump. Tables are
-- referenced as regclass, which a dump holds as qualified names. A pipeline
-- belongs to the database whose system_identifier and database_oid it records;
-- restored anywhere else it counts as paused until resume_pipeline adopts it.
-- Only the extension's own functions write here; PUBLIC sees the views.

CREATE TABLE olap.pipeline (
  name text PRIMARY KEY CHECK (name <> '' AND octet_length(name) < 64),
  source regclass NOT NULL,
  target regclass NOT NULL,
  owner name NOT NULL,
  owner_oid oid NOT NULL,
  system_identifier bigint NOT NULL,
  database_oid oid NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'paused', 'failed')),
  max_rows integer NOT NULL CHECK (max_rows BETWEEN 1 AND 10000000),
  max_bytes bigint NOT NULL CHECK (max_bytes BETWEEN 1024 AND 4294967296),
  max_delay_ms integer NOT NULL CHECK (max_delay_ms BETWEEN 100 AND 60000),
  max_dead_ratio double precision NOT NULL DEFAULT 1 CHECK (max_dead_ratio BETWEEN 0 AND 1),
  dead_letter_retention interval,
  config_version integer NOT NULL DEFAULT 1,
  epoch bigint NOT NULL DEFAULT 0,
  crashes integer NOT NULL DEFAULT 0,
  attempt_partition integer,
  attempt_offset bigint,
  attempts integer NOT NULL DEFAULT 0,
  error_count integer NOT NULL DEFAULT 0,
  replayed bigint NOT NULL DEFAULT 0,
  last_error text,
  last_error_sqlstate text,
  last_error_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT pg_catalog.now()
) USING heap;
COMMENT ON TABLE olap.pipeline IS 'definitions of the ingest pipelines; see olap.pipeline_status';

CREATE TABLE olap.pipeline_offset (
  pipeline text NOT NULL,
  partition integer NOT NULL,
  incarnation integer NOT NULL DEFAULT 0,
  start_offset bigint NOT NULL,
  next_offset bigint NOT NULL,
  epoch bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT 'ok' CHECK (state IN ('ok', 'offset_lost', 'topic_recreated')),
  log_start bigint,
  reason text,
  last_offset bigint,
  last_timestamp_ms bigint,
  last_crc bigint,
  read bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  filtered bigint NOT NULL DEFAULT 0,
  tombstone bigint NOT NULL DEFAULT 0,
  dead bigint NOT NULL DEFAULT 0,
  committed_at timestamptz,
  PRIMARY KEY (pipeline, partition)
) USING heap WITH (fillfactor = 50);
COMMENT ON TABLE olap.pipeline_offset IS 'where each partition of a pipeline stands: written in the transaction that writes the rows';

CREATE TABLE olap.pipeline_ledger (
  pipeline text NOT NULL,
  partition integer NOT NULL,
  incarnation integer NOT NULL,
  from_offset bigint NOT NULL,
  to_offset bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('batch', 'progress', 'gap', 'summary')),
  read bigint NOT NULL DEFAULT 0,
  inserted bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  deleted bigint NOT NULL DEFAULT 0,
  filtered bigint NOT NULL DEFAULT 0,
  tombstone bigint NOT NULL DEFAULT 0,
  dead bigint NOT NULL DEFAULT 0,
  min_time timestamptz,
  max_time timestamptz,
  epoch bigint NOT NULL,
  note text,
  committed_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (pipeline, partition, incarnation, from_offset)
) USING heap;
COMMENT ON TABLE olap.pipeline_ledger IS 'a row per batch and partition: the offsets [from_offset, to_offset) and what became of their records';

CREATE TABLE olap.dead_letter (
  pipeline text NOT NULL,
  partition integer NOT NULL,
  incarnation integer NOT NULL DEFAULT 0,
  "offset" bigint NOT NULL,
  "timestamp" timestamptz,
  key bytea,
  value bytea,
  value_length bigint,
  column_name text,
  sqlstate text NOT NULL,
  error text NOT NULL,
  at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  PRIMARY KEY (pipeline, partition, incarnation, "offset")
) USING heap;
COMMENT ON TABLE olap.dead_letter IS 'records that did not become a row, with the reason and the raw bytes';

REVOKE ALL ON olap.pipeline, olap.pipeline_offset, olap.pipeline_ledger, olap.dead_letter FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('olap.pipeline', '');
SELECT pg_catalog.pg_extension_config_dump('olap.pipeline_offset', '');
SELECT pg_catalog.pg_extension_config_dump('olap.pipeline_ledger', '');
SELECT pg_catalog.pg_extension_config_dump('olap.dead_letter', '');

CREATE FUNCTION olap.create_pipeline(name text, source regclass, target regclass,
    start text DEFAULT 'earliest', max_rows integer DEFAULT 100000,
    max_bytes bigint DEFAULT 67108864, max_delay interval DEFAULT '1 second',
    query text DEFAULT NULL, paused boolean DEFAULT false, max_dead_ratio double precision DEFAULT 1,
    dead_letter_retention interval DEFAULT NULL)
  RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'olap_create_pipeline';
COMMENT ON FUNCTION olap.create_pipeline IS 'start reading a Kafka topic (the foreign table source) into the table target';

CREATE FUNCTION olap.pause_pipeline(name text)
  RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_pause_pipeline';
COMMENT ON FUNCTION olap.pause_pipeline IS 'stop a pipeline at its committed offsets';

CREATE FUNCTION olap.resume_pipeline(name text)
  RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_resume_pipeline';
COMMENT ON FUNCTION olap.resume_pipeline IS 'let a paused or failed pipeline go on; adopts one that was restored from another database';

CREATE FUNCTION olap.drop_pipeline(name text, if_exists boolean DEFAULT false)
  RETURNS void LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_drop_pipeline';
COMMENT ON FUNCTION olap.drop_pipeline IS 'remove a pipeline with its offsets, ledger and dead letters; the rows stay';

CREATE FUNCTION olap.alter_pipeline(name text, max_rows integer DEFAULT NULL,
    max_bytes bigint DEFAULT NULL, max_delay interval DEFAULT NULL, max_dead_ratio double precision DEFAULT NULL,
    dead_letter_retention interval DEFAULT NULL)
  RETURNS void LANGUAGE c AS 'MODULE_PATHNAME', 'olap_alter_pipeline';
COMMENT ON FUNCTION olap.alter_pipeline IS 'change the limits at which a pipeline commits';

CREATE FUNCTION olap.accept_gap(pipeline text, partition integer, reason text, start text DEFAULT NULL)
  RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'olap_accept_gap';
COMMENT ON FUNCTION olap.accept_gap IS 'let a stopped partition go on behind lost offsets; returns the offset it goes on from';

CREATE FUNCTION olap.delete_dead_letters(pipeline text, before timestamptz DEFAULT NULL)
  RETURNS bigint LANGUAGE c AS 'MODULE_PATHNAME', 'olap_delete_dead_letters';
COMMENT ON FUNCTION olap.delete_dead_letters IS 'delete the dead letters of a pipeline, or those older than a time; returns how many';

CREATE FUNCTION olap.replay_dead_letters(pipeline text, before timestamptz DEFAULT NULL,
    max_letters bigint DEFAULT NULL, OUT replayed bigint, OUT failed bigint)
  RETURNS record LANGUAGE c AS 'MODULE_PATHNAME', 'olap_replay_dead_letters';
COMMENT ON FUNCTION olap.replay_dead_letters IS 'try the dead letters of a pipeline again; those that become rows are removed';

-- Internal: what the views need.

CREATE FUNCTION olap._pipeline_visible(system_identifier bigint, database_oid oid, owner name, owner_oid oid, monitor boolean)
  RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_pipeline_visible_sql';
COMMENT ON FUNCTION olap._pipeline_visible IS 'internal: may the current role see this pipeline';

CREATE FUNCTION olap._pipeline_local(system_identifier bigint, database_oid oid)
  RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_pipeline_local';
COMMENT ON FUNCTION olap._pipeline_local IS 'internal: does a pipeline belong to this database';

CREATE FUNCTION olap._live(OUT name text, OUT state text, OUT state_since timestamptz,
    OUT pid integer, OUT started_at timestamptz, OUT last_commit timestamptz,
    OUT rows_per_s double precision, OUT next_start timestamptz, OUT error text)
  RETURNS SETOF record LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_live_slots';
COMMENT ON FUNCTION olap._live IS 'internal: the running pipelines of this database, from shared memory';

CREATE FUNCTION olap._live_partitions(OUT name text, OUT partition integer,
    OUT "position" bigint, OUT at_end boolean, OUT high bigint, OUT low bigint,
    OUT contact timestamptz, OUT lag bigint, OUT freshness interval)
  RETURNS SETOF record LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_live_partitions';
COMMENT ON FUNCTION olap._live_partitions IS 'internal: partitions of the running pipelines of this database';

CREATE FUNCTION olap._preloaded()
  RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_preloaded';
COMMENT ON FUNCTION olap._preloaded IS 'internal: is olap in shared_preload_libraries';

CREATE FUNCTION olap._live_full()
  RETURNS boolean LANGUAGE c STABLE STRICT AS 'MODULE_PATHNAME', 'olap_live_full';
COMMENT ON FUNCTION olap._live_full IS 'internal: are olap.max_pipelines pipelines wanted already';

CREATE VIEW olap.pipeline_offsets WITH (security_barrier) AS
SELECT o.pipeline, o.partition, o.state, o.start_offset, o.next_offset,
       l.high AS high_offset, l.low AS low_offset, l.lag, l.freshness, l.contact,
       o.read, o.inserted, o.updated, o.deleted, o.filtered, o.tombstone, o.dead,
       o.reason, o.incarnation, o.committed_at
FROM olap.pipeline_offset o
JOIN olap.pipeline p ON p.name = o.pipeline
LEFT JOIN olap._live_partitions() l ON l.name = o.pipeline AND l.partition = o.partition
WHERE olap._pipeline_visible(p.system_identifier, p.database_oid, p.owner, p.owner_oid, true);
COMMENT ON VIEW olap.pipeline_offsets IS 'how far each partition is: offsets, lag, freshness, last contact with the broker';

CREATE VIEW olap.pipeline_status WITH (security_barrier) AS
SELECT p.name,
       CASE WHEN NOT olap._pipeline_local(p.system_identifier, p.database_oid) THEN 'paused'
            WHEN p.state <> 'running' THEN p.state
            WHEN pg_catalog.pg_is_in_recovery() THEN 'stopped'
            WHEN NOT olap._preloaded() THEN 'stopped'
            WHEN l.state IS NULL AND olap._live_full() THEN 'waiting_for_slot'
            WHEN l.state IS NULL THEN 'starting'
            WHEN o.stopped > 0 THEN o.stopped_state
            ELSE l.state END AS state,
       CASE WHEN NOT olap._pipeline_local(p.system_identifier, p.database_oid)
              THEN 'adoption needed: the pipeline comes from another database; olap.resume_pipeline adopts it'
            WHEN p.state <> 'running' THEN NULL
            WHEN pg_catalog.pg_is_in_recovery() THEN 'the server is a standby: pipelines run on its primary'
            WHEN NOT olap._preloaded() THEN 'olap is not in shared_preload_libraries'
            WHEN l.state IS NULL AND olap._live_full() THEN 'olap.max_pipelines is used up'
            WHEN o.stopped > 0 THEN pg_catalog.format('%s of %s partitions stopped: %s', o.stopped, o.partitions, o.reason)
            ELSE l.error END AS reason,
       p.source, p.target, p.owner, COALESCE(o.partitions, 0) AS partitions,
       COALESCE(o.inserted, 0) AS rows,
       CASE WHEN l.pid IS NOT NULL THEN l.rows_per_s ELSE 0 END AS rows_per_s,
       o.lag, o.freshness, COALESCE(o.dead, 0) AS dead_letters, p.replayed,
       p.last_error, p.last_error_at,
       GREATEST(o.committed_at, l.last_commit) AS last_commit,
       p.epoch, l.pid, l.started_at,
       CASE WHEN l.state = 'disconnected' THEN l.state_since END AS disconnected_since,
       p.max_rows, p.max_bytes, p.max_delay_ms * interval '1 millisecond' AS max_delay, p.max_dead_ratio,
       p.dead_letter_retention
FROM olap.pipeline p
LEFT JOIN olap._live() l ON l.name = p.name
LEFT JOIN (
  SELECT pipeline, pg_catalog.count(*) AS partitions,
         pg_catalog.count(*) FILTER (WHERE f.state <> 'ok') AS stopped,
         pg_catalog.min(f.state) FILTER (WHERE f.state <> 'ok') AS stopped_state,
         pg_catalog.min(f.reason) FILTER (WHERE f.state <> 'ok') AS reason,
         pg_catalog.sum(f.inserted)::bigint AS inserted,
         pg_catalog.sum(f.dead)::bigint AS dead,
         CASE WHEN pg_catalog.count(m.lag) = pg_catalog.count(*) THEN pg_catalog.sum(m.lag)::bigint END AS lag,
         CASE WHEN pg_catalog.count(m.freshness) = pg_catalog.count(*) THEN pg_catalog.max(m.freshness) END AS freshness,
         pg_catalog.max(f.committed_at) AS committed_at
  FROM olap.pipeline_offset f
  LEFT JOIN olap._live_partitions() m ON m.name = f.pipeline AND m.partition = f.partition
  GROUP BY pipeline) o ON o.pipeline = p.name
WHERE olap._pipeline_visible(p.system_identifier, p.database_oid, p.owner, p.owner_oid, true);
COMMENT ON VIEW olap.pipeline_status IS 'one row a pipeline: state, rows, lag, freshness, dead letters, last error';

CREATE VIEW olap.dead_letters WITH (security_barrier) AS
SELECT d.pipeline, d.partition, d."offset", d."timestamp", d.key, d.value, d.value_length,
       d.column_name, d.sqlstate, d.error, d.at
FROM olap.dead_letter d
JOIN olap.pipeline p ON p.name = d.pipeline
WHERE olap._pipeline_visible(p.system_identifier, p.database_oid, p.owner, p.owner_oid, false);
COMMENT ON VIEW olap.dead_letters IS 'records of the caller''s pipelines that did not become a row, and why';

CREATE VIEW olap.ledger WITH (security_barrier) AS
SELECT b.*
FROM olap.pipeline_ledger b
JOIN olap.pipeline p ON p.name = b.pipeline
WHERE olap._pipeline_visible(p.system_identifier, p.database_oid, p.owner, p.owner_oid, true);
COMMENT ON VIEW olap.ledger IS 'what each batch of a pipeline read and what became of it';

GRANT SELECT ON olap.pipeline_status, olap.pipeline_offsets, olap.dead_letters, olap.ledger TO PUBLIC;

CREATE FUNCTION olap.check_ledger(name text, OUT partition integer, OUT incarnation integer,
    OUT batches bigint, OUT from_offset bigint, OUT to_offset bigint, OUT read bigint,
    OUT inserted bigint, OUT updated bigint, OUT deleted bigint, OUT filtered bigint, OUT tombstone bigint, OUT dead bigint,
    OUT holes bigint, OUT overlapping bigint, OUT wrong_sums bigint, OUT ok boolean)
  RETURNS SETOF record LANGUAGE sql STABLE
  SET search_path = pg_catalog, pg_temp
AS $$
  WITH b AS (
    SELECT l.*, lag(l.to_offset) OVER w AS previous
    FROM olap.ledger l WHERE l.pipeline = check_ledger.name
    WINDOW w AS (PARTITION BY l.partition, l.incarnation ORDER BY l.from_offset)),
  s AS (
    SELECT b.partition, b.incarnation, count(*) AS batches,
           min(b.from_offset) AS from_offset, max(b.to_offset) AS to_offset,
           sum(b.read)::bigint AS read, sum(b.inserted)::bigint AS inserted,
           sum(b.updated)::bigint AS updated, sum(b.deleted)::bigint AS deleted,
           sum(b.filtered)::bigint AS filtered, sum(b.tombstone)::bigint AS tombstone,
           sum(b.dead)::bigint AS dead,
           count(*) FILTER (WHERE b.from_offset > b.previous) AS holes,
           count(*) FILTER (WHERE b.from_offset < b.previous OR b.to_offset < b.from_offset) AS overlapping,
           count(*) FILTER (WHERE b.read <> b.inserted + b.updated + b.deleted + b.filtered + b.tombstone + b.dead
                               OR b.read > b.to_offset - b.from_offset) AS wrong_sums
    FROM b GROUP BY 1, 2)
  SELECT COALESCE(s.partition, o.partition), COALESCE(s.incarnation, o.incarnation),
         COALESCE(s.batches, 0), COALESCE(s.from_offset, o.start_offset), COALESCE(s.to_offset, o.start_offset),
         COALESCE(s.read, 0), COALESCE(s.inserted, 0), COALESCE(s.updated, 0), COALESCE(s.deleted, 0), COALESCE(s.filtered, 0),
         COALESCE(s.tombstone, 0), COALESCE(s.dead, 0),
         COALESCE(s.holes, 0), COALESCE(s.overlapping, 0), COALESCE(s.wrong_sums, 0),
         COALESCE(s.holes + s.overlapping + s.wrong_sums, 0) = 0
           AND (o.partition IS NULL
                OR (COALESCE(s.from_offset, o.start_offset) = o.start_offset
                    AND COALESCE(s.to_offset, o.start_offset) = o.next_offset))
           -- an earlier life of the topic has no offsets row any more
           AND (o.partition IS NOT NULL OR EXISTS (
                  SELECT FROM olap.pipeline_offsets x WHERE x.pipeline = check_ledger.name
                    AND x.partition = s.partition AND x.incarnation > s.incarnation))
  FROM s FULL JOIN (SELECT * FROM olap.pipeline_offsets x WHERE x.pipeline = check_ledger.name) o
    ON o.partition = s.partition AND o.incarnation = s.incarnation
  ORDER BY 1, 2
$$;
COMMENT ON FUNCTION olap.check_ledger IS 'proof of exactly-once: ranges tile from the start to the next offset, and read is the sum of the outcomes';

-------------------------------------------------------------------------------
-- compaction
-------------------------------------------------------------------------------

CREATE PROCEDURE olap.compact("table" regclass)
  LANGUAGE c AS 'MODULE_PATHNAME', 'olap_compact';
COMMENT ON PROCEDURE olap.compact IS
  'make delta rows and small segments of a table, or of all its partitions, into large sorted segments';

CREATE FUNCTION olap._compaction_status("table" regclass,
    OUT segments bigint, OUT compacted bigint, OUT segment_rows bigint,
    OUT delta_runs bigint, OUT delta_pages bigint, OUT replaced_bytes bigint,
    OUT dead_bytes bigint, OUT free_bytes bigint, OUT work boolean)
  LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_compaction_table_status';
COMMENT ON FUNCTION olap._compaction_status IS 'internal: a table''s row of olap.compaction_status';

CREATE VIEW olap.compaction_status AS
SELECT c.oid::pg_catalog.regclass AS "table", s.segments, s.compacted, s.segment_rows,
       s.delta_runs, s.delta_pages, s.replaced_bytes, s.dead_bytes, s.free_bytes, s.work
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_am a ON a.oid = c.relam AND a.amname = 'olap'
CROSS JOIN LATERAL olap._compaction_status(
  CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT')
        AND (c.relpersistence <> 't' OR pg_catalog.pg_table_is_visible(c.oid)) THEN c.oid END) s
WHERE c.relkind IN ('r', 'm') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
  AND (c.relpersistence <> 't' OR pg_catalog.pg_table_is_visible(c.oid));
COMMENT ON VIEW olap.compaction_status IS 'what compaction has done, has to do, and has to give back, of each olap table that one may read';
GRANT SELECT ON olap.compaction_status TO PUBLIC;

CREATE FUNCTION olap._compaction_progress(OUT pid integer, OUT "table" regclass, OUT phase text,
    OUT segments integer, OUT delta_pages bigint, OUT rows_total bigint, OUT rows_read bigint,
    OUT rows_written bigint, OUT jobs_done bigint, OUT started timestamptz)
  RETURNS SETOF record LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'olap_compaction_progress';
COMMENT ON FUNCTION olap._compaction_progress IS 'internal: the running compactions of this database, from shared memory';

CREATE VIEW olap.compaction_progress AS
SELECT p.pid, p."table", p.phase, p.segments, p.delta_pages, p.rows_total, p.rows_read, p.rows_written,
       p.jobs_done, p.started
FROM olap._compaction_progress() p;
COMMENT ON VIEW olap.compaction_progress IS 'how far each compaction is that runs now in this database, of tables that one may read';
GRANT SELECT ON olap.compaction_progress TO PUBLIC;

-------------------------------------------------------------------------------
-- statistics and verification
-------------------------------------------------------------------------------

CREATE FUNCTION olap.verify("table" regclass, indexes boolean DEFAULT true)
  RETURNS TABLE (segment bigint, fault text, detail text)
  LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_verify';
COMMENT ON FUNCTION olap.verify IS 'read all of a table''s storage and compare its indexes with it; one row for each fault found, none if all is sound';

CREATE FUNCTION olap.segments("table" regclass)
  RETURNS TABLE (id bigint, kind text, state text, rows bigint, blocks bigint, bytes bigint,
                 time_min text, time_max text)
  LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_segments';
COMMENT ON FUNCTION olap.segments IS 'the segments and delta runs that a table consists of';

CREATE FUNCTION olap.column_stats("table" regclass, per_segment boolean DEFAULT false)
  RETURNS TABLE ("column" text, segment bigint, encodings text, rows bigint, nulls bigint,
                 distinct_values bigint, raw_bytes bigint, stored_bytes bigint, min text, max text)
  LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_column_stats';
COMMENT ON FUNCTION olap.column_stats IS 'encodings, sizes, estimated distinct values and bounds of each column over the segments of a table, or of each';

CREATE FUNCTION olap.index_stats("table" regclass)
  RETURNS TABLE ("column" text, kind text, wanted boolean, segments bigint, lacking bigint,
                 built bigint, bytes bigint, not_built text)
  LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'olap_index_stats';
COMMENT ON FUNCTION olap.index_stats IS
  'sketches of a table''s columns: segments that have them and that lack them, sizes, and why some were not built';
