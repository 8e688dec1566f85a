"""What may be left of a listener beside their own records: names of keys, and ids set aside with another's.

An app that makes keys of values writes a listener's number or name as the name of a key, which the ledger and
its warnings repeat. So where somebody is forgotten, the name of a key that no column takes is kept only if it
stands with a record that is left: a key whose values are all null is not told of then. And of a record that
gives userId twice, the one that does not count stands in `extra`, and so may a name that came with it.
"""

import contextlib
import json
from collections.abc import Collection, Mapping

from sparkify.engines.base import Engine, Paths, Value
from sparkify.engines.extra import SET_ASIDE, dump, pack_extra, unpack_extra
from sparkify.engines.key_tally import CUT, LONGEST_KEY, OTHER_KEYS
from sparkify.ledger.keys import erase_name, unknown_names
from sparkify.load.erase import listener_keys, listener_named, personal_keys, values_at


def has_key(
    engine: Engine, name: str, rows: str = "1 = 1", params: Mapping[str, Value] | None = None
) -> bool:
    """Whether an unknown key, as the ledger names it, stands in `extra` of one of these events."""
    return name == OTHER_KEYS or any(
        engine.query(
            f"SELECT file_id FROM stg_events WHERE STRPOS(extra, :mark) > 0 AND {rows} LIMIT 1",
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


def erase_names(engine: Engine) -> int:
    """Erase the names of keys that stand with no event any more, from the ledger and its warnings.

    Returns how many.
    """
    gone = [name for name in unknown_names(engine) if not has_key(engine, name)]
    for name in gone:
        erase_name(engine, name)
    return len(gone)


def erase_ids(
    engine: Engine,
    user_ids: Collection[int],
    paths: Paths,
    rows: str = "1 = 1",
    params: Mapping[str, Value] | None = None,
) -> dict[int, int]:
    """Erase these ids, and what came with them, where they are set aside with somebody else's event.

    `paths` are those of the feed. Returns how many values of each file.
    """
    erased: dict[int, int] = {}
    ids, personal = listener_keys(paths), personal_keys(paths)
    marks = {f"mark_{number}": f'"key":{dump(key)}' for number, key in enumerate(sorted(ids))}
    is_marked = " OR ".join(f"STRPOS(extra, :{name}) > 0" for name in marks)
    for file_id, record, extra in engine.query(
        f"SELECT file_id, record, extra FROM stg_events WHERE ({is_marked}) AND {rows}",
        {**marks, **(params or {})},
    ).rows:
        held = unpack_extra(extra)
        entries = [dict(one) for one in held.pop(SET_ASIDE, ())]
        named = {
            listener_named(value)
            for one in entries
            if one["key"] in ids
            for value in values_at(one["value"], ids[one["key"]])
        }
        if named.isdisjoint(user_ids):
            continue
        kept = [one for one in entries if one["key"] not in personal]
        erased[file_id] = erased.get(file_id, 0) + len(entries) - len(kept)
        engine.execute(
            "UPDATE stg_events SET extra = :extra WHERE file_id = :file_id AND record = :record",
            {
                "extra": pack_extra(held | ({SET_ASIDE: kept} if kept else {})),
                "file_id": file_id,
                "record": record,
            },
        )
    return erased
