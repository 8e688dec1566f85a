"""What is built holds all that it needs: the wheel the package, the source distribution the whole project."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOT_DISTRIBUTED = (".ci/", ".github/", ".gitignore")


def tracked() -> list[str]:
    """The files of the project, as git knows them."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("git does not say here which files are the project's")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and with the wheel that is made of it."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in tracked():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(source)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"nothing can be built here: {done.stderr[-200:] or done.stdout[-200:]}")
    assert done.returncode == 0, done.stderr + done.stdout
    return out


def test_the_source_distribution_holds_every_file_of_the_project(built: Path) -> None:
    [file] = built.glob("*.tar.gz")
    with tarfile.open(file) as held:
        names = {one.partition("/")[2] for one in held.getnames()}

    assert [name for name in tracked() if name not in names and not name.startswith(NOT_DISTRIBUTED)] == []


def test_the_wheel_holds_every_file_of_the_package_and_no_other(built: Path) -> None:
    [file] = built.glob("*.whl")
    with zipfile.ZipFile(file) as held:
        names = {name for name in held.namelist() if ".dist-info/" not in name}

    assert names == {name for name in tracked() if name.startswith("sparkify/")}


def test_what_the_wheel_holds_runs_in_an_empty_folder(built: Path, tmp_path: Path) -> None:
    [file] = built.glob("*.whl")
    with zipfile.ZipFile(file) as held:
        held.extractall(tmp_path / "installed")
    work = tmp_path / "work"
    work.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", *arguments], cwd=work, env=environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert run("-c", "import sparkify; print(sparkify.__file__)").startswith(str(tmp_path))
    run("-m", "sparkify", "simulate", "music", "--events", "500", "--days", "2", "--songs", "50")
    assert re.search(r"(\d+) of \1 passed", run("-m", "sparkify", "etl", "--source", "music"))
    assert "plays" in run("-m", "sparkify", "ask", "most_played_songs")
    run("-m", "sparkify", "report", "--out", "page.html")
    assert (work / "page.html").stat().st_size > 100_000
    run("-m", "sparkify", "init", "project")
    assert (work / "project" / "dwg.cfg").exists()
