"""The judge: which raw records are good, and why the others are not.

Its rules are the staging tables' own columns: a required value is there, an integer is text equal to
its own cast (a cast alone takes '7.6' for 8 and '0x10' for 16), a number is finite, text fits its width
in bytes. So the judge is written by a program from the DDL, in SQL that both engines run. Redshift
compares text without the blanks at its end; so emptiness is asked of its length, and a blank looked for.
"""

from collections.abc import Callable

from sparkify.engines.base import STAGING_TABLE, Dataset, Reader, Rules
from sparkify.sql.schema import Column, json_key, table

RANGES = {
    "session_id": (0, 9_000_000_000_000),
    "item_in_session": (0, 999_999),
    "ts": (0, 4_102_444_800_000),
    "year": (0, 9999),
    "length": (0, 86_400),
    "duration": (0, 86_400),
}
"""What a value must lie between: a play's id is made of the first two; ts ends with the year 2099; no song is
longer than a day."""


PERSONAL = (
    "user_id", "first_name", "last_name", "gender", "location", "registration", "user_agent", "auth",
)  # fmt: skip
"""What a forgotten listener's events lose."""


def rules(dataset: Dataset, run_id: int, reader: Reader) -> Rules:
    """How a run judges these records; those of forgotten listeners lose what is personal as they come in."""
    forgets = dataset == "events" and reader.query("SELECT user_id FROM etl_forgotten LIMIT 1").rows
    take = accept_forgetting() if forgets else accept(dataset)
    return Rules(take, is_refused(dataset), {"run_id": run_id}, is_in_order=not forgets)


def accept_forgetting() -> str:
    """INSERT of good events, in which the forgotten are nobody."""
    listener = next(column for column in table("stg_events").reported if column.name == "user_id")
    forgotten = f"{_typed(listener)} IN (SELECT user_id FROM etl_forgotten)"
    return _insert(
        "events",
        lambda column: (
            f"CASE WHEN {forgotten} THEN NULL ELSE {_typed(column)} END"
            if column.name in PERSONAL
            else _typed(column)
        ),
    )


def accept(dataset: Dataset) -> str:
    """INSERT of the good records of `raw_<dataset>` into staging."""
    return _insert(dataset, _typed)


def _insert(dataset: Dataset, value: Callable[[Column], str]) -> str:
    target = table(STAGING_TABLE[dataset])
    typed = ",\n    ".join(f"{value(column)} AS {column.name}" for column in target.reported)
    return (
        f"INSERT INTO {target.name} ({', '.join(target.column_names)})\n"
        f"SELECT\n    :run_id, file_id, record,\n    {typed}\n"
        f"FROM raw_{dataset}\nWHERE {_reason(dataset)} IS NULL"
    )


def refuse(dataset: Dataset) -> str:
    """SELECT of (file_id, record, reason) of the records of `raw_<dataset>` that are not good."""
    return (
        f"SELECT file_id, record, reason\n"
        f"FROM (SELECT file_id, record, {_reason(dataset)} AS reason FROM raw_{dataset}) AS judged\n"
        "WHERE reason IS NOT NULL\nORDER BY file_id, record"
    )


def is_refused(dataset: Dataset) -> str:
    """The condition that holds for the records of `raw_<dataset>` that are not good."""
    return f"{_reason(dataset)} IS NOT NULL"


def _reason(dataset: Dataset) -> str:
    target = table(STAGING_TABLE[dataset])
    rules = []
    for column in target.reported:
        name = json_key(column.name) if dataset == "events" else column.name
        if column.required:
            rules.append((f"{column.name} IS NULL OR OCTET_LENGTH({column.name}) = 0", f"{name} is missing"))
        rules += [(wrong, f"{name} {why}") for wrong, why in _rules(column)]
    cases = "\n".join(f"    WHEN {wrong} THEN '{why}'" for wrong, why in rules)
    return f"CASE\n{cases}\nEND"


def _rules(column: Column) -> list[tuple[str, str]]:
    name = column.name
    if column.kind == "text":
        return [
            (f"OCTET_LENGTH({name}) > {column.width}", f"is longer than {column.width} bytes"),
            (
                f"({name} LIKE '[%' OR {name} LIKE '{{%') "
                f"AND (IS_VALID_JSON({name}) OR IS_VALID_JSON_ARRAY({name}))",
                "is a list or an object, not text",
            ),
        ]
    if column.kind == "number":
        return [
            (
                f"OCTET_LENGTH({name}) > 0 AND ({name} ~ '[^0-9.eE+-]' OR {_finite(name)} IS NULL)",
                "is not a number",
            ),
            *_range(name, _finite(name)),
        ]
    kind = "BIGINT" if column.kind == "timestamp" else column.type
    whole = f"TRY_CAST({_present(name)} AS {kind})"
    rules = [
        (
            f"OCTET_LENGTH({name}) > 0 "
            f"AND ({name} <> COALESCE(CAST({whole} AS VARCHAR(32)), '') OR {name} LIKE '% ')",
            "is not an integer",
        ),
    ]
    return [*rules, *_range(name, whole)]


def _range(name: str, value: str) -> list[tuple[str, str]]:
    if name not in RANGES:
        return []
    low, high = RANGES[name]
    return [(f"{value} NOT BETWEEN {low} AND {high}", f"is outside {low} to {high}")]


def _typed(column: Column) -> str:
    if column.kind == "text":
        return column.name
    if column.kind == "number":
        return _finite(column.name)
    if column.kind == "timestamp":
        # In minutes and milliseconds, since DATEADD counts in 32 bits.
        ms = f"TRY_CAST({_present(column.name)} AS BIGINT)"
        minute = f"DATEADD(minute, CAST({ms} / 60000 AS INTEGER), CAST('1970-01-01 00:00:00' AS TIMESTAMP))"
        return f"DATEADD(ms, CAST(MOD({ms}, 60000) AS INTEGER), {minute})"
    return f"TRY_CAST({_present(column.name)} AS {column.type})"


def _present(name: str) -> str:
    """NULL for blank text, which Redshift's TRY_CAST does not take."""
    return f"NULLIF(TRIM({name}), '')"


def _finite(name: str) -> str:
    """The number, or NULL where the text is none, or too large for one (DuckDB makes that infinite)."""
    number = f"TRY_CAST({_present(name)} AS DOUBLE PRECISION)"
    return f"CASE WHEN ABS({number}) <= 1.7976931348623157e308 THEN {number} END"
