"""What a statement's tree alone does not say: names, ranges, arguments."""

import re
from collections.abc import Iterator, Sequence

from sparkify.emulator.grammar.aggregates import check_aggregates, own
from sparkify.emulator.grammar.calls import check_call
from sparkify.emulator.grammar.correlation import check_correlation
from sparkify.emulator.grammar.designs import check_column, check_design
from sparkify.emulator.grammar.functions import catalogue
from sparkify.emulator.grammar.kinds import kind_of
from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.grammar.options import check_options
from sparkify.emulator.grammar.places import check_where_it_runs, names_of
from sparkify.emulator.grammar.vocabulary import date_parts, relations, settings, types, words
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

MOST_ROWS = 2_147_483_647
"""LIMIT and OFFSET are 32-bit integers (r_ORDER_BY_clause)."""
MOST_DIGITS = 38
"""A number is at most a DECIMAL of so many digits (r_Numeric_types201)."""
MOST_BYTES = 127
"""The longest name (r_names)."""
MOST_ERRORS = 100_000
"""The greatest MAXERROR of COPY (copy-parameters-data-load)."""
_SYSTEM = re.compile(r"(pg|stl|stv|svl|svv|svcs|sys)_")


def check_tree(tree: Node, part: Sequence[Token]) -> None:
    """Raise Refused, in Redshift's words, for what the grammar takes and the documentation does not."""
    nodes = list(walk(tree))
    for node in nodes:
        if checked := _CHECKS.get(node.rule):
            checked(node, part)
        check_aggregates(node, part)
    check_where_it_runs(nodes, part)
    check_correlation(tree, part)
    for token in part:
        if token.kind in ("word", "identifier") and len(token.value.encode()) > MOST_BYTES:
            raise Refused(f'identifier "{token.value[:20]}..." is longer than {MOST_BYTES} bytes', "42622")


def walk(node: Node) -> Iterator[Node]:
    """A node and all within it."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        left.extend(reversed(node.children))


def _check_type(node: Node, part: Sequence[Token]) -> None:
    word = part[node.start]
    width = next((child for child in node.children if child.rule == "type-width"), None)
    name = {"NATIONAL": "NCHAR", "CHARACTER": "CHARACTER"}.get(word.upper, word.upper)
    if part[node.start + 1 : node.end] and part[node.start + 1].upper == "VARYING":
        name = "VARBYTE" if name == "BINARY" else "VARCHAR"
    known = types().get(name)
    is_spelt_out = name == "INTERVAL" or (name == "DOUBLE" and node.end > node.start + 1)
    if known is None and not is_spelt_out:
        raise Refused(f'type "{word.value}" does not exist', "42704")
    if known is None or width is None:
        return
    numbers = [token.text for token in part[width.start : width.end] if token.kind == "number"]
    is_odd = (len(numbers) > 1 and known.scale is None) or (not numbers and known.kind != "text")
    if known.width is None or is_odd:
        raise Refused(f'syntax error at or near "("; {name} takes no such width', "42601")
    label = name.lower()
    if numbers and not 1 <= int(numbers[0]) <= known.width:
        state = "22023"
        if known.scale is not None:
            raise Refused(f"NUMERIC precision {numbers[0]} must be between 1 and {known.width}", state)
        raise Refused(f"Length {numbers[0]} of type {label} must be between 1 and {known.width}", state)
    if len(numbers) > 1 and known.scale is not None and int(numbers[1]) > min(known.scale, int(numbers[0])):
        most = min(known.scale, int(numbers[0]))
        raise Refused(f"NUMERIC scale {numbers[1]} must be between 0 and {most}", "22023")


def _check_rows(node: Node, part: Sequence[Token]) -> None:
    for token in part[node.start + 1 : node.end]:
        if token.kind == "number" and (not token.text.isdigit() or int(token.text) > MOST_ROWS):
            clause = part[node.start].upper
            raise Refused(f"value {token.text} is out of range for {clause}: at most {MOST_ROWS}", "22003")


def _check_literal(node: Node, part: Sequence[Token]) -> None:
    token = part[node.start]
    if token.kind == "number":
        mantissa, _, exponent = token.text.lower().partition("e")
        whole, _, fraction = mantissa.partition(".")
        digits = len((whole + fraction).strip("0"))
        size = len(whole.lstrip("0")) + int(exponent or 0)
        if digits > MOST_DIGITS or size > MOST_DIGITS:
            raise Refused(f"Numeric data overflow: {token.text} has more than {MOST_DIGITS} digits", "22003")


def _check_column(node: Node, part: Sequence[Token]) -> None:
    token, rest = part[node.start], part[node.end : node.end + 2]
    is_prefix = token.upper == "U" and [t.text[:1] for t in rest] == ["&", "'"] and rest[0].start == token.end
    if node.end == node.start + 1 and (is_prefix or token.upper in words("column names")):
        raise Refused(f'column "{token.text.lower()}" does not exist', "42703")
    names = [token.value.lower() for token in part[node.start : node.end]]
    if hidden := [name for name in names if name.upper() in words("hidden columns")]:
        raise Refused(f'column "{hidden[0]}" does not exist', "42703")


def _check_new_column(node: Node, part: Sequence[Token]) -> None:
    """A new column is not called as one that every table has."""
    names = [node.start] if node.rule == "column-definition" else []
    if node.rule == "alter-table":
        heads = [at for at in range(node.start, node.end) if part[at].upper in ("ADD", "TO")]
        names = [at + 1 + (part[at + 1].upper == "COLUMN") for at in heads]
    for name in (part[at].value for at in names):
        if name.upper() in words("hidden columns"):
            raise Refused(f'column name "{name.lower()}" conflicts with a system column name', "42701")


def _check_column_definition(node: Node, part: Sequence[Token]) -> None:
    _check_new_column(node, part)
    check_column(node, part)


def _check_select(node: Node, _: Sequence[Token]) -> None:
    """QUALIFY right after a relation wants an alias of it (r_QUALIFY_clause)."""
    qualify = next((child for child in node.children if child.rule == "qualify"), None)
    for each in own(node) if qualify else ():
        has_alias = any(child.rule == "table-alias" for child in each.children)
        if each.rule == "named-table" and qualify and each.end == qualify.start and not has_alias:
            raise Refused('syntax error at or near "QUALIFY": the relation before it needs an alias', "42601")


def _check_grant(node: Node, part: Sequence[Token]) -> None:
    """WITH GRANT OPTION is for users (r_GRANT); ON EXTERNAL its syntax has it for others too."""
    said = [token.upper for token in part[node.start : node.end]]
    grantees = [child for child in node.children if child.rule == "grantee"]
    if said[-3:] != ["WITH", "GRANT", "OPTION"] or not grantees or "EXTERNAL" in said:
        return
    if part[grantees[-1].start].upper in ("GROUP", "PUBLIC", "ROLE"):
        raise Refused("grant options can only be granted to individual users", "0LP01")


def _check_language(node: Node, part: Sequence[Token]) -> None:
    """Python functions ended on 2026-06-30 (AWS's notice on each page of the guide)."""
    if any(token.upper == "PLPYTHONU" for token in part[node.start : node.end]):
        raise Refused("Python user-defined functions are no longer supported")


def _check_copy_load(node: Node, part: Sequence[Token]) -> None:
    if part[node.start].upper == "MAXERROR" and int(part[node.end - 1].text) > MOST_ERRORS:
        raise Refused(f"MAXERROR {part[node.end - 1].text} is out of range: at most {MOST_ERRORS}", "22023")


def _check_substring(node: Node, part: Sequence[Token]) -> None:
    """FROM and FOR take numbers (r_SUBSTRING); to PostgreSQL a text after FROM is a regular expression."""
    for argument in node.children[1:]:
        if kind_of(argument, part) in ("literal", "text"):
            raise Refused('function substring("unknown", "unknown") does not exist', "42883")


def _check_password(node: Node, part: Sequence[Token]) -> None:
    """r_CREATE_USER; it excludes @, and its own example has one: taken."""
    said = part[node.start].value
    is_hash = re.fullmatch(r"md5[0-9a-fA-F]{32}|sha256\|.+", said)
    strong = r"""(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?!.*['"\\/])[!-~]{8,64}"""
    if part[node.start].kind == "string" and not is_hash and not re.fullmatch(strong, said):
        what = "an upper and a lower case letter and a number, none of ' \" \\ /"
        raise Refused(f"password must be 8 to 64 characters, with {what}", "22023")


def _check_user_option(node: Node, part: Sequence[Token]) -> None:
    number = part[node.end - 1].text
    if part[node.start].upper == "SESSION" and not 60 <= int(number) <= 1_728_000:
        raise Refused(f"SESSION TIMEOUT {number} is out of range: 60 to 1728000 seconds", "22023")


def _check_date_part(node: Node, part: Sequence[Token]) -> None:
    name = part[node.start].value.lower()
    if name not in date_parts() | date_parts("date parts to read only"):
        raise Refused(f'timestamp units "{name}" not recognized', "22023")


def _check_relation(node: Node, part: Sequence[Token]) -> None:
    table = node.children[0]
    names = names_of(table, part)
    is_system = (len(names) == 1 or names[0] == "pg_catalog") and _SYSTEM.match(names[-1])
    if is_system and names[-1] not in relations():
        raise Refused(f'relation "{".".join(names)}" does not exist', "42P01")


def _check_setting(node: Node, part: Sequence[Token]) -> None:
    name = part[node.start].value.lower()
    if node.end == node.start + 1 and name not in settings():
        raise Refused(f'unrecognized configuration parameter "{name}"', "42704")


def _check_table_function(node: Node, part: Sequence[Token]) -> None:
    name = part[node.children[0].children[0].end - 1]
    forms = catalogue().get(name.upper, ())
    if forms and not any("rows" in form.flags for form in forms):
        raise Refused(f"function {name.text.lower()} in FROM is not supported by Amazon Redshift")


_CHECKS = {
    "type": _check_type, "literal-type": _check_type, "limit": _check_rows, "offset": _check_rows,
    "top": _check_rows,
    "literal": _check_literal, "column": _check_column, "date-part": _check_date_part,
    "named-table": _check_relation, "setting": _check_setting, "function-table": _check_table_function,
    "call": check_call, "copy-load": _check_copy_load, "copy": check_options, "unload": check_options,
    "create-table": check_design, "create-materialized-view": check_design,
    "column-definition": _check_column_definition,
    "substring": _check_substring, "password": _check_password, "user-option": _check_user_option,
    "alter-table": _check_new_column, "select": _check_select, "grant": _check_grant,
    "create-function": _check_language,
}  # fmt: skip
