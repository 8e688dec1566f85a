-- Every time.start_time is the start of a play.
SELECT time.start_time
FROM time
LEFT JOIN songplay
    ON songplay.start_time = time.start_time
    AND songplay.start_time BETWEEN :first_time AND :last_time
WHERE songplay.start_time IS NULL AND time.start_time BETWEEN :first_time AND :last_time
