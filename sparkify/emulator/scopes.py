"""What a name in a statement may mean: the columns of relations, with the types of their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sparkify.emulator.decimals import Exact
from sparkify.emulator.grammar import Node

Kind = Exact | None
Columns = Sequence[tuple[str, Kind]]
"""The columns of a table or a query in their order, with their names."""


@dataclass
class Scope:
    """The relations that a name may mean a column of; one whose columns are not known has none."""

    relations: dict[str, Columns | None] = field(default_factory=dict)
    outer: "Scope | None" = None
    aliases: dict[str, tuple[Node, Kind]] = field(default_factory=dict)
    """What is selected and has a name, which what follows may use (r_SELECT_list)."""

    def is_alias(self, names: Sequence[str]) -> bool:
        """Whether a name can mean nothing but what is selected: no column is called so."""
        if len(names) > 1 or names[0] not in self.aliases:
            return False
        return all(c is not None and names[0] not in dict(c) for c in self.relations.values())

    def find(self, names: Sequence[str]) -> Kind:
        """The kind of a column; None if it is not known, or not known which one is meant."""
        own = [columns for name, columns in self.relations.items() if names[:-1] in ([], [name])]
        found = {kind for columns in own for name, kind in columns or () if name == names[-1]}
        if found or None in own:
            return found.pop() if len(found) == 1 and None not in own else None
        return self.outer.find(names) if self.outer else None
