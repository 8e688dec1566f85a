"""What a run warns of: printed as it is found, and kept with the run."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sparkify.errors import LoadError
from sparkify.progress import Progress


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
