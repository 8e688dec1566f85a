"""Object unpivoting: an object of a SUPER column as rows, one for each attribute.

AWS: "Querying semi-structured data", object unpivoting; "Limitations" (of SUPER); "FROM clause":
`UNPIVOT expression AS value_alias [ AT attribute_alias ]`. Imitated for a column; navigation within it
(`e.data.songs[0]`) is not. The attribute is a string, the value is SUPER.

Undocumented: the order of the rows, what a value that is no object yields (an error here), and whether a
JSON null within SUPER IS NULL: that question is refused, JSON_TYPEOF(value) = 'null' is documented.
"""

import itertools
from collections.abc import Sequence

from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_NAMES = ("word", "identifier")


def unpivot(part: Sequence[Token], at: int) -> tuple[str, int]:
    """The UNPIVOT at `at` in PostgreSQL's words, and where to go on. Raises Refused."""
    if at == 0 or part[at - 1].text != ",":
        raise Refused("emulator: UNPIVOT is imitated in FROM, after a table and a comma", "0A000")
    end = at + 2
    while end + 1 < len(part) and part[end].text == ".":
        end += 2
    value = _alias(part, end, "AS")
    attribute = _alias(part, end + 2, "AT")
    source = "".join(token.text for token in part[at + 1 : end])
    if value is None or part[at + 1].kind not in _NAMES or end - at not in (2, 4):
        raise Refused("emulator: only UNPIVOT table.column AS value [AT attribute] is imitated", "0A000")
    if part[at + 1].upper in _values(part):
        raise Refused("Amazon Redshift doesn't support correlated unpivoting")
    columns = f"{value.text}, {attribute.text if attribute else 'rs_attribute'}"
    return f"LATERAL rs_unpivot({source}) AS rs_unpivoted_{at} ({columns})", end + (4 if attribute else 2)


def refuse_super(part: Sequence[Token]) -> None:
    """Raise Refused for what AWS leaves open (a value's JSON null) or rules out (right and full joins)."""
    values = _values(part)
    outer = {(b.upper, a.upper) for b, a in itertools.pairwise(part)} & {
        (side, word) for side in ("RIGHT", "FULL") for word in ("JOIN", "OUTER")
    }
    if values and outer:
        raise Refused("Amazon Redshift doesn't take SUPER in right or full outer joins")
    for at, token in enumerate(part[:-1]):
        if token.upper in values and [t.upper for t in part[at + 1 : at + 4] if t.upper != "NOT"][:2] == [
            "IS", "NULL",
        ]:  # fmt: skip
            raise Refused(
                f"emulator: whether JSON's null IS NULL is undocumented; JSON_TYPEOF({token.text}) tells"
            )


def _alias(part: Sequence[Token], at: int, word: str) -> Token | None:
    """The name after AS or AT, if one stands there."""
    found = part[at : at + 2]
    return found[1] if len(found) == 2 and found[0].upper == word and found[1].kind in _NAMES else None


def _values(part: Sequence[Token]) -> set[str]:
    """What the statement's UNPIVOTs call their values."""
    found: set[str] = set()
    for at, token in enumerate(part):
        if token.upper == "UNPIVOT":
            end = next((k for k in range(at, len(part)) if part[k].upper == "AS"), len(part))
            if alias := _alias(part, end, "AS"):
                found.add(alias.text.upper())
    return found
