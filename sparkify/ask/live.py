"""What a server keeps of a warehouse that others write: the report and the answers of the newest run."""

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from sparkify.ask.chart_data import Answers
from sparkify.ask.data_quality import CheckOutcome
from sparkify.ask.explain import Explanation, explain_play
from sparkify.ask.filters import EVERYTHING, Filters
from sparkify.ask.find import Found, find
from sparkify.ask.overview import Selection
from sparkify.ask.own_questions import NAMES, RAW, TOPIC, without_names
from sparkify.ask.questions import Question, ask, find_question
from sparkify.ask.report import Page, gather, gather_part
from sparkify.ask.short_session import Opener, ShortSession
from sparkify.ask.unmatched import unmatched_filters
from sparkify.clock import now
from sparkify.engines.base import Reader, Result, weight
from sparkify.errors import BusyError, RightsError, SparkifyError

T = TypeVar("T")
U = TypeVar("U")
HASTE = 0.2
"""Seconds that a glance waits for a writer; a page waits as long as the configuration says."""
KEPT = 256
"""Answers that are kept."""
KEPT_BYTES = 256_000_000
"""Memory that they take, at most."""
KEPT_PARTS = 32
"""Pages of some plays that are kept."""


@dataclass(frozen=True)
class Asked:
    """A question with its values."""

    question: Question
    limit: int | None = 100
    first: dt.date | None = None
    last: dt.date | None = None
    level: str | None = None
    run: int | None = None
    filters: Filters = EVERYTHING
    params: tuple[tuple[str, str], ...] = ()


class Live:
    """The newest published run, seen through short openings; safe for several threads.

    While a load holds the warehouse, what was computed before is shown; only what is not known yet waits.
    """

    def __init__(
        self,
        opener: Opener,
        check: Callable[[Reader], Sequence[CheckOutcome] | None],
        *,
        private: Opener | None = None,
        free: Opener | None = None,
        hold: float = 0.5,
        wait: float = 30.0,
        names: bool = False,
        models: str = "",
        prove: bool = False,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        """`private` opens what readers do not see, where `opener` does not show it.

        `free` opens what SQL of somebody's own may read, with its limits; without it there is no `sql`.
        `models` is the folder of the user's own.
        """
        self._opener, self._check, self._hold, self._wait = opener, check, hold, wait
        self._private, self._free = private, free
        self._names, self._models, self._prove, self._clock = names, models, prove, clock
        self._building = threading.Lock()
        self._page: Page | None = None
        self._parts: dict[Selection, Page] = {}
        self._answers: dict[Asked, Result] = {}
        self._page_of: tuple[Any, ...] = ()
        """What was the newest when the report was made."""
        self._seen: tuple[Any, ...] = (-1,)

    def page(self) -> Page:
        """The report of the newest run; the one before while the newest is computed, or a load runs.

        Raises BusyError where there is no page before.
        """
        known = self._page
        self.newest()
        if known and self._page_of == self._seen:
            return known
        if not self._building.acquire(timeout=0 if known else self._wait):
            if known:
                return known
            raise BusyError("the report is being computed.")
        try:
            if self._page is known:
                with ShortSession(self._opener, self._hold, self._wait) as session:
                    seen = _newest(session)
                    self._page = gather(
                        session,
                        lambda: self._checked(session),
                        self._clock(),
                        as_owner=partial(self._as_owner, session),
                        names=self._names,
                        prove=self._prove,
                    )
                    self._page_of = seen
        except BusyError:
            if known is None:
                raise
            return known
        finally:
            self._building.release()
        assert self._page
        return self._page

    def _checked(self, reader: Reader) -> Sequence[CheckOutcome] | None:
        """What the checks found. What a database says of a check of one's own may hold a listener's name."""
        try:
            return self._check(reader)
        except SparkifyError as error:
            if self._names or not error.brief:
                raise
            raise type(error)(f"{error.brief} `sparkify check` says it.") from None

    def _as_owner(self, reader: Reader, find: Callable[[Reader], Answers]) -> Answers | None:
        try:
            if self._private is None:
                return find(reader)
            with ShortSession(self._private, self._hold, self._wait) as session:
                return find(session)
        except RightsError:
            return None

    def shows(self, question: Question) -> bool:
        """Whether a question is answered: one of the user's own that may name a listener, only with names."""
        if self._names or question.topic != TOPIC:
            return True
        try:
            without_names(question.name, question.text, self._models)
        except SparkifyError:
            return False
        return True

    def answer(self, asked: Asked) -> Result:
        """The answer of the newest run. Raises ConfigError for a question that may name a listener."""
        self.newest()
        answers = self._answers  # if a run is published meanwhile, others are kept in another one
        if found := answers.get(asked):
            return found
        opener = (self._private if asked.question.is_private else None) or self._opener
        with ShortSession(opener, self._hold, self._wait) as session:
            values = (asked.limit, asked.first, asked.last, asked.level, asked.run, asked.filters)
            nameless = None if self._names else self._models
            found = ask(session, asked.question, *values, dict(asked.params), nameless)
        if not self._names and asked.question.topic != TOPIC:  # one's own was asked without them
            found = _without_names(found)
        if weight(found.rows) <= KEPT_BYTES // KEPT:
            _keep(answers, asked, found, KEPT)
        return found

    def part(self, selection: Selection) -> Page:
        """The report of some plays, as the newest run has them."""
        self.newest()
        parts = self._parts
        if found := parts.get(selection):
            return found
        with ShortSession(self._opener, self._hold, self._wait) as session:
            run = int(_newest(session)[0])
            found = gather_part(session, selection, self._clock(), names=self._names) | {"run": run}
        _keep(parts, selection, found, KEPT_PARTS)
        return found

    def find(self, text: str) -> Sequence[Found]:
        """What has this text in its name, of each kind; listeners without names have only their number."""
        with ShortSession(self._opener, self._hold, self._wait) as session:
            found = find(session, text, names=self._names)
        return found if self._names else [replace(one, result=_without_names(one.result)) for one in found]

    def unmatched_filters(self, filters: Filters) -> Sequence[str]:
        """A line for each filter that no play fits."""
        with ShortSession(self._opener, self._hold, self._wait) as session:
            return list(unmatched_filters(session, filters))

    def explain(self, songplay_id: int) -> Explanation:
        """Where a play came from. Raises ConfigError if there is none of this id."""
        with ShortSession(self._private or self._opener, self._hold, self._wait) as session:
            found = explain_play(session, songplay_id)
        if not self._names:
            for record in found.records:
                for name in (*NAMES, "extra"):  # where a name may stand that fits no column
                    record.values.pop(name, None)
        return found

    def sql(self, text: str) -> Result:
        """The rows of a statement of somebody's own, within its limits."""
        assert self._free, "no opener for SQL was given"
        engine = self._free(self._wait)
        try:
            return engine.native(text)
        finally:
            engine.close()

    @property
    def shows_names(self) -> bool:
        return self._names

    @property
    def takes_sql(self) -> bool:
        return self._free is not None

    def runs(self, limit: int) -> Result:
        """The runs, with the reasons of those that were refused where these may be seen."""
        try:
            return self.answer(Asked(find_question("runs"), limit))
        except RightsError:
            return self.answer(Asked(find_question("loads"), limit))

    def newest(self) -> int:
        """The newest run that is published; while a load holds the warehouse, the last one that was seen."""
        try:
            with ShortSession(self._opener, self._hold, HASTE) as session:
                seen = _newest(session)
        except BusyError:
            seen = self._seen
        if seen != self._seen:
            self._answers, self._parts = {}, {}
            self._seen = seen
        return int(seen[0])


def _keep(kept: dict[T, U], key: T, value: U, most: int) -> None:
    if len(kept) >= most:
        kept.clear()
    kept[key] = value


def _newest(reader: Reader) -> tuple[Any, ...]:
    """The newest run, and what tells whether another one has ended since, or the warehouse is another one."""
    return reader.query(
        "SELECT COALESCE(MAX(run_id), 0) AS run_id, COUNT(*) AS runs, COUNT(seconds) AS ended, "
        "MIN(started_at) AS began, MAX(started_at) AS latest, SUM(seconds) AS seconds FROM load_runs"
    ).rows[0]


def _without_names(result: Result) -> Result:
    """The answer with listeners as numbers only, and no record as it came."""
    kept = [at for at, column in enumerate(result.columns) if column not in (*NAMES, *RAW)]
    columns = tuple(result.columns[at] for at in kept)
    return Result(columns, [tuple(row[at] for at in kept) for row in result.rows])
