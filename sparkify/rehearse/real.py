"""The rehearsal on AWS: the same steps on a cluster of its own, with a price limit and a time to live.

Each rehearsal has its own names and tags, so that nothing of the user is touched. However the
steps end, all of it is deleted, and AWS is asked what is left. What was sent, and what came back, is held
against a run on the emulator.
"""

import datetime as dt
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from sparkify.aws import Clients, make_clients, translated
from sparkify.config import Config
from sparkify.errors import ConfigError, ProvisionError, SparkifyError
from sparkify.progress import Silent
from sparkify.provision import cluster, lifecycle, network, scratch
from sparkify.provision.names import Names
from sparkify.provision.network import Network
from sparkify.provision.plan import price
from sparkify.provision.polling import Poller
from sparkify.provision.price import Size
from sparkify.rehearse.comparison import compare
from sparkify.rehearse.data import PREFIX, Files, files_of
from sparkify.rehearse.emulated import walk_emulated
from sparkify.rehearse.report import Report
from sparkify.rehearse.settings import on_aws, on_both
from sparkify.rehearse.steps import Stage, Step, first_missing, walk_all
from sparkify.scratch import Scratch
from sparkify.signals import deferred

NODE_TYPES = ("rg.large", "ra3.large")
"""The cheapest first; the other is for regions that do not offer it."""
NODES = 2
CONNECTIONS = 16
Say = Callable[[str], None]
Show = Callable[[str, Step], None]
"""Told of each step that was done, and where."""


@dataclass(frozen=True)
class Plan:
    """What a rehearsal on AWS will make, and what it may cost."""

    clients: Clients
    names: Names
    size: Size
    ttl: dt.timedelta
    cidrs: Sequence[str]
    config: Config
    """The user's, of which the steps follow what rehearse.settings says."""
    network: Network

    @property
    def data(self) -> Names:
        """The bucket of the data is made and deleted as the scratch bucket of a cluster of this name."""
        return Names(f"{self.names.cluster}-data", self.names.region)

    @property
    def usd(self) -> float:
        """The cluster's price for all of its time to live."""
        return _usd_per_hour(self.size) * self.ttl / dt.timedelta(hours=1)

    @property
    def _source(self) -> str:
        return self.size.rate.source if self.size.rate else ""

    def lines(self) -> list[str]:
        """The plan in words."""
        return [
            f"cluster  {self.names}: {self.size}, deleted after the last step or after {_hours(self.ttl)}",
            f"price    about {self.usd:.2f} USD if it lives so long (prices {self._source}, on "
            "demand); deleting it takes some minutes more; S3 and Secrets Manager: cents",
            f"network  {self.network}, open to {', '.join(self.cidrs) or 'your own address'} alone"
            + ("" if self.config.cluster.public == "yes" else "; without an address on the internet"),
        ]

    def ways_out(self) -> list[str]:
        """The commands that delete everything, for the case that this process is killed."""
        return [
            f"SPARKIFY_CLUSTER__NAME={names.cluster} SPARKIFY_CLUSTER__REGION={names.region} "
            "sparkify cluster delete --yes"
            for names in (self.names, self.data)
        ]


def plan_rehearsal(config: Config, ttl: dt.timedelta, max_usd: float, cidrs: Sequence[str]) -> Plan:
    """Plan a rehearsal in the configured region.

    Raises ConfigError if it may cost more than `max_usd`, or if nobody could reach it.
    """
    if config.cluster.public == "no" and not cidrs:
        raise ConfigError(
            "with [CLUSTER] PUBLIC = no, give --cidr: the network (of VPC or VPN) that this machine is in."
        )
    clients = make_clients(config.cluster.region)
    with translated():
        clients.sts.get_caller_identity()  # without credentials nothing else can be asked
        sold = cluster.offered(clients, NODES)
        where = network.find_network(clients, config.cluster.subnet_group)
    offered = next((kind for kind in NODE_TYPES if kind in sold), "")
    if not offered:
        raise ProvisionError(f"{clients.region} offers neither {' nor '.join(NODE_TYPES)}.")
    size = Size(offered, NODES)
    size = replace(size, rate=price(clients, size))
    names = Names(f"sparkify-try-{secrets.token_hex(3)}", clients.region)
    plan = Plan(clients, names, size, ttl, cidrs, config, where)
    if plan.usd > max_usd:
        raise ConfigError(
            f"{_hours(ttl)} of {plan.size} may cost {plan.usd:.2f} USD, more than --max-usd {max_usd:g}. "
            "Choose a shorter --ttl, or a higher limit."
        )
    return plan


def run(plan: Plan, source: Path | None, report: Path, say: Say, show: Show) -> Report:
    """Walk the steps on the emulator, then on AWS; delete everything, and write the report.

    Raises the error at which it stopped, when everything is deleted; ProvisionError if something is left.
    """
    follow = on_both(plan.config, source)
    found = Report(f"{plan.names.region}, {plan.size.nodes} x {plan.size.node_type}", f"{dt.date.today()}")
    with files_of(source, say) as files, Scratch() as place:
        ours, theirs = place / "emulator", place / "aws"
        for folder in (ours, theirs):
            folder.mkdir()
        for step in walk_emulated(files, ours, say, follow):
            found.emulated[step.name] = step.seconds
            show("emulator", step)
        try:
            _walk_aws(plan, files, theirs, found, {**follow, **on_aws(plan.config)}, say, show)
        except KeyboardInterrupt as error:
            _clean(plan, found, say)
            raise KeyboardInterrupt("and everything that was made is deleted") from error
        except BaseException:
            _clean(plan, found, say)
            raise
        else:
            _clean(plan, found, say)
        finally:
            found.stopped_at = first_missing(found.real)
            done = [*found.real, found.stopped_at]
            found.comparison = compare(ours / "statements", theirs / "statements", done)
            found.write(report)
    return found


def _walk_aws(
    plan: Plan, files: Files, folder: Path, found: Report, settings: Mapping[str, str], say: Say, show: Show
) -> None:
    """The steps, each stopped when the time to live is over."""
    end = time.monotonic() + plan.ttl.total_seconds()
    now = dt.datetime.now(dt.UTC)
    say(f"if this process is killed, delete it all by hand: {' && '.join(plan.ways_out())}")
    with translated():
        bucket = scratch.ensure_bucket(
            plan.clients, plan.data, plan.names.region, plan.data.tags(now, now + plan.ttl)
        )
    _upload(plan.clients, bucket, files.first, say)
    (folder / "dwg.cfg").write_text(
        f"[WAREHOUSE]\nENGINE = redshift\n[S3]\nSOURCE = s3://{bucket}/{PREFIX}\n[CLUSTER]\n"
        f"NAME = {plan.names.cluster}\nREGION = {plan.names.region}\nPOLL = {plan.config.cluster.poll}\n"
        f"NODE_TYPE = {plan.size.node_type}\nNODES = {plan.size.nodes}\n"
    )
    more = {
        "launch": ("--ttl", f"{plan.ttl / dt.timedelta(minutes=1):g}m"),
        "configure": tuple(word for cidr in plan.cidrs for word in ("--cidr", cidr)),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPARKIFY_")}
    stage = Stage(
        folder, {**environment, **settings}, more, lambda: _upload(plan.clients, bucket, files.latest, say),
        lambda: end - time.monotonic(),
    )  # fmt: skip
    for step in walk_all(stage, say):
        found.real[step.name] = step.seconds
        show("AWS", step)


def _upload(clients: Clients, bucket: str, files: Mapping[str, Path], say: Say) -> None:
    say(f"filling s3://{bucket}")

    def put(key: str) -> None:
        with translated():
            body = files[key].read_bytes()
            clients.s3.put_object(Bucket=bucket, Key=key, Body=body, ExpectedBucketOwner=clients.account)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(put, files))


def _clean(plan: Plan, found: Report, say: Say) -> None:
    """Delete everything, undisturbed. Raises ProvisionError if something is left."""
    is_over = "delete" in found.real
    with deferred(lambda: say("deleting what was made; this takes some minutes")):
        _delete(plan, say)
        if not is_over:  # AWS may still be at work on a call of the step that was broken off
            time.sleep(plan.config.cluster.poll)
            _delete(plan, say)
        found.left = _left(plan)
    if found.left:
        raise ProvisionError(f"still there, and it may cost money: {'; '.join(found.left)}")
    say("nothing is left: no cluster, security group, bucket, role, secret or snapshot")


def _delete(plan: Plan, say: Say) -> None:
    for names in (plan.names, plan.data):
        try:
            lifecycle.delete(plan.clients, names, "", Poller(plan.config.cluster.poll), _Telling(say))
        except SparkifyError as error:
            say(f"warning: {error}")


def _left(plan: Plan) -> list[str]:
    """What AWS says is there, each with the command that removes it."""
    left = []
    for names, way_out in zip((plan.names, plan.data), plan.ways_out(), strict=True):
        try:
            there = [one.what for one in lifecycle.left_over(plan.clients, names)]
            kept = lifecycle.snapshots(plan.clients, names)
        except SparkifyError as error:
            left.append(f"possibly all of {names}, for AWS could not be asked ({error}): {way_out}")
            continue
        if there:
            left.append(f"{', '.join(there)}: {way_out}")
        left += [f"snapshot {one}: {command}" for one, command in kept.items()]
    return left


class _Telling(Silent):
    """Tells of each step."""

    def __init__(self, say: Say) -> None:
        self._say = say

    def step(self, name: str, total_bytes: int = 0) -> None:  # noqa: ARG002  # as Progress has it
        self._say(name)


def _usd_per_hour(size: Size) -> float:
    if size.usd_per_hour is None:
        raise ConfigError(f"no price in USD is known for {size.what}, so that no limit can be kept.")
    return size.usd_per_hour


def _hours(span: dt.timedelta) -> str:
    return f"{span / dt.timedelta(hours=1):g} h"
