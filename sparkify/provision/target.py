"""Where the warehouse on Redshift is, and how to get in."""

import json
from dataclasses import dataclass

from sparkify.aws import Clients, translated
from sparkify.config import Config
from sparkify.errors import ConfigError, ProvisionError
from sparkify.provision import cluster as clusters
from sparkify.provision import lookup, scratch
from sparkify.provision.credentials import temporary_credentials
from sparkify.provision.deployment import Deployment
from sparkify.provision.endpoint import Endpoint, endpoint_of
from sparkify.provision.names import Names
from sparkify.provision.price import Size
from sparkify.source.store import bucket_region, is_remote, split

_OUR_ROLE = "`sparkify cluster launch` with this [S3] SOURCE lets it read there."


@dataclass(frozen=True)
class Target:
    """What a session with the warehouse needs to know."""

    host: str
    port: int
    database: str
    user: str
    password: str
    role: str
    """ARN of the role in which the cluster reads buckets; empty if none is known."""
    scratch: str
    owner: str
    """The account that must own the scratch bucket; empty for a prefix of the user's."""
    slices: int
    advice: str = "Check [REDSHIFT] HOST and PORT, and that its security group allows your address."
    """What to do when it cannot be reached."""
    role_advice: str = "Its policy must allow s3:GetObject and s3:ListBucket there."
    """What to do when the role may not read."""


def find_target(clients: Clients, config: Config) -> Target:
    """Where the warehouse is and how to get in, from dwg.cfg or from the cluster's name.

    Temporary credentials are new at each call. Raises ProvisionError if there is no such cluster, ConfigError
    if a setting is missing.
    """
    own = config.redshift
    if bool(own.user) != bool(own.password):
        given, missing = ("USER", "PASSWORD") if own.user else ("PASSWORD", "USER")
        raise ConfigError(
            f"[REDSHIFT] {given} is given without {missing}. "
            f"Set SPARKIFY_REDSHIFT__{missing} too, or neither: then [REDSHIFT] AUTH says as whom."
        )
    if own.host:
        return _given_target(clients, config)
    if named := own.cluster or own.workgroup:
        raise ConfigError(
            f"[REDSHIFT] {'CLUSTER' if own.cluster else 'WORKGROUP'} = {named} says what is behind HOST, "
            "which is not given. Give both."
        )
    return _own_target(clients, config)


def _given_target(clients: Clients, config: Config) -> Target:
    """The warehouse behind [REDSHIFT] HOST, whoever made it."""
    own = config.redshift
    user, password = own.user, own.password
    if not user and own.auth == "iam":
        endpoint = endpoint_of(own.host, own.cluster, own.workgroup, clients.region)
        if endpoint is None:
            raise ConfigError(
                f"[REDSHIFT] HOST = {own.host} does not tell which cluster it is of, and AUTH = iam must "
                "know. Set [REDSHIFT] CLUSTER or WORKGROUP."
            )
        with translated():
            user, password = temporary_credentials(endpoint, config.cluster.database)
    elif not user:
        raise ConfigError(
            "with [REDSHIFT] HOST, give USER and SPARKIFY_REDSHIFT__PASSWORD, or AUTH = iam for temporary "
            "credentials."
        )
    slices = Size(config.cluster.node_type, config.cluster.nodes).slices
    return Target(
        own.host, own.port, config.cluster.database, user, password, config.iam.arn, own.scratch, "", slices
    )


def _own_target(clients: Clients, config: Config) -> Target:
    """The cluster that `cluster launch` made."""
    names, own = Names(config.cluster.name, clients.region), config.redshift
    with translated():
        found = lookup.require(clients, names)
        if found.state != "available" or not found.host:
            way_out = clusters.WAYS_OUT.get(found.state, "`sparkify cluster status` shows more.")
            raise ProvisionError(f"the {found.kind} {names.cluster} is {found.status}. {way_out}")
        user, password = own.user, own.password
        if not user and own.auth == "iam":
            endpoint = Endpoint(found.kind, found.name, clients.region)
            user, password = temporary_credentials(endpoint, found.database)
        elif not user:
            user, password = _managed_password(clients, found)
        place, owner = own.scratch, ""
        if not place:
            place, owner = f"s3://{_scratch_bucket(clients, config, names)}", clients.account
    return Target(
        found.host, found.port, found.database, user, password,
        config.iam.arn or next(iter(found.roles), ""), place, owner, found.size.slices,
        "Is your address allowed? `sparkify cluster configure` allows it.",
        Target.role_advice if config.iam.arn else _OUR_ROLE,
    )  # fmt: skip


def _managed_password(clients: Clients, found: Deployment) -> tuple[str, str]:
    if not found.secret:
        raise ConfigError(
            f"the {found.kind} has no managed password. Set [REDSHIFT] USER and SPARKIFY_REDSHIFT__PASSWORD."
        )
    kept = json.loads(clients.secrets.get_secret_value(SecretId=found.secret)["SecretString"])
    return kept["username"], kept["password"]


def require_role(target: Target, config: Config) -> None:
    """Raise ProvisionError if the warehouse has no role, so that a COPY could read nothing."""
    if not target.role:
        raise ProvisionError(
            f"no role is attached to {config.cluster.name}, so that a COPY can read nothing. Attach one that "
            "may read the source and the scratch bucket: `aws redshift modify-cluster-iam-roles`, for a "
            "workgroup `aws redshift-serverless update-namespace`."
        )


def require_scratch(clients: Clients, config: Config) -> None:
    """Raise if there is nowhere to write manifests to, or no role for a COPY to read them in.

    ConfigError where the warehouse is another's, ProvisionError where the bucket that launch made is gone.
    """
    if config.redshift.host and not (config.redshift.scratch and config.iam.arn):
        raise ConfigError(
            "to load by way of [REDSHIFT] HOST, give [REDSHIFT] SCRATCH, an s3:// prefix for manifests, and "
            "[IAM] ARN, a role of that cluster which may read it and the source."
        )
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
