"""How a source's records are understood: which key fills which column, and what becomes of the others."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as LocalPath
from typing import Any

from sparkify.clock import now
from sparkify.config import Config
from sparkify.engines.base import STAGING_TABLE, Path, Paths
from sparkify.engines.record import default_paths
from sparkify.errors import ConfigError
from sparkify.source.file import Dataset
from sparkify.source.listing import link_roots
from sparkify.source.store import is_remote, open_file
from sparkify.sql.schema import table

_STEP = re.compile(r"\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]|\.([^.\[\]'\"]+)")


def _default_paths() -> Mapping[Dataset, Paths]:
    return {"events": default_paths("events"), "songs": default_paths("songs")}


@dataclass(frozen=True)
class Feed:
    """What a load is told of its source."""

    paths: Mapping[Dataset, Paths] = field(default_factory=_default_paths)
    refuses_unknown_keys: bool = False
    refuses_rejected_files: bool = True
    """Whether a file of more than a handful of records that is rejected whole refuses the run."""
    is_strict: bool = False
    """Whether any warning refuses the run."""
    link_roots: Sequence[str] | None = ()
    """The folders that links may lead into when a file is reloaded; None: links may lead anywhere."""
    clock: Callable[[], dt.datetime] = now
    """UTC, without a zone."""


def make_feed(config: Config, *, strict: bool = False) -> Feed:
    """The feed of this configuration. ConfigError if a JSONPaths file cannot be used."""
    return Feed(
        {
            "events": read_paths(config.s3.log_jsonpath, "events"),
            "songs": read_paths(config.s3.song_jsonpath, "songs"),
        },
        refuses_unknown_keys=config.etl.unknown_keys == "refuse",
        refuses_rejected_files=config.etl.rejected_files == "refuse",
        is_strict=strict,
        link_roots=link_roots(config.s3),
    )


def read_paths(uri: str, dataset: Dataset) -> Paths:
    """The paths of a JSONPaths file, one for each column in the order of the staging table.

    Such a file is one object, `{"jsonpaths": ["$['artist']", "$.user.id", ...]}`, as COPY takes it. COPY
    falls back to 'auto' without a word where its key is any other; here that is an error, and so is a wrong
    number of paths (AWS, "COPY from JSON format"). No file: the app's own keys.
    """
    if not uri:
        return default_paths(dataset)
    setting = f"[S3] {'LOG' if dataset == 'events' else 'SONG'}_JSONPATH = {uri}"
    try:
        if not is_remote(uri) and not LocalPath(uri).is_file():
            raise ConfigError(f"{setting}: there is no such file.")
        with open_file(uri) as handle:
            body = handle.read(1 << 20)
    except OSError as error:
        raise ConfigError(f"{setting} cannot be read: {error.strerror}.") from error
    try:
        document: Any = json.loads(body)
    except ValueError as error:
        raise ConfigError(f"{setting} is not JSON: {error}.") from error
    found = document.get("jsonpaths") if isinstance(document, dict) else None
    if not isinstance(found, list):
        raise ConfigError(f'{setting} is not a JSONPaths file: its one key must be "jsonpaths", a list.')
    columns = [column.name for column in table(STAGING_TABLE[dataset]).reported]
    if len(found) != len(columns):
        raise ConfigError(
            f"{setting} has {len(found)} paths, {STAGING_TABLE[dataset]} takes {len(columns)}: "
            f"{', '.join(columns)}, in this order."
        )
    paths = {column: parse_path(str(path), setting) for column, path in zip(columns, found, strict=True)}
    if len(set(paths.values())) < len(paths):
        raise ConfigError(f"{setting} names one path twice: each column has its own.")
    return paths


def parse_path(text: str, setting: str) -> Path:
    """The steps of a JSONPath expression, in bracket or dot notation.

    >>> parse_path("$['user']['id']", ""), parse_path("$.tags[0]", "")
    (('user', 'id'), ('tags', 0))
    """
    steps: list[str | int] = []
    at = 1
    while at < len(text) and (found := _STEP.match(text, at)):
        index, single, double, bare = found.groups()
        quoted = single if single is not None else double
        steps.append(int(index) if index else re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else bare)
        at = found.end()
    if not text.startswith("$") or at < len(text) or not steps or isinstance(steps[0], int):
        raise ConfigError(f"{setting}: {text!r} is not a path such as $['userId'] or $.user.id.")
    return tuple(steps)
