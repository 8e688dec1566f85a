-- The catalogue: one row for each song.
CREATE TABLE IF NOT EXISTS songs (
    song_id     VARCHAR(32)      NOT NULL,  -- the song
    title       VARCHAR(1024)    NOT NULL,  -- its title
    artist_id   VARCHAR(32)      NOT NULL,  -- its artist
    artist_name VARCHAR(512),               -- the name credited on it, guests included
    year        SMALLINT,                   -- year of release; null if unknown
    duration    DOUBLE PRECISION,           -- length in seconds
    PRIMARY KEY (song_id),
    FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
)
DISTSTYLE KEY
DISTKEY (song_id)
SORTKEY (song_id);
