"""Words, types, date parts, relations and settings, read from the files; and the classes of tokens."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from sparkify.emulator.lexer import Token

CLASSES: Mapping[str, int] = {
    name: 1 << bit
    for bit, name in enumerate(
        (
            "any",
            "name",
            "label",
            "alias",
            "function",
            "type",
            "table",
            "string",
            "number",
            "integer",
            "parameter",
        )
    )
}
"""name: not reserved; label: after AS or a dot; alias: without AS; function: before a bracket."""


@dataclass(frozen=True)
class Type:
    """What values of a type are, how wide or precise it may be made, and the page that says so."""

    kind: str
    width: int | None
    scale: int | None
    page: str


def lines(name: str) -> Iterator[str]:
    """The lines of a file of this folder that say something."""
    for line in (files(__package__) / name).read_text("utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield line


@cache
def sections() -> Mapping[str, tuple[str, str]]:
    """words.txt: each section's pages and text."""
    found: dict[str, tuple[str, str]] = {}
    here = ""
    for line in lines("words.txt"):
        if head := re.fullmatch(r"\[(.+)\] ((@\S+ ?)+)", line):
            here = head[1]
            found[here] = (head[2], "")
        else:
            found[here] = (found[here][0], f"{found[here][1]}{line}\n")
    return found


@cache
def words(section: str) -> frozenset[str]:
    """The words of a section, in upper case."""
    return frozenset(sections()[section][1].upper().split())


@cache
def date_parts(section: str = "date parts") -> frozenset[str]:
    """The names of date parts and their abbreviations, in lower case."""
    return frozenset(sections()[section][1].replace(":", " ").split())


@cache
def date_part(spelling: str) -> str:
    """The full name of a date part that is spelt so."""
    for section in ("date parts", "date parts to read only"):
        for line in sections()[section][1].splitlines():
            name, others = line.split(":")
            if spelling.lower() in (name, *others.split()):
                return name
    raise ValueError(f"no date part: {spelling}")


@cache
def types() -> Mapping[str, Type]:
    """Each type by its name in upper case."""
    found: dict[str, Type] = {}
    for line in lines("types.txt"):
        said, page = line.split(" @")
        name, kind, *limits = said.split()
        width, scale = (*map(int, limits), None, None)[:2]
        found[name] = Type(kind, width, scale, page)
    return found


@cache
def relations() -> Mapping[str, str]:
    """The system's tables and views, each with its page."""
    return dict(line.split(" @") for line in lines("relations.txt"))


@cache
def settings() -> Mapping[str, str]:
    """The parameters of a session, each with its page."""
    return dict(line.split(" @") for line in lines("settings.txt"))


def classes(token: Token) -> int:
    """The classes of a token, as a mask."""
    mask = CLASSES["any"]
    if token.kind == "string":
        return mask | (CLASSES["string"] if token.text[0] == "'" else 0)  # E'' is not documented
    if token.kind == "number":
        return mask | CLASSES["number"] | (CLASSES["integer"] if token.text.isdigit() else 0)
    if token.kind == "identifier":
        return mask | sum(CLASSES[name] for name in ("name", "label", "alias", "function", "table"))
    return mask | (_word(token.upper) if token.kind == "word" else 0)


@cache
def _word(word: str) -> int:
    if word[0] == ":":
        return CLASSES["parameter"]
    if word[0] == "$":
        return CLASSES["parameter"] if word[1:].isdigit() else 0
    if word[0] == "#":
        return CLASSES["table"] if len(word) > 1 else 0
    names = ["label"] if word not in words("reserved by Redshift alone") else []
    if word not in words("reserved") and word not in words("reserved by Redshift alone"):
        names += ["name", "table"]
        names += ["alias"] if word not in words("followers") else []
        names += ["function"] if word not in words("no functions") else []
    elif word in words("reserved functions"):
        names += ["function"]
    if word in types():
        names += ["type"]
    return sum(CLASSES[name] for name in names)
