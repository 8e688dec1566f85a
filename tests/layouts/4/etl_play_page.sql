-- Pages of the app whose events are plays: [ETL] PLAY_PAGE as of the first load, or of the latest rebuild.
CREATE TABLE IF NOT EXISTS etl_play_page (
    page VARCHAR(64) NOT NULL  -- NextSong, unless configured otherwise
)
DISTSTYLE ALL;
