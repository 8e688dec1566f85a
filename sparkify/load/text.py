"""Text that was encoded twice: "BjÃ\\u0083Â¶rk" for "Björk".

It is repaired on the distinct strings that could be broken, once each, in Python, into a small table
that SQL joins. Staging keeps what came; the star says what was meant.
"""

from sparkify.engines.base import Engine

_SOURCES = (
    ("stg_events", "song"),
    ("stg_events", "artist"),
    ("stg_events", "location"),
    ("stg_events", "first_name"),
    ("stg_events", "last_name"),
    ("stg_songs", "title"),
    ("stg_songs", "artist_name"),
    ("stg_songs", "artist_location"),
)


def repair(text: str) -> str:
    """Undo each round of reading UTF-8 as Latin-1; text that is well, or was repaired, stays as it is.

    >>> repair("BjÃ\\u0083Â¶rk"), repair("BjÃ¶rk"), repair("Björk")
    ('Björk', 'Björk', 'Björk')
    """
    while not text.isascii():
        try:
            text = text.encode("latin-1").decode("utf-8")
        except UnicodeError:
            break
    return text


def drop_unused_repairs(engine: Engine) -> int:
    """Forget strings that no record in staging carries any more; return how many there were."""
    unused = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} AS s WHERE s.{column} = text_repair.raw_text)"
        for table, column in _SOURCES
    )
    return engine.execute(f"DELETE FROM text_repair WHERE {unused}")


def learn_repairs(engine: Engine, first_run: int, last_run: int) -> int:
    """Add the broken strings of these runs to `text_repair`; return how many are new.

    Only text with bytes beyond ASCII can be broken: the ones where bytes and characters differ in number.
    """
    selects = [
        f"SELECT {column} AS raw_text FROM {table} "
        f"WHERE run_id BETWEEN :first_run AND :last_run AND OCTET_LENGTH({column}) <> LENGTH({column})"
        for table, column in _SOURCES
    ]
    suspects = engine.query(
        f"SELECT s.raw_text FROM ({' UNION '.join(selects)}) AS s "
        "LEFT JOIN text_repair AS r ON r.raw_text = s.raw_text WHERE r.raw_text IS NULL ORDER BY s.raw_text",
        {"first_run": first_run, "last_run": last_run},
    )
    broken = [(text, fixed) for (text,) in suspects.rows if (fixed := repair(text)) != text]
    engine.insert("text_repair", ("raw_text", "repaired"), broken)
    return len(broken)
