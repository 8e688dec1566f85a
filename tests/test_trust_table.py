"""docs/trust.md names tests that there are, and figures that were survived."""

import json
import re

from tests.conftest import ROOT
from tests.torture import FIGURES

TRUST = (ROOT / "docs" / "trust.md").read_text()
TESTS = "\n".join(file.read_text() for file in (ROOT / "tests").glob("test_*.py"))


def test_every_test_that_keeps_a_promise_exists() -> None:
    named = re.findall(r"`(test_\w+)`", TRUST)
    files = re.findall(r"`(tests/\w+\.py)`", TRUST)

    assert len(named) > 25
    assert [name for name in named if f"def {name}(" not in TESTS] == []
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_the_figures_are_those_of_the_last_long_run() -> None:
    figures = json.loads(FIGURES.read_text())

    assert re.findall(r"^\| ([^|`]+) \| ([\d,]+) \|$", TRUST, re.M) == [
        (what, f"{figure['count']:,}") for what, figure in figures.items()
    ]
