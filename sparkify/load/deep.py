"""`check --deep`: the star, rebuilt from staging beside the one that stands, and compared row for row."""

from collections.abc import Sequence

from sparkify.engines.base import Engine, Result
from sparkify.engines.relations import definition
from sparkify.ledger.digests import read_digest
from sparkify.load.models import MODELS, Model, keep_records
from sparkify.load.text import fold, normal
from sparkify.load.verdict import SHOWN, Verdict
from sparkify.sql import schema


def check_deep(engine: Engine) -> Sequence[Verdict]:
    """Build every table of the star in a temporary one, and compare; nothing that stands is written to."""
    with engine.transaction():
        found = [_check_forms(engine), *(_check_model(engine, model) for model in MODELS)]
        for model in MODELS:
            for name in (_beside(model), *model.needs):
                engine.execute(f"DROP TABLE {name}")
    return found


def _check_model(engine: Engine, model: Model) -> Verdict:
    """Tables are read by those that come after them as they were built here, not as they stand."""
    built = {one.table: f"SELECT * FROM {_beside(one)}" for one in MODELS[: MODELS.index(model)]}
    for kept in keep_records(model, is_everything=True):
        engine.execute(kept.text)
    engine.execute(f"CREATE TEMP TABLE {_beside(model)} AS\n{definition(model.table, built)}")
    columns = schema.table(model.table).column_names
    rows = f"SELECT {', '.join(f'b.{column}' for column in columns)} FROM {_beside(model)} AS b"
    wrong: list[tuple[object, ...]] = []
    if read_digest(engine, model.table, rows) != read_digest(engine, model.table):
        stands = f"SELECT {', '.join(columns)} FROM {model.table}"
        for what, one, other in (("missing", rows, stands), ("not from staging", stands, rows)):
            apart = engine.query(f"SELECT d.* FROM ({one} EXCEPT {other}) AS d LIMIT {SHOWN}")
            wrong += [(what, *row) for row in apart.rows]
        wrong = wrong or [("there twice", *(None for _ in columns))]
    meaning = f"{model.table} is what the rules make of staging, row for row."
    return Verdict(f"deep_{model.table}", meaning, Result(("what", *columns), wrong[:SHOWN]))


def _check_forms(engine: Engine) -> Verdict:
    """The normal forms, which the star is built with: they are made by Python and not by SQL."""
    wrong = [
        (raw, kept)
        for raw, kept, folded in engine.query("SELECT raw_text, normal, folded FROM text_form").rows
        if (kept, folded) != (normal(raw), fold(raw))
    ]
    meaning = "text_form holds the normal form of each text."
    return Verdict("deep_text_form", meaning, Result(("raw_text", "normal"), wrong[:SHOWN]))


def _beside(model: Model) -> str:
    return f"deep_{model.table}"
