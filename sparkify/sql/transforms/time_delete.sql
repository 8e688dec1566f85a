-- Moments at which no play begins any more.
DELETE FROM time
USING stale_time
WHERE
    stale_time.start_time = time.start_time
    AND NOT EXISTS (SELECT 1 FROM songplay AS p WHERE p.start_time = time.start_time)
