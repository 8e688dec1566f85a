"""A statement as a distributed plan sees it: what each SELECT reads, joins, groups and carries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

from sqlglot import exp

from sparkify.distribution.syntax import (
    aggregates,
    buffer,
    columns_in,
    group_keys,
    names,
    own,
    type_of,
    type_width,
)

Kind = Literal["inner", "left", "semi", "anti"]


@dataclass(frozen=True)
class Column:
    """What a table, or a block, offers: its type, and whether more listeners mean more of its values."""

    type: str
    grows: bool


Tables = Mapping[str, Mapping[str, Column]]


class Field(NamedTuple):
    """A value as a row carries it: its SQL, and its width in bytes, None for text."""

    sql: str
    width: int | None


@dataclass(frozen=True, eq=False)
class Condition:
    """A conjunct of WHERE or ON: the sources it is about, and its two sides if it is an equality."""

    sql: str
    about: frozenset[str]
    columns: tuple[exp.Column, ...]
    sides: tuple[tuple[str, frozenset[str]], ...]

    def pair(self, left: frozenset[str], right: frozenset[str]) -> tuple[str, str] | None:
        """(left, right) of an equality between two sets of sources; None for any other condition."""
        if self.sides:
            (one, its), (other, others) = self.sides
            if its <= left and others <= right:
                return one, other
            if its <= right and others <= left:
                return other, one
        return None


@dataclass(frozen=True, eq=False)
class Source:
    """What FROM, JOIN, IN or EXISTS names: a table or a block."""

    alias: str
    of: "str | Block | Union"
    kind: Kind = "inner"
    on: tuple[Condition, ...] = ()
    """The conditions of a join that is not inner."""
    shown: str = ""
    """The IN or EXISTS that it stands for."""

    @cached_property
    def text(self) -> str:
        return f"{self.of if isinstance(self.of, str) else f'({self.of.sql})'} AS {self.alias}"


@dataclass(frozen=True, eq=False)
class Block:
    """One SELECT. `conditions` are those that span several sources, `filters` those on one."""

    select: exp.Select
    sources: tuple[Source, ...]
    conditions: tuple[Condition, ...]
    filters: Mapping[str, tuple[Condition, ...]]
    extras: "tuple[Block | Union, ...]"
    """Subqueries that yield one value."""
    outputs: Mapping[str, Column]
    grows: bool
    pinned: str = ""
    """The source whose rows are to be changed where they lie."""
    _memo: dict[frozenset[str], tuple[Field, ...]] = field(default_factory=dict)

    @cached_property
    def sql(self) -> str:
        return self.select.sql("redshift")

    @cached_property
    def group(self) -> tuple[Field, ...] | None:
        """The keys that it groups by; none for one row of everything; None if it does not group."""
        keys = group_keys(self.select)
        return None if keys is None else tuple(map(field_of, keys))

    @cached_property
    def buffers(self) -> tuple[int | None, ...]:
        """The widths of what its aggregates keep while they run, COUNT(DISTINCT) left out."""
        found = (one for one in aggregates(self.select) if not isinstance(one.this, exp.Distinct))
        return tuple(width for one in found for width in buffer(one))

    @cached_property
    def distincts(self) -> tuple[Field, ...]:
        """The arguments of COUNT(DISTINCT)."""
        found = (
            one.this.expressions[0] for one in aggregates(self.select) if isinstance(one.this, exp.Distinct)
        )
        return tuple(dict.fromkeys(map(field_of, found)))

    @cached_property
    def windows(self) -> tuple[tuple[Field, ...], ...]:
        """The different PARTITION BYs."""
        found = (n.args.get("partition_by") or () for n in own(self.select) if isinstance(n, exp.Window))
        return tuple(dict.fromkeys(tuple(map(field_of, keys)) for keys in found))

    @cached_property
    def limit(self) -> int | None:
        limit = self.select.args.get("limit")
        return int(limit.expression.name) if limit and limit.expression.is_number else None

    @cached_property
    def called(self) -> Mapping[str, frozenset[str]]:
        """The names under which it puts out an expression."""
        found: dict[str, set[str]] = {}
        for one in self.select.selects:
            found.setdefault(one.unalias().sql("redshift"), set()).add(one.alias_or_name)
        return {sql: frozenset(names) for sql, names in found.items()}

    @cached_property
    def aliases(self) -> frozenset[str]:
        return frozenset(one.alias for one in self.sources)

    @cached_property
    def _later(self) -> tuple[exp.Column, ...]:
        """The columns that everything after FROM and WHERE reads."""
        return tuple(node for node in own(self.select) if isinstance(node, exp.Column))

    def carried(self, aliases: frozenset[str]) -> tuple[Field, ...]:
        """The columns of these sources, joined already, that later steps still read."""
        if aliases not in self._memo:
            later = [*self._later]
            later += [c for one in self.conditions if not one.about <= aliases for c in one.columns]
            later += [c for s in self.sources if s.alias not in aliases for one in s.on for c in one.columns]
            self._memo[aliases] = tuple(dict.fromkeys(field_of(c) for c in later if c.table in aliases))
        return self._memo[aliases]

    def read(self, alias: str) -> frozenset[str]:
        """Every column of a source that anything reads, filters included."""
        inside = [
            *self.filters.get(alias, ()),
            *self.conditions,
            *(one for s in self.sources for one in s.on),
        ]
        columns = [*self._later, *(c for one in inside for c in one.columns)]
        return frozenset(c.name for c in columns if c.table == alias)

    def rows(self, aliases: frozenset[str], known: Sequence[str] = ()) -> str:
        """FROM and WHERE of these sources, joined: SQL that can be counted; `known` are not null."""
        chosen = [s for s in self.sources if s.alias in aliases]
        first = chosen if len(chosen) == 1 else [s for s in chosen if s.kind == "inner"]
        text = "FROM " + " CROSS JOIN ".join(s.text for s in first)
        for one in chosen:
            if one.kind == "left" and one not in first:
                text += f" LEFT JOIN {one.text} ON {' AND '.join(c.sql for c in one.on)}"
        said = [c.sql for s in chosen for c in self.filters.get(s.alias, ())]
        said += [c.sql for c in self.conditions if c.about <= aliases]
        said += [s.shown for s in chosen if s not in first and s.shown]
        said += [f"{one} IS NOT NULL" for one in known]
        return text + (f" WHERE {' AND '.join(said)}" if said else "")

    @cached_property
    def grouped(self) -> tuple[str, tuple[Field, ...]]:
        """FROM of its groups, HAVING applied, and what each carries."""
        assert self.group is not None
        select = ", ".join(f"{key.sql} AS k{n}" for n, key in enumerate(self.group)) or "1 AS k0"
        by = f" GROUP BY {', '.join(key.sql for key in self.group)}" if self.group else ""
        if having := self.select.args.get("having"):
            by += f" {having.sql('redshift')}"
        text = f"FROM (SELECT {select} {self.rows(self.aliases)}{by}) AS g"
        fields = [Field(f"g.k{n}", key.width) for n, key in enumerate(self.group)]
        return text, (*fields, *(Field("g.k0", 8) for _ in aggregates(self.select)))

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What it puts out."""
        return tuple(Field(name, type_width(one.type)) for name, one in self.outputs.items())

    @cached_property
    def below(self) -> "tuple[Query, ...]":
        """The blocks that it reads from."""
        return (*self.extras, *(s.of for s in self.sources if not isinstance(s.of, str)))

    @cached_property
    def scanned(self) -> Mapping[str, frozenset[str]]:
        """The columns of each table that it reads, each table once."""
        own = [{s.of: self.read(s.alias)} if isinstance(s.of, str) else s.of.scanned for s in self.sources]
        return _together([*own, *(one.scanned for one in self.extras)])


@dataclass(frozen=True, eq=False)
class Union:
    """UNION of blocks; `is_distinct` without ALL."""

    query: exp.SetOperation
    parts: "tuple[Block | Union, ...]"
    outputs: Mapping[str, Column]

    @property
    def below(self) -> "tuple[Query, ...]":
        return self.parts

    @property
    def is_distinct(self) -> bool:
        return bool(self.query.args.get("distinct"))

    @property
    def grows(self) -> bool:
        return any(part.grows for part in self.parts)

    @cached_property
    def sql(self) -> str:
        return self.query.sql("redshift")

    @cached_property
    def all_rows(self) -> str:
        """FROM of the parts' rows, equal ones not yet made one."""
        return (
            f"FROM ({' UNION ALL '.join(f'SELECT * FROM ({part.sql}) AS part' for part in self.parts)}) AS u"
        )

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """What a row carries, by the names in `all_rows`."""
        return tuple(Field(f"u.{name}", type_width(one.type)) for name, one in self.outputs.items())

    @cached_property
    def scanned(self) -> Mapping[str, frozenset[str]]:
        return _together([part.scanned for part in self.parts])


Query = Block | Union


def field_of(node: exp.Expr) -> Field:
    return Field(node.sql("redshift"), type_width(type_of(node)))


def condition_of(node: exp.Expr) -> Condition:
    columns = tuple(columns_in(node))
    sides = []
    if isinstance(node, exp.EQ):
        sides = [(one.sql("redshift"), names(one)) for one in (node.this, node.expression)]
    equal = tuple(sides) if all(about for _, about in sides) else ()
    return Condition(node.sql("redshift"), frozenset(c.table for c in columns), columns, equal)


def _together(found: Sequence[Mapping[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    every = {name for one in found for name in one}
    return {name: frozenset().union(*(one.get(name, frozenset()) for one in found)) for name in every}
