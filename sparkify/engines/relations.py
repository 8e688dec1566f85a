"""SELECTs that read each other: a name of RELATIONS stands for the SELECT of its file, wherever it is read.

dbt calls such a model ephemeral, SQLMesh embedded: it is no table and no view of the database, but is put
into the statement that reads it.
"""

from collections.abc import Mapping

from sparkify.engines.dialect import inline
from sparkify.sql import Group, statement

RELATIONS: Mapping[str, Group] = {
    "event": "star",
    "play": "star",
    "song": "star",
    "catalogue": "star",
    "standing_file": "ledger",
}
"""Each after those that it reads."""


def definition(name: str, relations: Mapping[str, str] | None = None, group: Group = "star") -> str:
    """The statement of a file, with the relations that it reads put in: those given first, then our own."""
    return resolve(statement(group, name).text, relations)


def resolve(sql: str, relations: Mapping[str, str] | None = None) -> str:
    """A statement, with the relations that it reads put in."""
    held = dict(relations or {})
    for relation, group in RELATIONS.items():
        if relation not in held:
            held[relation] = inline(statement(group, relation).text, held)
    return inline(sql, held)
