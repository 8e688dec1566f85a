"""The distribution advisor as a user meets it."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sparkify.cli.distribution import distribution
from sparkify.distribution.workload import read_weights
from sparkify.errors import ConfigError
from sparkify.sql import statements
from tests.builders import Run
from tests.conftest import ROOT


def weigh(folder: Path) -> None:
    """Only one question is asked: a workload that is quick to work out."""
    rare = [one.name for one in statements("questions") if one.name != "most_active_users"]
    (folder / "weights.csv").write_text("".join(f"{name},0\n" for name in [*rare, "load"]))


def test_the_advice_is_read_by_people_and_drawn(loaded: Run, tmp_path: Path) -> None:
    weigh(tmp_path)

    done = loaded("distribution", "--weights", "weights.csv", "--chart", "advice.svg", "--limit", "2")

    assert done.returncode == 0, done.stderr
    assert "designs compared, on 4 x rg.large, 8 slices." in done.stdout
    assert "At this size no design is felt" in done.stdout
    assert "present" in done.stdout
    assert "nothing was changed" in done.stdout
    assert "ALTER TABLE" in done.stdout
    drawn = {node.text for node in ElementTree.parse(tmp_path / "advice.svg").iter()}
    assert {"Predicted: 4 x rg.large, 8 slices", "present", "EVEN", "ALL", "advised"} <= drawn


def test_the_advice_is_an_object_for_programs(loaded: Run, tmp_path: Path) -> None:
    weigh(tmp_path)

    done = loaded(
        "distribution", "--weights", "weights.csv",
        "--slices", "3", "--grow", "10", "--limit", "2", "--format", "json",
    )  # fmt: skip

    found = json.loads(done.stdout)
    assert (found["nodes"], found["slices"], found["grow"]) == (3, 3, 10)
    assert [one["rank"] for one in found["ranking"]] == [1, 2]
    assert found["compared"]["present"]["design"]["songplay"] == "KEY(songplay_id)"
    assert {"most_active_users", "songplay_insert"} <= {one["name"] for one in found["statements"]}


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("--slices", "8", "--nodes", "2"), "--slices says it all"),
        (("--node-type", "dc2.large"), "dc2.large can no longer be created"),
        (("--weights", "none.csv"), "none.csv cannot be read"),
        (("--weights", "weights.csv"), "no question 'sesions'"),
        (("--questions", "own"), "own is no SELECT"),
        (("--questions", "broken"), "cannot be read"),
    ],
)
def test_a_mistake_is_answered_in_one_line(
    loaded: Run, tmp_path: Path, flags: tuple[str, ...], complaint: str
) -> None:
    (tmp_path / "weights.csv").write_text("sesions,3\n")
    for name, sql in (("own", "DELETE FROM users WHERE user_id = 1"), ("broken", "SELECT FROM WHERE")):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.sql").write_text(sql)

    done = loaded("distribution", *flags)

    assert done.returncode in (1, 2)
    assert complaint in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_warehouse_that_is_not_there_is_no_subject_for_advice(run: Run) -> None:
    done = run("distribution")

    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no warehouse" in done.stderr


def test_the_commands_of_the_page_run(loaded: Run, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "distribution.md").read_text()
    shown = [line.partition(" #")[0].split() for line in page.splitlines() if line.startswith("sparkify ")]
    assert len(shown) == 5
    weigh(tmp_path)
    (tmp_path / "my_questions").mkdir()
    (tmp_path / "my_questions" / "lengths.sql").write_text("SELECT MAX(p.length) AS most FROM songplay AS p")

    done = loaded(*shown[3][1:])
    assert done.returncode == 0, done.stderr
    for line in shown:
        one = distribution.commands["measure"] if "measure" in line else distribution
        known = {flag for parameter in one.params for flag in parameter.opts}
        assert {word for word in line if word.startswith("--")} <= known


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("sessions\n", "line 1"), ("sessions,often\n", "line 1"), ("question,weight\nsessions,-1\n", "line 2")],
)
def test_weights_that_are_none_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "weights.csv"
    file.write_text(text)

    with pytest.raises(ConfigError, match=complaint):
        read_weights(file)
