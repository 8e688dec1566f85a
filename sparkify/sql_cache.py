"""What one process has translated, kept for the next, beside Python's own compiled files.

As those, it is made again where its source is another, and nothing is wrong where it cannot be kept. No value
is in there: they are filled into a statement after its translation. What somebody wrote themselves is not
kept: it may name a listener.
"""

import atexit
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source, find_spec
from pathlib import Path

from sparkify.errors import QueryError
from sparkify.writing import replace_file

TRANSLATING = ("engines/translation.py", "engines/patterns.py", "sql/ddl.py")
"""The modules that say what is kept: where one changes, nothing kept is used."""
MOST = 2_000
"""Statements that are kept; beyond them all are forgotten, since some were made for one moment only."""


_unkept: set[str] = set()


@contextlib.contextmanager
def unkept() -> Iterator[None]:
    """What is translated in this block is known to this process alone."""
    before = set(_kept())
    try:
        yield
    finally:
        _unkept.update(_kept().keys() - before)


def cached(where: str) -> Callable[..., str]:
    """A function of texts alone, as "module:function": asked once for each, and not imported before."""
    module, _, name = where.partition(":")

    def ask(*texts: str) -> str:
        key = json.dumps([name, *texts])
        known = _kept()
        if key not in known:
            translate: Callable[..., str] = getattr(import_module(module), name)
            try:
                known[key] = translate(*texts)
            except RecursionError as error:
                raise QueryError("the statement is nested too deep.") from error
            _keep_at_exit()
        return known[key]

    return ask


@cache
def _kept() -> dict[str, str]:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        held = json.loads(_file().read_text(encoding="utf-8"))
        if held.get("source") == _source():
            return dict(held["statements"])
    return {}


@cache
def _keep_at_exit() -> None:
    if not sys.dont_write_bytecode:
        atexit.register(_keep)


def _keep() -> None:
    kept = {key: said for key, said in _kept().items() if key not in _unkept}
    statements = kept if len(kept) <= MOST else {}
    with contextlib.suppress(OSError):
        _file().parent.mkdir(parents=True, exist_ok=True)
        replace_file(_file(), json.dumps({"source": _source(), "statements": statements}).encode())


def _file() -> Path:
    return Path(cache_from_source(__file__)).with_name("translations.json")


@cache
def _source() -> list[list[int]]:
    """Size and time of what translates: our modules, and the library."""
    library = find_spec("sqlglot")
    assert library and library.origin
    ours = [Path(__file__).parent / name for name in TRANSLATING]
    files = (*ours, Path(library.origin).with_name("_version.py"))
    return [[found.st_size, found.st_mtime_ns] for found in map(Path.stat, files)]
