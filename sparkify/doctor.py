"""What a warehouse needs, probed one by one: what was found, and what to do where it is not well.

A probe that fails does not stop the others: whoever is called at night wants the whole list.
"""

import datetime as dt
import os
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sparkify.config import Config
from sparkify.engines.base import Engine
from sparkify.errors import BusyError, ConfigError, SparkifyError, WarehouseError
from sparkify.ledger.runs import last_start
from sparkify.load.tables import VERSION, has_tables, require_tables
from sparkify.source.listing import list_source
from sparkify.source.store import is_remote

if TYPE_CHECKING:
    from sparkify.aws import Clients
    from sparkify.provision.target import Target

State = Literal["ok", "warning", "FAILED"]
Open = Callable[[Config], AbstractContextManager[Engine]]
ROOM = 1 << 30
"""Bytes that should be free beyond what the warehouse needs once more."""
CONNECT_TIMEOUT = 10.0
"""Seconds to wait for an answer; what is not let in gets none."""
SKEW = dt.timedelta(minutes=5)
"""Maximum clock skew AWS accepts."""


@dataclass(frozen=True)
class Finding:
    """What one probe found, and what to do about it."""

    probe: str
    state: State
    found: str
    advice: str = ""


def examine(config: Config, opened: Open, now: dt.datetime) -> Iterator[Finding]:
    """Run every probe that concerns this configuration; `now` is in UTC, without a zone."""
    if config.warehouse.engine == "duckdb":
        yield from _examine_disk(Path(config.warehouse.file))
    if _needs_aws(config):
        yield from _examine_account(config, now)
    yield from _examine_warehouse(config, opened, now)
    yield _examine_source(config)


def _examine_disk(file: Path) -> Iterator[Finding]:
    folder = file.absolute().parent
    if not folder.is_dir():
        yield Finding("folder", "FAILED", f"{folder} is not a directory", "Make it, or check --warehouse.")
        return
    for place, needed in ((folder, os.W_OK | os.X_OK), (file, os.R_OK | os.W_OK)):
        if not place.exists() or os.access(place, needed):
            continue
        yield Finding("folder", "FAILED", f"{place} cannot be written to", "Give us write permission there.")
        break
    else:
        yield Finding("folder", "ok", f"{folder} can be written to")
    held = file.stat().st_size if file.is_file() else 0
    for probe, place, needed in (
        ("disk", folder, held + ROOM),
        ("scratch", Path(tempfile.gettempdir()), ROOM),
    ):
        free = shutil.disk_usage(place).free
        found = f"{free / 1e9:,.1f} GB free in {place}"
        advice = f"{needed / 1e9:,.1f} GB are advised: free some" + (
            ", or set TMPDIR." if probe == "scratch" else "."
        )
        yield Finding(probe, "ok", found) if free >= needed else Finding(probe, "warning", found, advice)


def _needs_aws(config: Config) -> bool:
    places = (config.s3.source, config.s3.log_data, config.s3.song_data)
    return config.warehouse.engine == "redshift" or any(map(is_remote, places))


def _examine_account(config: Config, now: dt.datetime) -> Iterator[Finding]:
    from sparkify.aws import make_clients, translated

    try:
        clients = make_clients(config.cluster.region)
        with translated():
            answer = clients.sts.get_caller_identity()
    except SparkifyError as error:
        yield _failed("credentials", error)
        return
    yield Finding("credentials", "ok", f"{answer['Arn']} in {clients.region}")
    yield _examine_clock("AWS clock", answer["ResponseMetadata"]["HTTPHeaders"].get("date", ""), now)
    if config.warehouse.engine == "redshift":
        from sparkify.provision.target import find_target

        try:
            target = find_target(clients, config)
        except SparkifyError as error:
            yield _failed("cluster", error)
            return
        yield _examine_endpoint(target)
        if target.role:
            yield _examine_role(clients, config, target.role)
        else:
            yield Finding(
                "role", "warning", "none is set, so nothing can be loaded from here",
                "Set [IAM] ARN to a role of the cluster that may read the source.",
            )  # fmt: skip


def _examine_endpoint(target: "Target") -> Finding:
    """Whether something answers at the cluster's address; whether it lets us in is the warehouse's probe."""
    place = f"{target.host}:{target.port}"
    try:
        socket.create_connection((target.host, target.port), CONNECT_TIMEOUT).close()
    except (OSError, UnicodeError) as error:
        return Finding("cluster", "FAILED", f"{place} cannot be reached: {error}", target.advice)
    return Finding("cluster", "ok", f"{place} can be reached, database {target.database}")


def _examine_role(clients: "Clients", config: Config, arn: str) -> Finding:
    """Whether the role that COPY reads with exists, and the cluster has been given it."""
    from sparkify.aws import translated
    from sparkify.provision import lookup
    from sparkify.provision.names import Names

    is_other = bool(config.redshift.host or config.iam.arn)  # a role that `cluster launch` did not make
    try:
        with translated():
            if (owner := arn.split(":")[4]) != clients.account:
                return Finding(
                    "role", "warning", f"{arn} is of account {owner}, and cannot be looked up from here",
                    "A load tells whether the cluster may read the source in it.",
                )  # fmt: skip
            try:
                clients.iam.get_role(RoleName=arn.rpartition("/")[2])
            except clients.iam.exceptions.NoSuchEntityException:
                advice = "Check [IAM] ARN." if is_other else "`sparkify cluster launch` makes it again."
                return Finding("role", "FAILED", f"there is no role {arn}", advice)
            if config.redshift.host:
                return Finding("role", "ok", f"{arn} exists; whether the cluster has it, a load tells")
            found = lookup.require(clients, Names(config.cluster.name, clients.region))
            if arn not in found.roles:
                return Finding(
                    "role", "FAILED", f"the role {arn} is not attached to the {found.kind}",
                    "Check [IAM] ARN, or attach it: aws redshift modify-cluster-iam-roles.",
                )  # fmt: skip
    except SparkifyError as error:
        return _failed("role", error)
    return Finding("role", "ok", f"the cluster reads buckets as {arn}")


def _examine_clock(probe: str, date: str, now: dt.datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(date).astimezone(dt.UTC).replace(tzinfo=None)
    except ValueError:
        return Finding(probe, "warning", "AWS did not say what time it is", "Look at this machine's clock.")
    if abs(theirs - now) <= SKEW:
        return Finding(probe, "ok", "this machine's clock agrees with AWS's")
    return Finding(
        probe, "FAILED", f"it is {now:%H:%M:%S} here and {theirs:%H:%M:%S} there (UTC)",
        "AWS refuses signatures of another time: set the clock, by NTP.",
    )  # fmt: skip


def _examine_warehouse(config: Config, opened: Open, now: dt.datetime) -> Iterator[Finding]:
    """Whether it opens, who holds it, its layout, and whether time has gone on since its last run."""
    if config.warehouse.engine == "duckdb" and not Path(config.warehouse.file).exists():
        yield Finding(
            "warehouse", "warning", f"there is none in {config.warehouse.file} yet",
            "`sparkify etl --source DIR` makes and fills one.",
        )  # fmt: skip
        return
    try:
        with opened(config) as engine:
            yield Finding("warehouse", "ok", f"opens, with {engine.name}")
            yield Finding("lock", "ok", "no other process writes to it")
            yield from _examine_tables(engine, now)
    except BusyError as error:
        yield Finding("lock", "warning", str(error), "A load ends by itself; the process is named if not.")
    except SparkifyError as error:
        yield _failed("warehouse", error)


def _examine_tables(engine: Engine, now: dt.datetime) -> Iterator[Finding]:
    if not has_tables(engine):
        yield Finding("layout", "warning", "it has no tables yet", "`sparkify etl` makes and fills them.")
        return
    try:
        require_tables(engine)
    except (WarehouseError, ConfigError) as error:
        yield _failed("layout", error)
        return
    yield Finding("layout", "ok", f"layout {VERSION}, which this program knows")
    latest = last_start(engine)
    if latest is not None and latest > now + SKEW:
        yield Finding(
            "clock", "FAILED", f"the latest run began at {latest} UTC, and now it is {now:%Y-%m-%d %H:%M:%S}",
            "Set this machine's clock, by NTP.",
        )  # fmt: skip
    else:
        yield Finding("clock", "ok", f"it is {now:%Y-%m-%d %H:%M:%S} UTC, later than every run")


def _examine_source(config: Config) -> Finding:
    s3 = config.s3
    if not (s3.source or s3.log_data or s3.song_data):
        return Finding(
            "source", "warning", "none is set", "Give --source DIR, or set [S3] SOURCE in dwg.cfg."
        )
    try:
        files = list_source(s3)
    except SparkifyError as error:
        return _failed("source", error)
    found = f"{len(files):,} files in {s3.source or s3.log_data or s3.song_data}"
    if not files:
        return Finding("source", "warning", found, "Is it the folder above song_data/ and log_data/?")
    return Finding("source", "ok", found)


def _failed(probe: str, error: SparkifyError) -> Finding:
    """An error of ours says in its last sentences what to do."""
    found, _, advice = str(error).partition(". ")
    return Finding(probe, "FAILED", found, advice)
