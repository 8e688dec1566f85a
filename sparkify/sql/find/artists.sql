-- Artists with a text in their name, the most played first; `found` is how many there are.
SELECT
    played.artist,
    played.plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT p.artist_name AS artist, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY p.artist_name
) AS played
WHERE
    STRPOS(
        LOWER(
            CASE
                WHEN OCTET_LENGTH(played.artist) = LEN(played.artist) THEN played.artist
                ELSE REPLACE(TRANSLATE(played.artist, :accented, :plain), 'ß', 'ss')
            END
        ), :text
    ) > 0
ORDER BY played.plays DESC, played.artist
LIMIT :limit
