"""What obstore cannot do in a bucket, done with boto3; and what either refuses, said as ours.

For S3 a key is any text. obstore takes it for a path: one key with an empty part (`a//b`), a `.` or `..`, or
a control character ends the listing of all others, and a slash at either end is dropped without a word
(https://github.com/developmentseed/obstore/issues/429). So buckets are listed with boto3, and objects with
such keys are read with it. What is written and removed is so with boto3 too, for it can say whose the bucket
must be: obstore 0.12 has no setting for that, and headers of one's own are left out of the signature until
arrow-rs-object-store#636, which S3 refuses. Everything else is obstore's, which reads faster.
"""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from sparkify.errors import RemoteError

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from types_boto3_s3 import S3Client

P = ParamSpec("P")
R = TypeVar("R")
_DENIED = {"403", "AccessDenied", "AllAccessDisabled", "InvalidAccessKeyId", "SignatureDoesNotMatch"}
_ABSENT = {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}
MOST_REMOVED = 1000
"""Keys of one call (API reference, DeleteObjects)."""
_IS_NO_PATH = re.compile(r"^/|/$|[\0-\x1f\x7f]|(?:^|/)(?:\.\.?)?(?:/|$)")


def is_path(key: str) -> bool:
    """Whether obstore can name this key.

    >>> [is_path(key) for key in ("a/b.json", "a//b.json", "a/../b.json", "a/b/", "..a/b..")]
    [True, False, False, False, True]
    """
    return _IS_NO_PATH.search(key) is None


def make_client(region: str, retries: int) -> "S3Client":
    """A client for the buckets of a region, which repeats a request so often, with growing pauses.

    It leaves times as text: to parse one for each key costs more than all the rest of a listing.
    """
    import boto3
    import botocore.session
    from botocore import UNSIGNED
    from botocore.config import Config

    core = botocore.session.get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)
    signature = None if core.get_credentials() else UNSIGNED
    # `legacy` is the one mode that also repeats what was answered with 429.
    config = Config(
        retries={"mode": "legacy", "max_attempts": retries}, read_timeout=120, signature_version=signature
    )
    return boto3.Session(botocore_session=core).client("s3", region_name=region, config=config)


def list_keys(client: "S3Client", bucket: str, prefix: str) -> Iterator[tuple[str, int, str]]:
    """(key, size, version) of every object whose key begins so."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            yield found["Key"], found["Size"], _version(found)


def list_level(client: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    """The keys that begin so and have no further slash, and those that have one, up to it."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        yield from (found["Key"] for found in page.get("Contents", ()))
        yield from (found["Prefix"] for found in page.get("CommonPrefixes", ()))


def put_object(client: "S3Client", bucket: str, key: str, body: bytes | Path, owner: str) -> None:
    """Write an object, a large file in several parts, if the bucket is of account `owner`; empty: any."""
    handle = body.open("rb") if isinstance(body, Path) else io.BytesIO(body)
    with handle:
        client.upload_fileobj(handle, bucket, key, ExtraArgs=_condition(owner))


def remove_objects(client: "S3Client", bucket: str, keys: Sequence[str], owner: str) -> None:
    """Remove objects, if the bucket is of account `owner`; one that is not there is no error."""
    for at in range(0, len(keys), MOST_REMOVED):
        objects: Any = [{"Key": key} for key in keys[at : at + MOST_REMOVED]]
        answer = client.delete_objects(Bucket=bucket, Delete={"Objects": objects}, **_condition(owner))
        for error in answer.get("Errors", ()):
            raise RemoteError(f"s3://{bucket}/{error.get('Key')} is not removed: {error.get('Message')}")


def _condition(owner: str) -> Any:
    """AWS: "Verifying bucket ownership with bucket owner condition"."""
    return {"ExpectedBucketOwner": owner} if owner else {}


class Reader:
    """An object whose key obstore cannot name, read from here and there; all reads are of one version."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._where = {"Bucket": bucket, "Key": key}
        found = client.head_object(**self._where)  # type: ignore[arg-type]  # the stubs want them one by one
        self.size = found["ContentLength"]
        self.version = _version(found)
        self._tag = found["ETag"]
        self._at = 0

    def read(self, size: int) -> bytes:
        end = min(self._at + size, self.size)
        if end <= self._at:
            return b""
        which = {"Range": f"bytes={self._at}-{end - 1}", "IfMatch": self._tag}
        body = self._client.get_object(**self._where, **which)["Body"].read()  # type: ignore[arg-type]  # as above
        self._at += len(body)
        return body

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        return self._at

    def tell(self) -> int:
        return self._at


class ObjectFile(io.RawIOBase):
    """An object of a bucket as a file; `reader` is obstore's or ours."""

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


@contextmanager
def translated(uri: str, denied: str = "") -> Iterator[None]:
    """What a store refuses, said as ours; `denied` is what to say of missing rights, by default to read."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from obstore import exceptions

    try:
        yield
    except (exceptions.NotFoundError, FileNotFoundError) as error:
        raise _absent(uri) from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError, PermissionError) as error:
        raise _denied(uri, denied) from error
    except ClientError as error:
        raise _refused(uri, error, denied) from error
    except (exceptions.BaseError, BotoCoreError, ResponseParserError, OSError) as error:
        text = str(error)
        first = text.splitlines()[0].removeprefix("Generic S3 error: ")[:200]
        raise RemoteError(f"{uri} cannot be reached: {first}. Try again later.") from error


def remote(function: Callable[P, R]) -> Callable[P, R]:
    """Translate errors; the first argument is the address that they name."""

    @wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with translated(str(args[0])):
            return function(*args, **kwargs)

    return wrapper


def _absent(uri: str) -> RemoteError:
    return RemoteError(f"{uri} does not exist. Check the bucket and the path.")


def _denied(uri: str, what: str) -> RemoteError:
    return RemoteError(
        what
        or f"{uri} may not be read: access denied. Check the credentials (`aws sts get-caller-identity`) "
        "and that they allow s3:ListBucket and s3:GetObject."
    )


def _refused(uri: str, error: "ClientError", denied: str) -> RemoteError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _ABSENT:
        return _absent(uri)
    if code in _DENIED:
        return _denied(uri, denied)
    first = " ".join(str(error).split())[:200]
    return RemoteError(f"{uri} cannot be reached: {first}. Try again later.")


def _version(found: Any) -> str:
    return str(found.get("ETag") or found.get("LastModified")).strip('"')
