"""Finding by part of a name: artists, songs, places and states as the app reported them, and listeners.

Case does not matter, nor do the accents of Latin letters, and ß is ss: both sides are reduced by one table,
which each engine's TRANSLATE applies to names beyond ASCII (it takes ten times as long as the rest). It is a
text that is looked for and no pattern, so that % and _ are characters.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.ask.one_state import of_one_state
from sparkify.engines.base import Reader, Result, Value
from sparkify.engines.dialect import inline
from sparkify.errors import ConfigError
from sparkify.formatting import STATES
from sparkify.sql import statement

KINDS = ("artists", "songs", "listeners", "places", "states")
SHOWN = 25
"""Rows of each kind that are shown."""
LONGEST = 200
"""Characters that are looked for, at most."""


def _plain_letters() -> tuple[str, str]:
    """Accented Latin letters, and at the same places the plain ones that they are compared as."""
    latin = map(chr, (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))
    pairs = [(letter, unicodedata.normalize("NFD", letter)[0]) for letter in latin]
    pairs = [(letter, base) for letter, base in pairs if base.isascii()]
    # Which Unicode takes for letters of their own; and the sigma at the end of a word, which has no capital.
    pairs += zip("ØøŁłĐđıςẞ", "OoLlDdiσß", strict=True)
    return "".join(letter for letter, _ in pairs), "".join(base for _, base in pairs)


ACCENTED, PLAIN = _plain_letters()


@dataclass(frozen=True)
class Found:
    """What was found of one kind: the first rows, and how many there are."""

    kind: str
    result: Result
    number: int


def find(reader: Reader, text: str, *, names: bool) -> Sequence[Found]:
    """What has `text` in its name, of each kind; listeners only by their number unless `names` may be shown.

    A state is found by part of its name too, though the app reports its code alone.

    Raises ConfigError for a text that no name can have.
    """
    text = reduced(text)
    if len(text) > LONGEST or "\0" in text:
        raise ConfigError(f"type at most {LONGEST} characters of a name.")
    values: dict[str, Value] = {"text": text, "accented": ACCENTED, "plain": PLAIN, "limit": SHOWN}
    codes = [code for code, name in STATES.items() if text in reduced(name)]
    more: dict[str, dict[str, Value]] = {
        "listeners": {"names": int(names)},
        "states": {"codes": f"|{'|'.join(codes)}|" if codes else ""},
    }

    def look(kind: str) -> Found:
        result = reader.query(looking_for(kind), values | more.get(kind, {}))
        number = int(result.rows[0][-1]) if result.rows else 0
        return Found(kind, Result(result.columns[:-2], [row[:-2] for row in result.rows]), number)

    return of_one_state(reader, lambda _: [look(kind) for kind in KINDS]) if text else []


def looking_for(kind: str) -> str:
    """The SELECT of what is found of one kind."""
    return inline(statement("find", "found").text, {"kind": statement("find", kind).text})


def reduced(text: str) -> str:
    """A text as it is compared.

    >>> reduced(" Beyoncé"), reduced("SØREN"), reduced("Straße"), reduced("100 %")
    ('beyonce', 'soren', 'strasse', '100 %')
    """
    composed = unicodedata.normalize("NFC", text.strip())
    # Each letter by itself, as databases do it: Python alone knows where a word ends in sigma.
    plain = composed.translate(str.maketrans(ACCENTED, PLAIN)).replace("ß", "ss")
    return "".join(map(str.lower, plain))
