-- Each moment at which a play began, taken apart. A copy on every node: small, and every question may want it.
CREATE TABLE IF NOT EXISTS time (
    start_time TIMESTAMP NOT NULL,  -- the moment (UTC)
    hour       SMALLINT  NOT NULL,  -- 0 to 23
    day        SMALLINT  NOT NULL,  -- day of the month
    week       SMALLINT  NOT NULL,  -- ISO week: of the year in iso_year
    month      SMALLINT  NOT NULL,  -- 1 to 12
    year       SMALLINT  NOT NULL,  -- the calendar year
    weekday    SMALLINT  NOT NULL,  -- 0 is Sunday
    iso_year   SMALLINT,            -- the year that the ISO week belongs to: 2018-12-31 is in week 1 of 2019
    PRIMARY KEY (start_time)
)
DISTSTYLE ALL
SORTKEY (start_time);
