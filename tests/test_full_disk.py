"""A full disk: what was there stays, and what could not be written is told of."""

import resource
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from sparkify.cli.distribution import _write as write_chart
from sparkify.cli.rehearse import _write_private as write_environment
from sparkify.engines.duckdb import rewriting
from sparkify.engines.duckdb.rewriting import rewrite
from sparkify.errors import SparkifyError
from sparkify.rehearse.report import Report
from sparkify.writing import replace_file
from tests.builders import Run


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk with so many bytes left."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    heed = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, heed)


@pytest.mark.parametrize(
    "write",
    [
        lambda file: write_chart(file, "x" * 5000),
        lambda file: write_environment(file, "x" * 5000),
        lambda file: Report("x" * 5000, "2026-11-30").write(file),
    ],
    ids=["distribution --chart", "rehearse --env-file", "rehearse --report"],
)
def test_what_does_not_fit_the_disk_leaves_the_file_before(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    file = tmp_path / "file"
    file.write_text("old")

    with no_file_larger_than(1000), pytest.raises(SparkifyError, match="cannot be written: File too large"):
        write(file)
    assert file.read_text() == "old"

    write(file)
    assert "x" * 5000 in file.read_text()


def test_a_file_is_replaced_by_a_whole_one_or_stays_as_it_was(tmp_path: Path) -> None:
    page, link = tmp_path / "page.html", tmp_path / "link.html"
    page.write_text("old")
    page.chmod(0o640)
    link.symlink_to(page)
    with no_file_larger_than(1000), pytest.raises(OSError, match="File too large"):
        replace_file(link, b"x" * 5000)
    assert page.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "page.html"]

    replace_file(link, b"new")

    assert (page.read_text(), stat.S_IMODE(page.stat().st_mode), link.is_symlink()) == ("new", 0o640, True)
    replace_file(Path("/dev/null"), b"nothing")
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_warehouse_that_cannot_be_written_again_whole_is_not_replaced(tmp_path: Path, share: float) -> None:
    """DuckDB tells of no error where a file is closed that did not fit the disk."""
    file, fresh = tmp_path / "w.duckdb", tmp_path / "fresh"
    with duckdb.connect(str(file)) as connection:
        for name in "abcdefg":  # so few rows that they go through the write-ahead log
            connection.execute(f"CREATE TABLE {name} AS SELECT i, hash(i) AS h FROM range(2000) t(i)")

    with no_file_larger_than(int(file.stat().st_size * share)), pytest.raises(duckdb.Error):
        rewrite(str(file), fresh, "v1.4.0", "")

    rewrite(str(file), tmp_path / "again", "v1.4.0", "")
    with duckdb.connect(str(tmp_path / "again")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM g").fetchall() == [(2000,)]


class Lossy:
    """A connection that says it has copied a database, and has not."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def __enter__(self) -> "Lossy":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def execute(self, sql: str, *rest: object) -> duckdb.DuckDBPyConnection:
        return self._connection.execute("SELECT 1" if sql.startswith("COPY FROM DATABASE") else sql, *rest)


def test_a_new_file_that_lacks_rows_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connect = duckdb.connect
    with connect(f"{tmp_path}/w.duckdb") as connection:
        connection.execute("CREATE TABLE a AS SELECT 1 AS i")
    monkeypatch.setattr(rewriting.duckdb, "connect", lambda *rest, **more: Lossy(connect(*rest, **more)))

    with pytest.raises(duckdb.IOException, match="does not hold what the warehouse holds"):
        rewriting.main(f"{tmp_path}/w.duckdb", f"{tmp_path}/fresh", "v1.4.0", "")


def test_an_export_that_does_not_fit_the_disk_leaves_the_one_before(loaded: Run, tmp_path: Path) -> None:
    assert loaded("export", "out.duckdb", "--format", "duckdb").returncode == 0
    before = (tmp_path / "out.duckdb").read_bytes()

    with no_file_larger_than(300_000):
        done = loaded("export", "out.duckdb", "--format", "duckdb")

    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0), done.stderr
    assert (tmp_path / "out.duckdb").read_bytes() == before


def test_a_report_that_does_not_fit_the_disk_leaves_the_one_before(loaded: Run, tmp_path: Path) -> None:
    loaded("report")
    before = (tmp_path / "report.html").read_bytes()
    command = "ulimit -f 100; trap '' XFSZ; exec " + sys.executable + " -m sparkify.cli.main report"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 2, done.stderr
    assert "cannot be written: File too large" in done.stderr
    assert (tmp_path / "report.html").read_bytes() == before
