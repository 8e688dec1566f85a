"""What a run did, printed: by every command that publishes one."""

import sys
from typing import TYPE_CHECKING, Any

import click

from sparkify.cli.output import lines, print_object, seconds, visible
from sparkify.errors import OutputError
from sparkify.formatting import count

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
    if summary.run_id is None:
        return f"Nothing to do: {_why_nothing(summary, warehouse)}.\n\n" + lines(summary.told)
    text = (
        f"Run {summary.run_id} is published in {warehouse}; it took {seconds(summary.seconds)}.\n\n"
        + lines(summary.told)
    )
    if summary.rejects:
        shown = [
            f"  {visible(summary.reject_uris[r.file_id])} {r.place}: {visible(r.reason)}"
            for r in summary.rejects
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
