"""A column added to staging takes what came of its key before: that stands in `extra`, no file is read."""

from collections.abc import Mapping, Sequence
from typing import Any

from sparkify import clock
from sparkify.engines.base import STAGING_TABLE, Engine, Paths
from sparkify.engines.extra import (
    SET_ASIDE,
    TWICE,
    TooDeepError,
    label,
    pack_extra,
    raw_text,
    too_long,
    unpack_extra,
)
from sparkify.engines.record import default_paths, record_reader, why_unfit
from sparkify.errors import WarehouseError
from sparkify.formatting import count
from sparkify.ledger.counts import count_empty, count_filled
from sparkify.ledger.digests import read_digest
from sparkify.ledger.files import read_parts
from sparkify.ledger.keys import remove_unknown
from sparkify.ledger.seal import sealed
from sparkify.ledger.state import this_program
from sparkify.load import fitting
from sparkify.load.layout import missing_columns
from sparkify.load.star import recount_all
from sparkify.source.file import Dataset
from sparkify.sql.schema import Column, table


def add_columns(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> list[str]:
    """Add the columns of staging that the DDL has and the warehouse has not; return their names.

    To be called inside a transaction. Each is filled from `extra`, by the key that the app writes it under.
    """
    lacking = missing_columns(engine)
    if not lacking:
        return []
    with sealed(engine) as changes:
        before = {name: read_digest(engine, name, without=columns) for name, columns in lacking.items()}
        added = add_unsealed(engine, paths)
        recount_all(engine)
        for name, digest in before.items():
            changes.add(name, read_digest(engine, name).minus(digest))
        changes.says("columns", f"{this_program()} added {', '.join(added)}")
    return added


def add_unsealed(engine: Engine, paths: Mapping[Dataset, Paths] | None = None) -> list[str]:
    """The same, for whoever seals all tables afterwards."""
    added = []
    lacking = missing_columns(engine)
    for dataset, name in STAGING_TABLE.items():
        for column in table(name).reported:
            if column.name in lacking.get(name, ()):
                engine.execute(f"ALTER TABLE {name} ADD COLUMN {column.name} {column.type}")
                _fill(engine, dataset, column, (paths or {}).get(dataset, default_paths(dataset)))
                added.append(f"{name}.{column.name}")
    return added


def _fill(engine: Engine, dataset: Dataset, column: Column, paths: Paths) -> None:
    """Take what a load would take, by its rules. Raises WarehouseError where it would reject records.

    So does PostgreSQL where rows have no value for a NOT NULL (its page "ALTER TABLE"; squawk#300).
    """
    name, key = STAGING_TABLE[dataset], label(paths[column.name])
    reader = record_reader(dataset, paths)
    came: dict[tuple[int, int], tuple[Any, dict[str, Any]]] = {}
    nothing: dict[tuple[int, int], int] = {}
    for file_id, record, extra in engine.query(
        f"SELECT file_id, record, extra FROM {name} WHERE extra LIKE :key", {"key": f'%"{key}"%'}
    ).rows:
        held = unpack_extra(extra)
        if key not in held:
            continue
        if column.width is None:
            value, held, nothing[file_id, record] = _counting(key, held)
        else:
            value = held.pop(key)
        came[file_id, record] = value, held
    reasons = {at: f"{key} {why}" for at, (value, _) in came.items() if (why := why_unfit(value))}
    texts = {
        at: raw_text(reader.as_read(column.name, value))
        for at, (value, _) in came.items()
        if at not in reasons
    }
    reasons |= _misfits(engine, column, key, texts)
    if column.is_strict and reasons:
        (file_id, record), why = min(reasons.items())
        raise _refused(engine, name, column, len(reasons), file_id, record, why)
    rows, empty = [], dict[int, int]()
    for at, (value, rest) in came.items():
        why = reasons.get(at)
        aside = {"key": key, "value": value, "reason": why}
        extra = _packed(rest | {SET_ASIDE: [*rest.get(SET_ASIDE, ()), aside]}) if why else pack_extra(rest)
        if not (why and extra is None):  # else the value stays under its key
            rows.append((*at, None if why else texts[at], extra))
            empty[at[0]] = empty.get(at[0], 0) + nothing.get(at, 0)
    for file_id, number in empty.items():
        count_empty(engine, file_id, number)
    if rows:
        _write(engine, dataset, column, key, rows)
    if column.required:
        _require_all(engine, name, column, key)


def _counting(key: str, held: dict[str, Any]) -> tuple[Any, dict[str, Any], int]:
    """The value that counts, what is left, and how many empty texts went: they are no value for a number.

    Of a key given twice the last value counts, and as long as no column took it, an empty text was one.
    """
    value, entries = held.pop(key), [dict(one) for one in held.pop(SET_ASIDE, ())]
    twice = [one for one in entries if one["reason"] == key + TWICE]
    gone = [one for one in twice if one["value"] == ""]
    if value == "" and (others := [one for one in twice if one["value"] != ""]):
        value, gone = others[-1]["value"], [*gone, others[-1]]
    kept = [one for one in entries if not any(one is other for other in gone)]
    return value, held | ({SET_ASIDE: kept} if kept else {}), len(gone)


def _misfits(
    engine: Engine, column: Column, key: str, texts: Mapping[tuple[int, int], str]
) -> dict[tuple[int, int], str]:
    """Why these texts do not fit the column, those that do not."""
    if not texts:
        return {}
    engine.execute(f"CREATE TEMP TABLE came (file_id INTEGER, record INTEGER, {column.name} VARCHAR(65535))")
    engine.insert("came", ("file_id", "record", column.name), [(*at, text) for at, text in texts.items()])
    found = engine.query(
        f"SELECT file_id, record, reason FROM (SELECT file_id, record, {fitting.why_misfit(column, key)} "
        "AS reason FROM came) AS validated WHERE reason IS NOT NULL",
        _now(),
    ).rows
    engine.execute("DROP TABLE came")
    return {(file_id, record): reason for file_id, record, reason in found}


def _write(
    engine: Engine, dataset: Dataset, column: Column, key: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Write these values and what is left of `extra`, and count both again.

    An empty text in a column of numbers is no value.
    """
    name = STAGING_TABLE[dataset]
    engine.execute(
        f"CREATE TEMP TABLE filled (file_id INTEGER, record INTEGER, {column.name} VARCHAR(65535), "
        "extra VARCHAR(65535))"
    )
    engine.insert("filled", ("file_id", "record", column.name, "extra"), rows)
    engine.execute(
        f"UPDATE {name} SET {column.name} = f.typed, extra = f.extra FROM (SELECT file_id, record, "
        f"{fitting.typed(column)} AS typed, extra FROM filled) AS f "
        f"WHERE f.file_id = {name}.file_id AND f.record = {name}.record",
        _now(),
    )
    is_none = f"{column.name} IS NOT NULL AND OCTET_LENGTH({column.name}) = 0" if column.width is None else ""
    gone = f"SUM(CASE WHEN {is_none} THEN 1 ELSE 0 END)" if is_none else "0"
    count_filled(
        engine,
        f"SELECT file_id, COUNT({column.name}) AS records, {gone} AS gone FROM filled GROUP BY file_id",
    )
    remove_unknown(engine, dataset, key)
    engine.execute("DROP TABLE filled")


def _require_all(engine: Engine, name: str, column: Column, key: str) -> None:
    """Raise WarehouseError if a record has no value in a column that is required."""
    lacking = f"FROM {name} WHERE {column.name} IS NULL" + (
        f" OR OCTET_LENGTH({column.name}) = 0" if column.width else ""
    )
    if number := engine.query(f"SELECT COUNT(*) AS n {lacking}").scalar():
        file_id, record = engine.query(
            f"SELECT file_id, record {lacking} ORDER BY file_id, record LIMIT 1"
        ).rows[0]
        raise _refused(engine, name, column, number, file_id, record, f"{key} is missing")


def _refused(
    engine: Engine, name: str, column: Column, number: int, file_id: int | None, record: int | None, why: str
) -> WarehouseError:
    found = read_parts(engine, [file_id] if file_id else [])
    place = f"{found[0].uri} line {record}" if found else "of a COPY"
    rule = "NOT NULL" if column.required else "[strict]"
    return WarehouseError(
        f"{name}.{column.name} is new and {rule}, and a load would reject {count(number, 'record')} that "
        f"stand in the warehouse, the first {place}: {why}. Leave {rule} out of "
        f"sparkify/sql/tables/{name}.sql, or load the files into a new warehouse; nothing was changed."
    )


def _now() -> dict[str, int]:
    return fitting.latest_moment(clock.now())


def _packed(values: Mapping[str, Any]) -> str | None:
    """These as an `extra`; None where that would be too deep or too long to be one."""
    try:
        packed = pack_extra(values)
    except TooDeepError:
        return None
    return None if too_long(packed) else packed
