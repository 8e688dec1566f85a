"""Statements cut into blocks, one a SELECT.

sqlglot qualifies every column and drops those that nobody reads. Equal SELECTs are one block, so what a
statement names twice is made once.
"""

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.simplify import simplify

from sparkify.distribution.plan import (
    Block,
    Column,
    Condition,
    Kind,
    Query,
    Source,
    Tables,
    Union,
    condition_of,
)
from sparkify.distribution.syntax import columns_in, conjuncts, group_keys, inlined, names, own, type_of


class Builder:
    """Cuts queries into blocks over these tables; the same text gives the same block."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._made: dict[str, Query] = {}

    def build(self, query: exp.Query, pinned: str = "") -> Query:
        """The blocks of a query as written, its values filled in."""
        for node in query.walk():
            node.comments = None
        types = self._types()
        tree = qualify(query, schema=types, dialect="redshift", quote_identifiers=False)
        tree = annotate_types(simplify(pushdown_projections(tree)), schema=types, dialect="redshift")
        return self._query(inlined(tree), pinned)

    def _types(self) -> dict[str, object]:
        """As sqlglot wants them: the type of each column of each table."""
        return {name: {c: one.type for c, one in columns.items()} for name, columns in self._tables.items()}

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
            on = list(conjuncts(join.args.get("on")))
            is_left = join.side == "LEFT"
            sources.append(
                self._source(join.this, "left", tuple(map(condition_of, on)))
                if is_left
                else self._source(join.this)
            )
            said += () if is_left else on
        where = select.args.get("where")
        for one in conjuncts(where.this if where else None):
            found = self._subquery(one, f"subquery_{len(sources)}")
            said += [] if found else [one]
            sources += [found] if found else []
        conditions = list(map(condition_of, said))
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
            tuple(self._query(n.this) for n in own(select) if isinstance(n, exp.Subquery)),
            {
                one.alias_or_name: Column(type_of(one), _grows(one, sources, self._tables))
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
            equal = condition_of(exp.EQ(this=inner.this.copy(), expression=column))
            return Source(alias, query, kind, (equal,), condition.sql("redshift"))
        if not isinstance(inner, exp.Exists):
            return None
        select = inner.this.copy()
        own = {node.alias_or_name for node in select.find_all(exp.Table)}
        on: list[Condition] = []
        kept: list[exp.Expr] = []
        needed: list[exp.Column] = []
        for one in conjuncts(select.args["where"].this):
            if names(one) <= own:
                kept.append(one)
                continue
            needed += [c for c in columns_in(one) if c.table in own]
            ours = one.copy().transform(
                lambda n: exp.column(n.name, alias) if isinstance(n, exp.Column) and n.table in own else n
            )
            on.append(condition_of(ours))
        select.set("expressions", [exp.alias_(c.copy(), c.name) for c in needed])
        select.set("where", exp.Where(this=exp.and_(*kept, copy=True)) if kept else None)
        select = annotate_types(select, schema=self._types())
        return Source(alias, self._query(select), kind, tuple(on), condition.sql("redshift"))


def _source_grows(source: Source, tables: Tables) -> bool:
    if isinstance(source.of, str):
        return any(column.grows for column in tables[source.of].values())
    return source.of.grows


def _grows(node: exp.Expr, sources: list[Source], tables: Tables) -> bool:
    """Whether more listeners mean more values of this: of an id, not of a day, a level or a count."""
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
