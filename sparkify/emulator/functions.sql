-- Functions of Redshift's that PostgreSQL has not, or has with another meaning. The sources are AWS's pages of these names.

-- STRTOL: blanks, a sign and (of base 16) 0x may stand before the digits; an empty string is 0. What else is no number
-- of the base, or none of 64 bits, is an error; AWS gives no words for it.
CREATE FUNCTION pg_catalog.strtol(s text, base int) RETURNS bigint IMMUTABLE STRICT LANGUAGE plpgsql AS
$$ DECLARE
    digits text := lower(ltrim(s, E' \t\n\v\f\r'));
    negative boolean := left(digits, 1) = '-';
    n numeric := 0;
    digit int;
BEGIN
    IF base NOT BETWEEN 2 AND 36 THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = 'STRTOL: the base must be between 2 and 36';
    END IF;
    IF octet_length(s) = 0 THEN RETURN 0; END IF;
    IF left(digits, 1) IN ('+', '-') THEN digits := substr(digits, 2); END IF;
    IF base = 16 AND left(digits, 2) = '0x' THEN digits := substr(digits, 3); END IF;
    FOR at IN 1 .. greatest(length(digits), 1) LOOP
        digit := strpos('0123456789abcdefghijklmnopqrstuvwxyz', substr(digits, at, 1)) - 1;
        IF digits = '' OR digit < 0 OR digit >= base THEN
            RAISE EXCEPTION USING ERRCODE = '22P02',
                MESSAGE = 'The input ' || s || ' is not valid to be converted to base ' || base;
        END IF;
        n := n * base + digit;
    END LOOP;
    RETURN (CASE WHEN negative THEN -n ELSE n END)::bigint;
END $$;

-- CHR: of a number that is no ASCII code NULL.
CREATE FUNCTION pg_catalog.rs_chr(n int) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN n BETWEEN 1 AND 127 THEN chr(n) END $$;

-- JSON_EXTRACT_PATH_TEXT: a path that is not there is NULL (it was '' in AWS's documentation up to about 2020), bad JSON an
-- error unless it is told to be NULL. Undocumented: a JSON null (NULL here), an array on the path (NULL here, JSON_EXTRACT_
-- ARRAY_ELEMENT_TEXT is for that), the text of a nested value, and which of two equal keys counts.
CREATE FUNCTION pg_catalog.rs_path_text(s text, path text[], null_if_invalid boolean) RETURNS text IMMUTABLE
LANGUAGE plpgsql AS
$$ DECLARE
    j json;
    step text;
BEGIN
    BEGIN
        j := s::json;
    EXCEPTION WHEN invalid_text_representation THEN
        IF null_if_invalid THEN RETURN NULL; END IF;
        RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = 'JSON parsing error';
    END;
    FOREACH step IN ARRAY path LOOP
        j := CASE WHEN json_typeof(j) = 'object' THEN j -> step END;
    END LOOP;
    RETURN j #>> '{}';
END $$;

-- Regular expressions. Parameters: i without regard to case, e for the first group, p for PCRE, which alone has (?...).
-- What matches nothing yields ''.
CREATE FUNCTION pg_catalog.rs_regexp_flags(pattern text, parameters text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    IF strpos(pattern, '(?') > 0 AND strpos(parameters, 'p') = 0 THEN
        RAISE EXCEPTION USING ERRCODE = '22023',
            MESSAGE = 'Invalid preceding regular expression prior to repetition operator: ' || pattern;
    END IF;
    RETURN CASE WHEN strpos(parameters, 'i') > 0 THEN 'i' ELSE 'c' END;
END $$;
CREATE FUNCTION pg_catalog.rs_regexp_replace(
    s text, pattern text, by text DEFAULT '', start integer DEFAULT 1, parameters text DEFAULT 'c') RETURNS text
IMMUTABLE LANGUAGE sql AS $$ SELECT regexp_replace(s, pattern, by, start, 0, rs_regexp_flags(pattern, parameters)) $$;
CREATE FUNCTION pg_catalog.rs_regexp_substr(
    s text, pattern text, start integer DEFAULT 1, n integer DEFAULT 1, parameters text DEFAULT 'c') RETURNS text
IMMUTABLE LANGUAGE sql AS $$ SELECT CASE WHEN s IS NOT NULL THEN coalesce(regexp_substr(s, pattern, start, n,
    rs_regexp_flags(pattern, parameters), (strpos(parameters, 'e') > 0 AND strpos(pattern, '(') > 0)::integer), '') END $$;
CREATE FUNCTION pg_catalog.rs_regexp_count(s text, pattern text, start integer DEFAULT 1, parameters text DEFAULT 'c')
RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT regexp_count(s, pattern, start, rs_regexp_flags(pattern, parameters)) $$;
CREATE FUNCTION pg_catalog.rs_regexp_instr(
    s text, pattern text, start integer DEFAULT 1, n integer DEFAULT 1, after integer DEFAULT 0,
    parameters text DEFAULT 'c') RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT regexp_instr(s, pattern, start, n, after, rs_regexp_flags(pattern, parameters)) $$;

CREATE FUNCTION pg_catalog.octetindex(part text, s text) RETURNS integer IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN strpos(s, part) > 0 THEN octet_length(left(s, strpos(s, part) - 1)) + 1 ELSE 0 END $$;
CREATE FUNCTION pg_catalog.sha2(s text, bits integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT encode(CASE bits WHEN 224 THEN sha224(convert_to(s, 'UTF8')) WHEN 384 THEN sha384(convert_to(s, 'UTF8'))
    WHEN 512 THEN sha512(convert_to(s, 'UTF8')) ELSE sha256(convert_to(s, 'UTF8')) END, 'hex') $$;
