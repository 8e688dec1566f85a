"""What is written into a statement for PostgreSQL, to give it Redshift's types and names: scopes.py says."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sparkify.emulator.grammar import Node, walk
from sparkify.emulator.lexer import Token

COMMON = {"COALESCE", "NVL", "GREATEST", "LEAST"}
"""Functions whose arguments get one type."""


@dataclass
class Edits:
    """What to write before and after places of a text, and instead of some of its tokens."""

    before: dict[int, str] = field(default_factory=dict)
    after: dict[int, str] = field(default_factory=dict)
    instead: dict[int, str] = field(default_factory=dict)
    same: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Instead of a token what stands elsewhere: from where to where."""


CALLED = {
    "AVG": "avg", "SUM": "sum", "LISTAGG": "listagg", "MEDIAN": "median",
    "PERCENTILE_CONT": "percentile_cont", "CHR": "chr", "TO_DATE": "to_date",
    "JSON_EXTRACT_PATH_TEXT": "json_extract_path_text",
    "REGEXP_COUNT": "regexp_count", "REGEXP_INSTR": "regexp_instr", "REGEXP_REPLACE": "regexp_replace",
    "REGEXP_SUBSTR": "regexp_substr", "DATEADD": "date_add", "DATEDIFF": "date_diff",
    "DATE_PART": "pgdate_part", "EXTRACT": "date_part",
}  # fmt: skip
"""How a result without a name is called where PostgreSQL is sent another call: by its function, as any is.
`date_diff` and `pgdate_part` stand in AWS's examples; `date_add` and `date_part` are unverified."""


def has_edits(tree: Node, part: Sequence[Token]) -> bool:
    """Whether a statement computes something that might be a DECIMAL, or queries a query without a name."""
    return any(
        (node.rule == "operator" and part[node.start].text in "+-*/")
        or node.rule in ("case", "top")
        or (node.rule == "call" and part[node.children[0].end - 1].upper in COMMON)
        or (node.rule == "query-body" and len(node.children) > 1)
        or (node.rule == "derived-table" and part[node.end - 1].text == ")")
        or (node.rule == "select-item" and part[node.start].upper in (*CALLED, "("))
        or (node.rule == "select" and _uses_aliases(node, part))
        for node in walk(tree)
    )


def alias_of(item: Node, part: Sequence[Token]) -> str:
    """The name that a selected expression is given, if it is given one."""
    is_named = item.rule == "select-item" and item.children and item.end > item.children[-1].end
    return part[item.end - 1].value.lower() if is_named else ""


def _uses_aliases(select: Node, part: Sequence[Token]) -> bool:
    aliases = {alias_of(child, part) for child in select.children}
    return any(
        node.rule == "column" and node.end == node.start + 1 and part[node.start].value.lower() in aliases
        for child in select.children
        if child.rule not in ("from-item", "group-by")
        for node in walk(child)
    )


def tables_of(tree: Node, part: Sequence[Token]) -> Sequence[str]:
    """The tables that a statement names, as `edits` wants to be told of them."""
    return sorted({name_of(node, part) for node in walk(tree) if node.rule == "table"})


def name_of(table: Node, part: Sequence[Token]) -> str:
    """A table's name, its parts joined by dots, in lower case."""
    return ".".join(token.value.lower() for token in part[table.start : table.end] if token.text != ".")
