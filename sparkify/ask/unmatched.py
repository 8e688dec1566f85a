"""Filters that no play fits, and what may have been meant."""

import difflib
from collections.abc import Iterator

from sparkify.ask.filters import CONDITIONS, Filters
from sparkify.ask.find import reduced
from sparkify.engines.base import Reader
from sparkify.formatting import state

KNOWN = 10_000
"""Names among which a near one is looked for: those of the most plays."""


def unmatched_filters(reader: Reader, filters: Filters) -> Iterator[str]:
    """A line for each filter that no play of the warehouse fits, with a name near it that some do."""
    for name, value in filters.params.items():
        asked = f"SELECT p.songplay_id FROM songplay AS p WHERE {CONDITIONS[name]} LIMIT 1"
        if not reader.query(asked, {name: value}).rows:
            meant = None if name == "listener" else _near(reader, name, str(value))
            hint = f" Did you mean {meant!r}?" if meant else ""
            yield f"no play has the {name} {value!r}: filters are compared letter for letter.{hint}"


def _near(reader: Reader, name: str, value: str) -> str | None:
    """The most frequent value with this text in it, whatever its case and accents, or spelt like it."""
    column = CONDITIONS[name].partition(" = ")[0]
    rows = reader.query(
        f"SELECT {column} AS name, COUNT(*) AS plays FROM songplay AS p GROUP BY 1 "
        f"ORDER BY plays DESC, name LIMIT {KNOWN}"
    ).rows
    known: dict[str, str] = {}
    for found in (str(one) for one, _ in rows if one):
        known.setdefault(reduced(state(found) if name == "state" else found), found)
        known.setdefault(reduced(found), found)
    text = reduced(value)
    close = [one for one in known if text in one] or difflib.get_close_matches(text, known, n=1)
    return known[close[0]] if close else None
