"""The made-up service, from the command line."""

import datetime as dt
from pathlib import Path

import click

from sparkify.cli.options import DAY, Amount, Whole
from sparkify.cli.output import size
from sparkify.cli.progress import watch
from sparkify.formatting import count


@click.command()
@click.argument("target", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--listeners", type=Whole(1), help="How many listen. Default: 3000.")
@click.option("--events", type=Whole(1), help="Exact number of events; the number of listeners follows.")
@click.option("--days", type=Whole(1, 36_500), default=30, show_default=True, help="How many days.")
@click.option("--songs", type=Whole(1), default=15_000, show_default=True, help="How many songs are listed.")
@click.option("--start", type=DAY, help="The first day. Default: 2026-01-01.")
@click.option("--end", type=DAY, help="The last day instead, also `yesterday` (UTC).")
@click.option("--seed", type=Whole(0), default=1, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--faults",
    type=Amount(0, 1),
    default=0.0,
    metavar="RATE",
    help="Corrupt this share of the records (0.01); truth.json: the expected result; DIR.later/: late files.",
)
def simulate(
    target: Path,
    listeners: int | None,
    events: int | None,
    days: int,
    songs: int,
    start: dt.date | None,
    end: dt.date | None,
    seed: int,
    faults: float,
) -> None:
    """Generate sample data: the song_data/ and log_data/ of a streaming service, in DIR."""
    if listeners is not None and events is not None:
        raise click.UsageError("--listeners and --events exclude each other: one follows from the other.")
    if start is not None and end is not None:
        raise click.UsageError(
            "--start and --end exclude each other: with --days, one follows from the other."
        )
    from sparkify.simulate.service import Options, simulate

    if end is not None:
        start = dt.date.fromordinal(max(1, end.toordinal() - days + 1))  # the years are checked with the rest
    start = start or dt.date(2026, 1, 1)
    options = Options(listeners, events, days, songs, start, seed, faults)
    with watch() as progress:
        written = simulate(target, options, progress.step)
    where = f"{target} and {target}.later hold" if faults else f"{target} holds"
    click.echo(
        f"{where} {count(written.events, 'event')} of {count(written.listeners, 'listener')} and "
        f"{count(written.songs, 'song')} in {count(written.files, 'file')} ({size(written.bytes)})."
    )
    if faults:
        click.echo(f"{target}/truth.json is the truth about it; {target}.later/ holds what arrives later.")
    click.echo(f"Next: sparkify etl --source {target}")
