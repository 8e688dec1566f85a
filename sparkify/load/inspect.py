"""What the files of a run say as a whole: events of other days than the name says, events and no play."""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from sparkify.engines.base import Engine
from sparkify.formatting import count
from sparkify.ledger.files import standing_logs
from sparkify.ledger.state import PAGES_TABLE, read_play_pages
from sparkify.load.notices import Warned, Warnings
from sparkify.source.listing import SourceFile, missing_days

APART = dt.timedelta(days=2)
"""An event may be this far from the day its file is named for: clocks are wrong, phones were offline."""


def find_missing_days(engine: Engine, files: Sequence[SourceFile]) -> list[Warned]:
    """A warning of days no log is named for, between others: a source may have lost them."""
    loaded = {day for uri in standing_logs(engine) if (day := SourceFile(uri, "events", 0, "").day)}
    return warn_missing_days(missing_days(files, loaded))


def warn_missing_days(missing: Sequence[dt.date]) -> list[Warned]:
    """The warning of these days, if there is any."""
    if not missing:
        return []
    days = f"{count(len(missing), 'day')}, the first {missing[0]}" if missing[1:] else str(missing[0])
    return [
        Warned("missing_day", f"no log is named for {days}, though logs of days before and after are there.")
    ]


def inspect_events(
    engine: Engine, run_id: int, uris: Mapping[int, str], grown: Collection[int], warnings: Warnings
) -> None:
    """Warn of files of this run, by number, whose events cannot be what the file was meant to hold.

    Of a log that has `grown`, a part without a play says nothing.
    """
    rows = engine.query(
        "SELECT e.file_id, COUNT(*) AS events, MIN(e.ts) AS first_event, MAX(e.ts) AS last_event, "
        "COUNT(p.page) AS plays "
        f"FROM stg_events AS e LEFT JOIN {PAGES_TABLE} AS p ON p.page = e.page "
        "WHERE e.run_id = :run GROUP BY e.file_id ORDER BY e.file_id",
        {"run": run_id},
    ).rows
    if not rows:
        return
    if any(file_id is None for file_id, *_ in rows):
        _inspect_copied(engine, run_id, list(uris.values()), warnings)
    silent = [
        (uris.get(file_id), events)
        for file_id, events, _, _, plays in rows
        if not plays and file_id not in grown
    ]
    if silent:
        uri, events = silent[0][0], sum(events for _, events in silent)
        more = f" and {count(len(silent) - 1, 'more file')}" if silent[1:] else ""
        _add_no_plays(engine, events, f"{uri or 'the files of a COPY'}{more}", warnings)
    alike = engine.query(
        "SELECT e.page, p.page AS play_page, e.events "
        "FROM (SELECT page, COUNT(*) AS events FROM stg_events WHERE run_id = :run GROUP BY page) AS e "
        f"JOIN {PAGES_TABLE} AS p ON UPPER(p.page) = UPPER(e.page) "
        f"WHERE e.page NOT IN (SELECT page FROM {PAGES_TABLE}) ORDER BY e.page",
        {"run": run_id},
    ).rows
    for page, play_page, events in alike:
        warnings.add(
            "page_alike",
            f"{count(events, 'event is', 'events are')} of the page {page!r} and no play: "
            f"the page of plays is {play_page!r}. Fix the feed, or name both in [ETL] PLAY_PAGE.",
        )
    for file_id, _, first, last, _ in rows:
        day = SourceFile(uris.get(file_id, ""), "events", 0, "").day
        if day is None:
            continue
        low = dt.datetime.combine(day, dt.time()) - APART
        high = dt.datetime.combine(day, dt.time()) + APART + dt.timedelta(days=1)
        if first >= low and last < high:
            continue
        others = engine.query(
            "SELECT COUNT(*) AS n FROM stg_events "
            "WHERE run_id = :run AND file_id = :file_id AND (ts < :low OR ts >= :high)",
            {"run": run_id, "file_id": file_id, "low": low, "high": high},
        ).scalar()
        warnings.add(
            "other_days",
            f"{count(others, 'event')} of {uris[file_id]} {'is' if others == 1 else 'are'} more than "
            f"two days from the day of its name: from {first:%Y-%m-%d} to {last:%Y-%m-%d}.",
        )


def inspect_star(engine: Engine, warnings: Warnings) -> None:
    """Warn of a star without plays beside a staging with events."""
    events = engine.query("SELECT COUNT(*) AS n FROM stg_events").scalar()
    if events and not engine.query("SELECT COUNT(*) AS n FROM songplay").scalar():
        _add_no_plays(engine, events, "the warehouse", warnings)


def _add_no_plays(engine: Engine, events: int, place: str, warnings: Warnings) -> None:
    warnings.add(
        "no_plays",
        f"no play among the {count(events, 'event')} of {place}: "
        f"plays are events of the page {', '.join(read_play_pages(engine))} ([ETL] PLAY_PAGE).",
    )


def _inspect_copied(engine: Engine, run_id: int, uris: Sequence[str], warnings: Warnings) -> None:
    """The same of files that a plain COPY brought, which says of no record its file: by days."""
    named = {day for uri in uris if (day := SourceFile(uri, "events", 0, "").day)}
    rows = engine.query(
        "SELECT CAST(e.ts AS DATE) AS day, COUNT(*) AS events, "
        "COUNT(p.page) AS plays "
        f"FROM stg_events AS e LEFT JOIN {PAGES_TABLE} AS p ON p.page = e.page "
        "WHERE e.run_id = :run AND e.file_id IS NULL GROUP BY 1 ORDER BY 1",
        {"run": run_id},
    ).rows
    silent = [day for day, _, plays in rows if not plays]
    if silent and len(silent) < len(rows):  # where there is no play at all, that is told of the whole
        warnings.add(
            "no_plays", f"no play on {count(len(silent), 'day')} that have events, the first {silent[0]}."
        )
    others = [
        (day, events) for day, events, _ in rows if named and min(abs(day - one) for one in named) > APART
    ]
    if others:
        total = count(sum(events for _, events in others), "event")
        warnings.add(
            "other_days",
            f"{total} of the files of a COPY: more than two days from every day that a file is named for, "
            f"from {others[0][0]} to {others[-1][0]}.",
        )
