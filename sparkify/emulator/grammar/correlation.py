"""Correlated subqueries that Redshift cannot run (r_correlated_subqueries).

A reference is known for one to an outer query by its qualifier: `o.id` in a query whose FROM has no `o`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_EXTREME = ("MIN", "MAX")


@dataclass
class _Block:
    """A SELECT, or a statement with tables, within the one around it."""

    names: frozenset[str]
    outer: "_Block | None" = None
    joined: bool = False
    """Whether it stands in the ON clause of an outer join."""
    member: bool = False
    """Whether it stands after IN."""
    node: Node | None = None
    correlated: list[Node] = field(default_factory=list)
    """The subqueries among what is selected that refer to this block."""


def check_correlation(tree: Node, part: Sequence[Token]) -> None:
    """Raise Refused for a pattern that the page names."""
    _Reader(part).read(tree, None)


class _Reader:
    def __init__(self, part: Sequence[Token]) -> None:
        self._part = part

    def read(self, node: Node, block: _Block | None, joined: bool = False, member: bool = False) -> None:
        if node.rule in ("select", "update", "delete", "merge"):
            block = _Block(frozenset(self._names(node)), block, joined, member, node)
            joined = member = False
        elif node.rule == "column" and block is not None:
            self._refer(node, block)
        elif node.rule == "join" and self._is_outer(node):
            joined = True
        elif node.rule == "membership":
            member = True
        for child in node.children:
            self.read(child, block, joined and child.rule != "from-primary", member)
        if node.rule == "select" and block is not None:
            self._check_groups(node, block)

    def _is_outer(self, join: Node) -> bool:
        return any(
            child.rule == "join-kind" and self._part[child.start].upper != "INNER" for child in join.children
        )

    def _names(self, node: Node) -> Iterator[str]:
        """How the tables of a block are called."""
        for child in node.children:
            if child.rule in ("from-item", "join", "from-primary"):
                yield from self._names(child)
            elif child.rule in ("named-table", "derived-table", "function-table", "object-unpivot"):
                tables = [each for each in child.children if each.rule in ("table", "table-alias")]
                words = [
                    t for each in tables for t in self._part[each.start : each.end] if t.kind != "symbol"
                ]
                if child.rule != "named-table":
                    words = [
                        t for t in self._part[child.start : child.end] if t.kind in ("word", "identifier")
                    ]
                yield from (word.value.lower() for word in words)
            elif child.rule == "table":
                after = [t.value.lower() for t in self._part[child.end : child.end + 2] if t.upper != "AS"]
                yield from (t.value.lower() for t in self._part[child.start : child.end])
                yield from after[:1]

    def _refer(self, column: Node, block: _Block) -> None:
        names = [
            t.value.lower() for t in self._part[column.start : column.end] if t.kind in ("word", "identifier")
        ]
        if len(names) < 2 or names[-2] in block.names or names[0] in block.names:
            return
        outer = block.outer
        if outer is None:
            return
        if names[-2] not in outer.names:
            further = outer.outer
            while further is not None:
                if names[-2] in further.names:
                    raise _refused("a reference that skips a query block")
                further = further.outer
            return
        assert block.node is not None
        outer.correlated.append(block.node)
        if block.joined:
            raise _refused("a reference within the ON clause of an outer join")
        rules = {child.rule for child in block.node.children}
        if any(node.rule == "over" for node in _own(block.node)):
            raise _refused("a reference from a query with a window function")
        if block.member and "group-by" in rules and self._aggregates(block.node):
            raise _refused("IN with a query that has an aggregate function and GROUP BY")

    def _aggregates(self, node: Node) -> bool:
        calls = [self._part[call.children[0].end - 1].upper for call in _own(node) if call.rule == "call"]
        return any(
            "aggregate" in f.flags
            for name in calls
            if name not in _EXTREME
            for f in catalogue().get(name, ())
        )

    def _check_groups(self, select: Node, block: _Block) -> None:
        """GROUP BY by the alias or the number of a correlated subquery."""
        items = [child for child in select.children if child.rule == "select-item"]
        groups = [child for child in select.children if child.rule == "group-by"]
        said = {t.value.lower() for group in groups for t in self._part[group.start + 2 : group.end]}
        for number, item in enumerate(items, 1):
            inside = any(item.start <= node.start < item.end for node in block.correlated)
            if inside and said & {str(number), self._part[item.end - 1].value.lower()}:
                raise _refused("GROUP BY by the result of a correlated subquery")


def _own(node: Node) -> Iterator[Node]:
    """What is within a SELECT, without the queries within it."""
    for child in node.children:
        if child.rule != "query":
            yield child
            yield from _own(child)


def _refused(what: str) -> Refused:
    return Refused(f"This type of correlated subquery pattern is not supported yet ({what})")
