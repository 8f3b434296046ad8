-- Queries of many dashboards at once, for clients.mjs: valid as they stand in PostgreSQL and
-- DuckDB, one a line; "-- NAME: what" names the next. :day and :campaign are
-- drawn anew for each.
-- tiles: one hour by type, with distinct users
SELECT event_type, count(*) AS n, sum(cost) AS spend, sum(revenue) AS revenue, count(DISTINCT user_id) AS users FROM events WHERE ts >= '2026-01-:day' AND ts < '2026-01-:day 01:00' GROUP BY event_type ORDER BY event_type;
-- minutes: a series of three hours
SELECT date_trunc('minute', ts) AS m, count(*) AS n, sum(cost) AS spend, count(*) FILTER (WHERE is_click) AS clicks FROM events WHERE ts >= '2026-01-:day 18:00' AND ts < '2026-01-:day 21:00' GROUP BY 1 ORDER BY 1;
-- hours: a day by hour and type
SELECT date_trunc('hour', ts) AS h, event_type, count(*) AS n, sum(revenue) AS revenue FROM events WHERE ts >= '2026-01-:day' AND ts < '2026-01-:day 23:59' GROUP BY 1, 2 ORDER BY 1, 2;
-- countries: top 20 of a day
SELECT country, count(*) AS n, sum(cost) AS spend FROM events WHERE ts >= '2026-01-:day' AND ts < '2026-01-:day 23:59' GROUP BY country ORDER BY n DESC, country LIMIT 20;
-- campaign: one campaign by day
SELECT date_trunc('day', ts) AS d, count(*) AS n, sum(cost) AS spend, avg(latency_ms) AS lat FROM events WHERE campaign_id = :campaign GROUP BY 1 ORDER BY 1;
-- filters: AND, OR and LIKE over some days, top publishers
SELECT publisher_id, count(*) AS n, sum(revenue) AS revenue FROM events WHERE ts >= '2026-01-:day' AND device_type LIKE 'phone/%' AND (event_type = 'click' OR revenue > 0) AND url LIKE '%/sports/%' GROUP BY publisher_id ORDER BY n DESC, publisher_id LIMIT 20;
-- urls: top 20 of half a day
SELECT url, count(*) AS n, avg(latency_ms) AS lat FROM events WHERE ts >= '2026-01-:day' AND ts < '2026-01-:day 12:00' GROUP BY url ORDER BY n DESC, url LIMIT 20;
-- latest: newest 50 events
SELECT ts, event_type, campaign_id, country, url FROM events ORDER BY ts DESC LIMIT 50;
