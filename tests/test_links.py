"""Links and special files in the source: what is followed, what is never read."""

import json
import os
import socket
from pathlib import Path

import pytest

from sparkify.config import S3
from sparkify.errors import ConfigError
from sparkify.source.listing import survey_source, warn_passed_over
from sparkify.source.local import read_small
from sparkify.source.store import open_file
from tests.builders import Run, Source, play
from tests.test_listing import add, listed, passed_over, survey


def test_links_to_folders_and_special_files_are_passed_over_whatever_their_names(
    source: Source, tmp_path: Path
) -> None:
    logs = source.folder / "log_data"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.json").touch()
    for name in ("linked", "linked.json"):
        (logs / name).symlink_to(tmp_path / "elsewhere")
    for name in ("pipe", "pipe.json"):
        os.mkfifo(logs / name)
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(logs)  # the path of a socket may not be long
        server.bind("socket.json")
        os.chdir(before)

    assert listed(source) == []
    assert passed_over(source) == [
        ("log_data/linked", "linked folder, not followed"),
        ("log_data/linked.json", "linked folder, not followed"),
        ("log_data/pipe", "not a regular file"),
        ("log_data/pipe.json", "not a regular file"),
        ("log_data/socket.json", "not a regular file"),
    ]


def test_a_folder_is_looked_into_whatever_its_name_and_a_file_linked_within_the_source_is_data(
    source: Source, tmp_path: Path
) -> None:
    add(source, "events.json/part-0.json")
    (source.folder / "elsewhere.json").write_text("{}")
    (source.folder / "log_data" / "link.json").symlink_to("../elsewhere.json")
    (source.folder / "log_data" / "nowhere.json").symlink_to(source.folder / "nowhere")

    assert listed(source) == ["events.json/part-0.json", "link.json", "nowhere.json"]


def test_a_link_that_leads_out_of_the_source_is_followed_only_where_that_is_asked_for(
    source: Source, tmp_path: Path
) -> None:
    (tmp_path / "music2").mkdir()  # begins as the source's name does
    for place in ("music2/a.json", "elsewhere.json"):
        (tmp_path / place).write_text("{}")
    (source.folder / "log_data" / "a.json").symlink_to(tmp_path / "music2" / "a.json")
    (source.folder / "log_data" / "b.json").symlink_to("../../elsewhere.json")
    (source.folder / "log_data" / "c.json").symlink_to(tmp_path / "nowhere")
    (source.folder / "log_data" / "d.json").symlink_to("/proc/1/root/etc/passwd")  # nobody may say where

    assert listed(source) == []
    reason = "a link that leads out of the source, not followed"
    assert passed_over(source) == [(f"log_data/{name}.json", reason) for name in "abcd"]
    assert reason in (warn_passed_over(survey(source)) or "")
    followed = survey_source(S3(source=str(source.folder), follow_links="yes"))
    assert [Path(file.uri).name for file in followed.files] == ["a.json", "b.json", "c.json", "d.json"]


@pytest.mark.parametrize("place", ["log_data/2018/11/2018-11-01-events.json", "log_data/2018", "log_data"])
def test_a_known_file_that_a_link_took_the_place_of_is_reloaded_only_from_within_the_source(
    run: Run, source: Source, tmp_path: Path, place: str
) -> None:
    """Whether it is the link itself, or a folder above it is."""
    log, linked = source.log(play(1)), source.folder / place
    assert run("etl", "--source", "music").returncode == 0
    secret = tmp_path / "elsewhere" / log.relative_to(source.folder)
    secret.parent.mkdir(parents=True)
    secret.write_text("key = a secret\n" + json.dumps(play(2)))
    within = source.folder / "moved"
    linked.rename(within)
    linked.symlink_to(tmp_path / "elsewhere" / place)

    for name in (log, secret):
        refused = run("reload", str(name))
        assert (refused.returncode, "a link that leads out of the source" in refused.stderr) == (1, True)
        assert "FOLLOW_LINKS" in refused.stderr
    (tmp_path / "dwg.cfg").write_text(f"[S3]\nSOURCE = {source.folder}\n")
    assert run("reload", str(log)).returncode == 1
    assert b"a secret" not in (tmp_path / "sparkify.duckdb").read_bytes()

    (tmp_path / "dwg.cfg").write_text("[S3]\nFOLLOW_LINKS = yes\n")
    asked_for = run("reload", str(log), "--max-rejects", "1")
    assert asked_for.returncode == 0, asked_for.stderr
    (tmp_path / "dwg.cfg").unlink()
    linked.unlink()
    linked.symlink_to(within)
    assert run("reload", str(log)).returncode == 0


def test_what_the_kernel_shows_as_files_is_never_read(source: Source) -> None:
    (source.folder / "log_data" / "a.json").symlink_to("/proc/self/environ")

    for follow in ("no", "yes"):
        found = survey_source(S3(source=str(source.folder), follow_links=follow))  # type: ignore[arg-type]  # from parameters
        assert (found.files, [one.reason for one in found.passed_over]) == ([], ["not a regular file"])
    with pytest.raises(OSError, match="a file of the kernel's"):
        open_file("/proc/self/environ")
    with pytest.raises(OSError, match="a file of the kernel's"):
        read_small("/proc/self/environ", 10)


def test_a_link_that_leads_to_itself_is_no_reason_to_stop(source: Source) -> None:
    for place in ("x", "log_data/x", "log_data/x.json"):
        (source.folder / place).symlink_to(source.folder / place)
    add(source, "a.json")

    assert listed(source) == ["a.json", "x.json"]
    assert passed_over(source) == [
        ("log_data/x", "not a regular file"),
        ("x", "beside song_data/ and log_data/"),
    ]


def test_a_folder_of_logs_that_is_a_link_is_read_where_it_stays_in_the_source_or_that_is_asked_for(
    source: Source, tmp_path: Path
) -> None:
    add(source, "a.json")
    (source.folder / "log_data").rename(source.folder / "elsewhere")
    (source.folder / "log_data").symlink_to(source.folder / "elsewhere")
    assert [Path(file.uri).name for file in survey(source).files] == ["a.json"]
    assert survey(source).passed_over == []

    (source.folder / "elsewhere").rename(tmp_path / "elsewhere")
    (source.folder / "log_data").unlink()
    (source.folder / "log_data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="log_data is a link that leads out of the source"):
        survey(source)
    for asked in ({"follow_links": "yes"}, {"log_data": str(source.folder / "log_data")}):
        found = survey_source(S3(source=str(source.folder), **asked))  # type: ignore[arg-type]  # from parameters
        assert [Path(file.uri).name for file in found.files] == ["a.json"]
