-- Plays whose key came again give way; the best of all their records is chosen anew.
DELETE FROM songplay
USING repeated_event
WHERE repeated_event.event_id = songplay.songplay_id
