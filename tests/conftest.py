"""Real input and real engines: a DuckDB file, and a schema of a Redshift cluster, for each test."""

import os
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from botocore.loaders import Loader

from sparkify.emulator.postgres import PostgresMissing
from sparkify.emulator.service import Emulator
from sparkify.engines.base import Engine
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.redshift.engine import Redshift
from sparkify.ledger.seal import accept
from sparkify.load.tables import create_tables
from tests.accounts import account, clients
from tests.browser import chromium, find_chromium
from tests.builders import Run, Source, play, song
from tests.clusters import Bucket, Cluster, launch
from tests.copies import files, session
from tests.selection import pytest_collection_modifyitems

__all__ = ["account", "clients", "files", "pytest_collection_modifyitems", "session"]  # they live elsewhere
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """A shell starts background jobs deaf to Ctrl-C, and their children too; a handler is not inherited."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def descriptions() -> Iterator[None]:
    """botocore's descriptions of services are read once, and not once for each session of boto3."""
    read = Loader.load_service_model
    kept: dict[tuple[Any, ...], Any] = {}

    def load(loader: Loader, *asked: Any, **more: Any) -> Any:
        key = (*asked, *more.items())
        if key not in kept:
            kept[key] = read(loader, *asked, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loader, "load_service_model", load)
        yield


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """A Redshift, an S3 and all around them; this process finds them as it would find AWS."""
    try:
        running = Emulator(seconds=0.2)
    except PostgresMissing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_PROFILE", raising=False)
        for name, value in running.environment.items():
            patch.setenv(name, value)
        yield running
    running.close()


@pytest.fixture(scope="session")
def cluster(emulator: Emulator) -> Cluster:
    """A cluster that is up and lets this machine in."""
    return launch(emulator)


ENGINES = ("duckdb", "redshift")
"""Every engine. Each test that is given a warehouse runs on all of them."""


def open_warehouse(request: pytest.FixtureRequest, file: str) -> Engine:
    """An empty warehouse on the engine that the fixture's parameter names."""
    engine: Engine
    if request.param == "duckdb":
        engine = DuckDB(file)
    else:
        engine = request.getfixturevalue("cluster").connect(f"test_{uuid.uuid4().hex[:12]}")
    create_tables(engine)
    return engine


@pytest.fixture(params=ENGINES)
def new_warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes empty warehouses, one at each call."""
    engines: list[Engine] = []

    def make() -> Engine:
        engines.append(open_warehouse(request, f"{tmp_path}/test{len(engines)}.duckdb"))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def warehouse(new_warehouse: Callable[[], Engine]) -> Engine:
    """An empty warehouse."""
    return new_warehouse()


@pytest.fixture
def duckdb_warehouse(tmp_path: Path) -> Iterator[Engine]:
    """An empty warehouse on DuckDB, for what is DuckDB's own."""
    engine = DuckDB(f"{tmp_path}/own.duckdb")
    create_tables(engine)
    yield engine
    engine.close()


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


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Runs sparkify in an empty folder, without a terminal."""

    def call(
        *arguments: str, script: str | None = None, typed: str = ""
    ) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, script] if script else [sys.executable, "-m", "sparkify.cli.main"]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("SPARKIFY_")}
        return subprocess.run(
            [*command, *arguments],
            cwd=tmp_path, capture_output=True, text=True, env=environment, check=False, input=typed,
        )  # fmt: skip

    return call


@pytest.fixture(scope="session")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which sparkify has run once, over two plays, one song and one bad line."""
    folder = tmp_path_factory.mktemp("first")
    source = Source(folder / "music")
    source.log(play(0), play(1, song="Revelry"), "{broken")
    source.song(song())
    command = [sys.executable, "-m", "sparkify.cli.main", "etl", "--source", "music"]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)
    return folder


@pytest.fixture
def loaded(run: Run, source: Source, first_run: Path) -> Run:
    """The same as `run`, in a copy of that folder; the ledger knows the files by the copy's paths."""
    folder = source.folder.parent
    shutil.copytree(first_run, folder, dirs_exist_ok=True)
    with duckdb.connect(folder / "sparkify.duckdb") as connection:
        connection.execute("UPDATE etl_file SET uri = replace(uri, $1, $2)", [str(first_run), str(folder)])
    engine = DuckDB(str(folder / "sparkify.duckdb"))
    with engine.transaction():
        accept(engine, "copied")
    engine.close()
    return run


@pytest.fixture
def bucket(emulator: Emulator, cluster: Cluster) -> Bucket:
    return Bucket(emulator)


@pytest.fixture
def redshift(cluster: Cluster) -> Iterator[Redshift]:
    """An empty warehouse on the cluster."""
    made = cluster.connect(f"test_{uuid.uuid4().hex[:12]}")
    create_tables(made)
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium."""
    if find_chromium() is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium here, and CI must test the report")
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with chromium() as running:
        yield running
