"""The questions: SQL files that an analyst can read and change, and the values they take."""

import datetime as dt
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.engines.base import Engine, Result, Value
from sparkify.errors import ConfigError
from sparkify.sql import Statement, names, statement, statements

NO_LIMIT = 9_223_372_036_854_775_807
EVER = (dt.date(1970, 1, 1), dt.date(9999, 12, 30))
"""The first day and the last that can have a day after it."""


@dataclass(frozen=True)
class Question:
    """A question and the values it takes: `limit`, and `since` and `until` for the days."""

    name: str
    meaning: str
    text: str
    takes: frozenset[str]


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
    engine: Engine,
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
) -> Result:
    """Answer a question. `limit` None is no limit; `first` and `last` are days (UTC), both included."""
    last = min(last or EVER[1], EVER[1])
    values: dict[str, Value] = {
        "limit": NO_LIMIT if limit is None else limit,
        "since": dt.datetime.combine(first or EVER[0], dt.time()),
        "until": dt.datetime.combine(last + dt.timedelta(days=1), dt.time()),
    }
    return engine.query(question.text, {name: values[name] for name in question.takes})


def _question(found: Statement) -> Question:
    takes = frozenset(re.findall(r"(?<!:):([a-z]+)", found.text))
    return Question(found.name, found.comment, found.text, takes)
