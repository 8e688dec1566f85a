"""Files of this machine: by which name each is known, how one is opened, and what holds no data."""

import errno
import os
import stat
from functools import cache
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

FILE = "file://"
NOWHERE = "0"
"""The version of a link that leads to no file."""
KERNEL = (
    "proc", "sysfs", "cgroup", "cgroup2", "debugfs", "tracefs", "securityfs", "configfs", "bpf", "pstore",
    "efivarfs", "mqueue", "devpts", "nsfs", "binfmt_misc", "fusectl", "selinuxfs", "rpc_pipefs",
)  # fmt: skip
"""File systems in which the kernel shows itself as files."""


def local_uri(path: str) -> str:
    """The identity of a file of this machine: its absolute path as it is, if that is valid text.

    A path that is not UTF-8, which Python holds with surrogates and no database takes, is written as a
    `file:` URI (RFC 8089) with every byte quoted that is no plain ASCII. An absolute path never begins so;
    hence no two files have one identity, and names with a `%` stay as they are.

    >>> local_uri("/music/100%.json"), local_uri("/music/a\\udcff%.json")
    ('/music/100%.json', 'file:///music/a%FF%25.json')
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return FILE + quote_from_bytes(os.fsencode(path), safe="/ !$&'()*+,;=:@[]")
    return path


def local_path(uri: str) -> str:
    """The path under which the operating system opens a file of this machine: what `local_uri` was given.

    >>> local_path("/music/100%.json"), local_path("file:///music/a%FF%25.json")
    ('/music/100%.json', '/music/a\\udcff%.json')
    """
    return os.fsdecode(unquote_to_bytes(uri.removeprefix(FILE))) if uri.startswith(FILE) else uri


def real_path(path: str) -> str:
    """Where a path leads, through all links; empty where nobody may say: of one in the `/proc` of others."""
    try:
        return os.path.realpath(path)
    except OSError:
        return ""


def read_small(path: str, size: int) -> tuple[bytes, os.stat_result]:
    """A small file of this machine, of `size` bytes or so, and its state after it was read. Raises OSError.

    What `open_file` gives, in half the time: there may be hundreds of thousands of them. What has become no
    file since it was listed is opened, and refused before anything of it is used.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        body = os.read(handle, size + 1)
        while len(body) < size and (more := os.read(handle, size)):
            body += more
        state = os.fstat(handle)
    finally:
        os.close(handle)
    _refuse_special(state, path)
    return body, state


def open_regular(path: str) -> int:
    """A descriptor to read from; what is no file of a disk is not opened, or at once closed again."""
    _refuse_special(os.stat(path), path)  # noqa: PTH116  # a Path costs more than a tiny file
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe may have taken the file's place meanwhile
    try:
        _refuse_special(os.fstat(handle), path)
    except OSError:
        os.close(handle)
        raise
    return handle


def _refuse_special(state: os.stat_result, path: str) -> None:
    if not stat.S_ISDIR(state.st_mode) and is_special(state):
        raise OSError(errno.EINVAL, "it is a pipe, a socket, a device or a file of the kernel's", path)


def is_special(state: os.stat_result) -> bool:
    """Whether this is no file that holds data: a pipe, a device, or what the kernel shows as a file.

    `/proc/self/environ` looks like a regular file, and holds this process's secrets.
    """
    return not stat.S_ISREG(state.st_mode) or state.st_dev in _kernel_devices()


@cache
def _kernel_devices() -> frozenset[int]:
    """The devices of file systems that hold no data but the kernel's (proc(5), "/proc/pid/mountinfo")."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    found = set()
    for mount in mounts:
        fields, _, rest = mount.partition(" - ")
        if rest.partition(" ")[0] in KERNEL:
            major, _, minor = fields.split()[2].partition(":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)


def local_version(state: os.stat_result) -> str:
    """What tells two contents of a file of this machine apart without reading it.

    Size and time of modification are what a writer may set (`touch -r`, `rsync --times`); the time of the
    last change and the inode are not. Git (`core.trustctime`) and Borg (`--files-cache`) look at the same.
    """
    return f"{state.st_mtime_ns}.{state.st_ctime_ns}.{state.st_ino}"
