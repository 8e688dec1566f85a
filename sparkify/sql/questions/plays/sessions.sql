-- How long are sessions, and how many plays do they hold? One in which the level changes is "changed".
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
-- It lasts from the beginning of its first play to the end of its last song, or the listener's logout during that song.
-- Days and a level cut it: only its plays of these count.
WITH
{part(lasting)}
SELECT
    level,
    COUNT(*) AS sessions,
    ROUND(1.0 * SUM(plays) / COUNT(*), 1) AS plays_per_session,
    MAX(plays) AS most_plays,
    ROUND(SUM(seconds) / COUNT(*) / 60, 1) AS minutes_on_average,
    ROUND(MAX(seconds) / 60, 1) AS minutes_at_most
FROM lasting
GROUP BY level
ORDER BY level
