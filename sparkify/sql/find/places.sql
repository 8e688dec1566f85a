-- Places with a text in their name, those with the most plays first; `found` is how many there are.
SELECT
    played.location,
    NULLIF(SPLIT_PART(SPLIT_PART(played.location, ', ', 2), '-', 1), '') AS state,
    played.plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT p.location, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY p.location
) AS played
WHERE
    STRPOS(
        LOWER(
            CASE
                WHEN OCTET_LENGTH(played.location) = LEN(played.location) THEN played.location
                ELSE REPLACE(TRANSLATE(played.location, :accented, :plain), 'ß', 'ss')
            END
        ), :text
    ) > 0
ORDER BY played.plays DESC, played.location
LIMIT :limit
