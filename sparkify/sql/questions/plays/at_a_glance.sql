-- How much is listened to? Plays, listeners, sessions, hours (songs to their end), the paid share of the plays, and what matches.
-- A session is one listener's plays under one session_id; plays without a listener under it are a session of their own.
SELECT
    COALESCE(SUM(session.plays), 0) AS plays,
    COUNT(DISTINCT session.user_id) AS listeners,
    COUNT(*) AS sessions,
    ROUND(COALESCE(SUM(session.seconds), 0) / 3600.0, 1) AS hours,
    ROUND(100.0 * SUM(session.paid_plays) / NULLIF(SUM(session.plays), 0), 1) AS percent_of_plays_paid,
    COALESCE(SUM(session.matched_song), 0) AS matched_song,
    COALESCE(SUM(session.matched_artist), 0) AS matched_artist,
    CAST(ROUND(COALESCE(SUM(session.seconds), 0)) AS BIGINT) AS seconds,
    COALESCE(SUM(session.paid_plays), 0) AS paid_plays
FROM (
    SELECT
        p.session_id,
        p.user_id,
        COUNT(*) AS plays,
        SUM(p.length) AS seconds,
        SUM(CASE WHEN p.level = 'paid' THEN 1 ELSE 0 END) AS paid_plays,
        COUNT(p.song_id) AS matched_song,
        COUNT(p.artist_id) AS matched_artist
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.session_id, p.user_id
) AS session
