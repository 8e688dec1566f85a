-- And the keys of events that leave: what stands behind them is chosen anew, as if it had come again.
INSERT INTO new_event (event_id, copies)
SELECT DISTINCT event_id, 2
FROM leaving_event
