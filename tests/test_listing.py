"""What lies in the source: all data files are found, and everything else is named with a reason."""

import csv
import gzip
import io
import json
import os
from pathlib import Path

import pytest

from sparkify.config import S3
from sparkify.engines.base import Engine
from sparkify.load.files import make_plan
from sparkify.source.listing import Listing, list_source, survey_source, warn_passed_over
from sparkify.source.local import local_path
from sparkify.source.passed_over import PassedOver
from tests.builders import Run, Source, etl, play


def add(source: Source, name: str, content: bytes = b"{}") -> Path:
    return source.write(source.folder / "log_data" / name, content)


def survey(source: Source) -> Listing:
    return survey_source(S3(source=str(source.folder)))


def listed(source: Source) -> list[str]:
    root = source.folder / "log_data"
    return [Path(local_path(file.uri)).relative_to(root).as_posix() for file in survey(source).files]


def passed_over(source: Source) -> list[tuple[str, str]]:
    return [
        (Path(local_path(one.uri)).relative_to(source.folder).as_posix(), one.reason)
        for one in survey(source).passed_over
    ]


@pytest.mark.parametrize("packed", ["", ".gz", ".zst", ".zstd", ".bz2", ".GZ"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".ndjson", ".JSON"])
def test_a_data_file_is_known_by_the_end_of_its_name(source: Source, suffix: str, packed: str) -> None:
    add(source, f"a{suffix}{packed}")

    assert listed(source) == [f"a{suffix}{packed}"]
    assert passed_over(source) == []


@pytest.mark.parametrize(
    ("name", "named"),
    [
        (".ipynb_checkpoints/a-checkpoint.json", ".ipynb_checkpoints"),
        ("2018/_temporary/0/part.json", "2018/_temporary"),
        (".Trash-1000/files/a.json", ".Trash-1000"),
        (".a.json", ".a.json"),
        ("_SUCCESS", "_SUCCESS"),
        ("_a.json", "_a.json"),
        (".a.json.crc", ".a.json.crc"),
        ("a.json._COPYING_", "a.json._COPYING_"),
        ("2018._COPYING_/a.json", "2018._COPYING_"),
    ],
)
def test_hidden_and_temporary_files_and_folders_are_passed_over(
    source: Source, name: str, named: str
) -> None:
    add(source, name)

    assert listed(source) == []
    assert passed_over(source) == [(f"log_data/{named}", "hidden or temporary")]


@pytest.mark.parametrize("name", ["_year=2018/a.json", "x_/a.json", "a._b.json", "2018.11/a.json"])
def test_a_partition_and_a_mark_inside_a_name_hide_nothing(source: Source, name: str) -> None:
    add(source, name)

    assert listed(source) == [name]


def test_what_lies_above_the_source_hides_nothing(tmp_path: Path) -> None:
    source = Source(tmp_path / "_work" / ".cache")
    add(source, "a.json")

    assert listed(source) == ["a.json"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.log", "not a JSON file"),
        ("a.json.1", "not a JSON file"),
        ("a.json.tmp", "not a JSON file"),
        ("events", "not a JSON file"),
        ("a.csv", "not a JSON file"),
        ("a.csv.gz", "not a JSON file"),
        ("a.parquet", "not a JSON file"),
        ("a.json.xz", "compressed as xz, which is not read"),
        ("a.ndjson.LZ4", "compressed as lz4, which is not read"),
        ("a.json.zip", "compressed as zip, which is not read"),
        ("a.zip", "an archive, which is not unpacked"),
        ("a.tar.gz", "an archive, which is not unpacked"),
        ("README.md", "documentation, settings, a report or a warehouse"),
        ("readme_of_events.log", "not a JSON file"),
        (os.fsdecode(b"\xff.log"), "not a JSON file"),
    ],
)
def test_a_file_that_is_not_loaded_has_a_reason(source: Source, name: str, reason: str) -> None:
    add(source, f"2018/{name}")

    assert listed(source) == []
    assert passed_over(source) == [(f"log_data/2018/{name}", reason)]


def test_of_what_lies_beside_the_two_folders_only_the_top_is_named(source: Source) -> None:
    for name in ("logs/a.json", "logs/b.json", "log_data.zip", "a.json", ".git/HEAD", "README", "dwg.cfg"):
        source.write(source.folder / name, b"")

    assert passed_over(source) == [
        (".git", "hidden or temporary"),
        ("README", "documentation, settings, a report or a warehouse"),
        ("a.json", "beside song_data/ and log_data/"),
        ("dwg.cfg", "documentation, settings, a report or a warehouse"),
        ("log_data.zip", "beside song_data/ and log_data/"),
        ("logs", "beside song_data/ and log_data/"),
    ]


def test_a_file_named_as_a_folder_should_be_is_named(source: Source) -> None:
    (source.folder / "song_data").rmdir()
    (source.folder / "song_data").write_text("{}")

    assert passed_over(source) == [("song_data", "not a folder")]


def test_a_folder_of_its_own_name_is_not_passed_over_and_the_usual_one_then_is(source: Source) -> None:
    source.write(source.folder / "app" / "logs" / "a.json", b"{}")
    s3 = S3(source=str(source.folder), log_data=str(source.folder / "app" / "logs"))

    found = survey_source(s3)

    assert [Path(file.uri).name for file in found.files] == ["a.json"]
    assert [Path(one.uri).name for one in found.passed_over] == ["log_data"]


def test_the_warning_names_the_first_of_what_is_not_expected() -> None:
    expected = [PassedOver("/m/.git", "hidden or temporary")]
    unexpected = [
        PassedOver("/m/log_data/x.log", "not a JSON file"),
        PassedOver("/m/logs", "beside song_data/ and log_data/"),
    ]

    assert warn_passed_over(Listing([], [])) is None
    assert warn_passed_over(Listing([], expected)) is None
    assert warn_passed_over(Listing([], [*expected, unexpected[0]])) == (
        "1 file or folder is not loaded, /m/log_data/x.log (not a JSON file): `sparkify plan` names it."
    )
    assert warn_passed_over(Listing([], [*expected, *unexpected])) == (
        "2 files or folders are not loaded, the first /m/log_data/x.log (not a JSON file): "
        "`sparkify plan` names them."
    )


def test_etl_warns_of_what_is_not_loaded_also_when_there_is_nothing_to_do(run: Run, source: Source) -> None:
    source.log(play(0))
    add(source, "2018/11/events.log")
    add(source, ".ipynb_checkpoints/a.json")

    first, second = run("etl", "--source", "music"), run("etl", "--source", "music")

    warning = (
        f"warning: 1 file or folder is not loaded, {source.folder}/log_data/2018/11/events.log (not a JSON"
    )
    assert warning in first.stderr
    assert warning in second.stderr
    assert second.stdout.startswith("Nothing to do")


def test_the_warning_is_an_event_where_the_log_is_json(run: Run, source: Source) -> None:
    add(source, "events.log")

    done = run("etl", "--source", "music", "--log-format", "json")

    events = [json.loads(line) for line in done.stderr.splitlines()]
    assert [event["message"].partition(",")[0] for event in events if event["event"] == "warning"] == [
        "1 file or folder is not loaded"
    ]


def test_plan_names_what_is_not_loaded_by_reason(run: Run, source: Source) -> None:
    source.log(play(0))
    add(source, "_SUCCESS")
    for number in range(12):
        add(source, f"{number:02}.log")

    table = run("plan", "--source", "music", "--format", "table").stdout
    rows = list(csv.DictReader(io.StringIO(run("plan", "--source", "music").stdout)))
    objects = json.loads(run("plan", "--source", "music", "--format", "json").stdout)

    logs = source.folder / "log_data"
    assert table.endswith(
        "\nNot loaded:\n  not a JSON file\n"
        + "".join(f"    {logs}/{number:02}.log\n" for number in range(10))
        + f"    and 2 more: --format csv names them all\n  hidden or temporary\n    {logs}/_SUCCESS\n"
    )
    assert [row["state"] for row in rows] == ["new"] + ["passed over"] * 13
    assert rows[-1] == {
        "state": "passed over", "dataset": "events", "uri": f"{logs}/_SUCCESS", "bytes": "", "day": "",
        "reason": "hidden or temporary",
    }  # fmt: skip
    assert objects[1]["reason"] == "not a JSON file"


def test_a_source_of_nothing_but_other_files_says_so(run: Run, source: Source) -> None:
    add(source, "a.log")

    done = run("plan", "--source", "music", "--format", "table")

    assert done.returncode == 0
    assert "there is no file at all" in done.stdout
    assert "log_data/a.log" in done.stdout


def test_a_packed_file_that_grew_is_changed_whatever_its_name(
    duckdb_warehouse: Engine, source: Source
) -> None:
    one, two = (gzip.compress(json.dumps(play(item)).encode() + b"\n") for item in (0, 1))
    for name in ("a.json", "b.json.gz"):
        add(source, name, one)
    plain = add(source, "c.json", json.dumps(play(2)).encode())
    etl(duckdb_warehouse, source.folder)
    for name in ("a.json", "b.json.gz"):
        add(source, name, one + two)
    plain.write_bytes(plain.read_bytes() + b"\n" + json.dumps(play(3)).encode())

    plan = make_plan(list_source(S3(source=str(source.folder))), duckdb_warehouse)

    assert [planned.state for planned in plan.files] == ["changed", "changed", "grown"]
