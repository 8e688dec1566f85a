-- When each listener registered, as their events say: the earliest moment, where they say several. It is in milliseconds
-- since 1970, or in seconds or microseconds, as `ts`; its size tells. Who has none between 1970 and 9999 is left out.
CREATE VIEW registrations AS
SELECT
    said.user_id,                              -- the listener
    DATEADD(
        ms, CAST(MOD(said.moment, 86400000) AS INTEGER),
        DATEADD(day, CAST(said.moment / 86400000 AS INTEGER), CAST('1970-01-01 00:00:00' AS TIMESTAMP))
    ) AS registered_at                         -- when they registered (UTC)
FROM (
    SELECT known.user_id, CAST(FLOOR(MIN(known.milliseconds)) AS BIGINT) AS moment
    FROM (
        SELECT
            e.user_id,
            CASE
                WHEN e.registration < 100000000000 THEN e.registration * 1000
                WHEN e.registration >= 100000000000000 THEN e.registration / 1000
                ELSE e.registration
            END AS milliseconds
        FROM stg_events AS e
        WHERE e.user_id IS NOT NULL AND e.registration >= 0
    ) AS known
    WHERE known.milliseconds < 253402300800000
    GROUP BY known.user_id
) AS said
