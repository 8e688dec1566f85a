-- Of the free listeners of these days, how many open the Upgrade page, and how many of those submit the upgrade then?
-- Free is who did anything at the free level. A step counts at or after the first moment of the step before.
-- With the average number of days from registration to the first moment of the step, of who has both.
WITH
done AS (
    SELECT e.user_id, e.ts, e.page, e.level
    FROM events AS e
    WHERE e.user_id IS NOT NULL AND e.ts >= :since AND e.ts < :until
),
free_listener AS (
    SELECT user_id, MIN(ts) AS ts
    FROM done
    WHERE level = 'free'
    GROUP BY user_id
),
viewer AS (
    SELECT d.user_id, MIN(d.ts) AS ts
    FROM done AS d
    JOIN free_listener AS f ON f.user_id = d.user_id
    WHERE d.page = 'Upgrade' AND d.ts >= f.ts
    GROUP BY d.user_id
),
buyer AS (
    SELECT d.user_id, MIN(d.ts) AS ts
    FROM done AS d
    JOIN viewer AS v ON v.user_id = d.user_id
    WHERE d.page = 'Submit Upgrade' AND d.ts >= v.ts
    GROUP BY d.user_id
),
reached AS (
    SELECT 1 AS step, user_id, ts
    FROM free_listener
    UNION ALL
    SELECT 2, user_id, ts
    FROM viewer
    UNION ALL
    SELECT 3, user_id, ts
    FROM buyer
),
counted AS (
    SELECT
        named.step,
        named.reached,
        COUNT(r.user_id) AS listeners,
        SUM(DATEDIFF(day, CAST(g.registered_at AS DATE), CAST(r.ts AS DATE))) AS days,
        COUNT(g.registered_at) AS known
    FROM (
        SELECT 1 AS step, 'free listener' AS reached
        UNION ALL
        SELECT 2, 'opened Upgrade'
        UNION ALL
        SELECT 3, 'submitted the upgrade'
    ) AS named
    LEFT JOIN reached AS r ON r.step = named.step
    LEFT JOIN registrations AS g ON g.user_id = r.user_id
    GROUP BY named.step, named.reached
)
SELECT
    step,
    reached,
    listeners,
    ROUND(
        100.0 * listeners / NULLIF(MAX(listeners) OVER (ORDER BY step ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING), 0), 1
    ) AS percent_of_step_before,
    ROUND(100.0 * listeners / NULLIF(MAX(listeners) OVER (), 0), 1) AS percent_of_free_listeners,
    ROUND(1.0 * days / NULLIF(known, 0), 1) AS days_since_registration
FROM counted
ORDER BY step
