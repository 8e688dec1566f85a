"""COPY: the statement with what it reads by, and what the cluster tells of the one that it ran last."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sparkify.engines.base import Result
from sparkify.engines.dialect import literal
from sparkify.errors import QueryError, RemoteError, RetryError
from sparkify.source import store
from sparkify.source.compression import SUFFIXES
from sparkify.source.file import NewFile

MAX_ERRORS = 100_000
COMPRESSIONS = {suffix: name.upper() for suffix, name in SUFFIXES.items()}
"""What COPY must be told of files of these names (AWS, "File compression parameters")."""


@dataclass(frozen=True)
class CopyOptions:
    """What COPY needs to know besides the files."""

    role: str
    """ARN of the role in which the cluster reads buckets."""
    scratch: str
    """s3:// prefix for manifests and gathered parts."""
    owner: str = ""
    """The account that must own the scratch bucket; empty for a bucket that we did not make."""
    slices: int = 8
    compact: Literal["auto", "always", "never"] = "auto"
    role_advice: str = ""
    """What to do when the role may not read."""


class Copy:
    """The COPYs of one session."""

    def __init__(self, run: Callable[[str], Result], options: CopyOptions) -> None:
        self._run, self._options = run, options

    def run(self, target: str, manifest: str, paths: str, how: str, *more: str) -> None:
        """Run it. Raises RemoteError if the role may not read, RetryError if AWS may not know it yet.

        "Not authorized to get credentials of role" is what a COPY says of a role that is too new, or that
        does not trust Redshift (terraform-aws-dms#5; IAM User Guide, "Changes that I make ...").
        """
        try:
            self._run(self.statement(target, manifest, paths, how, *more))
        except QueryError as error:
            said, role = str(error).lower(), self._options.role
            if "get credentials of role" in said:
                raise RetryError(
                    f"AWS does not let the cluster take on the role {role} ({error}): it is new, or does not "
                    "trust Redshift."
                ) from error
            if "access denied" in said or "not authorized" in said:
                raise RemoteError(
                    f"the cluster may not read these files in the role {role} ({error}). "
                    f"{self._options.role_advice}".rstrip()
                ) from error
            raise

    def statement(self, target: str, manifest: str, paths: str, how: str, *more: str) -> str:
        """COPY of a manifest's files, compressed as `how` says; `paths` is a JSONPaths file or noshred."""
        options = [*([how] if how else []), *more]
        region = store.bucket_region(store.split(manifest)[0])
        return "\n".join([
            f"COPY {target}",
            f"FROM {literal(manifest)} MANIFEST",
            f"IAM_ROLE {literal(self._options.role)} REGION {literal(region)}",
            " ".join([f"FORMAT JSON {literal(paths)}", *options, f"MAXERROR {MAX_ERRORS}",
                      "COMPUPDATE OFF STATUPDATE OFF"]),
        ])  # fmt: skip

    def scanned(self) -> dict[str, int]:
        """Records that the last COPY met, per file."""
        rows = self._run(
            "SELECT TRIM(file_name) AS file_name, SUM(lines_scanned) AS records FROM sys_load_detail "
            "WHERE query_id = pg_last_copy_id() GROUP BY 1"
        ).rows
        return {uri: int(records) for uri, records in rows}

    def errors(self) -> list[tuple[str, int]]:
        """(file, line) of each record that the last COPY could not load."""
        rows = self._run(
            "SELECT TRIM(file_name) AS file_name, line_number FROM sys_load_error_detail "
            "WHERE query_id = pg_last_copy_id() ORDER BY 1, 2"
        ).rows
        return [(uri, int(line)) for uri, line in rows]


def jsonpaths_of(keys: Iterable[str]) -> bytes:
    """A JSONPaths file: paths map to columns by their order."""
    escaped = (key.replace("\\", "\\\\").replace("'", "\\'") for key in keys)
    return json.dumps({"jsonpaths": [f"$['{key}']" for key in escaped]}, indent=1).encode()


def manifest_of(uris: Sequence[str]) -> bytes:
    return json.dumps({"entries": [{"url": uri, "mandatory": True} for uri in uris]}).encode()


def compression_of(file: NewFile) -> str:
    return COMPRESSIONS.get(Path(file.uri).suffix.lower(), "")
