-- Keys that several records carry.
SELECT e.session_id, e.item_in_session
FROM event AS e
GROUP BY e.session_id, e.item_in_session
HAVING COUNT(*) > 1
