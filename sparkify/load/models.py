"""The models of the star: each table is one SELECT of `sql/star`, with a key, and is refreshed by that key.

A run deletes the rows of the keys that it affects, and inserts what the SELECT says of them: what dbt calls
the incremental strategy delete+insert. For a rebuild the same SELECT runs over everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sparkify.engines.base import STAGING_TABLE
from sparkify.engines.relations import RELATIONS, definition
from sparkify.ledger.conflicts import ranked
from sparkify.ledger.files import is_retracted
from sparkify.sql import Statement, schema

NEW = "run_id BETWEEN :first_run AND :last_run"


@dataclass(frozen=True)
class Model:
    """A table of the star: the SELECT of its name gives the rows of a key from the records of that key."""

    table: str
    key: tuple[str, ...]
    affected: str
    """The temporary table of the keys that a run affects."""
    reads: tuple[str, ...]
    """What the SELECT reads the records of a key from."""
    kept: str = ""
    """The temporary table of these records, if several SELECTs read them."""
    needs: tuple[str, ...] = ()
    """SELECTs that it reads a temporary table of."""

    def of_affected(self, relation: str) -> str:
        """SELECT of the rows of a relation that are of affected keys."""
        keys = " AND ".join(f"a.{column} = r.{column}" for column in self.key)
        return f"SELECT r.* FROM {relation} AS r JOIN {self.affected} AS a ON {keys}"

    @property
    def affected_records(self) -> Mapping[str, str]:
        """For each relation that it reads, SELECT of the records of affected keys."""
        return {
            name: self.of_affected(f"({definition(name)})" if name in RELATIONS else name)
            for name in self.reads
        }


SONGPLAY = Model(
    "songplay", ("session_id", "item_in_session"), "affected_event", ("event",), "affected_record",
    ("repeated_event", "play_match"),
)  # fmt: skip
MODELS = (
    Model("songs", ("song_id",), "affected_song", ("stg_songs",)),
    Model("artists", ("artist_id",), "affected_artist", ("stg_songs", "songs")),
    Model("users", ("user_id",), "affected_user", ("event",)),
    SONGPLAY,
    Model("time", ("start_time",), "affected_time", ("songplay",)),
)
"""In the order in which one reads the other."""


def affected_keys(*, retracts: bool = False) -> Sequence[Statement]:
    """The statements that note which keys are affected by records of new runs, and by retracted ones."""
    changed = {
        f"changed_{dataset[:-1]}": f"SELECT * FROM {table} WHERE {NEW}"
        + (f" OR {is_retracted(dataset)}" if retracts else "")
        for dataset, table in STAGING_TABLE.items()
    }
    return [_temporary(model.affected, definition(model.affected, changed, "affected")) for model in MODELS]


def keep_records(model: Model, *, is_everything: bool) -> Sequence[Statement]:
    """The statements that make the temporary tables which a model reads."""
    records = {} if is_everything else model.affected_records
    kept = [_temporary(model.kept, records["event"])] if model.kept and records else []
    return kept + [_temporary(name, definition(name, _records(model, is_everything))) for name in model.needs]


def replace_rows(model: Model, *, is_everything: bool) -> Sequence[Statement]:
    """The statements that delete the rows of affected keys, or of all, and insert what they are now."""
    keys = " AND ".join(f"{model.affected}.{column} = {model.table}.{column}" for column in model.key)
    which = "" if is_everything else f" USING {model.affected} WHERE {keys}"
    columns = ", ".join(schema.table(model.table).column_names)
    select = definition(model.table, _records(model, is_everything))
    return [
        Statement(f"{model.table}_delete", "", f"DELETE FROM {model.table}{which}"),
        Statement(f"{model.table}_insert", "", f"INSERT INTO {model.table} ({columns})\n{select}"),
    ]


def refresh(*, is_everything: bool) -> Sequence[Statement]:
    """The statements that rebuild all tables of the star, for affected keys or for all."""
    found: list[Statement] = []
    for model in MODELS:
        found += keep_records(model, is_everything=is_everything)
        found += replace_rows(model, is_everything=is_everything)
    return found


def temporary_tables(*, is_everything: bool) -> Sequence[str]:
    """What `affected_keys` and `refresh` leave."""
    found = [name for model in MODELS for name in model.needs]
    if not is_everything:
        found += [name for model in MODELS for name in (model.affected, model.kept) if name]
    return found


def duplicates(*, is_everything: bool, is_retracting: bool = False) -> str:
    """SELECT of the duplicates and conflicts of each file, at affected keys."""
    counted = {"counted_event": "SELECT * FROM repeated_event", "counted_song": "SELECT * FROM affected_song"}
    if is_everything:
        counted["counted_song"] = "SELECT DISTINCT song_id FROM stg_songs"
    elif is_retracting:
        counted["counted_event"] = definition("repeated_event", SONGPLAY.affected_records)
    else:
        counted["event"] = f"SELECT * FROM {SONGPLAY.kept}"
    return definition("file_duplicate", {"ranked_record": ranked(counted)}, "ledger")


def all_duplicates() -> str:
    """The same of everything, from staging alone."""
    counted = {
        "counted_event": definition("repeated_event"),
        "counted_song": "SELECT DISTINCT song_id FROM stg_songs",
    }
    return definition("file_duplicate", {"ranked_record": ranked(counted)}, "ledger")


def _records(model: Model, is_everything: bool) -> Mapping[str, str]:
    """What stands for the relations that a model reads; nothing where it reads all of them."""
    if is_everything:
        return {}
    return {"event": f"SELECT * FROM {model.kept}"} if model.kept else model.affected_records


def _temporary(name: str, select: str) -> Statement:
    return Statement(name, "", f"CREATE TEMP TABLE {name} AS\n{select}")
