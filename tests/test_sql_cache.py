"""Translations that are kept from one process to the next: used while they hold, and never missed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sparkify
from sparkify.sql_cache import TRANSLATING
from tests.builders import Run

SAY = "from sparkify.engines.dialect import to_duckdb; print(to_duckdb('SELECT LEN(a) AS n FROM t', {}))"
DEAF = "import sqlglot; sqlglot.parse = None; "
SAID = "SELECT LENGTH(a) AS n FROM t"


def python(script: str, kept: Path, *flags: str) -> str:
    """What a process prints that keeps its compiled files in this folder."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *flags, "-c", script],
        capture_output=True, text=True, check=False, env=environment | {"PYTHONPYCACHEPREFIX": str(kept)},
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.strip()


def translations(kept: Path) -> Path:
    [file] = kept.rglob("translations.json")
    return file


def test_what_one_process_translated_the_next_one_knows(tmp_path: Path) -> None:
    assert python(SAY, tmp_path) == SAID
    assert python(DEAF + SAY, tmp_path) == SAID


def test_values_are_not_kept(tmp_path: Path) -> None:
    python(SAY.replace("{}", "{'b': 'a secret'}").replace("FROM t", "FROM t WHERE b = :b"), tmp_path)

    assert "WHERE b = " in translations(tmp_path).read_text()
    assert "a secret" not in translations(tmp_path).read_text()


def test_nothing_that_somebody_wrote_or_asked_for_is_kept(
    loaded: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    own = "-- Whose?\nSELECT COUNT(*) AS n FROM songplay WHERE location <> 'Zq-own' AND title <> :title"
    (tmp_path / "mine" / "whose.sql").write_text(own)
    for kind in ("checks", "models"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "odd.sql").write_text(f"SELECT * FROM users WHERE last_name = 'Zq-{kind}'")
    (tmp_path / "dwg.cfg").write_text("[ASK]\nQUESTIONS = mine\n[ETL]\nCHECKS = checks\nMODELS = models\n")
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "kept"))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    for more in ((), ("--sql",)):
        for name in (("whose", "--param", "title=Zq-param"), ("most_played_songs", "--place", "Zq-place")):
            assert loaded("ask", *name, *more).returncode == 0
    api = "import sparkify; sparkify.connect().ask('whose', params={'title': 'Zq-api'})"
    subprocess.run([sys.executable, "-c", api], cwd=tmp_path, check=True)

    for command in (("etl", "--source", "music"), ("check",), ("rebuild",)):
        assert loaded(*command).returncode == 0

    kept = translations(tmp_path / "kept").read_text()
    assert "filtered_songplay" in kept
    assert "repeated_event" in kept
    assert "Zq-" not in kept


@pytest.mark.parametrize("spoiled", ["", "[]", "{}", '{"source": 1}', "\xff"])
def test_what_cannot_be_read_is_rebuilt(tmp_path: Path, spoiled: str) -> None:
    python(SAY, tmp_path)
    whole = translations(tmp_path).read_bytes()
    translations(tmp_path).write_bytes(spoiled.encode("latin-1"))

    assert python(SAY, tmp_path) == SAID
    assert translations(tmp_path).read_bytes() == whole


def test_what_another_version_translated_is_not_used(tmp_path: Path) -> None:
    python(SAY, tmp_path)
    held = json.loads(translations(tmp_path).read_text())
    held["source"][1][1] += 1
    held["statements"] = dict.fromkeys(held["statements"], "SELECT wrong")
    translations(tmp_path).write_text(json.dumps(held))

    assert python(SAY, tmp_path) == SAID


def test_where_nothing_can_be_kept_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert python(SAY, tmp_path / "file") == SAID
    assert python(SAY, tmp_path / "other", "-B") == SAID
    assert not (tmp_path / "other").exists()


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    many = (
        "from sparkify.engines.dialect import to_duckdb\nfor n in range(2_001): to_duckdb(f'SELECT {n} AS n')"
    )
    python(many, tmp_path)

    assert json.loads(translations(tmp_path).read_text())["statements"] == {}


def test_whatever_translates_is_known_to_the_cache() -> None:
    """A module that these import translates too, but for the errors that all raise."""
    root = Path(sparkify.__file__).parent
    for name in TRANSLATING:
        for line in (root / name).read_text().splitlines():
            if found := re.match(r"from sparkify\.([\w.]+) import", line):
                assert found[1] == "errors" or f"{found[1].replace('.', '/')}.py" in TRANSLATING, (name, line)
