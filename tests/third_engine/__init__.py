"""A third engine, as small as one can be: DuckDB in the memory of a process, kept until the process ends."""

from sparkify.config import Config
from sparkify.engines.base import Engine
from sparkify.engines.dialect import laid_out, to_duckdb
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.registry import EngineSpec, Finding, OpenOptions


class Memory(DuckDB):
    name = "memory"

    def close(self) -> None:
        """It stays, for the next who opens it."""


_opened: list[Memory] = []


def _open(config: Config, _: OpenOptions) -> Engine:
    if not _opened:
        _opened.append(Memory(":memory:", memory=config.warehouse.memory))
    return _opened[0]


SPEC = EngineSpec(
    "memory",
    open=_open,
    label=lambda _: "the memory of this process",
    exists=lambda _: bool(_opened),
    translate=lambda sql, params: laid_out(to_duckdb(sql, params)),
    examine=lambda _: iter([Finding("memory", "ok", "there is some")]),
)
