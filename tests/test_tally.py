"""The byte tally: what a file's bytes show is what stands in them, however they are read."""

import itertools
import json
import random
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparkify.engines.record import default_paths, record_reader
from sparkify.load import validation
from sparkify.source.file import NewFile
from sparkify.source.scan import scan_file
from sparkify.source.tally import BOM, ByteCounter, NumberKeys
from tests import values_oracle as oracle
from tests.builders import play
from tests.kept_values import NOW, memory
from tests.odd_logs import (
    odd_log,
)
from tests.torture import times

pieces = st.sampled_from([
    b'"', b'":', b'": ', b":", b" ", b"\\", b'\\"', b"null", b'""', b"1", b"-1", b"-", b"tr", b"fa", b"nu",
    b"NaN", b"[", b"{", b"}", b",", b"\n", b"userId", b'"userId":""', b'"song": ""', b"\\u0000", b"\\u00",
    b" " * 70, b"x" * 70, b"\t", b'"a":1', b'"a": 1', b'"mood":""', b'x"userId":""', BOM, b"\r",
    b'\\"userId":""',
])  # fmt: skip


@settings(max_examples=times(400, 20_000), deadline=None)
@example(parts=[b'{"a"', b" " * 140, b":1}"], sizes=[72])
@example(parts=[b"x" * 60, b'"userId":""', b"x" * 60], sizes=[66, 3, 90])
@given(parts=st.lists(pieces, max_size=40), sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_the_byte_tally_is_that_of_brute_force_however_the_file_is_cut(
    parts: list[bytes], sizes: list[int]
) -> None:
    text = b"".join(parts) + b"\n"
    counter, at = ByteCounter(0), 0
    for size in itertools.cycle(sizes):
        if at >= len(text):
            break
        counter.add(text[at : at + size])
        at += size
    counter.finish()

    if counter.plain:
        found = oracle.tally(text, is_spaced=counter._is_spaced)
        assert (counter.tally.keys, counter.tally.nulls) == (found.keys, found.nulls)
        assert {k: n for k, n in counter.tally.empty.items() if k} == {
            k: n for k, n in found.empty.items() if k
        }
        assert sum(counter.tally.empty.values()) == sum(found.empty.values())
        assert oracle.is_safe(text, is_spaced=counter._is_spaced)
    assert counter.lines == text.count(b"\n") + (bool(text) and not text.endswith(b"\n"))


@pytest.mark.parametrize("seed", range(times(40, 2000)))
def test_a_log_that_looks_plain_holds_nothing_that_a_fast_reader_drops(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    body = odd_log(chance, 1, 4, 3)
    file = tmp_path / "log.json"
    file.write_bytes(body)

    seen = scan_file(NewFile(1, str(file), str(file), len(body), ""))

    if seen.plain:
        for _, line in oracle.lines(body):
            for _, value in oracle.pairs_of(line) or ():
                assert not isinstance(value, list) and value is not oracle.NOTHING, line
                assert "\0" not in str(value), line


ODD = (
    b'"b" :1', b'"b"\t:1', b'"b"\n:1', b'"b":nan', b'"b":NaN', b'"b":Infinity', b'"b":-Infinity', b'"b":[1]',
    b'"b":{"c":1}', b'"b":-x', b'"b":+1', b'"b":.5', b'"b":tomorrow', b'"b":fine', b'"b":"\\u0000"',
)  # fmt: skip
PLAIN = (b'"b":1', b'"b":-1', b'"b":"1"', b'"b":""', b'"b":null', b'"b":true', b'"b":false', b'"b":"a : b"')


@pytest.mark.parametrize("blank", [b"", b" "], ids=["tight", "spaced"])
@pytest.mark.parametrize("value", [*ODD, *PLAIN])
def test_one_odd_value_far_inside_a_chunk_is_seen(value: bytes, blank: bytes) -> None:
    def spaced(text: bytes) -> bytes:
        return text.replace(b'":', b'":' + blank)

    line = spaced(b'{"a":1,"title":"' + b"x" * 200 + b'"}\n')
    counter = ByteCounter(0)
    counter.add(line * 50 + spaced(b'{"a":1,' + value + b"}\n") + line * 50)
    counter.finish()

    assert counter.plain == (value in PLAIN)
    if value in PLAIN:
        nulls = value.endswith(b"null")
        assert (counter.tally.keys, counter.tally.nulls) == (202, nulls)
        assert counter.tally.empty == ({b"b": 1} if value.endswith(b'""') else {})


def test_a_blank_after_one_key_of_many_without_is_seen() -> None:
    for most, one in ((b"", b" "), (b" ", b"")):
        counter = ByteCounter(0)
        counter.add(b'{"a":%s1}\n' % most * 100 + b'{"a":%s1}\n' % one + b'{"a":%s1}\n' % most * 100)
        counter.finish()

        assert not counter.plain


NUMBER_KEYS = ("length", "ts", "status", "registration", "sessionId")
OTHER_KEYS = ("location", "auth", "song", "tags", "h", "ts2")
numbers = st.sampled_from(["1", "-7", "0.5", "1e3", "null", "null", "200"])
texts = st.sampled_from(['"1"', '""', "true", "false", '"a : b"', '"\\":1"'])


@settings(max_examples=times(400, 20_000), deadline=None)
@given(data=st.data(), blank=st.sampled_from(["", " "]), size=st.integers(1, 90))
def test_a_number_key_that_a_text_follows_is_seen_however_the_file_is_cut(
    data: st.DataObject, blank: str, size: int
) -> None:
    expected, lines = set(), []
    for _ in range(data.draw(st.integers(1, 6))):
        pairs = []
        for key in data.draw(st.permutations((*NUMBER_KEYS, *OTHER_KEYS))):
            is_text = data.draw(st.booleans()) if key in OTHER_KEYS else data.draw(st.integers(0, 9)) == 0
            value = data.draw(texts if is_text else numbers)
            if key in NUMBER_KEYS and is_text:
                expected.add(key)
            escaped = (
                "".join(f"\\u{ord(one):04x}" for one in key) if data.draw(st.integers(0, 30)) == 0 else key
            )
            pairs.append(f'"{escaped}":{blank}{value}')
        lines.append("{" + f",{blank}".join(pairs) + "}\n")
    text = "".join(lines).encode()
    counter = ByteCounter(0, NumberKeys(NUMBER_KEYS, OTHER_KEYS))

    for at in range(0, len(text), size):
        counter.add(text[at : at + size])
    counter.finish()

    assert counter.plain or blank  # how a log is spaced shows in its first bytes
    if counter.plain:
        assert counter.tally.written >= expected


def test_a_log_of_the_app_is_known_to_have_numbers_where_they_should_be() -> None:
    reader = record_reader("events", default_paths("events"))
    with closing(memory()) as engine:
        typed = validation.rules("events", 1, engine, reader.paths, NOW).typed
    keys = [reader.keys[column] for column in typed]
    others = [key for column, key in reader.keys.items() if column not in typed]

    for change, expected in (
        ({}, set()),
        ({"length": "12"}, {"length"}),
        ({"sessionId": "5"}, {"sessionId"}),
    ):
        counter = ByteCounter(0, NumberKeys(keys, others))
        counter.add(json.dumps(play(1)).encode() + b"\n" + json.dumps(play(2, **change)).encode() + b"\n")
        counter.finish()

        assert counter.tally.written == expected
