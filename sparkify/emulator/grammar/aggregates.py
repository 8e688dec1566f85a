"""Where aggregates and window functions may stand, and which of them may stand together.

Pages: c_Aggregate_Functions (none within another), r_WHERE_clause (none in it), r_LISTAGG, r_MEDIAN and
r_PERCENTILE_CONT (one order for all); public reports: metabase#38100, dbt-profiler#84 (none beside DISTINCT).
"""

from collections.abc import Iterator, Sequence

from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_BLOCKS = ("select", "update", "delete")
_SORTING = ("LISTAGG", "PERCENTILE_CONT", "MEDIAN")


def check_aggregates(node: Node, part: Sequence[Token]) -> None:
    """Raise Refused for an aggregate or a window function where none may stand."""
    if node.rule == "call":
        _check_nesting(node, part)
    elif node.rule == "join" or node.rule in _BLOCKS:
        for child in node.children:
            if child.rule == "expression" and part[child.start - 1].upper in ("WHERE", "ON"):
                _check_condition(child, part)
    if node.rule == "select":
        _check_order(node, part)


def own(node: Node) -> Iterator[Node]:
    """What is within a node, without the queries within it."""
    left = [child for child in reversed(node.children) if child.rule != "query"]
    while left:
        each = left.pop()
        yield each
        left += [child for child in reversed(each.children) if child.rule != "query"]


def _calls(node: Node, part: Sequence[Token]) -> Iterator[tuple[Node, bool]]:
    """The aggregates and window functions within a node; whether each has a window."""
    for each in own(node):
        if each.rule == "call":
            has_window = any(child.rule == "over" for child in each.children)
            if has_window or _is_aggregate(each, part):
                yield each, has_window


def _name(call: Node, part: Sequence[Token]) -> str:
    return part[call.children[0].end - 1].upper


def _is_aggregate(call: Node, part: Sequence[Token]) -> bool:
    return any("aggregate" in form.flags for form in catalogue().get(_name(call, part), ()))


def _check_nesting(call: Node, part: Sequence[Token]) -> None:
    """No aggregate within another; a window function may be of an aggregate, not of another window."""
    has_window = any(child.rule == "over" for child in call.children)
    if not has_window and not _is_aggregate(call, part):
        return
    for _, is_window in _calls(call, part):
        if has_window and is_window:
            raise Refused("window function calls may not be nested", "42P20")
        if not has_window:
            what = "window" if is_window else "aggregate"
            raise Refused(f"aggregate function calls may not have nested {what} function calls", "42803")


def _check_condition(condition: Node, part: Sequence[Token]) -> None:
    clause = part[condition.start - 1].upper
    said = "WHERE clause" if clause == "WHERE" else "JOIN conditions"
    for _, is_window in _calls(condition, part):
        if is_window:
            raise Refused(f"window functions are not allowed in {said}", "42P20")
        raise Refused(f"aggregates not allowed in {said}", "42803")


def _check_order(select: Node, part: Sequence[Token]) -> None:
    """The aggregates that sort want one order, and none beside them that has DISTINCT."""
    calls = [call for call, has_window in _calls(select, part) if not has_window]
    sorting = [call for call in calls if _name(call, part) in _SORTING]
    orders = {order for call in sorting if (order := _order(call, part))}
    if len(orders) > 1:
        raise Refused("within group ORDER BY clauses for aggregate functions must be the same")
    others = [call for call in calls if call not in sorting]
    if sorting and any(_is_distinct(call, part) for call in others):
        raise Refused(
            "Using LISTAGG/PERCENTILE_CONT/MEDIAN aggregate functions with other distinct aggregate function "
            "not supported"
        )


def _order(call: Node, part: Sequence[Token]) -> tuple[str, ...]:
    """What a call sorts by: MEDIAN by its argument, others as they say."""
    wanted = "arguments" if _name(call, part) == "MEDIAN" else "within-group"
    found = [child for child in call.children if child.rule == wanted]
    sorts = [each for child in found for each in child.children]
    return tuple(
        word.text if word.kind == "string" else word.value.lower()
        for each in sorts
        for word in part[each.start : each.end]
        if word.upper != "ASC"
    )


def _is_distinct(call: Node, part: Sequence[Token]) -> bool:
    """APPROXIMATE counts without sorting."""
    if part[call.start - 1].upper == "APPROXIMATE":
        return False
    return any(child.rule == "arguments" and part[child.start].upper == "DISTINCT" for child in call.children)
