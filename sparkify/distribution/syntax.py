"""What sqlglot's nodes say of a SELECT: what it computes, its aggregates, conditions and types."""

from collections.abc import Iterator, Mapping
from functools import cache

from sqlglot import exp

WIDTHS = {"SMALLINT": 2, "INT": 4, "DATE": 4, "BIGINT": 8, "DOUBLE": 8, "TIMESTAMP": 8}
TEXT = ("VARCHAR", "TEXT", "CHAR")


def group_keys(select: exp.Select) -> list[exp.Expr] | None:
    """GROUP BY, or DISTINCT; empty where aggregates stand alone."""
    if grouped := select.args.get("group"):
        return list(grouped.expressions)
    if select.args.get("distinct"):
        return [one.unalias() for one in select.selects]
    return [] if aggregates(select) else None


@cache
def type_width(type_: str) -> int | None:
    """The bytes of a value of this type, None for text."""
    kind = exp.DataType.build(type_, dialect="redshift").this.value
    return None if kind in TEXT else WIDTHS.get(kind, 8)


def type_of(node: exp.Expr) -> str:
    return str(node.type.sql("redshift")) if node.type is not None else "UNKNOWN"


def names(node: exp.Expr) -> frozenset[str]:
    """The sources that an expression is about."""
    return frozenset(column.table for column in columns_in(node))


def aggregates(select: exp.Select) -> list[exp.AggFunc]:
    """The aggregates of a SELECT, each once; those over windows are none."""
    found = (node for node in own(select) if isinstance(node, exp.AggFunc))
    return list({n.sql(): n for n in found if not isinstance(n.parent, exp.Window)}.values())


def buffer(one: exp.AggFunc) -> list[int | None]:
    if isinstance(one, exp.Avg):
        return [8, 8]
    return [type_width(type_of(one.this))] if isinstance(one, exp.Min | exp.Max) else [8]


def conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(node, exp.And):
        yield from conjuncts(node.left)
        yield from conjuncts(node.right)
    elif node is not None and not (isinstance(node, exp.Boolean) and node.this):
        plain = node.unnest()
        yield exp.paren(plain) if isinstance(plain, exp.Or) else plain


def own(select: exp.Select) -> Iterator[exp.Expr]:
    """The nodes of what a SELECT computes, without its sources and without subqueries."""
    for key, value in select.args.items():
        if key in ("from_", "joins", "where", "with_"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, exp.Expr):
                yield from node.walk(prune=lambda n: isinstance(n, exp.Query))


def columns_in(node: exp.Expr) -> Iterator[exp.Column]:
    return (n for n in node.walk(prune=lambda n: isinstance(n, exp.Query)) if isinstance(n, exp.Column))


def inlined(tree: exp.Expr) -> exp.Expr:
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
