"""Can I trust it: where every record went, what was refused and why, and what the checks say."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import sparkify
from sparkify.ask.findings import Answers
from sparkify.ask.wording import count, moment, percent
from sparkify.engines.base import Result
from sparkify.sql import statements

UNDONE_IN = 12
"""Where a row of `runs` says which run took it back."""
RUNS_SHOWN = 12
REASONS_SHOWN = 12


class Verdict(Protocol):
    """What a check found, as the load's checks say it."""

    @property
    def name(self) -> str: ...
    @property
    def meaning(self) -> str: ...
    @property
    def passed(self) -> bool: ...
    @property
    def wrong(self) -> Result: ...


class Held(NamedTuple):
    """The verdict of a check that held when a run was published, or it would not have been."""

    name: str
    meaning: str
    passed: bool = True
    wrong: Result = Result((), [])


def held() -> Sequence[Held]:
    """What all checks of this version found, where a run of this version was published."""
    return [Held(check.name, check.comment) for check in statements("checks")]


def is_as_published(answers: Answers) -> bool:
    """Whether the star holds as many plays and matches as the newest run, of this version, has left."""
    if not answers["runs"]:
        return False
    *_, plays, song, artist, _, program = answers["runs"][0]
    now = answers["at_a_glance"][0]
    return program == sparkify.__version__ and (plays, song, artist) == (now[0], now[5], now[6])


def account(answers: Answers, verdicts: Sequence[Verdict], run: int | None = None) -> dict[str, Any]:
    """The books of the warehouse, as the page shows them.

    `verdicts` are those over the whole warehouse, just now; or of this run, over all that it touched.
    """
    runs = answers["runs"]
    standing = [row for row in runs if row[UNDONE_IN] is None]
    read, loaded, duplicate, rejected = (sum(row[n] for row in standing) for n in (5, 6, 7, 8))
    adds_up = all(row[5] == row[6] + row[7] + row[8] for row in runs)
    failed = [verdict for verdict in verdicts if not verdict.passed]
    fact, title, note = _proof(len(verdicts), len(failed), run)
    return {
        "ok": adds_up and not failed,
        "adds_up": adds_up,
        "anew": run is None,
        "badge": "Nothing was loaded yet"
        if not read
        else "Every record accounted for"
        if adds_up
        else "The books do not add up",
        "title": _title(adds_up, len(failed)) if read else "Nothing was loaded yet",
        "facts": [
            f"All {count(read, 'record')} of what stands are accounted for: {loaded:,} loaded, "
            f"{count(duplicate, 'duplicate')}, {rejected:,} rejected and kept."
            if adds_up
            else "In a run below, records read are not loaded + duplicate + rejected.",
            fact,
        ],
        "equation": {"read": read, "loaded": loaded, "duplicate": duplicate, "rejected": rejected},
        "flow": _flow(answers, loaded) if read else [],
        "runs_title": "No run is published yet"
        if not runs
        else f"{count(len(runs), 'run')} published, each record of each accounted for"
        if adds_up
        else "In one of these runs the books do not add up",
        "runs": [_run(row) for row in runs[:RUNS_SHOWN]],
        "more_runs": max(0, len(runs) - RUNS_SHOWN),
        "rejects": _rejects(answers["rejects_by_reason"], rejected),
        "missing": _missing(answers["missing_songs"]),
        "checks": [
            {"name": v.name, "meaning": v.meaning, "ok": v.passed, "wrong": _wrong(v)}
            for v in sorted(verdicts, key=lambda v: (v.passed, v.name))
        ],
        "checks_title": title,
        "checks_note": note,
    }


def _proof(checks: int, failed: int, run: int | None) -> tuple[str, str, str]:
    """What the checks say in a sentence and as a title, and what they looked at."""
    all_of_them, note = (
        f"All {count(checks, 'check')}",
        "Each check is SQL that returns the rows that are wrong",
    )
    if run is not None:
        return (
            f"{all_of_them} held over everything that run {run} touched, before it was published.",
            f"{count(checks, 'check')} held when run {run} was published",
            f"{note}. Run {run} passed them before it was published, over everything it touched, as each run "
            "before it did; the star holds as many plays and matches as it left. “sparkify report --check” "
            "proves the whole warehouse anew.",
        )
    return (
        f"{failed} of {count(checks, 'check')} found wrong rows."
        if failed
        else f"{all_of_them} hold, over the whole warehouse, as this page was made.",
        f"{checks - failed} of {checks} checks hold",
        f"{note}, run over the whole warehouse as this page was made. A run that fails one is not published.",
    )


def _title(adds_up: bool, failed: int) -> str:
    if failed:
        return f"Not yet: {count(failed, 'check')} found wrong rows"
    return "Yes: every record is accounted for" if adds_up else "No: the books do not add up"


def _flow(answers: Answers, loaded: int) -> list[dict[str, Any]]:
    """Four lines, each taking apart one part of the line before: `source`, or all of it."""
    plays, _, songs, *_ = answers["holdings"][0]
    by_dataset = {row[0]: row for row in answers["records_by_dataset"]}
    matched_song, matched_artist = answers["at_a_glance"][0][5:7]
    totals = [sum(row[n] for row in answers["runs"] if row[UNDONE_IN] is None) for n in (6, 7, 8)]
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
            "Judged",
            "of all records read",
            "",
            [
                ("loaded", totals[0], "good"),
                ("duplicate", totals[1], "dull"),
                ("rejected, kept", totals[2], "bad"),
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
            "of the plays",
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
    run, command, started, seconds, files, read, loaded, duplicate, rejected, *after = row
    plays, song, artist, taken, _ = after
    return {
        "run": run,
        "command": command if taken is None else f"{command}, taken back by run {taken}",
        "started": moment(started),
        "seconds": f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds) // 60} min {int(seconds) % 60} s",
        "files": files,
        "records": [read, loaded, duplicate, rejected],
        "ok": read == loaded + duplicate + rejected,
        "plays": plays,
        "song": percent(song, plays),
        "artist": percent(artist, plays),
    }


def _rejects(rows: Sequence[tuple[Any, ...]], rejected: int) -> dict[str, Any]:
    """`rows` are dataset, reason, records, files, latest_run."""
    if not rows:
        note = (
            "A record that cannot be loaded would be kept with file, line, reason and text, and counted here."
        )
        return {"kind": "nothing", "title": "Nothing was ever rejected", "note": note, "kept": 0}
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
        "ok": kept == rejected,
    }


def _because(reason: str) -> str:
    return f"of {reason}" if reason.startswith("malformed") else reason


def _missing(rows: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """`rows` are title, artist, plays."""
    if not rows:
        return {"kind": "nothing", "title": "Every song that is played is in the catalogue", "note": ""}
    title, artist, plays = rows[0]
    return {
        "kind": "bars",
        "title": f"“{title}” by {artist or 'unknown'} is missed most: {count(plays, 'play')} match no song",
        "note": "The songs to add to the catalogue first.",
        "rows": [[t or "no title", a or "unknown artist", n, ""] for t, a, n in rows],
    }


def _wrong(verdict: Verdict) -> str:
    if verdict.passed:
        return ""
    first = zip(verdict.wrong.columns, verdict.wrong.rows[0], strict=True)
    return ", ".join(f"{column} {value}" for column, value in first)
