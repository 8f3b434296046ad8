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

-------------------------------------------------------------------------------
-- sketches and general functions (in the extension's schema)
-------------------------------------------------------------------------------

-------------------------------------------------------------------------------
-- kafka
-------------------------------------------------------------------------------

-------------------------------------------------------------------------------
-- pipelines
-------------------------------------------------------------------------------

-------------------------------------------------------------------------------
-- statistics and verification
-------------------------------------------------------------------------------
