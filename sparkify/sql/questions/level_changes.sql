-- Who went from free to paid or back, when, and after how many plays of theirs?
SELECT
    change.start_time AS first_play,
    change.user_id,
    change.level_before,
    change.level,
    change.plays_before
FROM (
    SELECT
        p.user_id,
        p.start_time,
        p.level,
        LAG(p.level) OVER (PARTITION BY p.user_id ORDER BY p.start_time, p.songplay_id) AS level_before,
        ROW_NUMBER() OVER (PARTITION BY p.user_id ORDER BY p.start_time, p.songplay_id) - 1 AS plays_before
    FROM songplay AS p
    WHERE p.user_id IN (
        SELECT user_id
        FROM songplay
        WHERE user_id IS NOT NULL
        GROUP BY user_id
        HAVING MIN(level) <> MAX(level)
    )
) AS change
WHERE
    change.level <> change.level_before
    AND change.start_time >= :since
    AND change.start_time < :until
ORDER BY change.start_time, change.user_id
LIMIT :limit
