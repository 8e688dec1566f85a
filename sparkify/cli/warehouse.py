"""The warehouse itself, seen from the command line: tables, diff, config."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from sparkify.cli.options import Group, config_options, confirm, warehouse_flags
from sparkify.cli.output import echo_err, format_option, is_table, print_result
from sparkify.config import Config
from sparkify.config_sources import load_config
from sparkify.connection import label, opened


@click.group(cls=Group)
def tables() -> None:
    """Make, drop or show the tables."""


@tables.command()
@config_options
def create(config: Config) -> None:
    """Make the tables that are missing."""
    from sparkify.load.comments import create_warehouse
    from sparkify.sql.schema import ALL, STAR

    with opened(config, read_only=False, may_make=True) as engine:
        made = create_warehouse(engine)
    click.echo(f"{len(ALL)} tables are in {label(config)}.")
    if made and len(made) < len(ALL):
        click.echo(f"Recreated, empty: {', '.join(made)}.")
        if set(made) <= set(STAR):
            click.echo("Next: sparkify rebuild")
        else:
            click.echo("Only a star can be made from what is left; to start over: sparkify tables drop")


@tables.command()
@config_options
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
def drop(config: Config, yes: bool) -> None:
    """Remove every table with all it holds."""
    from sparkify.load.tables import drop_tables, has_tables

    with opened(config) as engine:
        standing = has_tables(engine)
    if not standing:
        click.echo(f"There are no tables in {label(config)}: nothing was done.")
        return
    if not yes:
        confirm(
            f"Remove all tables from {label(config)}, and the list of forgotten listeners "
            "(`sparkify forget --list` prints it)?"
        )
    with opened(config, read_only=False) as engine:
        drop_tables(engine)
    click.echo(f"The tables are gone from {label(config)}.")


@tables.command()
@click.option(
    "--format",
    "style",
    type=click.Choice(["table", "csv", "json", "ndjson", "svg", "mermaid", "markdown", "dbt"]),
    help="svg and mermaid draw the star schema; markdown is the data dictionary, dbt a sources.yml.",
)
@click.option("--schema", "where", default="main", show_default=True, help="Where dbt finds the tables.")
@click.option("--staging", is_flag=True, help="Draw the staging tables as well.")
def show(style: str | None, where: str, *, staging: bool) -> None:
    """Show every column with its type and meaning, or draw the star schema."""
    from sparkify.engines.base import Result
    from sparkify.sql import drawing, picture, schema

    if style == "svg":
        click.echo(picture.svg(with_staging=staging), nl=False)
    elif style == "mermaid":
        names = (*schema.STAGING, *schema.STAR) if staging else schema.STAR
        click.echo(drawing.mermaid(names), nl=False)
    elif style == "markdown":
        click.echo(drawing.markdown(schema.ALL), nl=False)
    elif style == "dbt":
        click.echo(drawing.dbt_sources(where), nl=False)
    else:
        found = [schema.table(name) for name in schema.ALL]
        rows: list[tuple[Any, ...]] = [(t.name, c.name, c.type, c.meaning) for t in found for c in t.columns]
        rows += [(name, column, "", said) for name in schema.VIEWS for column, said in schema.view(name)[1]]
        print_result(Result(("table", "column", "type", "meaning"), rows), style)


@click.command()
@click.argument("a", type=click.Path())
@click.argument("b", type=click.Path())
@click.option("--wait", type=float, default=30.0, help="How long to wait for another process.")
@format_option
def diff(a: str, b: str, wait: float, style: str | None) -> None:
    """Compare the star schemas of two warehouses, DuckDB files or redshift; exit with 1 if they differ."""
    from sparkify.engines.base import Result
    from sparkify.load.diff import diff_star
    from sparkify.load.tables import require_star

    with ExitStack() as stack:
        left = stack.enter_context(opened(_config(a, wait)))
        # One process cannot open one file twice under two names.
        right = left if _same_file(a, b) else stack.enter_context(opened(_config(b, wait)))
        require_star(left)
        require_star(right)
        found = diff_star(left, right)
    rows = [
        (
            d.table,
            "equal" if d.equal else "DIFFERENT",
            *d.rows,
            d.differing,
            *(digest[:12] for digest in d.digests),
            *([] if is_table(style) else [list(d.keys)]),
        )
        for d in found
    ]
    columns = ["table", "verdict", "rows_a", "rows_b", "differing", "digest_a", "digest_b", "keys"]
    print_result(Result(tuple(columns[: len(rows[0])]), rows), style)
    for one in found:
        for key in one.keys:
            echo_err(f"{one.table} {key}")
    if not all(one.equal for one in found):
        sys.exit(1)


@click.command()
@config_options
@format_option
def config(config: Config, style: str | None) -> None:
    """Show each setting, its value, and where the value comes from."""
    from sparkify.engines.base import Result

    rows: Sequence[tuple[str, ...]] = list(config.rows())
    print_result(Result(("setting", "value", "origin", "meaning"), list(rows)), style)


def _config(warehouse: str, wait: float) -> Config:
    """The configuration of one of several warehouses."""
    return load_config(flags={"warehouse.wait": wait, **warehouse_flags(warehouse)})


def _same_file(a: str, b: str) -> bool:
    try:
        return Path(a).samefile(b)
    except OSError:
        return False
