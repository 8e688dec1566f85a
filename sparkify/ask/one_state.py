"""Several answers of one state of the warehouse, whatever is published between them."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sparkify.ask.questions import ask, find_question
from sparkify.engines.base import Reader
from sparkify.errors import SparkifyError

T = TypeVar("T")


def of_one_state(reader: Reader, make: Callable[[Sequence[tuple[Any, ...]]], T]) -> T:
    """What is made of several answers, made again where another run was published in between.

    `make` is given the rows of `holdings`. Answers of two states may not fit together at all, so a mistake
    counts only if they are of one.
    """
    while True:
        holdings = _holdings(reader)
        failed: Exception | None = None
        try:
            made = make(holdings)
        except SparkifyError:
            raise
        except Exception as error:  # noqa: BLE001  # it is raised again below
            failed = error
        if _holdings(reader) == holdings:
            if failed:
                raise failed
            return made


def _holdings(reader: Reader) -> Sequence[tuple[Any, ...]]:
    return ask(reader, find_question("holdings")).rows
