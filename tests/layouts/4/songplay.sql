-- The fact table: one row for each song that somebody played. Spread by its own id, sorted as it is read: by session and time.
CREATE TABLE IF NOT EXISTS songplay (
    songplay_id     BIGINT           NOT NULL,  -- session_id * 1,000,000 + item_in_session; negative for further listeners of the two
    start_time      TIMESTAMP        NOT NULL,  -- [from stg_events.ts] when the play began (UTC)
    user_id         BIGINT,                     -- [from stg_events.user_id] who listened; null when logged out
    level           VARCHAR(16),                -- [from stg_events.level, trimmed] free or paid, at the moment of the play
    song_id         VARCHAR(32),                -- the song of the catalogue; null if none matches
    artist_id       VARCHAR(32),                -- the artist of that song, or the only one with the reported name
    session_id      BIGINT           NOT NULL,  -- [from stg_events.session_id] one listener's visit
    item_in_session INTEGER          NOT NULL,  -- [from stg_events.item_in_session] position in the session, from 0
    location        VARCHAR(256),               -- [from stg_events.location, normalized] where the listener was: city and state
    user_agent      VARCHAR(512),               -- [from stg_events.user_agent, unquoted] the listener's browser, without quotes and blanks around
    title           VARCHAR(1024),              -- [from stg_events.song, normalized] title as the app reported it, in normal form
    artist_name     VARCHAR(512),               -- [from stg_events.artist, normalized] artist as the app reported it, in normal form
    length          DOUBLE PRECISION,           -- [from stg_events.length] length in seconds, as the app reported it
    PRIMARY KEY (songplay_id),
    FOREIGN KEY (start_time) REFERENCES time (start_time),
    FOREIGN KEY (user_id) REFERENCES users (user_id),
    FOREIGN KEY (song_id) REFERENCES songs (song_id),
    FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
)
DISTSTYLE KEY
DISTKEY (songplay_id)
SORTKEY (session_id, start_time);
