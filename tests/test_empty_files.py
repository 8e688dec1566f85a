"""An empty file, however it is compressed and whatever comes beside it, costs nothing but a warning."""

import bz2
import gzip
import json
import sys
from collections.abc import Callable, Mapping

import pytest

from sparkify.engines.base import Engine
from sparkify.load.forget import forget
from tests.builders import Noting, Source, etl, play, rows, song

if sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": lambda body: body, ".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstd.compress,
}  # fmt: skip
EMPTY = {"nothing": b"", "a line": b"\n", "blanks": b" \n\n\t\n", "a BOM": b"\xef\xbb\xbf"}
BESIDE = {
    "known": {}, "an unknown key": {"q": 1}, "a value that does not fit": {"status": "x", "year": "x"},
}  # fmt: skip


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("ending", PACKED)
def test_an_empty_file_takes_no_other_down(
    warehouse: Engine, source: Source, ending: str, beside: str
) -> None:
    """Files of both datasets in one load, each of the empty ones beside a good one of the same form."""
    pack, extra = PACKED[ending], BESIDE[beside]
    for dataset, good in (("song_data", song()), ("log_data", play(0))):
        for name, body in EMPTY.items():
            source.write(source.folder / dataset / f"{name}.json{ending}", pack(body))
        line = json.dumps({**good, **extra}).encode() + b"\n"
        source.write(source.folder / dataset / f"good.json{ending}", pack(line))
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert rows(warehouse, "SELECT COUNT(*) FROM etl_file WHERE records_read = 0") == [(2 * len(EMPTY),)]
    assert rows(warehouse, "SELECT SUM(records_read), SUM(loaded), SUM(rejected) FROM etl_file") == [
        (2, 2, 0)
    ]
    assert rows(warehouse, "SELECT COUNT(*) FROM songplay WHERE song_id = 'SO1'") == [(1,)]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize("name", ["+first", "last"])
@pytest.mark.parametrize("is_careful", [False, True], ids=["nobody", "somebody"])
def test_empty_files_of_every_form_take_none_of_any_form_down(
    warehouse: Engine, source: Source, is_careful: bool, beside: str, name: str
) -> None:
    """Where somebody is forgotten, records are read with care, and many of them in another way."""
    if is_careful:
        forget(warehouse, 99, Noting())
    for n, (ending, pack) in enumerate(PACKED.items()):
        for dataset, good in (("song_data", song(f"SO{n}")), ("log_data", play(n))):
            for at, body in enumerate(EMPTY.values()):
                source.write(source.folder / dataset / f"{at}.json{ending}", pack(body))
            line = json.dumps({**good, **BESIDE[beside]}).encode() + b"\n"
            source.write(source.folder / dataset / f"{name}.json{ending}", pack(line))

    etl(warehouse, source.folder)

    number = len(PACKED)
    empty = 2 * number * len(EMPTY)
    assert rows(warehouse, "SELECT COUNT(*) FROM etl_file WHERE records_read = 0") == [(empty,)]
    sums = "SELECT SUM(records_read), SUM(loaded), SUM(rejected) FROM etl_file"
    assert rows(warehouse, sums) == [(2 * number, 2 * number, 0)]
    assert rows(warehouse, "SELECT COUNT(*) FROM songplay") == [(number,)]
    assert rows(warehouse, "SELECT COUNT(*) FROM songs") == [(number,)]


@pytest.mark.parametrize("dataset", ["song_data", "log_data"])
@pytest.mark.parametrize("ending", PACKED)
def test_an_empty_file_alone_is_published_with_a_warning(
    warehouse: Engine, source: Source, ending: str, dataset: str
) -> None:
    source.write(source.folder / dataset / f"a.json{ending}", PACKED[ending](b""))
    watching = Noting()

    etl(warehouse, source.folder, watching=watching)

    assert rows(warehouse, "SELECT records_read, rejected FROM etl_file") == [(0, 0)]
    assert any("is empty" in warning for warning in watching.warnings)
