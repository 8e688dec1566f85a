"""What analysts look at: the page as a file, and as a server."""

import datetime as dt
import time
from pathlib import Path

import click

from sparkify.cli.options import config_options, opened
from sparkify.cli.output import seconds, size
from sparkify.config import Config
from sparkify.errors import ConfigError


@click.command()
@config_options
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="The file to write.",
)
@click.option("--names", is_flag=True, help="Name the most active listeners; without it they are numbers.")
@click.option("--open", "show", is_flag=True, help="Open the page in a browser.")
def report(config: Config, out: Path, names: bool, show: bool) -> None:
    """Write the page that analysts open every morning: one file, which needs no server and no network."""
    began = time.monotonic()
    _require_extra()
    from sparkify.ask.report import gather, render
    from sparkify.load.checks import check_everything
    from sparkify.load.tables import require_tables

    with opened(config) as engine:
        require_tables(engine)
        page = gather(engine, lambda: check_everything(engine), _now(), names=names)
    text = render(page)
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{out} cannot be written: {error.strerror}. Choose another file with --out."
        ) from error
    click.echo(f"{out} is ready ({size(len(text.encode()))}); it took {seconds(time.monotonic() - began)}.")
    if show:
        click.launch(str(out))


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def _require_extra() -> None:
    import importlib.util

    missing = [name for name in ("jinja2", "plotly") if importlib.util.find_spec(name) is None]
    if missing:
        raise ConfigError(f"the page needs {' and '.join(missing)}: pip install 'sparkify[report]'.")
