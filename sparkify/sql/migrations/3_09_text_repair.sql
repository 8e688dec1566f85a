-- The normal forms of text, which are learnt anew, take its place.
DROP TABLE IF EXISTS text_repair
