-- How many plays does each week have, by the calendar of the time table?
SELECT t.year, t.week, COUNT(*) AS plays
FROM songplay AS p
JOIN time AS t ON t.start_time = p.start_time
GROUP BY t.year, t.week
