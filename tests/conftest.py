"""Real input and real engines: a DuckDB in a folder of its own for each test."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.duckdb import DuckDB
from sparkify.load.tables import create_tables
from tests.builders import Source

ROOT = Path(__file__).parent.parent


ENGINES: dict[str, Callable[[Path], Engine]] = {
    "duckdb": lambda place: DuckDB(f"{place}.duckdb"),
}
"""Every engine, made anew at a place of its own. Each test that is given a warehouse runs on all of them."""


@pytest.fixture(params=ENGINES)
def new_warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes empty warehouses, one at each call."""
    engines: list[Engine] = []

    def make() -> Engine:
        engines.append(ENGINES[request.param](tmp_path / f"test{len(engines)}"))
        create_tables(engines[-1])
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def warehouse(new_warehouse: Callable[[], Engine]) -> Engine:
    """An empty warehouse."""
    return new_warehouse()


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """An empty folder for the app to write into."""
    folder = tmp_path / "music"
    (folder / "song_data").mkdir(parents=True)
    (folder / "log_data").mkdir()
    return Source(folder)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real files, where this machine has them."""
    folder = Path(os.environ.get("SPARKIFY_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is not here ({folder}); set SPARKIFY_REAL_DATA to its folder")
    return folder
