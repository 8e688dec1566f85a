-- hour, day, week, month, year, weekday and iso_year are those of time.start_time.
SELECT start_time, hour, day, week, month, year, weekday, iso_year
FROM time
WHERE
    hour <> EXTRACT(HOUR FROM start_time)
    OR day <> EXTRACT(DAY FROM start_time)
    OR week <> EXTRACT(WEEK FROM start_time)
    OR month <> EXTRACT(MONTH FROM start_time)
    OR year <> EXTRACT(YEAR FROM start_time)
    OR weekday <> EXTRACT(DOW FROM start_time)
    OR COALESCE(iso_year, 0) <> EXTRACT(YEAR FROM DATEADD(day, 3, DATE_TRUNC('week', start_time)))
