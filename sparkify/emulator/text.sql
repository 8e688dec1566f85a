SET allow_system_table_mods = on;

-- Text is compared without the blanks at its end (AWS: "Character types", significance of trailing blanks). PostgreSQL
-- compares its CHAR so; here its functions for that are given to TEXT, and so to VARCHAR, which has no operators of its own.
-- LIKE, regular expressions, LENGTH and || go on seeing blanks.
UPDATE pg_operator AS t
SET oprcode = b.oprcode
FROM pg_operator AS b
WHERE t.oprleft = 'text'::regtype AND t.oprright = t.oprleft AND b.oprleft = 'bpchar'::regtype AND b.oprright = b.oprleft
    AND b.oprname = t.oprname AND t.oprname IN ('=', '<>', '<', '<=', '>', '>=');

-- Sorting, merging and hashing.
UPDATE pg_amproc AS t
SET amproc = b.amproc
FROM pg_amproc AS b, pg_opclass AS of_text, pg_opclass AS of_char
WHERE of_text.opcname = 'text_ops' AND of_char.opcname = 'bpchar_ops' AND of_char.opcmethod = of_text.opcmethod
    AND t.amprocfamily = of_text.opcfamily AND b.amprocfamily = of_char.opcfamily AND b.amprocnum = t.amprocnum
    AND t.amproclefttype = 'text'::regtype AND t.amprocrighttype = t.amproclefttype;

-- MIN and MAX.
UPDATE pg_aggregate AS t
SET aggtransfn = b.aggtransfn, aggcombinefn = b.aggcombinefn
FROM pg_aggregate AS b
WHERE (t.aggfnoid, b.aggfnoid) IN (
    ('pg_catalog.min(text)'::regprocedure, 'pg_catalog.min(bpchar)'::regprocedure),
    ('pg_catalog.max(text)'::regprocedure, 'pg_catalog.max(bpchar)'::regprocedure));

-- VARCHAR(n) holds n bytes. A value that is stored in it must fit, but for blanks at its end; a cast keeps what fits.
CREATE FUNCTION pg_catalog.rs_cut(s text, n integer) RETURNS text IMMUTABLE LANGUAGE sql AS
$$ SELECT left(s, (SELECT max(k) FROM generate_series(0, n) AS k WHERE octet_length(left(s, k)) <= n)) $$;
-- Its argument is the value, or the planner would run it for the width alone.
CREATE FUNCTION pg_catalog.rs_too_long(s varchar, n integer) RETURNS varchar IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    RAISE EXCEPTION USING ERRCODE = '22001', MESSAGE = 'value too long for type character varying(' || n || ')';
END $$;
CREATE FUNCTION pg_catalog.rs_varchar(s varchar, typmod integer, is_cast boolean) RETURNS varchar IMMUTABLE LANGUAGE sql AS
$$ SELECT CASE WHEN octet_length(s) > typmod - 4 THEN CASE
    WHEN is_cast OR octet_length(rtrim(s, ' ')) <= typmod - 4 THEN rs_cut(s, typmod - 4)::varchar
    ELSE rs_too_long(s, typmod - 4) END ELSE s END $$;
UPDATE pg_cast SET castfunc = 'pg_catalog.rs_varchar(varchar, integer, boolean)'::regprocedure
WHERE castsource = 'varchar'::regtype AND casttarget = castsource;

-- CHAR(n) holds single-byte characters only. The words are those of COPY ("Multibyte character load errors"); those of INSERT
-- are unverified.
CREATE FUNCTION pg_catalog.rs_multibyte(s bpchar) RETURNS bpchar IMMUTABLE LANGUAGE plpgsql AS
$$ BEGIN
    RAISE EXCEPTION USING ERRCODE = '22021', MESSAGE = 'Multibyte character not supported for CHAR (Hint: Try using VARCHAR)';
END $$;
CREATE FUNCTION pg_catalog.rs_char(s bpchar, typmod integer, is_cast boolean) RETURNS bpchar IMMUTABLE LANGUAGE sql AS
$$ SELECT bpchar(CASE WHEN octet_length(s::text) <> length(s::text) THEN rs_multibyte(s) ELSE s END, typmod, is_cast) $$;
UPDATE pg_cast SET castfunc = 'pg_catalog.rs_char(bpchar, integer, boolean)'::regprocedure
WHERE castsource = 'bpchar'::regtype AND casttarget = castsource;
