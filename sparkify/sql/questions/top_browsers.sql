-- With which browsers do people listen? Order matters: Chrome also says Safari, Edge also says Chrome.
SELECT
    agent.browser,
    SUM(agent.plays) AS plays,
    COUNT(DISTINCT agent.user_id) AS listeners
FROM (
    SELECT
        CASE
            WHEN p.user_agent LIKE '%Edg%' THEN 'Edge'
            WHEN p.user_agent LIKE '%OPR/%' OR p.user_agent LIKE '%Opera%' THEN 'Opera'
            WHEN p.user_agent LIKE '%Firefox/%' THEN 'Firefox'
            WHEN p.user_agent LIKE '%Chrome/%' OR p.user_agent LIKE '%CriOS/%' THEN 'Chrome'
            WHEN p.user_agent LIKE '%MSIE %' OR p.user_agent LIKE '%Trident/%' THEN 'Internet Explorer'
            WHEN p.user_agent LIKE '%Safari/%' THEN 'Safari'
            ELSE 'other'
        END AS browser,
        p.user_id,
        COUNT(*) AS plays
    FROM songplay AS p
    WHERE p.start_time >= :since AND p.start_time < :until
    GROUP BY 1, 2
) AS agent
GROUP BY agent.browser
ORDER BY plays DESC, agent.browser
LIMIT :limit
