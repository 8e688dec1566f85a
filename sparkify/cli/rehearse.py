"""The rehearsal, from the command line."""

import contextlib
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import click

from sparkify.cli.options import Whole
from sparkify.cli.output import print_object, seconds, talk
from sparkify.errors import ConfigError
from sparkify.formatting import count


@click.command()
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Use the JSON files of this folder. Default: sample data with faults.",
)
@click.option("--serve", is_flag=True, help="Keep the emulator up for any client, until Ctrl-C.")
@click.option(
    "--port", type=Whole(0, 65534), metavar="NUMBER",
    help="With --serve: SQL at this port, AWS's API at the next; 0: free ones. Default: 5439.",
)  # fmt: skip
@click.option(
    "--env-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="With --serve: write the variables there too, for `. FILE`.",
)  # fmt: skip
@click.option("--format", "style", type=click.Choice(("text", "json")), help="With --serve: how to print it.")
def rehearse(
    source: Path | None, serve: bool, port: int | None, env_file: Path | None, style: str | None
) -> None:
    """Run launch, load and delete against a Redshift emulator on this machine, and compare with DuckDB.

    With --serve, the emulator stays up: a cluster and a bucket with the files, for psql or any client.
    """
    if serve:
        _serve(source, port, env_file, style)
        return
    _require_absent("--serve", {"--port": port, "--env-file": env_file, "--format": style})
    _rehearse(source)


def _rehearse(source: Path | None) -> None:
    from sparkify.rehearse.emulated import rehearse as walk

    total = 0.0
    for step in walk(source, _progress):
        total += step.seconds
        click.echo(f"rehearsed  {seconds(step.seconds):>8}  {step.name}")
        for line in filter(None, step.shown.splitlines()):
            click.echo(f"rehearsed            {line}")
    click.echo(f"Rehearsed in {seconds(total)}: the emulator and DuckDB hold the same star; nothing is left.")


def _serve(source: Path | None, port: int | None, env_file: Path | None, style: str | None) -> None:
    from sparkify.rehearse.emulated import needs_extra
    from sparkify.rehearse.serve import DEFAULT_PORT
    from sparkify.rehearse.serve import serve as serving
    from sparkify.rehearse.signals import deferred, interruptible

    with needs_extra():
        from sparkify.standin.serving import exports

    with interruptible(), contextlib.ExitStack() as stack:
        found = stack.enter_context(serving(source, DEFAULT_PORT if port is None else port, _progress))
        variables = exports(found.environment)
        if env_file:
            _write_private(env_file, variables)
        if style == "json":
            print_object({**found.served.described(), "source": found.source, "env": found.environment})
        else:
            click.echo(f"A Redshift emulator is up; {found.source} holds {count(found.files, 'file')}.\n")
            click.echo(f'psql "{found.served.conninfo}"\n\n{variables}\n')
            click.echo("What it takes and what it cannot imitate: docs/redshift.md. Ctrl-C ends it.")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        with deferred(lambda: None):
            stack.close()
        talk("The emulator has ended; nothing of it is left.")


def _progress(what: str) -> None:
    talk(f"... {what}")


def _write_private(file: Path, text: str) -> None:
    """For the user alone: there is a password in it."""
    try:
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--env-file {file} cannot be written: {error.strerror}.") from error


def _require_absent(needed: str, given: Mapping[str, object]) -> None:
    for option, value in given.items():
        if value is not None:
            raise click.UsageError(f"{option} belongs to {needed}.")
