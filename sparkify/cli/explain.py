"""Why the star says what it says, seen from the command line: explain."""

import datetime as dt
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import ANY_ID, Group, config_options
from sparkify.cli.output import lines, print_object, visible
from sparkify.config import Config
from sparkify.connection import opened
from sparkify.formatting import exactly

if TYPE_CHECKING:
    from sparkify.ask.explain import Explanation, Record

NO_LINEAGE = "a plain COPY brought it, which says of a row neither file nor line"


@click.group(cls=Group)
def explain() -> None:
    """Trace a row of the star schema to its source record."""


@explain.command(context_settings={"ignore_unknown_options": True})  # an id may be negative
@click.argument("songplay_id", type=ANY_ID, metavar="ID")
@config_options
@click.option("--format", "style", type=click.Choice(["text", "json"]), help="How to print it.")
def play(config: Config, songplay_id: int, style: str | None) -> None:
    """Show the run, file and record of a play, its raw values, and why it matched its song, or none."""
    from sparkify.ask.explain import explain_play
    from sparkify.load.tables import require_tables

    with opened(config) as engine:
        require_tables(engine)
        found = explain_play(engine, songplay_id)
    if style == "json":
        print_object(asdict(found))
    else:
        click.echo(_as_text(found))


def _as_text(found: "Explanation") -> str:
    from sparkify.ask.explain import compare

    play = found.play
    taken, *others = found.records
    head = f"Play {play['songplay_id']}: {_said(play['title'])} by {_said(play['artist_name'])}"
    out = [head, "", lines([
        ("loaded", _origin(taken)),
        *(("also", f"{_origin(one)}: {_kind(one, taken)}") for one in others),
        ("song", found.song),
        ("artist", found.artist),
    ])]  # fmt: skip
    out += ["", "What the record says, and the star where it differs:", "", lines(
        (name, _said(value) + (f" -> {_said(star)}" if star != value else ""))
        for name, value, star in compare(found)
    )]  # fmt: skip
    if found.candidates:
        out += ["", "Songs with its title or its artist:", "", lines(
            (one["song_id"], f"{_said(one['title'])} by {_said(one['artist_name'])}, {one['duration']} s")
            for one in found.candidates
        )]  # fmt: skip
    if found.more:
        out += [f"  and {found.more:,} more"]
    return "\n".join(out)


def _kind(one: "Record", taken: "Record") -> str:
    if not one.is_play:
        return "not a play"
    differing = [name for name, value in one.values.items() if value != taken.values[name]]
    return f"a conflict, with another {', '.join(differing[:3])}" if differing else "a duplicate"


def _origin(one: "Record") -> str:
    run = f"run {one.run_id} ({one.command}, {one.started_at} UTC)"
    return f"{run}, {visible(one.uri)} record {one.record}" if one.uri else f"{run}; {NO_LINEAGE}"


def _said(value: object) -> str:
    if isinstance(value, dt.datetime):
        return exactly(value)
    return "NULL" if value is None else visible(str(value))
