-- Song metadata as it was delivered: every good record, typed, its text untouched. Appended to, never updated.
CREATE TABLE IF NOT EXISTS stg_songs (
    run_id           INTEGER          NOT NULL,  -- the run that loaded the record
    file_id          INTEGER,                    -- the file it came from; null where a plain COPY brought it
    record           INTEGER,                    -- the line its object starts on, counted from 1
    artist_id        VARCHAR(32)      NOT NULL,  -- [unpadded] the artist
    artist_latitude  DOUBLE PRECISION,           -- degrees north
    artist_location  VARCHAR(512),               -- where the artist comes from; empty if unknown
    artist_longitude DOUBLE PRECISION,           -- degrees east
    artist_name      VARCHAR(512),               -- the name credited on this song
    duration         DOUBLE PRECISION,           -- [0 to 86_400] length in seconds
    num_songs        INTEGER,                    -- always 1
    song_id          VARCHAR(32)      NOT NULL,  -- [unpadded] the song
    title            VARCHAR(1024)    NOT NULL,  -- its title
    year             INTEGER,                    -- [0 to 9_999] year of release; 0 if unknown
    extra            VARCHAR(65535)              -- JSON: keys that no column takes, values that do not fit; else null
)
DISTSTYLE EVEN
SORTKEY (run_id);
