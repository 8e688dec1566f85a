-- Whatever listeners did, each event once: plays as songplay has them, and every other page by the same rule.
-- One row for each session, position, listener and page; of nobody's events, each moment is one.
-- Of several such records the smallest counts: by time, then by level and status.
CREATE VIEW events AS
SELECT
    p.songplay_id,                                         -- the play; null for any other page
    p.session_id,                                          -- one listener's visit
    p.item_in_session,                                     -- position in the session, from 0
    p.user_id,                                             -- the listener; null when logged out
    p.start_time AS ts,                                    -- when it happened (UTC)
    (SELECT MIN(page) FROM etl_play_page) AS page,         -- the app's page; of a play, the first in etl_play_page
    NULLIF(p.level, '') AS level,                          -- free or paid, at the moment of the event; null if not said
    CAST(NULL AS INTEGER) AS status                        -- HTTP status; null for a play
FROM songplay AS p
UNION ALL
SELECT
    CAST(NULL AS BIGINT) AS songplay_id,
    record.session_id,
    record.item_in_session,
    record.user_id,
    record.ts,
    record.page,
    record.level,
    record.status
FROM (
    SELECT
        e.session_id, e.item_in_session, e.user_id, e.ts, e.page, NULLIF(TRIM(e.level), '') AS level, e.status,
        ROW_NUMBER() OVER (
            PARTITION BY
                e.session_id, e.item_in_session, e.user_id, CASE WHEN e.user_id IS NULL THEN e.ts END, e.page
            ORDER BY e.ts, NULLIF(TRIM(e.level), '') NULLS FIRST, e.status NULLS FIRST
        ) AS place
    FROM stg_events AS e
    WHERE e.page NOT IN (SELECT page FROM etl_play_page)
) AS record
WHERE record.place = 1
