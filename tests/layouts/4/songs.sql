-- The catalogue: one row for each song.
CREATE TABLE IF NOT EXISTS songs (
    song_id     VARCHAR(32)      NOT NULL,  -- [from stg_songs.song_id] the song
    title       VARCHAR(1024)    NOT NULL,  -- [from stg_songs.title, normalized] its title
    artist_id   VARCHAR(32)      NOT NULL,  -- [from stg_songs.artist_id] its artist
    artist_name VARCHAR(512),               -- [from stg_songs.artist_name, normalized] the name credited on it, guests included
    year        SMALLINT,                   -- [from stg_songs.year, nonzero] year of release; null if unknown
    duration    DOUBLE PRECISION,           -- [from stg_songs.duration] length in seconds
    PRIMARY KEY (song_id),
    FOREIGN KEY (artist_id) REFERENCES artists (artist_id)
)
DISTSTYLE KEY
DISTKEY (song_id)
SORTKEY (song_id);
