"""Listeners, forgotten: their plays still count, and nothing says any more that they were theirs."""

import datetime as dt
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sparkify.clock import now_in_seconds
from sparkify.engines.base import Engine
from sparkify.engines.extra import count_extra
from sparkify.engines.macros import calls_of, macros
from sparkify.errors import ConfigError, QueryError, SparkifyError, WarehouseError
from sparkify.formatting import count
from sparkify.ledger.counts import erase_values
from sparkify.ledger.digests import Changes
from sparkify.ledger.rejects import Reject, erase_texts, read_rejects
from sparkify.ledger.state import FORGOTTEN, add_forgotten, list_forgotten
from sparkify.load.checks import check_layout
from sparkify.load.comments import meanings
from sparkify.load.erase import erase
from sparkify.load.feed import Feed
from sparkify.load.layout import read_columns
from sparkify.load.notices import Warned, Warnings
from sparkify.load.own_models import check_models, comment_of, standing
from sparkify.load.project import NO_PROJECT, Project
from sparkify.load.publish import Outcome, publish
from sparkify.load.star import build_star, drop_affected, recount_all
from sparkify.load.text import relearn_forms
from sparkify.load.traces import Erased, erase_named, erase_names
from sparkify.progress import Progress
from sparkify.source.file import DATASETS, Dataset
from sparkify.sql.schema import ALL, EXTRA, VIEWS, table


@dataclass
class Receipt:
    """What was done for listeners who are to be forgotten."""

    user_ids: Sequence[int]
    run_id: int
    """The run that forgot them, the last of them if it was more than one."""
    forgotten_at: dt.datetime
    """UTC."""
    events: int = 0
    """Records of staging that were made anonymous, now."""
    rejects: int = 0
    """Rejects whose text was erased, now: those of the listener, and those that do not say whose they are."""
    values: int = 0
    """Values that were erased, now, from songs and records of others or nobody that name the listener."""
    plays: int = 0
    """Plays of the star before."""
    plays_left: int = 0
    """Plays of the star now. Fewer where records of several listeners are nobody's now, at one position and
    moment; more where the listener had sent one position at several moments."""
    was_forgotten: bool = False
    """Whether earlier runs had done it, and only the files were rewritten now."""
    is_rewritten: bool = False
    """Whether the warehouse's files were rewritten, so that no old byte is left in them."""
    not_searched: Sequence[str] = ()
    """What others made in the database: tables, views, columns of ours, macros, types, comments."""


def forget(
    engine: Engine,
    user_ids: int | Sequence[int],
    progress: Progress,
    sleep: Callable[[float], None] = time.sleep,
    feed: Feed | None = None,
    project: Project = NO_PROJECT,
) -> Receipt:
    """Make these listeners' records anonymous, in staging, star and rejects, and those that come later.

    It is done for any number: of whom there is nothing now, something may lie in freed blocks of the file,
    and something may come. Done again, it rewrites the files of the warehouse, as after a first time that
    broke off there, and erases what an older program left of anybody forgotten. `feed` says under which keys
    its records tell whose they are.
    """
    paths = (feed or Feed()).paths["events"]
    wanted = [user_ids] if isinstance(user_ids, int) else sorted(set(user_ids))
    receipts: list[Receipt] = []

    def work(run_id: int, changes: Changes) -> Outcome:
        known = {user_id: (run, when) for user_id, run, when in list_forgotten(engine).rows}
        new = frozenset(wanted) - known.keys()
        everybody = new | known.keys()
        now = now_in_seconds()
        receipt = Receipt(wanted, run_id, now)
        progress.step("making records anonymous")
        receipt.plays = _count_plays(engine)
        add_forgotten(engine, run_id, new, now)
        nothing = ", ".join(f"{column} = NULL" for column in table("stg_events").personal)
        with changes.of("stg_events"):
            named = erase_named(engine, "events", everybody, paths)
            _count_erased(engine, named)
            receipt.events = engine.execute(f"UPDATE stg_events SET {nothing} WHERE user_id IN ({FORGOTTEN})")
        with changes.of("stg_songs"):
            of_songs = erase_named(engine, "songs", everybody, paths)
            receipt.values = sum(map(sum, (*named.values(), *of_songs.values())))
            erase_values(engine, [(file_id, 0, one.aside) for file_id, one in of_songs.items()])
        for dataset in DATASETS:
            gone: list[Reject] = []
            for page in read_rejects(engine, dataset):
                erased = erase(page, everybody, dataset, paths)
                gone += [one for one, before in zip(erased, page, strict=True) if one is not before]
            erase_texts(engine, gone, changes)
            receipt.rejects += len(gone)
        relearn_forms(engine, run_id)
        datasets: tuple[Dataset, ...] = ("events", "songs") if of_songs else ("events",)
        names = erase_names(engine, datasets)
        if not (new or receipt.events or named or of_songs or receipt.rejects or names):
            run, when = max(known[user_id] for user_id in wanted)
            receipts.append(Receipt(wanted, run, when, was_forgotten=True))
            return Outcome(is_idle=True)
        if receipt.events or named:
            progress.step("building the star schema")
            drop_affected(engine, build_star(engine, 0, run_id, changes))
        if receipt.events or named or of_songs:  # what was another record's content may be this one's now
            recount_all(engine)
        receipt.plays_left = _count_plays(engine)
        receipts.append(receipt)
        return Outcome(warnings=_warn_of_plays(receipt, progress))

    publish(engine, "forget", work, progress, sleep, project)
    progress.step("rewriting the warehouse file")
    try:
        receipts[-1].is_rewritten = engine.rewrite()
    except SparkifyError as error:
        names = f"listener {wanted[0]} is" if len(wanted) == 1 else f"{len(wanted)} listeners are"
        raise WarehouseError(
            f"{names} forgotten, but the file could not be rewritten, and keeps old bytes "
            f"until it is: run it again. {str(error).removesuffix(' Nothing was published.')}"
        ) from error
    receipts[-1].not_searched = _made_by_others(engine, project)
    return receipts[-1]


def read_list(text: str) -> list[int]:
    """The numbers of listeners in a list, one a line, before the first comma. ConfigError for anything else.

    >>> read_list("user_id,run_id\\n15,3\\n\\n16\\n")
    [15, 16]
    """
    found = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        cell = line.partition(",")[0].strip().strip('"')
        if re.fullmatch(r"-?\d{1,19}", cell, re.ASCII) and -(2**63) <= int(cell) < 2**63:
            found.append(int(cell))
        elif line.strip() and not (number == 1 and cell == "user_id"):
            raise ConfigError(f"line {number}: {cell!r} is not the number of a listener. Nothing was done.")
    return found


def _made_by_others(engine: Engine, project: Project) -> list[str]:
    """What in the database is none of ours: a mart that somebody built may hold anything, so may a text.

    So may a model that reads one of them. What a model makes of our own tables alone was built again.
    """
    own = {*ALL, *VIEWS, *((project.over_ours & standing(engine).keys()) - _doubtful(engine, project))}
    found = engine.query(
        "SELECT table_schema, table_name, table_type, "
        "CASE WHEN table_schema = CURRENT_SCHEMA() THEN 1 ELSE 0 END AS is_here "
        "FROM information_schema.tables "
        "WHERE table_schema NOT IN ('information_schema', 'pg_catalog', 'pg_internal') "
        "ORDER BY table_schema, table_name"
    ).rows
    tables = [
        f"{'view ' if kind == 'VIEW' else ''}{schema}.{name}"
        for schema, name, kind, is_here in found
        if not (is_here and name in own)
    ]
    columns = [
        f"column {name}.{column}"
        for name, held in read_columns(engine).items()
        if name in ALL
        for column in held
        if column not in table(name).column_names
    ]
    ours = {text for _, text in meanings()} | {comment_of(model) for model in project.models}
    altered = [f"definition of {name}" for name, _ in check_layout(engine).wrong.rows]
    return tables + columns + altered + [what for what, text in engine.definitions() if text not in ours]


def _doubtful(engine: Engine, project: Project) -> set[str]:
    """The models that may hold more than their SELECT says of our tables: by a macro, or not built again."""
    found = macros(engine)
    calling = {model.name for model in project.models if calls_of(model.text, found)}
    try:
        [*verdicts] = check_models(engine, project)
    except QueryError:  # a function or table of somebody's is gone, and what it gave is there
        return {model.name for model in project.models}
    return calling | {name for verdict in verdicts for name, _ in verdict.wrong.rows}


def _count_plays(engine: Engine) -> int:
    return int(engine.query("SELECT COUNT(*) AS n FROM songplay").scalar())


def _warn_of_plays(receipt: Receipt, progress: Progress) -> list[Warned]:
    """The warning that the number of plays is another now, if it is."""
    warnings = Warnings(progress)
    if receipt.plays != receipt.plays_left:
        warnings.add(
            "plays_changed",
            f"{count(receipt.plays, 'play')} before, {receipt.plays_left:,} now: a play of nobody is known "
            "by its session, position and moment alone. `sparkify rejects --conflicts` lists what is none.",
        )
    return warnings.found


def _count_erased(engine: Engine, named: Mapping[int, Erased]) -> None:
    """Note in the ledger how many values of each file are about to be erased, or were, as `named`."""
    kept_apart = engine.query(
        f"SELECT file_id, extra FROM stg_events WHERE user_id IN ({FORGOTTEN}) AND extra IS NOT NULL"
    ).rows
    erased = dict(named)
    for file_id, extra in kept_apart:
        before = erased.get(file_id, Erased())
        erased[file_id] = before._replace(aside=before.aside + count_extra(extra))
    values = " + ".join(f"COUNT({column})" for column in table("stg_events").personal if column != EXTRA)
    for file_id, vals in engine.query(
        f"SELECT file_id, {values} AS vals FROM stg_events "
        f"WHERE user_id IN ({FORGOTTEN}) AND file_id IS NOT NULL GROUP BY file_id"
    ).rows:
        before = erased.get(file_id, Erased())
        erased[file_id] = before._replace(columns=before.columns + int(vals))
    erase_values(engine, [(file_id, *one) for file_id, one in erased.items()])
