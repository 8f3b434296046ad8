-- One query a line, valid in PostgreSQL and DuckDB; "-- NAME: what" names the next.
-- B01 count: all events
SELECT count(*) FROM events;
-- B02 span: oldest and newest event
SELECT min(ts), max(ts) FROM events;
-- B03 last_day: spend of the last day
SELECT count(*), sum(cost) FROM events WHERE ts >= '2026-01-30 00:00:00';
-- B04 last_hour: events by type, last hour
SELECT event_type, count(*), sum(cost), count(DISTINCT user_id) FROM events WHERE ts >= '2026-01-30 23:00:00' GROUP BY event_type ORDER BY event_type;
-- B05 minutes: a series of minutes, last 3 hours
SELECT date_trunc('minute', ts) AS m, count(*), sum(cost) FROM events WHERE ts >= '2026-01-30 21:00:00' GROUP BY 1 ORDER BY 1;
-- B06 hours: a series of hours by type, 7 days
SELECT date_trunc('hour', ts) AS h, event_type, count(*), sum(latency_ms) FROM events WHERE ts >= '2026-01-24 00:00:00' GROUP BY 1, 2 ORDER BY 1, 2;
-- B07 countries: top 20 countries, 30 days
SELECT country, count(*) AS n, sum(cost) FROM events GROUP BY country ORDER BY n DESC, country LIMIT 20;
-- B08 campaigns: top 10 campaigns by spend, 30 days
SELECT campaign_id, sum(cost) AS spend, count(*) FROM events GROUP BY campaign_id ORDER BY spend DESC, campaign_id LIMIT 10;
-- B09 user: one user's last events
SELECT ts, event_type, campaign_id, url FROM events WHERE user_id = 100007919 ORDER BY ts DESC, campaign_id LIMIT 50;
-- B10 campaign: one campaign by day
SELECT date_trunc('day', ts) AS d, count(*), sum(cost) FROM events WHERE campaign_id = 1370 GROUP BY 1 ORDER BY 1;
-- B11 filters: AND, OR, IN and LIKE over 7 days
SELECT publisher_id, count(*) AS n FROM events WHERE ts >= '2026-01-24 00:00:00' AND country IN ('BB', 'CC', 'DD') AND device_type LIKE 'phone/%' AND (event_type = 'click' OR revenue > 0) GROUP BY publisher_id ORDER BY n DESC, publisher_id LIMIT 20;
-- B12 join: spend by vertical, 7 days
SELECT c.vertical, c.bid_type, count(*), sum(e.cost) FROM events e JOIN campaigns c ON c.campaign_id = e.campaign_id WHERE e.ts >= '2026-01-24 00:00:00' AND c.is_active GROUP BY 1, 2 ORDER BY 1, 2;
-- B13 substring: text search in all URLs
SELECT count(*) FROM events WHERE url LIKE '%/checkout/%' AND referrer LIKE '%term12%';
-- B14 sums: sums over everything
SELECT sum(cost), avg(latency_ms), max(latency_ms), count(*) FILTER (WHERE is_click) FROM events;
-- B15 rare: slow purchases of one country, newest 20
SELECT ts, user_id, campaign_id, latency_ms FROM events WHERE country = 'KK' AND event_type = 'purchase' AND latency_ms > 100 ORDER BY ts DESC, user_id LIMIT 20;
-- B16 latest: newest 100 events
SELECT ts, event_type, user_id FROM events ORDER BY ts DESC, user_id LIMIT 100;
