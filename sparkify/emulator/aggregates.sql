-- Aggregates and the types of what functions of numbers give. The sources are AWS's pages of these functions.

-- LISTAGG ignores NULL and empty texts; blanks are no empty text. DISTINCT and ORDER BY see the value, not its text.
CREATE FUNCTION pg_catalog.rs_listed(state text, s text, separator text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF s IS NULL OR octet_length(s) = 0 THEN RETURN state; END IF;
    state := coalesce(state || coalesce(separator, ''), '') || s;
    IF octet_length(state) > 65535 THEN
        RAISE EXCEPTION USING ERRCODE = '22001', MESSAGE = 'Result size exceeds LISTAGG limit';
    END IF;
    RETURN state;
END $$;
CREATE FUNCTION pg_catalog.rs_listed(state text, v anyelement, separator text) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_listed(state, v::text, separator) $$;
CREATE AGGREGATE pg_catalog.rs_listagg(text, text) (SFUNC = rs_listed, STYPE = text);
CREATE AGGREGATE pg_catalog.rs_listagg(anyelement, text) (SFUNC = rs_listed, STYPE = text);

-- STDDEV and VARIANCE with their sisters give a DOUBLE PRECISION, whatever they are given: of PostgreSQL's only those are left.
DELETE FROM pg_aggregate USING pg_proc AS p
WHERE aggfnoid = p.oid AND p.proname ~ '^(stddev|var)(iance|_pop|_samp)?$' AND p.prorettype = 'numeric'::regtype;
DELETE FROM pg_proc
WHERE proname ~ '^(stddev|var)(iance|_pop|_samp)?$' AND prorettype = 'numeric'::regtype AND prokind = 'a';

-- PERCENTILE_CONT and MEDIAN: a DECIMAL of exact numbers, else what they are given. The values come sorted.
CREATE FUNCTION pg_catalog.rs_percentile(part numeric, v numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT v[floor(n)] + (n - floor(n)) * (v[ceil(n)] - v[floor(n)]) FROM (SELECT 1 + part * (cardinality(v) - 1) AS n) AS at $$;
CREATE FUNCTION pg_catalog.rs_percentile(part numeric, v float8[]) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT v[floor(n)] + (n - floor(n))::float8 * (v[ceil(n)] - v[floor(n)])
    FROM (SELECT 1 + part * (cardinality(v) - 1) AS n) AS at $$;
CREATE FUNCTION pg_catalog.rs_percentile(part numeric, v timestamp[]) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT v[floor(n)] + (n - floor(n))::float8 * (v[ceil(n)] - v[floor(n)])
    FROM (SELECT 1 + part * (cardinality(v) - 1) AS n) AS at $$;
CREATE FUNCTION pg_catalog.rs_percentile(part numeric, v date[]) RETURNS date IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_percentile(part, v::timestamp[])::date $$;

-- What FLOOR, CEIL, ROUND, TRUNC and SIGN give has their argument's type.
DO $$ DECLARE kind text; name text; BEGIN
    FOREACH kind IN ARRAY '{smallint,integer,bigint}'::text[] LOOP
        FOREACH name IN ARRAY '{floor,ceil,ceiling,round,trunc,sign}'::text[] LOOP
            EXECUTE format('CREATE FUNCTION pg_catalog.%1$s(n %2$s) RETURNS %2$s IMMUTABLE LANGUAGE sql AS '
                '''SELECT %1$s(n::numeric)::%2$s''', name, kind);
        END LOOP;
        FOREACH name IN ARRAY '{round,trunc}'::text[] LOOP
            EXECUTE format('CREATE FUNCTION pg_catalog.%1$s(n %2$s, digits integer) RETURNS %2$s IMMUTABLE LANGUAGE sql AS '
                '''SELECT %1$s(n::numeric, digits)::%2$s''', name, kind);
        END LOOP;
        EXECUTE format('CREATE FUNCTION pg_catalog.rs_percentile(part numeric, v %s[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS '
            '''SELECT rs_percentile(part, v::numeric[])''', kind);
    END LOOP;
    FOREACH name IN ARRAY '{floor,ceil,ceiling,round,trunc,sign}'::text[] LOOP
        EXECUTE format('CREATE FUNCTION pg_catalog.%1$s(n real) RETURNS real IMMUTABLE LANGUAGE sql AS '
            '''SELECT %1$s(n::float8)::real''', name);
    END LOOP;
END $$;
CREATE FUNCTION pg_catalog.trunc(x float8, digits integer) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT trunc(x::numeric, digits)::float8 $$;
