"""Every command: parse, call one function, print.

A command is imported when it is asked for, and imports what it needs when it runs.
"""

import logging
import signal
import sys
from pathlib import Path

import click

import sparkify
from sparkify.cli.monitoring import notify_failure
from sparkify.cli.options import Group, Imported
from sparkify.cli.output import echo_err, visible
from sparkify.cli.progress import log_warning
from sparkify.cli.streams import ReaderLeft, open_streams
from sparkify.errors import INTERRUPTED, ConfigError, SparkifyError

COMMANDS = {
    "load": ("etl", "plan", "check", "runs", "rejects"), "maintenance": ("reload", "undo", "rebuild"),
    "log": ("log",), "forget": ("forget",), "ask": ("ask", "query", "find"), "explain": ("explain",),
    "report": ("report", "dashboard"), "export": ("export",), "simulate": ("simulate",),
    "warehouse": ("tables", "diff", "config"), "doctor": ("doctor",), "cluster": ("cluster",),
    "rehearse": ("rehearse",), "init": ("init",), "mcp": ("mcp",), "distribution": ("distribution",),
}  # fmt: skip
"""The commands by the module that holds them."""


@click.group(
    cls=Group,
    commands=Imported({name: module for module, names in COMMANDS.items() for name in names}),
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(sparkify.__version__, prog_name="sparkify", message="%(prog)s %(version)s")
def cli() -> None:
    """A data warehouse for a music-streaming service: raw JSON to a checked star schema.

    Try it: `sparkify simulate music`, `sparkify etl --source music`, `sparkify ask most_played_songs`.
    """


EXTRAS = {
    "boto3": "aws", "botocore": "aws", "obstore": "aws", "redshift_connector": "aws", "jinja2": "report",
    "plotly": "report", "starlette": "report", "uvicorn": "report", "mcp": "mcp",
    "xlsxwriter": "xlsx",
}  # fmt: skip
"""Packages that not everybody installs, and what brings them."""


def main(*path: str) -> None:
    """Run the command line, or the one command at `path` under the name of the script that calls this.

    An error that a user can fix is one line and an exit code.
    """
    entry: click.Command = cli
    for name in path:
        assert isinstance(entry, click.Group)
        entry = entry.commands[name]
    open_streams()
    logging.getLogger("sparkify").addHandler(_Warnings())
    try:
        try:
            entry.main(prog_name=Path(sys.argv[0]).name if path else None, standalone_mode=False)
        finally:
            sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        sys.exit(ConfigError.exit_code)
    except click.ClickException as error:
        notify_failure(ConfigError(_sentence(error.format_message())))
        echo_err(f"sparkify: {_sentence(error.format_message())} See `{_usage(error)} --help`.")
        sys.exit(ConfigError.exit_code)
    except SparkifyError as error:
        notify_failure(error)
        echo_err(f"sparkify: {error}")
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        package = str(error.name).partition(".")[0]
        if package not in EXTRAS:
            notify_failure(error)
            raise
        notify_failure(ConfigError(f"this needs {package}."))
        echo_err(f"sparkify: this needs {package}: pip install '.[{EXTRAS[package]}]' in its clone.")
        sys.exit(ConfigError.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        note = str(error.__cause__ or error)  # click makes an Abort of every Ctrl-C
        notify_failure(KeyboardInterrupt(note or "interrupted"))
        echo_err(f"sparkify: interrupted{note and f', {note}'}.")
        sys.exit(INTERRUPTED)
    except ReaderLeft:
        sys.exit(128 + signal.SIGPIPE)
    except Exception as error:
        notify_failure(error)
        if said := _of_the_machine(error):
            echo_err(f"sparkify: {said}")
            sys.exit(1)
        raise  # a bug, which keeps its traceback


def _of_the_machine(error: Exception) -> str:
    """What the machine did not give us, in one line; empty for any other error."""
    if isinstance(error, PermissionError) and error.filename is not None:
        path = visible(str(error.filename))
        return f"{path}: permission denied. Give this user the right to it, or choose another path."
    lacks = "memory" if isinstance(error, MemoryError) else ""
    lacks = "open files (ulimit -n)" if "Too many open files" in str(error) else lacks
    return lacks and f"this process may not have enough {lacks}: give it more, and run it again."


class _Warnings(logging.Handler):
    """What the library warns of, said as everything else is."""

    def emit(self, record: logging.LogRecord) -> None:
        log_warning(record.getMessage())


def _sentence(message: str) -> str:
    return message if message.endswith((".", "?", "!")) else f"{message}."


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context else "sparkify"


if __name__ == "__main__":
    main()
