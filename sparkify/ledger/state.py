"""What the whole warehouse was made with: its layout, the star's rules, the pages of plays, the forgotten."""

import datetime as dt
from collections.abc import Collection, Sequence

import sparkify
from sparkify.engines.base import Engine, Reader, Result
from sparkify.errors import WarehouseError

VERSION_TABLE = "etl_version"
"""The owner's table of the layout's version: a database that has it is a warehouse of ours."""
PAGES_TABLE = "etl_play_page"
"""Each page whose events are plays."""
FORGOTTEN_TABLE = "etl_forgotten"
"""The listeners who are forgotten."""


def this_program() -> str:
    """This program, as seals and messages name it."""
    return f"sparkify {sparkify.__version__}"


def read_version(reader: Reader, table: str = VERSION_TABLE) -> int:
    """The layout's version, as this table says it, or the view that readers see. WarehouseError without."""
    found = reader.query(f"SELECT MAX(version) AS version FROM {table}").scalar()
    if found is None:
        raise WarehouseError(
            f"{VERSION_TABLE} has no row: something else than sparkify deleted it. "
            "Restore a copy of the warehouse."
        )
    return int(found)


def add_version(engine: Engine, version: int) -> None:
    """Note the layout that the warehouse has now."""
    engine.insert(VERSION_TABLE, ("version",), [(version,)])


def read_rules(reader: Reader) -> str | None:
    """The digest of the rules that built this star; None if nothing has built it yet."""
    found: str | None = reader.query(f"SELECT MAX(rules) AS rules FROM {VERSION_TABLE}").scalar()
    return found


def write_rules(engine: Engine, digest: str) -> None:
    """Note which rules have built the whole star."""
    engine.execute(f"UPDATE {VERSION_TABLE} SET rules = :rules", {"rules": digest})


def read_play_pages(reader: Reader) -> list[str]:
    """The pages whose events are plays, sorted."""
    return [page for (page,) in reader.query(f"SELECT page FROM {PAGES_TABLE} ORDER BY page").rows]


def write_play_pages(engine: Engine, pages: Sequence[str]) -> None:
    """Say which pages' events are plays."""
    engine.execute(f"DELETE FROM {PAGES_TABLE}")
    engine.insert(PAGES_TABLE, ("page",), [(page,) for page in sorted(set(pages))])


def list_forgotten(reader: Reader) -> Result:
    """Who is forgotten, by which run and when: what `forget --list` takes to another warehouse."""
    return reader.query(f"SELECT user_id, run_id, forgotten_at FROM {FORGOTTEN_TABLE} ORDER BY user_id")


def read_forgotten(reader: Reader) -> frozenset[int]:
    """The listeners who are forgotten."""
    return frozenset(user_id for (user_id,) in reader.query(f"SELECT user_id FROM {FORGOTTEN_TABLE}").rows)


def has_forgotten(reader: Reader) -> bool:
    """Whether any listener is forgotten."""
    return bool(reader.query(f"SELECT user_id FROM {FORGOTTEN_TABLE} LIMIT 1").rows)


def add_forgotten(engine: Engine, run_id: int, user_ids: Collection[int], now: dt.datetime) -> None:
    """Note that this run forgets these listeners."""
    rows = [(user_id, run_id, now) for user_id in sorted(user_ids)]
    engine.insert(FORGOTTEN_TABLE, ("user_id", "run_id", "forgotten_at"), rows)


FORGOTTEN = f"SELECT user_id FROM {FORGOTTEN_TABLE}"
"""SELECT of all who are forgotten."""
