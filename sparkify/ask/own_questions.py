"""Questions of somebody's own: a folder of SQL files, each a SELECT in the dialect of sparkify's own."""

from collections.abc import Mapping, Sequence

from sparkify.engines.dialect import inline, tables_read
from sparkify.errors import ConfigError, QueryError
from sparkify.sql import Statement, names, schema
from sparkify.sql import own as files
from sparkify.sql_cache import unkept

TOPIC = "own"
NAMES = ("first_name", "last_name")
"""Columns that name a listener."""
_NAMELESS = {*schema.STAR, *schema.VIEWS} - {"users"}
"""What names nobody."""


def read_own(folder: str) -> Sequence[Statement]:
    """The statements of a folder, sorted by name; none for no folder.

    Raises as `sparkify.sql.own.read_own`.
    """
    found = files.read_own(folder, "[ASK] QUESTIONS", "question", names("questions").__contains__)
    return [Statement(one.name, one.meaning, one.text, TOPIC) for one in found]


def require_select(name: str, text: str) -> None:
    """Raise ConfigError unless this is one SELECT over tables."""
    with unkept():
        try:
            tables_read(text)
        except QueryError as error:
            raise ConfigError(f"{name}: {error}") from error


def without_names(name: str, text: str, models: str) -> str:
    """The same SELECT, where no listener has a name; a model of the folder `models` is its SELECT, likewise.

    Whatever is made of the names there, it is made of NULL. Raises ConfigError for a question that reads
    anything else than the star, the views and these models: nobody can tell what is in there.
    """
    found = files.read_own(models, "[ETL] MODELS", "table or view", lambda _: False)
    with unkept():
        return _nameless(name, text, {one.name: one.text for one in found}, ())


def _nameless(name: str, text: str, models: Mapping[str, str], within: tuple[str, ...]) -> str:
    held = {}
    for table in tables_read(text):
        if table == "users":
            columns = schema.table("users").columns
            said = (f"CAST(NULL AS {c.type}) AS {c.name}" if c.name in NAMES else c.name for c in columns)
            held[table] = f"SELECT {', '.join(said)} FROM users"
        elif table in models and table not in within:
            held[table] = f"{_nameless(name, models[table], models, (*within, table))}\n"
        elif table not in _NAMELESS:
            raise ConfigError(f"{name} reads {table}, which may name listeners: --names answers it.")
    return inline(text, held) if held else text
