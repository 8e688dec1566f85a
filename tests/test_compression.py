"""Compressed files: all of their content, or an error that says why not."""

import bz2
import gzip
import io
import random
import sys
import tracemalloc
from collections.abc import Callable

import pytest

from sparkify.source.compression import CompressionError, compression_of, unpacked

if sys.version_info < (3, 14):
    from backports import zstd
else:
    from compression import zstd

Pack = Callable[[bytes], bytes]
TEXT = b"".join(b'{"ts": %d}\n' % number for number in range(40_000))
EMPTY_SKIPPABLE = b"\x50\x2a\x4d\x18\x00\x00\x00\x00"
SKIPPABLE = b"\x5f\x2a\x4d\x18\x05\x00\x00\x00hello"
PACKERS: dict[str, Pack] = {"gzip": gzip.compress, "zstd": zstd.compress, "bzip2": bz2.compress}
each_compression = pytest.mark.parametrize(("name", "pack"), PACKERS.items(), ids=PACKERS)


def unpack(body: bytes) -> bytes:
    return unpacked(io.BytesIO(body)).read()


def failure(body: bytes) -> str:
    with pytest.raises(CompressionError) as caught:
        unpack(body)
    return str(caught.value)


@each_compression
def test_the_first_bytes_show_the_compression(name: str, pack: Pack) -> None:
    assert compression_of(pack(b"")) == name
    assert compression_of(pack(TEXT)[:4]) == name


@pytest.mark.parametrize("head", [b"", b"{", b'{"ts": 1}', b"\x1f", b"BZ", b"BZh0", b"\x60\x2a\x4d\x18"])
def test_other_first_bytes_are_no_compression(head: bytes) -> None:
    assert compression_of(head) == "none"


@pytest.mark.parametrize("body", [b"", b"{", TEXT])
def test_what_is_not_compressed_is_given_as_it_is(body: bytes) -> None:
    assert unpack(body) == body


@each_compression
@pytest.mark.parametrize("content", [b"", b"{}", TEXT], ids=["empty", "short", "long"])
def test_a_compressed_file_gives_all_of_its_content(name: str, pack: Pack, content: bytes) -> None:
    assert unpack(pack(content)) == content


@each_compression
def test_members_that_follow_each_other_are_one_file(name: str, pack: Pack) -> None:
    assert unpack(pack(TEXT) + pack(b"") + pack(b"last")) == TEXT + b"last"


@each_compression
def test_content_is_the_same_however_few_bytes_a_read_gives(name: str, pack: Pack) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size, 3) if size and size > 0 else 3)

    handle = Slow(pack(TEXT[:5000]) + pack(b"last") + b"\0" * 7 * (name != "zstd"))

    assert unpacked(handle).read() == TEXT[:5000] + b"last"


def test_frames_of_zstd_without_content_are_skipped() -> None:
    body = EMPTY_SKIPPABLE + zstd.compress(b"one ") + SKIPPABLE + zstd.compress(b"two") + SKIPPABLE

    assert compression_of(body) == "zstd"
    assert unpack(body) == b"one two"
    assert unpack(SKIPPABLE) == b""


@pytest.mark.parametrize("count", [1, 512, 1_000_000])
@pytest.mark.parametrize("name", ["gzip", "bzip2"])
def test_zeros_after_the_last_member_are_padding(name: str, count: int) -> None:
    assert unpack(PACKERS[name](TEXT) + b"\0" * count) == TEXT


@each_compression
def test_a_file_cut_off_anywhere_is_truncated(name: str, pack: Pack) -> None:
    body = pack(TEXT[:300])

    assert {failure(body[:length]) for length in range(4, len(body))} == {f"truncated {name}"}


@each_compression
def test_a_second_member_cut_off_anywhere_is_truncated(name: str, pack: Pack) -> None:
    first, second = pack(b"first"), pack(TEXT[:300])

    reasons = {failure(first + second[:length]) for length in range(1, len(second))}

    assert reasons == {f"truncated {name}"}


@each_compression
def test_other_bytes_after_the_last_member_are_an_error_since_they_may_be_records(
    name: str, pack: Pack
) -> None:
    for other in (b'{"ts": 1}\n', b"x", b"\n", b"\0\0x", bz2.compress(b"y")[1:]):
        assert failure(pack(TEXT) + other) == f"damaged {name}: other bytes follow its end"


def test_zeros_after_zstd_are_an_error_as_for_zstd_itself() -> None:
    assert failure(zstd.compress(TEXT) + b"\0\0\0\0") == "damaged zstd: other bytes follow its end"


@pytest.mark.parametrize("name", ["gzip", "bzip2", "zstd"])
def test_damage_anywhere_is_an_error_or_changes_no_content(name: str) -> None:
    pack = (
        (lambda body: zstd.compress(body, options={zstd.CompressionParameter.checksum_flag: 1}))
        if name == "zstd"
        else PACKERS[name]
    )
    body = pack(TEXT[:2000])
    chance = random.Random(7)

    for _ in range(300):
        place = chance.randrange(4, len(body))
        damaged = bytearray(body)
        damaged[place] ^= 1 << chance.randrange(8)
        try:
            content = unpack(bytes(damaged))
        except CompressionError as error:
            reason = str(error)
            assert reason.startswith((f"damaged {name}: ", f"truncated {name}"))
            assert "\n" not in reason
        else:
            assert content == TEXT[:2000]  # a name or a time in the header, which no checksum covers


@each_compression
def test_a_file_that_unpacks_to_much_needs_little_memory(name: str, pack: Pack) -> None:
    body = pack(b"\n" * (64 << 20))
    handle = unpacked(io.BytesIO(body))
    tracemalloc.start()

    length = sum(len(chunk) for chunk in iter(lambda: handle.read(1 << 20), b""))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert length == 64 << 20
    assert most < 16 << 20


@each_compression
def test_a_disk_that_fails_is_not_called_a_damaged_file(name: str, pack: Pack) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if size and size > 4:
                raise OSError(5, "Input/output error")
            return super().read(size)

    handle = unpacked(Failing(pack(TEXT)))

    with pytest.raises(OSError, match="Input/output error"):
        handle.read()


def test_content_is_read_from_where_the_handle_stands() -> None:
    handle = io.BytesIO(b"head" + gzip.compress(b"content"))
    handle.seek(4)

    assert unpacked(handle).read() == b"content"
