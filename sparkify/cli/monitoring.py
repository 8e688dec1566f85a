"""Notifications of a load: a file of metrics, and a command of the user's."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from sparkify.cli.output import plain
from sparkify.cli.progress import log_failure, log_warning
from sparkify.cli.summary import as_object
from sparkify.config import S3, Config
from sparkify.connection import label
from sparkify.errors import ConfigError, SparkifyError
from sparkify.place import METRICS, require_place
from sparkify.writing import replace_file

if TYPE_CHECKING:
    from sparkify.load.publish import Summary

POLLER = 60
"""Seconds that the user's command may take."""
MOST_METRICS = 1 << 20
"""Bytes of a file of metrics; what is larger is something else."""
SUCCESS = "sparkify_last_success_timestamp_seconds"


@dataclass
class Notification:
    """What is known of a load so far."""

    summary: "Summary | None" = None
    is_written: ClassVar[bool] = False
    """Whether the metrics of this process are written."""


@contextmanager
def notifying(config: Config, metrics: Path | None) -> Iterator[Notification]:
    """Write metrics and call [ETL] NOTIFY when the block ends, however it ends.

    A load is as it is, whether or not anybody could be notified: what goes wrong here is a warning.
    """
    notification, began, failure = Notification(), time.time(), None
    if metrics:
        Notification.is_written = True  # whoever tells of a failure must not write there either
        require_place(metrics, config.s3, METRICS)
        Notification.is_written = False
    try:
        yield notification
    except BaseException as error:
        failure = error
        raise
    finally:
        object_ = _as_object(config, notification, failure, time.time() - began)
        if metrics:
            _write_metrics(metrics, object_)
            Notification.is_written = True
        if config.etl.notify:
            _notify(config.etl.notify, object_)


def notify_failure(error: BaseException) -> None:
    """What a command that failed early, or late, still owes: the event `failed`, and the file of metrics."""
    log_failure(error)
    is_load = Path(sys.argv[0]).stem == "etl" or "etl" in sys.argv[1:2]
    found = [value for option, value in _options(sys.argv) if option == "--metrics" and is_load]
    if found and not Notification.is_written:
        with suppress(ConfigError):
            require_place(Path(found[-1]), S3(), METRICS)
            _write_metrics(Path(found[-1]), {"ok": False, "seconds": 0.0})


def _options(arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each option with what stands behind it, in either form.

    >>> list(_options(["etl", "--metrics", "m.prom", "--wait=3"]))
    [('--metrics', 'm.prom'), ('--wait', '3')]
    """
    for one, after in pairwise([*arguments, ""]):
        option, equals, value = one.partition("=")
        if option.startswith("--") and (equals or after):
            yield option, value if equals else after


def _as_object(
    config: Config, notification: Notification, failure: BaseException | None, seconds: float
) -> dict[str, Any]:
    is_known = isinstance(failure, SparkifyError)
    error = None if failure is None else str(failure) if is_known else type(failure).__name__
    found: dict[str, Any] = {"ok": failure is None, "error": error, "source": config.s3.source}
    if notification.summary:
        return found | as_object(notification.summary, label(config))
    return found | {"warehouse": label(config), "run_id": None, "seconds": round(seconds, 3)}


def _write_metrics(file: Path, found: dict[str, Any]) -> None:
    now = time.time()
    out: list[str] = []

    def add(name: str, meaning: str, *samples: tuple[str, float]) -> None:
        out.extend((f"# HELP {name} {meaning}", f"# TYPE {name} gauge"))
        out.extend(f"{name}{labels} {value:.15g}" for labels, value in samples)

    add("sparkify_last_run_timestamp_seconds", "When the latest load ended.", ("", now))
    add("sparkify_last_run_success", "1 if the latest load ended well.", ("", found["ok"]))
    if success := now if found["ok"] else _last_success(file):
        add(SUCCESS, "When a load last ended well.", ("", success))
    add("sparkify_last_run_duration_seconds", "How long the latest load took.", ("", found["seconds"]))
    for name, meaning, dimension, key in (
        ("sparkify_last_run_records", "Records of the latest load.", "state", "records"),
        ("sparkify_last_run_files", "Files of the latest load.", "state", "files"),
        ("sparkify_table_rows", "Rows of the star schema.", "table", "rows"),
    ):
        if values := found.get(key):
            add(name, meaning, *((f'{{{dimension}="{which}"}}', n) for which, n in values.items()))
    if "values" in found:
        aside = found["values"]["set_aside"]
        add(
            "sparkify_last_run_values_set_aside", "Values of the latest load that went to extra.", ("", aside)
        )
        add("sparkify_last_run_warnings", "Warnings of the latest load.", ("", len(found["warnings"])))
    try:
        replace_file(file, ("\n".join(out) + "\n").encode(), mode=0o644)
    except OSError as error:
        log_warning(f"{file} cannot be written: {error.strerror}.")


def _last_success(file: Path) -> float | None:
    """What the file has said so far."""
    if not file.is_file() or file.stat().st_size > MOST_METRICS:
        return None
    try:
        found = [line.split()[1] for line in file.read_text().splitlines() if line.startswith(f"{SUCCESS} ")]
        return float(found[0]) if found else None
    except (OSError, ValueError, IndexError):
        return None


def _notify(command: str, found: dict[str, Any]) -> None:
    """Give the summary as JSON to the standard input of a command. It is run as it is, by no shell."""
    from sparkify.ledger.seal import VARIABLE as SEAL_KEY

    text = json.dumps(found, ensure_ascii=False, default=plain)
    environment = {name: value for name, value in os.environ.items() if name != SEAL_KEY}
    try:
        done = subprocess.run(
            shlex.split(command), input=text.encode(errors="backslashreplace"), env=environment,
            stdout=subprocess.DEVNULL, timeout=POLLER, check=False,
        )  # fmt: skip
        failed = f"it ended with {done.returncode}" if done.returncode else ""
    except subprocess.TimeoutExpired:
        failed = f"it took more than {POLLER} s"
    except (OSError, ValueError) as error:
        failed = getattr(error, "strerror", None) or str(error)
    if failed:
        log_warning(f"[ETL] NOTIFY could not be told: {failed}.")
