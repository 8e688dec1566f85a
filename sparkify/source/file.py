"""What a file of the source is to whoever reads it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal, NamedTuple, TypeVar

T = TypeVar("T")
Dataset = Literal["events", "songs"]
DATASETS: tuple[Dataset, ...] = ("songs", "events")
"""In the order of loading."""


class NewFile(NamedTuple):
    """A file, or the part of it that grew, to be read into staging."""

    file_id: int
    uri: str
    path: str
    """Where the bytes lie on this machine."""
    size: int
    modified: str
    start: int = 0
    """The first byte to read; all bytes before it are known."""
    lines_before: int = 0
    """How many lines lie before `start`."""


def batches(items: Iterable[T], size: Callable[[T], int], limit: int) -> Iterator[list[T]]:
    """The items in groups that together have at most `limit` bytes; one that is larger stands alone."""
    batch: list[T] = []
    total = 0
    for item in items:
        if batch and total + size(item) > limit:
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += size(item)
    if batch:
        yield batch
