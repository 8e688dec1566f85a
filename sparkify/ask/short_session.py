"""A warehouse that is opened for the moment of a query.

Whoever has a DuckDB file open keeps its writer waiting, so a server must not. Opening costs some hundredths
of a second, so that short questions in a row share one opening.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

from sparkify.engines.base import Engine, Result, Value
from sparkify.sql.schema import Column

Opener = Callable[[float], Engine]
"""Opens the warehouse to read, waiting so many seconds for another process."""


class ShortSession:
    """A Reader that lets go of the warehouse between queries once it has held it for `hold` seconds.

    What it reads may change from one opening to the next: whoever asks several questions must see that
    they were of one run. Each opening may last twice as long as the one before, so that even where runs
    are published one after the other there is an end to asking again.
    """

    def __init__(
        self, opener: Opener, hold: float, wait: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._opener, self._hold, self._wait, self._clock = opener, hold, wait, clock
        self._engine: Engine | None = None
        self._until = 0.0

    def query(self, sql: str, params: Mapping[str, Value] | None = None) -> Result:
        return self._opened().query(sql, params)

    def hashed(self, rows: str, columns: Sequence[Column]) -> str:
        return self._opened().hashed(rows, columns)

    def altered(self, made: Mapping[str, str]) -> Sequence[str]:
        return self._opened().altered(made)

    def definitions(self) -> Sequence[tuple[str, str]]:
        return self._opened().definitions()

    def _opened(self) -> Engine:
        if self._engine and self._clock() > self._until:
            self.close()
        if self._engine is None:
            self._engine = self._opener(self._wait)
            self._until = self._clock() + self._hold
            self._hold *= 2
        return self._engine

    def close(self) -> None:
        """Let go, if it is held."""
        if self._engine:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
