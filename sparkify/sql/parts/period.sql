-- The days that are asked for, and as many before them: the last 28 of the log where no first day is given.
ending AS (
    SELECT
        CAST(MIN(start_time) AS DATE) AS first_day,
        LEAST(CAST(DATEADD(day, 1, MAX(start_time)) AS DATE), CAST(:until AS DATE)) AS until_day
    FROM time
),
beginning AS (
    SELECT
        first_day,
        until_day,
        CASE CAST(:since AS DATE)
            WHEN CAST('0001-01-01' AS DATE) THEN CAST(DATEADD(day, -LEAST(28, DATEDIFF(day, first_day, until_day) / 2), until_day) AS DATE)
            ELSE CAST(:since AS DATE)
        END AS since_day
    FROM ending
),
period AS (
    SELECT
        since_day,
        until_day,
        CAST(DATEADD(day, -DATEDIFF(day, since_day, until_day), since_day) AS DATE) AS before_day,
        CASE WHEN DATEADD(day, -DATEDIFF(day, since_day, until_day), since_day) >= first_day THEN 1 ELSE 0 END AS has_before
    FROM beginning
)
