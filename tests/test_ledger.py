"""The ledger is named in one place: everything else calls functions of `sparkify.ledger`."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import sparkify
from sparkify.engines.base import Engine
from sparkify.load.forget import forget
from sparkify.load.run import MaxRejects, reload
from tests.builders import Noting, Source, etl, play, rows

ROOT = Path(sparkify.__file__).parent
TABLE = re.compile(r"\betl_[a-z_]+")
STANDS = re.compile(r"undone_in IS NULL\s+AND (?:\w+\.)?replaced_in IS NULL")
ANY = {"whichever"}
ELSEWHERE = {
    # They are what the ledger is made of.
    "sql/tables": ANY,
    "sql/migrations": ANY,
    "sql/schema.py": ANY,
    # What readers and analysts see of it, and may write themselves.
    "sql/views": ANY,
    "sql/questions/warehouse": {"etl_attempt", "etl_file", "etl_reject", "etl_warning"},
    "sql/explain": {"etl_file", "etl_play_page", "etl_run"},
    # They prove it: what they shared with it, they could not prove.
    "sql/checks": {"etl_file", "etl_forgotten", "etl_play_page", "etl_reject", "etl_run"},
    # The star's definitions read which pages are plays; their text is the version of the rules.
    "sql/star": {"etl_play_page"},
    # A copy for readers is known by the seal that its chain begins with.
    "engines/duckdb/snapshot.py": {"etl_seal"},
}
"""Where else its tables are named, and which."""


def texts() -> Iterator[tuple[str, str]]:
    """Each SQL file, and each text of a Python file that is no docstring: (path, text)."""
    for file in sorted(ROOT.rglob("*.sql")):
        yield str(file.relative_to(ROOT)), re.sub(r"--.*", "", file.read_text(encoding="utf-8"))
    for file in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
                yield str(file.relative_to(ROOT)), node.value


def place(path: str) -> str:
    """A folder of SQL files, or a Python file; the ledger is one place."""
    if path.startswith(("ledger/", "sql/ledger/")):
        return "the ledger"
    return path if path.endswith(".py") else str(Path(path).parent)


def test_only_the_ledger_names_its_tables() -> None:
    named: dict[str, set[str]] = {}
    for path, text in texts():
        named.setdefault(place(path), set()).update(TABLE.findall(text))

    assert named.pop("the ledger") >= {"etl_run", "etl_file", "etl_reject", "etl_key", "etl_seal", "etl_lock"}
    found = {where: tables for where, tables in named.items() if tables}
    assert {where: ANY if ELSEWHERE.get(where) is ANY else found[where] for where in found} == ELSEWHERE


def test_which_files_stand_is_said_once() -> None:
    homes = Counter(path for path, text in texts() for _ in STANDS.findall(text))

    assert homes.pop("sql/ledger/standing_file.sql") == 1
    for name in ("records_by_dataset", "unknown_keys"):  # of a view, as an analyst writes it
        assert homes.pop(f"sql/questions/warehouse/{name}.sql") == 1
    assert {Path(path).parent.name for path in homes} == {"checks"}  # they prove it
    assert set(homes.values()) == {1}


def test_a_run_counts_the_values_in_extra_of_its_files_that_stand(warehouse: Engine, source: Source) -> None:
    first = source.log(play(0) | {"mood": "blue"}, day="2018-11-01")
    source.log(play(1) | {"mood": "red"}, day="2018-11-02")
    etl(warehouse, source.folder)
    aside = "SELECT values_aside FROM etl_run ORDER BY run_id"
    assert rows(warehouse, aside) == [(2,)]

    source.log(play(0), day="2018-11-01")
    reload(warehouse, [str(first)], MaxRejects.parse("0"), Noting())
    assert rows(warehouse, aside) == [(1,), (0,)]

    forget(warehouse, 15, Noting())
    assert rows(warehouse, aside) == [(0,), (0,), (None,)]
