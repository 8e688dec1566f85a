SELECT DISTINCT ON (userId)
    userId::BIGINT AS user_id, firstName AS first_name, lastName AS last_name, gender, level
FROM {{ ref('stg_events') }}
WHERE userId <> ''
ORDER BY userId, ts DESC
