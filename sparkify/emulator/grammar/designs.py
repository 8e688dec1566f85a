"""What a table is made of, where its clauses contradict each other (r_CREATE_TABLE_NEW)."""

from collections import Counter
from collections.abc import Iterator, Sequence

from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

MOST_KEYS = {"COMPOUND": 400, "INTERLEAVED": 8}
"""The columns of a sort key (r_CREATE_TABLE_NEW)."""
_LARGE = "BIGINT INT8 DECIMAL NUMERIC DEC"
_MIDDLE = f"INTEGER INT INT4 {_LARGE}"
_SMALL = f"SMALLINT INT2 {_MIDDLE}"
_ENCODED = {
    "MOSTLY8": _SMALL,
    "MOSTLY16": _MIDDLE,
    "MOSTLY32": _LARGE,
    "AZ64": f"{_SMALL} DATE TIME TIMETZ TIMESTAMP TIMESTAMPTZ",
    "DELTA": f"{_SMALL} DATE TIMESTAMP TIME",
    "DELTA32K": f"{_MIDDLE} DATE TIMESTAMP TIME",
    "TEXT255": "VARCHAR NVARCHAR TEXT CHARACTER",
    "TEXT32K": "VARCHAR NVARCHAR TEXT CHARACTER",
}
"""The types that an encoding is for (c_Compression_encodings); those that take nearly all are left out."""


def check_design(node: Node, part: Sequence[Token]) -> None:
    """Raise Refused for attributes of a table or its columns that do not go together."""
    columns = [child.children for child in _columns(node)]
    names = [part[child.start].value.lower() for child in _columns(node)]
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise Refused(f'column "{twice[0]}" specified more than once', "42701")
    attributes = [child for child in node.children if child.rule == "table-attribute"]
    words = [_head(attribute, part) for attribute in attributes]
    inside = [part[each.start].upper for column in columns for each in column]
    for word in ("BACKUP", "DISTSTYLE", "ENCODE"):
        if words.count(word) > 1:
            raise Refused(f"conflicting or redundant options: {word} stands twice", "42601")
    if words.count("DISTKEY") + inside.count("DISTKEY") > 1:
        raise Refused("multiple distkey columns are not allowed: a table has one DISTKEY", "42601")
    style = next((part[a.start + 1].upper for a in attributes if part[a.start].upper == "DISTSTYLE"), "")
    if style == "KEY" and "DISTKEY" not in words + inside:
        raise Refused("DISTSTYLE KEY requires a DISTKEY column", "42601")
    if style not in ("", "KEY") and "DISTKEY" in words + inside:
        raise Refused(f"cannot specify both DISTSTYLE {style} and a DISTKEY column", "42601")
    if words.count("SORTKEY") > 1 or ("SORTKEY" in words and "SORTKEY" in inside):
        raise Refused("conflicting or redundant options: a table has one SORTKEY", "42601")
    if inside.count("PRIMARY") + _constraints(node, part) > 1:
        raise Refused("multiple primary keys for a table are not allowed", "42P16")
    if any(child.children[0].rule == "table" for child in node.children if child.rule == "table-element"):
        names = []  # LIKE brings more
    for attribute in attributes:
        _check_keys(attribute, part, names)
    for child in _columns(node):
        heads = [part[each.start].upper for each in child.children]
        name = part[child.start].value.lower()
        is_super = part[child.children[0].start].upper == "SUPER"
        if is_super and ({"DISTKEY", "SORTKEY"} & set(heads) or name in _keys(attributes, part)):
            raise Refused(f"SUPER column {name} cannot be a distribution or sort key", "42601")


def check_column(node: Node, part: Sequence[Token]) -> None:
    """Raise Refused for attributes of a column that do not go together or do not fit its type."""
    heads = [part[child.start].upper for child in node.children if child.rule == "column-attribute"]
    heads = ["IDENTITY" if head == "GENERATED" else head for head in heads]
    kind = part[node.children[0].start].upper
    for head, count in Counter(heads).items():
        if count > 1:
            raise Refused(f"conflicting or redundant options: {head} stands twice", "42601")
    if "NOT" in heads and "NULL" in heads:
        raise Refused(
            f'conflicting NULL/NOT NULL declarations for column "{part[node.start].value}"', "42601"
        )
    if "IDENTITY" in heads and "DEFAULT" in heads:
        raise Refused(f'column "{part[node.start].value}" has both IDENTITY and DEFAULT', "42601")
    if "IDENTITY" in heads and kind not in ("INT", "INTEGER", "INT4", "BIGINT", "INT8"):
        raise Refused(f"identity column must be of type INT or BIGINT, not {kind}", "42601")
    for child in node.children:
        if child.rule == "column-attribute" and part[child.start].upper == "ENCODE":
            encoding = part[child.start + 1].upper
            if kind not in _ENCODED.get(encoding, kind).split():
                raise Refused(
                    f"invalid encoding type {encoding.lower()} specified for {kind.lower()}", "0A000"
                )


def _columns(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.rule == "table-element" and child.children[0].rule == "column-definition":
            yield child.children[0]


def _constraints(node: Node, part: Sequence[Token]) -> int:
    """How many primary keys stand beside the columns."""
    found = [
        c.children[0]
        for c in node.children
        if c.rule == "table-element" and c.children[0].rule == "table-constraint"
    ]
    return sum("PRIMARY" in [token.upper for token in part[c.start : c.start + 3]] for c in found)


def _head(attribute: Node, part: Sequence[Token]) -> str:
    word = part[attribute.start].upper
    return "SORTKEY" if word in MOST_KEYS else word


def _keys(attributes: Sequence[Node], part: Sequence[Token]) -> Sequence[str]:
    return [
        part[child.start].value.lower()
        for each in attributes
        for child in each.children
        if child.rule == "key"
    ]


def _check_keys(attribute: Node, part: Sequence[Token], names: Sequence[str]) -> None:
    word = part[attribute.start].upper
    keys = _keys([attribute], part)
    most = MOST_KEYS.get(word, MOST_KEYS["COMPOUND"])
    if len(keys) > most:
        raise Refused(f"a sort key has at most {most} columns", "54011")
    if len(set(keys)) < len(keys):
        raise Refused("a column stands twice in the key", "42701")
    for key in keys:
        if names and key not in names:
            raise Refused(f'column "{key}" named in the key does not exist', "42703")
