"""What analysts look at: the report as a file, and as a server."""

import contextlib
import dataclasses
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparkify import clock
from sparkify.cli.options import Whole, config_options, timeout_option, timezone_option
from sparkify.cli.output import seconds, size
from sparkify.cli.progress import watch
from sparkify.config import LOOPBACK, Config
from sparkify.connection import as_owner, mode_of_page, open_engine, opened, require_readable
from sparkify.engines.registry import OpenOptions, engine_of
from sparkify.errors import ConfigError
from sparkify.place import REPORT, require_place
from sparkify.writing import replace_file

if TYPE_CHECKING:
    from sparkify.ask.live import Live
    from sparkify.engines.base import Engine, Reader
    from sparkify.load.verdict import Verdict

names_option = click.option(
    "--names", is_flag=True, help="Name the most active listeners; without it they are numbers."
)
check_option = click.option(
    "--check",
    "prove",
    is_flag=True,
    help="Run every check for the report; by default only up to five million plays.",
)


@click.command()
@config_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The file to write.",
)
@names_option
@check_option
@timezone_option
@click.option("--open", "show", is_flag=True, help="Open the report in a browser.")
def report(config: Config, out: Path, names: bool, prove: bool, timezone: str | None, show: bool) -> None:
    """Write the report for analysts: one HTML file, which needs no server and no network."""
    began = time.monotonic()
    _require_extra("jinja2", "plotly")
    from sparkify.ask.data_quality import PROVEN
    from sparkify.ask.report import gather, render

    require_place(out, config.s3, REPORT)
    verdicts: list[Sequence[Verdict] | None] = []
    with opened(config, rights="reader") as engine, watch() as progress:
        require_readable(engine, config)

        def check() -> "Sequence[Verdict] | None":
            progress.step("checking")
            verdicts.append(_prove(config, engine))
            return verdicts[-1]

        progress.step("asking")
        page = gather(
            engine,
            check,
            clock.now(),
            as_owner=partial(as_owner, config, engine),
            names=names,
            prove=prove,
            timezone=timezone,
        )
    text = render(page)
    try:
        replace_file(out, text.encode(), most=mode_of_page(config, names=names))
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror}. Choose another file with --out."
        ) from error
    click.echo(f"{out} is ready ({size(len(text.encode()))}); it took {seconds(time.monotonic() - began)}.")
    if not page["trust"]["checks"]:
        why = (
            "they need the rights of the warehouse's owner, and this login has a reader's"
            if verdicts == [None]
            else f"there are more than {PROVEN:,} plays (--check runs them all)"
        )
        click.echo(f"The report is without checks: {why}.")
    if show:
        click.launch(str(out))


@click.command()
@config_options
@click.option("--port", type=Whole(0, 65535), default=8321, show_default=True, help="0: any that is free.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--allow-host", multiple=True, metavar="NAME", help="Another name by which browsers may call this server."
)
@timeout_option
@names_option
@click.option(
    "--sql", "takes_sql", is_flag=True, help="Offer a box for SQL: it sees what `query` sees, names too."
)
@check_option
@click.option("--open", "show", is_flag=True, help="Open the report in a browser.")
def dashboard(
    config: Config,
    port: int,
    host: str,
    allow_host: tuple[str, ...],
    names: bool,
    takes_sql: bool,
    prove: bool,
    show: bool,
) -> None:
    """Serve the report, live: the newest run, every question, the runs and the rejects. It only reads.

    A click on a song, an artist, a listener, a place, a state or a day shows the overview of it.
    """
    _require_extra("jinja2", "plotly", "starlette", "uvicorn")
    import socket

    import uvicorn

    from sparkify.ask.dashboard import MOST_SQL_ROWS, make_app
    from sparkify.load.project import make_project

    make_project(config)  # what is wrong with one is said now
    live = open_live(config, names=names, prove=prove, sql_rows=MOST_SQL_ROWS + 1 if takes_sql else 0)
    try:
        listening = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
        )
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # Python repeats the address
        raise ConfigError(
            f"{host}:{port} cannot be used: {reason}. Choose another --port or --host."
        ) from error
    own = f"[{host}]" if ":" in host else host  # as addresses of IPv6 stand in a URL, and in Host
    hosts = (own, "localhost", "127.0.0.1", socket.gethostname(), *allow_host)
    place = f"http://{own}:{listening.getsockname()[1]}"
    click.echo(f"{place} is ready. Ctrl-C ends it.", err=True)
    if host not in LOOPBACK:
        click.echo(f"warning: whoever can reach {host} can read the warehouse.", err=True)
    if show:
        click.launch(place)
    app = make_app(live, hosts, config.ask.questions)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False))
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listening])


def open_live(config: Config, *, names: bool, sql_rows: int, prove: bool = False) -> "Live":
    """What a server keeps of this warehouse; without `sql_rows` it takes no SQL.

    Raises ConfigError for a question of one's own that cannot be one, and where there is nothing to read.
    """
    from sparkify.ask.live import Live
    from sparkify.ask.questions import list_questions

    def opener(options: OpenOptions, wait: float) -> "Engine":
        waiting = dataclasses.replace(config.warehouse, wait=wait)
        return open_engine(dataclasses.replace(config, warehouse=waiting), options)

    list_questions(config.ask.questions)
    with opened(config, rights="reader") as engine:
        require_readable(engine, config)
    kind = engine_of(config)
    holds_up = kind.blocks_writers and config.warehouse.snapshot == "no"
    sql = OpenOptions(rights="reader", locked_down=True, rows=sql_rows)
    return Live(
        partial(opener, OpenOptions(rights="reader", locked_down=True, rows=0)),
        partial(_prove, config),
        private=partial(opener, OpenOptions(locked_down=True, rows=0)) if kind.has_grants else None,
        free=partial(opener, sql) if sql_rows else None,
        hold=0.5 if holds_up else 300.0,
        wait=config.warehouse.wait,
        names=names,
        models=config.etl.models,
        prove=prove,
    )


def _prove(config: Config, reader: "Reader") -> "Sequence[Verdict] | None":
    """Every check, over the whole warehouse; None where the login has only the rights of a reader."""
    from sparkify.load.checks import check_warehouse
    from sparkify.load.project import make_project

    check = partial(check_warehouse, play_pages=config.etl.play_pages, project=make_project(config))
    return as_owner(config, reader, check)


def _require_extra(*modules: str) -> None:
    import importlib.util

    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"the report needs {', '.join(missing)}: pip install '.[report]' in its clone.")
