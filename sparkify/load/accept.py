"""The step from raw table to staging: rejects are told, misfits are set aside, the rest is taken in.

It ends with a proof: of each file, the values that stand in its bytes are those of staging, and those set
aside.
"""

from collections.abc import Mapping
from typing import NamedTuple

from sparkify.engines.base import STAGING_TABLE, Dataset, Engine, NewFile, Rules
from sparkify.engines.extra import SET_ASIDE, misfits_in
from sparkify.engines.record import record_reader
from sparkify.errors import LoadError
from sparkify.formatting import count
from sparkify.load import validation
from sparkify.load.rejects import Reject, look_up
from sparkify.load.star import run_transform
from sparkify.sql.schema import table


class Values(NamedTuple):
    """The values of a file's good records that are not null."""

    read: int
    aside: int
    """Of these, kept in `extra`."""
    erased: int
    """Of these, of forgotten listeners; all others are in columns."""


def validate(engine: Engine, dataset: Dataset, files: Mapping[int, NewFile], rules: Rules) -> list[Reject]:
    """Find the rejects of the raw table; the table `raw_extra`, which it makes, says what `accept` takes."""
    invalid: dict[int, dict[int, str]] = {}
    for file_id, record, reason in engine.query(
        validation.select_invalid(dataset, rules.paths), rules.params
    ).rows:
        invalid.setdefault(file_id, {})[record] = reason
    names = [column.name for column in validation.misfit_columns(dataset)]
    misfits: dict[int, dict[int, dict[str, str]]] = {}
    for file_id, record, *whys in engine.query(
        validation.select_misfits(dataset, rules.paths), rules.params
    ).rows:
        reasons = {name: why for name, why in zip(names, whys, strict=True) if why}
        misfits.setdefault(file_id, {})[record] = reasons
    reader = record_reader(dataset, rules.paths)
    rejects: list[Reject] = []
    extras: list[tuple[int, int, str | None, int, int]] = []
    for file_id in sorted(invalid.keys() | misfits.keys()):
        told = look_up(files[file_id], reader, invalid.get(file_id, {}), misfits.get(file_id, {}))
        rejects += told.rejects
        extras += told.extras
    run_transform(engine, "raw_extra")
    engine.insert("raw_extra", ("file_id", "record", "extra", "aside", "is_rejected"), extras)
    return rejects


def accept(engine: Engine, dataset: Dataset, run_id: int, rules: Rules) -> dict[int, Values]:
    """Take the good records of the raw table into staging, after `validate`; the values of each file.

    Of files that are in staging whole, nothing is said; nor of records that a plain COPY brought.
    """
    forgets = not rules.is_in_order
    counted: dict[int, tuple[int, int]] = {}
    staged = (
        f"SELECT file_id, COUNT(*) AS records, SUM(vals) AS vals, SUM(aside) AS aside FROM raw_{dataset} "
        "WHERE is_staged = 1 GROUP BY file_id"
    )
    for sql in (validation.select_accepted(dataset, rules.paths, forgets=forgets), staged):
        for file_id, _, vals, aside in engine.query(sql, rules.params).rows:
            if file_id is not None:
                known = counted.get(file_id, (0, 0))
                counted[file_id] = known[0] + int(vals), known[1] + int(aside)
    engine.execute(validation.accept(dataset, rules.paths, forgets=forgets), rules.params)
    engine.execute("DROP TABLE raw_extra")
    if not counted:
        return {}
    values = " + ".join(f"COUNT({column.name})" for column in table(STAGING_TABLE[dataset]).reported)
    stored = dict(
        engine.query(
            f"SELECT file_id, {values} AS vals FROM {STAGING_TABLE[dataset]} "
            "WHERE run_id = :run AND file_id BETWEEN :first AND :last GROUP BY file_id",
            {"run": run_id, "first": min(counted), "last": max(counted)},
        ).rows
    )
    return {
        file_id: Values(vals, aside, vals - aside - int(stored.get(file_id, 0)))
        for file_id, (vals, aside) in counted.items()
    }


def count_misfits(
    engine: Engine, dataset: Dataset, run_id: int, counted: Mapping[int, Values]
) -> dict[str, int]:
    """How many values of these files, after `accept`, do not fit their column, by the reason."""
    found: dict[str, int] = {}
    if any(values.aside for values in counted.values()):
        for (extra,) in engine.query(
            f"SELECT extra FROM {STAGING_TABLE[dataset]} WHERE run_id = :run "
            f"AND file_id BETWEEN :first AND :last AND extra LIKE '%{SET_ASIDE}%'",
            {"run": run_id, "first": min(counted), "last": max(counted)},
        ).rows:
            for reason in misfits_in(extra):
                found[reason] = found.get(reason, 0) + 1
    return found


def require_conserved(uri: str, values: Values, *, may_erase: bool) -> None:
    """Raise LoadError if a value of this file has no place."""
    if values.erased < 0 or (values.erased and not may_erase):
        raise LoadError(
            f"{uri}: {count(values.read, 'value')} in the file, {values.read - values.erased:,} in the "
            "warehouse. That is an error of this program: nothing was published. "
            "Please report it, with the file if you can."
        )
