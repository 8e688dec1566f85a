"""The options of COPY and UNLOAD: which exclude each other, which need another, and what UNLOAD may query."""

import re
from collections.abc import Mapping, Sequence
from functools import cache

from sparkify.emulator.grammar.matcher import Node
from sparkify.emulator.grammar.vocabulary import lines
from sparkify.emulator.lexer import Token
from sparkify.emulator.refusals import Refused

_RULE = re.compile(r"(\w+) (x|needs) ([\w ]+?)((?: @[\w-]+)+)")
_COLUMNAR = ("PARQUET", "ORC")
_SOURCES = ("s3://", "emr://", "dynamodb://")
_RIGHTS = {"IAM_ROLE", "CREDENTIALS", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"}
_SMALLEST, _LARGEST = 5, 6.2 * 1024
"""Of MAXFILESIZE, in MB."""


def check_options(node: Node, part: Sequence[Token]) -> None:
    """Raise Refused for options that do not go together, or that stand twice."""
    command = part[node.start].upper.lower()
    options = [child for child in node.children if child.rule in ("copy-option", "unload-option")]
    heads = [_words(option, part) for option in options]
    given = [word for words in heads for word in words]
    firsts = [words[0] for words in heads if words]
    for first in firsts:
        if firsts.count(first) > 1:
            raise Refused(f"conflicting or redundant options: {first} stands twice", "42601")
    for word, how, others, _ in rules(command):
        if word not in given:
            continue
        clash = [other for other in others if other in given]
        if how == "x" and clash:
            raise Refused(f"conflicting or redundant options: {word} and {clash[0]}", "42601")
        if how == "needs" and not clash:
            raise Refused(f"{word} requires {' or '.join(others)}", "42601")
    if command == "copy":
        _check_source(node, part, given)
    for child in options:
        _check_size(child, part)
    if command == "copy" and (kind := next((word for word in _COLUMNAR if word in given), "")):
        for first in firsts:
            if first not in columnar():
                raise Refused(f"{first} argument is not supported for {kind} based COPY", "0A000")


def _check_source(node: Node, part: Sequence[Token], given: Sequence[str]) -> None:
    """Where COPY reads from, and by whose right (r_COPY); a template may have the right."""
    source = next((part[at + 1] for at in range(node.start, node.end) if part[at].upper == "FROM"), None)
    if source is None or any(child.rule == "copy-template" for child in node.children):
        return
    if not source.value.lower().startswith(_SOURCES):
        raise Refused(f"COPY reads from {', '.join(_SOURCES)}: {source.text}", "42601")
    if not _RIGHTS & set(given):
        raise Refused("COPY requires IAM_ROLE or another authorization", "42601")


def _check_size(option: Node, part: Sequence[Token]) -> None:
    """MAXFILESIZE (r_UNLOAD)."""
    if part[option.start].upper != "MAXFILESIZE":
        return
    tokens = part[option.start : option.end]
    size = next(float(token.text) for token in tokens if token.kind == "number")
    if not _SMALLEST <= size * (1024 if tokens[-1].upper == "GB" else 1) <= _LARGEST:
        raise Refused("MAXFILESIZE must be between 5 MB and 6.2 GB", "22023")


def check_unloaded(tree: Node, part: Sequence[Token]) -> None:
    """Raise Refused unless what UNLOAD is given is a query, and one without a LIMIT of its own (r_UNLOAD)."""
    query = tree.children[0]
    if query.rule != "query":
        raise Refused(f'syntax error at or near "{part[0].text}": UNLOAD takes a SELECT', "42601")
    if any(child.rule == "limit" for child in query.children):
        raise Refused("Limit clause is not supported in the outer SELECT of UNLOAD", "0A000")


@cache
def rules(command: str) -> Sequence[tuple[str, str, Sequence[str], str]]:
    """A command's rules: (option, "x" or "needs", the others, pages)."""
    read = [(line, _RULE.fullmatch(line)) for line in _sections()[command]]
    if wrong := [line for line, found in read if found is None]:
        raise ValueError(f"options.txt: {wrong[0]}")
    return [(found[1], found[2], found[3].split(), found[4]) for _, found in read if found]


@cache
def columnar() -> frozenset[str]:
    """The options that COPY takes with PARQUET and ORC."""
    return frozenset(" ".join(_sections()["copy of columns"]).split())


@cache
def _sections() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    here = ""
    for line in lines("options.txt"):
        if line.startswith("["):
            here = re.split(r"[]:]", line[1:])[0]
        found.setdefault(here, [])
        if not line.startswith("["):
            found[here].append(line)
    return found


@cache
def _known() -> frozenset[str]:
    return frozenset(
        word for lines in _sections().values() for line in lines for word in re.findall(r"[A-Z_\d]{3,}", line)
    )


def _words(option: Node, part: Sequence[Token]) -> Sequence[str]:
    """The words of an option, its name first; none of its values, as ON, and no FORMAT AS."""
    words = [token.upper for token in part[option.start : option.end] if token.kind == "word"]
    words = [word for word in words if word not in ("FORMAT", "AS", "WITH")]
    return [word for n, word in enumerate(words) if not n or word in _known()]
