-- SUPER: a value of JSON, stored as its text (AWS: "SUPER type", "Querying semi-structured data", "SUPER configurations").
-- A string becomes SUPER by JSON_PARSE and COPY only: on Redshift a bare string would stay one string.
CREATE TYPE pg_catalog.super;
CREATE FUNCTION pg_catalog.super_in(cstring) RETURNS super IMMUTABLE STRICT LANGUAGE internal AS 'pg_node_tree_in';
CREATE FUNCTION pg_catalog.super_out(super) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal AS 'json_out';
CREATE TYPE pg_catalog.super (
    INPUT = pg_catalog.super_in, OUTPUT = pg_catalog.super_out, INTERNALLENGTH = VARIABLE, STORAGE = extended);
CREATE CAST (super AS json) WITHOUT FUNCTION;
CREATE CAST (json AS super) WITHOUT FUNCTION;

-- What is no scalar has no text: NULL ("Limitations": JSON_SERIALIZE gives it).
CREATE FUNCTION pg_catalog.rs_super_text(s super) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS
$$ SELECT CASE WHEN json_typeof(s::json) NOT IN ('object', 'array') THEN s::json #>> '{}' END $$;
CREATE FUNCTION pg_catalog.rs_super_varchar(s super) RETURNS varchar IMMUTABLE STRICT LANGUAGE sql AS
$$ SELECT rs_super_text(s)::varchar $$;
CREATE CAST (super AS text) WITH FUNCTION pg_catalog.rs_super_text(super);
CREATE CAST (super AS varchar) WITH FUNCTION pg_catalog.rs_super_varchar(super);

CREATE FUNCTION pg_catalog.json_typeof(super) RETURNS text IMMUTABLE STRICT LANGUAGE internal AS 'json_typeof';
CREATE FUNCTION pg_catalog.json_size(s super) RETURNS integer IMMUTABLE STRICT LANGUAGE sql AS
$$ SELECT octet_length(s::json::text) $$;
-- PostgreSQL does not look into JSON with a null character: another escape stands for it on the way.
CREATE FUNCTION pg_catalog.rs_unpivot(s super) RETURNS TABLE (value super, attribute text) IMMUTABLE LANGUAGE sql AS
$$ SELECT replace(value::text, E'\\ufdd0', E'\\u0000')::json::super, key
    FROM json_each(CASE WHEN strpos(s::json::text, E'\\u0000') > 0 THEN regexp_replace(
        s::json::text, E'(?<!\\\\)((?:\\\\\\\\)*)\\\\u0000', E'\\1\\\\ufdd0', 'g')::json ELSE s::json END) $$;

CREATE FUNCTION pg_catalog.json_serialize(s super) RETURNS varchar IMMUTABLE STRICT LANGUAGE plpgsql AS
$$ BEGIN
    IF octet_length(s::json::text) > 65535 THEN
        RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'JSON_SERIALIZE: the text is longer than a VARCHAR holds';
    END IF;
    RETURN s::json::text;
END $$;

-- JSON without blanks; of a name that stands twice in one object the last is kept, or it is an error.
CREATE FUNCTION pg_catalog.rs_parsed(j json, keeps_last boolean) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF json_typeof(j) = 'array' THEN
        RETURN '[' || coalesce((SELECT string_agg(rs_parsed(e.value, keeps_last), ',' ORDER BY e.n)
            FROM json_array_elements(j) WITH ORDINALITY AS e (value, n)), '') || ']';
    END IF;
    IF json_typeof(j) <> 'object' THEN
        IF json_typeof(j) = 'string' AND octet_length(j #>> '{}') > 65535 THEN
            RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'JSON_PARSE: a string is longer than 65535 bytes';
        END IF;
        RETURN btrim(j::text, E' \t\r\n');
    END IF;
    IF NOT keeps_last AND (SELECT count(*) > count(DISTINCT convert_to(e.key, 'UTF8')) FROM json_each(j) AS e) THEN
        RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'JSON_PARSE: duplicate attribute name in an object';
    END IF;
    RETURN '{' || coalesce((SELECT string_agg(to_json(e.key)::text || ':' || rs_parsed(e.value, keeps_last), ',' ORDER BY e.n)
        FROM (SELECT DISTINCT ON (convert_to(o.key, 'UTF8')) o.key, o.value, o.n FROM json_each(j) WITH ORDINALITY AS o (key, value, n)
            ORDER BY convert_to(o.key, 'UTF8'), o.n DESC) AS e), '') || '}';
END $$;
CREATE FUNCTION pg_catalog.json_parse(s text) RETURNS super STABLE STRICT LANGUAGE sql AS
$$ SELECT rs_parsed(s::json, coalesce(current_setting('rs.json_parse_dedup_attributes', true), '') IN ('on', 'true'))::json::super $$;
