-- Text that is not its own normal form, or not plain ASCII: used wherever text enters the star, and for matching.
CREATE TABLE IF NOT EXISTS text_form (
    raw_text  VARCHAR(1024) NOT NULL,  -- as it is in staging
    raw_bytes INTEGER       NOT NULL,  -- its length: Redshift compares text without the blanks at its end
    normal    VARCHAR(1024) NOT NULL,  -- mojibake repaired, Unicode NFC, no blank of any kind at its ends
    folded    VARCHAR(4096) NOT NULL,  -- the normal form with its case folded: what names are compared by
    PRIMARY KEY (raw_text, raw_bytes)
)
DISTSTYLE ALL
SORTKEY (raw_text);
