-- States of a code, or of one of `codes`, which stand between bars; `found` is how many there are.
SELECT
    played.state,
    played.plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT SPLIT_PART(SPLIT_PART(p.location, ', ', 2), '-', 1) AS state, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY 1
) AS played
WHERE
    played.state <> ''
    AND (LOWER(played.state) = :text OR STRPOS(:codes, '|' || played.state || '|') > 0)
ORDER BY played.plays DESC, played.state
LIMIT :limit
