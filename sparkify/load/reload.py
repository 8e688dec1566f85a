"""Which files a reload reads: those that are named, and those that came in one COPY with them."""

import os
from collections.abc import Mapping, Sequence

from sparkify.errors import ConfigError, LoadError
from sparkify.ledger.files import Known
from sparkify.load.files import Planned, compare
from sparkify.source.listing import find_source
from sparkify.source.local import local_path
from sparkify.source.store import is_remote

Ledger = Mapping[str, Sequence[Known]]


def plan_reload(names: Sequence[str], ledger: Ledger) -> list[Planned]:
    """The named files, to be read whole. ConfigError for a file that the ledger does not know."""
    by_path = {os.path.realpath(local_path(uri)): uri for uri in ledger if not is_remote(uri)}
    planned = {}
    for name in names:
        uri = name if name in ledger else by_path.get(os.path.realpath(name))
        if uri is None:
            raise ConfigError(
                f"the ledger knows no file {name}, so there is nothing to replace. "
                "`sparkify etl` loads what is new."
            )
        planned[uri] = _whole(uri, ledger)
    return list(planned.values())


def with_companions(planned: Sequence[Planned], ledger: Ledger) -> list[Planned]:
    """These files, and those whose records cannot be told from theirs, since one COPY brought them.

    Raises LoadError if one of the others was rewritten: nobody asked for its new content.
    """
    found = {one.file.uri: one for one in planned}
    while True:
        copies = {
            (part.run_id, part.dataset)
            for one in found.values()
            if one.is_whole
            for part in one.parts
            if _is_copied(part)
        }
        companions = [
            uri
            for uri, parts in ledger.items()
            if (uri not in found or not found[uri].is_whole)
            and any(_is_copied(part) and (part.run_id, part.dataset) in copies for part in parts)
        ]
        if not companions:
            return list(found.values())
        for uri in companions:
            one = _whole(uri, ledger)
            if compare(one.file, one.parts).state == "changed":
                raise LoadError(
                    f"{uri} came in one COPY with a file that is to be reloaded, and was rewritten since: "
                    "name it too. Nothing was loaded."
                )
            found[uri] = one


def _whole(uri: str, ledger: Ledger) -> Planned:
    parts = ledger[uri]
    return Planned(find_source(uri, parts[-1].dataset), "changed", parts[-1], parts)


def _is_copied(part: Known) -> bool:
    return not (part.has_lineage or part.is_undone)
