-- The fact: one row for each song that somebody played. Spread by its own id, sorted as it is read: by session and time.
CREATE TABLE IF NOT EXISTS songplay (
    songplay_id     BIGINT           NOT NULL,  -- session_id * 1,000,000 + item_in_session; negative for further listeners of the two
    start_time      TIMESTAMP        NOT NULL,  -- when the play began (UTC)
    user_id         BIGINT,                     -- who listened; null when logged out
    level           VARCHAR(16),                -- free or paid, at the moment of the play
    song_id         VARCHAR(32),                -- the song of the catalogue; null if none matches
    artist_id       VARCHAR(32),                -- the artist of that song, or the only one with the reported name
    session_id      BIGINT           NOT NULL,  -- one listener's visit
    item_in_session INTEGER          NOT NULL,  -- position in the session, from 0
    location        VARCHAR(256),               -- where the listener was: city and state
    user_agent      VARCHAR(512),               -- the listener's browser, without the quotes around it
    title           VARCHAR(1024),              -- title as the app reported it, in normal form
    artist_name     VARCHAR(512),               -- artist as the app reported it, in normal form
    length          DOUBLE PRECISION,           -- length in seconds, as the app reported it
    PRIMARY KEY (songplay_id),
    FOREIGN KEY (start_time) REFERENCES time (start_time),
    FOREIGN KEY (user_id) REFERENCES users (user_id),
    FOREIGN KEY (song_id) REFERENCES songs (song_id),
    FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
)
DISTSTYLE KEY
DISTKEY (songplay_id)
SORTKEY (session_id, start_time);
