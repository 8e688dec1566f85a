-- Numbers (AWS: "AVG function", "Numeric types").

-- The average of whole numbers is a whole number; that of a NUMERIC keeps its argument's scale. Whether it is rounded or cut
-- off there is undocumented: cut off, as that of whole numbers is.
CREATE FUNCTION pg_catalog.rs_count(state numeric[], x numeric) RETURNS numeric[] IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN x IS NULL THEN state ELSE ARRAY[state[1] + x, state[2] + 1] END $$;
CREATE FUNCTION pg_catalog.rs_count(state numeric[], x bigint) RETURNS numeric[] IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_count(state, x::numeric) $$;
CREATE FUNCTION pg_catalog.rs_count(state numeric[], x integer) RETURNS numeric[] IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_count(state, x::numeric) $$;
CREATE FUNCTION pg_catalog.rs_count(state numeric[], x smallint) RETURNS numeric[] IMMUTABLE LANGUAGE sql AS
$$ SELECT rs_count(state, x::numeric) $$;
CREATE FUNCTION pg_catalog.rs_whole(state numeric[]) RETURNS bigint IMMUTABLE LANGUAGE sql AS
$$ SELECT trunc(state[1] / nullif(state[2], 0))::bigint $$;
CREATE FUNCTION pg_catalog.rs_mean(state numeric[]) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT trunc(state[1] / nullif(state[2], 0), scale(state[1])) $$;
CREATE AGGREGATE pg_catalog.rs_avg(smallint) (
    SFUNC = rs_count, STYPE = numeric[], FINALFUNC = rs_whole, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.rs_avg(integer) (
    SFUNC = rs_count, STYPE = numeric[], FINALFUNC = rs_whole, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.rs_avg(bigint) (
    SFUNC = rs_count, STYPE = numeric[], FINALFUNC = rs_whole, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.rs_avg(numeric) (
    SFUNC = rs_count, STYPE = numeric[], FINALFUNC = rs_mean, INITCOND = '{0,0}');
CREATE AGGREGATE pg_catalog.rs_avg(float8) (
    SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND = '{0,0,0}');

-- A quotient of DECIMALs, cut off after so many decimals.
CREATE FUNCTION pg_catalog.rs_divide(a numeric, b numeric, decimals integer) RETURNS numeric IMMUTABLE LANGUAGE sql AS
$$ SELECT (div(a * ('1e' || decimals)::numeric, b)::text || 'e-' || decimals)::numeric $$;

-- The sum of whole numbers is a BIGINT, also that of BIGINTs, and ends at 64 bits (AWS: "SUM function"); PostgreSQL's is a
-- NUMERIC there.
CREATE AGGREGATE pg_catalog.rs_sum(smallint) (SFUNC = int2_sum, STYPE = bigint);
CREATE AGGREGATE pg_catalog.rs_sum(integer) (SFUNC = int4_sum, STYPE = bigint);
CREATE AGGREGATE pg_catalog.rs_sum(bigint) (SFUNC = int8pl, STYPE = bigint);
CREATE AGGREGATE pg_catalog.rs_sum(numeric) (SFUNC = numeric_add, STYPE = numeric);
CREATE AGGREGATE pg_catalog.rs_sum(float8) (SFUNC = float8pl, STYPE = float8);
