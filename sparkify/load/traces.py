"""What may be left of a listener beside their own records: names of keys, and ids set aside with another's.

An app that makes keys of values writes a listener's number or name as the name of a key, which the ledger and
its warnings repeat. So where somebody is forgotten, the name of a key that no column takes is kept only if it
stands with a record that is left: a key whose values are all null is not told of then. And of a record that
gives userId twice, the one that does not count stands in `extra`.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sparkify.engines.base import Engine, Value
from sparkify.engines.extra import SET_ASIDE, dump, pack_extra, unpack_extra
from sparkify.ledger.keys import erase_name, unknown_names
from sparkify.sql.schema import LISTENER, table


def has_key(
    engine: Engine, name: str, rows: str = "1 = 1", params: Mapping[str, Value] | None = None
) -> bool:
    """Whether an unknown key stands in `extra` of one of these events."""
    found = engine.query(
        f"SELECT file_id FROM stg_events WHERE STRPOS(extra, :mark) > 0 AND {rows} LIMIT 1",
        {"mark": f"{dump(name)}:", **(params or {})},
    )
    return bool(found.rows)


def erase_names(engine: Engine) -> None:
    """Erase the names of keys that stand with no event any more, from the ledger and its warnings."""
    for name in unknown_names(engine):
        if not has_key(engine, name):
            erase_name(engine, name)


def erase_ids(
    engine: Engine, user_ids: Collection[int], rows: str = "1 = 1", params: Mapping[str, Value] | None = None
) -> dict[int, int]:
    """Erase these ids where they are set aside with somebody else's event; how many values of each file."""
    key = next(one.key for one in table("stg_events").columns if one.name == LISTENER)
    erased: dict[int, int] = {}
    for file_id, record, extra in engine.query(
        f"SELECT file_id, record, extra FROM stg_events WHERE STRPOS(extra, :mark) > 0 AND {rows}",
        {"mark": f'"key":{dump(key)}', **(params or {})},
    ).rows:
        held = unpack_extra(extra)
        entries = [dict(one) for one in held.pop(SET_ASIDE)]
        kept = [one for one in entries if one["key"] != key or _as_id(one["value"]) not in user_ids]
        if gone := len(entries) - len(kept):
            erased[file_id] = erased.get(file_id, 0) + gone
            engine.execute(
                "UPDATE stg_events SET extra = :extra WHERE file_id = :file_id AND record = :record",
                {
                    "extra": pack_extra(held | ({SET_ASIDE: kept} if kept else {})),
                    "file_id": file_id,
                    "record": record,
                },
            )
    return erased


def _as_id(value: Any) -> int | None:
    """The listener whom a value names.

    >>> _as_id("77.0"), _as_id("Lily")
    (77, None)
    """
    try:
        return int(float(value))
    except (TypeError, ValueError, OverflowError):
        return None
