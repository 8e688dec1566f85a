"""The star as files, from the command line."""

from pathlib import Path

import click

from sparkify.cli.options import config_options
from sparkify.cli.output import size
from sparkify.cli.progress import watch
from sparkify.config import Config
from sparkify.export import FORMATS, Format
from sparkify.formatting import count


@click.command()
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@config_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="parquet",
    show_default=True,
    help="Parquet, CSV or Excel files in the folder OUT, or one DuckDB file OUT.",
)
def export(config: Config, target: Path, form: Format) -> None:
    """Write the star schema for others: Parquet, CSV, Excel or DuckDB, over an earlier export of that format.

    It holds the names of listeners, as `users` does, and is as private as the warehouse. `sparkify forget`
    does not reach it: export again afterwards.
    """
    from sparkify.api import Warehouse

    with watch() as progress:
        found = Warehouse(config).export(target, form, progress=progress)
    rows = ", ".join(
        count(number, f"row of {name}", f"rows of {name}") for name, number in found.rows.items()
    )
    state = f"run {found.run_id}" if found.run_id else "no run yet"
    click.echo(f"{target} holds {rows} ({size(found.bytes)}), as of {state}.")
