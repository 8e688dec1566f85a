SELECT browser, COUNT(*) AS plays, COUNT(DISTINCT user_id) FROM (
    SELECT user_id, CASE
        WHEN user_agent LIKE '%Edg%' THEN 'Edge' WHEN user_agent LIKE '%OPR/%' OR user_agent LIKE '%Opera%' THEN 'Opera'
        WHEN user_agent LIKE '%Firefox/%' THEN 'Firefox'
        WHEN user_agent LIKE '%Chrome/%' OR user_agent LIKE '%CriOS/%' THEN 'Chrome'
        WHEN user_agent LIKE '%MSIE %' OR user_agent LIKE '%Trident/%' THEN 'Internet Explorer'
        WHEN user_agent LIKE '%Safari/%' THEN 'Safari' ELSE 'other' END AS browser
    FROM songplay
) GROUP BY ALL ORDER BY plays DESC, browser LIMIT 10
