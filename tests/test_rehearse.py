"""The rehearsal on the emulator: all steps, nothing left, what differs is named."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sparkify.errors import RehearsalError
from sparkify.rehearse import steps
from sparkify.rehearse.emulated import rehearse
from sparkify.rehearse.steps import COMPARE, COMPARE_REJECTS, STEPS, Stage, Step, require_equal
from tests.builders import Run, Source, play, song
from tests.torture import long


def test_the_rehearsal_walks_all_steps_and_finds_no_difference(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sparkify.cli.main", "rehearse"], cwd=tmp_path, capture_output=True, text=True,
        check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    walked = re.findall(r"^rehearsed +[\d.]+ s +(.+)$", done.stdout, re.M)
    assert walked == [name for name, _, _ in STEPS]
    assert all(line.startswith("rehearsed ") for line in done.stdout.splitlines()[:-1])
    assert len(re.findall(r"\bequal\b", done.stdout)) == 5
    assert list(tmp_path.iterdir()) == []


def rows_compared(said: str) -> dict[str, int]:
    """Rows of each star table that both engines agree on."""
    found = re.findall(r"(\w+) +equal +([\d,]+) +\2 ", said)
    return {name: int(rows.replace(",", "")) for name, rows in found}


@long
@pytest.mark.timeout(900)
def test_the_real_files_are_the_same_star_on_both_engines(run: Run, real_data: Path) -> None:
    done = run("rehearse", "--source", str(real_data))

    assert done.returncode == 0, done.stderr
    assert rows_compared(done.stdout) == {
        "songplay": 6820, "users": 97, "songs": 71, "artists": 69, "time": 6813,
    }  # fmt: skip


@long
@pytest.mark.timeout(900)
def test_a_month_with_faults_is_the_star_that_the_generator_knows_on_both_engines(
    run: Run, tmp_path: Path
) -> None:
    run("simulate", "music", "--events", "9000", "--days", "30", "--songs", "300", "--faults", "0.01")

    done = run("rehearse", "--source", "music")

    truth = json.loads((tmp_path / "music" / "truth.json").read_text())["runs"][0]
    assert done.returncode == 0, done.stderr
    assert rows_compared(done.stdout) == truth["star"]
    rejected = sum(map(int, re.findall(r"(\d+) rejected", done.stdout)))
    assert rejected == truth["records"]["rejected"] > 20


def test_rejects_that_one_engine_alone_has_end_a_rehearsal() -> None:
    head = "run_id,uri,reason\n"
    require_equal(f"{head}1,a,x\n2,b,y\n", f"{head}1,b,y\n1,a,x\n", "reject")  # one loaded it in another run

    for more in ("1,b,y\n", "1,a,x\n"):  # also the same reject once more
        with pytest.raises(RehearsalError, match=r"first at a reject that only DuckDB has: (a,x|b,y)$"):
            require_equal(f"{head}1,a,x\n", f"{head}1,a,x\n{more}", "reject")


def test_a_rehearsal_without_files_says_so_before_anything_begins(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty" / "song_data").mkdir(parents=True)

    done = run("rehearse", "--source", "empty")

    assert (done.returncode, done.stderr) == (
        2,
        "sparkify: empty holds no JSON file, neither in song_data/ nor in log_data/.\n",
    )


@long
def test_a_rehearsal_on_given_files_gathers_copies_and_names_what_differs(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.song(song())
    source.log(play(0), play(1), play(2, userId="x"))
    source.log(play(0, sessionId=39), day="2018-11-02")
    sql = "SELECT run_id, COUNT(*), COUNT(record) FROM stg_events GROUP BY run_id ORDER BY run_id"
    counted = ("count", "", ("query", sql, "--as-login", "--format", "csv", "--warehouse", "redshift"))
    spoil = ("spoil", "", ("query", "SELECT 1", "--warehouse", "local.duckdb"))
    compare = next(step for step in STEPS if step[0] == COMPARE)
    monkeypatch.setattr(steps, "STEPS", (*STEPS[:-1], counted, spoil, compare))
    # What would lead to the user's own account, cluster or warehouse leads nowhere.
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL_REDSHIFT", "SPARKIFY_REDSHIFT__HOST", "SPARKIFY_IAM__ARN"):
        monkeypatch.setenv(name, "nowhere")
    real = steps.walk

    def walk(name: str, script: str, command: tuple[str, ...], stage: Stage) -> Step:
        if name == "spoil":
            import duckdb

            with duckdb.connect(str(stage.folder / "local.duckdb")) as connection:
                connection.execute("DELETE FROM songplay WHERE item_in_session = 1")
        return real(name, script, command, stage)

    monkeypatch.setattr(steps, "walk", walk)
    walked: dict[str, str] = {}

    with pytest.raises(RehearsalError, match="the engines differ, first at songplay 38000001: only in A"):
        walked.update((step.name, step.out) for step in rehearse(source.folder, lambda _: None))

    assert walked["count"].splitlines()[1:] == ["1,2,2", "2,1,0"], "gathered, then a plain COPY"
    assert walked[COMPARE_REJECTS] == walked["list the rejects"]
    assert len(walked["list the rejects"].splitlines()) == 2
    assert os.environ["AWS_PROFILE"] == "nowhere"
