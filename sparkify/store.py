"""Where files lie, a folder or a bucket: list them, open them, bring them here.

Buckets are read with obstore, in parallel and with its retries; credentials, region and endpoint are
those that every AWS tool uses.
"""

import errno
import io
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, ParamSpec, TypeVar

from sparkify.aws import DEFAULT_REGION, session
from sparkify.errors import ConfigError, RemoteError, RetryError

if TYPE_CHECKING:
    from obstore.store import RetryConfig, S3Store

S3 = "s3://"
AT_ONCE = 16
"""Files that are fetched side by side."""
CHUNK = 8 << 20
RETRIES: "RetryConfig" = {"max_retries": 6, "retry_timeout": timedelta(seconds=60)}
"""How often a store is asked again, with growing pauses that differ, and for how long."""
P = ParamSpec("P")
R = TypeVar("R")


class Listed(NamedTuple):
    """A file as its store shows it; `version` is the time of modification in ns, or the ETag."""

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
        _refuse_pipe(os.stat(uri), uri)  # noqa: PTH116  # as below
        return open(uri, "rb")  # noqa: PTH123  # a Path costs more than a tiny file; the caller closes
    import obstore

    bucket, key = split(uri)
    with translated(uri):
        reader = obstore.open_reader(store(bucket), key)
    return io.BufferedReader(_Object(uri, reader), CHUNK)


def read_small(path: str, size: int) -> tuple[bytes, os.stat_result]:
    """A small file of this machine, of `size` bytes or so, and its state after it was read. Raises OSError.

    What `open_file` gives, in two thirds of the time: there may be hundreds of thousands of them.
    """
    _refuse_pipe(os.stat(path), path)  # noqa: PTH116  # as above
    handle = os.open(path, os.O_RDONLY)
    try:
        body = os.read(handle, size + 1)
        while len(body) < size and (more := os.read(handle, size)):
            body += more
        return body, os.fstat(handle)
    finally:
        os.close(handle)


def _refuse_pipe(state: os.stat_result, path: str) -> None:
    if not stat.S_ISREG(state.st_mode) and not stat.S_ISDIR(state.st_mode):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device", path)


@contextmanager
def translated(uri: str) -> Iterator[None]:
    """What a store refuses, said as ours."""
    from obstore import exceptions

    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        raise RemoteError(f"{uri} does not exist. Check the bucket and the path.") from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
        raise RemoteError(
            f"{uri} may not be read: access denied. Check the credentials (`aws sts get-caller-identity`) "
            "and that they allow s3:ListBucket and s3:GetObject."
        ) from error
    except (exceptions.BaseError, OSError) as error:
        text = str(error)
        first = text.splitlines()[0].removeprefix("Generic S3 error: ")[:200]
        raise RemoteError(f"{uri} cannot be reached: {first}. Try again later.") from error


def _remote(function: Callable[P, R]) -> Callable[P, R]:
    """The first argument is the address that an error names."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with translated(str(args[0])):
            return function(*args, **kwargs)

    return wrapper


def list_bucket(prefix: str) -> Iterator[Listed]:
    """Every object below an s3:// prefix. Raises RemoteError."""
    import obstore

    bucket, key = split(prefix)
    with translated(prefix):
        for page in obstore.list(store(bucket), key or None):
            for found in page:
                yield Listed(f"{S3}{bucket}/{found['path']}", int(found["size"]), _version(found))


def find(uri: str) -> Listed:
    """One file as its store shows it. Raises as `open_file` does."""
    if not is_remote(uri):
        found = Path(uri).stat()
        return Listed(uri, found.st_size, str(found.st_mtime_ns))
    import obstore

    bucket, key = split(uri)
    with translated(uri):
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


@_remote
def _fetch(uri: str, listed: Listed, target: Path) -> str | None:
    import obstore

    bucket, key = split(uri)
    found = obstore.get(store(bucket), key)
    if _version(found.meta) != listed.version:
        return None
    with target.open("wb") as out:
        for chunk in found.stream(min_chunk_size=CHUNK):
            out.write(chunk)
        if out.tell() != listed.size:
            raise RetryError(f"{uri} came short: {out.tell():,} of {listed.size:,} bytes.")
    return str(target)


def read_heads(uris: Sequence[str], size: int) -> list[tuple[bytes, str]]:
    """Of each object its first bytes, at most `size`, and its version now; read side by side."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda uri: _read_head(uri, size), uris))


@_remote
def _read_head(uri: str, size: int) -> tuple[bytes, str]:
    import obstore

    bucket, key = split(uri)
    found = obstore.get(store(bucket), key, options={"range": (0, size)})
    return bytes(found.bytes()), _version(found.meta)


def _version(meta: Any) -> str:
    return str(meta["e_tag"] or meta["last_modified"].isoformat()).strip('"')


@_remote
def put(uri: str, body: bytes | Path) -> None:
    """Write an object, from bytes or from a file."""
    import obstore

    bucket, key = split(uri)
    obstore.put(store(bucket), key, body)


@_remote
def remove(uri: str, others: Sequence[str] = ()) -> None:
    """Remove objects of one bucket; one that is not there is no error."""
    import obstore

    obstore.delete(store(split(uri)[0]), [split(each)[1] for each in (uri, *others)])


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
        raise ConfigError(
            "s3:// needs boto3 and obstore: pip install -e '.[aws]' in sparkify's folder."
        ) from error
    own = session()
    endpoint = own.client("s3", region_name=own.region_name or DEFAULT_REGION).meta.endpoint_url
    provider = Boto3CredentialProvider(own) if own.get_credentials() else None
    return S3Store(
        bucket,
        region=bucket_region(bucket),
        endpoint=None if endpoint.endswith(".amazonaws.com") else endpoint,
        credential_provider=provider,
        skip_signature=provider is None,
        client_options={"allow_http": True, "timeout": "120s"},
        retry_config=RETRIES,
    )


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
            raise RemoteError(f"there is no bucket {bucket}. Check --source, or [S3] in dwg.cfg.") from error
    except BotoCoreError as error:
        raise RemoteError(f"s3://{bucket} cannot be reached: {error}. Try again later.") from error
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    return str(answer.get("BucketRegion") or headers.get("x-amz-bucket-region") or own)


class _Object(io.RawIOBase):
    """An object of a bucket as a file that is read from here and there."""

    def __init__(self, uri: str, reader: Any) -> None:
        self._uri = uri
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated(self._uri):
            body = self._reader.read(len(buffer))
        buffer[: len(body)] = bytes(body)
        return len(body)

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._reader.seek(offset, whence))

    def tell(self) -> int:
        return int(self._reader.tell())
