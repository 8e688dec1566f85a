-- Each play stands once.
SELECT songplay_id, COUNT(*) AS copies
FROM songplay
GROUP BY songplay_id
HAVING COUNT(*) > 1
