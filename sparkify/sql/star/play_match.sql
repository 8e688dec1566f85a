-- The matching rule: each title, artist and length that plays report, with the song and the artist that they mean.
-- A play matches a song with its title and credited artist, nearest in length, then the smallest song_id;
-- its artist is the song's, else the only artist who is credited under that name.
WITH
report AS (
    SELECT DISTINCT p.title, p.artist_name, p.length, p.folded_title, p.folded_name
    FROM play AS p
),
named AS (
    SELECT c.folded_name, MIN(c.artist_id) AS artist_id
    FROM catalogue AS c
    GROUP BY c.folded_name
    HAVING MIN(c.artist_id) = MAX(c.artist_id)
)
SELECT r.title, r.artist_name, r.length, c.song_id, COALESCE(c.artist_id, n.artist_id) AS artist_id
FROM report AS r
LEFT JOIN catalogue AS c ON c.folded_title = r.folded_title AND c.folded_name = r.folded_name
LEFT JOIN named AS n ON n.folded_name = r.folded_name
QUALIFY ROW_NUMBER() OVER (
    PARTITION BY r.title, r.artist_name, r.length
    ORDER BY ABS(COALESCE(c.duration - r.length, 1000000)), c.song_id
) = 1
