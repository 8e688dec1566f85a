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
