"""Where the warehouse on Redshift is, and how to get in."""

import json
from dataclasses import dataclass

from sparkify.aws import Clients, translated
from sparkify.config import Config
from sparkify.errors import ConfigError, ProvisionError
from sparkify.provision import cluster as clusters
from sparkify.provision.names import Names
from sparkify.provision.price import SLICES, Size
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
    names = Names(config.cluster.name)
    own = config.redshift
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
        cluster = clusters.require_cluster(clients, names)
        if cluster["ClusterStatus"] != "available" or "Endpoint" not in cluster:
            raise ProvisionError(
                f"the cluster {names.cluster} is {cluster['ClusterStatus']}. "
                "`sparkify cluster status` tells more."
            )
        user, password = own.user, own.password
        if not user:
            user, password = _credentials(clients, config, cluster.get("MasterPasswordSecretArn", ""))
        place = own.scratch or f"s3://{_scratch_bucket(clients, config, names)}"
    return Target(
        cluster["Endpoint"]["Address"], cluster["Endpoint"]["Port"], cluster["DBName"], user, password,
        config.iam.arn or cluster["IamRoles"][0]["IamRoleArn"], place,
        SLICES.get(cluster["NodeType"], 2) * cluster["NumberOfNodes"],
    )  # fmt: skip


def _credentials(clients: Clients, config: Config, secret: str) -> tuple[str, str]:
    if config.redshift.auth == "iam":
        given = clients.redshift.get_cluster_credentials_with_iam(
            ClusterIdentifier=config.cluster.name, DbName=config.cluster.database
        )
        return given["DbUser"], given["DbPassword"]
    if not secret:
        raise ConfigError(
            "the cluster has no managed password. Set [REDSHIFT] USER and SPARKIFY_REDSHIFT__PASSWORD."
        )
    kept = json.loads(clients.secrets.get_secret_value(SecretId=secret)["SecretString"])
    return kept["username"], kept["password"]


def source_buckets(config: Config) -> list[str]:
    """The buckets that the configuration names as source."""
    places = (config.s3.source, config.s3.log_data, config.s3.song_data, config.s3.log_jsonpath)
    return list(dict.fromkeys(split(place)[0] for place in places if is_remote(place)))


def scratch_region(config: Config, region: str) -> str:
    """The region of the source, where the scratch bucket is."""
    buckets = source_buckets(config)
    return bucket_region(buckets[0]) if buckets else region


def _scratch_bucket(clients: Clients, config: Config, names: Names) -> str:
    account = clients.sts.get_caller_identity()["Account"]
    return names.bucket(account, scratch_region(config, clients.region))
