"""Where the output goes: a full disk, a closed stream, an old encoding, a reader who left, Ctrl-C."""

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import sparkify
from sparkify.cli import output
from sparkify.cli.main import main
from tests.builders import Run, Source, play

SPARKIFY = f"'{sys.executable}' -m sparkify.cli.main"


def shell(command: str, folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")} | variables
    return subprocess.run(
        f"{SPARKIFY} {command}",
        shell=True, cwd=folder, capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("command", "lost"),
    [
        ("ask plays_by_day", ">/dev/full"),
        ("tables show", ">/dev/full"),
        ("check", ">&-"),
        ("--help", ">/dev/full"),
    ],
)
def test_output_that_cannot_be_written_is_one_line(
    loaded: Run, tmp_path: Path, command: str, lost: str
) -> None:
    done = shell(f"{command} {lost}", tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("sparkify: the output cannot be written: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("lost", [">/dev/full", ">&-", "--format json >/dev/full"])
def test_a_run_whose_summary_is_lost_says_that_it_is_published(
    source: Source, tmp_path: Path, lost: str
) -> None:
    source.log(play(0))

    done = shell(f"etl --source music {lost}", tmp_path)

    assert done.returncode == 1
    assert "sparkify: run 1 is published, only the output cannot be written: " in done.stderr
    assert "Traceback" not in done.stderr
    assert len(json.loads(shell("runs --format json", tmp_path).stdout)) == 1


@pytest.mark.parametrize("deaf", ["2>/dev/full", "2>&-"])
def test_a_run_that_nobody_hears_is_published(source: Source, tmp_path: Path, deaf: str) -> None:
    source.log(play(0), "{broken")

    done = shell(f"etl --source music {deaf}", tmp_path)

    assert (done.returncode, "Run 1 is published" in done.stdout) == (0, True)


def test_a_character_that_the_encoding_lacks_is_escaped(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0, song="Björk ☃"))
    run("etl", "--source", "music")

    done = shell("ask most_played_songs --format csv", tmp_path, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "Bj\\xf6rk \\u2603" in done.stdout


@pytest.mark.parametrize("module", ["sparkify.cli.main", "sparkify.cli.load"])
def test_ctrl_c_during_the_imports_leaves_no_traceback(module: str) -> None:
    code = f"""
import sys
class Interrupted:
    def find_spec(self, name, path=None, target=None):
        if name == "{module}":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupted())
from sparkify.cli import run
run()
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    # click ends the line of a Ctrl-C that comes while it runs
    assert (done.returncode, done.stderr.removeprefix("\n")) == (130, "sparkify: interrupted.\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain naïve ☃", "plain naïve ☃"),
        ("a\tb\nc\x1b[31m", "a\\tb\\nc\\x1b[31m"),
        ("left\u202eright", "left\\u202eright"),
        ("no\u00a0break, a\u200dfamily", "no\u00a0break, a\u200dfamily"),
    ],
)
def test_what_would_steer_a_terminal_is_shown_escaped(text: str, shown: str) -> None:
    assert output.visible(text) == shown


def test_no_file_is_written_over_a_warehouse(loaded: Run, tmp_path: Path) -> None:
    before = (tmp_path / "sparkify.duckdb").read_bytes()

    for command in (["report", "--out"], ["distribution", "--chart"]):
        refused = loaded(*command, "sparkify.duckdb")

        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "sparkify.duckdb cannot be written: a warehouse lies there." in refused.stderr
    assert (tmp_path / "sparkify.duckdb").read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [["cluster", "status"], ["etl", "--source", "s3://a-bucket/b"], ["doctor", "--warehouse", "redshift"]],
)
def test_a_package_that_is_missing_is_named_with_what_brings_it(tmp_path: Path, arguments: list[str]) -> None:
    code = (
        "import sys; absent = ('boto3', 'botocore', 'obstore', 'redshift_connector'); "
        "sys.modules.update(dict.fromkeys(absent)); "
        f"sys.argv = ['sparkify', *{arguments}]; from sparkify.cli.main import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr
    assert "pip install '.[aws]' in its clone" in done.stderr + done.stdout


def test_rows_that_are_not_shown_are_spoken_of_unless_so_many_were_asked_for(
    loaded: Run, source: Source
) -> None:
    source.log(*(play(item, song=f"Song {item}") for item in range(12)), *["{"] * 101, day="2018-11-09")
    loaded("etl", "--source", "music", "--max-rejects", "1000")

    for command, most in ((["ask", "most_played_songs"], 10), (["rejects"], 100)):
        some, few, every = (loaded(*command, *more) for more in ([], ["--limit", "1"], ["--limit", "0"]))

        assert len(some.stdout.splitlines()) == 1 + most
        assert some.stderr == "... and more: --limit 0 gives them all.\n"
        assert (len(few.stdout.splitlines()), few.stderr) == (2, "")
        assert len(every.stdout.splitlines()) > 1 + most
        assert every.stderr == ""


@pytest.mark.parametrize(
    "columns", ["1 AS a, 2 AS a, 3 AS a_2", "1 AS a_2, 2 AS a, 3 AS a", "1 AS a, 2 AS a, 3 AS a"]
)
def test_no_value_is_dropped_where_columns_are_called_alike(
    loaded: Run, tmp_path: Path, columns: str
) -> None:
    done = loaded("query", f"SELECT {columns}", "--format", "json")
    assert sorted(json.loads(done.stdout)[0].values()) == [1, 2, 3], done.stdout
    answer = sparkify.connect(f"{tmp_path}/sparkify.duckdb").sql(f"SELECT {columns}")
    assert sorted(next(iter(answer)).values()) == [1, 2, 3]
    assert sorted(answer.pl().rows()[0]) == [1, 2, 3]


@pytest.mark.parametrize(
    "arguments", [("etl", "--source", "music"), ("init", "mine"), ("plan", "--source", "music")]
)
def test_a_path_that_nobody_may_look_into_is_one_line(
    arguments: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Whichever command is given it: root, as whom tests may run, may look into any."""

    def refuse(path: Path, *_: object, **__: object) -> bool:
        raise PermissionError(
            errno.EACCES, "Permission denied", f"/root/a\nsparkify: all is well/{path.name}"
        )

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["sparkify", *arguments])
    for name in ("is_dir", "mkdir", "exists"):
        monkeypatch.setattr(Path, name, refuse)

    with pytest.raises(SystemExit) as ended:
        main()

    said = capfd.readouterr().err
    assert ended.value.code == 1
    assert re.fullmatch(
        r"sparkify: /root/a\\nsparkify: all is well/\S+: permission denied\. Give .+\.\n", said
    )
