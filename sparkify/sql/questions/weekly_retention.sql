-- Of the listeners who first played in a week, how many play again in the weeks after? (weeks from Monday, UTC)
WITH
active AS (
    SELECT
        p.user_id,
        CAST(DATE_TRUNC('week', p.start_time) AS DATE) AS week,
        MIN(p.start_time) AS first_play
    FROM songplay AS p
    WHERE p.user_id IS NOT NULL AND (:level IS NULL OR p.level = :level)
    GROUP BY 1, 2
),
newcomer AS (
    SELECT user_id, MIN(week) AS first_week, MIN(first_play) AS first_play
    FROM active
    GROUP BY user_id
)
SELECT
    newcomer.first_week,
    DATEDIFF(day, newcomer.first_week, active.week) / 7 AS weeks_later,
    COUNT(*) AS listeners
FROM active
JOIN newcomer ON newcomer.user_id = active.user_id
WHERE newcomer.first_play >= :since AND newcomer.first_play < :until
GROUP BY 1, 2
ORDER BY newcomer.first_week, weeks_later
