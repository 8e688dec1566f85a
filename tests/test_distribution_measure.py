"""Measuring the designs: walked against the emulator, whose figures are never shown."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from click.testing import Result as Invoked

from sparkify.cli.main import cli
from sparkify.distribution.drawing import measured_svg
from sparkify.distribution.measure import Measurement, about_the_star, create
from sparkify.distribution.placement import Style
from sparkify.distribution.workload import forget, read_workload
from sparkify.engines.base import Result
from sparkify.engines.redshift.engine import Redshift
from sparkify.errors import QueryError
from sparkify.load.star import load_statements
from sparkify.sql import schema
from tests.builders import Run
from tests.clusters import Bucket, Cluster, fill, load_bucket
from tests.test_distribution_command import weigh

Command = Callable[..., Invoked]
LABEL = "sparkify_measure_test"
DESIGNS = {
    "present": {name: Style("KEY", schema.table(name).primary_key[0]) for name in schema.STAR},
    "AUTO": dict.fromkeys(schema.STAR, Style("AUTO")),
}


@pytest.fixture
def filled(redshift: Redshift, bucket: Bucket) -> Redshift:
    """A warehouse on the cluster with a few plays."""
    fill(bucket)
    load_bucket(redshift, bucket.uri)
    return redshift


def measurement(engine: Redshift, **changes: Any) -> Measurement:
    workload = read_workload(engine, {}, load_statements())
    forget(engine, workload)
    asked = [
        one for one in about_the_star(workload.items) if one.name in ("most_active_users", "plays_by_hour")
    ]
    options = {
        "home": engine._schema,
        "label": LABEL,
        "designs": DESIGNS,
        "questions": asked,
        "runs": 2,
    } | changes
    return Measurement(engine, say=lambda _: None, **options)


def schemas(engine: Redshift) -> list[str]:
    found = engine.native(
        "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'sparkify_measure%' ORDER BY 1"
    )
    return [name for (name,) in found.rows]


def test_every_design_is_built_and_asked_and_nothing_is_left(
    filled: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    native = filled.native

    def listen(sql: str) -> Result:
        said.append(sql)
        return native(sql)

    monkeypatch.setattr(filled, "native", listen)
    found = measurement(filled).run()

    assert found == {"rehearsed": True}
    groups = [one for one in said if one.startswith("SET query_group")]
    assert len(groups) == 2 * 2 * 3  # designs, questions, and two runs after the warm-up
    assert [one.split("|")[1] for one in groups[:2]] != [one.split("|")[1] for one in groups[4:6]]
    assert "SET enable_result_cache_for_session TO off" in said
    assert any("DISTSTYLE AUTO" in one for one in said)
    assert schemas(filled) == []


def test_the_copies_hold_the_same_rows(filled: Redshift) -> None:
    held = []

    class Looking(Measurement):
        def _read(self) -> dict[str, Any]:
            for name in self.made:
                held.append(
                    [self.engine.native(f"SELECT COUNT(*) FROM {name}.{t}").scalar() for t in schema.STAR]
                )
            return {}

    once = measurement(filled)
    Looking(**{**vars(once), "made": []}).run()

    own = [filled.query(f"SELECT COUNT(*) AS n FROM {t}").scalar() for t in schema.STAR]
    assert own[0] > 0
    assert held == [own, own]


def test_a_question_that_fails_leaves_no_schema_behind(filled: Redshift) -> None:
    once = measurement(filled)
    broken = [
        *once.questions,
        type(once.questions[0])("broken", "question", once.questions[0].query, 1.0, text="SELECT 1 / 0"),
    ]

    with pytest.raises(QueryError, match="division by zero"):
        measurement(filled, questions=broken).run()

    assert schemas(filled) == []


class Told:
    """An engine that answers as a cluster would, for reading what it notes."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def native(self, sql: str) -> Result:
        self.asked.append(sql)
        return Result(("version",), [("PostgreSQL 8.0.2 on i686, Redshift 1.0.1",)])

    def query(self, sql: str, params: Mapping[str, str]) -> Result:
        assert params == {"label": f"{LABEL}%"}
        label = f"{LABEL}|present|plays_by_hour"
        answers: dict[str, Sequence[tuple[Any, ...]]] = {
            "plan_node": [(f"{label}|1", "XN Hash Join DS_BCAST_INNER  (cost=1)")],
            "output_bytes": [(f"{label}|1", "broadcast", 640, 1.0, 2.0)],
            "execution_time": [(f"{label}|{n}", n, 900 - n, 1, 2, 3) for n in range(3)],
            "svv_table_info": [("s", "users", "EVEN", 8, 1.0, 97)],
        }
        rows = next(rows for word, rows in answers.items() if word in sql)
        return Result(("schema", "table", "diststyle", "size", "skew_rows", "tbl_rows"), list(rows))


def test_what_a_cluster_notes_is_read_without_the_warm_up() -> None:
    once = Measurement(Told(), "public", LABEL, DESIGNS, [], 2, lambda _: None)  # type: ignore[arg-type]  # a cluster that only tells

    found = once.run()

    one = found["measured"]["plays_by_hour"]["present"]
    assert one["execution_us"] == [899, 898]
    assert one["sent"] == {"broadcast": {"bytes": 640, "data_skew": 1.0, "time_skew": 2.0}}
    assert one["labels"] == ["DS_BCAST_INNER"]
    assert found["tables"][0]["table"] == "users"


def test_predicted_and_measured_stand_beside_each_other_in_the_chart() -> None:
    document = {
        "cluster": "4 x rg.large", "designs": {"present": {}},
        "predicted": {"sessions": {"present": {"sent": 1000}}},
        "measured": {"sessions": {"present": {"sent": {"distribute": {"bytes": 2000}}}}},
    }  # fmt: skip

    drawn = measured_svg(document)

    assert "sessions: predicted, present: 1.0 kB" in drawn
    assert "measured, present: 2.0 kB" in drawn


def test_a_table_of_another_style_keeps_its_columns_and_sort_key() -> None:
    made = create("songplay", Style("KEY", "user_id"))

    assert "DISTKEY(user_id)" in made
    assert "DISTKEY(songplay_id)" not in made
    assert "SORTKEY(session_id, start_time)" in made
    assert all(column in made for column in schema.table("songplay").column_names)


def test_only_a_cluster_can_be_measured(loaded: Run) -> None:
    done = loaded("distribution", "measure")

    assert done.returncode == 2
    assert "only a cluster can be measured" in done.stderr


@pytest.fixture
def command(cluster: Cluster, filled: Redshift, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`sparkify distribution measure` on that warehouse."""
    address = cluster.address
    (tmp_path / "dwg.cfg").write_text(
        "[WAREHOUSE]\nENGINE = redshift\n[CLUSTER]\nDATABASE = sparkify\nNODES = 2\n"
        f"[IAM]\nARN = {cluster.role}\n"
        f"[REDSHIFT]\nHOST = {address.host}\nPORT = {address.port}\nUSER = {address.user}\n"
        f"SCRATCH = s3://sparkify-test/scratch\nSCHEMA = {filled._schema}\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPARKIFY_REDSHIFT__PASSWORD", address.password)
    return lambda *flags: CliRunner().invoke(cli, ["distribution", "measure", *flags])


def test_the_price_is_shown_before_anything_is_made(command: Command, filled: Redshift) -> None:
    done = command()

    assert done.exit_code == 1
    assert "2 x rg.large (about 0.76 USD/h)" in done.stderr
    assert "under 100,000,000 plays" in done.stderr
    assert "nothing was done" in done.stderr
    assert schemas(filled) == []


def test_on_the_emulator_it_is_a_rehearsal_and_no_figure_is_shown(
    command: Command, filled: Redshift, tmp_path: Path
) -> None:
    weigh(tmp_path)

    done = command("--yes", "--runs", "1", "--weights", "weights.csv", "--out", "found.json")

    assert done.exit_code == 0, done.output
    assert "Rehearsed: 5 designs, 24 questions, 1 run; nothing is left." in done.stdout
    assert "ms" not in done.stdout.split()
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["rehearsed"] is True
    assert found.keys().isdisjoint({"measured", "tables"})
    assert found["predicted"]["most_active_users"].keys() == {"present", "EVEN", "ALL", "advised"}
    assert not (tmp_path / "found.svg").exists()
    assert schemas(filled) == []
