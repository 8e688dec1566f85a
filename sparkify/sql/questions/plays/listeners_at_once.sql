-- How many listeners play at the same time, by hour of the day? (UTC) The most at any moment of the hour, and on average
-- over all its minutes of all days from the first to the last with a play, within the days asked for.
-- A play lasts as long as it was heard, an hour at most; whoever hears two songs at once is one listener.
WITH
log AS (
    SELECT
        GREATEST(CAST(MIN(start_time) AS DATE), CAST(:since AS DATE)) AS first_day,
        LEAST(CAST(DATEADD(day, 1, MAX(start_time)) AS DATE), CAST(:until AS DATE)) AS until_day
    FROM time
),
span AS (
    SELECT
        CAST(first_day AS TIMESTAMP) AS begins,
        CAST(until_day AS TIMESTAMP) AS ends,
        DATEDIFF(day, first_day, until_day) AS days
    FROM log
),
heard AS (
    SELECT
        whole.user_id,
        GREATEST(whole.begins, span.begins) AS begins,
        LEAST(whole.ends, span.ends) AS ends
    FROM (
        SELECT
            l.user_id,
            l.start_time AS begins,
            DATEADD(ms, CAST(ROUND(LEAST(GREATEST(l.seconds, 0), 3600) * 1000) AS INTEGER), l.start_time) AS ends
        FROM listening AS l
        WHERE l.user_id IS NOT NULL AND l.seconds IS NOT NULL AND (:level IS NULL OR l.level = :level)
    ) AS whole
    CROSS JOIN span
    WHERE whole.begins < span.ends AND whole.ends >= span.begins
),
apart AS (
    SELECT user_id, GREATEST(begins, COALESCE(heard_until, begins)) AS begins, ends
    FROM (
        SELECT
            user_id, begins, ends,
            MAX(ends) OVER (
                PARTITION BY user_id ORDER BY begins, ends ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS heard_until
        FROM heard
    ) AS overlapping
    WHERE heard_until IS NULL OR ends > heard_until
),
change AS (
    SELECT moment, SUM(difference) AS difference
    FROM (
        SELECT begins AS moment, 1 AS difference FROM apart
        UNION ALL
        SELECT ends, -1 FROM apart
        UNION ALL
        SELECT DATE_TRUNC('hour', ends), 0 FROM apart WHERE DATE_TRUNC('hour', ends) > begins
    ) AS step
    GROUP BY moment
),
at_once AS (
    SELECT
        moment,
        SUM(difference) OVER (ORDER BY moment ROWS UNBOUNDED PRECEDING) AS listeners,
        LEAD(moment) OVER (ORDER BY moment) AS next_moment
    FROM change
)
SELECT
    EXTRACT(HOUR FROM a.moment) AS hour,
    MAX(a.listeners) AS most_at_once,
    ROUND(
        SUM(a.listeners * COALESCE(DATEDIFF(ms, a.moment, a.next_moment), 0)) / 3600000.0 / MAX(span.days), 2
    ) AS on_average
FROM at_once AS a
CROSS JOIN span
GROUP BY 1
HAVING MAX(a.listeners) > 0
ORDER BY hour
