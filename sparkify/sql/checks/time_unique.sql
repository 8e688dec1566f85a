-- time.start_time is unique.
SELECT start_time, COUNT(*) AS copies
FROM time
GROUP BY start_time
HAVING COUNT(*) > 1
