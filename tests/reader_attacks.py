"""What a reader of a cluster must not see, not do, and not become."""

HIDDEN = (
    "SELECT * FROM etl_reject",
    "SELECT raw_text FROM etl_reject",
    "SELECT record FROM etl_reject",
    "SELECT e.reason FROM etl_reject AS e WHERE e.raw_text LIKE '%a%'",
    "SELECT uri FROM etl_file",
    "SELECT * FROM etl_file",
    "SELECT COUNT(*) AS n FROM etl_forgotten",
    "SELECT user_id FROM etl_forgotten",
    "SELECT user_id FROM stg_events",
    "SELECT * FROM stg_events",
    "SELECT COUNT(*) AS n FROM stg_songs",
    "SELECT COUNT(*) AS n FROM etl_lock",
    "SELECT message FROM etl_warning",
    "SELECT reason FROM etl_attempt",
    "SELECT COUNT(*) AS n FROM etl_run",
    "SELECT COUNT(*) AS n FROM etl_key",
    "SELECT COUNT(*) AS n FROM etl_version",
    "SELECT COUNT(*) AS n FROM etl_seal",
    "SELECT COUNT(*) AS n FROM text_form",
    "SELECT COUNT(*) AS n FROM secret.plans",
)

FORBIDDEN = (
    "INSERT INTO users (user_id, level) VALUES (1, 'free')",
    "DELETE FROM songplay",
    "UPDATE songs SET title = 'mine'",
    "TRUNCATE songplay",
    "DROP TABLE songplay",
    "ALTER TABLE songplay ADD COLUMN mine INTEGER",
    "CREATE TABLE mine (a INTEGER)",
    "GRANT SELECT ON etl_reject TO PUBLIC",
    "CREATE USER mine PASSWORD DISABLE",
    "LOCK TABLE etl_lock",
    "SET SESSION AUTHORIZATION 'admin'",
    "COPY users FROM 's3://sparkify-test/x' IAM_ROLE 'arn:aws:iam::123456789012:role/test'",
)

ESCAPES = (
    "SET SESSION AUTHORIZATION DEFAULT",
    "RESET SESSION AUTHORIZATION",
    "CREATE TEMP TABLE mine (a INTEGER)",
    "SELECT 1 AS a INTO TEMP mine",
    "UNLOAD ('SELECT * FROM songplay') TO 's3://sparkify-test/x' IAM_ROLE 'arn:x'",
    "SELECT set_config('session_authorization', 'admin', false)",
    "SELECT \"set_config\"('session_authorization', 'admin', false)",
    "SELECT Set_Config ('session_authorization', 'admin', false)",
    "SELECT U&\"set\\005fconfig\"('session_authorization', 'admin', false)",
    "WITH a AS (SELECT set_config('role', 'admin', true)) SELECT * FROM a",
    "SELECT 1; SET SESSION AUTHORIZATION DEFAULT",
    "EXPLAIN ANALYZE DELETE FROM songplay",
)
