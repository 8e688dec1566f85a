"""Where the warehouse on Redshift is, and how to get in."""

import json
from dataclasses import dataclass

from sparkify.aws import Clients, translated
from sparkify.config import Config
from sparkify.errors import ConfigError, ProvisionError
from sparkify.provision import cluster as clusters
from sparkify.provision import lookup, scratch
from sparkify.provision.deployment import Deployment
from sparkify.provision.names import Names
from sparkify.provision.price import Size
from sparkify.store import bucket_region, is_remote, split


@dataclass(frozen=True)
class Target:
    """What a session with the warehouse needs to know."""

    host: str
    port: int
    database: str
    user: str
    password: str
    role: str
    scratch: str
    slices: int


def find_target(clients: Clients, config: Config) -> Target:
    """Where the warehouse is and how to get in, from dwg.cfg or from the cluster's name.

    Raises ProvisionError if there is no such cluster, ConfigError if a setting is missing.
    """
    names = Names(config.cluster.name, clients.region)
    own = config.redshift
    if bool(own.user) != bool(own.password):
        given, missing = ("USER", "PASSWORD") if own.user else ("PASSWORD", "USER")
        raise ConfigError(
            f"[REDSHIFT] {given} is given without {missing}. "
            f"Set SPARKIFY_REDSHIFT__{missing} too, or neither: then the cluster's own user is taken."
        )
    if own.host:
        if not (own.user and own.password and config.iam.arn and own.scratch):
            raise ConfigError(
                "with [REDSHIFT] HOST, give USER, SCRATCH, [IAM] ARN and SPARKIFY_REDSHIFT__PASSWORD too."
            )
        size = Size(config.cluster.node_type, config.cluster.nodes)
        return Target(
            own.host, own.port, config.cluster.database, own.user, own.password, config.iam.arn, own.scratch,
            size.slices,
        )  # fmt: skip
    with translated():
        found = lookup.require(clients, names)
        if found.state != "available" or not found.host:
            way_out = clusters.WAYS_OUT.get(found.state, "`sparkify cluster status` tells more.")
            raise ProvisionError(f"the {found.kind} {names.cluster} is {found.status}. {way_out}")
        user, password = own.user, own.password
        if not user:
            user, password = _credentials(clients, config, found)
        place = own.scratch or f"s3://{_scratch_bucket(clients, config, names)}"
    return Target(
        found.host, found.port, found.database, user, password, config.iam.arn or found.roles[0], place,
        found.size.slices,
    )  # fmt: skip


def _credentials(clients: Clients, config: Config, found: Deployment) -> tuple[str, str]:
    if config.redshift.auth == "iam":
        if found.kind == "workgroup":
            lent = clients.serverless.get_credentials(workgroupName=found.name, dbName=found.database)
            return lent["dbUser"], lent["dbPassword"]
        given = clients.redshift.get_cluster_credentials_with_iam(
            ClusterIdentifier=found.name, DbName=found.database
        )
        return given["DbUser"], given["DbPassword"]
    if not found.secret:
        raise ConfigError(
            f"the {found.kind} has no managed password. Set [REDSHIFT] USER and SPARKIFY_REDSHIFT__PASSWORD."
        )
    kept = json.loads(clients.secrets.get_secret_value(SecretId=found.secret)["SecretString"])
    return kept["username"], kept["password"]


def require_scratch(clients: Clients, config: Config) -> None:
    """Raise ProvisionError if the scratch bucket that launch made is not there."""
    if config.redshift.scratch:
        return
    with translated():
        bucket = _scratch_bucket(clients, config, Names(config.cluster.name, clients.region))
        if not scratch.stands(clients, bucket):
            raise ProvisionError(
                f"there is no scratch bucket in {scratch_region(config, clients.region)} ({bucket}). "
                "`sparkify cluster launch` makes it."
            )


def source_buckets(config: Config) -> list[str]:
    """The buckets that the configuration names as source."""
    places = (config.s3.source, config.s3.log_data, config.s3.song_data, config.s3.log_jsonpath)
    return list(dict.fromkeys(split(place)[0] for place in places if is_remote(place)))


def scratch_region(config: Config, region: str) -> str:
    """The region of the source, where the scratch bucket is."""
    buckets = source_buckets(config)
    return bucket_region(buckets[0]) if buckets else region


def _scratch_bucket(clients: Clients, config: Config, names: Names) -> str:
    return names.bucket(clients.account, scratch_region(config, clients.region))
