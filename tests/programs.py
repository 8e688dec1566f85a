"""The program of another day: with other SQL files, or with other columns."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sparkify import sql
from sparkify.load import rules, validation
from sparkify.sql import schema

Edits = Mapping[str, tuple[str, str]]
"""For a file below sparkify/sql the text that goes, which must be there, and the text that comes."""


@contextmanager
def other_sql(folder: Path, edits: Edits, new: Mapping[str, str] | None = None) -> Iterator[None]:
    """The program whose SQL files are edited so; `new` files come besides."""
    root = folder / "sql"
    shutil.copytree(sql.ROOT, root)
    for name, (old, text) in edits.items():
        file = root / name
        assert old in file.read_text()
        file.write_text(file.read_text().replace(old, text))
    for name, text in (new or {}).items():
        (root / name).write_text(text)
    cached = (sql.statement, schema.table, schema.view, rules.rules_digest)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sql, "ROOT", root)
            for one in cached:
                one.cache_clear()
            yield
    finally:
        for one in cached:
            one.cache_clear()


def other_columns(**changes: Mapping[str, Any]) -> Callable[[str], schema.Table]:
    """What takes the place of `table`: these columns have another contract."""

    def table(name: str) -> schema.Table:
        found = schema.table(name)
        columns = tuple(replace(one, **changes.get(one.name, {})) for one in found.columns)
        return replace(found, columns=columns)

    return table


def limit_items(patch: pytest.MonkeyPatch, last: int) -> None:
    """Validation rejects positions in a session beyond this one."""
    patch.setattr(validation, "table", other_columns(item_in_session={"limits": (0, last)}))
