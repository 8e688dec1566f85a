-- States of a code, or of one of `codes`, which stand between bars: what is looked for is their name then.
SELECT
    played.state,
    played.plays,
    CASE
        WHEN LOWER(played.state) = :text OR STRPOS(:codes, '|' || played.state || '|') > 0
            THEN CAST(:text AS VARCHAR(1024))
    END AS name
FROM (
    SELECT SPLIT_PART(SPLIT_PART(p.location, ', ', 2), '-', 1) AS state, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY 1
) AS played
WHERE played.state <> ''
