-- How many listeners are free and paid, women and men? As of each one's latest event.
SELECT
    u.level,
    u.gender,
    COUNT(*) AS listeners
FROM users AS u
GROUP BY u.level, u.gender
ORDER BY u.level, u.gender
