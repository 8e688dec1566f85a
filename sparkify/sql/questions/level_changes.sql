-- Who went from free to paid or back, when, and after how many plays of theirs? Plays without a level are left out.
WITH
listener_day AS (
    SELECT
        p.user_id,
        CAST(p.start_time AS DATE) AS day,
        MIN(p.start_time) AS start_time,
        COUNT(*) AS plays,
        MIN(p.level) AS level,
        MAX(p.level) AS other_level
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL AND p.level IS NOT NULL
    GROUP BY 1, 2
),
-- A day at one level is looked at as one; the few days with a change, play by play.
stretch AS (
    SELECT user_id, start_time, 0 AS songplay_id, level, plays
    FROM listener_day
    WHERE level = other_level
    UNION ALL
    SELECT p.user_id, p.start_time, p.songplay_id, p.level, 1
    FROM listener_day AS mixed
    JOIN songplay AS p ON p.user_id = mixed.user_id AND CAST(p.start_time AS DATE) = mixed.day
    WHERE mixed.level <> mixed.other_level AND p.level IS NOT NULL
),
ordered AS (
    SELECT
        user_id,
        start_time,
        level,
        LAG(level) OVER (PARTITION BY user_id ORDER BY start_time, songplay_id) AS level_before,
        SUM(plays) OVER (
            PARTITION BY user_id ORDER BY start_time, songplay_id ROWS UNBOUNDED PRECEDING
        ) - plays AS plays_before
    FROM stretch
)
SELECT start_time AS first_play, user_id, level_before, level, plays_before
FROM ordered
WHERE
    level <> level_before
    AND start_time >= :since
    AND start_time < :until
ORDER BY start_time, user_id, plays_before
LIMIT :limit
