-- The normal forms of text, which are learnt again, take its place.
DROP TABLE IF EXISTS text_repair
