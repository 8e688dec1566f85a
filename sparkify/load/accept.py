"""The step from raw table to staging: rejects are told, misfits are set aside, the rest is taken in.

It ends with a proof: of each file, the values that stand in its bytes are those of staging, and those set
aside.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sparkify.engines.base import STAGING_TABLE, Engine, Paths, Rules, Staged, Value
from sparkify.engines.extra import SET_ASIDE, TWICE, label, misfits_in
from sparkify.engines.moments import PLAIN, UNITS
from sparkify.engines.record import record_reader
from sparkify.errors import LoadError
from sparkify.formatting import count
from sparkify.ledger.rejects import Reject
from sparkify.ledger.state import read_forgotten
from sparkify.load import validation
from sparkify.load.rejects import Lines, look_up
from sparkify.load.traces import erase_named
from sparkify.source.file import Dataset, NewFile
from sparkify.sql import statement
from sparkify.sql.contract import values as values_of

PAGE = 10_000
"""Records that are looked up at once."""


class Values(NamedTuple):
    """The values of a file's good records that are not null."""

    read: int
    aside: int
    """Of these, kept in `extra`."""
    erased: int
    """Of these, of forgotten listeners; all others are in columns."""


def count_invalid(engine: Engine, dataset: Dataset, rules: Rules) -> int:
    """How many records of the raw table are rejected."""
    sql = validation.select_invalid(dataset, rules.paths)
    return int(engine.query(f"SELECT COUNT(*) AS n FROM ({sql}) AS wrong", rules.params).scalar())


def validate(
    engine: Engine, dataset: Dataset, files: Mapping[int, NewFile], rules: Rules
) -> Iterator[list[Reject]]:
    """Find the rejects of the raw table, so many at a time as fit into memory.

    At the end the table `raw_extra`, which it makes, says what `accept` takes.
    """
    engine.execute(statement("staging", "raw_extra").text)
    reader = record_reader(dataset, rules.paths)
    names = [column.name for column in validation.misfit_columns(dataset)]
    lines = Lines(files)
    for select, columns in (
        (validation.select_invalid, ["reason"]),
        (validation.select_misfits, names),
    ):
        for page in _pages(engine, select(dataset, rules.paths), ["file_id", "record", *columns], rules):
            wrong: dict[int, dict[int, Any]] = {}
            for file_id, record, *whys in page:
                reasons = {name: why for name, why in zip(columns, whys, strict=True) if why}
                wrong.setdefault(file_id, {})[record] = reasons
            for file_id, found in sorted(wrong.items()):
                is_invalid = columns == ["reason"]
                invalid = {record: why["reason"] for record, why in found.items()} if is_invalid else {}
                for told in look_up(lines, file_id, reader, invalid, {} if is_invalid else found):
                    engine.insert(
                        "raw_extra", ("file_id", "record", "extra", "aside", "is_rejected"), told.extras
                    )
                    if told.rejects:
                        yield told.rejects


def _pages(engine: Engine, sql: str, columns: Sequence[str], rules: Rules) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a SELECT by file and record, a page at a time; more than one page is worth a table."""
    first = engine.query(f"SELECT * FROM ({sql}) AS found ORDER BY 1, 2 LIMIT {PAGE + 1}", rules.params).rows
    if len(first) <= PAGE:
        if first:
            yield first
        return
    named = ", ".join(columns)
    engine.execute(f"CREATE TEMP TABLE raw_wrong AS SELECT {named} FROM ({sql}) AS found", rules.params)
    at: tuple[int, int] = (-1, -1)
    while page := engine.query(
        f"SELECT {named} FROM raw_wrong "
        "WHERE file_id > :file_id OR (file_id = :file_id AND record > :record) "
        f"ORDER BY file_id, record LIMIT {PAGE}",
        {"file_id": at[0], "record": at[1]},
    ).rows:
        yield page
        at = page[-1][0], page[-1][1]
    engine.execute("DROP TABLE raw_wrong")


def accept(
    engine: Engine, dataset: Dataset, run_id: int, rules: Rules, listeners: Paths
) -> tuple[dict[int, Values], set[tuple[int, str]]]:
    """Take the good records of the raw table into staging, after `validate`.

    Returns the values of each file, and (file_id, unit) of moments that are not in milliseconds. `listeners`
    are the paths of the feed's events: what is of somebody forgotten loses what is personal. Of files that
    are in staging whole, nothing is said; nor of records that a plain COPY brought.
    """
    forgets = not rules.is_in_order
    counted: dict[int, tuple[int, int]] = {}
    units = set[tuple[int, str]]()
    staged = (
        f"SELECT file_id, 0 AS unit, SUM(vals) AS vals, SUM(aside) AS aside FROM raw_{dataset} "
        "WHERE is_staged = 1 GROUP BY file_id"
    )
    for sql in (validation.select_accepted(dataset, rules.paths, forgets=forgets), staged):
        for file_id, unit, vals, aside in engine.query(sql, rules.params).rows:
            if file_id is not None:
                known = counted.get(file_id, (0, 0))
                counted[file_id] = known[0] + int(vals), known[1] + int(aside)
                if unit and UNITS[unit] != PLAIN:
                    units.add((file_id, UNITS[unit]))
    engine.execute(validation.accept(dataset, rules.paths, forgets=forgets), rules.params)
    engine.execute("DROP TABLE raw_extra")
    if not counted:
        return {}, units
    staging = STAGING_TABLE[dataset]
    if any(aside for _, aside in counted.values()) and (forgotten := read_forgotten(engine)):
        run: dict[str, Value] = {"run": run_id}
        erased = erase_named(engine, dataset, forgotten, listeners, "run_id = :run", run)
        for file_id, gone in erased.items():
            vals, aside = counted[file_id]
            counted[file_id] = vals, aside - gone.aside
    stored = dict(
        engine.query(
            f"SELECT file_id, {values_of(staging, staging)} AS vals FROM {staging} "
            "WHERE run_id = :run AND file_id BETWEEN :first AND :last GROUP BY file_id",
            {"run": run_id, "first": min(counted), "last": max(counted)},
        ).rows
    )
    values = {
        file_id: Values(vals, aside, vals - aside - int(stored.get(file_id, 0)))
        for file_id, (vals, aside) in counted.items()
    }
    return values, units


def count_misfits(
    engine: Engine, dataset: Dataset, run_id: int, counted: Mapping[int, Values], paths: Paths
) -> Counter[str]:
    """How many values of these files, after `accept`, do not fit their column, by the reason.

    A key of no column has no name in it: an app may make keys of what a listener is called.
    """
    found: Counter[str] = Counter()
    own = {label(path) + TWICE for path in paths.values()}
    if any(values.aside for values in counted.values()):
        for (extra,) in engine.query(
            f"SELECT extra FROM {STAGING_TABLE[dataset]} WHERE run_id = :run "
            f"AND file_id BETWEEN :first AND :last AND extra LIKE '%{SET_ASIDE}%'",
            {"run": run_id, "first": min(counted), "last": max(counted)},
        ).rows:
            found.update(
                f"a key of no column{TWICE}" if why.endswith(TWICE) and why not in own else why
                for why in misfits_in(extra)
            )
    return found


def conserved(uri: str, staged: Staged, counted: Mapping[int, Values], *, may_erase: bool) -> Values:
    """The values of a file, after `accept`. LoadError if one of them has no place."""
    values = counted.get(staged.file_id, Values(0, 0, 0))
    values = values._replace(read=values.read + (staged.values or 0))
    if values.erased < 0 or (values.erased and not may_erase):
        raise LoadError(
            f"{uri}: {count(values.read, 'value')} in the file, {values.read - values.erased:,} in the "
            "warehouse. That is an error of this program: nothing was published. "
            "Please report it, with the file if you can."
        )
    return values
