-- What share of each day's plays matches a song, or at least an artist, of the catalogue? (UTC)
SELECT
    CAST(p.start_time AS DATE) AS day,
    COUNT(*) AS plays,
    COUNT(p.song_id) AS matched_song,
    COUNT(p.artist_id) AS matched_artist,
    ROUND(100.0 * COUNT(p.artist_id) / COUNT(*), 1) AS percent_artist
FROM songplay AS p
WHERE
    p.start_time >= :since
    AND p.start_time < :until
    AND (:level IS NULL OR p.level = :level)
GROUP BY 1
ORDER BY day
