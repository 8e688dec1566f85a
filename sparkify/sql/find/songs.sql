-- Songs with a text in their title, the most played first; `found` is how many there are.
SELECT
    played.title,
    played.artist,
    played.plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT p.title, p.artist_name AS artist, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY p.title, p.artist_name
) AS played
WHERE
    STRPOS(
        LOWER(
            CASE
                WHEN OCTET_LENGTH(played.title) = LEN(played.title) THEN played.title
                ELSE REPLACE(TRANSLATE(played.title, :accented, :plain), 'ß', 'ss')
            END
        ), :text
    ) > 0
ORDER BY played.plays DESC, played.title, played.artist
LIMIT :limit
