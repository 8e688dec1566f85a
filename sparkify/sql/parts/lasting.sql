-- Each session within the days and the level that are asked for: its level, plays and seconds.
session AS (
    SELECT
        p.session_id,
        p.user_id,
        CASE WHEN MIN(p.level) <> MAX(p.level) THEN 'changed' ELSE MIN(p.level) END AS level,
        MIN(p.start_time) AS first_start,
        MAX(p.start_time) AS last_start,
        COUNT(*) AS plays
    FROM songplay AS p
    WHERE
        p.start_time >= :since
        AND p.start_time < :until
        AND (:level IS NULL OR p.level = :level)
    GROUP BY p.session_id, p.user_id
),
last_song AS (
    SELECT s.session_id, s.user_id, p.item_in_session, COALESCE(p.length, 0) AS seconds
    FROM session AS s
    JOIN songplay AS p
        ON p.session_id = s.session_id
        AND p.start_time = s.last_start
        AND (p.user_id = s.user_id OR (p.user_id IS NULL AND s.user_id IS NULL))
    WHERE :level IS NULL OR p.level = :level
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY s.session_id, s.user_id ORDER BY p.item_in_session DESC, p.songplay_id DESC
    ) = 1
),
logout AS (
    SELECT s.session_id, s.user_id, MIN(e.ts) AS ts
    FROM events AS e
    JOIN session AS s ON s.session_id = e.session_id AND s.user_id = e.user_id
    JOIN last_song AS l ON l.session_id = s.session_id AND l.user_id = s.user_id
    WHERE
        e.page = 'Logout'
        AND (e.ts > s.last_start OR (e.ts = s.last_start AND e.item_in_session >= l.item_in_session))
    GROUP BY s.session_id, s.user_id
),
lasting AS (
    SELECT
        s.level,
        s.plays,
        DATEDIFF(microsecond, s.first_start, s.last_start) / 1000000.0
        + CASE
            WHEN DATEDIFF(microsecond, s.last_start, o.ts) / 1000000.0 < l.seconds
                THEN DATEDIFF(microsecond, s.last_start, o.ts) / 1000000.0
            ELSE l.seconds
        END AS seconds
    FROM session AS s
    JOIN last_song AS l
        ON l.session_id = s.session_id
        AND (l.user_id = s.user_id OR (l.user_id IS NULL AND s.user_id IS NULL))
    LEFT JOIN logout AS o ON o.session_id = s.session_id AND o.user_id = s.user_id
)
