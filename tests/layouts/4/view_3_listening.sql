-- Each play, and how long it was heard: to the end of the song, unless the same listener's next play in the session
-- begins, or they log out, more than a second before. Other pages are opened while the music goes on.
CREATE VIEW listening AS
SELECT
    heard.songplay_id,                         -- the play
    heard.start_time,                          -- when it began (UTC)
    heard.user_id,                             -- who listened; null when logged out
    heard.level,                               -- free or paid, at the moment of the play
    heard.session_id,                          -- one listener's visit
    heard.title,                               -- title as the app reported it
    heard.artist_name,                         -- artist as the app reported it
    heard.length,                              -- length of the song in seconds; null if unknown
    CASE
        WHEN heard.gap < heard.length - 1 THEN heard.gap ELSE heard.length
    END AS seconds,                            -- how many of them were heard; null if unknown
    CASE
        WHEN heard.length IS NULL THEN NULL
        WHEN heard.gap < heard.length - 1 AND heard.next_play IS NOT NULL THEN 1
        ELSE 0
    END AS is_skipped                          -- 1 if the next play cut it short; null if the length is unknown
FROM (
    SELECT
        step.songplay_id, step.start_time, step.user_id, step.level, step.session_id, step.title, step.artist_name,
        step.length,
        LEAD(step.songplay_id) OVER (
            PARTITION BY step.session_id, step.user_id
            ORDER BY step.start_time, step.item_in_session, step.songplay_id NULLS LAST
        ) AS next_play,
        DATEDIFF(
            microsecond,
            step.start_time,
            LEAD(step.start_time) OVER (
                PARTITION BY step.session_id, step.user_id
                ORDER BY step.start_time, step.item_in_session, step.songplay_id NULLS LAST
            )
        ) / 1000000.0 AS gap
    FROM (
        SELECT
            p.songplay_id, p.start_time, p.user_id, p.level, p.session_id, p.item_in_session, p.title,
            p.artist_name, p.length
        FROM songplay AS p
        UNION ALL
        SELECT
            e.songplay_id, e.ts, e.user_id, e.level, e.session_id, e.item_in_session, CAST(NULL AS VARCHAR(1024)),
            CAST(NULL AS VARCHAR(512)), CAST(NULL AS DOUBLE PRECISION)
        FROM events AS e
        WHERE e.page = 'Logout' AND e.songplay_id IS NULL
    ) AS step
) AS heard
WHERE heard.songplay_id IS NOT NULL
