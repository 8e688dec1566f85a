"""The statements: one a file, in Redshift's dialect, the first comment says what it is for.

Groups are the folders beside this file, such as `tables` and `questions`; those of questions are in a folder
for each topic. Lists of columns that follow from the tables are placeholders, which `contract` fills in; what
several statements share, parts of their WITH, is a file of `parts`, put in where a line is {part(NAME)}.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import Literal

Group = Literal[
    "tables", "views", "migrations", "star", "affected", "staging", "ledger", "checks", "questions",
    "explain", "find",
]  # fmt: skip

ROOT = Path(__file__).parent
_PART = re.compile(r"^\{part\((\w+)\)\}", re.MULTILINE)


@dataclass(frozen=True)
class Statement:
    """One SQL file: its name without `.sql`, the sentences of its first comment, and its whole text."""

    name: str
    comment: str
    text: str
    topic: str = ""
    """The folder within its group, if it is in one."""


@cache
def statement(group: Group, name: str) -> Statement:
    """Read one statement; KeyError if there is none of that name."""
    file = ROOT / group / f"{name}.sql"
    if not file.is_file():
        file = next((one for one in _in_topics(group) if one.stem == name), file)
    if not file.is_file():
        raise KeyError(name)
    topic = file.parent.name if file.parent.name != group else ""
    text = _PART.sub(lambda found: _part(found[1]), file.read_text(encoding="utf-8"))
    if "{" in text:
        text = _filled(text, f"sparkify/sql/{file.relative_to(ROOT)}")
    return Statement(name, comment_of(text), text, topic)


def comment_of(text: str) -> str:
    """The sentences of the comment that a statement begins with.

    >>> comment_of("-- How many?\\n-- (UTC)\\nSELECT 1 -- one")
    'How many? (UTC)'
    """
    said = takewhile(lambda line: line.startswith("--"), text.splitlines())
    return " ".join(line.removeprefix("--").strip() for line in said)


def _part(name: str) -> str:
    text = (ROOT / "parts" / f"{name}.sql").read_text(encoding="utf-8")
    return "\n".join(dropwhile(lambda line: line.startswith("--"), text.splitlines()))


def _filled(text: str, file: str) -> str:
    from sparkify.sql.contract import filled  # it reads the tables by `statement`

    return filled(text, file)


def names(group: Group) -> Sequence[str]:
    """The names of a group's statements, sorted."""
    return tuple(sorted(file.stem for file in (*(ROOT / group).glob("*.sql"), *_in_topics(group))))


def _in_topics(group: Group) -> Iterator[Path]:
    return (ROOT / group).glob("*/*.sql")


def statements(group: Group) -> Sequence[Statement]:
    """All statements of a group, sorted by name."""
    return [statement(group, name) for name in names(group)]
