"""What a server keeps of a warehouse that others write: the report and the answers of the newest run."""

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sparkify.ask.chart_data import Answers
from sparkify.ask.data_quality import CheckOutcome
from sparkify.ask.questions import Question, ask, find_question
from sparkify.ask.report import gather
from sparkify.ask.short_session import Opener, ShortSession
from sparkify.clock import now
from sparkify.engines.base import Reader, Result
from sparkify.errors import BusyError, RightsError

HASTE = 0.2
"""Seconds that a glance waits for a writer; a page waits as long as the configuration says."""
KEPT = 256
"""Answers that are kept."""


@dataclass(frozen=True)
class Asked:
    """A question with its values."""

    question: Question
    limit: int | None = 100
    first: dt.date | None = None
    last: dt.date | None = None
    level: str | None = None
    run: int | None = None


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
        hold: float = 0.5,
        wait: float = 30.0,
        names: bool = False,
        prove: bool = False,
        clock: Callable[[], dt.datetime] = now,
    ) -> None:
        """`private` opens what readers do not see, where `opener` does not show it."""
        self._opener, self._check, self._hold, self._wait = opener, check, hold, wait
        self._private = private
        self._names, self._prove, self._clock = names, prove, clock
        self._building = threading.Lock()
        self._page: dict[str, Any] | None = None
        self._answers: dict[Asked, Result] = {}
        self._page_of: tuple[Any, ...] = ()
        """What was the newest when the report was made."""
        self._seen: tuple[Any, ...] = (-1,)

    def page(self) -> dict[str, Any]:
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
                        lambda: self._check(session),
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

    def _as_owner(self, reader: Reader, find: Callable[[Reader], Answers]) -> Answers | None:
        try:
            if self._private is None:
                return find(reader)
            with ShortSession(self._private, self._hold, self._wait) as session:
                return find(session)
        except RightsError:
            return None

    def answer(self, asked: Asked) -> Result:
        """The answer of the newest run."""
        self.newest()
        answers = self._answers  # if a run is published meanwhile, others are kept in another one
        if found := answers.get(asked):
            return found
        opener = (self._private if asked.question.is_private else None) or self._opener
        with ShortSession(opener, self._hold, self._wait) as session:
            found = ask(session, asked.question, asked.limit, asked.first, asked.last, asked.level, asked.run)
        if not self._names:
            found = _without_names(found)
        if len(answers) >= KEPT:
            answers.clear()
        answers[asked] = found
        return found

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
            self._answers = {}
            self._seen = seen
        return int(seen[0])


def _newest(reader: Reader) -> tuple[Any, ...]:
    """The newest run, and what tells whether another one has ended since, or the warehouse is another one."""
    return reader.query(
        "SELECT COALESCE(MAX(run_id), 0) AS run_id, COUNT(*) AS runs, COUNT(seconds) AS ended, "
        "MIN(started_at) AS began, MAX(started_at) AS latest, SUM(seconds) AS seconds FROM load_runs"
    ).rows[0]


def _without_names(result: Result) -> Result:
    """The answer with listeners as numbers only."""
    kept = [at for at, column in enumerate(result.columns) if column not in ("first_name", "last_name")]
    columns = tuple(result.columns[at] for at in kept)
    return Result(columns, [tuple(row[at] for at in kept) for row in result.rows])
