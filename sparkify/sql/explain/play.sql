-- One play as the star has it.
SELECT {columns(songplay AS p)}
FROM songplay AS p
WHERE p.songplay_id = :songplay_id
