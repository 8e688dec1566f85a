"""What the doctor asks of the cluster that holds the warehouse, and of its role."""

import socket
from collections.abc import Iterator

from sparkify.aws import Clients, make_clients, translated
from sparkify.config import Config
from sparkify.engines.registry import Finding
from sparkify.errors import SparkifyError
from sparkify.provision import lookup
from sparkify.provision.names import Names
from sparkify.provision.target import Target, find_target

CONNECT_TIMEOUT = 10.0
"""Seconds to wait for an answer; what is not let in gets none."""


def examine_cluster(config: Config) -> Iterator[Finding]:
    """Whether the cluster can be reached, and reads buckets in its role."""
    try:
        clients = make_clients(config.cluster.region)
        target = find_target(clients, config)
    except SparkifyError as error:
        yield Finding.failed("cluster", error)
        return
    yield _examine_endpoint(target)
    if target.role:
        yield _examine_role(clients, config, target.role)
    else:
        yield Finding(
            "role", "warning", "none is set, so nothing can be loaded from here",
            "Set [IAM] ARN to a role of the cluster that may read the source.",
        )  # fmt: skip


def _examine_endpoint(target: Target) -> Finding:
    """Whether something answers at the cluster's address; whether it lets us in is the warehouse's probe."""
    place = f"{target.host}:{target.port}"
    try:
        socket.create_connection((target.host, target.port), CONNECT_TIMEOUT).close()
    except (OSError, UnicodeError) as error:
        return Finding("cluster", "FAILED", f"{place} cannot be reached: {error}", target.advice)
    return Finding("cluster", "ok", f"{place} can be reached, database {target.database}")


def _examine_role(clients: Clients, config: Config, arn: str) -> Finding:
    """Whether the role that COPY reads with exists, and the cluster has been given it."""
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
        return Finding.failed("role", error)
    return Finding("role", "ok", f"the cluster reads buckets as {arn}")
