"""Staging into the star, in the order in which one table needs the other.

The star is a function of staging. A load runs the statements for the runs it adds, a rebuild runs the
same ones for all runs on an empty star; both must end in the same rows.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sparkify.engines.base import Engine, Value
from sparkify.sql import schema, statement

SONGS = (
    "touched_song", "touched_artist", "touched_name",
    "songs_delete", "songs_insert", "artists_delete", "artists_insert",
)  # fmt: skip
USERS = ("chosen_user", "users_delete", "users_insert")
PLAYS = (
    "new_event", "repeated_event", "heard", "replaced_play", "stale_time",
    "songplay_match", "songplay_delete", "songplay_insert", "songplay_insert_repeated", "touched_play",
)  # fmt: skip
TIME = ("time_delete", "time_insert")
LEAVING = (
    "leaving_copy", "leaving_song", "leaving_event",
    "counted_event_leaving", "counted_song_leaving", "counted_record", "moved",
    "touched_song", "touched_song_leaving", "touched_artist", "touched_name", "stg_songs_leave",
    "songs_delete", "songs_insert", "artists_delete", "artists_insert",
    "stg_events_leave", "users_leave", "chosen_user", "chosen_user_leave", "chosen_user_again",
    "users_delete", "users_insert",
    "new_event", "new_event_leaving", *PLAYS[1:],
)  # fmt: skip
"""Where records leave: what they touch is noted while they are there, and made anew when they are gone."""
COUNTED = ("counted_event", "counted_song", "counted_record")
COUNTS = (*COUNTED, "file_duplicate", "etl_file_update")
LOADING = (*SONGS, *USERS, *PLAYS, *TIME, *COUNTS)
"""All that a load runs, in order."""

EVER = (dt.datetime(1970, 1, 1), dt.datetime(2100, 1, 1))


@dataclass(frozen=True)
class Span:
    """The runs whose records are at hand, and the time between their first and last play."""

    first_run: int
    last_run: int
    first_time: dt.datetime = EVER[0]
    last_time: dt.datetime = EVER[1]

    @property
    def params(self) -> dict[str, Value]:
        return vars(self)


def build_star(engine: Engine, first_run: int, last_run: int) -> Span:
    """Add the records of these runs to the star; to be called inside a transaction.

    Leaves the temporary tables that say what was touched, which the checks look at.
    """
    span = _span(engine, first_run, last_run)
    for name in (*SONGS, *USERS, *PLAYS, *TIME):
        if name != "songplay_match" or _names_songs(engine):
            run_transform(engine, name, span)
    return span


def build_star_without(engine: Engine, run_id: int) -> tuple[Span, int]:
    """Add the records of this run, and take those of the parts in `leaving` away, from staging and star.

    Returns what was touched, and how many records left. Leaves the temporary tables of `build_star` too.
    """
    span = Span(run_id, run_id)
    changed = {}
    for name in LEAVING:
        changed[name] = run_transform(engine, name, span)
        if name == "moved":
            _drop(engine, COUNTED)
    first, last = engine.query(
        "SELECT MIN(e.ts) AS first_time, MAX(e.ts) AS last_time FROM stg_events AS e "
        "JOIN new_event AS n ON n.event_id = e.session_id * 1000000 + e.item_in_session "
        "WHERE e.page IN (SELECT page FROM etl_play_page)"
    ).rows[0]
    span = Span(run_id, run_id, first or EVER[1], last or EVER[0])
    for name in TIME:
        run_transform(engine, name, span)
    return span, changed["stg_events_leave"] + changed["stg_songs_leave"]


def drop_touched(engine: Engine) -> None:
    """Drop the temporary tables of `build_star`, before the transaction ends: a later load makes its own.

    Only then, and not before making one: what is called so and is not temporary is somebody else's.
    """
    _drop(engine, (*SONGS, *USERS, *PLAYS))


def drop_leaving(engine: Engine) -> None:
    """Drop the temporary tables of `build_star_without`."""
    _drop(engine, [name for name in LEAVING if not name.startswith("counted_")])


def _drop(engine: Engine, names: Sequence[str]) -> None:
    for name in names:
        if _is_temporary(name):
            engine.execute(f"DROP TABLE {name}")


def count_duplicates(engine: Engine, span: Span) -> tuple[int, int]:
    """Tell duplicates and conflicts from loaded records in the ledger; return how many there are of both."""
    for name in COUNTS:
        run_transform(engine, name, span)
    duplicates, conflicts = engine.query(
        "SELECT COALESCE(SUM(duplicates), 0) AS duplicates, COALESCE(SUM(conflicts), 0) AS conflicts "
        "FROM file_duplicate"
    ).rows[0]
    _drop(engine, (*COUNTED, "file_duplicate"))
    return int(duplicates), int(conflicts)


def recount(engine: Engine, run_id: int) -> None:
    """Count duplicates and conflicts of every file and run anew, after `build_star` of all runs.

    The rule that tells them apart has changed, or the listeners whose records they are.
    """
    run_transform(engine, "etl_file_reset", Span(0, run_id))
    for name in (*COUNTS, "etl_run_counted"):
        run_transform(engine, name, Span(0, run_id))
    _drop(engine, (*COUNTED, "file_duplicate"))


def clear_star(engine: Engine) -> None:
    """Empty the star; to be called inside a transaction (TRUNCATE would end it on Redshift)."""
    for name in schema.STAR:
        engine.execute(f"DELETE FROM {name}")


def run_transform(engine: Engine, name: str, span: Span) -> int:
    """Run one transform."""
    return engine.execute(statement("transforms", name).text, span.params)


def _names_songs(engine: Engine) -> bool:
    """Whether songs came that earlier plays may match: most nights bring none, and to look takes a scan."""
    return bool(engine.query("SELECT COUNT(*) AS n FROM touched_name").scalar())


def _is_temporary(name: str) -> bool:
    return "CREATE TEMP TABLE" in statement("transforms", name).text


def _span(engine: Engine, first_run: int, last_run: int) -> Span:
    first, last = engine.query(
        "SELECT MIN(ts) AS first_time, MAX(ts) AS last_time FROM stg_events "
        "WHERE run_id BETWEEN :first_run AND :last_run AND page IN (SELECT page FROM etl_play_page)",
        {"first_run": first_run, "last_run": last_run},
    ).rows[0]
    return Span(first_run, last_run, first or EVER[1], last or EVER[0])
