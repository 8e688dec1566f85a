-- Text beyond plain ASCII in its normal form: used wherever text enters the star, and for matching.
CREATE TABLE IF NOT EXISTS text_form (
    raw_text VARCHAR(1024) NOT NULL,  -- as it stands in staging, without spaces at its ends
    normal   VARCHAR(1024) NOT NULL,  -- mojibake repaired, Unicode NFC, no blank of any kind at its ends
    folded   VARCHAR(4096) NOT NULL,  -- the normal form with its case folded: what names are compared by
    PRIMARY KEY (raw_text)
)
DISTSTYLE ALL
SORTKEY (raw_text);
