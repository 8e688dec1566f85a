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

_PLAYS = re.compile(r"(?<=FROM |JOIN )songplay\b")
_OTHER = re.compile(r"\b(?:etl_|stg_|load_|events\b|listening\b|registrations\b)")


@dataclass(frozen=True)
class Filters:
    """Which plays a question is about; None is all of them. Text is as `songplay` has it.

    >>> Filters(artist="Coldplay", listener=8).conditions
    'p.artist_name = :artist AND p.user_id = :listener'
    """

    title: str | None = None
    artist: str | None = None
    listener: int | None = None
    place: str | None = None

    @property
    def values(self) -> dict[str, str | int]:
        """Those that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def conditions(self) -> str:
        return " AND ".join(f"p.{COLUMNS[name]} = :{name}" for name in self.values)


COLUMNS = {"title": "title", "artist": "artist_name", "listener": "user_id", "place": "location"}
"""The column of `songplay` that each filter is about."""
EVERYTHING = Filters()


@dataclass(frozen=True)
class Question:
    """A question and the values it takes: `limit`, `since` and `until` for the days, `level`, `run`."""

    name: str
    meaning: str
    text: str
    takes: frozenset[str]
    topic: str
    """What it is about, in one word; empty for one that is in no folder."""

    @property
    def title(self) -> str:
        """Its first sentence: the question itself. The others of `meaning` define its words."""
        return re.split(r"(?<=[?.]) ", self.meaning, maxsplit=1)[0]

    @property
    def is_private(self) -> bool:
        """Whether it reads other tables than those that readers see: records and messages as they came."""
        return bool(re.search(r"\b(?:etl|stg)_", self.text))

    @property
    def takes_filters(self) -> bool:
        """Whether it is about plays alone, and so can be about some of them."""
        return bool(_PLAYS.search(self.text)) and not _OTHER.search(self._sql)

    def filtered(self, filters: Filters) -> str:
        """Its SQL over the plays that the filters leave. Raises ConfigError where it takes none.

        The CTE has a name of its own: on Redshift one that reads a table of its own name is recursive
        (AWS, "WITH clause").
        """
        if not filters.values:
            return self.text
        if not self.takes_filters:
            raise ConfigError(
                f"{self.name} takes no {next(iter(filters.values))}: it is not about plays alone."
            )
        body = _PLAYS.sub("filtered_songplay", self._sql).lstrip()
        rest = body.removeprefix("WITH")
        comma = "" if rest is body else ","
        return (
            "WITH\nfiltered_songplay AS (\n    SELECT p.*\n    FROM songplay AS p\n"
            f"    WHERE {filters.conditions}\n){comma}\n{rest.lstrip()}"
        )

    @property
    def _sql(self) -> str:
        """Its text without the comments."""
        return re.sub(r"--[^\n]*\n", "", self.text)


def list_questions() -> Sequence[Question]:
    """All questions, sorted by topic and name."""
    return sorted(map(_question, statements("questions")), key=lambda one: (one.topic, one.name))


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
    filters: Filters = EVERYTHING,
) -> Result:
    """Answer a question; the values are those of `values_of`.

    Raises ConfigError for filters that it does not take.
    """
    values = values_of(question, limit, first, last, level, run, filters)
    return reader.query(question.filtered(filters), values)


def values_of(
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    run: int | None = None,
    filters: Filters = EVERYTHING,
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
    return {name: values[name] for name in question.takes} | filters.values


def _question(found: Statement) -> Question:
    takes = frozenset(re.findall(r"(?<!:):([a-z]+)", found.text))
    return Question(found.name, found.comment, found.text, takes, found.topic)
