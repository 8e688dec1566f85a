"""The star as files: every row and value of it, of one published state, in the place of an earlier export."""

import contextlib
import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify import export as module
from sparkify.config import Config
from sparkify.config_sources import load_config
from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, RetryError
from sparkify.export import FORMATS, Format, export
from sparkify.progress import Silent
from sparkify.scratch import EXPORTS, Scratch
from sparkify.sql import schema
from tests.builders import Run, Source, etl, play, rows, song

ODD = "=1+1 \"two\", 'three'\\\n\tfour; ü 😀"


def held(path: Path, form: str) -> dict[str, list[tuple[Any, ...]]]:
    """What another program reads from an export: the rows of each table."""
    if form == "xlsx":
        return {name: sheet(path / f"{name}.xlsx")[1:] for name in schema.STAR}
    with duckdb.connect(path if form == "duckdb" else ":memory:", read_only=form == "duckdb") as connection:
        found = {}
        for name in schema.STAR:
            types = {one.name: one.type for one in schema.table(name).columns}
            file = (
                f"{path}/{name}/*/*.parquet"
                if form == "parquet" and name == "songplay"
                else f"{path}/{name}.{form}"
            )
            relation = {
                "duckdb": name,
                "parquet": f"read_parquet('{file}')",
                "csv": f"read_csv('{file}', header = true, columns = {types})",
            }[form]
            found[name] = connection.sql(f"SELECT {', '.join(types)} FROM {relation} ORDER BY ALL").fetchall()
        return found


def sheet(file: Path) -> list[tuple[Any, ...]]:
    """The rows of a workbook of one sheet, its head first. A text that is no number is one all the same."""
    from openpyxl import load_workbook

    [found] = load_workbook(file)
    assert {cell.data_type for row in found for cell in row} <= {
        "s",
        "inlineStr",
        "n",
        "d",
    }  # none is a formula
    return [
        tuple(int(one) if isinstance(one, str) and re.fullmatch(r"-?\d{16,}", one) else one for one in row)
        for row in found.iter_rows(values_only=True)
    ]


def star(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted(
            rows(engine, f"SELECT {', '.join(schema.table(name).column_names)} FROM {name}"), key=repr
        )
        for name in schema.STAR
    }


def of(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration that stands for an engine which is open already."""
    config = load_config(
        None, {"warehouse.engine": engine.name, "warehouse.file": getattr(engine, "file", "")}
    )
    really = module.opened

    def opened(which: Config, **options: Any) -> Any:
        return contextlib.nullcontext(engine) if which is config else really(which, **options)

    monkeypatch.setattr(module, "opened", opened)
    return config


@pytest.fixture
def loaded_with_odd(warehouse: Engine, source: Source) -> Engine:
    source.song(song("SO1", title="Undo", artist_name="Nightbirds", year=0))
    source.song(song("SO2", title=ODD, artist_name="Björk", artist_id="AR2"))
    source.log(play(0), play(1, song=ODD, artist="Björk"), play(2, length=None, userId="", firstName=ODD))
    source.log(play(0, sessionId=9, ts=1_543_622_400_796, userId="77", lastName="NULL"), day="2018-12-01")
    etl(warehouse, source.folder)
    return warehouse


@pytest.mark.parametrize("form", FORMATS)
def test_every_row_and_value_of_the_star_is_in_the_files(
    loaded_with_odd: Engine, tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = of(loaded_with_odd, monkeypatch)

    found = export(config, tmp_path / "out", form, Silent())

    wanted = star(loaded_with_odd)
    assert {name: sorted(rows, key=repr) for name, rows in held(tmp_path / "out", form).items()} == wanted
    assert found.rows == {name: len(rows) for name, rows in wanted.items()}
    assert found.run_id == 1
    if form == "duckdb":
        with duckdb.connect(tmp_path / "out", read_only=True) as connection:
            assert connection.sql("SELECT COUNT(*) FROM plays").fetchall() == [(4,)]
            assert connection.sql(
                "SELECT COUNT(*) FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
            ).fetchall() == [(0,)]
    if form == "parquet":
        months = sorted(path.name for path in (tmp_path / "out/songplay").iterdir())
        assert months == ["year_month=2018-11", "year_month=2018-12"]


@pytest.mark.parametrize("form", FORMATS)
def test_what_somebody_puts_there_while_an_export_is_written_stays(
    loaded_with_odd: Engine, tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = of(loaded_with_odd, monkeypatch), tmp_path / "out"
    export(config, out, form, Silent())
    restrict = module._restrict

    def meanwhile(*given: Any) -> None:
        if form == "duckdb":
            with duckdb.connect(out) as connection:
                connection.execute("CREATE TABLE thesis AS SELECT 1 AS page")
        else:
            (out / "thesis").write_text("page 1")
        restrict(*given)

    monkeypatch.setattr(module, "_restrict", meanwhile)

    with pytest.raises(
        ConfigError, match=f"^{out} is there, and is no earlier export as {form}, or holds more"
    ):
        export(config, out, form, Silent())

    if form == "duckdb":
        with duckdb.connect(out) as connection:
            assert connection.sql("FROM thesis").fetchall() == [(1,)]
    else:
        assert (out / "thesis").read_text() == "page 1"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".sparkify")] == []


def test_an_export_takes_the_place_of_the_one_before_and_of_nothing_else(
    loaded_with_odd: Engine, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = of(loaded_with_odd, monkeypatch), tmp_path / "out"
    export(config, out, "parquet", Silent())
    source.log(play(0, sessionId=50), day="2018-12-02")
    etl(loaded_with_odd, source.folder)

    export(config, out, "parquet", Silent())

    assert json.loads((out / "export.json").read_text())["run_id"] == 2
    assert sorted(path.name for path in out.iterdir()) == [
        "artists.parquet", "export.json", "songplay", "songs.parquet", "time.parquet", "users.parquet",
    ]  # fmt: skip
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter").write_text("dear")
    (tmp_path / "letter").write_text("dear")
    with duckdb.connect(tmp_path / "other.duckdb") as other:
        other.execute("CREATE TABLE users AS SELECT 1 AS a")
    export(config, tmp_path / "as_csv", "csv", Silent())
    for form, path in (
        ("parquet", "as_csv"),
        ("csv", "mine"),
        ("csv", "letter"),
        ("duckdb", "letter"),
        ("duckdb", "mine"),
        ("duckdb", "other.duckdb"),
    ):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(ConfigError):
            export(config, tmp_path / path, form, Silent())
        assert sorted(tmp_path.rglob("*")) == before


def test_a_table_that_is_longer_than_a_sheet_is_refused_and_nothing_replaced(
    loaded_with_odd: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, out = of(loaded_with_odd, monkeypatch), tmp_path / "out"
    export(config, out, "xlsx", Silent())
    before = {path: path.read_bytes() for path in out.iterdir()}
    monkeypatch.setattr("sparkify.spreadsheet.MOST_ROWS", 3)

    with pytest.raises(ConfigError, match="songplay has 4 rows, and a spreadsheet holds 3"):
        export(config, out, "xlsx", Silent())

    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_no_state_between_two_runs_is_exported(
    loaded_with_odd: Engine, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, write = of(loaded_with_odd, monkeypatch), module._write
    source.log(play(0, sessionId=50), day="2018-12-02")

    def interrupted(*arguments: Any) -> Any:
        done = write(*arguments)
        etl(loaded_with_odd, source.folder)
        return done

    monkeypatch.setattr(module, "_write", interrupted)

    with pytest.raises(RetryError, match="a run was published while"):
        export(config, tmp_path / "out", "csv", Silent())

    assert not [path for path in tmp_path.iterdir() if "out" in path.name]


def test_the_command_writes_what_only_those_may_read_who_may_read_the_warehouse(
    loaded: Run, tmp_path: Path
) -> None:
    (tmp_path / "sparkify.duckdb").chmod(0o640)

    first, refused = loaded("export", "out"), loaded("export", "sparkify.duckdb", "--format", "duckdb")

    assert first.returncode == 0
    assert "out holds 2 rows of songplay, 1 row of users" in first.stdout
    assert "as of run 1" in first.stdout
    modes = {stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "out", *(tmp_path / "out").rglob("*")]}
    assert modes <= {0o640, 0o600, 0o750, 0o700}
    assert (refused.returncode, "is no earlier export" in refused.stderr) == (2, True)
    assert loaded("check").returncode == 0
    assert loaded("export", "star.duckdb", "--format", "duckdb").returncode == 0
    assert loaded("export", "star.duckdb", "--format", "duckdb").returncode == 0
    nowhere = loaded("export", "not/there")
    assert (nowhere.returncode, nowhere.stderr.count("\n"), "cannot be written" in nowhere.stderr) == (
        2,
        1,
        True,
    )


def test_what_was_there_stays_if_the_new_one_cannot_be_put_there(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/export.json").write_text("{}")

    with pytest.raises(OSError, match="missing"):
        module._swap(tmp_path / "missing", tmp_path / "out", tmp_path / "before", lambda _: None)

    assert (tmp_path / "out/export.json").read_text() == "{}"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: (out / "export.json").write_text("{}"),
        lambda out: (out / "thesis.txt").write_text("dear"),
        lambda out: (out / "mart").mkdir() or (out / "mart/my.parquet").write_text("dear"),
        lambda out: (out / "songplay/year_month=2018-11/mine.parquet").write_text("dear"),
        lambda out: (out / "link").symlink_to("/etc"),
    ],
)
def test_a_folder_that_holds_more_than_an_export_is_left_alone(
    loaded_with_odd: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any
) -> None:
    config, out = of(loaded_with_odd, monkeypatch), tmp_path / "out"
    export(config, out, "parquet", Silent())
    export(config, out, "parquet", Silent())
    spoil(out)
    before = sorted(out.rglob("*"))

    with pytest.raises(ConfigError, match="or holds more"):
        export(config, out, "parquet", Silent())

    assert sorted(out.rglob("*")) == before


@pytest.mark.parametrize(
    "spoil",
    [
        "CREATE VIEW mine AS SELECT 1 AS a", "ALTER TABLE users ADD COLUMN mine INTEGER",
        "CREATE MACRO mine(a) AS a + 1", "CREATE TABLE mine AS SELECT 1 AS a",
        "COMMENT ON TABLE users IS 'mine'",
        "PRAGMA disable_checkpoint_on_shutdown; DELETE FROM users",
    ],
)  # fmt: skip
def test_a_duckdb_file_that_holds_more_than_an_export_is_left_alone(
    loaded_with_odd: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    config, out = of(loaded_with_odd, monkeypatch), tmp_path / "out.duckdb"
    export(config, out, "duckdb", Silent())
    export(config, out, "duckdb", Silent())
    with duckdb.connect(out) as mine:
        mine.execute(spoil)
    before = out.read_bytes()

    with pytest.raises(ConfigError, match="or holds more"):
        export(config, out, "duckdb", Silent())

    assert out.read_bytes() == before


def test_an_empty_star_has_its_columns_in_parquet_too(
    warehouse: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(of(warehouse, monkeypatch), tmp_path / "out", "parquet", Silent())

    columns = duckdb.sql(
        f"DESCRIBE SELECT * FROM read_parquet('{tmp_path}/out/songplay/**/*.parquet')"
    ).fetchall()
    assert [row[0] for row in columns] == list(schema.table("songplay").column_names)


def test_what_a_killed_export_left_is_removed_by_the_next_command_that_writes(
    loaded: Run, tmp_path: Path
) -> None:
    scratch = Scratch(tmp_path, EXPORTS)
    (scratch.path / "users.parquet").write_text("names")
    os.close(scratch._lock)

    assert loaded("forget", "15", "--yes").returncode == 0

    assert not scratch.path.exists()
