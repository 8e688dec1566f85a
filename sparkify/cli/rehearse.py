"""The rehearsal, from the command line."""

import contextlib
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sparkify.cli.options import Amount, Whole, confirm, parse_age
from sparkify.cli.output import echo_err, print_object, seconds
from sparkify.config_sources import load_config
from sparkify.errors import ConfigError
from sparkify.formatting import count
from sparkify.place import DOCUMENT, MARKDOWN, require_place
from sparkify.writing import replace_file

if TYPE_CHECKING:
    from sparkify.rehearse.steps import Step


@click.command()
@click.option(
    "--source",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="Use the JSON files of this folder. Default: sample data with faults.",
)
@click.option(
    "--serve", is_flag=True, help="Keep the emulator running for any client, until Ctrl-C or SIGTERM."
)
@click.option(
    "--port",
    type=Whole(0, 65534),
    metavar="NUMBER",
    help="With --serve: SQL at this port, AWS's API at the next; 0: free ones. Default: 5439.",
)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --serve: write the variables there too, for `. FILE` in a shell of its own.",
)
@click.option("--format", "style", type=click.Choice(("text", "json")), help="With --serve: how to print it.")
@click.option("--real", is_flag=True, help="Use AWS and your credentials; everything is deleted at the end.")
@click.option(
    "--max-usd",
    type=Amount(0, 10_000),
    metavar="USD",
    help="With --real: refuse if the time to live may cost more. Default: 2.",
)
@click.option(
    "--ttl", metavar="AGE", help="With --real: stop and delete after so long, 90m or 2h. Default: 1h."
)
@click.option(
    "--cidr",
    "cidrs",
    multiple=True,
    metavar="NETWORK",
    help="With --real: allow connections from this network (repeatable). Default: your own address.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="With --real: what differed from the emulator, .md or .json. Default: rehearsal.md.",
)
@click.option("--yes", is_flag=True, help="With --real: do not ask.")
def rehearse(
    source: Path | None,
    serve: bool,
    port: int | None,
    env_file: Path | None,
    style: str | None,
    real: bool,
    max_usd: float | None,
    ttl: str | None,
    cidrs: tuple[str, ...],
    report: Path | None,
    yes: bool,
) -> None:
    """Run launch, load and delete against a Redshift emulator on this machine, and compare with DuckDB.

    With --serve, the emulator stays up: a cluster and a bucket with the files, for psql or any client. With
    --real, the same steps run on AWS too, and a report says what differed from the emulator.
    """
    if serve and real:
        raise click.UsageError("--serve and --real exclude each other.")
    if not serve:
        _require_absent("--serve", {"--port": port, "--env-file": env_file, "--format": style})
    if not real:
        _require_absent("--real", {"--max-usd": max_usd, "--ttl": ttl, "--cidr": cidrs or None,
                                   "--report": report, "--yes": yes or None})  # fmt: skip
    if serve:
        _serve(source, port, env_file, style)
    elif real:
        _real(source, 2 if max_usd is None else max_usd, ttl or "1h", cidrs, report, yes)
    else:
        _rehearse(source)


def _rehearse(source: Path | None) -> None:
    from sparkify.rehearse.emulated import rehearse as walk
    from sparkify.rehearse.settings import on_both

    total = 0.0
    for step in walk(source, _progress, on_both(load_config(), source)):
        total += step.seconds
        _show("rehearsed", step)
    click.echo(
        f"Rehearsed in {seconds(total)}: the emulator and DuckDB hold the same star schema; nothing is left."
    )


def _serve(source: Path | None, port: int | None, env_file: Path | None, style: str | None) -> None:
    from sparkify.rehearse.emulated import needs_extra
    from sparkify.rehearse.serve import DEFAULT_PORT
    from sparkify.rehearse.serve import serve as serving
    from sparkify.signals import deferred, interruptible

    with needs_extra():
        from sparkify.emulator.serving import exports

    with interruptible(), contextlib.ExitStack() as stack:
        found = stack.enter_context(serving(source, DEFAULT_PORT if port is None else port, _progress))
        variables = exports(found.environment)
        if env_file:
            _write_private(env_file, variables)
        if style == "json":
            shown = {**found.served.described(), "source": found.source, "pid": os.getpid()}
            print_object({**shown, "env": found.environment})
        else:
            click.echo(
                f"The Redshift emulator is running; {found.source} holds {count(found.files, 'file')}.\n"
            )
            click.echo(f'psql "{found.served.conninfo}"\n\n{variables}\n')
            click.echo(
                "These variables replace your PG* and AWS_* settings: export them in a shell of its own.\n"
                "What the emulator accepts and what it cannot imitate: docs/emulator.md. "
                f"Ctrl-C ends it, or `kill {os.getpid()}`."
            )
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
        with deferred(lambda: None):
            stack.close()
        echo_err("The emulator has ended; nothing of it is left.")


def _real(
    source: Path | None, max_usd: float, ttl: str, cidrs: tuple[str, ...], file: Path | None, yes: bool
) -> None:
    from sparkify.provision.ingress import parse_cidrs, require_narrow
    from sparkify.rehearse.real import plan_rehearsal, run
    from sparkify.signals import interruptible

    report = file or Path("rehearsal.md")
    require_place(report, load_config().s3, DOCUMENT if report.suffix == ".json" else MARKDOWN)
    networks = parse_cidrs(cidrs)
    require_narrow(networks)
    life = parse_age(ttl, "--ttl")
    if not life:
        raise click.BadParameter(f"{ttl!r} is no time to live.", param_hint="--ttl")
    plan = plan_rehearsal(load_config(), life, max_usd, networks)
    echo_err("\n".join(plan.lines()))
    if not yes:
        confirm("Rehearse it on AWS?")
    with interruptible():
        found = run(plan, source, report, _progress, _show)
    comparison = found.comparison
    differences = sum(comparison.differences.values()) if comparison else 0
    click.echo(
        f"Rehearsed on AWS in {seconds(sum(found.real.values()))}; nothing is left. "
        f"{count(differences, 'answer')} differed from the emulator: {report}."
    )


def _show(where: str, step: "Step") -> None:
    click.echo(f"{where:<9}  {seconds(step.seconds):>8}  {step.name}")
    for line in filter(None, step.shown.splitlines()):
        click.echo(f"{where:<9}            {line}")


def _progress(what: str) -> None:
    echo_err(f"... {what}")


def _write_private(file: Path, text: str) -> None:
    """For the user alone: there is a password in it."""
    try:
        replace_file(file, f"{text}\n".encode(), 0o600, most=0o600)
    except OSError as error:
        raise ConfigError(f"--env-file {file} cannot be written: {error.strerror}.") from error


def _require_absent(needed: str, given: Mapping[str, object]) -> None:
    for option, value in given.items():
        if value is not None:
            raise click.UsageError(f"{option} belongs to {needed}.")
