-- songplay_id is made of session and position; further listeners of the two have a negative id, made of all three.
SELECT songplay.songplay_id, songplay.session_id, songplay.item_in_session, songplay.user_id, songplay.start_time
FROM songplay
LEFT JOIN (
    SELECT
        session_id * 1000000 + item_in_session AS event_id,
        SUM(CASE WHEN user_id IS NULL THEN 1 ELSE 0 END) AS nobody,
        MIN(user_id) AS least
    FROM songplay
    WHERE songplay_id < 0
    GROUP BY 1
) AS shared ON shared.event_id = songplay.session_id * 1000000 + songplay.item_in_session
WHERE
    songplay.item_in_session NOT BETWEEN 0 AND 999999
    OR (songplay.songplay_id >= 0 AND songplay.songplay_id <> songplay.session_id * 1000000 + songplay.item_in_session)
    OR (songplay.songplay_id >= 0 AND songplay.user_id IS NOT NULL AND shared.nobody > 0)
    OR (songplay.songplay_id >= 0 AND songplay.user_id > shared.least)
    OR (
        songplay.songplay_id < 0
        AND songplay.songplay_id <> -1 - STRTOL(
            SUBSTRING(
                MD5(
                    CAST(songplay.session_id AS VARCHAR(20)) || '|' || CAST(songplay.item_in_session AS VARCHAR(20))
                    || '|' || COALESCE(
                        CAST(songplay.user_id AS VARCHAR(20)),
                        '@' || CAST(
                            DATEDIFF(microsecond, CAST('1970-01-01 00:00:00' AS TIMESTAMP), songplay.start_time)
                            AS VARCHAR(20)
                        )
                    )
                ), 1, 15
            ), 16
        )
    )
