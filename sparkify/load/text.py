"""The one normal form of text, on every engine: what the star shows, and what names are compared by.

Text beyond plain ASCII is brought into it here, once for each distinct string, and kept in a small table that
SQL joins; so the bytes are the same whichever engine runs. Plain ASCII needs no table: TRIM and LOWER mean
the same everywhere. Staging keeps what came.
"""

import unicodedata

from sparkify.engines.base import Engine
from sparkify.sql import schema

RULE = 1
"""The version of `normal` and `fold`; whoever changes what they make of a text raises it."""
BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029"
    "\u202f\u205f\u3000"  # White_Space of Unicode's PropList.txt
    "\u180e\u200b\u2060\ufeff"  # and those without a width
)
"""What is taken from the ends of text."""


def normal(text: str) -> str:
    """Mojibake repaired, Unicode NFC, and no blanks at the ends; doing it twice changes nothing.

    >>> normal("\\u00a0BjÃ¶rk "), normal("Bjo\\u0308rk"), normal("voilÃ\\u00a0")
    ('Björk', 'Björk', 'voilà')
    """
    while True:
        found = repair(text).strip(BLANKS)
        composed = unicodedata.normalize("NFC", found)
        # A few characters are longer in NFC; what then no longer fits its column stays as it is.
        found = composed if len(composed.encode()) <= max(len(found.encode()), LONGEST) else found
        if found == text:
            return text
        text = found


LONGEST = 128
"""Bytes that the narrowest of these columns holds."""


def fold(text: str) -> str:
    """The normal form with its case folded, as Unicode's CaseFolding.txt has it: what names are compared by.

    >>> fold("STRASSE") == fold("Straße"), fold("ΣΊΣΥΦΟΣ") == fold("Σίσυφος")
    (True, True)
    """
    return unicodedata.normalize("NFC", normal(text).casefold())


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


def relearn_forms(engine: Engine, last_run: int) -> None:
    """Write `text_form` again by this program's rule: of the strings that stand in staging, and no other."""
    engine.execute("DELETE FROM text_form")
    learn_forms(engine, 0, last_run)


def learn_forms(engine: Engine, first_run: int, last_run: int) -> int:
    """Add the text of these runs to `text_form` that is not plain; return how many strings are new.

    A normal form is in it too, under itself: that is how the star's own text is folded.
    """
    new = engine.query(
        f"SELECT s.raw_text FROM ({_suspects('run_id BETWEEN :first_run AND :last_run AND')}) AS s "
        "LEFT JOIN text_form AS f ON f.raw_text = s.raw_text AND f.raw_bytes = s.raw_bytes "
        "WHERE f.raw_text IS NULL ORDER BY s.raw_text, s.raw_bytes",
        {"first_run": first_run, "last_run": last_run},
    )
    forms = {text: form for (text,) in new.rows if (form := normal(text)) != text or not text.isascii()}
    if own := {form for form in forms.values() if not form.isascii()} - forms.keys():
        known = {text for (text,) in engine.query("SELECT raw_text FROM text_form").rows}
        forms |= {form: form for form in own - known}
    engine.insert(
        "text_form",
        ("raw_text", "raw_bytes", "normal", "folded"),
        [(text, len(text.encode()), form, fold(form)) for text, form in sorted(forms.items())],
    )
    return len(forms)


def drop_forms(engine: Engine) -> None:
    """Take from `text_form` what stands in staging no more: a name must not outlive its records."""
    if not engine.query("SELECT raw_text FROM text_form LIMIT 1").rows:
        return
    engine.execute(
        "CREATE TEMP TABLE used_form AS SELECT f.raw_text, f.raw_bytes, f.normal "
        f"FROM ({_suspects('')}) AS s "
        "JOIN text_form AS f ON f.raw_text = s.raw_text AND f.raw_bytes = s.raw_bytes"
    )
    engine.execute(
        "DELETE FROM text_form WHERE NOT EXISTS (SELECT 1 FROM used_form AS u "
        "WHERE u.raw_text = text_form.raw_text AND u.raw_bytes = text_form.raw_bytes) "
        "AND NOT EXISTS (SELECT 1 FROM used_form AS n "
        "WHERE n.normal = text_form.raw_text AND OCTET_LENGTH(n.normal) = text_form.raw_bytes)"
    )
    engine.execute("DROP TABLE used_form")


def _suspects(condition: str) -> str:
    """SELECT of (raw_text, raw_bytes): text that is not plain ASCII between two visible characters."""
    star = [column for name in schema.STAR for column in schema.table(name).columns]
    sources = sorted({column.source for column in star if column.form == "normalized"})
    selects = []
    for source in sources:
        table, _, column = source.partition(".")
        ends = " OR ".join(f"{column} LIKE '%{blank}'" for blank in " \t\n\v\f\r")
        selects.append(
            f"SELECT {column} AS raw_text, OCTET_LENGTH({column}) AS raw_bytes FROM {table} "
            f"WHERE {condition} (OCTET_LENGTH({column}) <> LENGTH({column}) OR {column} < '!' OR {ends})"
        )
    return " UNION ".join(selects)
