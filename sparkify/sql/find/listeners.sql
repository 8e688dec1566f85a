-- Listeners of a number, or where names may be shown with a text in theirs; `found` is how many there are.
SELECT
    u.user_id,
    u.first_name,
    u.last_name,
    COALESCE(played.plays, 0) AS plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT user_id, first_name, last_name, COALESCE(first_name, '') || ' ' || COALESCE(last_name, '') AS name
    FROM users
) AS u
LEFT JOIN (
    SELECT p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY p.user_id
) AS played ON played.user_id = u.user_id
WHERE
    CAST(u.user_id AS VARCHAR(20)) = :text
    OR (
        :names = 1
        AND STRPOS(
            LOWER(
                CASE
                    WHEN OCTET_LENGTH(u.name) = LEN(u.name) THEN u.name
                    ELSE REPLACE(TRANSLATE(u.name, :accented, :plain), 'ß', 'ss')
                END
            ), :text
        ) > 0
    )
ORDER BY COALESCE(played.plays, 0) DESC, u.user_id
LIMIT :limit
