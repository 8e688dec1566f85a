-- When each listener registered, as their events say: the earliest moment, where they say several.
-- Who has no such moment, or none between 1970 and 9999, is left out.
CREATE VIEW registrations AS
SELECT
    said.user_id,                              -- the listener
    DATEADD(
        ms, CAST(MOD(said.moment, 86400000) AS INTEGER),
        DATEADD(day, CAST(said.moment / 86400000 AS INTEGER), CAST('1970-01-01 00:00:00' AS TIMESTAMP))
    ) AS registered_at                         -- when they registered (UTC)
FROM (
    SELECT e.user_id, CAST(FLOOR(MIN(e.registration)) AS BIGINT) AS moment
    FROM stg_events AS e
    WHERE e.user_id IS NOT NULL AND e.registration BETWEEN 0 AND 253402300799999
    GROUP BY e.user_id
) AS said
