"""A law of retraction: after any loads, undos, replays and forgets the star is that of the files present.

Beside the warehouse goes a model of a few lines of Python: of each file the parts that were loaded, with
the run that brought them and whether they were rolled back; and who is forgotten. A warehouse that is given
just the bytes that stand, all at once, and then forgets the same listeners, must be equal. Files may end
anywhere, within a line too, and go on as they like.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from sparkify.engines.base import Engine
from sparkify.errors import ConfigError, LoadError
from sparkify.load.diff import digest_star
from sparkify.load.files import State
from sparkify.load.forget import forget
from sparkify.load.replay import replay
from sparkify.load.run import MaxRejects, rebuild, reload
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import Source, etl, rows
from tests.programs import limit_items
from tests.test_laws import as_line, plays, songs, visits
from tests.test_undo import STANDING, assert_sound
from tests.torture import survived, times

faults = st.sampled_from(["{broken", "{", "[", "[1]", '{"page": "NextSong"}', "", "   "])
lines = st.lists(st.one_of(plays, plays, visits, faults), min_size=1, max_size=4)
ends = st.one_of(
    st.sampled_from(
        [b"\n", b"\n", b"", b"\r\n", b"\r", b" ", b"\n  ", b"\n\xef\xbb", b"\n\xef\xbb\xbf", b"}"]
    ),
    st.binary(max_size=3),
    st.integers(1, 400),
)
"""What comes after the last line; a number: so many bytes of it are not written yet."""
logs = st.sampled_from(["log_data/0.json", "log_data/1.json"])
song_files = st.sampled_from(["song_data/0.json", "song_data/1.json"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), logs, lines, ends, st.booleans()),
        st.tuples(st.just("grow"), logs, lines, ends, st.booleans()),
        st.tuples(st.just("grow"), logs, lines, ends, st.booleans()),
        st.tuples(st.just("go_on"), logs, st.integers(1, 400), st.booleans()),
        st.tuples(st.just("write"), song_files, songs.map(lambda one: [one]), st.just(b"\n"), st.just(False)),
        st.tuples(st.just("undo"), st.integers(1, 6)),
        st.tuples(st.just("reload"), logs),
        st.tuples(st.just("retry")),
        st.tuples(st.just("replay")),
        st.tuples(st.just("forget"), st.sampled_from([15, 16])),
    ),
    min_size=2,
    max_size=8,
)
Make = Callable[[], Engine]
BLANKS = b" \t\r\n\v\f"
MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Part:
    """A part of a file: the run that loaded it, the file as it was then, the byte where it begins."""

    run: int
    content: bytes
    start: int = 0
    is_undone: bool = False

    @property
    def tail(self) -> int:
        """Where the last line begins, which may have no end yet."""
        return self.content.rfind(b"\n") + 1


def bare(line: bytes) -> bytes:
    return line.removeprefix(MARK).strip(BLANKS)


def is_problem(content: bytes) -> bool:
    """Whether such a file is one reject as a whole, or one record: it looks so, and no line is a record."""
    start, lines = content.removeprefix(MARK).lstrip(BLANKS), content.split(b"\n")
    first, odd = start.partition(b"\n")[0].rstrip(BLANKS), sum(map(is_no_text, lines))
    is_array = start.startswith(b"[") and start.rstrip(BLANKS).endswith(b"]")
    if any(map(is_record, lines)):
        return False
    return (
        (odd >= 3 and odd * 2 > len(lines))
        or (is_array and (not first.endswith(b"]") or b"\n" not in content))
        or content.startswith((b"\xff\xfe", b"\xfe\xff"))
        or first == b"{"
    )


def is_record(line: bytes) -> bool:
    try:
        return isinstance(json.loads(bare(line)), dict)
    except ValueError:
        return False


def is_no_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return b"\0" in line


@settings(
    max_examples=times(3, 60),
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    # A warehouse of its own is made for each example.
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.filter_too_much,
    ],
)
@given(steps=steps)
def test_after_any_loads_and_retractions_the_star_is_that_of_the_files_present(
    new_warehouse: Make, steps: list[Any]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder) / "world", new_warehouse())
        other = new_warehouse()
        try:
            for kind, *arguments in steps:
                getattr(world, kind)(*arguments)
            world.assert_right(Path(folder) / "checked", other)
        finally:
            world.engine.close()
            other.close()
    survived("examples of coming and going", 1)


@contextmanager
def strict(is_strict: bool) -> Iterator[None]:
    """Validation that refuses what it should not, until rejects are replayed."""
    with pytest.MonkeyPatch.context() as patch:
        if is_strict:
            limit_items(patch, 1)
        yield


class World:
    """A warehouse and its source; each step is done to both and to the model."""

    def __init__(self, folder: Path, engine: Engine) -> None:
        self.folder = made(folder)
        self.engine = engine
        self.disk: dict[str, bytes] = {}
        self.waiting: dict[str, bytes] = {}
        """Bytes of the last line that its writer has not written yet."""
        self.parts: dict[str, list[Part]] = {}
        self.replays: set[int] = set()
        self.forgotten: set[int] = set()

    def write(self, name: str, content: list[Any], end: bytes | int, is_strict: bool) -> None:
        """A file that is new, or rewritten, and that is wanted."""
        self._put(name, b"", content, end, is_strict)

    def grow(self, name: str, content: list[Any], end: bytes | int, is_strict: bool) -> None:
        self._put(name, self.disk.get(name, b""), content, end, is_strict)

    def go_on(self, name: str, count: int, is_strict: bool) -> None:
        """The writer of a line that was cut off goes on with it."""
        if rest := self.waiting.pop(name, b""):
            self.waiting[name] = rest[count:]
            self._save(name, self.disk[name] + rest[:count], is_strict)

    def _put(self, name: str, before: bytes, content: list[Any], end: bytes | int, is_strict: bool) -> None:
        text = b"\n".join(map(as_line, content))
        cut = len(text) if isinstance(end, bytes) else max(0, len(text) - end)
        self.waiting[name] = text[cut:]
        self._save(name, before + text[:cut] + (end if isinstance(end, bytes) else b""), is_strict)

    def _save(self, name: str, content: bytes, is_strict: bool) -> None:
        assume(not is_problem(content))
        self._keep(name, content, is_strict)

    def _keep(self, name: str, content: bytes, is_strict: bool) -> None:
        self.disk[name] = content
        Source(self.folder).write(self.folder / name, content)
        self._validate(is_strict)

    def _validate(self, is_strict: bool) -> None:
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
        assert self._undo(run) in ([True] if gone else [False, run in self.replays])

    def _undo(self, run: int) -> bool:
        """Whether there was anything to undo."""
        try:
            undo(self.engine, run, Silent())
        except (ConfigError, LoadError):
            return False
        return True

    def reload(self, name: str) -> None:
        if name in self.disk:
            run = self._reload(name)
            assert run is not None
            self.parts[name] = [Part(run, self.disk[name])]

    def _reload(self, name: str) -> int | None:
        return reload(self.engine, [str(self.folder / name)], MaxRejects.parse("100%"), Silent()).run_id

    def replay(self) -> None:
        run = self._replay()
        if run is not None:
            self.replays.add(run)

    def _replay(self) -> int | None:
        return replay(self.engine, None, Silent()).run_id

    def forget(self, user_id: int) -> None:
        self.replay()
        self._forget(user_id)
        self.forgotten.add(user_id)

    def _forget(self, user_id: int) -> None:
        forget(self.engine, user_id, Silent())

    def assert_right(self, folder: Path, other: Engine) -> None:
        """With the last rejects replayed, equal to a warehouse of what stands, and to its own rebuild."""
        assert_sound(self.engine)
        self.replay()
        made(folder)
        for name, parts in self.parts.items():
            if any(not part.is_undone for part in parts):
                standing = self.standing(parts)
                assume(not is_problem(standing))
                Source(folder).write(folder / name, standing)
        etl(other, folder, "100%")
        for user_id in self.forgotten:
            forget(other, user_id, Silent())
        assert digest_star(self.engine) == digest_star(other)
        sums = "SELECT SUM(records_read) AS r, SUM(loaded) AS l, SUM(rejected) AS x FROM etl_file WHERE "
        assert rows(self.engine, sums + STANDING) == rows(other, sums + STANDING)
        assert_sound(self.engine)
        rebuild(self.engine, Silent())
        assert digest_star(self.engine) == digest_star(other)

    def standing(self, parts: list[Part]) -> bytes:
        """The bytes that stand. A line that went on is the later part's, if that stands."""
        pieces, end = b"", 0
        for part in (part for part in parts if not part.is_undone):
            if part.start < end:
                pieces = pieces[: part.start - end]
            elif part.start > end:
                pieces += b"\n"
            pieces += part.content[part.start :]
            end = len(part.content)
        return pieces

    def _load(self, also: set[State]) -> None:
        found = {name: self._next(name, "undone" in also) for name in self.disk}
        run = self._etl(also)
        assert (run is not None) == any(parts != self.parts.get(name) for name, parts in found.items())
        self.parts = {
            name: [part if part.run else replace(part, run=run) for part in parts]
            for name, parts in found.items()
        }

    def _etl(self, also: set[State]) -> int | None:
        return etl(self.engine, self.folder, "100%", also=also).run_id

    def _next(self, name: str, is_retried: bool) -> list[Part]:
        """The parts of a file after a load, whose number is not known yet."""
        disk, parts = self.disk[name], self.parts.get(name, [])
        whole = [Part(0, disk)]
        standing = [part for part in parts if not part.is_undone]
        if not parts or (is_retried and len(standing) < len(parts)):
            return whole
        for latest in [parts[-1], *standing[-1:]]:
            size = len(latest.content)
            if disk[:size] != latest.content:
                continue
            if len(disk) == size:
                return parts
            start = self._border(name, latest, standing)
            if start is None:
                return parts
            if start >= 0:
                return [*parts, Part(0, disk, start)]
        return whole

    def _border(self, name: str, latest: Part, standing: list[Part]) -> int | None:
        """Where a file goes on; None if only blanks came, -1 if a record that was loaded goes on."""
        size = len(latest.content)
        if latest.tail == size:
            return size
        rest, newline, _ = self.disk[name][size:].partition(b"\n")
        if not rest.strip(BLANKS):
            return size if newline else None
        number = latest.content.count(b"\n") + 1
        for part in standing:
            if (
                part.tail == latest.tail
                and bare(part.content[part.tail :])
                and not self._rejects(name, number)
            ):
                return -1
        return latest.tail

    def _rejects(self, name: str, number: int) -> bool:
        """Whether nothing is loaded of this line: strict judges and replays go their own way."""
        found = self.engine.query(
            "SELECT COUNT(*) AS n FROM etl_reject AS r JOIN etl_file AS f ON f.file_id = r.file_id "
            "WHERE r.replayed_in IS NULL AND f.uri = :uri AND r.record = :number",
            {"uri": str(self.folder / name), "number": number},
        )
        return bool(found.scalar())


def made(folder: Path) -> Path:
    for name in ("song_data", "log_data"):
        (folder / name).mkdir(parents=True)
    return folder
