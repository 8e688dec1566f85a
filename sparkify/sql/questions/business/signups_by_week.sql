-- How many listeners register each week, and how many of them play within seven days? (weeks from Monday, UTC)
-- Only who ever did anything in the log is known: of weeks before it begins, those who still came, and near its end those
-- who came soon. A week counts as whole if the log holds seven days after each of its days; others are marked.
SELECT
    signup.week,
    signup.signups,
    CASE WHEN signup.week >= log.first_day THEN signup.playing END AS playing_within_seven_days,
    CASE
        WHEN DATEADD(day, 6, signup.week) < log.first_day THEN 'before'
        WHEN signup.week < log.first_day OR DATEADD(day, 13, signup.week) > log.last_day THEN 'in part'
        ELSE 'whole'
    END AS week_in_log
FROM (
    SELECT
        CAST(DATE_TRUNC('week', r.registered_at) AS DATE) AS week,
        COUNT(*) AS signups,
        COUNT(early.user_id) AS playing
    FROM registrations AS r
    LEFT JOIN (
        SELECT DISTINCT p.user_id
        FROM songplay AS p
        JOIN registrations AS q ON q.user_id = p.user_id
        WHERE p.start_time >= q.registered_at AND p.start_time < DATEADD(day, 7, q.registered_at)
    ) AS early ON early.user_id = r.user_id
    WHERE r.registered_at >= :since AND r.registered_at < :until
    GROUP BY 1
) AS signup
CROSS JOIN (
    SELECT CAST(MIN(start_time) AS DATE) AS first_day, CAST(MAX(start_time) AS DATE) AS last_day
    FROM time
) AS log
ORDER BY signup.week
