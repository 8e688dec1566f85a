-- Moments at which plays begin, taken apart.
SELECT
    p.start_time,
    CAST(EXTRACT(HOUR FROM p.start_time) AS SMALLINT) AS hour,
    CAST(EXTRACT(DAY FROM p.start_time) AS SMALLINT) AS day,
    CAST(EXTRACT(WEEK FROM p.start_time) AS SMALLINT) AS week,
    CAST(EXTRACT(MONTH FROM p.start_time) AS SMALLINT) AS month,
    CAST(EXTRACT(YEAR FROM p.start_time) AS SMALLINT) AS year,
    CAST(EXTRACT(DOW FROM p.start_time) AS SMALLINT) AS weekday,
    CAST(EXTRACT(YEAR FROM DATEADD(day, 3, DATE_TRUNC('week', p.start_time))) AS SMALLINT) AS iso_year  -- its Thursday's
FROM (
    SELECT DISTINCT start_time
    FROM songplay
) AS p
