-- Text that was encoded twice, and what it says: used wherever text enters the star.
CREATE TABLE IF NOT EXISTS text_repair (
    raw_text VARCHAR(1024) NOT NULL,  -- as it stands in staging
    repaired VARCHAR(1024) NOT NULL,  -- as it was meant
    PRIMARY KEY (raw_text)
)
DISTSTYLE ALL
SORTKEY (raw_text);
