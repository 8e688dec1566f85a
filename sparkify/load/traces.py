"""What may be left of a listener beside their own records: names of keys, and ids set aside with another's.

An app that makes keys of values writes a listener's number or name as the name of a key, which the ledger and
its warnings repeat. So where somebody is forgotten, the name of a key that no column takes is kept only if it
stands with a record that is left: a key whose values are all null is not told of then. And a userId may stand
in `extra`: of a record that gives it twice, of a song, or where a JSONPaths file names another key.
"""

import contextlib
import json
from collections.abc import Collection, Mapping
from typing import NamedTuple

from sparkify.engines.base import STAGING_TABLE, Engine, Paths, Value
from sparkify.engines.extra import SET_ASIDE, count_extra, dump, pack_extra, unpack_extra
from sparkify.engines.key_tally import CUT, LONGEST_KEY, OTHER_KEYS
from sparkify.ledger.keys import erase_name, unknown_names
from sparkify.load.erase import listener_keys, listener_named, personal_keys, values_at
from sparkify.source.file import Dataset
from sparkify.sql.schema import EXTRA, LISTENER, table


class Erased(NamedTuple):
    """Values of a file that were erased: of columns, and of `extra`."""

    columns: int = 0
    aside: int = 0


def has_key(
    engine: Engine,
    dataset: Dataset,
    name: str,
    rows: str = "1 = 1",
    params: Mapping[str, Value] | None = None,
) -> bool:
    """Whether an unknown key, as the ledger names it, stands in `extra` of one of these records."""
    return name == OTHER_KEYS or any(
        engine.query(
            f"SELECT file_id FROM {STAGING_TABLE[dataset]} WHERE STRPOS(extra, :mark) > 0 AND {rows} LIMIT 1",
            {"mark": mark, **(params or {})},
        ).rows
        for mark in _marks(name)
    )


def _marks(name: str) -> list[str]:
    """How a key may stand in `extra`: the ledger cuts long names, and escapes what no terminal shows."""
    is_cut = name.endswith(CUT) and len(name.encode()) > LONGEST_KEY - 4  # at the end of a character
    names = [name.removesuffix(CUT) if is_cut else name]
    with contextlib.suppress(ValueError):
        names.append(json.loads(f'"{names[0]}"'))
    return sorted({dump(one)[:-1] if is_cut else f"{dump(one)}:" for one in names})


def erase_names(engine: Engine, datasets: Collection[Dataset]) -> int:
    """Erase the names of keys that stand with no record any more, from the ledger and its warnings.

    Returns how many.
    """
    number = 0
    for dataset in datasets:
        for name in unknown_names(engine, dataset):
            if not has_key(engine, dataset, name):
                erase_name(engine, dataset, name)
                number += 1
    return number


def erase_named(
    engine: Engine,
    dataset: Dataset,
    user_ids: Collection[int],
    paths: Paths,
    rows: str = "1 = 1",
    params: Mapping[str, Value] | None = None,
) -> dict[int, Erased]:
    """Erase what is of these listeners by what `extra` says: another userId than the record's, or a song's.

    An event that has no other listener is theirs, as a whole. Of somebody else's event, and of a song, the
    columns stay. `paths` are those of the feed's events. Returns what was erased of each file.
    """
    erased: dict[int, Erased] = {}
    ids, personal = listener_keys(paths), personal_keys(paths)
    staging = table(STAGING_TABLE[dataset])
    columns = [name for name in staging.personal if name != EXTRA]
    counted = " + ".join(f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END" for name in columns) or "0"
    listener = LISTENER if columns else "0"
    marks = {f"mark_{number}": dump(key) for number, key in enumerate(sorted(ids))}
    is_marked = " OR ".join(f"STRPOS(extra, :{name}) > 0" for name in marks)
    for file_id, record, of, values, extra in engine.query(
        f"SELECT file_id, record, {listener} AS listener, {counted} AS vals, extra FROM {staging.name} "
        f"WHERE ({is_marked}) AND {rows}",
        {**marks, **(params or {})},
    ).rows:
        held = unpack_extra(extra)
        entries = [dict(one) for one in held.pop(SET_ASIDE, ())]
        said = [*held.items(), *((one["key"], one["value"]) for one in entries)]
        named = {
            listener_named(value) for key, below in said if key in ids for value in values_at(below, ids[key])
        }
        if named.isdisjoint(user_ids):
            continue
        kept, nothing = None, ""
        if columns and of is not None:
            entries = [one for one in entries if one["key"] not in personal]
            rest = {key: value for key, value in held.items() if key not in personal}
            kept = pack_extra(rest | ({SET_ASIDE: entries} if entries else {}))
        elif columns:
            nothing = "".join(f", {name} = NULL" for name in columns)
        before = erased.get(file_id, Erased())
        gone = count_extra(extra) - (count_extra(kept) if kept else 0)
        erased[file_id] = Erased(before.columns + (int(values) if nothing else 0), before.aside + gone)
        where = "WHERE file_id = :file_id AND record = :record"
        engine.execute(
            f"UPDATE {staging.name} SET extra = :extra{nothing} {where}",
            {"extra": kept, "file_id": file_id, "record": record},
        )
    return erased
