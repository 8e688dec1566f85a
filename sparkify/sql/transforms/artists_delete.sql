-- Touched artists are made anew from their songs.
DELETE FROM artists
USING touched_artist
WHERE touched_artist.artist_id = artists.artist_id
