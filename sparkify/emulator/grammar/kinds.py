"""What kind of value an expression is, as far as its text says.

A column's kind is unknown (None): PostgreSQL decides there. A string in quotes is a `literal`, which becomes
whatever stands beside it, as NULL does.
"""

from collections.abc import Callable, Mapping, Sequence

from sparkify.emulator.grammar.functions import results
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.grammar.vocabulary import types
from sparkify.emulator.lexer import Token

Kind = str | None
DATES = ("date", "timestamp", "timestamptz")
NUMBERS = ("integer", "number")
SAID = {
    "number": "numeric", "text": "character varying", "literal": '"unknown"', "null": '"unknown"',
    "timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone",
    "time": "time without time zone", "varbyte": "binary varying", None: '"unknown"',
}  # fmt: skip
"""A kind in Redshift's words, where they differ."""
_BOOLEAN = ("exists", "comparison", "null-condition", "range-condition", "pattern-condition", "membership")
_FIXED = {
    "extract": "number", "position": "integer", "trim": "text", "substring": "text",
    "interval-literal": "interval", "subscript": "super", "object-transform": "super", "description": "text",
    **dict.fromkeys(_BOOLEAN, "boolean"),
}  # fmt: skip
_KEYWORDS = {
    "CURRENT_DATE": "date", "SYSDATE": "timestamp", "CURRENT_TIMESTAMP": "timestamptz",
    "CURRENT_TIME": "time", "LOCALTIME": "time", "CURRENT_USER_ID": "integer",
}  # fmt: skip
_TYPES = ("type", "literal-type")
_CONDITIONS = ("expression", "conjunction", "negation", "predicate")
_ONE_INSIDE = (*_CONDITIONS, "operand", "primary", "argument", "prior")


def kind_of(node: Node, part: Sequence[Token]) -> Kind:
    """The kind of an expression, or None if its text does not say."""
    if node.rule in _FIXED:
        return _FIXED[node.rule]
    if told := _TELLING.get(node.rule):
        return told(node, part)
    if node.rule not in _ONE_INSIDE or not node.children:
        return None
    if len(node.children) > 1 and node.rule in _CONDITIONS:
        return "boolean"
    if node.rule == "negation" and node.children[0].rule == "negation":
        return "boolean"
    return kind_of(node.children[-1], part)


def _cast(node: Node, part: Sequence[Token]) -> Kind:
    return type_kind(next(child for child in node.children if child.rule in _TYPES), part)


def _keyword(node: Node, part: Sequence[Token]) -> Kind:
    return _KEYWORDS.get(part[node.start].upper, "text")


def _term(node: Node, part: Sequence[Token]) -> Kind:
    return None if node.children[-1].rule == "time-zone" else kind_of(node.children[-1], part)


def type_kind(node: Node, part: Sequence[Token]) -> Kind:
    """The kind of a type's values."""
    words = [token.upper for token in part[node.start : node.end]]
    if words[0] in ("TIME", "TIMESTAMP") and words[1:2] == ["WITH"]:
        return "time" if words[0] == "TIME" else "timestamptz"
    special = {"DOUBLE": "number", "NATIONAL": "text", "INTERVAL": "interval"}.get(words[0])
    return special or (types()[words[0]].kind if words[0] in types() else None)


def _literal(node: Node, part: Sequence[Token]) -> Kind:
    token = part[node.start]
    if token.kind == "number":
        return "integer" if token.text.isdigit() else "number"
    return {"NULL": "null", "TRUE": "boolean", "FALSE": "boolean"}.get(token.upper, "literal")


def _result(node: Node, part: Sequence[Token]) -> Kind:
    name = node.children[0]
    found = results(part[name.end - 1].upper)
    if found not in ("same", "own"):
        return None if found == "any" else found
    inside = next((child for child in node.children if child.rule == "arguments"), None)
    arguments = [child for child in inside.children if child.rule == "argument"] if inside else []
    if not arguments:
        return None
    kind = kind_of(arguments[0 if found == "same" else -1], part)
    return None if kind in ("literal", "null") else "timestamp" if found == "own" and kind == "date" else kind


def _calculated(node: Node, part: Sequence[Token]) -> Kind:
    """The kind of operands and operators: numbers stay numbers, dates and intervals make timestamps."""
    if len(node.children) == 1:
        return kind_of(node.children[0], part)
    kinds = [kind_of(child, part) for child in node.children if child.rule == "operand"]
    signs = {part[child.start].text for child in node.children if child.rule == "operator"}
    if None in kinds or "super" in kinds or "varbyte" in kinds:
        return None
    if signs == {"||"}:
        return "text"
    if all(kind in NUMBERS for kind in kinds):
        return "integer" if all(kind == "integer" for kind in kinds) and "^" not in signs else "number"
    if signs <= {"+", "-"} and kinds[0] in DATES and set(kinds[1:]) == {"interval"}:
        return "timestamptz" if kinds[0] == "timestamptz" else "timestamp"
    return None


_TELLING: Mapping[str, Callable[[Node, Sequence[Token]], Kind]] = {
    "literal": _literal, "cast": _cast, "convert": _cast, "cast-suffix": _cast, "typed-literal": _cast,
    "bare-keyword": _keyword, "call": _result, "term": _term, "value": _calculated,
}  # fmt: skip
