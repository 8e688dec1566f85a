-- Which artists are played most? By the name the app reported; every play counts.
SELECT
    p.artist_name AS artist,
    COUNT(*) AS plays,
    COUNT(DISTINCT p.user_id) AS listeners
FROM songplay AS p
WHERE p.start_time >= :since AND p.start_time < :until
GROUP BY p.artist_name
ORDER BY plays DESC, p.artist_name
LIMIT :limit
