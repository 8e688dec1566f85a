"""The questions: SQL files that an analyst can read and change, and the values they take."""

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from types import MappingProxyType

from sparkify.ask.own_questions import TOPIC, read_own, require_select, without_names
from sparkify.clock import EVER
from sparkify.engines.base import Reader, Result, Value, limit_of
from sparkify.errors import ConfigError
from sparkify.sql import Statement, names, statement, statements
from sparkify.sql_cache import unkept

_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_COMMENT = re.compile(rf"({_QUOTED})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_PLAYS = re.compile(rf"({_QUOTED})|(?<=\bFROM |\bJOIN )songplay\b(?!\.)", re.IGNORECASE)
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
    state: str | None = None
    """The code of a state, as `plays_by_state` has it."""

    @property
    def values(self) -> dict[str, str | int]:
        """Those that are set, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def conditions(self) -> str:
        return " AND ".join(f"{FILTERS[name]} = :{name}" for name in self.values)


FILTERS = {
    "title": "p.title",
    "artist": "p.artist_name",
    "listener": "p.user_id",
    "place": "p.location",
    "state": "SPLIT_PART(SPLIT_PART(p.location, ', ', 2), '-', 1)",
}
"""What each filter compares, of `songplay AS p`."""
TEXTS = tuple(name for name in FILTERS if name != "listener")
EVERYTHING = Filters()
NO_PARAMS: Mapping[str, str] = MappingProxyType({})
_KNOWN = {"limit", "since", "until", "level", "run"}


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
    def params(self) -> list[str]:
        """The values that it takes besides, by its own names: text, or NULL where none is given."""
        return sorted(self.takes - _KNOWN)

    @property
    def is_private(self) -> bool:
        """Whether it reads other tables than those that readers see: records and messages as they came."""
        return bool(re.search(r"\b(?:etl|stg)_", self._sql, re.IGNORECASE))

    def asked(self) -> AbstractContextManager[None]:
        """The block in which it is asked: no text of a question of one's own is kept beside the program."""
        return unkept() if self.topic == TOPIC else nullcontext()

    @property
    def takes_filters(self) -> bool:
        """Whether it is about plays alone, and so can be about some of them."""
        bare = re.sub(r"'(?:[^']|'')*'", "", self._sql)
        plays = sum(not found[1] for found in _PLAYS.finditer(bare))
        return plays == len(re.findall(r"\bsongplay\b", bare)) > 0 and not _OTHER.search(bare)

    def filtered(self, filters: Filters) -> str:
        """Its SQL over the plays that the filters leave. Raises ConfigError where it takes none.

        A value that its own SQL mentions, such as :artist, filters nothing else.
        The CTE has a name of its own: on Redshift one that reads a table of its own name is recursive
        (AWS, "WITH clause").
        """
        if self.topic == TOPIC:
            require_select(self.name, self.text)
        others = replace(filters, **dict.fromkeys(filters.values.keys() & self.takes))
        if not others.values:
            return self.text
        if not self.takes_filters:
            raise ConfigError(
                f"{self.name} takes no {next(iter(others.values))}: it is not about plays alone."
            )
        body = _PLAYS.sub(lambda found: found[1] or "filtered_songplay", self._sql).strip()
        rest = re.sub(r"^WITH(\s+RECURSIVE)?\b", "", body, flags=re.IGNORECASE)
        comma = "" if rest == body else ","
        recursive = " RECURSIVE" if re.match(r"WITH\s+RECURSIVE\b", body, re.IGNORECASE) else ""
        return (
            f"WITH{recursive}\nfiltered_songplay AS (\n    SELECT p.*\n    FROM songplay AS p\n"
            f"    WHERE {others.conditions}\n){comma}\n{rest.lstrip()}"
        )

    @property
    def _sql(self) -> str:
        """Its text without the comments."""
        return _COMMENT.sub(lambda found: found[1] or "", self.text)


def list_questions(own: str = "") -> Sequence[Question]:
    """All questions, with those of the folder `own`, sorted by topic and name.

    Raises ConfigError for a folder or a file that cannot be read, or a name that cannot be had.
    """
    found = [*statements("questions"), *read_own(own)]
    return sorted(map(_question, found), key=lambda one: (one.topic, one.name))


def find_question(name: str, own: str = "") -> Question:
    """The question of this name. Raises ConfigError naming the closest one, and as `list_questions`."""
    if name in names("questions"):
        return _question(statement("questions", name))
    found = {one.name: one for one in read_own(own)}
    if name not in found:
        close = difflib.get_close_matches(name, [*names("questions"), *found], n=1)
        hint = f"Did you mean {close[0]}?" if close else "`sparkify ask` lists them."
        raise ConfigError(f"there is no question {name!r}. {hint}")
    return _question(found[name])


def require_days(first: dt.date | None, last: dt.date | None) -> None:
    """Raise ConfigError for a first day after the last."""
    if first and last and first > last:
        raise ConfigError(f"from {first} is later than to {last}: there is no such day.")


def ask(
    reader: Reader,
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    run: int | None = None,
    filters: Filters = EVERYTHING,
    params: Mapping[str, str] = NO_PARAMS,
    nameless: str | None = None,
) -> Result:
    """Answer a question; the values are those of `values_of`.

    With `nameless`, the folder of the user's models or nothing, one of the user's own is given no name of a
    listener. Raises ConfigError for filters and parameters that it does not take, and as `without_names`.
    """
    values = values_of(question, limit, first, last, level, run, filters, params)
    text = question.filtered(filters)
    if nameless is not None and question.topic == TOPIC:
        tables = "SELECT LOWER(table_name) AS name FROM information_schema.tables"
        there = [str(one) for (one,) in reader.query(f"{tables} WHERE table_schema = CURRENT_SCHEMA()").rows]
        text = without_names(question.name, text, nameless, there)
    with question.asked():
        return reader.query(text, values)


def values_of(
    question: Question,
    limit: int | None = 10,
    first: dt.date | None = None,
    last: dt.date | None = None,
    level: str | None = None,
    run: int | None = None,
    filters: Filters = EVERYTHING,
    params: Mapping[str, str] = NO_PARAMS,
) -> dict[str, Value]:
    """What a question is asked with.

    `limit` None is no limit; `first` and `last` are days (UTC), both included; `level` is that of the
    listener at the moment of the play, None for everybody; `run` None is every run.
    """
    for name in params.keys() - set(question.params):
        takes = f"It takes {', '.join(question.params)}." if question.params else "It takes none."
        raise ConfigError(f"{question.name} takes no parameter {name}. {takes}")
    last = last if last and last < EVER[1].date() else None
    values: dict[str, Value] = {
        "limit": limit_of(limit),
        "since": dt.datetime.combine(first, dt.time()) if first else EVER[0],
        "until": dt.datetime.combine(last + dt.timedelta(days=1), dt.time()) if last else EVER[1],
        "level": level,
        "run": run,
    }
    values |= {name: params.get(name) for name in question.params}
    return {name: values[name] for name in question.takes} | filters.values


def _question(found: Statement) -> Question:
    bare = _COMMENT.sub(lambda one: one[1] or "", found.text)
    takes = frozenset(re.findall(r"(?<![:\w]):([A-Za-z_]\w*)", re.sub(_QUOTED, "''", bare)))
    return Question(found.name, found.comment, found.text, takes, found.topic)
