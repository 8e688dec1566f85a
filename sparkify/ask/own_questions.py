"""Questions of somebody's own: a folder of SQL files, each a SELECT in the dialect of sparkify's own."""

from collections.abc import Collection, Mapping, Sequence

from sparkify.engines.dialect import replace_tables, tables_named, tables_read
from sparkify.engines.macros import calls_of
from sparkify.errors import ConfigError, QueryError
from sparkify.sql import Statement, names, schema
from sparkify.sql import own as files
from sparkify.sql_cache import unkept

TOPIC = "own"
NAMES = ("first_name", "last_name")
"""Columns that name a listener."""
RAW = ("encoding", "value", "raw_text")
"""Columns of a record as it came, which may name one."""


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


def without_names(
    name: str, text: str, models: str, there: Collection[str] = (), functions: Collection[str] = ()
) -> str:
    """The same SELECT, where no listener has a name; a model of the folder `models` is its SELECT, likewise.

    Whatever is made of the names there, it is made of NULL. Raises ConfigError for a question that reads
    anything else than the star, the views and these models, or calls a function that somebody may have made:
    nobody can tell what is in there; and for one that calls a part of its WITH like something that is
    `there`, which it might read instead. `functions` are the macros of the warehouse.
    """
    found = files.read_own(models, "[ETL] MODELS", "table or view", lambda _: False)
    with unkept():
        held = {table: _without_names(table) for table in schema.STAR}
        held |= {view: f"SELECT * FROM {view}" for view in schema.VIEWS}
        try:
            return _nameless(name, text, held, {one.name: one.text for one in found}, there, functions)
        except QueryError as error:
            raise ConfigError(f"{name}: {error} Or ask it with --names.") from error


def _without_names(table: str) -> str:
    """SELECT of a table of the star: the columns that sparkify made."""
    columns = schema.table(table).columns
    said = (f"CAST(NULL AS {c.type}) AS {c.name}" if c.name in NAMES else c.name for c in columns)
    return f"SELECT {', '.join(said)} FROM {table}"


def _nameless(
    name: str,
    text: str,
    held: Mapping[str, str],
    models: Mapping[str, str],
    there: Collection[str],
    functions: Collection[str],
) -> str:
    """`held` are SELECTs that stand for tables; those of models are added where they are read."""
    require_select(name, text)
    if calls := calls_of(text, functions):
        raise ConfigError(f"{name} calls {calls[0]}, which may name listeners: --names answers it.")
    found = {}
    for table in tables_named(text):
        if table in models:
            others = {one: select for one, select in models.items() if one != table}
            found[table] = f"{_nameless(name, models[table], held, others, there, functions)}\n"
        elif table in held:
            found[table] = held[table]
        else:
            raise ConfigError(f"{name} reads {table}, which may name listeners: --names answers it.")
    return replace_tables(text, {**dict.fromkeys((*held, *models, *there), ""), **found})
