-- Plays, listeners and hours of each day (UTC).

-- Every run builds this table again from the whole star schema, and `sparkify check` compares it.
SELECT
    CAST(p.start_time AS DATE) AS play_date,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners,
    SUM(p.length) / 3600 AS hours
FROM songplay AS p
GROUP BY CAST(p.start_time AS DATE)
