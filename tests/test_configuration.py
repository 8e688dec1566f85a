"""Settings, from the file and from variables: right ones are taken, wrong ones are named."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify.config_sources import load_config
from sparkify.errors import ConfigError
from tests.builders import Run


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("SPARKIFY_S3__SORCE", "SPARKIFY_S3__SOURCE"),
        ("SPARKIFY_S3_SOURCE", "SPARKIFY_S3__SOURCE"),
        ("SPARKIFY_SOURCE", "SPARKIFY_S3__SOURCE"),
        ("sparkify_s3__source", "SPARKIFY_S3__SOURCE"),
        ("SPARKIFY_MAX_REJECTS", "SPARKIFY_ETL__MAX_REJECTS"),
    ],
)
def test_a_misspelt_variable_is_refused_as_a_misspelt_setting_is(variable: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=f"^{variable} is not a setting. Did you mean {meant}"):
        load_config(environ={variable: "music"})


def test_variables_of_others_are_let_pass() -> None:
    for variable in ("SPARKIFY_REAL_DATA", "SPARKIFY_PORT", "SPARKIFY_SERVICE_HOST"):
        load_config(environ={variable: "x"})


def test_settings_that_are_right_are_taken(tmp_path: Path) -> None:
    given = {
        "SPARKIFY_CLUSTER__NAME": "a" * 63,
        "SPARKIFY_IAM__ARN": "arn:aws-us-gov:iam::123456789012:role/path/name",
        "SPARKIFY_IAM__POLICY": "service-role/AmazonS3ReadOnlyAccess",
        "SPARKIFY_REDSHIFT__READERS": "PUBLIC, GROUP analysts,ROLE auditors , IAM:alice@example.com",
        "SPARKIFY_REDSHIFT__SCRATCH": "",
    }

    values = {origin: value for _, value, origin, _ in load_config(environ=given).rows()}

    assert values.items() >= given.items()


def test_config_shows_where_each_value_comes_from(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dwg.cfg").write_text("[S3]\nSOURCE = here  # a comment\n[WAREHOUSE]\nWAIT = 5\n")

    rows = {row["setting"]: row for row in csv.DictReader(io.StringIO(run("config", "--wait", "7").stdout))}

    assert (rows["[S3] SOURCE"]["value"], rows["[S3] SOURCE"]["origin"]) == ("here", "dwg.cfg")
    assert (rows["[WAREHOUSE] WAIT"]["value"], rows["[WAREHOUSE] WAIT"]["origin"]) == ("7.0", "flag")
    assert rows["[WAREHOUSE] FILE"]["origin"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[S3]\nSORCE = x\n", "[S3] SORCE is not a setting. Did you mean [S3] SOURCE?"),
        ("[S4]\nSOURCE = x\n", "[S4] SOURCE is not a setting. Did you mean [S3] SOURCE?"),
        ("[WAREHOUSE]\nTHREADS = -4\n", "[WAREHOUSE] THREADS = '-4' is not a whole number"),
        ("[WAREHOUSE]\nMEMORY = lots\n", "[WAREHOUSE] MEMORY = 'lots' is not an amount like 2GB"),
        ("[WAREHOUSE]\nWAIT = -3\n", "[WAREHOUSE] WAIT = '-3' is not a number of seconds"),
        ("[ETL]\nMAX_REJECTS = some\n", "[ETL] MAX_REJECTS = 'some' is not a number, or 1%"),
        ("[WAREHOUSE]\nENGINE = oracle\n", "'oracle' is not one of duckdb, redshift"),
        ("[WAREHOUSE]\nWAIT = long\n", "'long' is not a number of seconds"),
        ("[CLUSTER]\nNAME = My Cluster\n", "NAME = 'My Cluster' is not 1 to 63 lower case letters"),
        ("[CLUSTER]\nNAME = a--b\n", "NAME = 'a--b' is not 1 to 63 lower case letters"),
        ("[CLUSTER]\nPOLL = -1\n", "POLL = '-1' is not a number of seconds"),
        ("[CLUSTER]\nPOLL = 0.0\n", "POLL = '0.0' is not a number of seconds above 0"),
        ("[REDSHIFT]\nPORT = 65536\n", "PORT = '65536' is not a port: 1 to 65535"),
        ("[REDSHIFT]\nPORT = 0\n", "PORT = '0' is not a port: 1 to 65535"),
        ("[WAREHOUSE]\nTHREADS = 5000\n", "THREADS = '5000' is not a whole number below 1,000"),
        (f"[WAREHOUSE]\nWAIT = {'9' * 400}\n", "is not a number of seconds below a thousand million"),
        ("[CLUSTER]\nDATABASE = a-b\n", "DATABASE = 'a-b' is not a name"),
        ("[IAM]\nARN = my-role\n", "ARN = 'my-role' is not like arn:aws:iam::123456789012:role/name"),
        ("[IAM]\nPOLICY = arn:aws:iam::aws:policy/A\n", "is not the name of an AWS managed policy"),
        ("[REDSHIFT]\nSCHEMA = a b\n", "SCHEMA = 'a b' is not a name"),
        ('[REDSHIFT]\nREADERS = alice, x"y\n', "is not a list of names: analyst, GROUP analysts"),
        ("[REDSHIFT]\nSCRATCH = bucket/prefix\n", "SCRATCH = 'bucket/prefix' is not an s3:// prefix"),
        (
            "[REDSHIFT]\nPASSWORD = hunter2\n",
            "no secret belongs in a file. Give it as SPARKIFY_REDSHIFT__PASSWORD.",
        ),
        ("SOURCE = x\n", "cannot be read"),
    ],
)
def test_a_mistake_in_the_configuration_is_named(run: Run, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "dwg.cfg").write_text(text)

    done = run("config")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert message in done.stderr
    assert "dwg.cfg" in done.stderr


@pytest.mark.parametrize(
    ("arrange", "message"),
    [
        (lambda file: file.mkdir(), "dwg.cfg cannot be read: Is a directory. Fix it, or remove it."),
        (lambda file: file.write_text("[S3]", encoding="utf-16"), "dwg.cfg is not written in UTF-8."),
    ],
)
def test_a_configuration_that_cannot_be_read_is_named(
    run: Run, tmp_path: Path, arrange: Callable[[Path], object], message: str
) -> None:
    arrange(tmp_path / "dwg.cfg")

    done = run("config")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert message in done.stderr


def test_a_mark_at_the_start_of_the_configuration_does_no_harm(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dwg.cfg").write_text("[S3]\nSOURCE = here\n", encoding="utf-8-sig")

    assert "[S3] SOURCE,here,dwg.cfg" in run("config").stdout


def test_quotes_around_a_setting_are_no_part_of_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dwg.cfg").write_text("[S3]\nSOURCE = 'here'\nLOG_DATA=\"it's\"\n")

    shown = run("config").stdout

    assert "[S3] SOURCE,here,dwg.cfg" in shown
    assert "[S3] LOG_DATA,it's,dwg.cfg" in shown
