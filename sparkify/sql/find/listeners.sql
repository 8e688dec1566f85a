-- Listeners of a number, or where names may be shown with a text in theirs; `found` is how many there are.
SELECT
    u.user_id,
    u.first_name,
    u.last_name,
    played.plays,
    COUNT(*) OVER () AS found
FROM (
    SELECT p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL
    GROUP BY p.user_id
) AS played
JOIN users AS u ON u.user_id = played.user_id
WHERE
    CAST(u.user_id AS VARCHAR(20)) = :text
    OR (
        :names = 1
        AND STRPOS(
            LOWER(TRANSLATE(COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, ''), :accented, :plain)),
            :text
        ) > 0
    )
ORDER BY played.plays DESC, u.user_id
LIMIT :limit
