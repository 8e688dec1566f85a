SELECT
    COUNT(*), COUNT(DISTINCT user_id), COUNT(DISTINCT (session_id, user_id)), ROUND(SUM(length) / 3600.0, 1),
    ROUND(100.0 * COUNT(*) FILTER (level = 'paid') / COUNT(*), 1), COUNT(song_id), COUNT(artist_id)
FROM songplay
