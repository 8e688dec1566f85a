-- How much of what is played do the most played songs make? The top 1 % of the songs that were played, and so on.
-- A share of the songs is rounded up to a whole song. By the title and artist that the app reported.
WITH
song AS (
    SELECT plays, ROW_NUMBER() OVER (ORDER BY plays DESC) AS place, COUNT(*) OVER () AS songs, SUM(plays) OVER () AS total
    FROM (
        SELECT p.title, p.artist_name, COUNT(*) AS plays
        FROM songplay AS p
        WHERE
            p.start_time >= :since
            AND p.start_time < :until
            AND (:level IS NULL OR p.level = :level)
        GROUP BY p.title, p.artist_name
    ) AS played
),
share AS (
    SELECT 1 AS part
    UNION ALL
    SELECT 5
    UNION ALL
    SELECT 10
    UNION ALL
    SELECT 25
    UNION ALL
    SELECT 50
    UNION ALL
    SELECT 100
)
SELECT
    'top ' || CAST(share.part AS VARCHAR(3)) || ' %' AS most_played_songs,
    ROUND(100.0 * SUM(song.plays) / MAX(song.total), 1) AS percent_of_plays,
    SUM(song.plays) AS plays,
    COUNT(*) AS songs
FROM share
JOIN song ON (song.place - 1) * 100 < share.part * song.songs
GROUP BY share.part
ORDER BY share.part
