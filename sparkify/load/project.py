"""What a project adds to the warehouse: checks that every run must pass, and models, tables over the star.

Each is one SELECT of a file, in the dialect of sparkify's own statements. Those of a model may read tables of
other models, and are sorted by that.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sparkify.config import Config
from sparkify.engines.dialect import functions_of_others, is_reserved, tables_of_own, tables_read
from sparkify.errors import ConfigError, QueryError, WarehouseError
from sparkify.ledger.runs import WRITTEN_LAST
from sparkify.load.models import temporary_tables
from sparkify.sql import names, schema
from sparkify.sql.own import Own, read_own
from sparkify.sql_cache import unkept

OTHER_CHECKS = ("rules", "play_pages", "layout", "seal", "models", "freshness", "gaps")
"""Checks of ours that are no file."""
PREFIXES = ("etl_", "stg_", "load_", "raw_", "deep_")
"""What names of tables of ours begin with, in this version or a later one."""
OF_ENGINES = ("duckdb_", "pragma_", "sqlite_", "pg_", "stl_", "stv_", "svcs_", "svl_", "svv_", "sys_")
"""The same of tables of the engines, which a table of that name would hide."""
LONGEST_NAME = 63
MOST_MODELS = 100
"""A seal holds so many names beside the digests of our own tables."""
SEVERITIES = ("", "error", "warn")


@dataclass(frozen=True)
class Project:
    """Checks, and models in the order in which one reads the other."""

    checks: Sequence[Own] = ()
    models: Sequence[Own] = ()
    is_strict: bool = False
    """Whether a check that only warns refuses the run too."""

    @property
    def over_ours(self) -> set[str]:
        """The models that read, also through other models, no table but those of the warehouse.

        One that calls a function that is no standard one may read anything through it.
        """
        found: set[str] = set()
        for model in self.models:
            reads = {*tables_read(model.text)}
            if reads <= {*schema.ALL, *schema.VIEWS, *found} and not functions_of_others(model.text):
                found.add(model.name)
        return found


NO_PROJECT = Project()


def make_project(config: Config, *, strict: bool = False) -> Project:
    """The checks and models of this configuration. ConfigError names a file that cannot be used, and why."""
    with unkept():
        checks = _read(config.etl.checks, "CHECKS", "check", _is_check)
        models = _sorted(_read(config.etl.models, "MODELS", "table or view", _is_table))
    for one in checks:
        if one.severity not in SEVERITIES:
            raise ConfigError(f"{one.file}: severity is warn or error, not {one.severity!r}.")
    for one in models:
        if is_reserved(one.name):
            raise ConfigError(f"{one.file}: {one.name} is a word of SQL. Give it another name.")
        if len(one.name) > LONGEST_NAME:
            raise ConfigError(f"{one.file}: the name of a table has at most {LONGEST_NAME} characters.")
        if late := sorted(WRITTEN_LAST & {*tables_read(one.text)}):
            raise ConfigError(
                f"{one.file}: it reads {late[0]}, which a run writes after the models: it would always be "
                "one run late. Ask for it by a question of your own."
            )
    if len(models) > MOST_MODELS:
        raise ConfigError(f"[ETL] MODELS: {config.etl.models} holds more than {MOST_MODELS} models.")
    return Project(checks, models, strict)


@contextmanager
def naming(one: Own) -> Iterator[None]:
    """What is wrong with a statement in this block is said with its file; none is kept beside the program."""
    try:
        with unkept():
            yield
    except (QueryError, WarehouseError) as error:
        named = type(error)(f"{one.file}: {error}")
        named.brief = error.brief and f"{one.file}: {error.brief}"
        raise named from error


def _read(folder: str, setting: str, what: str, is_taken: Callable[[str], bool]) -> Sequence[Own]:
    found = read_own(folder, f"[ETL] {setting}", what, is_taken)
    for one in found:
        try:
            tables_of_own(one.text)
        except QueryError as error:
            raise ConfigError(f"{one.file}: {error}") from error
    return found


def _is_check(name: str) -> bool:
    return name in (*names("checks"), *OTHER_CHECKS) or name.startswith("deep_")


def _is_table(name: str) -> bool:
    ours = (*schema.ALL, *schema.VIEWS, *temporary_tables(is_everything=False), *names("affected"))
    return name in ours or name.startswith((*PREFIXES, *OF_ENGINES))


def _sorted(models: Sequence[Own]) -> Sequence[Own]:
    """Each after those that it reads. ConfigError for models that read each other."""
    left = {model.name: model for model in models}
    found = []
    while left:
        ready = [name for name, one in left.items() if not left.keys() & {*tables_read(one.text)}]
        if not ready:
            files = ", ".join(str(one.file) for one in left.values())
            raise ConfigError(f"{files}: models read themselves or each other in a circle. Break it.")
        found += [left.pop(name) for name in ready]
    return found
