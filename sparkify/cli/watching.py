"""Progress on stderr: a bar in a terminal, plain lines anywhere else."""

import sys
import time
from types import TracebackType
from typing import Any, Self

import click

from sparkify.cli.output import seconds, size, talk, visible


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

    def warn(self, message: str) -> None:
        talk(f"warning: {message}")


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

    def warn(self, message: str) -> None:
        from rich.text import Text

        self._console.print(Text.assemble(("warning:", "yellow"), f" {visible(message)}"), soft_wrap=True)

    def _finish(self) -> None:
        if self._task is not None:
            total = self._progress.tasks[self._task].total or 1
            self._progress.update(self._task, total=total, completed=total)


def watch() -> PlainProgress | BarProgress:
    """The progress that fits where stderr goes."""
    return BarProgress() if sys.stderr.isatty() else PlainProgress()
