-- test/include/heap_twin.sql: what tests share that compare olap tables with a
-- heap table of the same rows. A query names its table T or TAB. Read it in by
--
--     \set ECHO none
--     \i test/include/heap_twin.sql
--
-- (it puts ECHO back) and drop what it makes at the end of the test:
--
--     DROP FUNCTION twin_query, twin_rows, twin_answer, twin_differ, twin_agg, twin_said;

CREATE FUNCTION twin_query(query text, tab text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT regexp_replace(query, '\mT(AB)?\M', tab, 'g')
$$;

-- The rows of a query in an order that is the same for both; NULL: none.
CREATE FUNCTION twin_rows(query text, tab text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	result text[];
BEGIN
	EXECUTE 'SELECT array_agg(r::text ORDER BY r::text) FROM ('
		|| twin_query(query, tab) || ') r' INTO result;
	RETURN result;
END $$;

-- The same, and an error is an answer: its SQLSTATE and message.
CREATE FUNCTION twin_answer(query text, tab text) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
	RETURN twin_rows(query, tab);
EXCEPTION WHEN OTHERS THEN
	RETURN ARRAY[SQLSTATE || ' ' || SQLERRM];
END $$;

-- NULL if the two answers are one; else what to print.
CREATE FUNCTION twin_differ(got anyelement, want anyelement) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT format('WRONG: %s, heap has %s', left(got::text, 500), left(want::text, 500)) WHERE got IS DISTINCT FROM want
$$;

-- What EXPLAIN (ANALYZE) says of the first OlapAgg of a query; NULL: there is none.
CREATE FUNCTION twin_agg(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON, TIMING off, SUMMARY off) ' || query INTO plan;
	RETURN jsonb_path_query_first(plan, '$.** ? (@."Custom Plan Provider" == "OlapAgg")');
END $$;

-- The lines of EXPLAIN (ANALYZE, and the options given) that match.
CREATE FUNCTION twin_said(query text, pattern text, options text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF' || options || ') ' || query LOOP
		CONTINUE WHEN line !~ pattern;
		RETURN NEXT trim(line);
	END LOOP;
END $$;
\set ECHO all
