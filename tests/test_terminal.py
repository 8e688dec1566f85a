"""Tables in a terminal: they fit, line up, and obey nobody."""

import json
import re
from pathlib import Path

import pytest

from tests.builders import Run, Source, play
from tests.terminals import in_a_terminal


def query(sql: str, folder: Path, columns: int = 100) -> list[str]:
    (folder / "sql").write_text(sql)
    return in_a_terminal('sparkify query "$(cat sql)"', folder, columns).splitlines()


def test_text_cannot_steer_the_terminal(loaded: Run, tmp_path: Path) -> None:
    lines = query("SELECT 'a' || chr(27) || '[31m' || chr(10) || chr(9) || chr(8238) AS evil", tmp_path)

    assert lines[-1] == "a\\x1b[31m\\n\\t\\u202e"


@pytest.mark.parametrize("style", ["json", "ndjson"])
def test_json_cannot_steer_the_terminal_and_says_the_same(loaded: Run, style: str) -> None:
    evil = "".join(map(chr, [0x1B, 0x7F, 0x85, 0x9B, 0x9D, 0x2028, 0x202E, 0x2066])) + "naïve 日本"

    printed = loaded("query", f"SELECT '{evil}' AS evil", "--format", style).stdout

    assert all(one.isprintable() or one == "\n" for one in printed)
    assert "naïve 日本" in printed
    [row] = json.loads(printed) if style == "json" else [json.loads(printed)]
    assert row["evil"] == evil


def test_long_text_is_cut_in_a_table_and_whole_elsewhere(loaded: Run, source: Source, tmp_path: Path) -> None:
    source.log("{" + "x" * 40_000, day="2018-11-02")
    loaded("etl", "--source", "music")

    shown = in_a_terminal("sparkify rejects --run 2", tmp_path)

    assert len(shown) < 3000
    assert "…" in shown
    [whole] = json.loads(loaded("rejects", "--run", "2", "--format", "json").stdout)
    assert len(whole["raw_text"]) == 40_001


def test_decimals_stand_below_each_other(loaded: Run, tmp_path: Path) -> None:
    lines = query("SELECT unnest([1.5::DOUBLE, 1234.125, NULL, 20]) AS n", tmp_path)

    assert lines[-4:] == ["    1.500", "1,234.125", "        -", "   20.000"]


def test_a_table_too_wide_for_the_terminal_becomes_blocks(loaded: Run, tmp_path: Path) -> None:
    blocks = in_a_terminal("sparkify runs", tmp_path, columns=60)
    table = in_a_terminal("sparkify runs", tmp_path, columns=240)

    assert re.search(r"^  command +etl$", blocks, re.M)
    assert max(map(len, blocks.splitlines())) <= 60
    assert len(table.splitlines()) == 3


def test_no_line_of_a_table_ends_in_blanks(loaded: Run, tmp_path: Path) -> None:
    for line in in_a_terminal("sparkify ask; sparkify ask most_played_songs", tmp_path).splitlines():
        assert line == line.rstrip()


def test_a_table_without_rows_says_so(run: Run, source: Source, tmp_path: Path) -> None:
    source.log(play(0))
    run("etl", "--source", "music")

    done = run("rejects", "--format", "table")

    assert done.stderr == "no rejects\n"


def test_the_help_is_not_cut_off(tmp_path: Path) -> None:
    for command in ("", "tables", "cluster"):
        assert (
            "..."
            not in in_a_terminal(f"sparkify {command} --help", tmp_path, columns=80).partition("Commands:")[2]
        )
