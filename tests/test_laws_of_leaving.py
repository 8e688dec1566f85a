"""A law of coming and going: after any loads, undos, replays and forgets the star is that of what stands.

Beside the warehouse goes a model of a few lines of Python: of each file the parts that were loaded, with
the run that brought them and whether they were taken back; and who is forgotten. A warehouse that is given
just the lines that stand, all at once, and then forgets the same listeners, must be equal.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.load import validation
from sparkify.load.diff import digest_star
from sparkify.load.files import State
from sparkify.load.forget import forget
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, rebuild, reload
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Source, etl, rows
from tests.test_laws import as_line, plays, songs, visits
from tests.test_undo import STANDING, assert_sound
from tests.torture import survived, times

faults = st.sampled_from(["{broken", "[1]", '{"page": "NextSong"}', "", "   "])
lines = st.lists(st.one_of(plays, plays, visits, faults), min_size=1, max_size=4)
logs = st.sampled_from(["log_data/0.json", "log_data/1.json"])
song_files = st.sampled_from(["song_data/0.json", "song_data/1.json"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), logs, lines, st.booleans()),
        st.tuples(st.just("grow"), logs, lines, st.booleans()),
        st.tuples(st.just("write"), song_files, songs.map(lambda one: [one]), st.just(False)),
        st.tuples(st.just("undo"), st.integers(1, 6)),
        st.tuples(st.just("reload"), logs),
        st.tuples(st.just("retry")),
        st.tuples(st.just("replay")),
        st.tuples(st.just("forget"), st.sampled_from([15, 16])),
    ),
    min_size=2,
    max_size=8,
)
Lines = list[bytes]
Make = Callable[[], Engine]


@dataclass(frozen=True)
class Part:
    """A part of a file: the run that loaded it, the file as it was then, the lines that are its own."""

    run: int
    content: Lines
    own: Lines
    is_undone: bool = False


@settings(
    max_examples=times(3, 60),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    # A warehouse of its own is made for each example.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_after_any_coming_and_going_the_star_is_that_of_what_stands(
    new_warehouse: Make, steps: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "world", new_warehouse())
        other = new_warehouse()
        try:
            for kind, *arguments in steps:
                getattr(world, kind)(*arguments)
            world.assert_right(Path(folder) / "judge", other)
        finally:
            world.engine.close()
            other.close()
    survived("examples of coming and going", 1)


@contextmanager
def strict(is_strict: bool) -> Iterator[None]:
    """A judge that refuses what it should not, until rejects are replayed."""
    before = validation.RANGES["item_in_session"]
    validation.RANGES["item_in_session"] = (0, 1) if is_strict else before
    try:
        yield
    finally:
        validation.RANGES["item_in_session"] = before


class World:
    """A warehouse and its source; each step is done to both and to the model."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = made(folder)
        self.engine = engine
        self.disk: dict[str, Lines] = {}
        self.parts: dict[str, list[Part]] = {}
        self.replays: set[int] = set()
        self.forgotten: set[int] = set()

    def write(self, name: str, content: list[Any], is_strict: bool) -> None:
        """A file that is new, or rewritten, and that is wanted."""
        self._put(name, list(map(as_line, content)))
        self._judge(is_strict)

    def grow(self, name: str, content: list[Any], is_strict: bool) -> None:
        self._put(name, self.disk.get(name, []) + list(map(as_line, content)))
        self._judge(is_strict)

    def _judge(self, is_strict: bool) -> None:
        # Wrongly refused records of somebody forgotten lose their text, so that no replay can bring them.
        with strict(is_strict and not self.forgotten):
            self._load({"changed"})

    def retry(self) -> None:
        self._load({"changed", "undone"})

    def undo(self, run: int) -> None:
        gone = False
        for parts in self.parts.values():
            own = [at for at, part in enumerate(parts) if part.run == run and not part.is_undone]
            if own:
                parts[own[0] :] = [replace(part, is_undone=True) for part in parts[own[0] :]]
                gone = True
        try:
            undo(self.engine, run, Silent())
        except (ConfigError, LoadError):
            assert not gone
        else:
            assert gone or run in self.replays

    def reload(self, name: str) -> None:
        if name in self.disk:
            done = reload(self.engine, [str(self.folder / name)], MaxRejects.parse("100%"), Silent())
            assert done.run_id is not None
            self.parts[name] = [Part(done.run_id, self.disk[name], self.disk[name])]

    def replay(self) -> None:
        done = replay(self.engine, None, Silent())
        if done.run_id is not None:
            self.replays.add(done.run_id)

    def forget(self, user_id: int) -> None:
        self.replay()
        try:
            forget(self.engine, user_id, Silent())
        except ConfigError as error:
            assert "there is nothing of" in str(error)  # it may do either
        else:
            self.forgotten.add(user_id)

    def assert_right(self, folder: Path, other: Engine) -> None:
        """With the last rejects replayed, equal to a warehouse of what stands, and to its own rebuild."""
        assert_sound(self.engine)
        self.replay()
        made(folder)
        for name, parts in self.parts.items():
            standing = [line for part in parts if not part.is_undone for line in part.own]
            if standing:
                write(folder, name, standing)
        etl(other, folder, "100%")
        for user_id in self.forgotten:
            with suppress(ConfigError):
                forget(other, user_id, Silent())
        assert digest_star(self.engine) == digest_star(other)
        sums = "SELECT SUM(records_read) AS r, SUM(loaded) AS l, SUM(rejected) AS x FROM etl_file WHERE "
        assert rows(self.engine, sums + STANDING) == rows(other, sums + STANDING)
        assert_sound(self.engine)
        rebuild(self.engine, Silent())
        assert digest_star(self.engine) == digest_star(other)

    def _put(self, name: str, content: Lines) -> None:
        self.disk[name] = content
        write(self.folder, name, content)

    def _load(self, also: set[State]) -> None:
        run = etl(self.engine, self.folder, "100%", also=also).run_id
        found = {name: self._next(name, run or 0, "undone" in also) for name in self.disk}
        assert (run is not None) == any(parts != self.parts.get(name) for name, parts in found.items())
        self.parts = found

    def _next(self, name: str, run: int, is_retried: bool) -> list[Part]:
        """The parts of a file after a load."""
        disk, parts = self.disk[name], self.parts.get(name, [])
        whole = [Part(run, disk, disk)]
        standing = [part for part in parts if not part.is_undone]
        if not parts or (is_retried and len(standing) < len(parts)):
            return whole
        for latest in [parts[-1], *standing[-1:]]:
            length = len(latest.content)
            if disk[:length] == latest.content:
                return parts if len(disk) == length else [*parts, Part(run, disk, disk[length:])]
        return whole


def made(folder: Path) -> Path:
    for name in ("song_data", "log_data"):
        (folder / name).mkdir(parents=True)
    return folder


def write(folder: Path, name: str, content: Lines) -> None:
    # With a newline at its end: a line without one may be half of a line.
    Source(folder).write(folder / name, b"\n".join(content) + b"\n")
