"""What a flow tells whoever watches it."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Progress(Protocol):
    """Told of each step as it begins, and of the bytes read within it."""

    def step(self, name: str, total_bytes: int = 0) -> None:
        """A step begins; `total_bytes` are to be read in it."""

    def advance(self, read_bytes: int) -> None:
        """So many more bytes of this step are done."""

    def know(self, run_id: int | None, files: int, records: int) -> None:
        """What the run is by now: its number, or None if it is none, its files, and the records it read."""

    def warn(self, message: str) -> None:
        """Something that does not stop the run but must be seen."""

    def note(self, message: str) -> None:
        """Something that is as it should be, and worth a line."""


class Silent:
    """Watches without a word."""

    def step(self, name: str, total_bytes: int = 0) -> None:
        """Say nothing."""

    def advance(self, read_bytes: int) -> None:
        """Say nothing."""

    def know(self, run_id: int | None, files: int, records: int) -> None:
        """Say nothing."""

    def warn(self, message: str) -> None:
        """Say nothing."""

    def note(self, message: str) -> None:
        """Say nothing."""
