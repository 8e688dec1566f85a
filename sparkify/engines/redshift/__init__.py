"""The distributed engine: a warehouse in a schema of an Amazon Redshift cluster or workgroup."""

import logging
from collections.abc import Iterator, Mapping

from sparkify.config import LOOPBACK, Config
from sparkify.engines.base import Engine, Value
from sparkify.engines.registry import EngineSpec, Finding, OpenOptions


def _open(config: Config, options: OpenOptions) -> Engine:
    from sparkify.aws import make_clients
    from sparkify.engines.redshift.connect import Address
    from sparkify.engines.redshift.copy import CopyOptions
    from sparkify.engines.redshift.engine import Redshift
    from sparkify.provision.target import find_target, require_role, require_scratch

    own = config.redshift
    clients = make_clients(config.cluster.region)
    target = find_target(clients, config)
    if options.may_make:
        require_scratch(clients, config)
        require_role(target, config)
    fresh = [target]

    def address() -> Address:
        found = fresh.pop() if fresh else find_target(clients, config)
        return Address(
            found.host, found.port, found.database, found.user, found.password, own.sslmode, own.keepalive,
            found.advice,
        )  # fmt: skip

    if own.sslmode == "verify-ca" and own.host not in LOOPBACK:
        logging.getLogger("sparkify").warning(
            f"SSLMODE = verify-ca does not check the certificate's host name, so that another "
            f"server could pose as {target.host}. Use it for a tunnel, or an alias in your own network."
        )
    copying = CopyOptions(
        target.role, target.scratch, target.owner, target.slices, config.etl.compact, target.role_advice
    )
    return Redshift(
        address,
        copying,
        schema=own.schema,
        readers=[reader.strip() for reader in own.readers.split(",") if reader.strip()],
        rights=options.rights,
        query_group=own.query_group,
        read_only=options.read_only,
        wait=config.warehouse.wait,
    )


def _translate(sql: str, params: Mapping[str, Value]) -> str:
    from sparkify.engines.dialect import to_redshift

    return to_redshift(sql, params)


def _examine(config: Config) -> Iterator[Finding]:
    from sparkify.engines.redshift.examine import examine_cluster

    return examine_cluster(config)


SPEC = EngineSpec(
    "redshift",
    open=_open,
    label=lambda config: (
        f"schema {config.redshift.schema} of cluster {config.redshift.host or config.cluster.name}"
    ),
    exists=lambda _: True,
    translate=_translate,
    examine=_examine,
    has_grants=True,
    has_cluster=True,
)
