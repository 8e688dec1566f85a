"""Both engines keep the same values of the same files; and of songs, too, none is lost."""

import gzip
import itertools
import json
import random
import uuid
from pathlib import Path
from typing import Any

import pytest

from sparkify.engines.base import Engine
from sparkify.engines.redshift.engine import Redshift
from sparkify.load.tables import create_tables
from tests import values_oracle as oracle
from tests.builders import rows, song
from tests.clusters import Bucket, Cluster
from tests.kept_values import KINDS, assert_conserved, in_folder, memory, read
from tests.odd_logs import (
    CONSTANTS,
    HALVES,
    INTEGERS,
    NESTED,
    NEW_KEYS,
    NUMBERS,
    REALS,
    STYLES,
    TEXTS,
    WITH_NULL,
    odd_log,
    written,
)
from tests.torture import survived, times

RESULTS = (
    "SELECT {columns} FROM stg_events ORDER BY session_id, item_in_session, ts, extra",
    "SELECT f.uri, r.record, r.reason, r.encoding, r.raw_text FROM etl_reject AS r "
    "JOIN etl_file AS f ON f.file_id = r.file_id ORDER BY 1, 2",
)


def seen_in(engine: Engine) -> list[list[tuple[Any, ...]]]:
    columns = ", ".join([*(rule.column for rule in oracle.EVENTS.values()), "extra"])
    staged_, refused_ = (rows(engine, sql.format(columns=columns)) for sql in RESULTS)
    return [sorted(staged_, key=repr), refused_]


@pytest.mark.parametrize("compact", ["never", "always"])
@pytest.mark.parametrize("seed", range(times(1, 25)))
def test_both_engines_keep_the_same_of_the_same_files(
    cluster: Cluster, bucket: Bucket, compact: str, seed: int
) -> None:
    chance = random.Random(seed)
    kinds = [[kind] for kind in KINDS] if seed == 0 else [[] for _ in range(12)]
    for number, kind in enumerate(kinds):
        body = odd_log(chance, 100 + number, 6, 2, kind)
        packed = chance.random() < 0.3
        name = f"log_data/{number:03}.json{'.gz' if packed else ''}"
        bucket.put(name, gzip.compress(body) if packed else body)
    there = cluster.connect(f"test_{uuid.uuid4().hex[:12]}", compact=compact)
    create_tables(there)
    here = memory()

    read(there, bucket.uri)
    read(here, bucket.uri)

    for held, expected in zip(seen_in(there), seen_in(here), strict=True):
        differing = [pair for pair in itertools.zip_longest(held, expected) if repr(pair[0]) != repr(pair[1])]
        assert differing[:2] == []
    there.close()
    here.close()
    survived("logs that both engines read alike", len(kinds))


def test_a_plain_copy_is_not_trusted_with_what_it_does_not_show(redshift: Redshift, bucket: Bucket) -> None:
    """One file a run: a COPY that meets no error, and records in which every column fits."""
    here = memory()
    kinds = (
        "new texts",
        "new empty texts",
        "new constants",
        "rename",
        "twice, once empty",
        "drop nulls",
        "texts",
    )
    for number, kind in enumerate(kinds):
        chance = random.Random(number)
        bucket.put(f"log_data/{number:03}.json", odd_log(chance, 100 + number, 6, 2, [kind]))

        read(redshift, bucket.uri)
        read(here, bucket.uri)

        assert seen_in(redshift) == seen_in(here), kind
    here.close()


def _odd_song(chance: random.Random, number: int) -> bytes:
    pairs = [[f'"{key}"', json.dumps(value)] for key, value in song(f"SO{number}").items()]
    for _ in range(chance.choice((0, 1, 1, 2))):
        pair = chance.choice(pairs)
        change = chance.choice(("value", "new", "twice", "gone"))
        value = chance.choice((*TEXTS, *HALVES, *WITH_NULL, *NUMBERS, *NESTED, *CONSTANTS, *REALS, *INTEGERS))
        if change == "value":
            pair[1] = value
        elif change == "gone":
            pairs.remove(pair)
        else:
            key = pair[0] if change == "twice" else chance.choice(NEW_KEYS)
            pairs.insert(chance.randrange(len(pairs) + 1), [key, value])
    return written(pairs, chance.choice(STYLES)).encode()


@pytest.mark.parametrize("seed", range(times(1, 60)))
def test_values_of_songs_are_conserved(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    bodies = [_odd_song(chance, number) for number in range(150)]
    bodies.append(b"\n".join(_odd_song(chance, 1000 + number) for number in range(500)))  # a file of many
    in_folder(tmp_path, bodies, "song_data")
    engine = memory()

    read(engine, tmp_path)

    values = assert_conserved(engine, {f"{n:03}.json": body for n, body in enumerate(bodies)}, oracle.SONGS)
    engine.close()
    survived("values looked for", values)
