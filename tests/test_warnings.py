"""What a run warns of, and keeps: files that cannot be as they were meant, unknown and absent keys."""

import datetime as dt
import json
import re

import pytest

from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.load.feed import Feed
from sparkify.load.inspect import find_missing_days
from sparkify.load.run import rebuild
from sparkify.load.undo import undo
from sparkify.progress import Silent
from tests.builders import NOON, Noting, Record, Run, Source, etl, logged_out, play, rows, song
from tests.test_feeds import MANY, plays


def kinds(engine: Engine) -> list[str]:
    return [kind for (kind,) in rows(engine, "SELECT kind FROM etl_warning ORDER BY kind")]


def test_what_a_file_says_as_a_whole_is_warned_of_and_kept_with_the_run(
    warehouse: Engine, source: Source
) -> None:
    source.log(*(play(item, page="next_song") for item in range(5)))
    source.log(play(0, sessionId=2), play(1, sessionId=2), day="2018-11-20")

    summary = etl(warehouse, source.folder)

    assert kinds(warehouse) == ["no_plays", "other_days"]
    assert sorted(one.kind for one in summary.warnings) == kinds(warehouse)
    messages = [one.message for one in summary.warnings]
    assert any("no play among the 5 events" in message and "NextSong" in message for message in messages)
    assert any("2 events" in message and "2018-11-20" in message for message in messages)


def test_strict_refuses_what_would_be_warned_of(warehouse: Engine, source: Source) -> None:
    source.log(*(play(item, page="next_song") for item in range(5)))

    with pytest.raises(LoadError, match="--strict: no play among"):
        etl(warehouse, source.folder, feed=Feed(is_strict=True))
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM etl_run") == [(0,)]


def test_a_missing_day_is_told_of_when_the_day_after_it_comes(run: Run, source: Source) -> None:
    source.log(play(0))
    source.log(play(0, sessionId=2, ts=NOON + 3 * 86_400_000), day="2018-11-04")

    first = run("etl", "--source", "music")
    source.log(play(0, sessionId=3, ts=NOON + 4 * 86_400_000), day="2018-11-05")
    second = run("etl", "--source", "music")
    strict = run("etl", "--source", "music", "--warehouse", "other.duckdb", "--strict")

    assert "no log is named for 2 days, the first 2018-11-02" in first.stderr
    assert "no log is named" not in second.stderr
    assert (strict.returncode, strict.stderr.count("--strict: no log is named")) == (1, 1)
    assert "2018-11-02" in run("runs", "--warnings").stdout


def test_days_that_the_ledger_knows_are_not_missing(warehouse: Engine, source: Source) -> None:
    gone = source.log(play(0))
    etl(warehouse, source.folder)
    gone.unlink()
    listed = source.log(play(0, sessionId=2), day="2018-11-02")

    from sparkify.source.listing import find_source

    assert find_missing_days(warehouse, [find_source(str(listed), "events")]) == []


def sparse(record: Record, *without: str) -> Record:
    """A record as a writer writes it that leaves nulls out."""
    return {key: value for key, value in record.items() if value is not None and key not in without}


@pytest.mark.parametrize("first", [1, 300], ids=["the first file", "the second day"])
def test_a_key_that_goes_missing_within_a_file_is_told_of(
    warehouse: Engine, source: Source, first: int
) -> None:
    if first > 1:
        source.log(*map(sparse, plays(1, 120)), sparse(logged_out(sessionId=2)))
        etl(warehouse, source.folder)
    source.log(
        *(sparse(play(item), *(["userId"] if item >= first else [])) for item in range(600)), day="2018-11-02"
    )

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records, one.first_line) for one in summary.absent_keys] == [
        ("userId", 600 - first, first + 1)
    ]


def test_songs_by_a_writer_that_leaves_nulls_out_are_no_alarm(warehouse: Engine, source: Source) -> None:
    for number in range(8):
        place = {"artist_latitude": 1.5, "artist_longitude": 2.5} if number % 3 else {}
        source.song(sparse(song(f"SO{number}", **place)), name=f"TR{number}")

    assert etl(warehouse, source.folder).warnings == []


@pytest.mark.parametrize("many", [600, 20])
def test_a_key_that_is_always_null_is_told_of_in_files_of_any_size(
    warehouse: Engine, source: Source, many: int
) -> None:
    source.log(*(play(item) | {"deviceId": None} for item in range(many)))

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records) for one in summary.unknown_keys] == [("deviceId", many)]


def test_a_key_that_gives_way_to_another_of_nulls_is_told_of(warehouse: Engine, source: Source) -> None:
    source.log(
        *(play(item) for item in range(300)),
        *(sparse(play(item), "userId") | {"user_id": None} for item in range(300, 600)),
    )

    summary = etl(warehouse, source.folder)

    assert [(one.key, one.records, one.first_line) for one in summary.unknown_keys] == [("user_id", 300, 301)]
    assert rows(warehouse, "SELECT records FROM etl_key WHERE name = 'userId'") == [(300,)]


def test_a_writer_that_leaves_nulls_out_is_no_alarm_and_a_key_that_goes_missing_is(
    warehouse: Engine, source: Source
) -> None:
    source.log(*(sparse(logged_out(itemInSession=item)) for item in range(3)), *map(sparse, plays(9, 120)))
    quiet, loud = Noting(), Noting()
    etl(warehouse, source.folder, watching=quiet)
    without = [{key: value for key, value in play(item).items() if key != "level"} for item in range(20)]
    source.log(*without, day="2018-11-02")

    summary = etl(warehouse, source.folder, watching=loud)

    assert not [text for text in quiet.warnings if "absent" in text]
    assert [one.as_dict() for one in summary.absent_keys] == [
        {"key": "level", "records": 20, "first_file": summary.absent_keys[0].first_file, "first_line": 1}
    ]
    assert len([text for text in loud.warnings if 'the key "level" is absent' in text]) == 1
    counted = rows(
        warehouse, "SELECT records FROM etl_key WHERE kind = 'absent' AND name = 'artist' ORDER BY file_id"
    )
    assert counted == [(3,)]


def test_unknown_keys_can_refuse_a_run(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1) | {"deviceId": "d1"})

    with pytest.raises(LoadError, match=r'unknown key "deviceId" in 1 record.*UNKNOWN_KEYS = refuse'):
        etl(warehouse, source.folder, feed=Feed(refuses_unknown_keys=True))


def test_the_summary_names_unknown_keys_and_warnings(run: Run, source: Source) -> None:
    file = source.log(play(0), play(1) | {"deviceId": "d1"})

    told = json.loads(run("etl", "--source", "music", "--format", "json").stdout)

    assert told["unknown_keys"] == [
        {"key": "deviceId", "records": 1, "first_file": str(file), "first_line": 2}
    ]
    assert told["values"] == {"read": 37, "set_aside": 1, "erased": 0, "misfits": 0}
    assert [one["kind"] for one in told["warnings"]] == ["unknown_key"]


def test_moments_of_another_unit_are_told_of(warehouse: Engine, source: Source) -> None:
    class Notes(Noting):
        def note(self, message: str) -> None:
            self.warnings.append(message)

    watching = Notes()
    seconds = dt.datetime(2018, 11, 1, 12, tzinfo=dt.UTC).timestamp()
    source.log(*(play(item, ts=int(seconds) + item) for item in range(MANY)))

    etl(warehouse, source.folder, watching=watching)

    assert rows(warehouse, "SELECT MIN(start_time) AS t FROM songplay") == [(dt.datetime(2018, 11, 1, 12),)]
    assert any("ts is in seconds" in message for message in watching.warnings)
    watching.warnings.clear()
    written = (0, int(seconds), f"{seconds:.0f}.5", "2018-11-01T12:00:00Z", int(seconds * 10**6))
    bad = (play(501 + item, ts=ts, sessionId=None) for item, ts in enumerate(written))
    source.log(play(500), *bad, day="2018-11-02")  # rejected: it was converted to nothing
    etl(warehouse, source.folder, watching=watching)
    assert not any("ts is in" in message for message in watching.warnings)


def test_each_way_in_which_moments_of_a_file_are_written_is_told_of(
    warehouse: Engine, source: Source
) -> None:
    class Notes(Noting):
        def note(self, message: str) -> None:
            self.warnings.append(message)

    watching, moment = Notes(), dt.datetime(2018, 11, 1, 12, tzinfo=dt.UTC)
    second = int(moment.timestamp())
    written = (second, second * 1000 + 0.5, moment.isoformat(), second * 10**6, second * 1000)
    source.log(*(play(item, ts=ts) for item, ts in enumerate(written)))

    etl(warehouse, source.folder, watching=watching)

    found = (re.match(r"ts is in (.+) in .*, and was converted", message) for message in watching.warnings)
    assert sorted(one[1] for one in found if one) == [
        "ISO-8601 text", "microseconds", "milliseconds with a fraction", "seconds",
    ]  # fmt: skip
    assert rows(warehouse, "SELECT COUNT(DISTINCT CAST(start_time AS DATE)) FROM songplay") == [(1,)]
    watching.warnings.clear()
    plain = (second * 1000, f"{second}000", f"{second}000.0", f"{second * 1000:.1e}", second * 1000.0)
    source.log(*(play(item, ts=ts, sessionId=2) for item, ts in enumerate(plain)), day="2018-11-02")
    etl(warehouse, source.folder, watching=watching)
    assert not [message for message in watching.warnings if "ts is in" in message]


@pytest.mark.parametrize("page", ["nextSong", "NEXTSONG"])
def test_a_page_that_is_that_of_plays_but_for_case_is_told_of(
    warehouse: Engine, source: Source, page: str
) -> None:
    source.log(play(0), *(play(item, page=page) for item in range(1, 4)), logged_out(sessionId=2))

    summary = etl(warehouse, source.folder)

    assert kinds(warehouse) == ["page_alike"]
    assert summary.warnings[0].message.startswith(f"3 events are of the page {page!r} and no play")


def test_an_undone_part_of_a_log_that_grows_is_told_of_until_it_is_loaded(
    warehouse: Engine, source: Source
) -> None:
    for last in (3, 6):
        source.log(*(play(item) for item in range(last)))
        etl(warehouse, source.folder)
    undo(warehouse, 2, Silent())
    source.log(*(play(item) for item in range(9)))

    with pytest.raises(LoadError, match=r"--strict: .*a part of it was undone and stays out"):
        etl(warehouse, source.folder, feed=Feed(is_strict=True))
    etl(warehouse, source.folder)

    assert kinds(warehouse) == ["undone_part"]
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(6,)]
    assert etl(warehouse, source.folder, also={"undone"}).warnings == []
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM songplay") == [(9,)]


@pytest.mark.parametrize("at_once", [True, False], ids=["one run", "a run each day"])
def test_a_key_that_goes_missing_from_small_files_is_told_of_once(
    warehouse: Engine, source: Source, at_once: bool
) -> None:
    told = []
    for day in range(12):
        gone = ["userId"] if day >= 2 else []
        source.log(
            *(sparse(play(item, sessionId=day), *gone) for item in range(20)), day=f"2018-11-{day + 1:02}"
        )
        if not at_once:
            told.append([one.key for one in etl(warehouse, source.folder).absent_keys])
    if at_once:
        told.append([one.key for one in etl(warehouse, source.folder).absent_keys])

    assert [keys for keys in told if keys] == [["userId"]]
    assert at_once or told[6] == ["userId"]


def test_small_files_by_a_writer_that_leaves_nulls_out_are_no_alarm(
    warehouse: Engine, source: Source
) -> None:
    for number in range(400):
        place = {"artist_latitude": 1.5, "artist_longitude": 2.5} if number % 20 == 0 else {}
        source.song(sparse(song(f"SO{number}", **place)), name=f"TR{number:03}")

    assert etl(warehouse, source.folder).warnings == []


def test_a_rebuild_that_leaves_no_play_is_told_of(warehouse: Engine, source: Source) -> None:
    source.log(play(0), play(1))
    etl(warehouse, source.folder)
    watching = Noting()

    rebuild(warehouse, watching, play_pages=["Nope"])
    rebuild(warehouse, watching, play_pages=["NextSong"])

    assert watching.warnings == [
        "no play among the 2 events of the warehouse: plays are events of the page Nope ([ETL] PLAY_PAGE)."
    ]
    assert kinds(warehouse) == ["no_plays"]


def test_of_more_unknown_keys_than_are_counted_a_least_number_is_told(
    warehouse: Engine, source: Source
) -> None:
    source.log(play(0) | {f"key {number:04}": 1 for number in range(1_000)})

    said = [message for _, message in etl(warehouse, source.folder).warnings if "more unknown" in message]

    assert len(said) == 1
    assert said[0].startswith("there are at least ")


def test_a_log_that_grew_by_no_play_has_its_plays_all_the_same(warehouse: Engine, source: Source) -> None:
    log = source.log(*(play(item) for item in range(20)))
    etl(warehouse, source.folder)
    with log.open("a") as file:
        file.write("\n" + json.dumps(play(20, page="Home")))

    summary = etl(warehouse, source.folder, feed=Feed(is_strict=True))

    assert (summary.records.loaded, summary.warnings) == (1, [])


def test_a_file_name_forges_no_line_of_what_is_said(run: Run, source: Source) -> None:
    for name in (
        "2018-12-01-a\nwarning: run 7 was rolled back\n.json",
        "2018-12-02-b\nnote: all is well\n.json",
    ):
        source.write(source.folder / "log_data" / name, json.dumps(play(0, ts=1)).encode())

    done = run("etl", "--source", "music", "--max-rejects", "9")

    assert "2018-12-01-a\\nwarning" in done.stderr
    assert not re.search(r"^(warning: run 7|note: all|\.json)", done.stderr, re.M)
