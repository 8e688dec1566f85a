"""The files of a rehearsal: the user's, or a service made up with faults."""

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sparkify.config import S3
from sparkify.errors import ConfigError
from sparkify.scratch import Scratch
from sparkify.simulate.service import Options, simulate
from sparkify.source.listing import list_source
from sparkify.source.local import local_path

EVENTS, SONGS, DAYS, FAULTS = 7_000, 300, 14, 0.01
SERVICE = Options(None, EVENTS, DAYS, SONGS, Options.start, 1, FAULTS)
CLEAN_DAY = Options(None, EVENTS // DAYS, 1, SONGS, Options.start + dt.timedelta(days=2 * DAYS), seed=2)
"""A COPY brings it in as it is; where there are faults, the files are gathered instead."""
PREFIX = "app"


@dataclass(frozen=True)
class Files:
    """Files by the keys that they will have in the bucket."""

    all: dict[str, Path]

    @property
    def first(self) -> dict[str, Path]:
        """All but the latest log, which is held back for a load of its own."""
        return dict(list(self.all.items())[: max(1, len(self.all) - 1)])

    @property
    def latest(self) -> dict[str, Path]:
        return {key: self.all[key] for key in self.all.keys() - self.first.keys()}


@contextlib.contextmanager
def files_of(source: Path | None, say: Callable[[str], None]) -> Iterator[Files]:
    """The files of `source`, or of a service that is made up for as long as the block lasts.

    Raises ConfigError where there is none.
    """
    with Scratch() as place:
        if source is None:
            say("generating sample data")
            source = place / "music"
            _invent(source)
        files = _listed(source)
        if not files:
            raise ConfigError(f"{source} holds no JSON file, neither in song_data/ nor in log_data/.")
        yield Files(files)


def _invent(folder: Path) -> None:
    """A service with faults, and one more day without."""
    simulate(folder, SERVICE)
    clean = folder.with_name("clean")
    simulate(clean, CLEAN_DAY)
    for log in (clean / "log_data").rglob("*.json"):
        target = folder / log.relative_to(clean)
        target.parent.mkdir(parents=True, exist_ok=True)
        log.rename(target)


def _listed(source: Path) -> dict[str, Path]:
    """The files of the source by the keys that they will have in the bucket, songs first."""
    roots = {
        "songs": (source / "song_data").resolve(),
        "events": (source / "log_data").resolve(),
    }
    found = {}
    for file in list_source(S3(source=str(source))):
        path = Path(local_path(file.uri))
        below = path.relative_to(roots[file.dataset]).as_posix()
        found[f"{PREFIX}/{'song' if file.dataset == 'songs' else 'log'}_data/{below}"] = path
    return found
