-- Artists of the catalogue, each under the name that most of their songs carry.
CREATE TABLE IF NOT EXISTS artists (
    artist_id VARCHAR(32)      NOT NULL,  -- [from stg_songs.artist_id] the artist
    name      VARCHAR(512),               -- the name most of their songs credit
    location  VARCHAR(512),               -- [from stg_songs.artist_location, normalized] where they come from; null if unknown
    latitude  DOUBLE PRECISION,           -- [from stg_songs.artist_latitude] degrees north
    longitude DOUBLE PRECISION,           -- [from stg_songs.artist_longitude] degrees east
    PRIMARY KEY (artist_id)
)
DISTSTYLE KEY
DISTKEY (artist_id)
SORTKEY (artist_id);
