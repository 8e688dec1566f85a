SELECT
    level, COUNT(*), ROUND(1.0 * SUM(plays) / COUNT(*), 1), MAX(plays), ROUND(AVG(1.0 * seconds) / 60.0, 1), ROUND(MAX(1.0 * seconds) / 60.0, 1)
FROM (
    SELECT
        CASE WHEN MIN(level) = MAX(level) THEN MIN(level) ELSE 'changed' END AS level, COUNT(*) AS plays,
        CASE WHEN COUNT(*) > 1 THEN DATE_DIFF('second', MIN(start_time), MAX(start_time)) END AS seconds
    FROM songplay GROUP BY session_id, user_id
) GROUP BY ALL ORDER BY level
