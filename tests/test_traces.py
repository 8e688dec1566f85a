"""What is left of a forgotten listener beside their records: names of keys, and ids set aside elsewhere."""

import json
import re
from typing import Any

import pytest

from sparkify.cli.forget import as_text
from sparkify.engines.base import Engine
from sparkify.errors import LoadError
from sparkify.ledger.seal import accept
from sparkify.load.checks import check_warehouse
from sparkify.load.feed import Feed
from sparkify.load.forget import forget
from sparkify.sql.schema import ALL, table
from tests.builders import Noting, Source, etl, play, rows, song

PLANTED = 'Koch "Lily" 100%_ of 77 \\ ü'
SHARED = 'a "key" \\ of ü'
ID = 777_000_777


def tables_with(engine: Engine, text: str) -> list[str]:
    """The tables in which this text stands, however JSON writes it."""
    apart = ("etl_forgotten", "etl_seal")  # the one says who is forgotten, the other holds digests
    forms = {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
    return [
        name
        for name in ALL
        if name not in apart
        and any(
            form in str(value)
            for row in rows(engine, f"SELECT * FROM {name}")
            for value in row
            for form in forms
        )
    ]


def test_the_name_of_a_key_goes_with_the_last_record_that_has_it(warehouse: Engine, source: Source) -> None:
    source.log(
        play(0) | {SHARED: 1, "nothing": None}, play(1, userId="77") | {PLANTED: 1, SHARED: 1},
        play(2, userId="77") | {"nested": {PLANTED: 1}},
    )  # fmt: skip
    etl(warehouse, source.folder)
    assert tables_with(warehouse, PLANTED) == ["stg_events", "etl_key", "etl_warning"]

    forget(warehouse, 77, Noting())

    assert tables_with(warehouse, PLANTED) == []
    assert rows(warehouse, "SELECT name FROM etl_key WHERE kind = 'unknown'") == [(SHARED,)]
    assert all(one.passed for one in check_warehouse(warehouse))
    source.log(
        play(0, sessionId=5, userId="77") | {PLANTED: 2}, play(1, sessionId=5) | {"new": 2}, day="2018-11-02"
    )
    progress = Noting()
    etl(warehouse, source.folder, watching=progress)
    assert tables_with(warehouse, PLANTED) == []
    assert [message.split(" in ")[0] for message in progress.warnings if "unknown" in message] == [
        'unknown key "new"'
    ]
    assert all(one.passed for one in check_warehouse(warehouse))


def test_what_an_older_program_left_goes_when_anybody_is_forgotten_again(
    warehouse: Engine, source: Source
) -> None:
    source.log(
        play(0) | {SHARED: 1}, play(1, userId="77") | {PLANTED: 1}, '{"userId": 77, "firstName": "Zilly"',
        play(2, status="odd"),
    )  # fmt: skip
    etl(warehouse, source.folder)
    held = read(warehouse, "etl_key", "etl_warning", "etl_reject")
    forget(warehouse, 77, Noting())
    put_back(warehouse, held)
    assert tables_with(warehouse, PLANTED) == ["etl_key", "etl_warning"]
    assert tables_with(warehouse, "Zilly") == ["etl_reject"]

    again = forget(warehouse, 77, Noting())

    assert (again.run_id, again.rejects, again.was_forgotten) == (3, 1, False)
    assert tables_with(warehouse, PLANTED) == tables_with(warehouse, "Zilly") == []
    assert all(one.passed for one in check_warehouse(warehouse))
    assert forget(warehouse, 77, Noting()).was_forgotten
    assert rows(warehouse, "SELECT MAX(run_id) FROM etl_run") == [(3,)]


def test_an_id_that_an_older_program_left_with_somebody_else_goes_too(
    warehouse: Engine, source: Source
) -> None:
    source.log(json.dumps(play(0, userId="78")).replace('"userId"', f'"userId": {ID}, "userId"', 1))
    etl(warehouse, source.folder)
    held = read(warehouse, "stg_events", "etl_file")
    forget(warehouse, ID, Noting())
    put_back(warehouse, held)
    assert tables_with(warehouse, str(ID)) == ["stg_events"]

    assert not forget(warehouse, ID, Noting()).was_forgotten

    assert tables_with(warehouse, str(ID)) == []
    assert all(one.passed for one in check_warehouse(warehouse))


def read(engine: Engine, *names: str) -> dict[str, list[tuple[Any, ...]]]:
    return {name: rows(engine, f"SELECT {', '.join(table(name).column_names)} FROM {name}") for name in names}


def put_back(engine: Engine, held: dict[str, list[tuple[Any, ...]]]) -> None:
    """What a program that did not look there would have left."""
    with engine.transaction():
        for name, found in held.items():
            engine.execute(f"DELETE FROM {name} WHERE 1 = 1")
            engine.insert(name, table(name).column_names, found)
        accept(engine, "as an older program left it")


def test_a_refused_load_keeps_no_name_of_a_key(warehouse: Engine, source: Source) -> None:
    source.log(play(0, userId="77") | {PLANTED: 1})

    for feed in (Feed(refuses_unknown_keys=True), Feed(is_strict=True)):
        with pytest.raises(LoadError, match="unknown key"):
            etl(warehouse, source.folder, feed=feed)

    assert tables_with(warehouse, PLANTED) == []
    assert "unknown key in " in repr(rows(warehouse, "SELECT reason FROM etl_attempt"))


@pytest.mark.parametrize("written", [f"{ID}", f'"{ID}"', f"{ID}.0"])
def test_an_id_that_is_set_aside_with_a_record_of_somebody_else_is_erased_now_and_later(
    warehouse: Engine, source: Source, written: str
) -> None:
    def twice(item: int) -> str:
        return json.dumps(play(item, userId="78")).replace('"userId"', f'"userId": {written}, "userId"', 1)

    odd = {"status": "odd"}
    source.log(
        twice(0), json.dumps(play(1, userId="78", **odd)).replace('"userId"', '"userId": 79, "userId"', 1)
    )
    etl(warehouse, source.folder)
    assert tables_with(warehouse, str(ID)) == ["stg_events"]

    forget(warehouse, ID, Noting())

    assert tables_with(warehouse, str(ID)) == []
    assert rows(warehouse, "SELECT COUNT(*) AS n FROM stg_events WHERE user_id = 78") == [(2,)]
    assert "79" in repr(rows(warehouse, "SELECT extra FROM stg_events ORDER BY record"))
    assert rows(warehouse, "SELECT values_aside, values_erased FROM etl_file") == [(2, 1)]
    assert all(one.passed for one in check_warehouse(warehouse))
    source.log(twice(7), day="2018-11-02")
    etl(warehouse, source.folder)
    assert tables_with(warehouse, str(ID)) == []
    assert rows(warehouse, "SELECT values_aside, values_erased FROM etl_file ORDER BY file_id DESC")[0] == (
        0,
        1,
    )
    assert all(one.passed for one in check_warehouse(warehouse))


def test_names_that_the_ledger_cuts_escapes_or_sums_up_stay_with_their_records(
    warehouse: Engine, source: Source
) -> None:
    long, odd = "k" * 700, "tab\there"
    source.log(
        play(0) | {long: 1, odd: 1} | {f"key {number}": 1 for number in range(250)}, play(1, userId="77"),
    )  # fmt: skip
    etl(warehouse, source.folder)
    names = "SELECT name FROM etl_key WHERE kind = 'unknown' ORDER BY 1"
    before = rows(warehouse, names)
    assert {name for (name,) in before} > {"(other keys)", "k" * 500 + "...", "tab\\there"}

    forget(warehouse, 77, Noting())

    assert rows(warehouse, names) == before
    source.log(play(2) | {long: 1, odd: 1} | {f"key {number}": 1 for number in range(250)}, day="2018-11-09")
    etl(warehouse, source.folder)
    assert rows(warehouse, names) == sorted(before * 2)


def test_what_came_with_a_second_id_goes_with_it(warehouse: Engine, source: Source) -> None:
    twice = json.dumps(play(0, firstName="Bo", lastName="Berg", userId="16"))
    first = '{"userId":"9007199254740993","firstName":"Lily","lastName":"Koch",'
    source.log(first + twice[1:])
    etl(warehouse, source.folder)
    assert {"Lily", "Koch"} <= {text for text in ("Lily", "Koch") if tables_with(warehouse, text)}

    forget(warehouse, 9007199254740993, Noting())

    assert [tables_with(warehouse, text) for text in ("Lily", "Koch", "9007199254740993")] == [[], [], []]
    assert rows(warehouse, "SELECT user_id, first_name FROM stg_events") == [(16, "Bo")]
    assert all(one.passed for one in check_warehouse(warehouse))
    source.log((first + twice[1:]).replace('"sessionId": 38', '"sessionId": 39'), day="2018-11-09")
    etl(warehouse, source.folder)
    assert [tables_with(warehouse, text) for text in ("Lily", "Koch", "9007199254740993")] == [[], [], []]
    assert all(one.passed for one in check_warehouse(warehouse))


def test_records_that_are_equal_once_an_id_is_erased_are_duplicates(
    warehouse: Engine, source: Source
) -> None:
    line = json.dumps(play(0, userId="78"))
    source.log(line, line.replace('"userId"', f'"userId": {ID}, "userId"', 1), play(1))
    etl(warehouse, source.folder)
    counted = "SELECT loaded, duplicate, conflict FROM {}"
    assert rows(warehouse, counted.format("etl_file")) == [(2, 0, 1)]

    forget(warehouse, ID, Noting())

    assert rows(warehouse, counted.format("etl_file")) == [(2, 1, 0)]
    assert rows(warehouse, counted.format("etl_run WHERE run_id = 1")) == [(2, 1, 0)]
    assert all(one.passed for one in check_warehouse(warehouse))


def test_a_listener_who_stands_in_a_song_is_erased_there_now_and_later(
    warehouse: Engine, source: Source
) -> None:
    theirs = {"userId": str(ID), "firstName": "Lilyzz", "Kochzzkey": 1}
    source.song(song("SO1") | theirs)
    source.song(song("SO2") | {"userId": "78", "mood": "blue"})
    etl(warehouse, source.folder)

    forget(warehouse, ID, Noting())

    assert [tables_with(warehouse, text) for text in (str(ID), "Lilyzz", "Kochzzkey")] == [[], [], []]
    assert rows(warehouse, "SELECT song_id, title FROM stg_songs ORDER BY song_id") == [
        ("SO1", "Undo"), ("SO2", "Undo"),
    ]  # fmt: skip
    assert "blue" in repr(rows(warehouse, "SELECT extra FROM stg_songs"))
    assert rows(warehouse, "SELECT SUM(values_aside) AS a, SUM(values_erased) AS e FROM etl_file") == [(2, 3)]
    assert all(one.passed for one in check_warehouse(warehouse))
    source.song(song("SO3") | theirs)
    etl(warehouse, source.folder)
    assert [tables_with(warehouse, text) for text in (str(ID), "Lilyzz", "Kochzzkey")] == [[], [], []]
    assert all(one.passed for one in check_warehouse(warehouse))


def test_the_receipt_tells_of_values_that_were_erased_from_records_of_others(
    warehouse: Engine, source: Source
) -> None:
    line = json.dumps(play(0, userId="50"))
    source.log(f'{line[:-1]}, "userId": "1"}}', play(1, userId="1"))
    etl(warehouse, source.folder)

    receipt = forget(warehouse, 50, Noting())

    assert (receipt.events, receipt.values) == (0, 1)
    assert rows(warehouse, "SELECT SUM(values_erased) AS n FROM etl_file") == [(1,)]
    said = as_text(receipt, "music.duckdb")
    assert re.search(r"values +1 erased where records of others, or of nobody, name them", said)
    assert "no record" not in said


def test_no_warning_names_a_key_that_no_column_takes_but_by_the_ledger(
    warehouse: Engine, source: Source
) -> None:
    """Whatever is wrong with it: also of a key within an object, and as earlier programs wrote it."""
    record = json.dumps(play(0, userId=str(ID)))
    twice = f'{json.dumps(PLANTED)}: "x", {json.dumps(PLANTED)}: "y"'
    source.log(record.replace("{", f"{{{twice}, ", 1), play(1))
    etl(warehouse, source.folder)
    told = repr(rows(warehouse, "SELECT message FROM etl_warning"))
    assert "a key of no column is given twice (1)" in told
    with warehouse.transaction():
        said = f"1 value does not fit its column: {PLANTED} is given twice (1)."
        warehouse.insert("etl_warning", ("run_id", "kind", "message"), [(1, "misfit", said)])
        accept(warehouse, "as an earlier program wrote it")

    assert (
        PLANTED
        in rows(warehouse, "SELECT MIN(message) AS m FROM etl_warning WHERE message LIKE '%column: %'")[0][0]
    )

    forget(warehouse, ID, Noting())

    assert tables_with(warehouse, PLANTED) == []
    assert all(one.passed for one in check_warehouse(warehouse))
