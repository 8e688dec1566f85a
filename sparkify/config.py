"""The configuration: flag > environment > dwg.cfg > default.

Every setting is a field of a frozen dataclass: its name is the setting's in `dwg.cfg` and in the environment
(`[S3] LOG_DATA`, `SPARKIFY_S3__LOG_DATA`), its metadata say what for. `sparkify config` walks the fields.
"""

import configparser
import dataclasses
import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sparkify.errors import ConfigError
from sparkify.formatting import is_text
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

DEFAULT_FILE = Path("dwg.cfg")
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

    def refuse(self, out: Path) -> None:
        """Raise ConfigError for a file to be written where the app writes: the next load would read it."""
        folders = [self.log_data or f"{self.source}/log_data", self.song_data or f"{self.source}/song_data"]
        for folder in folders if self.source or self.log_data or self.song_data else ():
            if out.resolve().is_relative_to(Path(folder).resolve()):
                raise ConfigError(f"{out} lies in the source, {folder}: the next load would read it.")


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
        for section, name, spec in _settings():
            value = str(getattr(getattr(self, section), name))
            if spec.metadata["secret"] and value:
                value = "********"
            yield (
                f"[{section.upper()}] {name.upper()}",
                value,
                self.origins.get(f"{section}.{name}", "default"),
                spec.metadata["meaning"],
            )


def load_config(
    path: Path | None = None,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Config:
    """Resolve every setting; `flags` maps `section.name` to a value, None meaning not given.

    Raises ConfigError for a file that cannot be read, an unknown setting or a value of a wrong type.
    """
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    flags = flags or {}
    known = {f"{section}.{name}" for section, name, _ in _settings()}
    for key in flags.keys() - known:
        close = difflib.get_close_matches(key, known, n=1)
        raise ConfigError(f"{key} is not a setting. {_hint(*close or [''])}")
    file_name, in_file = _read_file(path)
    sections: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    for section, name, spec in _settings():
        key = f"{section}.{name}"
        variable = _variable(section, name)
        if flags.get(key) is not None:
            raw, origin = str(flags[key]), "flag"
        elif variable in environ:
            raw, origin = environ[variable], variable
        elif (section, name) in in_file:
            raw, origin = in_file[section, name], file_name
        else:
            continue
        sections.setdefault(section, {})[name] = _typed(raw, spec, section, name, origin)
        origins[key] = origin
    built = {
        f.name: type(f.default)(**sections.get(f.name, {}))  # type: ignore[misc]  # a section instance
        for f in dataclasses.fields(Config)
        if f.name != "origins"
    }
    return Config(**built, origins=origins)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    """A misspelt variable would be a setting that silently does not hold.

    A variable with our prefix that resembles no setting is left alone: another program set it.
    """
    known = {_variable(section, name) for section, name, _ in _settings()}
    bare = {variable.replace("_", ""): variable for variable in known}
    for variable in environ:
        if not variable.upper().startswith("SPARKIFY_") or variable in known:
            continue
        close = difflib.get_close_matches(variable.upper().replace("_", ""), bare, n=1, cutoff=0.85)
        if close or "__" in variable:
            raise ConfigError(f"{variable} is not a setting. {_hint(bare[close[0]] if close else '')}")


def _variable(section: str, name: str) -> str:
    return f"SPARKIFY_{section}__{name}".upper()


def _hint(close: str) -> str:
    return f"Did you mean {close}?" if close else "`sparkify config` lists them all."


def _settings() -> Iterator[tuple[str, str, "dataclasses.Field[Any]"]]:
    for section in dataclasses.fields(Config):
        if section.name != "origins":
            for spec in dataclasses.fields(section.default):  # type: ignore[arg-type]  # a section instance
                yield section.name, spec.name, spec


def _read_file(path: Path | None) -> tuple[str, dict[tuple[str, str], str]]:
    """The settings in the file, by (section, name). Without `path`, a missing dwg.cfg is no error."""
    file = path or DEFAULT_FILE
    if path is None and not file.exists():
        return str(file), {}
    advice = "Check --config." if path else "Fix it, or remove it."
    parser = configparser.ConfigParser(interpolation=None, inline_comment_prefixes=("#", ";"))
    try:
        with file.open(encoding="utf-8-sig") as handle:
            parser.read_file(handle)
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}. {advice}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not written in UTF-8. {advice}") from error
    except configparser.Error as error:
        first = str(error).splitlines()[0].rstrip(".")
        raise ConfigError(f"{file} cannot be read: {first}. {advice}") from error
    known = {(section, name): spec for section, name, spec in _settings()}
    found: dict[tuple[str, str], str] = {}
    for section in parser.sections():
        for name, value in parser.items(section):
            key = (section.lower(), name.lower())
            if key not in known:
                place = f"[{section}] {name.upper()}"
                names = [f"[{section}] {name}".upper() for section, name in known]
                close = difflib.get_close_matches(place.upper(), names, n=1)
                raise ConfigError(f"{file}: {place} is not a setting. {_hint(*close[:1] or [''])}")
            bare = _unquoted(value.strip())
            if bare and known[key].metadata["secret"]:
                raise ConfigError(
                    f"{file}: [{section}] {name.upper()}: no secret belongs in a file. "
                    f"Give it as {_variable(*key)}."
                )
            if bare:
                found[key] = bare
    return str(file), found


def _unquoted(value: str) -> str:
    """Quotes around a value belong to whoever wrote the file, not to the value."""
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value


def _typed(raw: str, spec: "dataclasses.Field[Any]", section: str, name: str, origin: str) -> Any:
    flag = f"--{name.replace('_', '-')} {raw!r}"
    place = flag if origin == "flag" else f"{origin}: [{section.upper()}] {name.upper()} = {raw!r}"
    if not is_text(raw):
        raise ConfigError(f"{place} is not text in UTF-8.")
    if choices := getattr(spec.type, "__args__", None):
        if raw.lower() not in choices:
            raise ConfigError(f"{place} is not one of {', '.join(choices)}.")
        return raw.lower()
    pattern, words = spec.metadata["form"]
    if raw == spec.default == "":
        return ""
    if not re.fullmatch(pattern, raw, re.DOTALL | re.IGNORECASE):
        raise ConfigError(f"{place} is not {words}.")
    return spec.type(raw)  # type: ignore[operator]  # a type, as long as nobody postpones annotations
