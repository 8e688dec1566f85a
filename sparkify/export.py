"""The star for other programs: a folder of Parquet, CSV or Excel files, or a DuckDB file of nothing else.

DuckDB writes the files, but for spreadsheets. What a cluster holds comes through a cursor into a passing
DuckDB file first.
"""

import dataclasses
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from sparkify.clock import now_in_seconds
from sparkify.config import Config
from sparkify.connection import opened, require_readable
from sparkify.engines.base import Engine, Reader
from sparkify.engines.dialect import duckdb_text
from sparkify.engines.registry import DEFAULT, engine_of
from sparkify.errors import ConfigError, OutputError, RetryError
from sparkify.ledger.state import this_program
from sparkify.load.comments import comments
from sparkify.place import is_duckdb, require_foreign
from sparkify.progress import Progress
from sparkify.scratch import EXPORTS, Scratch
from sparkify.spreadsheet import require_rows, write_sheet
from sparkify.sql import statement
from sparkify.sql.schema import STAR, table, view

Format = Literal["parquet", "csv", "xlsx", "duckdb"]
FORMATS: tuple[Format, ...] = get_args(Format)
ONE_FILE: Format = "duckdb"
"""The format that is one file."""
MANIFEST = "export.json"
"""What says of a folder that it is an export, and of which run."""
PAGE = 50_000
"""Rows of a cluster that are held at once."""
_MONTH = "strftime(start_time, '%Y-%m') AS year_month"
_OPTIONS = {"parquet": "FORMAT parquet, COMPRESSION zstd", "csv": "FORMAT csv, HEADER"}


class Exported(NamedTuple):
    """What was exported."""

    path: Path
    rows: Mapping[str, int]
    """Of each table."""
    run_id: int | None
    """The latest run in it."""
    bytes: int


def export(config: Config, target: Path, form: Format, progress: Progress) -> Exported:
    """Write the tables of the star, of one published state, and let them take the place of an earlier export.

    Parquet: `songplay` in a folder for each month, any other table a file. Raises ConfigError if `target` is
    there and is no export, or cannot be written; RetryError if a run was published in between. What was there
    stays then.
    """
    require_foreign(target, config.s3)
    target = Path(os.path.realpath(target))
    try:
        _require_export(config, target, form)
        with Scratch(target.parent, EXPORTS) as scratch, ExitStack() as opening:
            engine = opening.enter_context(opened(config, rights="reader"))
            require_readable(engine, config)
            run_id = _latest_run(engine)
            fresh = scratch / "fresh"
            rows = _write(config, engine, scratch, fresh, form, progress)
            if _latest_run(engine) != run_id:
                raise RetryError("a run was published while the star was read. Run this again.")
            opening.close()
            if fresh.is_dir():
                about = {
                    "program": this_program(), "exported_at": f"{now_in_seconds()}Z", "format": form,
                    "run_id": run_id, "rows": rows,
                    "files": sorted(str(file.relative_to(fresh)) for file in _files(fresh)),
                }  # fmt: skip
                (fresh / MANIFEST).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
            _restrict(fresh, engine_of(config).mode(config))
            size = sum(file.stat().st_size for file in _files(fresh))
            look = partial(_require_export, config, form=form, name=target)
            _swap(fresh, target, scratch / "before", look)
    except OSError as error:
        raise ConfigError(f"{target} cannot be written: {error.strerror}. Choose another place.") from error
    return Exported(target, rows, run_id, size)


def _write(
    config: Config, engine: Engine, scratch: Path, fresh: Path, form: Format, progress: Progress
) -> dict[str, int]:
    """Write what is exported to `fresh`, and return the rows of each table."""
    writes = engine_of(config).writes_files
    if writes and form != ONE_FILE:
        return _copy_all(engine, fresh, form, progress)
    with opened(_file(config, scratch / "star.duckdb"), read_only=False, may_make=True) as local:
        for name in reversed(STAR):
            local.execute(statement("tables", name).text)
        for name in STAR:
            progress.step(f"reading {name}")
            if writes:
                passing = scratch / f"{name}.parquet"
                _copy(engine, name, passing, "parquet")
                local.native(f"INSERT INTO {name} BY NAME SELECT * FROM {duckdb_text(str(passing))}")
            else:
                _fetch(engine, local, name)
        if form != ONE_FILE:
            return _copy_all(local, fresh, form, progress)
        local.execute(statement("views", "plays").text)
        for text in comments((*STAR, "plays")):
            local.native(text)
        rows = {name: int(local.query(f"SELECT COUNT(*) AS n FROM {name}").scalar()) for name in STAR}
        local.native("FORCE CHECKPOINT")  # closing a file tells of no error
    if (scratch / "star.duckdb.wal").exists():
        raise OutputError(
            "the export could not be written to its end: is the disk full? Nothing was replaced."
        )
    (scratch / "star.duckdb").rename(fresh)
    return rows


def _copy_all(engine: Engine, folder: Path, form: Format, progress: Progress) -> dict[str, int]:
    folder.mkdir()
    rows = {}
    for name in STAR:
        progress.step(f"writing {name}")
        is_parted = form == "parquet" and name == "songplay"
        file = folder / (name if is_parted else f"{name}.{form}")
        rows[name] = _copy(engine, name, file, form, is_parted=is_parted)
        if is_parted and not rows[name]:  # a reader finds its columns all the same
            file.mkdir(exist_ok=True)
            _copy(engine, name, file / f"empty.{form}", form)
    return rows


def _copy(engine: Engine, name: str, file: Path, form: Format, *, is_parted: bool = False) -> int:
    """Write a table in the order of its key; `is_parted`: a folder for each month. Returns the rows."""
    columns = [*table(name).column_names, *([_MONTH] if is_parted else [])]
    select = f"SELECT {', '.join(columns)} FROM {name} ORDER BY {', '.join(table(name).primary_key)}"
    if form == "xlsx":
        require_rows(name, int(engine.query(f"SELECT COUNT(*) AS n FROM {name}").scalar()))
        return write_sheet(file, name, columns, engine.stream(select))
    options = _OPTIONS[form] + (", PARTITION_BY (year_month)" if is_parted else "")
    return int(engine.native(f"COPY ({select}) TO {duckdb_text(str(file))} ({options})").scalar())


def _fetch(engine: Engine, local: Engine, name: str) -> None:
    columns = table(name).column_names
    rows = engine.stream(f"SELECT {', '.join(columns)} FROM {name}")
    while page := list(islice(rows, PAGE)):
        local.insert(name, columns, page)


def _require_export(config: Config, target: Path, form: Format, name: Path | None = None) -> None:
    """Raise ConfigError where something else is in the way; `name` is what it was called."""
    if not target.exists():
        return
    if form == ONE_FILE:
        is_export = is_duckdb(target) and not Path(f"{target}.wal").exists() and _is_star(config, target)
    else:
        files = _files_of(target, form)
        is_export = target.is_dir() and all(name in files for name in _names(target))
    if not is_export:
        raise ConfigError(
            f"{name or target} is there, and is no earlier export as {form}, or holds more. "
            "Choose another place."
        )


def _names(folder: Path) -> Iterator[str]:
    return (str(one.relative_to(folder)) for one in folder.rglob("*") if not one.is_dir() or one.is_symlink())


def _files_of(folder: Path, form: Format) -> set[str]:
    """The files of an export of this format, as it says itself; none for any other folder."""
    with suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        if not (folder / MANIFEST).is_file():
            return set()
        about = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if str(about["program"]).startswith("sparkify ") and about["format"] == form:
            return {MANIFEST, *map(str, about["files"])}
    return set()


def _is_star(config: Config, file: Path) -> bool:
    """Whether a DuckDB file holds what an export holds, and nothing else. Not asked of the warehouse itself,
    whose lock this process would lose."""
    if file == Path(os.path.realpath(config.warehouse.file)):
        return False
    with opened(_file(config, Path(":memory:")), read_only=False, may_make=True) as local:
        local.native(f"ATTACH {duckdb_text(str(file))} AS earlier (READ_ONLY)")
        held = local.native(
            "SELECT table_name || '.' || column_name, NULL FROM duckdb_columns() WHERE NOT internal "
            "UNION ALL SELECT table_name, comment FROM duckdb_tables() "
            "UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal "
            "UNION ALL SELECT function_name, NULL FROM duckdb_functions() WHERE NOT internal "
            "UNION ALL SELECT sequence_name, NULL FROM duckdb_sequences()"
        ).rows
    wanted = {(f"{name}.{column}", None) for name in STAR for column in table(name).column_names}
    wanted |= {(f"plays.{column}", None) for column, _ in view("plays")[1]}
    return set(held) == wanted | {(name, table(name).meaning) for name in STAR} | {
        ("plays", view("plays")[0])
    }


def _latest_run(reader: Reader) -> int | None:
    found: int | None = reader.query("SELECT MAX(run_id) AS run_id FROM load_runs").scalar()
    return found


def _file(config: Config, file: Path) -> Config:
    """A DuckDB file in the place of the warehouse."""
    settings = dataclasses.replace(config.warehouse, engine=DEFAULT, file=str(file), snapshot="no")
    return dataclasses.replace(config, warehouse=settings)


def _swap(fresh: Path, target: Path, before: Path, look: Callable[[Path], None]) -> None:
    """Put what is new in its place. A folder cannot be replaced at once: for a moment there is none.

    `look` looks at what was there again: somebody may have put a file into it since.
    """
    if not target.is_dir():
        look(target)
        fresh.replace(target)
        return
    target.rename(before)
    try:
        look(before)
        fresh.rename(target)
    except BaseException:
        before.rename(target)
        raise


def _files(path: Path) -> list[Path]:
    return [file for file in (path, *path.rglob("*")) if file.is_file()]


def _restrict(path: Path, most: int) -> None:
    """Let others do no more with it than with the warehouse."""
    folders = most | (most & 0o444) >> 2
    for one in (path, *path.rglob("*")):
        one.chmod(stat.S_IMODE(one.stat().st_mode) & (folders if one.is_dir() else most))
