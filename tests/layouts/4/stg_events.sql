-- Listening events as the app wrote them: every good record, typed, its text untouched. Appended to, never updated.
CREATE TABLE IF NOT EXISTS stg_events (
    run_id          INTEGER          NOT NULL,  -- the run that loaded the record
    file_id         INTEGER,                    -- the file it came from; null where a plain COPY brought it
    record          INTEGER,                    -- its line in that file, counted from 1
    artist          VARCHAR(512),               -- [public] artist of the song, as the app reports it
    auth            VARCHAR(32),                -- Logged In or Logged Out
    first_name      VARCHAR(128),               -- null when logged out
    gender          VARCHAR(8),                 -- F or M; null when logged out
    item_in_session INTEGER          NOT NULL,  -- [public, 0 to 999_999] position of the event in its session, from 0
    last_name       VARCHAR(128),               -- null when logged out
    length          DOUBLE PRECISION,           -- [public, 0 to 86_400] length of the song in seconds
    level           VARCHAR(16),                -- [public] free or paid, at the moment of the event
    location        VARCHAR(256),               -- where the listener is: city and state
    method          VARCHAR(16),                -- [public] HTTP method
    page            VARCHAR(64)      NOT NULL,  -- [public, unpadded] the app's page; those in etl_play_page are plays
    registration    DOUBLE PRECISION,           -- when the listener registered, ms since 1970 (UTC)
    session_id      BIGINT           NOT NULL,  -- [public, 0 to 9_000_000_000_000] one listener's visit
    song            VARCHAR(1024),              -- [public] title of the song, as the app reports it
    status          INTEGER,                    -- [public] HTTP status
    ts              TIMESTAMP        NOT NULL,  -- [public] when it happened (UTC)
    user_agent      VARCHAR(512),               -- the listener's browser, quoted as the app wrote it
    user_id         BIGINT,                     -- [strict] the listener; null when logged out
    extra           VARCHAR(65535)              -- JSON: keys that no column takes, values that do not fit; else null
)
DISTSTYLE EVEN
SORTKEY (run_id, ts);
