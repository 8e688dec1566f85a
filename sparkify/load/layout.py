"""Whether the tables of a warehouse have the columns that this program's have, and what to do where not.

The layout's version says so of every column but one kind: a column added to staging needs no version, since
the next command that writes adds it.
"""

import re
from collections.abc import Collection, Mapping
from functools import cache

from sparkify.engines.base import STAGING_TABLE, Reader
from sparkify.errors import WarehouseError
from sparkify.ledger.seal import read_program
from sparkify.ledger.state import this_program
from sparkify.sql import Group, statements
from sparkify.sql.schema import ALL, STAR, table

DEFINING: tuple[Group, ...] = ("star", "affected")


def missing_columns(reader: Reader) -> dict[str, frozenset[str]]:
    """Of each table of staging that lacks columns of the DDL, which."""
    return _missing(read_columns(reader), STAGING_TABLE.values())


def require_columns(reader: Reader, among: Collection[str] = ALL, *, adds_to_staging: bool = False) -> None:
    """Raise WarehouseError if one of these tables has not the columns of this program's.

    Whoever `adds_to_staging` may find that columns are missing there. A column that somebody added to the
    star or the ledger is theirs; one of staging is of a newer program, which fills it and seals it.
    """
    found = read_columns(reader)
    for name in (one for one in STAGING_TABLE.values() if one in among):
        if unknown := [one for one in found.get(name, ()) if one not in table(name).column_names]:
            raise WarehouseError(
                f"{name} has the column {unknown[0]}, which this program ({this_program()}) does not know: "
                f"{read_program(reader) or 'another sparkify'} added it. "
                "Use that version; nothing was changed."
            )
    for name in (one for one in STAR if one in among):
        own = set(found.get(name, ())) - set(table(name).column_names)
        if taken := sorted(own & _aliases()):
            raise WarehouseError(
                f"{name} has a column {taken[0]} that sparkify did not make, and that its statements would "
                f"take for theirs. Say ALTER TABLE {name} DROP COLUMN {taken[0]}; nothing was changed."
            )
    for name, lacking in sorted(_missing(found, among).items()):
        named = ", ".join(sorted(lacking))
        if name not in STAGING_TABLE.values():
            raise WarehouseError(
                f"{name} lacks {named}, though the warehouse is of this program's layout. Whoever adds a "
                "column to such a table raises VERSION in sparkify/load/tables.py and writes a migration "
                "(docs/extending.md); if somebody dropped it by hand, restore a copy of the warehouse."
            )
        if not adds_to_staging:
            raise WarehouseError(
                f"{name} lacks {named}, which this program ({this_program()}) has: an older one made the "
                "warehouse. `sparkify tables create` brings it up to date, and so does the next load."
            )


@cache
def _aliases() -> frozenset[str]:
    """The names that the star's definitions give to what they compute."""
    texts = [one.text for group in DEFINING for one in statements(group)]
    return frozenset(name for text in texts for name in re.findall(r"\bAS (\w+)", text))


def read_columns(reader: Reader) -> dict[str, list[str]]:
    """The columns of each table and view that this login sees."""
    found: dict[str, list[str]] = {}
    for name, column in reader.query(
        "SELECT table_name, column_name FROM information_schema.columns "
        "WHERE table_schema = CURRENT_SCHEMA() ORDER BY table_name, ordinal_position"
    ).rows:
        found.setdefault(name, []).append(column)
    return found


def _missing(found: Mapping[str, list[str]], names: Collection[str]) -> dict[str, frozenset[str]]:
    """Of those tables that are there; which are not is for others to say."""
    lacking = {
        name: frozenset(table(name).column_names) - set(found[name])
        for name in names
        if name in ALL and name in found
    }
    return {name: columns for name, columns in lacking.items() if columns}
