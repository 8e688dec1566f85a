"""What ails a warehouse, seen from the command line."""

import sys
from dataclasses import replace

import click

from sparkify.cli.options import config_options
from sparkify.cli.output import format_option, print_result
from sparkify.clock import now_in_seconds
from sparkify.config import Config
from sparkify.connection import opened


@click.command()
@click.option("--source", metavar="DIR", help="The folder that holds song_data/ and log_data/.")
@config_options
@format_option
def doctor(config: Config, style: str | None) -> None:
    """Check that a load can run, one line for each requirement; exit with 1 if one is not met."""
    from sparkify.doctor import examine
    from sparkify.engines.base import Result

    at_once = replace(config, warehouse=replace(config.warehouse, wait=0.0))
    found = list(examine(at_once, opened, now_in_seconds()))
    print_result(Result(("probe", "state", "found", "what_to_do"), [*found]), style)
    if any(one.state == "FAILED" for one in found):
        sys.exit(1)
