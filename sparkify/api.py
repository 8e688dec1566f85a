"""The Python API: a warehouse that is opened for each call, and held by nobody in between.

    import sparkify

    warehouse = sparkify.connect("music.duckdb")
    warehouse.load("music")
    warehouse.ask("most_played_songs", limit=3).df()

Whatever a user can fix is a `SparkifyError`; its message is the line that the command line prints.
"""

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from sparkify import clock
from sparkify.answer import Answer
from sparkify.arguments import checked
from sparkify.ask.filters import Filters
from sparkify.ask.questions import (
    NO_PARAMS,
    Question,
    find_question,
    list_questions,
    require_days,
    values_of,
)
from sparkify.ask.questions import ask as ask_question
from sparkify.config import Config
from sparkify.config_sources import load_config
from sparkify.connection import as_owner, mode_of_page, opened, recording, require_readable
from sparkify.engines.base import Result
from sparkify.engines.registry import DEFAULT, Rights, engine_of, warehouse_settings
from sparkify.errors import ConfigError, SparkifyError
from sparkify.export import Exported, Format, export
from sparkify.ledger.runs import last_run
from sparkify.load.checks import check_warehouse
from sparkify.load.choice import choose_files
from sparkify.load.comments import create_warehouse
from sparkify.load.feed import make_feed
from sparkify.load.files import Plan, Planned, State, make_plan
from sparkify.load.inspect import find_missing_days, warn_missing_days
from sparkify.load.notices import Warned
from sparkify.load.own_models import is_stale
from sparkify.load.project import make_project
from sparkify.load.publish import Summary
from sparkify.load.rules import why_rebuild
from sparkify.load.run import MaxRejects, after, load, rebuild_if_other
from sparkify.load.staging import preview
from sparkify.load.tables import has_tables, prepare_tables, require_tables, use_play_pages
from sparkify.load.undo import undo
from sparkify.load.verdict import Verdict
from sparkify.place import REPORT, require_place
from sparkify.progress import Progress, Silent
from sparkify.source.listing import missing_days
from sparkify.source.passed_over import PassedOver

__all__ = ["Answer", "Exported", "Question", "SparkifyError", "Summary", "Verdict", "Warehouse", "connect"]

MOST = 1_000_000
"""Rows of `sql`, unless more are asked for."""


@checked
def connect(
    warehouse: str | Path | Config = "sparkify.duckdb",
    *,
    config: str | Path | None = None,
    settings: Mapping[str, object] | None = None,
) -> "Warehouse":
    """A warehouse: a DuckDB file, which `load` makes if it is not there, or "redshift".

    `config` is a file of settings, by default dwg.cfg if it is there; `settings` go before it, by their names
    there: `{"etl.play_page": "NextSong"}`. The environment counts as for the command line. Nothing is opened
    yet. Raises ConfigError for a setting that is wrong.
    """
    if isinstance(warehouse, Config):
        return Warehouse(warehouse)
    file = Path(config) if config is not None else None
    return Warehouse(load_config(file, {**warehouse_settings(str(warehouse)), **(settings or {})}))


@dataclasses.dataclass(frozen=True)
class PlannedLoad:
    """What a load would do, and what it would warn of."""

    plan: Plan
    passed_over: Sequence[PassedOver]
    warned: Sequence[Warned]
    statements: Sequence[str]
    """Those in which it would hand files to another machine."""
    why_rebuild: str
    """Why it would refuse, unless it may rebuild the star first."""
    builds_models: bool = False
    """Whether it would build models though there is no file to load."""

    @property
    def answer(self) -> Answer:
        """Every file with its state."""
        rows: list[tuple[Any, ...]] = [
            (p.state, p.file.dataset, p.file.uri, p.file.size, p.file.day, None) for p in self.plan.files
        ]
        rows += [("passed over", one.dataset, one.uri, None, None, one.reason) for one in self.passed_over]
        return Answer(("state", "dataset", "uri", "bytes", "day", "reason"), rows, "plan")


def plan_load(config: Config, first: dt.date | None = None, last: dt.date | None = None) -> PlannedLoad:
    """Compare the source with the warehouse, if there is one; nothing is written."""
    (files, passed_over), warned = choose_files(config.s3, first, last)
    plan, statements, why = Plan([Planned(file, "new") for file in files]), list[str](), ""
    project, builds = make_project(config), False
    gaps = warn_missing_days(missing_days(files, ()))
    if engine_of(config).exists(config):
        with opened(config) as engine:
            if has_tables(engine):
                require_tables(engine)
                plan, gaps = make_plan(files, engine), find_missing_days(engine, files)
                why = why_rebuild(engine, config.etl.play_pages)
                builds = last_run(engine) > 0 and is_stale(engine, project)
            statements = preview(engine, plan)
    return PlannedLoad(
        plan, passed_over, warned if first or last else [*warned, *gaps], statements, why, builds
    )


class Warehouse:
    """A warehouse by its configuration. Each method opens it, and has closed it when it returns.

    Raises BusyError where another process holds it for longer than [WAREHOUSE] WAIT.
    """

    def __init__(self, config: Config) -> None:
        self.config = config

    def __repr__(self) -> str:
        own = self.config.warehouse
        return f"sparkify.connect({own.file if own.engine == DEFAULT else own.engine!r})"

    @checked
    def load(
        self,
        source: str | Path = "",
        *,
        first: dt.date | None = None,
        last: dt.date | None = None,
        changed: Literal["refuse", "reload"] = "refuse",
        retry: bool = False,
        verify: bool = False,
        strict: bool = False,
        max_rejects: str = "",
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> Summary:
        """Load what is new, build the star, check it, and publish it at once: `sparkify etl`.

        `first` and `last` are days of logs, both included. `rebuild` first rebuilds the star, a run of its
        own, where other rules or play pages built it, which is an error otherwise. Raises LoadError if the
        load was refused, CheckError if a check found wrong rows: nothing is published then.
        """
        require_days(first, last)
        config = self._with(source)
        with recording(config, "etl"):
            also: set[State] = {"changed"} if changed == "reload" else set()
            if retry:
                also.add("undone")
            allowed = MaxRejects.parse(max_rejects or config.etl.max_rejects)
            feed, project = make_feed(config, strict=strict), make_project(config, strict=strict)
            listing, warned = choose_files(config.s3, first, last)
            with opened(config, read_only=False, may_make=True) as engine:
                if not has_tables(engine):
                    create_warehouse(engine)
                prepare_tables(engine, feed.paths)
                watched = progress or Silent()
                rebuilt = (
                    rebuild_if_other(engine, watched, config.etl.play_pages, project) if rebuild else None
                )
                with after(rebuilt):
                    use_play_pages(engine, config.etl.play_pages)
                    if not (first or last):
                        warned = [*warned, *find_missing_days(engine, listing.files)]
                    summary = load(
                        engine, listing.files, allowed, watched, also=also, feed=feed, warned=warned,
                        trust="content" if verify else "version", project=project,
                    )  # fmt: skip
                summary.rebuilt = rebuilt.run_id if rebuilt else None
                return summary

    @checked
    def plan(self, source: str | Path = "") -> Answer:
        """What `load` would do with each file of the source, and what lies there and is not loaded."""
        return plan_load(self._with(source)).answer

    @property
    def questions(self) -> Answer:
        """The questions that `ask` takes, each with what it means and the values that it takes."""
        found = list_questions(self.config.ask.questions)
        rows = [(one.name, one.meaning, ", ".join(sorted(one.takes)), one.topic) for one in found]
        return Answer(("question", "meaning", "takes", "topic"), rows, "questions")

    @checked
    def ask(
        self,
        question: str,
        *,
        limit: int | None = 10,
        first: dt.date | None = None,
        last: dt.date | None = None,
        level: Literal["free", "paid"] | None = None,
        run: int | None = None,
        title: str | None = None,
        artist: str | None = None,
        listener: int | None = None,
        place: str | None = None,
        state: str | None = None,
        timezone: str | None = None,
        params: Mapping[str, str] = NO_PARAMS,
    ) -> Answer:
        """Answer a question. `limit` None or 0 is all rows; `first` and `last` are days, both included.

        `title`, `artist`, `listener`, `place` and `state` choose plays: a question about sessions is asked of
        those that hold one, one about listeners of those who have one. `timezone`, such as Europe/Berlin, is
        the time zone of days and hours; None is UTC.
        `params` are the parameters of a question of your own ([ASK] QUESTIONS).
        Raises ConfigError for a question that there is not, or for a value that it does not take.
        """
        _require_limit(limit)
        require_days(first, last)
        found = find_question(question, self.config.ask.questions)
        filters = Filters(title, artist, listener, place, state, timezone)
        given = (limit or None, first, last, level, run, filters, params)
        values_of(found, *given)  # a mistake is said before the warehouse is opened
        rights: Rights = "login" if found.is_private else "reader"
        with opened(self.config, rights=rights, locked_down=True) as engine:
            require_readable(engine, self.config)
            return _answer(ask_question(engine, found, *given), question, found.told(filters), filters.clock)

    @checked
    def sql(self, query: str, *, limit: int = MOST) -> Answer:
        """At most `limit` rows of a SELECT in the engine's dialect, 0 for all. It reads the warehouse alone.

        Raises QueryError for what the database refuses.
        """
        _require_limit(limit)
        with opened(self.config, rights="reader", locked_down=True, rows=limit) as engine:
            require_readable(engine, self.config)
            return _answer(engine.native(query))

    def check(self) -> Sequence[Verdict]:
        """What each check says of the whole warehouse; a failed one holds its first wrong rows."""
        project = make_project(self.config)
        with opened(self.config) as engine:
            require_tables(engine)
            return check_warehouse(engine, self.config.etl.play_pages, project)

    def runs(self) -> Answer:
        """The runs, the latest first."""
        return self.ask("runs", limit=None)

    @checked
    def rejects(self, run: int | None = None) -> Answer:
        """The records that could not be loaded: file, line, reason and text."""
        return self.ask("rejects", limit=None, run=run)

    @checked
    def undo(self, run: int, *, progress: Progress | None = None) -> Summary:
        """Roll a run back, as if it had never loaded its files; `load(retry=True)` loads them again."""
        project = make_project(self.config)
        with opened(self.config, read_only=False) as engine:
            prepare_tables(engine)
            return undo(engine, run, progress or Silent(), project=project)

    @checked
    def report(
        self, out: str | Path = "report.html", *, names: bool = False, timezone: str | None = None
    ) -> Path:
        """Write the report, one HTML file, and return where it is. Needs the extra `report`.

        `timezone` is as `ask` takes it.
        """
        from sparkify.ask.report import gather, render
        from sparkify.writing import replace_file

        require_place(Path(out), self.config.s3, REPORT)
        with opened(self.config, rights="reader") as engine:
            require_readable(engine, self.config)
            now = clock.now()
            owner = partial(as_owner, self.config, engine)
            check = partial(
                check_warehouse, play_pages=self.config.etl.play_pages, project=make_project(self.config)
            )
            page = gather(engine, lambda: owner(check), now, as_owner=owner, names=names, timezone=timezone)
        replace_file(Path(out), render(page).encode(), most=mode_of_page(self.config, names=names))
        return Path(out)

    @checked
    def export(
        self, out: str | Path, format: Format = "parquet", *, progress: Progress | None = None
    ) -> Exported:
        """Write the star as a folder of Parquet or CSV files, or as a DuckDB file, over an earlier export.

        Raises ConfigError where something else is in the way.
        """
        return export(self.config, Path(out), format, progress or Silent())

    def _with(self, source: str | Path) -> Config:
        if not source:
            return self.config
        return dataclasses.replace(self.config, s3=dataclasses.replace(self.config.s3, source=str(source)))


def _require_limit(limit: int | None) -> None:
    if limit is not None and limit < 0:
        raise ConfigError(f"limit is {limit}: it must be a number of rows.")


def _answer(result: Result, name: str = "", meaning: str = "", clock: str = "UTC") -> Answer:
    return Answer(result.columns, result.rows, name, meaning, clock)
