"""Every statement that the program sends to a cluster, as the driver sends it.

`python -m tests.statements` writes docs/statements.md; tests/test_statements.py holds the list against it.
"""

import os
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sparkify.ask.find import KINDS, looking_for
from sparkify.ask.questions import list_questions
from sparkify.cli.main import cli
from sparkify.distribution import measure
from sparkify.emulator.service import Emulator
from sparkify.engines.dialect import to_redshift
from sparkify.recorder import shape
from sparkify.sql import statements as read
from tests.builders import play, song
from tests.clusters import BUCKET, Bucket, Cluster, launch
from tests.odd_logs import odd_log

SCHEMA = "music"
PAGE = Path(__file__).parent.parent / "docs" / "statements.md"
HEAD = """# Every statement that Sparkify sends to a cluster

As the driver sends it, but that values are `?`, and an INSERT of many rows is cut. `make statements` runs
every command that reads or writes a warehouse against the emulator, with plain COPYs and with gathered files,
adds what migrations, `distribution measure` and the dashboard's search send, and writes this page. (For the
rest, the dashboard asks what `ask` and `report` ask.) A test holds each statement against the emulator's
grammar, which is read from AWS's documentation, and against a second parser of Redshift's dialect; two SET
statements, which AWS documents, that parser does not know.
"""


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Every text that the driver is given to execute, as long as the block lasts."""
    from redshift_connector import Cursor

    sent: list[str] = []
    execute: Any = Cursor.execute

    def recording(self: Any, operation: str, *args: Any, **options: Any) -> Any:
        sent.append(operation)
        return execute(self, operation, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Cursor, "execute", recording)
        yield sent


def settings(cluster: Cluster, folder: Path, **more: str) -> Mapping[str, str]:
    """The environment of a command that runs on the cluster."""
    address = cluster.address
    return {
        "SPARKIFY_WAREHOUSE__ENGINE": "redshift",
        "SPARKIFY_REDSHIFT__HOST": address.host,
        "SPARKIFY_REDSHIFT__PORT": str(address.port),
        "SPARKIFY_REDSHIFT__USER": address.user,
        "SPARKIFY_REDSHIFT__PASSWORD": address.password,
        "SPARKIFY_REDSHIFT__SCHEMA": SCHEMA,
        "SPARKIFY_REDSHIFT__SCRATCH": f"s3://{BUCKET}/scratch",
        "SPARKIFY_REDSHIFT__READERS": "PUBLIC",
        "SPARKIFY_REDSHIFT__QUERY_GROUP": "nightly",
        "SPARKIFY_CLUSTER__DATABASE": address.database,
        "SPARKIFY_IAM__ARN": cluster.role,
        "TMPDIR": str(folder),
        **more,
    }


def sent_by_every_command(cluster: Cluster, bucket: Bucket, folder: Path) -> list[str]:
    """What every command sends, with plain COPYs and with gathered files, of good logs and of odd ones."""
    chance = random.Random(1)
    one = f"{folder}/local.duckdb"
    bucket.song(song())
    bucket.log(*(play(item) for item in range(20)))

    def walk(*arguments: str, code: int = 0, **more: str) -> None:
        environment = settings(cluster, folder, SPARKIFY_S3__SOURCE=bucket.uri, **more)
        answer = CliRunner().invoke(cli, [*arguments], env={**os.environ, **environment})
        if answer.exit_code != code:
            said = f"{arguments} ended with {answer.exit_code}: {answer.output} {answer.exception!r}"
            raise AssertionError(said)

    with recorded() as sent:
        walk("tables", "create")
        walk("etl", SPARKIFY_ETL__COMPACT="never")
        bucket.log(*(play(item, sessionId=2) for item in range(20)), day="2018-11-02")
        bucket.song(song("SO2", title="Revelry", year=2008))
        for number in range(4):
            bucket.put(f"log_data/odd{number}.json", odd_log(chance, 100 + number, 6, 20))
        bucket.log(play(0), play(1, song="Revelry"), play(0), play(1, song="Other"), day="2018-11-03")
        lenient = {"SPARKIFY_ETL__MAX_REJECTS": "1000", "SPARKIFY_ETL__REJECTED_FILES": "allow"}
        walk("plan")
        walk("etl", SPARKIFY_ETL__COMPACT="always", **lenient)
        bucket.log(*(play(item, sessionId=2) for item in range(25)), day="2018-11-02")
        walk("etl", **lenient)
        walk("etl")
        for question in list_questions():
            walk("ask", question.name, *(("--limit", "0") if "limit" in question.takes else ()))
            if question.filters:
                clock = ("--timezone", "Europe/Berlin") if "timezone" in question.filters else ()
                walk("ask", question.name, "--artist", "Kings", "--state", "CA", *clock)
        walk("query", "SELECT COUNT(*) AS plays FROM songplay")
        walk("check")
        walk("check", "--max-age", "1d", "--max-gap", "36h", code=1)
        for command in (("runs",), ("runs", "--warnings"), ("rejects",), ("rejects", "--conflicts")):
            walk(*command)
        walk("rejects", "replay")
        walk("explain", "play", "38000000")
        walk("report", "--out", f"{folder}/page.html")
        walk("doctor")
        walk("reload", f"{bucket.uri}/log_data/2018/11/2018-11-02-events.json", **lenient)
        walk("undo", "2")
        walk("etl", "--retry", **lenient)
        walk("etl", "--changed", "reload", **lenient)
        walk("forget", "15", "--yes")
        walk("forget", "--list")
        walk("log")
        walk("rebuild")
        own = own_statements(folder / "own")
        for command in ("rebuild", "rebuild", "check"):
            walk(command, **own)
        walk("etl", SPARKIFY_WAREHOUSE__ENGINE="duckdb", SPARKIFY_WAREHOUSE__FILE=one, **lenient)
        walk("diff", "redshift", one, code=1)
        walk("tables", "drop", "--yes")
    return [*sent, *of_other_states()]


def own_statements(folder: Path) -> Mapping[str, str]:
    """A check and a model of the user's own."""
    folder.mkdir()
    for name, what in (("check", "users WHERE level = ''"), ("model", "users WHERE level = 'paid'")):
        (folder / name).mkdir()
        (folder / name / f"own_{name}.sql").write_text(f"SELECT user_id, level FROM {what}")
    return {f"SPARKIFY_ETL__{name.upper()}S": str(folder / name) for name in ("check", "model")}


def of_other_states() -> list[str]:
    """What is sent to an older layout, where designs are measured, and for the dashboard's search."""
    measured = (measure.HISTORY, measure.DETAIL, measure.EXPLAIN, measure.TABLES)
    return [
        *(to_redshift(one.text) for one in read("migrations")),
        "ALTER TABLE stg_events ADD COLUMN device_id VARCHAR(64)",  # what `evolve` makes of a new column
        "SET enable_result_cache_for_session TO off",
        *(to_redshift(one, {"label": "sparkify_%"}) for one in measured),
        *(to_redshift(sql, dict.fromkeys(re.findall(r":(\w+)", sql), 1)) for sql in map(looking_for, KINDS)),
    ]


def general(sql: str) -> str:
    """A statement without values, and without what changes from run to run."""
    text = shape(sql)
    return re.sub(r'"sparkify_reader_\w+"|\bsparkify_reader_\w+', '"sparkify_reader"', text)


def page(sent: list[str]) -> str:
    """docs/statements.md."""
    kinds: dict[str, set[str]] = {}
    for sql in sent:
        text = general(sql)
        kinds.setdefault(text.lstrip("( ").split()[0].upper(), set()).add(text)
    parts = [HEAD]
    for kind in sorted(kinds):
        lines = "".join(f"{one};\n" for one in sorted(kinds[kind]))
        parts.append(f"\n## {kind}\n\n```sql\n{lines}```\n")
    return "".join(parts)


def main() -> None:
    import tempfile

    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        emulator = Emulator(seconds=0.2)
        for name, value in emulator.environment.items():
            patch.setenv(name, value)
        sent = sent_by_every_command(launch(emulator), Bucket(emulator), Path(folder))
        emulator.close()
    PAGE.write_text(page(sent), encoding="utf-8")


if __name__ == "__main__":
    main()
