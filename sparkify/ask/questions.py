"""The questions: SQL files that an analyst can read and change, and the values they take."""

import datetime as dt
import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

from sparkify.ask.filters import CONDITIONS, EVERYTHING, LISTENERS, PLAYS, SESSIONS, Filters, narrowed
from sparkify.ask.own_questions import TOPIC, read_own, require_select, without_names
from sparkify.clock import EVER
from sparkify.engines.base import Reader, Result, Value, limit_of
from sparkify.engines.dialect import tables_named
from sparkify.engines.macros import macros
from sparkify.errors import ConfigError, QueryError
from sparkify.ledger.runs import require_run
from sparkify.sql import Statement, names, statement, statements
from sparkify.sql_cache import unkept

_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_COMMENT = re.compile(rf"({_QUOTED})|--[^\n]*|/\*.*?\*/", re.DOTALL)
_TABLES = ("songplay", "plays", "listening", "events", "registrations", "time")
"""What filters and time zones can narrow or move."""
_READ = re.compile(
    rf"({_QUOTED})|(?<=\bFROM |\bJOIN )(?P<table>{'|'.join(_TABLES)})\b(?!\.)(?! AS log\b)", re.IGNORECASE
)
"""A table that a question reads; as `log`, it stands for the days that there are, and is read whole."""
_ABOUT_SESSIONS = ("sessions", "session_lengths")
_BY_DAYS = (*_ABOUT_SESSIONS, "latest_plays")
"""They order moments, which is ambiguous when clocks go back: the time zone only chooses their days."""
_IN_UTC = ("listeners_at_once",)
"""The same, and no day is chosen alone."""
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

    @cached_property
    def filters(self) -> frozenset[str]:
        """The names of the filters that it takes."""
        if not self.about:
            return frozenset()
        # What a question of one's own compares with a play's moment would not be moved with it.
        moves = self.about != LISTENERS and self.name not in _IN_UTC and self.topic != TOPIC
        return frozenset(CONDITIONS) | ({"timezone"} if moves else set())

    def told(self, filters: Filters) -> str:
        """Its meaning in the time zone of the filters, and what these leave."""
        is_moved = "timezone" in self.filters and self.name not in _BY_DAYS
        said = self.meaning.replace("UTC", filters.clock) if is_moved else self.meaning
        if filters.params and self.about == SESSIONS:
            return f"{said} Here of the sessions that hold such a play."
        if filters.params and self.about == LISTENERS:
            return f"{said} Here of the listeners who have such a play, whenever, and all that they did."
        return said

    def filtered(self, filters: Filters) -> str:
        """Its SQL over what the filters leave. Raises ConfigError where it does not take one.

        A value that its own SQL mentions, such as :artist, filters nothing else.
        A CTE has a name of its own: on Redshift one that reads a table of its own name is recursive
        (AWS, "WITH clause").
        """
        if self.topic == TOPIC:
            require_select(self.name, self.text)
        others = replace(filters, **dict.fromkeys(filters.values.keys() & self.takes))
        if wrong := [name for name in others.values if name not in self.filters]:
            raise ConfigError(f"{self.name} takes no {wrong[0]}: {self._why_not}")
        is_by_days = self.name in _BY_DAYS
        left = replace(others, timezone=None) if is_by_days else others
        found = narrowed(self.about, self._reads, left) if left.values else {}
        text = self._with(found)
        return re.sub(r"\bp\.start_time(?= (?:>=|<) :)", others.moved, text) if is_by_days else text

    def _with(self, found: Mapping[str, str]) -> str:
        """Its SQL over these SELECTs in the place of tables."""
        if not found:
            return self.text
        body = _narrowed_body(self._sql, found).strip()
        rest = re.sub(r"^WITH(\s+RECURSIVE)?\b", "", body, flags=re.IGNORECASE)
        comma = "" if rest == body else ","
        recursive = " RECURSIVE" if re.match(r"WITH\s+RECURSIVE\b", body, re.IGNORECASE) else ""
        parts = ",\n".join(f"filtered_{name} AS (\n    {select}\n)" for name, select in found.items())
        return f"WITH{recursive}\n{parts}{comma}\n{rest.lstrip()}"

    @cached_property
    def _reads(self) -> frozenset[str]:
        """What it reads that filters can narrow."""
        return frozenset(found["table"].lower() for found in _READ.finditer(self._sql) if found["table"])

    @cached_property
    def about(self) -> str:
        """What it is about, and so what filters choose: plays, sessions or listeners; empty for neither."""
        if not self._reads - {"time"} or self.is_private or re.search(r"\bload_", self._sql):
            return ""
        if self.name in _ABOUT_SESSIONS:
            return SESSIONS
        of_listeners, of_plays = (
            self._reads & {"events", "registrations"},
            self._reads & {"songplay", "plays", "listening"},
        )
        if self.topic == TOPIC and ((of_listeners and of_plays) or not _reaches_all(self._sql, self._reads)):
            return ""  # nobody can tell which plays it means, or where else it takes them from
        return LISTENERS if of_listeners else PLAYS

    @property
    def _why_not(self) -> str:
        if self.about and self.topic == TOPIC:
            return "what it compares plays with would not be moved; :timezone in it has the value."
        if self.about:
            return "it is answered in UTC."
        return "it is not about plays, sessions or listeners alone."

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
    listener. Raises ConfigError for filters and parameters that it does not take, for a run that there is
    not, and as `without_names`.
    """
    values = values_of(question, limit, first, last, level, run, filters, params)
    if run is not None:
        require_run(reader, run, "load_runs")
    text = question.filtered(filters)
    if nameless is not None and question.topic == TOPIC:
        tables = "SELECT LOWER(table_name) AS name FROM information_schema.tables"
        there = [str(one) for (one,) in reader.query(f"{tables} WHERE table_schema = CURRENT_SCHEMA()").rows]
        text = without_names(question.name, text, nameless, there, macros(reader))
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

    `limit` None is no limit; `first` and `last` are days in the time zone of the filters, both included;
    `level` is that of the listener at the moment of the play, None for everybody; `run` None is every run.
    """
    for name in params.keys() - set(question.params):
        takes = f"It takes {', '.join(question.params)}." if question.params else "It takes none."
        raise ConfigError(f"{question.name} takes no parameter {name}. {takes}")
    given = {"since": first, "until": last, "level": level, "run": run}
    if wrong := [name for name, value in given.items() if value is not None and name not in question.takes]:
        raise ConfigError(f"{question.name} takes no {wrong[0]}: it is always answered whole.")
    last = last if last and last < EVER[1].date() else None
    values: dict[str, Value] = {
        "limit": limit_of(limit),
        "since": dt.datetime.combine(first, dt.time()) if first else EVER[0],
        "until": dt.datetime.combine(last + dt.timedelta(days=1), dt.time()) if last else EVER[1],
        "level": level,
        "run": run,
    }
    if both := sorted(params.keys() & filters.values):
        raise ConfigError(f"{both[0]} is given twice, as a parameter and as a filter.")
    values |= {name: params.get(name, filters.values.get(name)) for name in question.params}
    return {name: values[name] for name in question.takes} | filters.params


def _narrowed_body(sql: str, tables: Collection[str]) -> str:
    def name(found: re.Match[str]) -> str:
        table = found["table"]
        return f"filtered_{table.lower()}" if table and table.lower() in tables else found[0]

    return _READ.sub(name, sql)


def _reaches_all(sql: str, tables: Collection[str]) -> bool:
    """Whether all that a question of one's own reads is known, and is found where it is read."""
    bare = re.sub(r"'(?:[^']|'')*'", "", sql)
    if any(re.search(rf"\b{name}\.", bare, re.IGNORECASE) for name in tables):
        return False
    # Names that are ours, and texts that end elsewhere for DuckDB than for the patterns here.
    if "filtered_" in bare.lower() or "\\'" in sql or "$$" in sql:
        return False
    with unkept():
        try:
            left = set(tables_named(_narrowed_body(sql, tables))) - {f"filtered_{name}" for name in tables}
            return set(tables) <= set(tables_named(sql)) and left <= {"users", "songs", "artists"}
        except QueryError:
            return False


def _question(found: Statement) -> Question:
    bare = _COMMENT.sub(lambda one: one[1] or "", found.text)
    takes = frozenset(re.findall(r"(?<![:\w]):([A-Za-z_]\w*)", re.sub(_QUOTED, "''", bare)))
    return Question(found.name, found.comment, found.text, takes, found.topic)
