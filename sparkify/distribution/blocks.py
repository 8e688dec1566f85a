"""A statement as a distributed plan sees it: what each SELECT reads, joins and groups, and what it must carry.

sqlglot qualifies every column and drops those that nobody reads; what is left is cut into blocks, one a
SELECT. Equal SELECTs are one block, so what a statement names twice is made once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Literal, NamedTuple

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.simplify import simplify

Kind = Literal["inner", "left", "semi", "anti"]

WIDTHS = {"SMALLINT": 2, "INT": 4, "DATE": 4, "BIGINT": 8, "DOUBLE": 8, "TIMESTAMP": 8}
TEXT = ("VARCHAR", "TEXT", "CHAR")


@dataclass(frozen=True)
class Column:
    """What a table, or a block, offers: its type, and whether more listeners and songs mean more of its values."""

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
        return None if keys is None else tuple(map(_field, keys))

    @cached_property
    def buffers(self) -> tuple[int | None, ...]:
        """The widths of what its aggregates keep while they run, COUNT(DISTINCT) left out."""
        found = (one for one in _aggregates(self.select) if not isinstance(one.this, exp.Distinct))
        return tuple(width for one in found for width in _buffer(one))

    @cached_property
    def distincts(self) -> tuple[Field, ...]:
        """The arguments of COUNT(DISTINCT)."""
        found = (
            one.this.expressions[0] for one in _aggregates(self.select) if isinstance(one.this, exp.Distinct)
        )
        return tuple(dict.fromkeys(map(_field, found)))

    @cached_property
    def windows(self) -> tuple[tuple[Field, ...], ...]:
        """The different PARTITION BYs."""
        found = (n.args.get("partition_by") or () for n in _own(self.select) if isinstance(n, exp.Window))
        return tuple(dict.fromkeys(tuple(map(_field, keys)) for keys in found))

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
        return tuple(node for node in _own(self.select) if isinstance(node, exp.Column))

    def carried(self, aliases: frozenset[str]) -> tuple[Field, ...]:
        """The columns of these sources, joined already, that later steps still read."""
        if aliases not in self._memo:
            later = [*self._later]
            later += [c for one in self.conditions if not one.about <= aliases for c in one.columns]
            later += [c for s in self.sources if s.alias not in aliases for one in s.on for c in one.columns]
            self._memo[aliases] = tuple(dict.fromkeys(_field(c) for c in later if c.table in aliases))
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
        having = self.select.args.get("having")
        text = f"FROM (SELECT {select} {self.rows(self.aliases)}{by} {having.sql('redshift') if having else ''}) AS g"
        fields = [Field(f"g.k{n}", key.width) for n, key in enumerate(self.group)]
        return text, (*fields, *(Field("g.k0", 8) for _ in _aggregates(self.select)))

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


class Builder:
    """Cuts queries into blocks over these tables; the same text gives the same block."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._made: dict[str, Query] = {}

    def build(self, query: exp.Query, pinned: str = "") -> Query:
        """The blocks of a query as written, its values filled in."""
        for node in query.walk():
            node.comments = None
        types = {name: {c: one.type for c, one in columns.items()} for name, columns in self._tables.items()}
        tree = qualify(query, schema=types, dialect="redshift", quote_identifiers=False)
        tree = annotate_types(simplify(pushdown_projections(tree)), schema=types, dialect="redshift")
        return self._query(_inlined(tree), pinned)

    def _query(self, query: exp.Expr, pinned: str = "") -> Query:
        if isinstance(query, exp.Subquery):
            return self._query(query.this, pinned)
        key = query.sql("redshift") + pinned
        if key not in self._made:
            if isinstance(query, exp.SetOperation):
                parts = tuple(map(self._query, (query.left, query.right)))
                self._made[key] = Union(query, parts, parts[0].outputs)
            else:
                assert isinstance(query, exp.Select)
                self._made[key] = self._block(query, pinned)
        return self._made[key]

    def _block(self, select: exp.Select, pinned: str) -> Block:
        sources: list[Source] = []
        said: list[exp.Expr] = []
        if first := select.args.get("from_"):
            sources.append(self._source(first.this))
        for join in select.args.get("joins") or ():
            on = list(_conjuncts(join.args.get("on")))
            is_left = join.side == "LEFT"
            sources.append(
                self._source(join.this, "left", tuple(map(_condition, on)))
                if is_left
                else self._source(join.this)
            )
            said += () if is_left else on
        where = select.args.get("where")
        for one in _conjuncts(where.this if where else None):
            found = self._subquery(one, f"subquery_{len(sources)}")
            said += [] if found else [one]
            sources += [found] if found else []
        conditions = list(map(_condition, said))
        keys = group_keys(select)
        has_limit = select.args.get("limit") is not None
        grown = (
            any(_source_grows(s, self._tables) for s in sources if s.kind in ("inner", "left"))
            if keys is None
            else any(_grows(key, sources, self._tables) for key in keys)
        )
        return Block(
            select,
            tuple(sources),
            tuple(c for c in conditions if len(c.about) > 1),
            {s.alias: tuple(c for c in conditions if c.about == {s.alias}) for s in sources},
            tuple(self._query(n.this) for n in _own(select) if isinstance(n, exp.Subquery)),
            {
                one.alias_or_name: Column(_type(one), _grows(one, sources, self._tables))
                for one in select.selects
            },
            grown and not has_limit,
            pinned,
        )

    def _source(self, node: exp.Expr, kind: Kind = "inner", on: tuple[Condition, ...] = ()) -> Source:
        if isinstance(node, exp.Table):
            return Source(node.alias_or_name, node.name, kind, on)
        return Source(node.alias_or_name, self._query(node), kind, on)

    def _subquery(self, condition: exp.Expr, alias: str) -> Source | None:
        """IN and EXISTS as joins: semi, or anti where they are negated."""
        negated = isinstance(condition, exp.Not)
        inner = condition.this if negated else condition
        kind: Kind = "anti" if negated else "semi"
        if isinstance(inner, exp.In) and inner.args.get("query"):
            query = self._query(inner.args["query"])
            column = exp.column(next(iter(query.outputs)), alias)
            equal = _condition(exp.EQ(this=inner.this.copy(), expression=column))
            return Source(alias, query, kind, (equal,), condition.sql("redshift"))
        if not isinstance(inner, exp.Exists):
            return None
        select = inner.this.copy()
        own = {node.alias_or_name for node in select.find_all(exp.Table)}
        on: list[Condition] = []
        kept: list[exp.Expr] = []
        needed: list[exp.Column] = []
        for one in _conjuncts(select.args["where"].this):
            if _names(one) <= own:
                kept.append(one)
                continue
            needed += [c for c in _columns(one) if c.table in own]
            ours = one.copy().transform(
                lambda n: exp.column(n.name, alias) if isinstance(n, exp.Column) and n.table in own else n
            )
            on.append(_condition(ours))
        select.set("expressions", [exp.alias_(c.copy(), c.name) for c in needed])
        select.set("where", exp.Where(this=exp.and_(*kept, copy=True)) if kept else None)
        select = annotate_types(
            select, schema={n: {c: o.type for c, o in t.items()} for n, t in self._tables.items()}
        )
        return Source(alias, self._query(select), kind, tuple(on), condition.sql("redshift"))


def group_keys(select: exp.Select) -> list[exp.Expr] | None:
    """GROUP BY, or DISTINCT; empty where aggregates stand alone."""
    if grouped := select.args.get("group"):
        return list(grouped.expressions)
    if select.args.get("distinct"):
        return [one.unalias() for one in select.selects]
    return [] if _aggregates(select) else None


@cache
def type_width(type_: str) -> int | None:
    """The bytes of a value of this type, None for text."""
    kind = exp.DataType.build(type_, dialect="redshift").this.value
    return None if kind in TEXT else WIDTHS.get(kind, 8)


def _type(node: exp.Expr) -> str:
    return str(node.type.sql("redshift")) if node.type is not None else "UNKNOWN"


def _field(node: exp.Expr) -> Field:
    return Field(node.sql("redshift"), type_width(_type(node)))


def _condition(node: exp.Expr) -> Condition:
    columns = tuple(_columns(node))
    sides = []
    if isinstance(node, exp.EQ):
        sides = [(one.sql("redshift"), _names(one)) for one in (node.this, node.expression)]
    equal = tuple(sides) if all(about for _, about in sides) else ()
    return Condition(node.sql("redshift"), frozenset(c.table for c in columns), columns, equal)


def _names(node: exp.Expr) -> frozenset[str]:
    """The sources that an expression is about."""
    return frozenset(column.table for column in _columns(node))


def _aggregates(select: exp.Select) -> list[exp.AggFunc]:
    own = (node for node in _own(select) if isinstance(node, exp.AggFunc))
    return list({n.sql(): n for n in own if not isinstance(n.parent, exp.Window)}.values())


def _buffer(one: exp.AggFunc) -> list[int | None]:
    if isinstance(one, exp.Avg):
        return [8, 8]
    return [type_width(_type(one.this))] if isinstance(one, exp.Min | exp.Max) else [8]


def _together(found: Sequence[Mapping[str, frozenset[str]]]) -> dict[str, frozenset[str]]:
    every = {name for one in found for name in one}
    return {name: frozenset().union(*(one.get(name, frozenset()) for one in found)) for name in every}


def _inlined(tree: exp.Expr) -> exp.Expr:
    """Without WITH: each name of a CTE becomes the subquery that it stands for."""
    made: dict[str, exp.Expr] = {}
    scope = tree.args.get("with_")
    for cte in scope.expressions if scope else ():
        made[cte.alias] = _replaced(cte.this, made)
    tree.set("with_", None)
    return _replaced(tree, made)


def _replaced(tree: exp.Expr, made: Mapping[str, exp.Expr]) -> exp.Expr:
    for node in list(tree.find_all(exp.Table)):
        if node.name in made:
            alias = exp.TableAlias(this=exp.to_identifier(node.alias_or_name))
            node.replace(exp.Subquery(this=made[node.name].copy(), alias=alias))
    return tree


def _conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(node, exp.And):
        yield from _conjuncts(node.left)
        yield from _conjuncts(node.right)
    elif node is not None and not (isinstance(node, exp.Boolean) and node.this):
        plain = node.unnest()
        yield exp.paren(plain) if isinstance(plain, exp.Or) else plain


def _own(select: exp.Select) -> Iterator[exp.Expr]:
    """The nodes of what a SELECT computes, without its sources and without subqueries."""
    for key, value in select.args.items():
        if key in ("from_", "joins", "where", "with_"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, exp.Expr):
                yield from node.walk(prune=lambda n: isinstance(n, exp.Query))


def _columns(node: exp.Expr) -> Iterator[exp.Column]:
    return (n for n in node.walk(prune=lambda n: isinstance(n, exp.Query)) if isinstance(n, exp.Column))


def _source_grows(source: Source, tables: Tables) -> bool:
    if isinstance(source.of, str):
        return any(column.grows for column in tables[source.of].values())
    return source.of.grows


def _grows(node: exp.Expr, sources: list[Source], tables: Tables) -> bool:
    """Whether more listeners and songs mean more values of this: an id does, a day, a level or a count does not."""
    if isinstance(node, exp.Column):
        of = next((s.of for s in sources if s.alias == node.table), None)
        columns = tables.get(of, {}) if isinstance(of, str) else of.outputs if of else {}
        return node.name in columns and columns[node.name].grows
    if isinstance(node, (exp.Extract, exp.TimestampTrunc, exp.DateTrunc, exp.Window, exp.SplitPart)):
        return False
    if isinstance(node, exp.AggFunc) and not isinstance(node, exp.Min | exp.Max):
        return False
    if isinstance(node, exp.Cast) and node.to.is_type("date"):
        return False
    return any(_grows(child, sources, tables) for child in node.iter_expressions())
