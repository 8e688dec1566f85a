-- The ISO week of a moment has its year: the rebuild that follows fills it.
ALTER TABLE time ADD COLUMN iso_year SMALLINT
