"""The configuration, a section of `dwg.cfg` each.

Every setting is a field of a frozen dataclass: its name is the setting's in `dwg.cfg` and in the environment
(`[S3] LOG_DATA`, `SPARKIFY_S3__LOG_DATA`), its metadata say what for. `sparkify config` walks the fields.
"""

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sparkify.setting import (
    ADMIN,
    BUCKET,
    CLUSTER,
    COUNT,
    DATABASE,
    EVERY,
    HOST,
    KEEPALIVE,
    LABEL,
    MASTER,
    OWNER,
    POLICY,
    PORT,
    READERS,
    REJECTS,
    ROLE_ARN,
    SECONDS,
    SUBNET_GROUP,
    THREADS,
    WORKGROUP,
    setting,
)

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EngineName = Literal["duckdb", "redshift"]
"""Each is a folder of `sparkify.engines`."""


@dataclass(frozen=True)
class Warehouse:
    """Which engine, and where its data lives."""

    engine: EngineName = setting("duckdb", "duckdb (embedded) or redshift")  # noqa: RUF009  # a Literal, by its name
    file: str = setting("sparkify.duckdb", "the DuckDB file")
    wait: float = setting(30.0, "seconds to wait for another process that holds the warehouse", SECONDS)
    memory: str = setting(
        "",
        "DuckDB's memory limit; empty: 1000MB for what writes, most of the machine for questions",
        (r"\d+(\.\d+)?\s*([KMGT](i?B)?|%)", "an amount like 2GB"),
    )
    threads: int = setting(0, "DuckDB's threads; 0: one per core", THREADS)
    timeout: float = setting(
        300.0, "seconds that a statement of `query` or of the dashboard may take on DuckDB; 0: any", SECONDS
    )
    snapshot: Literal["no", "yes"] = setting(
        "no", "leave a copy (FILE.snapshot) for readers after each change, so that nobody waits: no or yes"
    )
    spill: str = setting(
        "10GB",
        "disk that a statement of `query` or of the dashboard may take on DuckDB; empty: nearly all",
        (r"\d+(\.\d+)?\s*[KMGT](i?B)?", "an amount like 2GB"),
    )


@dataclass(frozen=True)
class S3:
    """Where the app writes its JSON: folders, or s3:// prefixes."""

    source: str = setting("", "a folder or s3:// prefix that holds song_data/ and log_data/")
    log_data: str = setting("", "the events, if they are not in <source>/log_data")
    song_data: str = setting("", "the songs, if they are not in <source>/song_data")
    log_jsonpath: str = setting(
        "",
        "a JSONPaths file, local or s3://: which key fills which column of stg_events; empty: the app's own",
    )
    song_jsonpath: str = setting("", "the same for the songs")
    owner: str = setting(
        "", "the AWS account that owns the source's buckets; empty: whoever owns them is not checked", OWNER
    )
    follow_links: Literal["no", "yes"] = setting(
        "no", "read files that links lead to outside the source: no or yes"
    )


@dataclass(frozen=True)
class Etl:
    """How careful a load is."""

    max_rejects: str = setting(
        "1% and 100", "refuse a run with more rejects: 0, a number, or '1% and 100'", REJECTS
    )
    play_page: str = setting(
        "NextSong",
        "the pages whose events are plays, with commas between; a change needs `sparkify rebuild`",
        (r".*[^\s,].*", "the name of a page, or several with commas between"),
    )
    unknown_keys: Literal["keep", "refuse"] = setting(
        "keep", "keys that no column takes: keep their values in `extra`, or refuse the run"
    )
    rejected_files: Literal["refuse", "allow"] = setting(
        "refuse", "a file of more than ten records that is rejected whole: refuse the run, or allow it"
    )
    notify: str = setting(
        "", "a command that is given the summary of each load as JSON on its standard input; empty: none"
    )
    compact: Literal["auto", "always", "never"] = setting(
        "auto", "gather tiny files before a COPY: auto, always, never"
    )
    checks: str = setting("", "a folder of checks of your own, an SQL file each; empty: none")
    models: str = setting("", "a folder of tables of your own over the star, an SQL file each; empty: none")

    @property
    def play_pages(self) -> tuple[str, ...]:
        """The pages whose events are plays."""
        return tuple(page.strip() for page in self.play_page.split(",") if page.strip())


@dataclass(frozen=True)
class Ask:
    """What analysts ask."""

    questions: str = setting("", "a folder of questions of your own, an SQL file each; empty: none")


@dataclass(frozen=True)
class Cluster:
    """The Redshift cluster that `sparkify cluster` launches and deletes."""

    name: str = setting("sparkify", "the cluster's name; everything made for it is named after it", CLUSTER)
    region: str = setting(
        "", "where it runs; empty: AWS_REGION, AWS_DEFAULT_REGION, the AWS profile, else us-west-2"
    )
    node_type: str = setting("rg.large", "the type of its nodes")
    nodes: int = setting(4, "how many nodes", COUNT)
    serverless: Literal["no", "yes"] = setting(
        "no", "yes: a serverless workgroup instead of nodes, as `launch --serverless` makes it"
    )
    rpu: int = setting(8, "a workgroup's base capacity, in RPU", COUNT)
    max_rpu: int = setting(16, "the most RPU that a workgroup may scale to", COUNT)
    rpu_hours: int = setting(
        48, "RPU-hours a day, after which a workgroup's queries are turned off; 0: no limit", COUNT
    )
    subnet_group: str = setting(
        "", "a cluster subnet group that exists: its VPC is used; empty: the default VPC", SUBNET_GROUP
    )
    public: Literal["yes", "no"] = setting(
        "yes", "no: it never gets an address on the internet; reach it by VPN or tunnel"
    )
    database: str = setting("sparkify", "its database", DATABASE)
    user: str = setting("sparkify_admin", "its master user; AWS keeps the password in Secrets Manager", ADMIN)
    poll: float = setting(15.0, "seconds between two looks at its status", EVERY)
    ttl: str = setting(
        "", "how long it may live, for example 8h or 2d; `cluster delete --expired` acts on it"
    )


@dataclass(frozen=True)
class Iam:
    """The role in which the cluster reads buckets."""

    arn: str = setting("", "a role that exists; empty: the one that `cluster launch` makes", ROLE_ARN)
    policy: str = setting(
        "", "an AWS managed policy for it, such as AmazonS3ReadOnlyAccess; empty: only our buckets", POLICY
    )


@dataclass(frozen=True)
class Redshift:
    """How to reach the warehouse on Redshift; what is empty is found from [CLUSTER] NAME."""

    host: str = setting("", "the host of any cluster's, or Serverless workgroup's, endpoint", HOST)
    port: int = setting(5439, "the endpoint's port, where HOST is given", PORT)
    cluster: str = setting(
        "", "with AUTH = iam: the cluster behind HOST, where that is an alias or a tunnel", CLUSTER
    )
    workgroup: str = setting("", "the same for a Serverless workgroup", WORKGROUP)
    sslmode: Literal["verify-full", "verify-ca"] = setting(
        "verify-full",
        "verify-full; verify-ca does not look at the certificate's name: for a tunnel or an alias only",
    )
    keepalive: int = setting(
        60, "seconds without traffic after which a connection is probed; 0: as the system does", KEEPALIVE
    )
    auth: Literal["secret", "iam"] = setting(
        "secret", "secret: as the master user; iam: as whoever runs this, with temporary credentials"
    )
    user: str = setting("", "a database user, with PASSWORD; empty: as AUTH says")
    password: str = setting("", "its password: give it as SPARKIFY_REDSHIFT__PASSWORD", secret=True)
    schema: str = setting("public", "the schema that holds the tables", MASTER)
    query_group: str = setting("", "a label for workload management, and for the query logs", LABEL)
    readers: str = setting(
        "", "users, groups or roles who may read the star: analyst, GROUP analysts", READERS
    )
    scratch: str = setting(
        "", "an s3:// prefix for the time of a COPY; empty: the bucket that launch makes", BUCKET
    )


@dataclass(frozen=True)
class Config:
    """All settings, and where each value came from (`origins["s3.log_data"] == "dwg.cfg"`)."""

    warehouse: Warehouse = Warehouse()
    s3: S3 = S3()
    etl: Etl = Etl()
    ask: Ask = Ask()
    cluster: Cluster = Cluster()
    iam: Iam = Iam()
    redshift: Redshift = Redshift()
    origins: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Each setting as (name, value, origin, meaning), secrets masked."""
        for section, name, spec in settings():
            value = str(getattr(getattr(self, section), name))
            if spec.metadata["secret"] and value:
                value = "********"
            yield (
                f"[{section.upper()}] {name.upper()}",
                value,
                self.origins.get(f"{section}.{name}", "default"),
                spec.metadata["meaning"],
            )


def settings() -> Iterator[tuple[str, str, "dataclasses.Field[Any]"]]:
    """Each setting as (section, name, field)."""
    for section in dataclasses.fields(Config):
        if section.name != "origins":
            for spec in dataclasses.fields(section.default):  # type: ignore[arg-type]  # a section instance
                yield section.name, spec.name, spec
