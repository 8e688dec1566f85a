"""Where files lie, a folder or a bucket: list them, open them, bring them here.

Buckets are read with obstore, in parallel and with its retries, except for what `bucket` does;
credentials, region and endpoint are those that every AWS tool uses.
"""

import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from sparkify.aws import DEFAULT_REGION, session
from sparkify.errors import ConfigError, RemoteError, RetryError
from sparkify.source.bucket import (
    ObjectFile,
    Reader,
    is_path,
    list_keys,
    list_level,
    make_client,
    put_object,
    remote,
    remove_objects,
    translated,
)
from sparkify.source.local import local_path, local_version, open_regular

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Store
    from types_boto3_s3 import S3Client

S3 = "s3://"
AT_ONCE = 16
"""Files that are fetched side by side."""
CHUNK = 8 << 20
RETRIES: "RetryConfig" = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
"""How often a store is asked again, with growing pauses that differ, and for how long."""


class Listed(NamedTuple):
    """A file as its store shows it; `version` is that of `local_version`, or the ETag."""

    uri: str
    size: int
    version: str


def is_remote(uri: str) -> bool:
    """Whether this lies in a bucket."""
    return uri.startswith(S3)


def open_file(uri: str) -> BinaryIO:
    """A file to read from. Raises OSError for one on this machine, RemoteError for one in a bucket.

    What is no file is refused before it is opened: a pipe would keep whoever opens it waiting for ever.
    """
    if not is_remote(uri):
        return os.fdopen(open_regular(local_path(uri)), "rb")
    with translated(uri):
        reader = _reader(uri)
    return io.BufferedReader(ObjectFile(uri, reader), CHUNK)


def _reader(uri: str) -> Any:
    import obstore

    bucket, key = split(uri)
    return obstore.open_reader(store(bucket), key) if is_path(key) else Reader(client(bucket), bucket, key)


def list_bucket(prefix: str) -> Iterator[Listed]:
    """Every object below an s3:// prefix. Raises RemoteError."""
    bucket, key = split(prefix)
    with translated(prefix):
        for name, size, version in list_keys(client(bucket), bucket, key):
            yield Listed(f"{S3}{bucket}/{name}", size, version)


def list_folder(prefix: str) -> list[str]:
    """What lies directly below an s3:// prefix: objects, and folders, which end in a slash."""
    bucket, key = split(prefix)
    with translated(prefix):
        return [f"{S3}{bucket}/{name}" for name in list_level(client(bucket), bucket, key)]


def find(uri: str) -> Listed:
    """One file as its store shows it. Raises as `open_file` does."""
    if not is_remote(uri):
        found = Path(local_path(uri)).stat()
        return Listed(uri, found.st_size, local_version(found))
    import obstore

    bucket, key = split(uri)
    with translated(uri):
        if not is_path(key):
            reader = Reader(client(bucket), bucket, key)
            return Listed(uri, reader.size, reader.version)
        meta = obstore.head(store(bucket), key)
    return Listed(uri, int(meta["size"]), _version(meta))


def fetch(files: Sequence[Listed], folder: Path) -> Mapping[str, str]:
    """Bring files of buckets into a folder: where each one lies now, by its URI.

    A file that is not the listed version any more is left out. Raises RemoteError, and RetryError for one
    that came short.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = pool.map(lambda item: _fetch(item[1].uri, item[1], folder / str(item[0])), enumerate(files))
        return {file.uri: path for file, path in zip(files, paths, strict=True) if path is not None}


@remote
def _fetch(uri: str, listed: Listed, target: Path) -> str | None:
    import obstore

    bucket, key = split(uri)
    chunks: Iterable[Any]
    if is_path(key):
        found = obstore.get(store(bucket), key)
        version, chunks = _version(found.meta), found.stream(min_chunk_size=CHUNK)
    else:
        reader = Reader(client(bucket), bucket, key)
        version, chunks = reader.version, iter(lambda: reader.read(CHUNK), b"")
    if version != listed.version:
        return None
    with target.open("wb") as out:
        for chunk in chunks:
            out.write(chunk)
        if out.tell() != listed.size:
            raise RetryError(f"{uri} came short: {out.tell():,} of {listed.size:,} bytes.")
    return str(target)


def read_heads(uris: Sequence[str], size: int) -> list[tuple[bytes, str]]:
    """Of each object its first bytes, at most `size`, and its version now; read side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda uri: _read_head(uri, size), uris))


@remote
def _read_head(uri: str, size: int) -> tuple[bytes, str]:
    import obstore

    bucket, key = split(uri)
    if not is_path(key):
        reader = Reader(client(bucket), bucket, key)
        return reader.read(size), reader.version
    found = obstore.get(store(bucket), key, options={"range": (0, size)})
    return bytes(found.bytes()), _version(found.meta)


def _version(meta: Any) -> str:
    return str(meta["e_tag"] or meta["last_modified"].isoformat()).strip('"')


def put(uri: str, body: bytes | Path, owner: str = "") -> None:
    """Write an object into a bucket that must be of account `owner`; empty: of anybody."""
    bucket, key = split(uri)
    with translated(uri, _not_written(uri, owner)):
        put_object(client(bucket), bucket, key, body, owner)


def remove(uris: Sequence[str], owner: str = "") -> None:
    """Remove objects of one bucket, likewise; one that is not there is no error."""
    bucket = split(uris[0])[0]
    with translated(uris[0], _not_written(uris[0], owner)):
        remove_objects(client(bucket), bucket, [split(uri)[1] for uri in uris], owner)


def _not_written(uri: str, owner: str) -> str:
    whose = f", and that the bucket is of account {owner}" if owner else ""
    return (
        f"{uri} may not be written or removed: access denied. Check that your credentials allow s3:PutObject "
        f"and s3:DeleteObject there{whose}."
    )


def split(uri: str) -> tuple[str, str]:
    """(bucket, key) of an s3:// address. Raises ConfigError if it names no bucket."""
    bucket, _, key = uri.removeprefix(S3).partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]{3,255}", bucket):
        raise ConfigError(f"{uri} names no bucket: s3://bucket/prefix is expected.")
    return bucket, key


@cache
def store(bucket: str) -> "S3Store":
    """A bucket. Raises ConfigError if the packages for AWS are not installed."""
    try:
        from obstore.auth.boto3 import Boto3CredentialProvider
        from obstore.store import S3Store
    except ImportError as error:
        raise ConfigError("s3:// needs boto3 and obstore: pip install '.[aws]' in its clone.") from error
    own = session()
    region = bucket_region(bucket)
    endpoint = own.client("s3", region_name=region).meta.endpoint_url
    provider = Boto3CredentialProvider(own) if own.get_credentials() else None
    return S3Store(
        bucket,
        region=region,
        endpoint=None if endpoint.endswith(".amazonaws.com") else endpoint,
        credential_provider=provider,
        skip_signature=provider is None,
        client_options={"allow_http": True, "timeout": "120s"},
        retry_config=RETRIES,
    )


@cache
def client(bucket: str) -> "S3Client":
    """A client for this bucket. Raises ConfigError if boto3 is not installed, RemoteError for no bucket."""
    return make_client(bucket_region(bucket), RETRIES["max_retries"])


def require_owner(bucket: str, owner: str) -> None:
    """Raise RemoteError unless this account owns the bucket: else somebody else's may have taken its name.

    Asked once, before a source is listed: S3 takes the condition in a header that is signed, and obstore,
    which reads the objects, has no setting for it.
    """
    from botocore.exceptions import ClientError

    with translated(f"{S3}{bucket}"):
        try:
            client(bucket).head_bucket(Bucket=bucket, ExpectedBucketOwner=owner)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            raise RemoteError(
                f"the bucket {bucket} is not of account {owner}, or you may not list it (s3:ListBucket). "
                "Check [S3] OWNER."
            ) from error


@cache
def bucket_region(bucket: str) -> str:
    """Where a bucket is; S3 says so even to those who may not read it. Raises RemoteError."""
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    made = session()
    own = made.region_name or DEFAULT_REGION
    unsigned = None if made.get_credentials() else Config(signature_version=UNSIGNED)
    try:
        answer: Any = made.client("s3", region_name=own, config=unsigned).head_bucket(Bucket=bucket)
    except ClientError as error:
        answer = error.response
        if answer["ResponseMetadata"]["HTTPStatusCode"] == 404:
            raise RemoteError(
                f"there is no bucket {bucket}. Check --source, or [S3] and [REDSHIFT] SCRATCH in dwg.cfg."
            ) from error
    except BotoCoreError as error:
        raise RemoteError(f"s3://{bucket} cannot be reached: {error}. Try again later.") from error
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or own)
