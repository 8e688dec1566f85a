-- Each moment stands once.
SELECT start_time, COUNT(*) AS copies
FROM time
GROUP BY start_time
HAVING COUNT(*) > 1
