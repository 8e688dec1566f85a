"""The user's own models: each table is what one SELECT returns of the star, built again by every run.

Which tables these are is in the seal: the names, with digests of columns and SELECT. So nobody without the
key of the seals can pretend that a table is a model's. Each has a comment that goes with it: one that
somebody dropped and made again is theirs, and is never replaced.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from sparkify.engines.base import Engine, Reader, Result
from sparkify.engines.dialect import literal, tables_read
from sparkify.errors import ConfigError
from sparkify.formatting import count
from sparkify.ledger.digests import Built, Changes
from sparkify.ledger.seal import read_models
from sparkify.load.layout import read_columns
from sparkify.load.project import Project, naming
from sparkify.load.verdict import Verdict
from sparkify.progress import Progress
from sparkify.sql import schema
from sparkify.sql.own import Own

_FRACTIONS = ("double precision", "double", "real", "float")
_MARK = "A model of sparkify"
"""What the comments of models begin with."""


def standing(reader: Reader, there: Mapping[str, Sequence[str]] | None = None) -> dict[str, Built]:
    """The tables of models that stand as they were built; what else has such a name is somebody's own."""
    if not (built := read_models(reader)):
        return {}
    there = read_columns(reader) if there is None else there
    marked = {
        name
        for name, comment in reader.query(
            "SELECT c.relname, d.description FROM pg_catalog.pg_class AS c "
            "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = CURRENT_SCHEMA() "
            "JOIN pg_catalog.pg_description AS d ON d.objoid = c.oid AND d.objsubid = 0 "
            "WHERE c.relkind = 'r'"
        ).rows
        if comment and comment.startswith(_MARK)
    }
    return {
        name: one
        for name, one in built.items()
        if name in marked and _digest(there.get(name, ())) == one.columns
    }


def comment_of(model: Own) -> str:
    """What the database says of a model's table."""
    return f"{_MARK}. {model.meaning}".rstrip()


def is_stale(reader: Reader, project: Project) -> bool:
    """Whether a model is new, was changed or removed, or its table is not there."""
    found = {name: one.select for name, one in standing(reader).items()}
    return found != _selects(project) or found.keys() != read_models(reader).keys()


def build_models(engine: Engine, project: Project, changes: Changes, progress: Progress) -> dict[str, int]:
    """Build the table of each model, and drop those of models that are gone; return the rows of each.

    To be called inside a transaction. Raises ConfigError for a name that another table has, QueryError for a
    SELECT that the database refuses; both name the file.
    """
    if not (project.models or read_models(engine)):
        return {}
    there = read_columns(engine)
    ours = standing(engine, there)
    progress.step("building models")
    for name in sorted(ours.keys() - {model.name for model in project.models}):
        engine.execute(f"DROP TABLE {name}")
        progress.note(f"the model {name} is gone: this run drops its table.")
    _refuse_views(engine, project, there)
    selects, made, rows = _selects(project), list[str](), dict[str, int]()
    _refuse_others(project, there, ours)
    for model in project.models:
        with naming(model):
            columns = engine.query(_no_rows_of(model)).columns
            _require_names(model, columns)
            is_same = model.name in ours and ours[model.name].select == selects[model.name]
            is_same = is_same and not _is_altered(engine, model)
            if is_same and model.name in project.over_ours and [*columns] == [*there[model.name]]:
                # Whoever reads it meanwhile is not held up, and what was granted stays.
                engine.execute(f"DELETE FROM {model.name}")
                engine.execute(f"INSERT INTO {model.name}\n{model.text}")
            else:
                if model.name in ours:
                    engine.execute(f"DROP TABLE {model.name}")
                engine.execute(f"CREATE TABLE {model.name} AS\n{model.text}")
                engine.execute(f"COMMENT ON TABLE {model.name} IS {literal(comment_of(model))}")
                made.append(model.name)
            rows[model.name] = int(engine.query(f"SELECT COUNT(*) AS n FROM {model.name}").scalar())
    if made:
        engine.grant(made, ())
        there = read_columns(engine)
    changes.models = {name: Built(_digest(there[name]), select) for name, select in selects.items()}
    return rows


def require_runnable(reader: Reader, project: Project) -> None:
    """Raise as `build_models`, and for checks that the database refuses.

    A model that reads another one is looked at where that one's table is there.
    """
    there = read_columns(reader)
    _refuse_others(project, there, standing(reader, there))
    _refuse_views(reader, project, there)
    unbuilt = {model.name for model in project.models} - there.keys()
    for one in (*project.checks, *project.models):
        if unbuilt.isdisjoint(tables_read(one.text)):
            with naming(one):
                columns = reader.query(_no_rows_of(one)).columns
            if one in project.models:
                _require_names(one, columns)


def check_models(reader: Reader, project: Project) -> Sequence[Verdict]:
    """Whether each model's table holds what its SELECT returns now; nothing where there is no model."""
    built = read_models(reader)
    if not (project.models or built):
        return []
    there = read_columns(reader)
    ours, selects = standing(reader, there), _selects(project)
    gone = sorted(ours.keys() - {model.name for model in project.models})
    wrong = [(name, "its file is gone, and the next run drops it") for name in gone]
    for model in project.models:
        if model.name in there and model.name not in ours:
            wrong.append((model.name, "somebody made a table or view of that name: no run replaces it"))
        elif model.name not in ours:
            wrong.append((model.name, "it is missing, and the next run builds it"))
        elif ours[model.name].select != selects[model.name]:
            wrong.append((model.name, "its SELECT is another one now, and the next run builds it"))
        elif _is_altered(reader, model):
            wrong.append(
                (model.name, "a column has another type or default; `sparkify rebuild` builds it again")
            )
        elif differs := _compare(reader, model):
            wrong.append((model.name, f"{differs}; `sparkify rebuild` builds it again"))
    meaning = "The table of each model holds what its SELECT returns."
    told = "; ".join(f"{name}: {why}" for name, why in wrong)
    return [
        Verdict("models", meaning, Result(("name", "why"), wrong), told and f"{told}. Expected: {meaning}")
    ]


def _refuse_others(project: Project, there: Collection[str], ours: Collection[str]) -> None:
    """Raise ConfigError for a model whose name a table or view of somebody's own has."""
    for model in project.models:
        if model.name in there and model.name not in ours:
            raise ConfigError(
                f"{model.file}: the warehouse has a table or view {model.name} that is no model's. Give the "
                "model another name, or drop that one; nothing was published."
            )


def _refuse_views(reader: Reader, project: Project, there: Collection[str]) -> None:
    """Raise ConfigError for a model over a view of somebody's own, behind which another model may stand."""
    known = {*schema.ALL, *schema.VIEWS, *(model.name for model in project.models)}
    if not {name for model in project.models for name in tables_read(model.text)} & {*there} - known:
        return
    views = "SELECT table_name FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA() "
    others = {name for (name,) in reader.query(f"{views} AND table_type = 'VIEW'").rows} - known
    for model in project.models:
        if read := sorted(others & {*tables_read(model.text)}):
            raise ConfigError(
                f"{model.file}: it reads the view {read[0]}, behind which another model may stand, so nobody "
                "can say which is built first. Put its SELECT into a model; nothing was published."
            )


def _selects(project: Project) -> dict[str, int]:
    """A digest of each model's SELECT, with those of the models that it reads."""
    found: dict[str, int] = {}
    for model in project.models:
        read = [str(found[name]) for name in tables_read(model.text) if name in found]
        found[model.name] = _digest([model.text, *read])
    return found


def _compare(reader: Reader, model: Own) -> str:
    """How table and SELECT differ, in words; empty if they do not.

    Fractions are compared to seven digits: in which order an engine adds them up is not said.
    """
    columns = reader.query(
        "SELECT column_name, data_type FROM information_schema.columns "
        "WHERE table_schema = CURRENT_SCHEMA() AND table_name = :name ORDER BY ordinal_position",
        {"name": model.name},
    ).rows
    compared = [
        f'CASE WHEN ABS(m."{name}") > 1E30 THEN m."{name}" '
        f'WHEN ABS(m."{name}") >= 1E-30 THEN CAST(m."{name}" AS REAL) WHEN m."{name}" IS NOT NULL THEN 0 END'
        if kind.lower() in _FRACTIONS
        else f'm."{name}"'
        for name, kind in columns
    ]
    keys = [f"c{at}" for at in range(len(columns))]
    selected = ", ".join(f"{one} AS {key}" for one, key in zip(compared, keys, strict=True))
    both = f"SELECT {selected}, 1 AS n FROM {model.name} AS m"
    both += f"\nUNION ALL\nSELECT {selected}, -1 AS n FROM (\n{model.text}\n) AS m"
    with naming(model):
        [(more, fewer)] = reader.query(
            "SELECT COALESCE(SUM(CASE WHEN d.n > 0 THEN d.n END), 0) AS more, "
            "COALESCE(SUM(CASE WHEN d.n < 0 THEN -d.n END), 0) AS fewer "
            f"FROM (SELECT SUM(b.n) AS n FROM (\n{both}\n) AS b GROUP BY {', '.join(keys)}) AS d"
        ).rows
    if not (more or fewer):
        return ""
    more, fewer = count(int(more), "row"), count(int(fewer), "row")
    return f"it holds {more} that its SELECT does not return, and lacks {fewer}"


def _is_altered(reader: Reader, model: Own) -> bool:
    """Whether the model's table has other columns than its SELECT, as far as the engine can tell."""
    create = f"CREATE TABLE {model.name} AS SELECT * FROM (\n{model.text}\n) AS m LIMIT 0"
    with naming(model):
        return bool(reader.altered({model.name: create}))


def _no_rows_of(model: Own) -> str:
    """A statement that has the columns of the SELECT by the names that it gives them, and no row.

    A SELECT in a FROM clause would get other names where two are alike. Redshift documents LIMIT after a
    SELECT in parentheses only as the end of a set operation (UNION, INTERSECT, and EXCEPT).
    """
    return f"(\n{model.text}\n)\nUNION ALL\n(\n{model.text}\n)\nLIMIT 0"


def _require_names(model: Own, columns: Sequence[str]) -> None:
    """Raise ConfigError unless each column has a name of its own, the same on every engine."""
    number = Counter(name.lower() for name in columns)
    if not columns:
        raise ConfigError(f"{model.file}: its SELECT has no column.")
    for name in columns:
        if not re.fullmatch(r"[A-Za-z_]\w*", name) or number[name.lower()] > 1:
            why = "is there twice" if number[name.lower()] > 1 else "is no name"
            raise ConfigError(
                f"{model.file}: the column {name!r} {why}. Give it one with AS, of letters, digits and _; "
                "nothing was published."
            )


def _digest(texts: Iterable[str]) -> int:
    """A number that stands for these texts, and fits into JSON."""
    return int.from_bytes(hashlib.sha256("\0".join(texts).encode()).digest()[:6])
