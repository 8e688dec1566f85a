-- How long do people listen at one sitting? Sessions and their plays by length.
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
-- It lasts from the beginning of its first play to the end of its last song, or the listener's logout during that song.
-- Days and a level cut it: only its plays of these count.
WITH
{part(lasting)}
SELECT
    banded.band,
    CASE banded.band
        WHEN 1 THEN 'under 5 min'
        WHEN 2 THEN '5-15 min'
        WHEN 3 THEN '15-30 min'
        WHEN 4 THEN '30-60 min'
        WHEN 5 THEN '1-2 h'
        WHEN 6 THEN '2-4 h'
        ELSE '4 h or more'
    END AS length,
    COUNT(*) AS sessions,
    SUM(banded.plays) AS plays
FROM (
    SELECT
        CASE
            WHEN seconds < 300 THEN 1
            WHEN seconds < 900 THEN 2
            WHEN seconds < 1800 THEN 3
            WHEN seconds < 3600 THEN 4
            WHEN seconds < 7200 THEN 5
            WHEN seconds < 14400 THEN 6
            ELSE 7
        END AS band,
        plays
    FROM lasting
) AS banded
GROUP BY banded.band
ORDER BY banded.band
