-- Plays that give way are deleted, and chosen again.
DELETE FROM songplay
USING replaced_play
WHERE replaced_play.songplay_id = songplay.songplay_id
