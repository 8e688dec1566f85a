"""One listener, forgotten: their plays still count, and nothing says any more that they were theirs."""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from sparkify.engines.base import Engine
from sparkify.engines.extra import count_extra
from sparkify.errors import ConfigError, SparkifyError, WarehouseError
from sparkify.formatting import count
from sparkify.load.erase import erase, listeners, must_erase
from sparkify.load.notices import Warned, Warnings
from sparkify.load.publish import Outcome, publish
from sparkify.load.rejects import Reject
from sparkify.load.star import build_star, drop_affected, recount, run_transform
from sparkify.load.takeback import check_anew
from sparkify.load.text import drop_unused_forms
from sparkify.load.validation import PERSONAL
from sparkify.progress import Progress
from sparkify.sql.schema import EXTRA


@dataclass
class Receipt:
    """What was done for a listener who is to be forgotten."""

    user_id: int
    run_id: int
    """The run that forgot them, now or before."""
    forgotten_at: dt.datetime
    """UTC."""
    events: int = 0
    """Records of staging that were made anonymous, now."""
    rejects: int = 0
    """Rejects whose text was erased, now: those of the listener, and those that do not say whose they are."""
    plays: int = 0
    """Plays of the star before."""
    plays_left: int = 0
    """Plays of the star now. Fewer where records of several listeners are nobody's now, at one position and
    moment; more where the listener had sent one position at several moments."""
    was_forgotten: bool = False
    """Whether an earlier run had done it, and only the files were written anew now."""
    is_rewritten: bool = False
    """Whether the warehouse's files were written anew, so that no old byte is left in them."""


def forget(
    engine: Engine, user_id: int, progress: Progress, sleep: Callable[[float], None] = time.sleep
) -> Receipt:
    """Make this listener's records anonymous, in staging, star and rejects, and those that come later.

    Done again, it only writes the files of the warehouse anew, as after a first time that broke off there.
    Raises ConfigError if nothing in the warehouse is of this listener.
    """
    receipts: list[Receipt] = []

    def work(run_id: int) -> Outcome:
        known = engine.query(
            "SELECT run_id, forgotten_at FROM etl_forgotten WHERE user_id = :user_id", {"user_id": user_id}
        ).rows
        if known:
            run, when = known[0]
            receipts.append(Receipt(user_id, run, when, was_forgotten=True))
            return Outcome(is_idle=True)
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        receipt = Receipt(user_id, run_id, now)
        progress.step("making records anonymous")
        receipt.plays = _count_plays(engine)
        _count_erased(engine, user_id)
        nothing = ", ".join(f"{column} = NULL" for column in PERSONAL)
        receipt.events = engine.execute(
            f"UPDATE stg_events SET {nothing} WHERE user_id = :user_id", {"user_id": user_id}
        )
        is_in_rejects, receipt.rejects = _erase_rejects(engine, user_id)
        if not (receipt.events or is_in_rejects):
            raise ConfigError(f"there is nothing of a listener {user_id} in the warehouse.")
        engine.insert("etl_forgotten", ("user_id", "run_id", "forgotten_at"), [(user_id, run_id, now)])
        drop_unused_forms(engine)
        progress.step("building the star")
        span = build_star(engine, 0, run_id)
        recount(engine, span)
        drop_affected(engine, span)
        receipt.plays_left = _count_plays(engine)
        progress.step("checking")
        receipts.append(receipt)
        return Outcome(checks=check_anew(engine, run_id), warnings=_warn_of_plays(receipt, progress))

    publish(engine, "forget", work, progress, sleep)
    progress.step("writing the warehouse anew")
    try:
        receipts[-1].is_rewritten = engine.rewrite()
    except SparkifyError as error:
        raise WarehouseError(
            f"listener {user_id} is forgotten, but the file could not be written anew, and keeps old bytes "
            f"until it is: type it again. {str(error).removesuffix(' Nothing was published.')}"
        ) from error
    return receipts[-1]


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


def _count_erased(engine: Engine, user_id: int) -> None:
    """Note in the ledger how many values of each file are about to be erased."""
    kept_apart = engine.query(
        "SELECT file_id, extra FROM stg_events WHERE user_id = :user_id AND extra IS NOT NULL",
        {"user_id": user_id},
    ).rows
    aside: dict[int, int] = {}
    for file_id, extra in kept_apart:
        aside[file_id] = aside.get(file_id, 0) + count_extra(extra)
    engine.execute(
        "CREATE TEMP TABLE erased (file_id INTEGER NOT NULL, vals BIGINT NOT NULL, aside BIGINT NOT NULL)"
    )
    values = " + ".join(f"COUNT({column})" for column in PERSONAL if column != EXTRA)
    rows = engine.query(
        f"SELECT file_id, {values} AS vals FROM stg_events WHERE user_id = :user_id AND file_id IS NOT NULL "
        "GROUP BY file_id",
        {"user_id": user_id},
    ).rows
    engine.insert("erased", ("file_id", "vals", "aside"), [(f, vals, aside.get(f, 0)) for f, vals in rows])
    run_transform(engine, "etl_file_erased")
    run_transform(engine, "etl_run_aside")
    engine.execute("DROP TABLE erased")


def _erase_rejects(engine: Engine, user_id: int) -> tuple[bool, int]:
    """(whether one of them names this listener, how many lost their text)."""
    rows = engine.query(
        "SELECT file_id, record, reason, encoding, raw_text FROM etl_reject "
        "WHERE raw_text IS NOT NULL ORDER BY file_id, record"
    ).rows
    gone = [one for row in rows if must_erase(one := Reject(*row), {user_id})]
    run_transform(engine, "revalidated")
    erased = [(one.file_id, one.record, one.reason) for one in erase(gone, {user_id})]
    engine.insert("revalidated", ("file_id", "record", "reason"), erased)
    run_transform(engine, "etl_reject_erase")
    engine.execute("DROP TABLE revalidated")
    return any(user_id in (listeners(one) or ()) for one in gone), len(gone)
