-- songplay_id is unique.
SELECT songplay_id, COUNT(*) AS copies
FROM songplay
GROUP BY songplay_id
HAVING COUNT(*) > 1
