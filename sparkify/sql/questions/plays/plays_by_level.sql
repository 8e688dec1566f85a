-- How much do free and paid listeners play? By the level at the moment of each play.
SELECT
    p.level,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners,
    ROUND(100.0 * COUNT(*) / SUM(COUNT(*)) OVER (), 1) AS percent_of_plays
FROM songplay AS p
WHERE p.start_time >= :since AND p.start_time < :until
GROUP BY p.level
ORDER BY plays DESC, p.level
