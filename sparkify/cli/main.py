"""Every command: parse, call one function, print.

Nothing heavy is imported here; a command imports what it needs when it runs, so that --help is quick.
"""

import os
import signal
import sys
from typing import Any

import click

import sparkify
from sparkify.cli import ask, cluster, load, rehearse, report, simulate, warehouse
from sparkify.errors import INTERRUPTED, ConfigError, SparkifyError


class _ReaderLeft(Exception):
    """Whoever reads our output has seen enough."""


class _Group(click.Group):
    """click would end with exit code 1, as if something had failed."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise _ReaderLeft from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(sparkify.__version__, prog_name="sparkify", message="%(prog)s %(version)s")
def cli() -> None:
    """A data warehouse for a music-streaming service: raw JSON to a checked star schema.

    Try it: `sparkify simulate music`, `sparkify etl --source music`, `sparkify ask most_played_songs`.
    """


for command in (
    load.etl, load.plan, load.rebuild, load.check, load.runs, load.rejects,
    ask.ask, ask.query, report.report, report.dashboard,
    simulate.simulate,
    warehouse.tables, warehouse.diff, warehouse.show_config,
    cluster.cluster, rehearse.rehearse,
):  # fmt: skip
    cli.add_command(command)


def main() -> None:
    """Run the command line; an error that a user can mend is one line and an exit code."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(ConfigError.exit_code)
    except click.ClickException as error:
        click.echo(f"sparkify: {error.format_message()} See `{_usage(error)} --help`.", err=True)
        sys.exit(ConfigError.exit_code)
    except SparkifyError as error:
        click.echo(f"sparkify: {error}", err=True)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("sparkify: interrupted, nothing was published.", err=True)
        sys.exit(INTERRUPTED)
    except (_ReaderLeft, BrokenPipeError):
        # Whoever read us has seen enough; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


def door(*command: str) -> None:
    """Run one command with the arguments of the script that calls this."""
    sys.argv[1:1] = command
    main()


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "sparkify"


if __name__ == "__main__":
    main()
