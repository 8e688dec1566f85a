"""Which files a reload reads: those that are named, and those that came in one COPY with them."""

import os
from collections.abc import Collection, Mapping, Sequence

from sparkify.errors import ConfigError, LoadError
from sparkify.ledger.files import Known
from sparkify.load.files import Planned, compare
from sparkify.source.file import Dataset
from sparkify.source.listing import find_source
from sparkify.source.local import local_path, local_uri, real_path
from sparkify.source.store import is_remote

Ledger = Mapping[tuple[str, Dataset], Sequence[Known]]


def plan_reload(names: Sequence[str], ledger: Ledger, roots: Sequence[str] | None = ()) -> list[Planned]:
    """The named files, to be read whole. ConfigError for a file that the ledger does not know.

    LoadError for one that is a link by now and leads out of its source and of `roots`.
    """
    uris = {uri for uri, _ in ledger}
    by_path: dict[str, list[str]] = {}
    for known in sorted(uris):
        if not is_remote(known):
            by_path.setdefault(real_path(local_path(known)) or known, []).append(known)
    planned = {}
    for name in names:
        uri = _uri_of(name, uris, by_path)
        if uri is None:
            raise ConfigError(
                f"the ledger knows no file {name}, so there is nothing to replace. "
                "`sparkify etl` loads what is new."
            )
        for file in ledger:
            if file[0] == uri:  # it may have been read as songs and as events
                planned[file] = _whole(file, ledger, roots)
    return list(planned.values())


def _uri_of(name: str, uris: Collection[str], by_path: Mapping[str, Sequence[str]]) -> str | None:
    """What the ledger calls a file: by its own path, else by where that leads, if it is one file there.

    A link within the source is a file of its own. ConfigError if it may be several.
    """
    folder, _, last = os.path.abspath(name).rpartition("/")  # noqa: PTH100  # where a link itself lies
    own = local_uri(os.path.join(real_path(folder or "/"), last))  # noqa: PTH118  # a name of any kind
    if found := next((one for one in (name, own) if one in uris), None):
        return found
    found_there = by_path.get(real_path(name), [])
    if len(found_there) > 1:
        raise ConfigError(f"{name} leads to {' and '.join(found_there)}: name the one that is meant.")
    return found_there[0] if found_there else None


def with_companions(
    planned: Sequence[Planned], ledger: Ledger, roots: Sequence[str] | None = ()
) -> list[Planned]:
    """These files, and those whose records cannot be told from theirs, since one COPY brought them.

    Raises LoadError if one of the others was rewritten: nobody asked for its new content.
    """
    found = {(one.file.uri, one.file.dataset): one for one in planned}
    while True:
        copies = {
            (part.run_id, part.dataset)
            for one in found.values()
            if one.is_whole
            for part in one.parts
            if _is_copied(part)
        }
        companions = [
            file
            for file, parts in ledger.items()
            if (file not in found or not found[file].is_whole)
            and any(_is_copied(part) and (part.run_id, part.dataset) in copies for part in parts)
        ]
        if not companions:
            return list(found.values())
        for file in companions:
            one = _whole(file, ledger, roots)
            if compare(one.file, one.parts).state == "changed":
                raise LoadError(
                    f"{file[0]} came in one COPY with a file that is to be reloaded, and was rewritten "
                    "since: name it too. Nothing was loaded."
                )
            found[file] = one


def _whole(file: tuple[str, Dataset], ledger: Ledger, roots: Sequence[str] | None) -> Planned:
    parts = ledger[file]
    return Planned(find_source(*file, roots), "changed", parts[-1], parts)


def _is_copied(part: Known) -> bool:
    return not (part.has_lineage or part.is_undone)
