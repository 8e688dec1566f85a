"""What a run warns of: printed as it is found, and kept with the run."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.progress import Progress

LONGEST = 4000
"""Bytes of a message that are kept."""


class Warned(NamedTuple):
    """A warning: of what kind, and in words."""

    kind: str
    message: str


@dataclass
class Warnings:
    """The warnings of one run."""

    progress: Progress
    found: list[Warned] = field(default_factory=list)

    def add(self, kind: str, message: str) -> None:
        """Print it, and keep it."""
        self.progress.warn(message)
        self.found.append(Warned(kind, message))

    def refuse(self) -> None:
        """Raise LoadError if there is any."""
        if self.found:
            more = f" (and {len(self.found) - 1} more)" if self.found[1:] else ""
            raise LoadError(f"--strict: {self.found[0].message}{more} Nothing was published.")


def insert_warnings(engine: Engine, run_id: int, found: Sequence[Warned]) -> None:
    """Write the warnings of a run to `etl_warning`."""
    rows = [(run_id, kind, message.encode()[:LONGEST].decode(errors="ignore")) for kind, message in found]
    engine.insert("etl_warning", ("run_id", "kind", "message"), rows)
