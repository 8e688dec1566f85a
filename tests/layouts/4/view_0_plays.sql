-- Each play with everything that is known of it: one row for each row of songplay, for tools that want one table.
-- Count rows to count plays. What no catalogue knows, and what is known of nobody, is null.
CREATE VIEW plays AS
SELECT
    p.songplay_id,                                -- the play
    p.start_time,                                 -- when it began (UTC)
    CAST(p.start_time AS DATE) AS day,            -- the day (UTC)
    t.hour,                                       -- 0 to 23 (UTC)
    t.weekday,                                    -- 0 is Sunday
    p.title,                                      -- title as the app reported it
    p.artist_name,                                -- artist as the app reported it
    p.length,                                     -- length in seconds, as the app reported it
    p.song_id,                                    -- the song of the catalogue; null if none matches
    s.year AS song_year,                          -- its year of release; null if unknown
    p.artist_id,                                  -- the artist of the catalogue; null if none matches
    a.name AS artist,                             -- the name that most of the artist's songs credit
    a.location AS artist_location,                -- where the artist comes from; null if unknown
    a.latitude AS artist_latitude,                -- degrees north
    a.longitude AS artist_longitude,              -- degrees east
    p.user_id,                                    -- who listened; null when logged out, or forgotten
    u.gender,                                     -- F or M
    p.level,                                      -- free or paid, at the moment of the play
    u.level AS latest_level,                      -- free or paid, as of the listener's latest event
    p.location,                                   -- where the listener was: city and state
    p.user_agent,                                 -- the listener's browser
    p.session_id,                                 -- one listener's visit
    p.item_in_session                             -- position in the session, from 0
FROM songplay AS p
LEFT JOIN time AS t ON t.start_time = p.start_time
LEFT JOIN songs AS s ON s.song_id = p.song_id
LEFT JOIN artists AS a ON a.artist_id = p.artist_id
LEFT JOIN users AS u ON u.user_id = p.user_id
