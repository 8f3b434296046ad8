-- One query a line, valid in PostgreSQL and DuckDB; "-- NAME: what" names the next.
-- C01 adv: hits that an advertisement brought
SELECT count(*) FROM hits WHERE adv_engine_id <> 0;
-- C02 sums: sums and averages over everything
SELECT sum(adv_engine_id), count(*), avg(screen_width), sum(timing_01), max(timing_15) FROM hits;
-- C03 visitors: exact distinct visitors
SELECT count(DISTINCT user_id) FROM hits;
-- C04 phrases: exact distinct search phrases
SELECT count(DISTINCT search_phrase) FROM hits;
-- C05 engines: hits by advertisement engine
SELECT adv_engine_id, count(*) FROM hits WHERE adv_engine_id <> 0 GROUP BY adv_engine_id ORDER BY count(*) DESC, adv_engine_id;
-- C06 regions: visitors of the largest regions
SELECT region_id, count(DISTINCT user_id) AS u, count(*), avg(session_depth) FROM hits GROUP BY region_id ORDER BY u DESC, region_id LIMIT 10;
-- C07 phones: visitors by phone model
SELECT phone_model, count(DISTINCT user_id) AS u FROM hits WHERE phone_model <> '' GROUP BY phone_model ORDER BY u DESC, phone_model LIMIT 10;
-- C08 top_phrases: most frequent phrases
SELECT search_phrase, count(*) AS c FROM hits WHERE search_phrase <> '' GROUP BY search_phrase ORDER BY c DESC, search_phrase LIMIT 10;
-- C09 engine_phrase: phrases by search engine
SELECT search_engine_id, search_phrase, count(*) AS c FROM hits WHERE search_phrase <> '' GROUP BY search_engine_id, search_phrase ORDER BY c DESC, search_engine_id, search_phrase LIMIT 10;
-- C10 top_users: most active visitors
SELECT user_id, count(*) AS c FROM hits GROUP BY user_id ORDER BY c DESC, user_id LIMIT 10;
-- C11 user_phrase: groups of two wide keys
SELECT user_id, search_phrase, count(*) AS c FROM hits GROUP BY user_id, search_phrase ORDER BY c DESC, user_id, search_phrase LIMIT 10;
-- C12 user_minute: three keys, one of them an expression
SELECT user_id, extract(minute FROM event_time) AS m, search_phrase, count(*) AS c FROM hits GROUP BY user_id, m, search_phrase ORDER BY c DESC, user_id, m, search_phrase LIMIT 10;
-- C13 one_user: hits of one visitor
SELECT event_time, url FROM hits WHERE user_id = 4000007919 ORDER BY event_time, url LIMIT 50;
-- C14 url_like: substring of all URLs
SELECT count(*) FROM hits WHERE url LIKE '%cart/42%';
-- C15 phrase_like: phrases on pages whose URL has a word
SELECT search_phrase, min(url), count(*) AS c FROM hits WHERE url LIKE '%/blog/%' AND search_phrase <> '' GROUP BY search_phrase ORDER BY c DESC, search_phrase LIMIT 10;
-- C16 title_like: titles with, URLs without
SELECT search_phrase, min(url), min(title), count(*) AS c, count(DISTINCT user_id) FROM hits WHERE title LIKE '%prices%' AND url NOT LIKE '%utm=%' AND search_phrase <> '' GROUP BY search_phrase ORDER BY c DESC, search_phrase LIMIT 10;
-- C17 wide_row: first rows with a word, every column
SELECT * FROM hits WHERE url LIKE '%help/77%' ORDER BY event_time, watch_id LIMIT 10;
-- C18 referers: average length by host
SELECT counter_id, avg(length(url)) AS l, count(*) AS c, min(referer) FROM hits WHERE referer <> '' GROUP BY counter_id HAVING count(*) > 1000 ORDER BY l DESC, counter_id LIMIT 25;
-- C19 many_sums: sums over many columns
SELECT sum(timing_01), sum(timing_02), sum(timing_03), sum(timing_04), sum(timing_05), sum(timing_06), sum(timing_07), sum(timing_08), sum(timing_09), sum(timing_10), sum(code_01), sum(code_04), sum(code_08), sum(param_01), sum(param_04) FROM hits;
-- C20 ip_groups: high cardinality, four expressions of one column
SELECT client_ip, client_ip - 1 AS a, client_ip - 2 AS b, client_ip - 3 AS d, count(*) AS c FROM hits GROUP BY client_ip, a, b, d ORDER BY c DESC, client_ip LIMIT 10;
-- C21 urls: most frequent URLs
SELECT url, count(*) AS c FROM hits GROUP BY url ORDER BY c DESC, url LIMIT 10;
-- C22 shop_pages: pages of one shop in two weeks
SELECT title, count(*) AS views FROM hits WHERE counter_id = 12 AND event_date >= '2026-01-15' AND event_date <= '2026-01-29' AND NOT is_refresh AND title <> '' GROUP BY title ORDER BY views DESC, title LIMIT 10;
-- C23 sources: a CASE in the group key
SELECT traffic_source, search_engine_id, CASE WHEN search_engine_id = 0 AND adv_engine_id = 0 THEN referer ELSE '' END AS src, count(*) AS views FROM hits WHERE counter_id = 3 GROUP BY traffic_source, search_engine_id, src ORDER BY views DESC, traffic_source, search_engine_id, src LIMIT 10;
-- C24 tags: four tags of mobile visitors, no bots
SELECT tag_01, tag_02, tag_03, tag_07, count(*) AS c, avg(score_01::numeric(12,3)) AS s FROM hits WHERE is_mobile AND NOT is_bot GROUP BY tag_01, tag_02, tag_03, tag_07 ORDER BY c DESC, tag_01, tag_02, tag_03, tag_07 LIMIT 20;
-- C25 orders: turnover by currency and day
SELECT currency, date_trunc('day', event_time) AS d, count(order_id), sum(price), sum(price * quantity) FROM hits WHERE price IS NOT NULL GROUP BY currency, d ORDER BY currency, d;
-- C26 minutes: a series of one shop by minute
SELECT date_trunc('minute', event_time) AS m, count(*) FROM hits WHERE counter_id = 5 AND event_time >= '2026-01-28 00:00:00' AND event_time < '2026-01-30 00:00:00' AND NOT is_refresh GROUP BY m ORDER BY m LIMIT 10 OFFSET 1000;
-- C27 comments: rare long texts by word
SELECT count(*), count(DISTINCT user_id) FROM hits WHERE comment LIKE '%broken%';
-- C28 windows: an odd filter on two numbers and three flags
SELECT window_width, window_height, count(*) AS c FROM hits WHERE flag_03 AND NOT flag_05 AND flag_08 AND param_02 IN (1, 2, 3) GROUP BY window_width, window_height ORDER BY c DESC, window_width, window_height LIMIT 10;
