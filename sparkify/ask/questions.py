"""The questions: SQL files that an analyst can read and change, and the values they take."""

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.clock import EVER
from sparkify.engines.base import Reader, Result, Value, limit_of
from sparkify.errors import ConfigError
from sparkify.sql import Statement, names, statement, statements

"""From the first moment to the last that a question without days is about."""


@dataclass(frozen=True)
class Question:
    """A question and the values it takes: `limit`, `since` and `until` for the days, `level`, `run`."""

    name: str
    meaning: str
    text: str
    takes: frozenset[str]

    @property
    def is_private(self) -> bool:
        """Whether it reads other tables than those that readers see: records and messages as they came."""
        return bool(re.search(r"\b(?:etl|stg)_", self.text))


def list_questions() -> Sequence[Question]:
    """All questions, sorted by name."""
    return [_question(found) for found in statements("questions")]


def find_question(name: str) -> Question:
    """The question of this name. Raises ConfigError naming the closest one."""
    known = names("questions")
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]}?" if close else "`sparkify ask` lists them."
        raise ConfigError(f"there is no question {name!r}. {hint}")
    return _question(statement("questions", name))


def ask(
    reader: Reader,
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    run: int | None = None,
) -> Result:
    """Answer a question; the values are those of `values_of`."""
    return reader.query(question.text, values_of(question, limit, first, last, level, run))


def values_of(
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    run: int | None = None,
) -> dict[str, Value]:
    """What a question is asked with.

    `limit` None is no limit; `first` and `last` are days (UTC), both included; `level` is that of the
    listener at the moment of the play, None for everybody; `run` None is every run.
    """
    last = last if last and last < EVER[1].date() else None
    values: dict[str, Value] = {
        "limit": limit_of(limit),
        "since": dt.datetime.combine(first, dt.time()) if first else EVER[0],
        "until": dt.datetime.combine(last + dt.timedelta(days=1), dt.time()) if last else EVER[1],
        "level": level,
        "run": run,
    }
    return {name: values[name] for name in question.takes}


def _question(found: Statement) -> Question:
    takes = frozenset(re.findall(r"(?<!:):([a-z]+)", found.text))
    return Question(found.name, found.comment, found.text, takes)
