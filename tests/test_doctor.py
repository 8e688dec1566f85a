"""Each probe of the doctor: well, and not well."""

import dataclasses
import datetime as dt
import json
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sparkify.config import S3, Config, Warehouse
from sparkify.connection import opened
from sparkify.doctor import examine
from sparkify.emulator.service import Emulator
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.engines.registry import Finding
from sparkify.progress import Silent
from sparkify.provision import lifecycle
from tests.accounts import POLLER, launch, names_of
from tests.builders import Run, Source, play


def examined(config: Config, later: dt.timedelta = dt.timedelta(0)) -> dict[str, Finding]:
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    return {one.probe: one for one in examine(config, opened, now + later)}


def states(found: dict[str, Finding]) -> dict[str, str]:
    return {name: one.state for name, one in found.items()}


def test_a_healthy_warehouse_has_a_clean_bill(loaded: Run) -> None:
    done = loaded("doctor", "--source", "music", "--format", "json")

    found = {one["probe"]: one["state"] for one in json.loads(done.stdout)}
    assert done.returncode == 0, done.stderr
    assert found.keys() == {"folder", "disk", "scratch", "warehouse", "lock", "layout", "clock", "source"}
    assert set(found.values()) == {"ok"}


def test_where_nothing_is_yet_it_says_how_to_begin(run: Run) -> None:
    done = run("doctor", "--format", "json")

    found = {one["probe"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 0
    assert found["warehouse"]["state"] == found["source"]["state"] == "warning"
    assert "`sparkify etl --source DIR`" in found["warehouse"]["what_to_do"]


def test_every_probe_can_fail_and_says_what_to_do(
    loaded: Run, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "sparkify.duckdb"
    config = Config(warehouse=Warehouse(file=str(file), wait=0.0), s3=S3(source=str(tmp_path / "nowhere")))
    full: Any = type("Usage", (), {"free": 5})
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: full)
        sick = examined(config, dt.timedelta(days=-1))
    writer = DuckDB(str(file))
    held = examined(config)
    writer.execute("INSERT INTO etl_version (version) SELECT 99")
    writer.close()
    newer = examined(config)
    file.write_bytes(b"no database at all")
    broken = examined(config)
    lost = examined(Config(warehouse=Warehouse(file=str(tmp_path / "no" / "folder.duckdb"))))

    assert states(sick) | {"lock": "ok", "folder": "ok"} == {
        "folder": "ok", "disk": "warning", "scratch": "warning", "warehouse": "ok", "lock": "ok",
        "layout": "ok", "clock": "FAILED", "source": "FAILED",
    }  # fmt: skip
    assert (held["lock"].state, newer["layout"].state, broken["warehouse"].state, lost["folder"].state) == (
        "warning", "FAILED", "FAILED", "FAILED",
    )  # fmt: skip
    for one in (*sick.values(), held["lock"], newer["layout"], broken["warehouse"], lost["folder"]):
        assert bool(one.advice) == (one.state != "ok"), one


def test_a_cluster_is_probed_from_credentials_to_clock(
    emulator: Emulator, account: Config, clients: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config(warehouse=Warehouse(engine="redshift"), cluster=account.cluster, s3=account.s3)
    before = examined(config)
    launch(clients, config)
    lifecycle.configure(clients, names_of(config), ["127.0.0.1/32"], POLLER, Silent())

    after = examined(config)
    late = examined(config, dt.timedelta(hours=2))
    other = clients.iam.create_role(RoleName="not-attached", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    apart = examined(dataclasses.replace(config, iam=dataclasses.replace(config.iam, arn=other)))
    clients.iam.delete_role(RoleName="not-attached")
    gone = examined(dataclasses.replace(config, iam=dataclasses.replace(config.iam, arn=other)))
    with monkeypatch.context() as patch:
        patch.setenv("AWS_PROFILE", "nobody")
        stranger = examined(config)

    assert (before["credentials"].state, before["cluster"].state) == ("ok", "FAILED")
    assert states(after) | {"source": "warning"} == {
        "credentials": "ok", "AWS clock": "ok", "cluster": "ok", "role": "ok", "warehouse": "ok",
        "lock": "ok", "layout": "warning", "source": "warning",
    }  # fmt: skip
    assert late["AWS clock"].state == "FAILED"
    assert (apart["role"].state, "is not attached" in apart["role"].found) == ("FAILED", True)
    assert (gone["role"].state, "there is no role" in gone["role"].found) == ("FAILED", True)
    assert (stranger["credentials"].state, bool(stranger["credentials"].advice)) == ("FAILED", True)


def test_a_project_is_read_and_what_is_wrong_in_it_is_named(run: Run, tmp_path: Path) -> None:
    run("init", ".")

    def probed() -> dict[str, str]:
        done = run("doctor", "--format", "json")
        [found] = [one for one in json.loads(done.stdout) if one["probe"] == "project"]
        return dict(found)

    assert probed()["state"] == "ok"
    assert re.fullmatch(r"\d+ questions?, \d+ checks?, \d+ models?", probed()["found"])

    for folder in ("questions", "checks", "models"):
        file = tmp_path / folder / "broken.sql"
        file.write_text("-- Broken.\nDELETE FROM songplay\n")
        assert (probed()["state"], "broken" in probed()["found"]) == ("FAILED", True), probed()
        file.unlink()


@pytest.mark.parametrize(
    ("settings", "file", "content", "probe", "says"),
    [
        ("[S3]\nLOG_JSONPATH = p.json", "", "", "project", "no such file"),
        ("[S3]\nSONG_JSONPATH = p.json", "p.json", '{"jsonpaths": ["$.a"]}', "project", "1 paths"),
        ("[ETL]\nMODELS = own", "own/m.sql", "SELECT nocol FROM users", "project", "m.sql"),
        ("[ETL]\nMODELS = own", "own/m.sql", "SELECT a FROM nowhere", "project", "m.sql"),
        ("[ETL]\nCHECKS = own", "own/c.sql", "SELECT nocol FROM users", "project", "c.sql"),
        (
            "[ETL]\nMODELS = own",
            "own/m.sql",
            "SELECT user_id, COUNT(*) FROM songplay GROUP BY 1",
            "project",
            "m.sql",
        ),
        ("[ETL]\nMODELS = own", "own/mart.sql", "SELECT user_id FROM users", "project", "no model's"),
        ("[ETL]\nPLAY_PAGE = Home", "", "", "play pages", "Home"),
        ("[WAREHOUSE]\nSNAPSHOT = yes", "sparkify.snapshot.duckdb", "mine", "copy", "no copy of this"),
    ],
)
def test_what_would_stop_the_next_load_is_found(
    loaded: Run, source: Source, tmp_path: Path, settings: str, file: str, content: str, probe: str, says: str
) -> None:
    (tmp_path / "dwg.cfg").write_text(f"{settings}\n")
    with duckdb.connect(f"{tmp_path}/sparkify.duckdb") as connection:
        connection.execute("CREATE TABLE mart AS SELECT 1 AS a")
    if file:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(content)

    done = loaded("doctor", "--format", "json")

    failed = {one["probe"]: one for one in json.loads(done.stdout) if one["state"] == "FAILED"}
    assert (done.returncode, [*failed]) == (1, [probe])
    assert says in failed[probe]["found"]
    assert failed[probe]["what_to_do"]
    source.log(play(50), day="2018-11-20")
    assert loaded("etl", "--source", "music").returncode != 0


def test_a_key_that_the_next_load_would_refuse_is_found(
    loaded: Run, source: Source, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = Config(
        warehouse=Warehouse(file=str(tmp_path / "sparkify.duckdb")), s3=S3(source=str(source.folder))
    )
    monkeypatch.setenv("SPARKIFY_SEAL_KEY", "new")

    found = examined(config)["seal"]

    assert (found.state, "has no key" in found.found, bool(found.advice)) == ("FAILED", True, True)


def test_a_project_that_a_load_takes_is_well(loaded: Run, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "first.sql").write_text("SELECT user_id, level FROM users")
    (tmp_path / "m" / "second.sql").write_text("SELECT user_id FROM first WHERE level = 'paid'")
    (tmp_path / "dwg.cfg").write_text("[ETL]\nMODELS = m\n[WAREHOUSE]\nSNAPSHOT = yes\n")

    assert loaded("doctor", "--source", "music").returncode == 0
    assert loaded("rebuild").returncode == 0
    assert loaded("doctor", "--source", "music").returncode == 0
