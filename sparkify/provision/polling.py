"""Waiting for AWS: with a deadline, and something to see."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sparkify.errors import ProvisionError

T = TypeVar("T")


@dataclass(frozen=True)
class Poller:
    """How often to ask, and for how long, in seconds; the clock is passed in."""

    every: float = 15.0
    deadline: float = 1800.0
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def until(self, what: str, probe: Callable[[], T | None]) -> T:
        """Ask until there is an answer. Raises ProvisionError at the deadline."""
        end = self.clock() + self.deadline
        while (found := probe()) is None:
            if self.clock() >= end:
                raise ProvisionError(
                    f"{what} is not so after {self.deadline / 60:.0f} minutes. "
                    "`sparkify cluster status` shows its state; the command can be repeated."
                )
            self.sleep(self.every)
        return found
