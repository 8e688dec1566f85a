-- Listeners of a number, which is their name then, or by their name where names may be shown.
SELECT
    u.user_id,
    u.first_name,
    u.last_name,
    COALESCE(played.plays, 0) AS plays,
    CASE
        WHEN CAST(u.user_id AS VARCHAR(20)) = :text THEN :text
        WHEN :names = 1 THEN COALESCE(u.first_name, '') || ' ' || COALESCE(u.last_name, '')
    END AS name
FROM users AS u
LEFT JOIN (
    SELECT p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    GROUP BY p.user_id
) AS played ON played.user_id = u.user_id
