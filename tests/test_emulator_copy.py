"""COPY of compressed files and of repeated keys: what AWS documents, and what it leaves open."""

import bz2
import gzip
import json
import sys
from collections.abc import Callable

import pytest

from sparkify.errors import QueryError
from tests.copies import Files

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BODY = b'{"a": "x"}\n{"a": "y"}\n'
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "GZIP": gzip.compress,
    "BZIP2": bz2.compress,
    "ZSTD": zstd.compress,
}


@pytest.mark.parametrize("how", PACKED)
def test_copy_unpacks_what_it_is_told_is_packed(files: Files, how: str) -> None:
    files.put("a.json", PACKED[how](BODY) + PACKED[how](b'{"a": "z"}'))

    assert files.copy("a VARCHAR(9)", options=f"JSON 'auto' {how}") == [("x",), ("y",), ("z",)]


@pytest.mark.parametrize("how", PACKED)
def test_copy_unpacks_an_empty_object(files: Files, how: str) -> None:
    files.put("a.json", PACKED[how](BODY))
    files.put("b.json", PACKED[how](b""))

    assert files.copy("a VARCHAR(9)", options=f"JSON 'auto' {how}") == [("x",), ("y",)]


@pytest.mark.parametrize("how", PACKED)
def test_a_file_that_is_cut_short_takes_the_copy_down(files: Files, how: str) -> None:
    files.put("a.json", PACKED[how](BODY))
    files.put("b.json", PACKED[how](BODY)[:-2])

    with pytest.raises(QueryError, match=r"Failed to decompress s3://.*/b\.json"):
        files.copy("a VARCHAR(9)", options=f"JSON 'auto' {how} MAXERROR 100")


@pytest.mark.parametrize("how", PACKED)
def test_one_copy_is_of_one_compression(files: Files, how: str) -> None:
    other = next(name for name in PACKED if name != how)
    files.put("a.json", PACKED[how](BODY))
    files.put("b.json", PACKED[other](BODY))

    with pytest.raises(QueryError, match="Failed to decompress"):
        files.copy("a VARCHAR(9)", options=f"JSON 'auto' {how} MAXERROR 100")
    with pytest.raises(QueryError, match="conflicting or redundant options"):
        files.copy("a VARCHAR(9)", options=f"JSON 'auto' {how} {other}")


def test_a_compression_that_is_not_imitated_is_refused(files: Files) -> None:
    files.put("a.json", BODY)

    with pytest.raises(QueryError, match="LZOP is not imitated"):
        files.copy("a VARCHAR(9)", options="JSON 'auto' LZOP")


@pytest.mark.parametrize("options", ["auto", "auto ignorecase", "jsonpaths"])
def test_of_a_key_that_is_there_twice_the_last_value_is_loaded(files: Files, options: str) -> None:
    """AWS says nothing of it (see json_rows): no load may rest on this."""
    there = files.put("a.json", '{"a": "first", "b": 1, "a": "last"}')
    how = files.put("paths", '{"jsonpaths": ["$.a"]}') if options == "jsonpaths" else options

    assert files.copy("a VARCHAR(9)", there, f"JSON '{how}'") == [("last",)]


def test_the_default_null_string_is_null_in_every_column_but_super(files: Files) -> None:
    files.put("a.json", r'{"a": "\\N", "b": "\\N", "c": "x\\N"}')

    assert files.copy("a VARCHAR(9), b INTEGER, c VARCHAR(9)") == [(None, None, r"x\N")]
    assert files.copy("data SUPER", options="JSON 'noshred'", order="") == [
        (r'{"a":"\\N","b":"\\N","c":"x\\N"}',)
    ]


def test_a_null_character_ends_a_text_and_none_begins_with_it(files: Files) -> None:
    files.put("a.json", r'{"a": "x\u0000y"}')
    files.put("b.json", r'{"a": "\u0000y"}')

    assert files.copy("a VARCHAR(9)", options="JSON 'auto' MAXERROR 9") == [("x",)]
    assert files.errors() == [(1, "a", 1220)]


def test_what_stands_for_invalid_bytes_is_as_long_as_they_are(files: Files) -> None:
    files.put("a.json", b'{"a": "x\xe2\x82 y"}')

    assert files.copy("a VARCHAR(9)", options="JSON 'auto' ACCEPTINVCHARS '^'") == [("x^^ y",)]


@pytest.mark.parametrize(
    ("paths", "complaint"),
    [
        (["$['a']", "$.b"], "notation are mixed"),
        (["$.a", 5], "Invalid JSONPath format"),
        (["$.a", ""], "Invalid JSONPath format"),
    ],
)
def test_a_jsonpaths_file_that_is_not_as_documented_is_refused(
    files: Files, paths: list[object], complaint: str
) -> None:
    source = files.put("data/a.json", '{"a": "x", "b": "y"}')
    how = files.put("paths.json", json.dumps({"jsonpaths": paths}))

    with pytest.raises(QueryError, match=complaint):
        files.copy("a VARCHAR(9), b VARCHAR(9)", source, f"JSON '{how}'")


def test_a_list_that_is_too_short_for_a_path_is_a_load_error(files: Files) -> None:
    source = files.put("data/a.json", '{"a": ["x", "y"]}\n{"a": ["z"]}')
    how = files.put("paths.json", json.dumps({"jsonpaths": ["$['a'][1]"]}))

    assert files.copy("a VARCHAR(9)", source, f"JSON '{how}' MAXERROR 9") == [("y",)]
    assert [code for _, _, code in files.errors()] == [1216]


def test_a_char_column_takes_single_byte_characters_only(files: Files) -> None:
    files.put("a.json", '{"a": "caf\u00e9", "b": "caf\u00e9"}{"a": "cafe", "b": "caf\u00e9"}')

    loaded = files.copy("a CHAR(9), b VARCHAR(9)", options="JSON 'auto' MAXERROR 5")

    assert loaded == [("cafe     ", "café")]
    assert files.errors() == [(1, "a", 1220)]
