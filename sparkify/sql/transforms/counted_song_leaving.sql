-- Songs to be counted again, since records of them leave.
CREATE TEMP TABLE counted_song AS
SELECT DISTINCT song_id
FROM leaving_song
