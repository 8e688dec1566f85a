"""Random commands against a model in plain Python: processes that are killed, logs that end anywhere.

`World` knows which bytes stand. What the star and the ledger must be then is counted here and by the oracle,
record by record, without a line of the loader.
"""

import json
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine, Result
from sparkify.engines.duckdb.engine import DuckDB
from sparkify.errors import QueryError, WarehouseError
from sparkify.load.checks import check_everything, check_seal
from sparkify.load.deep import check_deep
from sparkify.load.erase import personal_keys
from sparkify.load.files import State
from tests import oracle
from tests.builders import NOON, Record, Source, event, play, rows, song
from tests.test_laws import NAMES, TITLES, as_line
from tests.test_laws_of_retraction import STANDING, World, bare, is_problem, made
from tests.test_processes import finish, start
from tests.torture import survived, times

LOGS = ("log_data/0.json", "log_data/1.json", "log_data/2.json")
SONGS = ("song_data/0.json", "song_data/1.json", "song_data/2.json")
FAULTS = ("{broken", "{", "[", "[1]", '{"page": "NextSong"}', "", "   ", "null", '{"ts": 1}')
TAILS = (
    b"\n", b"\n", b"\n", b"", b"\r\n", b" ", b"\t\n", b"}", b"x", b"\n{", b"\n]", b"\xff", b"\xc3", b"\n\n",
)  # fmt: skip
MODEL = "SELECT title, COUNT(*) AS plays FROM songplay GROUP BY title"
"""A table of the user's own, which every command that publishes builds."""
KILLS = 0.3
"""How often a command is killed before it is run to its end."""


@pytest.mark.parametrize("seed", range(times(2, 60)))
def test_whatever_is_commanded_star_and_ledger_are_those_of_the_model(seed: int, tmp_path: Path) -> None:
    world = Living(tmp_path, random.Random(seed))

    for _ in range(times(7, 15)):
        world.step()
        world.assert_as_modelled()

    survived("commands against the model", world.commands)
    survived("kills against the model", world.kills)


class Reading:
    """An engine that holds the warehouse only while it asks: processes write to it in between."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def query(self, sql: str, params: Any = None) -> Result:
        engine = DuckDB(str(self._file), read_only=True)
        try:
            return engine.query(sql, params)
        finally:
            engine.close()


class Living(World):
    """A world whose commands are processes, some of which are killed and run again."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._chance, self._cwd, self._file = chance, folder, folder / "sparkify.duckdb"
        reading: Any = Reading(self._file)
        super().__init__(folder / "world", reading)
        self.commands = self.kills = self._validated = 0
        made(folder / "models").joinpath("titles.sql").write_text(MODEL)
        (folder / "dwg.cfg").write_text("[ETL]\nMODELS = models\n")

    def step(self) -> None:
        """Anything that may happen to a warehouse, the ordinary more often."""
        if not self.parts:
            while not self.parts:  # some contents are not written
                self._grow()
            return
        self._chance.choice([
            self._grow, self._grow, self._grow, self._rewrite, self._add_song, self.replay, self.retry,
            self._rebuild, lambda: self.undo(self._chance.randint(1, 8)),
            lambda: self.reload(self._chance.choice(LOGS)),
            lambda: self.forget(self._chance.choice([15, 16])),
        ])()  # fmt: skip

    def _grow(self) -> None:
        name = self._chance.choice(LOGS)
        self._write(name, self.disk.get(name, b"") + self._lines())

    def _rewrite(self) -> None:
        self._write(self._chance.choice(LOGS), self._lines())

    def _add_song(self) -> None:
        """Each file has a song of its own: which of two records of one song counts, other tests ask."""
        name, pick = self._chance.choice(SONGS), self._chance.choice
        record = song(
            f"SO{SONGS.index(name)}", artist_id=f"AR{pick((1, 2))}", title=pick([t for t in TITLES if t]),
            artist_name=pick([n for n in NAMES if n]), duration=pick((100.0, 200.0)),
            artist_location=pick(("", "Reykjavík", " ReykjavÃ\xadk")), year=pick((0, 1999)),
        )  # fmt: skip
        self._write(name, json.dumps(record).encode() + b"\n")

    def _write(self, name: str, content: bytes) -> None:
        if not is_problem(content):
            self._keep(name, content, is_strict=False)

    def _lines(self) -> bytes:
        text = b"\n".join(as_line(self._record()) for _ in range(self._chance.randint(1, 6)))
        if self._chance.random() < 0.2:
            return text[: -self._chance.randint(1, 200)] or b"\n"
        tail = self._chance.choice(TAILS) if self._chance.random() < 0.9 else self._chance.randbytes(2)
        return text + tail

    def _record(self) -> Record | str:
        pick = self._chance.choice
        values = {
            "sessionId": self._chance.randint(1, 4), "userId": pick(["15", "16", "17", ""]),
            "ts": NOON + self._chance.randint(0, 6) * 3_600_000, "level": pick(["free", "paid", "", " "]),
            "firstName": pick(["Lily", "ZoÃ«", " Zoë", None]), "gender": pick(["F", "M ", ""]),
        }  # fmt: skip
        kind = self._chance.random()
        if kind < 0.15:
            return pick(FAULTS)
        item = self._chance.randint(0, 4)
        if kind < 0.35:
            return event(itemInSession=item, page=pick(["Home", "Help"]), **values)
        length = pick([100.0, 200.5, None])
        return play(item, song=pick(TITLES), artist=pick(NAMES), length=length, **values)

    def _rebuild(self) -> None:
        assert self._command("rebuild")

    def _etl(self, also: set[State]) -> int | None:
        flags = ("--retry",) if "undone" in also else ()
        found = self._command(
            "etl", "--source", str(self.folder), "--max-rejects", "100%", "--changed", "reload", *flags
        )
        return self._latest() if found else None

    def _undo(self, run: int) -> bool:
        return self._command("undo", str(run), fails=True)

    def _reload(self, name: str) -> int | None:
        assert self._command("reload", str(self.folder / name), "--max-rejects", "100%")
        return self._latest()

    def _replay(self) -> int | None:
        return self._latest() if self._command("rejects", "replay") else None

    def _forget(self, user_id: int) -> None:
        self._command("forget", str(user_id), "--yes")

    def _latest(self) -> int:
        if not self._file.exists():
            return 0
        try:
            return int(self.engine.query("SELECT COALESCE(MAX(run_id), 0) AS n FROM etl_run").scalar())
        except (QueryError, WarehouseError):  # a process was killed before it had made the tables
            return 0

    def _command(self, *arguments: str, fails: bool = False) -> bool:
        """Whether a run was published, by a process that was killed first or by the one that came after."""
        before = self._latest()
        self.commands += 1
        if self._chance.random() < KILLS:
            process = start(*arguments, cwd=self._cwd)
            time.sleep(self._chance.uniform(0.2, 1.5))
            process.send_signal(signal.SIGKILL)
            self.kills += finish(process)[0] == -signal.SIGKILL
            if self._latest() > before:
                if arguments[0] == "forget":  # the file may not be rewritten yet
                    assert finish(start(*arguments, cwd=self._cwd))[0] == 0
                return True
        code, _, err = finish(start(*arguments, cwd=self._cwd))
        assert "Traceback" not in err, err
        assert code == 0 or fails, err
        return self._latest() > before

    def assert_as_modelled(self) -> None:
        """Star and ledger by plain Python; then what the warehouse says of itself."""
        self._validated += 1
        folder = made(self._cwd / f"checked{self._validated}")
        engine = DuckDB(str(self._file))
        try:
            self._compare(engine, folder)
            verdicts = [*check_everything(engine), check_seal(engine), *check_deep(engine)]
            assert [one.sentence() for one in verdicts if not one.passed] == []
            outcomes = {outcome for (outcome,) in rows(engine, "SELECT outcome FROM etl_attempt")}
            assert outcomes <= {"killed", "refused", "started"}
        finally:
            engine.close()

    def _compare(self, engine: Engine, folder: Path) -> None:
        read, good = 0, []
        for name, parts in self.parts.items():
            if any(not part.is_undone for part in parts):
                standing = self.standing(parts)
                if is_problem(standing):
                    return  # no file ever was so: parts of it were rolled back
                lines = [line for line in map(bare, standing.split(b"\n")) if line]
                read += len(lines)
                good += [(name, record) for line in lines if (record := parsed(line, name)) is not None]
        events = [self._anonymous(record) for name, record in good if name in LOGS]
        songs = [record for name, record in good if name in SONGS]
        Source(folder).write(folder / "log_data/all.json", b"\n".join(map(as_line, events)) + b"\n\n")
        for number, record in enumerate(songs):
            Source(folder).write(folder / f"song_data/{number}.json", as_line(record))

        plays = oracle.plays(folder)
        assert rows(
            engine,
            "SELECT songplay_id, start_time, user_id, level, song_id, artist_id, title, artist_name "
            "FROM songplay ORDER BY songplay_id",
        ) == [tuple(one) for one in plays]
        if rows(engine, "SELECT run_id FROM etl_run"):
            titles = Counter(one.title for one in plays)
            assert Counter(dict(rows(engine, "SELECT title, plays FROM titles"))) == titles
        assert column(engine, "SELECT start_time FROM time") == sorted({one.moment for one in plays})
        for table, expected in (
            ("user_id, first_name, last_name, gender, level FROM users", oracle.users(folder)),
            ("song_id, title, artist_id, artist_name, year, duration FROM songs", oracle.songs(folder)),
            ("artist_id, name, location FROM artists", oracle.artists(folder)),
        ):
            assert rows(engine, f"SELECT {table} ORDER BY 1") == expected
        keys = {key(one) for one in events} | {(one["song_id"],) for one in songs}
        sums = "SUM(records_read) AS r, SUM(loaded) AS l, SUM(duplicate + conflict) AS d, SUM(rejected) AS x"
        [ledger] = rows(engine, f"SELECT {sums} FROM etl_file WHERE {STANDING}")
        counted = read, len(keys), len(good) - len(keys), read - len(good)
        assert tuple(n or 0 for n in ledger) == counted

    def _anonymous(self, record: Record) -> Record:
        if record["userId"] not in map(str, self.forgotten):
            return record
        return {**record, **dict.fromkeys(personal_keys()), "userId": ""}


def parsed(line: bytes, name: str) -> Record | None:
    """The record of a line, if it is one."""
    try:
        value = json.loads(line.decode())
    except ValueError:
        return None
    needed = ("sessionId", "itemInSession", "ts", "page") if name in LOGS else ("song_id",)
    return value if isinstance(value, dict) and all(one in value for one in needed) else None


def key(record: Record) -> tuple[Any, ...]:
    """What tells a record from others: where nobody is logged in, the moment too."""
    user = record["userId"]
    return (record["sessionId"], record["itemInSession"], user, None if user else record["ts"])


def column(engine: Engine, sql: str) -> list[Any]:
    return sorted(value for (value,) in rows(engine, sql))
