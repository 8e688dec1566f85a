"""Which of the user's settings a rehearsal follows, and why no others: one list, so that none is forgotten.

A rehearsal has a cluster, buckets, a role and users of its own. What would lead to those of the user, or
names somebody who is not there, is left out. What says how to load files concerns the user's own files alone:
sample data is loaded as the defaults say.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sparkify.config import Config
from sparkify.errors import ConfigError
from sparkify.source.store import is_remote

ON_AWS = (
    "cluster.subnet_group", "cluster.public", "iam.policy", "redshift.sslmode", "redshift.keepalive",
)  # fmt: skip
"""Where the cluster is, how it is reached, what its role may read."""
SESSION = ("cluster.database", "cluster.user", "redshift.schema", "redshift.query_group")
"""What stands in statements: on the emulator it is the same."""
FILES = (
    "s3.log_jsonpath", "s3.song_jsonpath", "etl.max_rejects", "etl.play_page", "etl.unknown_keys",
    "etl.rejected_files", "etl.compact",
)  # fmt: skip
"""How the user's own files are loaded, on both."""
NOT_FOLLOWED = {
    "warehouse.engine": "it is Redshift, compared with DuckDB",
    "warehouse.file": "a file of the rehearsal's own",
    "warehouse.wait": "nobody else loads",
    "warehouse.memory": "for DuckDB",
    "warehouse.threads": "for DuckDB",
    "warehouse.timeout": "for DuckDB",
    "warehouse.spill": "for DuckDB",
    "warehouse.snapshot": "for DuckDB",
    "s3.source": "the files are copied into a bucket of the rehearsal's own",
    "s3.log_data": "as s3.source",
    "s3.song_data": "as s3.source",
    "s3.owner": "that bucket is of the account",
    "s3.follow_links": "--source names a folder whose links are not followed",
    "etl.notify": "nobody waits for the summary of a rehearsal",
    "etl.checks": "it checks what sparkify brings",
    "etl.models": "it builds what sparkify brings",
    "ask.questions": "it asks what sparkify brings",
    "cluster.name": "each rehearsal has a name of its own",
    "cluster.region": "the plan has found it",
    "cluster.node_type": "the cheapest that is offered",
    "cluster.nodes": "two: fewer would move nothing between nodes",
    "cluster.serverless": "a cluster is rehearsed",
    "cluster.rpu": "as cluster.serverless",
    "cluster.max_rpu": "as cluster.serverless",
    "cluster.rpu_hours": "as cluster.serverless",
    "cluster.poll": "the plan has it",
    "cluster.ttl": "--ttl",
    "iam.arn": "that role may not read the rehearsal's buckets",
    "redshift.host": "that is another cluster",
    "redshift.port": "as redshift.host",
    "redshift.cluster": "as redshift.host",
    "redshift.workgroup": "as redshift.host",
    "redshift.auth": "the master user makes the tables: who comes by IAM has no rights on a new cluster",
    "redshift.user": "a new cluster does not know that user",
    "redshift.password": "as redshift.user",
    "redshift.readers": "a new cluster does not know those users",
    "redshift.scratch": "a bucket of the rehearsal's own",
}
"""All others, each with the reason."""


def on_both(config: Config, source: Path | None) -> Mapping[str, str]:
    """What the steps follow wherever they are walked, as variables of their environment.

    Raises ConfigError for a JSONPaths file in a bucket.
    """
    return _variables(config, SESSION if source is None else (*SESSION, *FILES))


def on_aws(config: Config) -> Mapping[str, str]:
    """What they follow on AWS besides."""
    return _variables(config, ON_AWS)


def _variables(config: Config, names: Iterable[str]) -> Mapping[str, str]:
    """The settings of these names that are not the defaults."""
    found = {}
    for name in names:
        section, _, key = name.partition(".")
        value = getattr(getattr(config, section), key)
        if value != getattr(getattr(Config(), section), key):
            found[f"SPARKIFY_{section}__{key}".upper()] = (
                _local(key, value) if section == "s3" else str(value)
            )
    return found


def _local(key: str, place: str) -> str:
    """A file by its absolute path, for the steps run in another folder."""
    if is_remote(place):
        raise ConfigError(
            f"[S3] {key.upper()} = {place} cannot be rehearsed: the emulator does not read your buckets. "
            "Name a copy on this machine."
        )
    return str(Path(place).absolute())
