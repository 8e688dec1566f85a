"""The rehearsal, from the command line."""

from pathlib import Path

import click

from sparkify.cli.output import seconds


@click.command()
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Walk on these files. Default: a service made up with faults.",
)
def rehearse(source: Path | None) -> None:
    """Walk launch, load and delete against a Redshift on this machine, and compare it with DuckDB."""
    from sparkify.rehearse import rehearse as walk

    total = 0.0
    for step in walk(source, lambda what: click.echo(f"... {what}", err=True)):
        total += step.seconds
        click.echo(f"rehearsed  {seconds(step.seconds):>8}  {step.name}")
        for line in filter(None, step.shown.splitlines()):
            click.echo(f"rehearsed            {line}")
    click.echo(f"Rehearsed in {seconds(total)}: the stand-in and DuckDB hold the same star; nothing is left.")
