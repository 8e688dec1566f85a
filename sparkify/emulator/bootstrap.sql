-- What Redshift has and PostgreSQL has not, made once in template1, for every cluster.
SET allow_system_table_mods = on;
SET client_min_messages = error;

CREATE FUNCTION pg_catalog.len(s text) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT length(s) $$;
CREATE FUNCTION pg_catalog.charindex(a text, b text) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT strpos(b, a) $$;
CREATE FUNCTION pg_catalog.round(x float8, n int) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT round(x::numeric, n)::float8 $$;

-- Some hash of the same width: nothing may rest on the values themselves.
CREATE FUNCTION pg_catalog.fnv_hash(v anyelement, seed bigint DEFAULT 0) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT hashtextextended(v::text, seed) $$;
CREATE FUNCTION pg_catalog.fnv_hash(v text, seed bigint DEFAULT 0) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT hashtextextended(v, seed) $$;

CREATE FUNCTION pg_catalog.rs_is_json(s text, kind text) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RETURN json_typeof(s::json) = kind; EXCEPTION WHEN others THEN RETURN false; END $$;
CREATE FUNCTION pg_catalog.is_valid_json(s text) RETURNS boolean IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_is_json(s, 'object') $$;
CREATE FUNCTION pg_catalog.is_valid_json_array(s text) RETURNS boolean IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_is_json(s, 'array') $$;

-- TRY_CAST: a blank string is an error, as on Redshift; '7.6' is an integer to it.
CREATE FUNCTION pg_catalog.rs_try(s text, kind text) RETURNS numeric IMMUTABLE LANGUAGE plpgsql AS
$$ DECLARE n numeric;
BEGIN
    IF s IS NULL THEN RETURN NULL; END IF;
    IF btrim(s) = '' THEN
        RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'TRY_CAST of a blank string is not supported';
    END IF;
    IF s !~ '^ *[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)? *$' THEN RETURN NULL; END IF;
    n := s::numeric;
    IF kind = 'double' THEN RETURN n; END IF;
    n := round(n);
    RETURN CASE WHEN n BETWEEN -(2::numeric ^ CASE kind WHEN 'smallint' THEN 15 WHEN 'integer' THEN 31 ELSE 63 END)
        AND 2::numeric ^ CASE kind WHEN 'smallint' THEN 15 WHEN 'integer' THEN 31 ELSE 63 END - 1 THEN n END;
EXCEPTION WHEN numeric_value_out_of_range OR invalid_text_representation THEN RETURN NULL;
END $$;
-- Most text is a short plain number, and catching exceptions is slow.
CREATE FUNCTION pg_catalog.rs_try_bigint(s text) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF s ~ '^[-+]?[0-9]{1,18}$' THEN RETURN s::bigint; END IF;
    RETURN rs_try(s, 'bigint')::bigint;
END $$;
CREATE FUNCTION pg_catalog.rs_try_integer(s text) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF s ~ '^[-+]?[0-9]{1,9}$' THEN RETURN s::integer; END IF;
    RETURN rs_try(s, 'integer')::integer;
END $$;
CREATE FUNCTION pg_catalog.rs_try_smallint(s text) RETURNS smallint IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF s ~ '^[-+]?[0-9]{1,4}$' THEN RETURN s::smallint; END IF;
    RETURN rs_try(s, 'smallint')::smallint;
END $$;
CREATE FUNCTION pg_catalog.rs_try_double(s text) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF rs_try(s, 'double') IS NULL THEN RETURN NULL; END IF;
    RETURN s::float8;
EXCEPTION WHEN numeric_value_out_of_range THEN RETURN NULL;
END $$;
CREATE FUNCTION pg_catalog.rs_try_double_precision(s text) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF s ~ '^[-+]?[0-9]{1,15}([.][0-9]{1,17})?$' THEN RETURN s::float8; END IF;
    RETURN rs_try_double(s);
END $$;

-- Of numbers as of their text; TRUE is 1.
DO $$ DECLARE kind text; given text; BEGIN
    FOREACH kind IN ARRAY '{smallint,integer,bigint,double precision}'::text[] LOOP
        FOREACH given IN ARRAY '{smallint,integer,bigint,numeric,real,double precision}'::text[] LOOP
            EXECUTE format('CREATE FUNCTION pg_catalog.rs_try_%1$s(v %2$s) RETURNS %3$s IMMUTABLE LANGUAGE sql AS '
                '''SELECT rs_try_%1$s(v::text)''', replace(kind, ' ', '_'), given, kind);
        END LOOP;
        IF kind <> 'double precision' THEN
            EXECUTE format('CREATE FUNCTION pg_catalog.rs_try_%1$s(v boolean) RETURNS %1$s IMMUTABLE LANGUAGE sql AS '
                '''SELECT v::integer::%1$s''', kind);
        END IF;
    END LOOP;
END $$;

CREATE FUNCTION pg_catalog.rs_raise(state text, message text) RETURNS void LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message; END $$;
CREATE FUNCTION pg_catalog.pg_last_copy_id() RETURNS bigint LANGUAGE sql AS
$$ SELECT coalesce(nullif(current_setting('rs.copy_id', true), ''), '-1')::bigint $$;
CREATE FUNCTION pg_catalog.pg_last_copy_count() RETURNS bigint LANGUAGE sql AS
$$ SELECT coalesce(nullif(current_setting('rs.copy_count', true), ''), '0')::bigint $$;

-- The database as PostgreSQL calls it: with the cluster's name before its own.
CREATE FUNCTION pg_catalog.rs_database() RETURNS name STABLE LANGUAGE internal AS 'current_database';
-- What COPY notes stands in files beside the database, so that it is seen inside a transaction and outlives it.
CREATE FUNCTION pg_catalog.rs_notes(kind text) RETURNS SETOF json VOLATILE SECURITY DEFINER LANGUAGE sql AS
$$ SELECT line::json
    FROM regexp_split_to_table(coalesce(pg_read_file('../notes/' || rs_database() || '.' || kind, 0, 1000000000, true), ''), chr(10))
        AS line
    WHERE line <> '' $$;
-- A superuser sees every row, others their own ("Visibility of data in system tables and views").
CREATE FUNCTION pg_catalog.rs_sees(user_id int) RETURNS boolean STABLE LANGUAGE sql AS
$$ SELECT usesuper OR usesysid = user_id::oid FROM pg_user WHERE usename = current_user $$;
CREATE VIEW pg_catalog.sys_load_error_detail AS
SELECT n.* FROM rs_notes('errors') AS note, json_to_record(note) AS n (
    user_id int, query_id bigint, session_id bigint, table_id int, start_time timestamp, file_name varchar(256),
    line_number bigint, column_name varchar(127), column_type varchar(10), column_length varchar(10),
    position int, error_code int, error_message varchar(512))
WHERE rs_sees(n.user_id);
CREATE VIEW pg_catalog.sys_load_detail AS
SELECT n.* FROM rs_notes('files') AS note, json_to_record(note) AS n (
    user_id int, query_id bigint, file_name varchar(256), bytes_scanned bigint, lines_scanned bigint,
    splits_scanned int, record_time timestamp)
WHERE rs_sees(n.user_id);
CREATE VIEW pg_catalog.svv_table_info AS
SELECT
    current_database()::text AS "database", n.nspname::text AS "schema", c.oid AS table_id, c.relname::text AS "table",
    CASE d.design ->> 'style' WHEN 'KEY' THEN 'KEY(' || (d.design ->> 'key') || ')' WHEN 'AUTO' THEN 'AUTO(ALL)'
        ELSE d.design ->> 'style' END AS diststyle,
    coalesce(d.design #>> '{sort,0}', 'AUTO(SORTKEY)') AS sortkey1,
    json_array_length(d.design -> 'sort') AS sortkey_num,
    greatest(c.reltuples, 0)::bigint AS tbl_rows
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
JOIN LATERAL (SELECT obj_description(c.reltype, 'pg_type')::json AS design) AS d ON true
WHERE c.relkind = 'r' AND obj_description(c.reltype, 'pg_type') LIKE '{"style"%';
-- SVV_TABLE_INFO is for superusers, and for those to whom it is granted (its page).
GRANT SELECT ON pg_catalog.sys_load_error_detail, pg_catalog.sys_load_detail TO public;
GRANT ALL ON SCHEMA public TO public;

-- What clients know Redshift by; and the name of a database as the cluster's owner gave it.
CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text STABLE LANGUAGE sql AS
$$ SELECT 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), '
    'Redshift 1.0.51304 (emulator)'::text $$;
CREATE OR REPLACE FUNCTION pg_catalog.current_database() RETURNS name STABLE LANGUAGE sql AS
$$ SELECT CAST(regexp_replace(rs_database()::text, '^[^.]*[.]', '') AS name) $$;
