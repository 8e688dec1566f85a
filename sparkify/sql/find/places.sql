-- Places by their name, with their state and their plays.
SELECT
    p.location,
    NULLIF(SPLIT_PART(SPLIT_PART(p.location, ', ', 2), '-', 1), '') AS state,
    COUNT(*) AS plays,
    p.location AS name
FROM songplay AS p
GROUP BY p.location
