-- What has a text in its name, the most played first; `found` is how many there are.
SELECT one.*, COUNT(*) OVER () AS found
FROM kind AS one
WHERE
    STRPOS(
        LOWER(
            CASE
                WHEN OCTET_LENGTH(one.name) = LEN(one.name) THEN one.name
                ELSE REPLACE(TRANSLATE(one.name, :accented, :plain), 'ß', 'ss')
            END
        ), :text
    ) > 0
ORDER BY one.plays DESC, 1, 2
LIMIT :limit
