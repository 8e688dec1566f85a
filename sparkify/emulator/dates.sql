-- Dates and moments. The sources are AWS's pages of these functions, and "Date parts for date or timestamp functions".

-- SYSDATE is the start of the transaction, GETDATE that of the statement, to the second.
CREATE FUNCTION pg_catalog.rs_sysdate() RETURNS timestamp STABLE LANGUAGE sql AS $$ SELECT now() AT TIME ZONE 'UTC' $$;
CREATE FUNCTION pg_catalog.getdate() RETURNS timestamp STABLE LANGUAGE sql AS
$$ SELECT date_trunc('second', statement_timestamp() AT TIME ZONE 'UTC') $$;

CREATE FUNCTION pg_catalog.rs_no_part(unit text, kind text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = kind || ' units "' || unit || '" not recognized'; END $$;

-- Adding months ends with the shorter month; adding years to a 29th of February may end on the 1st of March.
CREATE FUNCTION pg_catalog.rs_dateadd(unit text, n bigint, t timestamp) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE unit
    WHEN 'microsecond' THEN t + n * interval '1 microsecond' WHEN 'millisecond' THEN t + n * interval '1 millisecond'
    WHEN 'second' THEN t + n * interval '1 second' WHEN 'minute' THEN t + n * interval '1 minute'
    WHEN 'hour' THEN t + n * interval '1 hour' WHEN 'day' THEN t + n * interval '1 day'
    WHEN 'week' THEN t + n * interval '7 days' WHEN 'month' THEN t + n * interval '1 month'
    WHEN 'quarter' THEN t + n * interval '3 months' WHEN 'decade' THEN rs_dateadd('year', n * 10, t)
    WHEN 'century' THEN rs_dateadd('year', n * 100, t) WHEN 'millennium' THEN rs_dateadd('year', n * 1000, t)
    WHEN 'year' THEN CASE WHEN extract(month FROM t) = 2 AND extract(day FROM t) = 29
        THEN t - interval '1 day' + n * interval '1 year' + interval '1 day' ELSE t + n * interval '1 year' END
    ELSE rs_no_part(unit, 'timestamp')::timestamp END $$;
-- A TIME goes round the clock; it has hours and what is shorter, nothing else.
CREATE FUNCTION pg_catalog.rs_clock(unit text, n bigint) RETURNS interval IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN unit IN ('hour', 'minute', 'second', 'millisecond', 'microsecond')
    THEN rs_dateadd(unit, n, timestamp 'epoch') - timestamp 'epoch' ELSE rs_no_part(unit, 'time')::interval END $$;
CREATE FUNCTION pg_catalog.rs_dateadd(unit text, n bigint, t time) RETURNS time IMMUTABLE LANGUAGE sql AS
$$ SELECT t + rs_clock(unit, n) $$;
CREATE FUNCTION pg_catalog.rs_dateadd(unit text, n bigint, t timetz) RETURNS timetz IMMUTABLE LANGUAGE sql AS
$$ SELECT t + rs_clock(unit, n) $$;
CREATE FUNCTION pg_catalog.rs_dateadd(unit text, n bigint, t text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_dateadd(unit, n, t::timestamp) $$;

-- Boundaries crossed, not time elapsed.
CREATE FUNCTION pg_catalog.rs_datediff(unit text, a timestamp, b timestamp) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE
    WHEN unit IN ('year', 'decade', 'century', 'millennium') THEN (date_part(unit, b) - date_part(unit, a))::bigint
    WHEN unit IN ('month', 'quarter') THEN
        ((extract(year FROM b) - extract(year FROM a)) * CASE unit WHEN 'month' THEN 12 ELSE 4 END
        + date_part(unit, b)::numeric - date_part(unit, a)::numeric)::bigint
    ELSE (extract(epoch FROM date_trunc(unit, b) - date_trunc(unit, a)) / CASE unit
        WHEN 'week' THEN 604800 WHEN 'day' THEN 86400 WHEN 'hour' THEN 3600 WHEN 'minute' THEN 60
        WHEN 'second' THEN 1 WHEN 'millisecond' THEN 0.001 WHEN 'microsecond' THEN 0.000001
        ELSE rs_no_part(unit, 'timestamp')::numeric END)::bigint END $$;
CREATE FUNCTION pg_catalog.rs_datediff(unit text, a time, b time) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN rs_clock(unit, 0) IS NOT NULL THEN rs_datediff(unit, date 'epoch' + a, date 'epoch' + b) END $$;
CREATE FUNCTION pg_catalog.rs_datediff(unit text, a timetz, b timetz) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN rs_clock(unit, 0) IS NOT NULL THEN rs_datediff(
    unit, (date 'epoch' + a) AT TIME ZONE 'UTC', (date 'epoch' + b) AT TIME ZONE 'UTC') END $$;
CREATE FUNCTION pg_catalog.rs_datediff(unit text, a text, b text) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_datediff(unit, a::timestamp, b::timestamp) $$;

-- EXTRACT gives the part alone, without those above and below it; DATE_PART the seconds with their fraction.
CREATE FUNCTION pg_catalog.rs_extract(unit text, value numeric) RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE unit WHEN 'decade' THEN floor(value) + 1 WHEN 'millisecond' THEN floor(value) % 1000
    WHEN 'microsecond' THEN floor(value) % 1000 ELSE floor(value) END::integer $$;
CREATE FUNCTION pg_catalog.rs_part(unit text, value float8) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE unit WHEN 'microsecond' THEN (value::bigint % 1000000)::float8 WHEN 'decade' THEN value + 1 ELSE value END $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t timestamp) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t timestamptz) RETURNS float8 STABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t time) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t timetz) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t interval) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t text) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t::timestamp)) $$;
CREATE FUNCTION pg_catalog.rs_date_part(unit text, t date) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_part(unit, date_part(unit, t::timestamp)) $$;
CREATE FUNCTION pg_catalog.date_part_year(d date) RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT extract(year FROM d)::integer $$;

CREATE FUNCTION pg_catalog.date_trunc(unit text, d date) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT date_trunc(unit, d::timestamp) $$;
-- A text becomes a TIMESTAMP: "DATE_TRUNC function" takes one, and its examples have one in quotation marks.
CREATE FUNCTION pg_catalog.date_trunc(unit text, t text) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT date_trunc(unit, t::timestamp) $$;
CREATE FUNCTION pg_catalog.trunc(t timestamp) RETURNS date IMMUTABLE LANGUAGE sql AS $$ SELECT t::date $$;
CREATE FUNCTION pg_catalog.last_day(t timestamp) RETURNS date IMMUTABLE LANGUAGE sql AS
$$ SELECT (date_trunc('month', t) + interval '1 month - 1 day')::date $$;
-- From the last day of a month to the last day of a month.
CREATE FUNCTION pg_catalog.add_months(t timestamp, n integer) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN t::date = last_day(t) THEN last_day(t + n * interval '1 month') + t::time
    ELSE t + n * interval '1 month' END $$;
-- Months of 31 days, unless the days are the same or both the last of their month.
CREATE FUNCTION pg_catalog.months_between(a timestamp, b timestamp) RETURNS float8 IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_datediff('month', b, a) + CASE
    WHEN extract(day FROM a) = extract(day FROM b) OR (a::date = last_day(a) AND b::date = last_day(b)) THEN 0
    ELSE (extract(day FROM a) - extract(day FROM b)
        + (extract(epoch FROM a::time) - extract(epoch FROM b::time)) / 86400)::float8 / 31 END $$;
CREATE FUNCTION pg_catalog.next_day(t timestamp, name text) RETURNS date IMMUTABLE LANGUAGE sql AS
$$ SELECT t::date + 7 - mod(extract(dow FROM t)::integer + 7
    - array_position('{su,mo,tu,we,th,fr,sa}'::text[], left(lower(name), 2)) + 1, 7) $$;
CREATE FUNCTION pg_catalog.convert_timezone(source text, target text, t timestamp) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT (t AT TIME ZONE source) AT TIME ZONE target $$;
CREATE FUNCTION pg_catalog.convert_timezone(target text, t timestamp) RETURNS timestamp IMMUTABLE LANGUAGE sql AS
$$ SELECT convert_timezone('UTC', target, t) $$;

-- TO_DATE: a month or a day beyond the last one goes on to the next, unless it is strict. To read both, PostgreSQL is told
-- that they are minutes and seconds.
CREATE FUNCTION pg_catalog.rs_to_date(s text, format text) RETURNS date STABLE STRICT LANGUAGE internal AS 'to_date';
CREATE FUNCTION pg_catalog.to_date(s text, format text, is_strict boolean) RETURNS date STABLE STRICT LANGUAGE plpgsql AS
$$ DECLARE t timestamptz;
BEGIN
    RETURN rs_to_date(s, format);
EXCEPTION WHEN datetime_field_overflow THEN
    IF is_strict OR format ~* 'DDD|MI|SS|HH' THEN RAISE; END IF;
    t := to_timestamp(s, replace(replace(upper(format), 'DD', 'SS'), 'MM', 'MI'));
    RETURN date_trunc('month', t) + greatest(extract(minute FROM t) - 1, 0) * interval '1 month'
        + greatest(extract(second FROM t) - 1, 0) * interval '1 day';
END $$;
CREATE OR REPLACE FUNCTION pg_catalog.to_date(text, text) RETURNS date STABLE STRICT LANGUAGE sql AS
$$ SELECT to_date($1, $2, false) $$;
