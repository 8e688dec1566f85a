"""A column added to staging takes what came of its key before: that stands in `extra`, no file is read."""

from collections.abc import Mapping
from typing import Any

from sparkify.engines.base import STAGING_TABLE, Engine, Paths
from sparkify.engines.extra import (
    SET_ASIDE,
    TooDeepError,
    label,
    pack_extra,
    raw_text,
    too_long,
    unpack_extra,
)
from sparkify.engines.record import default_paths, why_unfit
from sparkify.load import validation
from sparkify.load.digests import read_digest
from sparkify.load.layout import missing_columns, this_program
from sparkify.load.seal import sealed
from sparkify.load.star import run_transform
from sparkify.source.file import Dataset
from sparkify.sql.schema import Column, table


def add_columns(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> list[str]:
    """Add the columns of staging that the DDL has and the warehouse has not; return their names.

    To be called inside a transaction. Each is filled from `extra`, by the key that the app writes it under.
    """
    lacking = missing_columns(engine)
    if not lacking:
        return []
    with sealed(engine) as sealing:
        before = {name: read_digest(engine, name, without=columns) for name, columns in lacking.items()}
        added = add_unsealed(engine, paths)
        for name, digest in before.items():
            sealing.changes.add(name, read_digest(engine, name).minus(digest))
        sealing.says("columns", f"{this_program()} added {', '.join(added)}")
    return added


def add_unsealed(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> list[str]:
    """The same, for whoever seals all tables afterwards."""
    added = []
    lacking = missing_columns(engine)
    for dataset, name in STAGING_TABLE.items():
        for column in table(name).reported:
            if column.name in lacking.get(name, ()):
                engine.execute(f"ALTER TABLE {name} ADD COLUMN {column.name} {column.type}")
                key = label((paths or {}).get(dataset, default_paths(dataset))[column.name])
                _fill(engine, dataset, column, key)
                added.append(f"{name}.{column.name}")
    return added


def _fill(engine: Engine, dataset: Dataset, column: Column, key: str) -> None:
    name = STAGING_TABLE[dataset]
    rows = []
    for file_id, record, extra in engine.query(
        f"SELECT file_id, record, extra FROM {name} WHERE extra LIKE :key", {"key": f'%"{key}"%'}
    ).rows:
        held = unpack_extra(extra)
        if key in held:
            value = held.pop(key)
            why = why_unfit(value)
            entry = {"key": key, "value": value, "reason": f"{key} {why or 'does not fit its column'}"}
            aside = _packed(held | {SET_ASIDE: [*held.get(SET_ASIDE, ()), entry]})
            if aside is not None:  # else the value stays under its key
                rows.append((file_id, record, None if why else raw_text(value), pack_extra(held), aside))
    if not rows:
        return
    engine.execute(
        f"CREATE TEMP TABLE filled (file_id INTEGER, record INTEGER, {column.name} VARCHAR(65535), "
        "rest VARCHAR(65535), aside VARCHAR(65535))"
    )
    engine.insert("filled", ("file_id", "record", column.name, "rest", "aside"), rows)
    misfit = validation.is_misfit(column)
    stays = f"{column.name} IS NULL OR {misfit}"
    engine.execute(
        f"UPDATE {name} SET {column.name} = f.typed, extra = f.extra FROM (SELECT file_id, record, "
        f"CASE WHEN {misfit} THEN NULL ELSE {validation.typed(column)} END AS typed, "
        f"CASE WHEN {stays} THEN aside ELSE rest END AS extra FROM filled) AS f "
        f"WHERE f.file_id = {name}.file_id AND f.record = {name}.record"
    )
    engine.execute(
        "UPDATE etl_file SET values_aside = etl_file.values_aside - f.records FROM ("
        f"SELECT file_id, SUM(CASE WHEN {stays} THEN 0 ELSE 1 END) AS records FROM filled GROUP BY file_id"
        ") AS f WHERE f.file_id = etl_file.file_id"
    )
    engine.execute(
        "DELETE FROM etl_key WHERE kind = 'unknown' AND name = :key AND OCTET_LENGTH(name) = :size "
        "AND file_id IN (SELECT file_id FROM etl_file WHERE dataset = :dataset)",
        {"key": key, "size": len(key.encode()), "dataset": dataset},
    )
    run_transform(engine, "etl_run_aside")
    engine.execute("DROP TABLE filled")


def _packed(values: Mapping[str, Any]) -> str | None:
    """These as an `extra`; None where that would be too deep or too long to be one."""
    try:
        packed = pack_extra(values)
    except TooDeepError:
        return None
    return None if too_long(packed) else packed
