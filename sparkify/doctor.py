"""What a warehouse needs, probed one by one: what was found, and what to do where it is not well.

A probe that fails does not stop the others: whoever is called at night wants the whole list.
"""

import datetime as dt
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, suppress
from email.utils import parsedate_to_datetime

from sparkify.ask.own_questions import read_own, require_select
from sparkify.config import Config
from sparkify.connection import label
from sparkify.engines.base import Engine
from sparkify.engines.registry import Finding, engine_of
from sparkify.errors import BusyError, ConfigError, SparkifyError, WarehouseError
from sparkify.formatting import count
from sparkify.ledger.runs import last_start
from sparkify.ledger.seal import require_key
from sparkify.load.feed import make_feed
from sparkify.load.own_models import require_runnable
from sparkify.load.project import make_project
from sparkify.load.rules import other_pages
from sparkify.load.tables import VERSION, has_tables, require_tables
from sparkify.source.listing import list_source
from sparkify.source.store import is_remote

Open = Callable[[Config], AbstractContextManager[Engine]]
SKEW = dt.timedelta(minutes=5)
"""Maximum clock skew AWS accepts."""


def examine(config: Config, opened: Open, now: dt.datetime) -> Iterator[Finding]:
    """Run every probe that concerns this configuration; `now` is in UTC, without a zone."""
    engine, s3 = engine_of(config), config.s3
    is_known = True
    if engine.has_cluster or any(map(is_remote, (s3.source, s3.log_data, s3.song_data))):
        is_known = yield from _examine_account(config, now)
    if is_known or not engine.has_cluster:
        yield from engine.examine(config)
    yield from _examine_warehouse(config, opened, now)
    yield _examine_source(config)
    s3_paths = config.s3.log_jsonpath or config.s3.song_jsonpath
    if s3_paths or config.ask.questions or config.etl.checks or config.etl.models:
        yield _examine_project(config, opened)


def _examine_account(config: Config, now: dt.datetime) -> Generator[Finding, None, bool]:
    """Whether AWS knows whose credentials these are; True if it does."""
    from sparkify.aws import make_clients, translated

    try:
        clients = make_clients(config.cluster.region)
        with translated():
            answer = clients.sts.get_caller_identity()
    except SparkifyError as error:
        yield Finding.failed("credentials", error)
        return False
    yield Finding("credentials", "ok", f"{answer['Arn']} in {clients.region}")
    yield _examine_clock("AWS clock", answer["ResponseMetadata"]["HTTPHeaders"].get("date", ""), now)
    return True


def _examine_clock(probe: str, date: str, now: dt.datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(date).astimezone(dt.UTC).replace(tzinfo=None)
    except ValueError:
        return Finding(probe, "warning", "AWS did not say what time it is", "Look at this machine's clock.")
    if abs(theirs - now) <= SKEW:
        return Finding(probe, "ok", "this machine's clock agrees with AWS's")
    return Finding(
        probe, "FAILED", f"it is {now:%H:%M:%S} here and {theirs:%H:%M:%S} there (UTC)",
        "AWS refuses signatures of another time: set the clock, by NTP.",
    )  # fmt: skip


def _examine_warehouse(config: Config, opened: Open, now: dt.datetime) -> Iterator[Finding]:
    """Whether it opens, who holds it, its layout, and whether time has gone on since its last run."""
    if not engine_of(config).exists(config):
        yield Finding(
            "warehouse", "warning", f"there is none in {label(config)} yet",
            "`sparkify etl --source DIR` makes and fills one.",
        )  # fmt: skip
        return
    try:
        with opened(config) as engine:
            yield Finding("warehouse", "ok", f"opens, with {engine.name}")
            yield Finding("lock", "ok", "no other process writes to it")
            yield from _examine_tables(engine, config, now)
    except BusyError as error:
        yield Finding("lock", "warning", str(error), "A load ends by itself; the process is named if not.")
    except SparkifyError as error:
        yield Finding.failed("warehouse", error)


def _examine_tables(engine: Engine, config: Config, now: dt.datetime) -> Iterator[Finding]:
    if not has_tables(engine):
        yield Finding("layout", "warning", "it has no tables yet", "`sparkify etl` makes and fills them.")
        return
    try:
        require_tables(engine)
    except (WarehouseError, ConfigError) as error:
        yield Finding.failed("layout", error)
        return
    yield Finding("layout", "ok", f"layout {VERSION}, which this program knows")
    try:
        require_key(engine)
    except ConfigError as error:
        yield Finding.failed("seal", error)
    if other := other_pages(engine, config.etl.play_pages):
        yield Finding("play pages", "FAILED", other, "Say `sparkify rebuild`, or `sparkify etl --rebuild`.")
    latest = last_start(engine)
    if latest is not None and latest > now + SKEW:
        yield Finding(
            "clock", "FAILED", f"the latest run began at {latest} UTC, and now it is {now:%Y-%m-%d %H:%M:%S}",
            "Set this machine's clock, by NTP.",
        )  # fmt: skip
    else:
        yield Finding("clock", "ok", f"it is {now:%Y-%m-%d %H:%M:%S} UTC, later than every run")


def _examine_source(config: Config) -> Finding:
    s3 = config.s3
    if not (s3.source or s3.log_data or s3.song_data):
        return Finding(
            "source", "warning", "none is set", "Give --source DIR, or set [S3] SOURCE in dwg.cfg."
        )
    try:
        files = list_source(s3)
    except SparkifyError as error:
        return Finding.failed("source", error)
    found = f"{len(files):,} files in {s3.source or s3.log_data or s3.song_data}"
    if not files:
        return Finding("source", "warning", found, "Is it the folder above song_data/ and log_data/?")
    return Finding("source", "ok", found)


def _examine_project(config: Config, opened: Open) -> Finding:
    """Whether the user's own questions, checks, models and JSONPaths can be used.

    Questions as far as their text tells; checks and models also by the tables, where there are any.
    """
    try:
        questions, project = read_own(config.ask.questions), make_project(config)
        for one in questions:
            require_select(one.name, one.text)
        make_feed(config)
        if engine_of(config).exists(config):
            with suppress(BusyError), opened(config) as engine:
                if has_tables(engine):
                    require_runnable(engine, project)
    except SparkifyError as error:
        return Finding.failed("project", error)
    found = ((questions, "question"), (project.checks, "check"), (project.models, "model"))
    return Finding("project", "ok", ", ".join(count(len(own), word) for own, word in found))
