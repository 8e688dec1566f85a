"""Validation of records against the column contract: which are good, which values do not fit, and why.

The statements are written by a program from the DDL of the staging tables, for both engines; `fitting` says
when a value fits. What identifies or places a record is strict: a wrong value there rejects the record. Any
other wrong value costs only itself: its column is NULL, and what came is kept in `extra` with the reason.
"""

import datetime as dt
from collections.abc import Collection

from sparkify.engines.base import STAGING_TABLE, Paths, Reader, Rules
from sparkify.engines.extra import label as _label
from sparkify.ledger.state import FORGOTTEN_TABLE, has_forgotten
from sparkify.load import fitting
from sparkify.source.file import Dataset
from sparkify.sql.schema import EXTRA, LISTENER, Column, table


def rules(dataset: Dataset, run_id: int, reader: Reader, paths: Paths, now: dt.datetime) -> Rules:
    """How a run validates these records; `now` is in UTC, without a zone.

    Those of forgotten listeners lose what is personal as they come in.
    """
    forgets = dataset == "events" and has_forgotten(reader)
    return Rules(
        accept=lambda typed: _accept_plain(dataset, paths, typed),
        typed=_typed_columns(dataset),
        is_odd=f"{_first_reason(dataset, paths, is_plain=True)} IS NOT NULL",
        params={"run_id": run_id, **fitting.latest_moment(now)},
        paths=paths,
        is_in_order=not forgets,
    )


def accept(dataset: Dataset, paths: Paths, *, forgets: bool) -> str:
    """INSERT of the good records of `raw_<dataset>` not staged yet, each value that fits in its column.

    `raw_extra` holds what was made of records with values that do not fit: their `extra`, or their rejection.
    """

    def value(column: Column) -> str:
        name = _label(paths[column.name])
        wrong = [] if column.is_strict else [why for why, _ in fitting.why_not(column, name, is_plain=False)]
        cases = " ".join(f"WHEN {one} THEN NULL" for one in wrong)
        return f"CASE {cases} ELSE {fitting.typed(column)} END" if cases else fitting.typed(column)

    target = table(STAGING_TABLE[dataset])
    values = {column.name: value(column) for column in target.reported} | {
        EXTRA: "COALESCE(x.extra, came.extra)"
    }
    if forgets:
        values |= {
            name: f"CASE WHEN gone.forgotten_id IS NULL THEN {values[name]} END" for name in target.personal
        }
    typed = ",\n    ".join(f"{value} AS {name}" for name, value in values.items())
    return (
        f"INSERT INTO {target.name} ({', '.join(target.column_names)})\n"
        f"SELECT\n    :run_id, came.file_id, came.record,\n    {typed}\n"
        f"{_accepted(dataset, paths, forgets=forgets)}"
    )


def select_accepted(dataset: Dataset, paths: Paths, *, forgets: bool) -> str:
    """SELECT of (file_id, unit, values, values that will be in `extra`), of what `accept` inserts."""
    unit = next(
        (fitting.unit(one) for one in table(STAGING_TABLE[dataset]).reported if one.kind == "timestamp"), "0"
    )
    aside = "came.aside + COALESCE(x.aside, 0)"
    if forgets:
        aside = f"CASE WHEN gone.forgotten_id IS NULL THEN {aside} ELSE 0 END"
    return (
        f"SELECT came.file_id, {unit} AS unit, SUM(came.vals) AS vals, "
        f"SUM({aside}) AS aside\n{_accepted(dataset, paths, forgets=forgets)}\nGROUP BY 1, 2"
    )


def select_invalid(dataset: Dataset, paths: Paths) -> str:
    """SELECT of (file_id, record, reason) of the records of `raw_<dataset>` that are rejected."""
    return (
        f"SELECT file_id, record, reason\n"
        f"FROM (SELECT file_id, record, {_first_reason(dataset, paths, is_plain=False)} AS reason\n"
        f"FROM raw_{dataset} WHERE is_staged = 0) AS validated\n"
        "WHERE reason IS NOT NULL\nORDER BY file_id, record"
    )


def select_misfits(dataset: Dataset, paths: Paths) -> str:
    """SELECT of (file_id, record, why each column's value does not fit it) of good records with such values.

    The columns are those of `misfit_columns`.
    """
    columns = misfit_columns(dataset)
    reasons = ",\n    ".join(
        f"{fitting.why_misfit(column, _label(paths[column.name]))} AS {column.name}" for column in columns
    )
    misfit = " OR ".join(f"{column.name} IS NOT NULL" for column in columns)
    return (
        f"SELECT * FROM (SELECT file_id, record,\n    {reasons}\n"
        f"FROM raw_{dataset} WHERE is_staged = 0 "
        f"AND {_first_reason(dataset, paths, is_plain=False)} IS NULL) AS found\n"
        f"WHERE {misfit}\nORDER BY file_id, record"
    )


def misfit_columns(dataset: Dataset) -> list[Column]:
    """The columns in which a wrong value costs only itself."""
    return [column for column in table(STAGING_TABLE[dataset]).reported if not column.is_strict]


def _accepted(dataset: Dataset, paths: Paths, *, forgets: bool) -> str:
    """The good records; with `gone` beside those of forgotten listeners, if there may be any."""
    listener = next((one for one in table(STAGING_TABLE[dataset]).reported if one.name == LISTENER), None)
    gone = (
        f"LEFT JOIN (SELECT user_id AS forgotten_id FROM {FORGOTTEN_TABLE}) AS gone "
        f"ON gone.forgotten_id = {fitting.typed(listener)}\n"
        if forgets and listener
        else ""
    )
    return (
        f"FROM raw_{dataset} AS came\n"
        "LEFT JOIN raw_extra AS x ON x.file_id = came.file_id AND x.record = came.record\n"
        f"{gone}"
        "WHERE came.is_staged = 0 AND COALESCE(x.is_rejected, 0) = 0 "
        f"AND {_first_reason(dataset, paths, is_plain=False)} IS NULL"
    )


def _typed_columns(dataset: Dataset) -> frozenset[str]:
    """The columns whose values a reader of doubles takes as they are, but for text."""
    return frozenset(
        column.name
        for column in table(STAGING_TABLE[dataset]).reported
        if column.kind in ("number", "timestamp")
        or (column.kind == "integer" and max(map(abs, fitting.bounds(column))) <= fitting.EXACT)
    )


def _accept_plain(dataset: Dataset, paths: Paths, typed: Collection[str]) -> str:
    """INSERT of the records in which every value fits, and moments are in milliseconds.

    The raw table holds these columns as DOUBLE; no value of theirs was text. It must take the very records
    for which `is_odd` does not hold.
    """
    target = table(STAGING_TABLE[dataset])
    names = [name for name in target.column_names if name != EXTRA]
    wrong, values = [], []
    for column in target.reported:
        is_double = column.name in typed
        value = fitting.of_double(column) if is_double else fitting.typed(column, is_plain=True)
        values.append(f"{value} AS {column.name}")
        wrong += fitting.wrong_doubles(column) if is_double else _reasons(column, paths, is_plain=True)
    selected = ",\n    ".join(values)
    return (
        f"INSERT INTO {target.name} ({', '.join(names)})\n"
        f"SELECT\n    :run_id, file_id, record,\n    {selected}\n"
        f"FROM raw_{dataset}\nWHERE {fitting.case(wrong)} IS NULL"
    )


def _first_reason(dataset: Dataset, paths: Paths, *, is_plain: bool) -> str:
    """Why a record is rejected; for a plain one also which value does not fit."""
    return fitting.case(
        [
            reason
            for column in table(STAGING_TABLE[dataset]).reported
            if is_plain or column.is_strict
            for reason in _reasons(column, paths, is_plain=is_plain)
        ]
    )


def _reasons(column: Column, paths: Paths, *, is_plain: bool) -> list[tuple[str, str]]:
    name = _label(paths[column.name])
    missing = (f"{column.name} IS NULL OR OCTET_LENGTH({column.name}) = 0", f"{name} is missing")
    return [*([missing] if column.required else []), *fitting.why_not(column, name, is_plain=is_plain)]
