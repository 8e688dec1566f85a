-- With which browsers do people listen? Order matters: Chrome and the Google app also say
-- Safari, Edge also says Chrome.
SELECT
    CASE
        WHEN agent.user_agent LIKE '%Edg%' THEN 'Edge'
        WHEN
            agent.user_agent LIKE '%OPR/%' OR agent.user_agent LIKE '%OPiOS/%' OR agent.user_agent LIKE '%Opera%'
            THEN 'Opera'
        WHEN agent.user_agent LIKE '%Firefox/%' OR agent.user_agent LIKE '%FxiOS/%' THEN 'Firefox'
        WHEN agent.user_agent LIKE '%Chrome/%' OR agent.user_agent LIKE '%CriOS/%' THEN 'Chrome'
        WHEN agent.user_agent LIKE '%GSA/%' THEN 'Google app'
        WHEN agent.user_agent LIKE '%MSIE %' OR agent.user_agent LIKE '%Trident/%' THEN 'Internet Explorer'
        WHEN agent.user_agent LIKE '%Safari/%' THEN 'Safari'
        ELSE 'other'
    END AS browser,
    SUM(agent.plays) AS plays,
    COUNT(DISTINCT agent.user_id) AS listeners
FROM (
    SELECT p.user_agent, p.user_id, COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.user_agent, p.user_id
) AS agent
GROUP BY 1
ORDER BY plays DESC, browser
LIMIT :limit
