-- :storage is the access method, :options its WITH clause (or nothing).
CREATE TABLE campaigns (
    campaign_id integer PRIMARY KEY,
    name        text NOT NULL,
    vertical    text NOT NULL,
    bid_type    text NOT NULL,
    is_active   boolean NOT NULL
);
CREATE TABLE events (
    ts           timestamptz      NOT NULL,
    campaign_id  integer          NOT NULL,
    country      text             NOT NULL,
    device_type  text             NOT NULL,
    event_type   text             NOT NULL,
    user_id      bigint           NOT NULL,
    creative_id  integer          NOT NULL,
    publisher_id integer          NOT NULL,
    cost         numeric(12,6)    NOT NULL,
    revenue      double precision NOT NULL,
    latency_ms   integer          NOT NULL,
    is_click     boolean          NOT NULL,
    session_id   uuid             NOT NULL,
    url          text             NOT NULL,
    referrer     text,
    app_version  text
) USING :storage :options;
