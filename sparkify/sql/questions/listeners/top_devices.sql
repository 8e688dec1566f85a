-- On which devices do people listen? As the browser tells: an iPad also says Mac, Android also says Linux.
SELECT
    CASE
        WHEN agent.user_agent LIKE '%iPhone%' THEN 'iPhone'
        WHEN agent.user_agent LIKE '%iPad%' THEN 'iPad'
        WHEN agent.user_agent LIKE '%Android%' THEN 'Android'
        WHEN agent.user_agent LIKE '%Windows%' THEN 'Windows'
        WHEN agent.user_agent LIKE '%Macintosh%' THEN 'Mac'
        WHEN agent.user_agent LIKE '%Linux%' THEN 'Linux'
        ELSE 'other'
    END AS device,
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
ORDER BY plays DESC, device
LIMIT :limit
