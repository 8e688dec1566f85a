"""Every engine by its name: what the rest must know of it before a warehouse is open.

An engine is a folder of this package, under the name that [WAREHOUSE] ENGINE gives it. The folder's
`__init__` holds its SPEC and imports no driver. An open warehouse is an `Engine`, whichever it is.
"""

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Literal, NamedTuple, get_args

from sparkify.config import Config, EngineName, Warehouse
from sparkify.engines.base import Engine, Value
from sparkify.errors import SparkifyError

DEFAULT = Warehouse().engine
Rights = Literal["login", "reader"]
"""With whose rights a session asks."""
State = Literal["ok", "warning", "FAILED"]


class OpenOptions(NamedTuple):
    """How a warehouse is opened."""

    read_only: bool = True
    rights: Rights = "login"
    """As a "reader" a cluster shows what readers see, whoever logs in."""
    locked_down: bool = False
    """Whether nothing but the warehouse can be read."""
    may_make: bool = False
    """Whether a warehouse that is not there yet is made."""
    rows: int | None = None
    """Statements are somebody else's: an engine with limits fetches at most so many rows; 0: all."""


class Finding(NamedTuple):
    """What one probe of `sparkify doctor` found, and what to do about it."""

    probe: str
    state: State
    found: str
    advice: str = ""

    @classmethod
    def failed(cls, probe: str, error: SparkifyError) -> "Finding":
        """An error of ours says in its last sentences what to do."""
        found, _, advice = str(error).partition(". ")
        return cls(probe, "FAILED", found, advice or "Correct it: a load would end with this.")


class EngineSpec(NamedTuple):
    """One engine: how its warehouse is found, opened and probed, and what it can do."""

    name: str
    open: Callable[[Config, OpenOptions], Engine]
    """Raises ConfigError if there is no warehouse and none may be made."""
    label: Callable[[Config], str]
    """The warehouse, as a sentence names it."""
    exists: Callable[[Config], bool]
    """Whether there may be a warehouse; False if there is certainly none."""
    translate: Callable[[str, Mapping[str, Value]], str]
    """A statement in the engine's own dialect, laid out for people."""
    examine: Callable[[Config], Iterator[Finding]]
    """Probe what this engine needs besides the warehouse."""
    mode: Callable[[Config], int] = lambda _: 0o600
    """What others may do, at most, with a file that says of listeners what the warehouse says of them."""
    blocks_writers: bool = False
    """Whether an open reader holds up whoever writes, unless [WAREHOUSE] SNAPSHOT keeps it a copy."""
    writes_files: bool = False
    """Whether `native` takes DuckDB's COPY TO, and writes the file on this machine."""
    has_grants: bool = False
    """Whether a login sees only what it was granted."""
    has_limits: bool = False
    """Whether statements of somebody else have limits of time, disk and rows."""
    has_cluster: bool = False
    """Whether it runs on a cluster in an AWS account, whose distribution can be measured."""


def find_engine(name: str) -> EngineSpec:
    """The engine of this name."""
    spec: EngineSpec = import_module(f"sparkify.engines.{name}").SPEC
    return spec


def engine_of(config: Config) -> EngineSpec:
    """The engine that the configuration names."""
    return find_engine(config.warehouse.engine)


def named_engines() -> list[str]:
    """Engines that `--warehouse` calls by their name: of the default one it names the file."""
    return [name for name in get_args(EngineName) if name != DEFAULT]


def warehouse_settings(warehouse: str) -> dict[str, object]:
    """The settings that `--warehouse` stands for: an engine by its name, or a DuckDB file."""
    if warehouse.lower() in named_engines():
        return {"warehouse.engine": warehouse.lower()}
    return {"warehouse.engine": DEFAULT, "warehouse.file": warehouse}
