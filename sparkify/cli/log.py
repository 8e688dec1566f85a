"""The chain of seals, seen from the command line."""

import sys
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import AT_MOST, config_options
from sparkify.cli.output import echo_err, format_option, print_some
from sparkify.config import Config
from sparkify.connection import label, opened

if TYPE_CHECKING:
    from sparkify.ledger.seal import Entry

UNPROVED = "not proved: it needs SPARKIFY_SEAL_KEY"


@click.command()
@config_options
@click.option(
    "--accept",
    metavar="WHY",
    help="Seal every table as it is now, whatever changed it, and keep the reason in the chain.",
)
@click.option("--limit", type=AT_MOST, default=0, show_default=True, help="Maximum rows (0 = no limit).")
@format_option
def log(config: Config, accept: str | None, limit: int, style: str | None) -> None:
    """Show the chain of seals, the latest first: what changed the warehouse, and whether a link is broken."""
    from sparkify.engines.base import Result
    from sparkify.ledger.runs import writing
    from sparkify.ledger.seal import accept as accept_all
    from sparkify.ledger.seal import read_chain
    from sparkify.load.tables import prepare_tables, require_tables

    if accept is not None:
        with opened(config, read_only=False) as engine:
            prepare_tables(engine)
            with writing(engine):
                accept_all(engine, accept)
        click.echo(f"The tables of {label(config)} are sealed as they are.")
        return
    with opened(config) as engine:
        require_tables(engine)
        chain = read_chain(engine)
    rows = [
        (
            e.seal_id,
            e.sealed_at,
            e.run_id,
            e.command,
            e.what,
            e.seal[:12],
            e.previous[:12],
            wrong or _proved(e),
        )
        for e, wrong in reversed(chain)
    ]
    columns = ("seal_id", "sealed_at", "run_id", "command", "what", "seal", "previous", "link")
    print_some(
        Result(columns, rows[: limit + 1] if limit else rows), limit, style, none="no seals", chosen=True
    )
    broken = [(entry, wrong) for entry, wrong in chain if wrong]
    for entry, wrong in broken:
        echo_err(f"sparkify: seal {entry.seal_id}: {wrong}.")
    if broken:
        sys.exit(1)


def _proved(entry: "Entry") -> str:
    return "ok" if entry.computed() else UNPROVED
