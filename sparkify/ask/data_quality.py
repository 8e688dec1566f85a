"""Can I trust it: where every record went, what was refused and why, and what the checks say."""

from collections.abc import Sequence
from typing import Any, Protocol

from sparkify.ask.chart_data import Answers
from sparkify.engines.base import Result
from sparkify.formatting import count, moment, percent

PROVEN = 5_000_000
"""Plays up to which the checks are run for every page: that takes as long as its answers do."""
RUN_ID, WARNINGS, UNDONE_IN = 0, 11, 15
"""Columns of `runs`: its number, none if not published; its warnings; the run that rolled it back."""
RUNS_SHOWN = 12
WARNINGS_SHOWN = 12
REASONS_SHOWN = 12


class CheckOutcome(Protocol):
    """What a check found, as far as the report shows it."""

    @property
    def name(self) -> str: ...
    @property
    def meaning(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def wrong(self) -> Result: ...
    @property
    def is_own(self) -> bool: ...


def account(
    answers: Answers, verdicts: Sequence[CheckOutcome] | None, *, names: bool = True
) -> dict[str, Any]:
    """The ledger of the warehouse, as the report shows it; `verdicts` None says that no check was run.

    Of a reader's page there are no `warnings` among the answers: messages are the owner's.
    """
    runs = [row for row in answers["runs"] if row[RUN_ID] is not None]
    standing = [row for row in runs if row[UNDONE_IN] is None]
    read, loaded, duplicate, conflict, rejected, aside = (
        sum(row[n] for row in standing) for n in range(5, 11)
    )
    adds_up = all(row[5] == sum(row[6:10]) for row in runs)
    failed = sum(not verdict.passed for verdict in verdicts or ())
    checks = count(len(verdicts or ()), "check")
    is_of_reader = "warnings" not in answers
    return {
        "is_of_reader": is_of_reader,
        "state": "bad" if failed or not adds_up else "open" if verdicts is None else "good",
        "adds_up": adds_up,
        "badge": "The record counts do not add up"
        if not adds_up
        else f"{count(failed, 'check')} found wrong rows"
        if failed
        else "Every record accounted for"
        if read
        else "Nothing was loaded yet",
        "title": _title(adds_up, failed, verdicts is None) if read else "Nothing was loaded yet",
        "facts": [
            f"By the ledger, {count(read, 'record')} of files that are present: {loaded:,} loaded, "
            f"{count(duplicate, 'duplicate')}, {count(conflict, 'conflict')}, {rejected:,} rejected and kept."
            if adds_up
            else "In a run below, records read are not loaded + duplicate + conflict + rejected.",
            f"{count(aside, 'value')} without a column, or not fit for it, "
            f"{'is' if aside == 1 else 'are'} kept in extra."
            if aside
            else "No loaded record has a value that no column takes.",
            "No check was run for this page: it was made with the rights of a reader."
            if verdicts is None and (is_of_reader or answers["holdings"][0][0] <= PROVEN)
            else f"No check was run for this page: above {PROVEN:,} plays they take as long as its answers."
            if verdicts is None
            else f"{failed} of {checks} found wrong rows."
            if failed
            else f"All {checks} passed on the whole warehouse when this report was made.",
        ],
        "equation": {
            "read": read,
            "loaded": loaded,
            "duplicate": duplicate,
            "conflict": conflict,
            "rejected": rejected,
        },
        "notices": _notices(answers),
        "flow": _flow(answers, loaded) if read else [],
        "runs_title": "No run is published yet"
        if not runs
        else f"{count(len(runs), 'run')} published, each record of each accounted for"
        if adds_up
        else "In one of these runs the record counts do not add up",
        "runs": [_run(row) for row in answers["runs"][:RUNS_SHOWN]],
        "more_runs": max(0, len(answers["runs"]) - RUNS_SHOWN),
        "rejects": _rejects(answers["rejects_by_reason"]),
        "missing": _missing(answers["missing_songs"]),
        "checks": [
            {"name": v.name, "meaning": v.meaning, "ok": v.passed, "wrong": _wrong(v, names)}
            for v in sorted(verdicts or (), key=lambda v: (v.passed, v.name))
        ],
        "checks_title": "The checks were not run for this page"
        if verdicts is None
        else f"{len(verdicts) - failed} of {len(verdicts)} checks passed",
    }


def _title(adds_up: bool, failed: int, unproved: bool) -> str:
    if failed:
        return f"Not yet: {count(failed, 'check')} found wrong rows"
    if not adds_up:
        return "No: the record counts do not add up"
    if unproved:
        return "The record counts add up; the checks were not run"
    return "Yes: every record is accounted for"


def _flow(answers: Answers, loaded: int) -> list[dict[str, Any]]:
    """Four lines, each taking apart one part of the line before: `source`, or all of it."""
    plays, _, songs, *_ = answers["holdings"][0]
    by_dataset = {row[0]: row for row in answers["records_by_dataset"]}
    matched_song, matched_artist = answers["at_a_glance"][0][5:7]
    totals = [sum(row[n] for row in answers["runs"] if row[UNDONE_IN] is None) for n in (6, 7, 8, 9)]
    return [
        _line(
            "Read from files",
            "",
            "",
            [
                (f"{name} in {count(row[1], 'file')}", row[2], f"read-{name}")
                for name, row in by_dataset.items()
            ],
        ),
        _line(
            "Validated",
            "of all records read",
            "",
            [
                ("loaded", totals[0], "good"),
                ("duplicate", totals[1], "dull"),
                ("conflict, kept", totals[2], "half"),
                ("rejected, kept", totals[3], "bad"),
            ],
        ),
        _line(
            "Loaded",
            "of the records loaded",
            "loaded",
            [
                ("plays", plays, "good"),
                ("other events", loaded - plays - songs, "dull"),
                ("songs", songs, "read-songs"),
            ],
        ),
        _line(
            "Matched to the catalogue",
            "of the plays, whatever the days and the level chosen",
            "plays",
            [
                ("song known", matched_song, "good"),
                ("artist known", matched_artist - matched_song, "half"),
                ("not in the catalogue, counted all the same", plays - matched_artist, "dull"),
            ],
        ),
    ]


def _line(label: str, of: str, source: str, parts: Sequence[tuple[str, int, str]]) -> dict[str, Any]:
    total = sum(n for _, n, _ in parts)
    return {
        "label": label,
        "of": of,
        "source": source,
        "total": total,
        "parts": [[name, n, percent(n, total), kind] for name, n, kind in parts if n],
    }


def _run(row: tuple[Any, ...]) -> dict[str, Any]:
    run, command, started, seconds, files, *records, _, warnings, plays, song, artist, taken, outcome, why = (
        row
    )
    seconds = seconds or 0.0
    return {
        "run": run,
        "outcome": outcome,
        "reason": why or "",
        "command": command if taken is None else f"{command}, retracted by run {taken}",
        "started": moment(started),
        "seconds": f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds) // 60} min {int(seconds) % 60} s",
        "files": files,
        "records": records,
        "warnings": warnings,
        "ok": records[0] == sum(records[1:]),
        "plays": plays,
        "song": percent(song, plays),
        "artist": percent(artist, plays),
    }


def _notices(answers: Answers) -> dict[str, Any]:
    """What the newest runs warned of, and keys that no column takes."""
    warned = sum(row[WARNINGS] for row in answers["runs"])
    told = answers.get("warnings", ())[:WARNINGS_SHOWN]
    keys = answers["unknown_keys"]
    return {
        "title": f"{count(warned, 'warning')} by all runs" if warned else "No run warned of anything",
        "warnings": [{"run": run, "message": message} for run, _, message in told],
        "more": warned - len(told),
        "keys": [
            {"key": key, "dataset": dataset, "records": records, "files": files}
            for key, dataset, records, files, *_ in keys
        ],
    }


def _rejects(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """`rows` are dataset, reason, records, files, latest_run."""
    if not rows:
        note = (
            "A record that cannot be loaded would be kept with file, line, reason and text, and counted here."
        )
        return {"kind": "nothing", "title": "No record is rejected", "note": note, "kept": 0}
    kept = sum(row[2] for row in rows)
    return {
        "kind": "bars",
        "title": f"{count(kept, 'record')} rejected, most often because {_because(rows[0][1])}",
        "note": "Each is kept with file, line, reason and text, if not erased: “sparkify rejects” shows them."
        + (f" There are {count(more, 'more reason')}." if (more := len(rows) - REASONS_SHOWN) > 0 else ""),
        "rows": [
            [reason, f"{dataset}, in {count(files, 'file')}, last in run {run}", n, percent(n, kept)]
            for dataset, reason, n, files, run in rows[:REASONS_SHOWN]
        ],
        "kept": kept,
    }


def _because(reason: str) -> str:
    return f"of {reason}" if reason.startswith("malformed") else reason


def _missing(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """`rows` are title, artist, plays."""
    if not rows:
        return {"kind": "nothing", "title": "Every song that is played is in the catalogue", "note": ""}
    title, artist, plays = rows[0]
    first = f"“{title}” by {artist or 'unknown'}, {count(plays, 'play')}"
    return {
        "kind": "bars",
        "title": f"Top song missing from the catalogue: {first}",
        "note": "The songs to add to the catalogue first. All days and levels.",
        "rows": [[t or "no title", a or "unknown artist", n, ""] for t, a, n in rows],
    }


def _wrong(verdict: CheckOutcome, names: bool) -> str:
    """The first wrong row; of a check of the user's own, whose rows may name a listener, only with names."""
    if verdict.passed:
        return ""
    if verdict.is_own and not names:
        return f"{count(len(verdict.wrong.rows), 'row')} or more, which “sparkify check” shows"
    first = zip(verdict.wrong.columns, verdict.wrong.rows[0], strict=True)
    return ", ".join(f"{column} {value}" for column, value in first)
