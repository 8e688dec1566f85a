"""The embedded engine: a warehouse in one file, on this machine."""

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path

from sparkify.config import Config
from sparkify.engines.base import Engine, Value
from sparkify.engines.registry import EngineSpec, Finding, OpenOptions
from sparkify.errors import ConfigError, WarehouseError

THEIR_MEMORY = "50%"
"""What statements of somebody else may take of the machine."""


def _open(config: Config, options: OpenOptions) -> Engine:
    from sparkify.engines.duckdb.engine import DuckDB
    from sparkify.engines.duckdb.opening import Limits
    from sparkify.engines.duckdb.snapshot import snapshot_of

    settings, rows = config.warehouse, options.rows
    if settings.snapshot == "yes" and options.rights == "reader":
        copy = snapshot_of(settings.file)
        if Path(settings.file).is_file() and not Path(copy).is_file():
            raise ConfigError(
                f"there is no {copy} yet: the next command that writes makes it, such as "
                "`sparkify tables create`."
            )
        if Path(copy).is_file():
            settings = dataclasses.replace(settings, file=copy)
    if not options.may_make and not Path(settings.file).is_file():
        raise ConfigError(
            f"there is no warehouse {settings.file}. `sparkify etl --source DIR` makes one; "
            "--warehouse names another."
        )
    return DuckDB(
        settings.file,
        read_only=options.read_only,
        locked_down=options.locked_down,
        wait=settings.wait,
        memory=settings.memory or ("" if rows is None else THEIR_MEMORY),
        threads=settings.threads,
        limits=None if rows is None else Limits(settings.timeout, settings.spill, rows),
        snapshot=settings.snapshot == "yes",
    )


def _translate(sql: str, params: Mapping[str, Value]) -> str:
    from sparkify.engines.dialect import laid_out, to_duckdb

    return laid_out(to_duckdb(sql, params))


def _examine(config: Config) -> Iterator[Finding]:
    from sparkify.engines.duckdb.examine import examine_disk
    from sparkify.engines.duckdb.snapshot import require_copy

    yield from examine_disk(Path(config.warehouse.file))
    if config.warehouse.snapshot == "yes":
        try:
            require_copy(config.warehouse.file)
        except WarehouseError as error:
            yield Finding.failed("copy", error)


SPEC = EngineSpec(
    "duckdb",
    open=_open,
    label=lambda config: config.warehouse.file,
    exists=lambda config: Path(config.warehouse.file).exists(),
    translate=_translate,
    examine=_examine,
    mode=lambda config: Path(config.warehouse.file).stat().st_mode & 0o777,
    writes_files=True,
    blocks_writers=True,
    has_limits=True,
)
