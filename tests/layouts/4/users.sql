-- Listeners, as their latest event shows them. Spread by user_id: it is even, and it is what plays join on.
CREATE TABLE IF NOT EXISTS users (
    user_id              BIGINT       NOT NULL,  -- [from stg_events.user_id] the listener
    first_name           VARCHAR(128),           -- [from stg_events.first_name, normalized] first name
    last_name            VARCHAR(128),           -- [from stg_events.last_name, normalized] last name
    gender               VARCHAR(8),             -- [from stg_events.gender, trimmed] F or M
    level                VARCHAR(16),            -- [from stg_events.level, trimmed] free or paid, as of the latest event
    last_ts              TIMESTAMP    NOT NULL,  -- [from stg_events.ts] when the latest event was (UTC)
    last_session_id      BIGINT       NOT NULL,  -- [from stg_events.session_id] the session of the latest event
    last_item_in_session INTEGER      NOT NULL,  -- [from stg_events.item_in_session] the position of the latest event in its session
    PRIMARY KEY (user_id)
)
DISTSTYLE KEY
DISTKEY (user_id)
SORTKEY (user_id);
