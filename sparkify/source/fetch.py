"""Files of buckets, fetched to this machine. One that changed since it was listed is left out."""

import os
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sparkify.source.file import NewFile, batches
from sparkify.source.local import NOWHERE, local_version
from sparkify.source.store import Listed, fetch, is_remote

AHEAD = 64 << 20
"""Bytes of bucket files that are read in one go, while as many come in."""


def fetch_files(files: Sequence[NewFile], folder: Path) -> list[NewFile]:
    """The files, each as it lies here; those of buckets are copied into `folder`, which is made."""
    folder.mkdir(exist_ok=True)
    remote = [Listed(file.uri, file.size, file.modified) for file in files if is_remote(file.uri)]
    paths = fetch(remote, folder)
    here = [file._replace(path=paths.get(file.uri, "")) if is_remote(file.uri) else file for file in files]
    return [file for file in here if file.path]


def prefetch(files: Sequence[NewFile], folder: Path) -> Generator[Sequence[NewFile]]:
    """The files in groups, those that lie here first; a group of a bucket comes in while the last is read."""
    if local := [file for file in files if not is_remote(file.uri)]:
        yield local
    groups = batches((file for file in files if is_remote(file.uri)), lambda file: file.size, AHEAD)
    pool = ThreadPoolExecutor(1)
    try:
        coming = [pool.submit(fetch_files, group, folder / str(at)) for at, group in enumerate(groups)]
        for future in coming:
            yield future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def has_changed(file: NewFile) -> bool:
    """Whether somebody wrote to a file since it was listed, or removed it."""
    try:
        return differs(file, os.stat(file.path))  # noqa: PTH116  # a Path costs more than the question
    except FileNotFoundError:
        return file.modified != NOWHERE
    except OSError:
        return False


def differs(file: NewFile, now: os.stat_result) -> bool:
    """Whether the file is not the listed one any more; what was fetched from a bucket is."""
    return not is_remote(file.uri) and (now.st_size, local_version(now)) != (file.size, file.modified)
