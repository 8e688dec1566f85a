-- Which songs of an artist are played most? Without a name, those of everybody.

-- `sparkify ask songs_of --param name=Coldplay`: a question takes what it mentions, :since and :until (--from, --to),
-- :level, :limit, and any name of your own.
SELECT
    p.artist_name AS artist,
    p.title,
    COUNT(*) AS plays
FROM songplay AS p
WHERE
    (:name IS NULL OR LOWER(p.artist_name) = LOWER(:name))
    AND p.start_time >= :since
    AND p.start_time < :until
GROUP BY p.artist_name, p.title
ORDER BY plays DESC, artist, p.title
LIMIT :limit
