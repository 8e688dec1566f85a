"""What a run did, printed: by every command that publishes one."""

import sys
from typing import TYPE_CHECKING, Any

import click

from sparkify.cli.output import lines, print_object, seconds, visible
from sparkify.errors import OutputError
from sparkify.formatting import count, percent

if TYPE_CHECKING:
    from sparkify.load.publish import Summary

UNPUBLISHED = "nothing was published"


def summary_option(function: Any) -> Any:
    """`--format` of commands that publish a run."""
    return click.option(
        "--format", "style", type=click.Choice(["text", "json"]), help="How to print the summary."
    )(function)


def print_summary(summary: "Summary", warehouse: str, style: str | None) -> None:
    """Print it, as text or as one object."""
    try:
        if style == "json":
            print_object(as_object(summary, warehouse))
        else:
            click.echo(_as_text(summary, warehouse))
        sys.stdout.flush()
    except OutputError as error:
        done = f"run {summary.run_id} is published" if summary.run_id else "there was nothing to do"
        raise OutputError(f"{done}, only {error}") from error


def _as_text(summary: "Summary", warehouse: str) -> str:
    warehouse = visible(warehouse)
    plays = summary.rows["songplay"]
    star = " · ".join(f"{rows:,} {name}" for name, rows in summary.rows.items())
    matched = (
        f"{count(summary.matched_song, 'play')} to a song ({percent(summary.matched_song, plays)}), "
        f"{summary.matched_artist:,} to an artist ({percent(summary.matched_artist, plays)})"
    )
    before = [("rebuilt", f"the star schema first, by run {n}") for n in [summary.rebuilt] if n]
    if summary.run_id is None:
        return f"Nothing to do: {_why_nothing(summary, warehouse)}.\n\n" + lines(
            [*before, ("star", star), ("matched", matched)]
        )
    pairs = [*before]
    if summary.files:
        pairs += [("files", ", ".join(f"{n:,} {state}" for state, n in summary.files.items() if n))]
    r = summary.records
    if r.read or (summary.files and not summary.removed):
        conflicts = f" + {count(r.conflict, 'conflict')}" if r.conflict else ""
        kinds = f"{r.loaded:,} loaded + {r.duplicate:,} duplicate{conflicts} + {r.rejected:,} rejected"
        pairs += [("records", f"{r.read:,} read = {kinds}")]
    if r.values is not None:
        columns = f"{r.values - r.values_aside - r.values_erased:,} in columns"
        aside = f" + {r.values_aside:,} set aside in extra" if r.values_aside else ""
        erased = f" + {r.values_erased:,} erased with forgotten listeners" if r.values_erased else ""
        told = columns + aside + erased if aside or erased else "all in columns"
        pairs += [("values", f"{r.values:,} read = {told}")]
    if summary.removed:
        pairs += [("removed", f"{count(summary.removed, 'record')} of staging")]
    passed = sum(verdict.passed for verdict in summary.checks)
    pairs += [("star", star), ("matched", matched)]
    if summary.models:
        pairs += [("models", " · ".join(f"{rows:,} {name}" for name, rows in summary.models.items()))]
    pairs += [("checks", f"{passed} of {len(summary.checks)} passed")]
    text = (
        f"Run {summary.run_id} is published in {warehouse}; it took {seconds(summary.seconds)}.\n\n"
        + lines(pairs)
    )
    if summary.rejects:
        shown = [
            f"  {visible(summary.reject_uris[r.file_id])} {r.place}: {r.reason}" for r in summary.rejects
        ]
        more = summary.records.rejected - len(shown)
        shown += [f"  and {more:,} more: `sparkify rejects --run {summary.run_id}`"] if more > 0 else []
        text += "\n\nRejected:\n" + "\n".join(shown)
    return text


def _why_nothing(summary: "Summary", warehouse: str) -> str:
    known, undone = summary.files.get("known", 0), summary.files.get("undone", 0)
    if undone:
        others = f" and knows the other {count(known, 'file')}" if known else ""
        return f"{warehouse} leaves {count(undone, 'undone file')} alone (--retry loads them){others}"
    if known == 1:
        return f"{warehouse} knows the one file"
    return f"{warehouse} knows all {known:,} files" if known else "there is no file"


def as_object(summary: "Summary", warehouse: str) -> dict[str, Any]:
    """A summary for programs."""
    r = summary.records
    return {
        "warehouse": warehouse,
        "run_id": summary.run_id,
        "rebuilt_by": summary.rebuilt,
        "files": summary.files,
        "records": {
            name: getattr(r, name) for name in ("read", "loaded", "duplicate", "conflict", "rejected")
        },
        "values": {
            "read": r.values,
            "set_aside": r.values_aside,
            "erased": r.values_erased,
            "misfits": r.misfits,
        },
        "unknown_keys": [one.as_dict() for one in summary.unknown_keys],
        "absent_keys": [one.as_dict() for one in summary.absent_keys],
        "warnings": [one._asdict() for one in summary.warnings],
        "removed": summary.removed,
        "rows": summary.rows,
        "models": summary.models,
        "matched": {"song": summary.matched_song, "artist": summary.matched_artist},
        "checks": {verdict.name: verdict.passed for verdict in summary.checks},
        "rejects": [
            {"uri": summary.reject_uris[r.file_id], "record": r.record, "reason": r.reason}
            for r in summary.rejects
        ],
        "seconds": summary.seconds,
    }
