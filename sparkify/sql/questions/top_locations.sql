-- Where is most played?
SELECT
    p.location,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners
FROM songplay AS p
WHERE p.start_time >= :since AND p.start_time < :until
GROUP BY p.location
ORDER BY plays DESC, p.location
LIMIT :limit
