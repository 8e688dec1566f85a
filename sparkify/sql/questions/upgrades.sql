-- Who went from free to paid, when, and after how many plays? Plays without a level are left out.
SELECT
    change.user_id,
    u.first_name,
    u.last_name,
    change.start_time AS first_paid_play,
    change.plays_before
FROM (
    SELECT
        p.user_id,
        p.start_time,
        p.level,
        LAG(p.level) OVER (PARTITION BY p.user_id ORDER BY p.start_time, p.songplay_id) AS level_before,
        ROW_NUMBER() OVER (PARTITION BY p.user_id ORDER BY p.start_time, p.songplay_id) - 1 AS plays_before
    FROM songplay AS p
    WHERE p.level IS NOT NULL AND p.user_id IN (
        SELECT user_id
        FROM songplay
        WHERE user_id IS NOT NULL
        GROUP BY user_id
        HAVING MIN(level) <> MAX(level)
    )
) AS change
JOIN users AS u ON u.user_id = change.user_id
WHERE
    change.level = 'paid'
    AND change.level_before = 'free'
    AND change.start_time >= :since
    AND change.start_time < :until
ORDER BY change.start_time, change.user_id
LIMIT :limit
