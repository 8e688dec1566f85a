"""Runs that are not published leave a row all the same: refused, failed, interrupted or killed, and why.

A run notes its beginning in a transaction of its own. Its publishing takes the note away; whatever else ends
it is written there. Of a process that was killed nobody hears, so the next one that writes says it: it
holds the lock, and who has begun and holds none is gone. On a cluster somebody may be waiting for the lock
between the note and the work: whoever began a moment ago is left alone, and whoever was taken for dead and is
published after all takes the note away too.
"""

import contextlib
import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import NamedTuple

import sparkify
from sparkify.clock import now_in_seconds
from sparkify.engines.base import Engine, Value
from sparkify.errors import CheckError, ConfigError, LoadError, SparkifyError
from sparkify.formatting import cut
from sparkify.ledger import seal
from sparkify.ledger.digests import Changes
from sparkify.ledger.runs import last_run, writing

LONGEST = 1000
"""Bytes of a reason that are kept."""
_KEY_NAME = re.compile(r'unknown key ".*" in ')
"""What a refusal says of a key, whose name may hold anything."""
INTERRUPTED = "somebody interrupted it. Nothing was published."
KILLED = "the process was killed, or its machine went down. Nothing was published."


class Attempt(NamedTuple):
    """A run before it has a number."""

    attempt_id: str
    command: str


def new_attempt(command: str) -> Attempt:
    """A run that is about to begin."""
    return Attempt(uuid.uuid4().hex, command)


def begin(engine: Engine, attempt: Attempt) -> None:
    """Note that a run begins, and that those before it which began and did not end were killed.

    Done again, it does nothing: the answer to its commit may have been lost. Raises ConfigError, and notes
    nothing, where the warehouse is sealed with a key that is not here.
    """
    now = now_in_seconds()
    dead = "outcome = 'started' AND attempt_id <> :attempt"
    if engine.lock_wait:  # else this process has the warehouse alone, whatever the clock says
        dead += " AND started_at <= :waiting"
    params: dict[str, Value] = {
        "attempt": attempt.attempt_id,
        "waiting": now - dt.timedelta(seconds=engine.lock_wait),
    }
    with writing(engine):
        seal.require_key(engine)
        if found := engine.query(f"SELECT command FROM etl_attempt WHERE {dead}", params).rows:
            _close(engine, dead, params, "killed", KILLED, (found[0][0], "killed before it was published"))
        _write(engine, attempt, now)


def clear(engine: Engine, attempt: Attempt) -> None:
    """Take the note away, in the transaction that publishes, or finds that there is nothing to do."""
    engine.execute("DELETE FROM etl_attempt WHERE attempt_id = :attempt", {"attempt": attempt.attempt_id})


def end(engine: Engine, attempt: Attempt, error: BaseException) -> None:
    """Write how a run ended that is not published, as far as the warehouse can still be written to."""
    error.attempt = attempt  # type: ignore[attr-defined]  # any exception may carry it
    with contextlib.suppress(SparkifyError), writing(engine):
        outcome, params = outcome_of(error), {"attempt": attempt.attempt_id}
        what = attempt.command, f"{outcome}, not published"
        _close(engine, "attempt_id = :attempt", params, outcome, reason_of(error), what)
        error.is_recorded = True  # type: ignore[attr-defined]  # any exception may carry it


def record(engine: Engine, command: str, error: BaseException) -> None:
    """Write down a run that ended before it could begin, or whose warehouse could not be written to."""
    attempt: Attempt = getattr(error, "attempt", None) or new_attempt(command)
    begin(engine, attempt)
    end(engine, attempt, error)


def is_recorded(error: BaseException) -> bool:
    """Whether the end of this run is written down."""
    return bool(getattr(error, "is_recorded", False))


def outcome_of(error: BaseException) -> str:
    """Refused by what came, or failed by what is around it; interrupted by whoever started it."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return "refused" if isinstance(error, LoadError | CheckError | ConfigError) else "failed"


def reason_of(error: BaseException) -> str:
    """One line that says why, without values of the data: a listener who is forgotten must not be in it."""
    if isinstance(error, SparkifyError):
        text = error.brief or _KEY_NAME.sub("unknown key in ", str(error).partition("\n")[0])
    else:
        text = INTERRUPTED if isinstance(error, KeyboardInterrupt) else type(error).__name__
    return cut(text, LONGEST)


def _close(
    engine: Engine, which: str, params: Mapping[str, Value], outcome: str, reason: str, what: tuple[str, str]
) -> None:
    """Write how these attempts ended, and what the seal says of it: the command, and what became of it."""
    changes = Changes(engine, *what)
    with changes.of("etl_attempt"):
        engine.execute(
            f"UPDATE etl_attempt SET outcome = :outcome, ended_at = :now, reason = :reason WHERE {which}",
            {**params, "outcome": outcome, "now": now_in_seconds(), "reason": reason},
        )
    seal.write(engine, changes)


def _write(engine: Engine, attempt: Attempt, now: dt.datetime) -> None:
    own: dict[str, Value] = {"attempt": attempt.attempt_id}
    if engine.query("SELECT command FROM etl_attempt WHERE attempt_id = :attempt", own).rows:
        return
    latest = last_run(engine)
    columns = ("attempt_id", "after_run", "command", "program", "started_at", "outcome")
    row = (attempt.attempt_id, latest, attempt.command, sparkify.__version__, now, "started")
    engine.insert("etl_attempt", columns, [row])
