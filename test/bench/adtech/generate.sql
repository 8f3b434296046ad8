-- Ad-tech events for the bench, made by DuckDB: every value is a function of the
-- row number, so the same number of rows gives the same data.
--
--   SET VARIABLE rows = N;     before this file
--
-- 30 days up to 2026-01-31 00:00 UTC, nearly in time order (up to 5 s late, one
-- row in 200 up to 10 min late), Zipf-like campaigns, publishers, countries,
-- devices and URLs, quadratic skew of users, 40 % of referrers and 15 % of
-- application versions missing, one session a user and half hour.

CREATE OR REPLACE MACRO r(i, salt) AS
  (hash(hash(i) + salt * 7919) >> 11)::DOUBLE / 9007199254740992.0;
CREATE OR REPLACE MACRO skewed(n, x) AS least(floor(pow(n + 1, x))::INTEGER, n);

CREATE OR REPLACE TABLE campaigns AS
SELECT c::INTEGER                                       AS campaign_id,
       'campaign ' || c                                 AS name,
       'vertical-' || skewed(20, r(c, 1))               AS vertical,
       ['cpm', 'cpc', 'cpa'][1 + floor(3 * r(c, 2))::INT] AS bid_type,
       r(c, 3) < 0.7                                    AS is_active
FROM range(1, 50001) t(c);

CREATE OR REPLACE TABLE events AS
WITH raw AS (
  SELECT i,
         TIMESTAMP '2026-01-01' + to_microseconds(
           (2592000e6 * i / getvariable('rows'))::BIGINT)            AS due,
         r(i, 11) AS late, r(i, 12) AS share,
         skewed(50000, r(i, 13))                                     AS campaign,
         skewed(5000, r(i, 14))                                      AS publisher,
         skewed(200, r(i, 15))                                       AS country,
         skewed(50, r(i, 16))                                        AS device,
         floor(10000000 * pow(r(i, 17), 2))::BIGINT                  AS person,
         r(i, 18) AS kind, r(i, 19) AS money, skewed(20, r(i, 20)) AS article,
         r(i, 21) AS ref, r(i, 22) AS ver, r(i, 23) AS slow, r(i, 24) AS creative
  FROM range(getvariable('rows')::BIGINT) t(i)
), named AS (
  SELECT *, CASE WHEN kind < 0.8 THEN 'impression' WHEN kind < 0.955 THEN 'viewable'
                 WHEN kind < 0.985 THEN 'click' WHEN kind < 0.995 THEN 'install'
                 ELSE 'purchase' END                                  AS event
  FROM raw
)
SELECT greatest(due - to_microseconds((CASE WHEN late < 0.005 THEN 600e6 ELSE 5e6 END * share)::BIGINT),
                TIMESTAMP '2026-01-01')                               AS ts,
       campaign                                                       AS campaign_id,
       chr(65 + (country % 26)) || chr(65 + (country // 26 + country) % 26) AS country,
       ['phone', 'tablet', 'desktop', 'tv', 'console'][1 + device % 5] || '/os' || (device // 5) AS device_type,
       event                                                          AS event_type,
       100000000 + (person * 7919) % 10000019                         AS user_id,
       campaign * 10 + skewed(9, creative)                            AS creative_id,
       publisher                                                      AS publisher_id,
       CASE event WHEN 'impression' THEN 0.0002 + 0.004 * pow(money, 3)
                  WHEN 'click' THEN 0.05 + 0.6 * pow(money, 2) ELSE 0 END::DECIMAL(12,6) AS cost,
       CASE event WHEN 'purchase' THEN round(5 + 200 * pow(money, 4), 2)
                  WHEN 'install' THEN round(1 + 2 * money, 2) ELSE 0 END::DOUBLE AS revenue,
       least(1 + floor(20 / (1.002 - slow)), 5000)::INTEGER           AS latency_ms,
       event = 'click'                                                AS is_click,
       (format('{:016x}', hash(person, epoch(due)::BIGINT // 1800)) ||
        format('{:016x}', hash(hash(person, epoch(due)::BIGINT // 1800))))::UUID AS session_id,
       'https://www.site' || publisher || '.example/' ||
         ['news', 'sports', 'games', 'travel', 'video', 'checkout'][1 + (publisher + article) % 6] ||
         '/article-' || (publisher * 20 + article)                    AS url,
       CASE WHEN ref < 0.4 THEN NULL
            WHEN ref < 0.7 THEN 'https://search.example/?q=term' || skewed(20000, r(i, 25))
            ELSE 'https://social.example/feed/' || skewed(200, r(i, 25)) END AS referrer,
       CASE WHEN ver < 0.15 THEN NULL
            ELSE '8.' || (40 - skewed(40, r(i, 26))) || '.' || (i % 3) END AS app_version
FROM named;
