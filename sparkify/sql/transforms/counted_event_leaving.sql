-- Events to be counted again, since records of their key leave.
CREATE TEMP TABLE counted_event AS
SELECT DISTINCT event_id
FROM leaving_event
