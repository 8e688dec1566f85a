"""Validation of records against the column contract: which are good, which values do not fit, and why.

The rules are the staging tables' own columns: a required value is there, an integer is text equal to its own
cast (a cast alone takes '7.6' for 8 and '0x10' for 16), a number is finite, text fits its width in bytes. A
fraction of zero makes no other number: 7.0 is the integer 7, as in JSON Schema. So they are written by a
program from the DDL, in SQL that both engines run over raw tables whose columns are text. What identifies or
places a record is strict: a wrong value there rejects the record. Any other wrong value costs only itself:
its column is NULL, and what came is kept in `extra` with the reason.

Redshift compares text without the blanks at its end; so emptiness is asked of its length, and a blank
looked for.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any

from sparkify.engines.base import STAGING_TABLE, Paths, Reader, Rules
from sparkify.engines.dialect import literal
from sparkify.engines.extra import label as _label
from sparkify.ledger.state import FORGOTTEN_TABLE, has_forgotten
from sparkify.source.file import Dataset
from sparkify.sql.marks import range_of
from sparkify.sql.schema import EXTRA, LISTENER, Column, table

EARLIEST = dt.datetime(2000, 1, 1)
_EARLIEST_MS = (EARLIEST - dt.datetime(1970, 1, 1)) // dt.timedelta(milliseconds=1)
AHEAD = dt.timedelta(days=2)
"""A moment before the one, or further ahead of the clock than the other, has a wrong clock or unit."""

_EXACT = 2**53 - 1
"""Below its successor, a double is every integer exactly."""
_LARGEST = "CAST('1.7976931348623157e308' AS DOUBLE PRECISION)"
"""Of a text: written bare it would be a NUMERIC, which ends at 38 digits on Redshift."""
LATEST = 2**31 - 1
"""Minutes since 1970 that an INTEGER holds: far beyond any moment that is accepted."""
_SECONDS, _MILLISECONDS = 100_000_000_000, 100_000_000_000_000
"""Moments since 1970 are in seconds below the first, milliseconds below the second, else microseconds."""


def rules(dataset: Dataset, run_id: int, reader: Reader, paths: Paths, now: dt.datetime) -> Rules:
    """How a run validates these records; `now` is in UTC, without a zone.

    Those of forgotten listeners lose what is personal as they come in.
    """
    forgets = dataset == "events" and has_forgotten(reader)
    return Rules(
        accept=lambda typed: _accept_plain(dataset, paths, typed),
        typed=_typed_columns(dataset),
        is_odd=f"{_first_reason(dataset, paths, is_plain=True)} IS NOT NULL",
        params={"run_id": run_id, **latest_moment(now)},
        paths=paths,
        is_in_order=not forgets,
    )


def latest_moment(now: dt.datetime) -> dict[str, int]:
    """The last moment that is accepted, as statements name it."""
    latest = int((now + AHEAD - dt.datetime(1970, 1, 1)) / dt.timedelta(microseconds=1))
    return {"latest_ms": latest // 1000, "latest_us": latest}


def accept(dataset: Dataset, paths: Paths, *, forgets: bool) -> str:
    """INSERT of the good records of `raw_<dataset>` not staged yet, each value that fits in its column.

    `raw_extra` holds what was made of records with values that do not fit: their `extra`, or their rejection.
    """

    def value(column: Column) -> str:
        name = _label(paths[column.name])
        wrong = [] if column.is_strict else [why for why, _ in _rules(column, name, is_plain=False)]
        cases = " ".join(f"WHEN {one} THEN NULL" for one in wrong)
        return f"CASE {cases} ELSE {_typed(column)} END" if cases else _typed(column)

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
    """SELECT of (file_id, records, values, values that will be in `extra`), of what `accept` inserts."""
    aside = "came.aside + COALESCE(x.aside, 0)"
    if forgets:
        aside = f"CASE WHEN gone.forgotten_id IS NULL THEN {aside} ELSE 0 END"
    return (
        f"SELECT came.file_id, COUNT(*) AS records, SUM(came.vals) AS vals, SUM({aside}) AS aside\n"
        f"{_accepted(dataset, paths, forgets=forgets)}\nGROUP BY came.file_id"
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
        f"{_case(_rules(column, _label(paths[column.name]), is_plain=False))} AS {column.name}"
        for column in columns
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


def select_units() -> str:
    """SELECT of (file_id, unit, records) of the events whose moments are not in milliseconds."""
    whole = f"TRY_CAST({_present('ts')} AS BIGINT)"
    return (
        "SELECT file_id, unit, COUNT(*) AS records FROM ("
        f"SELECT file_id, CASE WHEN {whole} < {_SECONDS} THEN 'seconds' "
        f"WHEN {whole} >= {_MILLISECONDS} THEN 'microseconds' END AS unit "
        "FROM raw_events WHERE is_staged = 0) AS moments WHERE unit IS NOT NULL GROUP BY file_id, unit "
        "ORDER BY file_id, unit"
    )


def why_misfit(column: Column, key: str) -> str:
    """Why text that came under this key does not fit this column; NULL where it fits."""
    return _case(_rules(column, key, is_plain=False))


def typed(column: Column) -> str:
    """The value of this column, of text that fits it."""
    return _typed(column)


def _accepted(dataset: Dataset, paths: Paths, *, forgets: bool) -> str:
    """The good records; with `gone` beside those of forgotten listeners, if there may be any."""
    listener = next((one for one in table(STAGING_TABLE[dataset]).reported if one.name == LISTENER), None)
    gone = (
        f"LEFT JOIN (SELECT user_id AS forgotten_id FROM {FORGOTTEN_TABLE}) AS gone "
        f"ON gone.forgotten_id = {_typed(listener)}\n"
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
        or (column.kind == "integer" and max(map(abs, _bounds(column))) <= _EXACT)
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
        values.append(
            f"{_of_double(column) if is_double else _typed(column, is_plain=True)} AS {column.name}"
        )
        wrong += _wrong_doubles(column) if is_double else _reasons(column, paths, is_plain=True)
    selected = ",\n    ".join(values)
    return (
        f"INSERT INTO {target.name} ({', '.join(names)})\n"
        f"SELECT\n    :run_id, file_id, record,\n    {selected}\n"
        f"FROM raw_{dataset}\nWHERE {_case(wrong)} IS NULL"
    )


def _wrong_doubles(column: Column) -> list[tuple[str, str]]:
    """As `_reasons`, of a column that is read as DOUBLE."""
    name = column.name
    found = [(f"{name} IS NULL", "missing")] if column.required else []
    if column.kind == "number" and column.limits is None:
        return [*found, (f"ABS({name}) > {_LARGEST}", "infinite")]
    low, high = _bounds(column)
    if column.kind != "number":
        found.append((f"{name} <> TRUNC({name})", "no integer"))
    return [*found, (f"{name} NOT BETWEEN {low} AND {high}", "outside")]


def _of_double(column: Column) -> str:
    if column.kind == "number":
        return _unsigned_zero(column.name, f"ELSE {column.name}")
    whole = f"CAST({column.name} AS BIGINT)"
    return _moment(whole, 60_000, "ms") if column.kind == "timestamp" else f"CAST({whole} AS {column.type})"


def _bounds(column: Column) -> tuple[Any, Any]:
    """The least and the greatest value that this column takes; of a moment in milliseconds."""
    if column.kind == "timestamp":
        return _EARLIEST_MS, ":latest_ms"
    return column.limits or range_of(column.type)


def _first_reason(dataset: Dataset, paths: Paths, *, is_plain: bool) -> str:
    """Why a record is rejected; for a plain one also which value does not fit."""
    return _case(
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
    return [*([missing] if column.required else []), *_rules(column, name, is_plain=is_plain)]


def _case(found: list[tuple[str, str]]) -> str:
    return "CASE\n" + "\n".join(f"    WHEN {wrong} THEN {literal(why)}" for wrong, why in found) + "\nEND"


def _rules(column: Column, name: str, *, is_plain: bool) -> list[tuple[str, str]]:
    """(condition that is true of a wrong value, why it is wrong)."""
    text = column.name
    if column.kind == "text":
        return [
            (f"OCTET_LENGTH({text}) > {column.width}", f"{name} is longer than {column.width} bytes"),
            *(
                [(f"{text} LIKE ' %' OR {text} LIKE '% '", f"{name} has a blank at an end")]
                if column.is_unpadded
                else []
            ),
        ]
    if column.kind == "number":
        return [
            (
                f"OCTET_LENGTH({text}) > 0 AND ({text} ~ '[^0-9.eE+-]|[+]-' OR {_finite(text)} IS NULL)",
                f"{name} is not a number",
            ),
            *_range(column, name, _finite(text)),
        ]
    is_moment = column.kind == "timestamp"
    digits = text if is_moment else _digits(text)
    whole = f"TRY_CAST({_present(digits)} AS {'BIGINT' if is_moment else column.type})"
    # DuckDB reads -0 as 0 where it is no text.
    wrong = (
        f"({text} NOT IN ('-0', '-0.0') AND {digits} <> COALESCE(CAST({whole} AS VARCHAR(32)), '')) "
        f"OR {text} LIKE '% ' OR {text} = '.0'"
    )
    if not is_moment and max(map(abs, _bounds(column))) > _EXACT:
        wrong += f" OR ({text} LIKE '%.0' AND ABS({whole}) > {_EXACT})"
    what = "a moment" if is_moment else "an integer"
    return [
        (f"OCTET_LENGTH({text}) > 0 AND ({wrong})", f"{name} is not {what}"),
        *(_moments(name, text, is_plain) if is_moment else _range(column, name, whole)),
    ]


def _range(column: Column, name: str, value: str) -> list[tuple[str, str]]:
    if column.limits is None:
        return []
    low, high = column.limits
    return [(f"{value} NOT BETWEEN {low} AND {high}", f"{name} is outside {low} to {high}")]


def _moments(name: str, text: str, is_plain: bool) -> list[tuple[str, str]]:
    whole = f"TRY_CAST({_present(text)} AS BIGINT)"
    inside = (
        f"{whole} BETWEEN {_EARLIEST_MS} AND :latest_ms"
        if is_plain
        else f"{_microseconds(text)} BETWEEN {_EARLIEST_MS * 1000} AND :latest_us"
    )
    return [(f"NOT ({inside})", f"{name} is before 2000, or more than two days ahead of the clock")]


def _microseconds(text: str) -> str:
    """A moment since 1970, of whatever unit: those of 2000 to 5138 have other numbers in each."""
    whole = f"TRY_CAST({_present(text)} AS BIGINT)"
    return (
        f"CASE WHEN {whole} < 0 THEN 0 WHEN {whole} < {_SECONDS} THEN {whole} * 1000000 "
        f"WHEN {whole} < {_MILLISECONDS} THEN {whole} * 1000 ELSE {whole} END"
    )


def _typed(column: Column, *, is_plain: bool = False) -> str:
    if column.kind == "text":
        return column.name
    if column.kind == "number":
        number = _number(column.name)
        return _unsigned_zero(number, f"WHEN ABS({number}) <= {_LARGEST} THEN {number}")
    if column.kind == "timestamp":
        if is_plain:
            return _moment(f"TRY_CAST({_present(column.name)} AS BIGINT)", 60_000, "ms")
        return _moment(_microseconds(column.name), 60_000_000, "microsecond")
    return f"TRY_CAST({_present(_digits(column.name))} AS {column.type})"


def _moment(whole: str, minute: int, unit: str) -> str:
    """A moment, in minutes and what is left, since DATEADD counts in 32 bits.

    Whichever rows are looked at first: a moment that is rejected must not overflow either.
    """
    minutes = f"CAST(LEAST(GREATEST({whole}, 0), {LATEST * minute}) / {minute} AS INTEGER)"
    start = f"DATEADD(minute, {minutes}, CAST('1970-01-01 00:00:00' AS TIMESTAMP))"
    return f"DATEADD({unit}, CAST(MOD({whole}, {minute}) AS INTEGER), {start})"


def _digits(text: str) -> str:
    """An integer without its fraction of zero."""
    return f"CASE WHEN {text} LIKE '%.0' THEN LEFT({text}, LENGTH({text}) - 2) ELSE {text} END"


def _present(name: str) -> str:
    """NULL for blank text, which Redshift's TRY_CAST does not take."""
    return f"NULLIF(TRIM({name}), '')"


def _finite(name: str) -> str:
    """The number, or NULL where the text is none, or too large for one (DuckDB makes that infinite)."""
    number = _number(name)
    return f"CASE WHEN ABS({number}) <= {_LARGEST} THEN {number} END"


def _number(name: str) -> str:
    return f"TRY_CAST({_present(name)} AS DOUBLE PRECISION)"


def _unsigned_zero(number: str, otherwise: str) -> str:
    """0.0 for -0.0, which is equal and another row to a hash: the star would depend on what came first."""
    return f"CASE WHEN {number} = 0 THEN 0 {otherwise} END"
