"""Progress on stderr: a bar in a terminal, plain lines anywhere else."""

import datetime as dt
import json
import sys
import time
from collections.abc import Mapping, Sequence
from functools import wraps
from itertools import pairwise
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import click

from sparkify.cli.output import echo_err, seconds, size, visible

if TYPE_CHECKING:
    from sparkify.load.staging import Tally


class PlainProgress:
    """One line a step, for logs and pipes."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        return None

    def step(self, name: str, total_bytes: int = 0) -> None:
        amount = f" ({size(total_bytes)})" if total_bytes else ""
        click.echo(f"{seconds(time.monotonic() - self._started):>8}  {name}{amount}", err=True)

    def advance(self, read_bytes: int) -> None:
        """A line for each batch would be noise."""

    def know(self, run_id: int | None, files: int, records: int) -> None:
        """The summary tells."""

    def about(self, source: str) -> None:
        """Who typed the command knows."""

    def finish(self, records: "Tally") -> None:
        """The summary tells."""

    def warn(self, message: str) -> None:
        echo_err(f"warning: {visible(message)}")

    def note(self, message: str) -> None:
        echo_err(f"note: {visible(message)}")


class BarProgress:
    """A bar for the bytes, a spinner for the rest."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.fields[amount]}"),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task: Any = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()
        self._progress.stop()

    def step(self, name: str, total_bytes: int = 0) -> None:
        self._finish()
        amount = size(total_bytes) if total_bytes else ""
        self._task = self._progress.add_task(name, total=total_bytes or None, amount=amount)

    def advance(self, read_bytes: int) -> None:
        self._progress.advance(self._task, read_bytes)

    def know(self, run_id: int | None, files: int, records: int) -> None:
        """The summary tells."""

    def about(self, source: str) -> None:
        """Who typed the command knows."""

    def finish(self, records: "Tally") -> None:
        """The summary tells."""

    def warn(self, message: str) -> None:
        from rich.text import Text

        self._console.print(Text.assemble(("warning:", "yellow"), f" {visible(message)}"), soft_wrap=True)

    def note(self, message: str) -> None:
        from rich.text import Text

        self._console.print(Text.assemble(("note:", "dim"), f" {visible(message)}"), soft_wrap=True)

    def _finish(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total or 1
            self._progress.update(self._task, total=total, completed=total)


class JsonProgress:
    """One JSON object a line: for each step when it ends, for each warning, and for how it all ended."""

    has_failed = False
    """Whether the failure of this process has been told."""

    def __init__(self) -> None:
        self._known: dict[str, int | None] = {}
        self._source: str | None = None
        self._counts: dict[str, int] = {}
        self._step = ""
        self._began = self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end("failed" if error else "done")
        seconds = round(time.monotonic() - self._started, 3)
        how = {"event": "failed", "error": str(error) or type(error).__name__} if error else {"event": "end"}
        JsonProgress.has_failed = error is not None
        self._write({**how, "seconds": seconds, **self._counts})

    def step(self, name: str, total_bytes: int = 0) -> None:  # noqa: ARG002  # known from the listing
        self._end("done")
        self._step, self._began = name, time.monotonic()

    def advance(self, read_bytes: int) -> None:
        """An event for each batch would be noise."""

    def know(self, run_id: int | None, files: int, records: int) -> None:
        self._known = {"run_id": run_id, "files": files, "records": records}

    def about(self, source: str) -> None:
        self._source = source or None

    def finish(self, records: "Tally") -> None:
        self._counts = {
            "loaded": records.loaded, "rejected": records.rejected, "set_aside": records.values_aside
        }  # fmt: skip

    def warn(self, message: str) -> None:
        self._write({"event": "warning", "message": message})

    def note(self, message: str) -> None:
        self._write({"event": "note", "message": message})

    def _end(self, state: str) -> None:
        if self._step:
            seconds = round(time.monotonic() - self._began, 3)
            self._write({"event": "step", "step": self._step, "state": state, "seconds": seconds})
            self._step = ""

    def _write(self, event: Mapping[str, object]) -> None:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        known = {"run_id": None, "files": 0, "records": 0, **self._known}
        level = LEVELS.get(str(event["event"]), "info")
        line = {"time": now, "level": level, **event, "source": self._source, **known}
        click.echo(json.dumps(line), err=True)


LEVELS = {"warning": "warning", "failed": "error"}


def log_failure(error: BaseException) -> None:
    """Write the event `failed` for a command that logs JSON and failed before it began, or after it ended."""
    if not JsonProgress.has_failed and _logs_json(sys.argv):
        JsonProgress().__exit__(type(error), error, None)


def log_warning(message: str) -> None:
    """Warn before a command's progress begins, or after its end, in the form of its log."""
    progress = JsonProgress() if _logs_json(sys.argv) else PlainProgress()
    progress.warn(message)


def _logs_json(arguments: Sequence[str]) -> bool:
    """Whether `--log-format json` is among these, in either form.

    >>> _logs_json(["etl", "--log-format", "json"]), _logs_json(["etl", "--log-format=json"])
    (True, True)
    """
    return any(
        one == "--log-format=json" or (one == "--log-format" and after == "json")
        for one, after in pairwise([*arguments, ""])
    )


ProgressReporter = PlainProgress | BarProgress | JsonProgress


def log_option(function: Any) -> Any:
    """`--log-format`, resolved: the command is given a `progress`."""

    @click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to log on stderr: json is one event a line.",
    )
    @wraps(function)
    def wrapper(*args: Any, log_format: str, **options: Any) -> Any:
        return function(*args, progress=JsonProgress() if log_format == "json" else watch(), **options)

    return wrapper


def watch() -> PlainProgress | BarProgress:
    """The progress that fits where stderr goes."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress()
