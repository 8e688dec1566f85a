-- New moments, taken apart. Only the range of the new events is compared, so the cost does not grow with history.
INSERT INTO time (start_time, hour, day, week, month, year, weekday, iso_year)
SELECT
    n.start_time,
    CAST(EXTRACT(HOUR FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(DAY FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(WEEK FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(MONTH FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(YEAR FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(DOW FROM n.start_time) AS SMALLINT),
    CAST(EXTRACT(YEAR FROM DATEADD(day, 3, DATE_TRUNC('week', n.start_time))) AS SMALLINT)  -- that of its Thursday
FROM (
    SELECT DISTINCT start_time
    FROM songplay
    WHERE start_time BETWEEN :first_time AND :last_time
) AS n
WHERE NOT EXISTS (
    SELECT 1
    FROM time AS t
    WHERE t.start_time BETWEEN :first_time AND :last_time AND t.start_time = n.start_time
)
