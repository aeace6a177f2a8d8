"""Members of zips whose bytes were changed."""

import random
import struct
import zipfile
import zlib
from itertools import islice
from pathlib import Path

import pytest

from colorizer.zip_members import inflated

TEXT = b"a photograph of a photograph " * 100
EVERY_WAY = pytest.mark.parametrize(
    "how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
MEGABYTE = 1024**2


def noise(size: int) -> bytes:
    """Bytes that no packing makes fewer."""
    return random.Random(0).randbytes(size)


def written(path: Path, how: int = zipfile.ZIP_STORED, extra: bytes = b"", text: bytes = TEXT) -> Path:
    """A zip of one member."""
    member = zipfile.ZipInfo("photo.bmp")
    member.compress_type, member.extra = how, extra
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(member, text)
    return path


def pieces(path: Path) -> list[bytes]:
    """What the member inflates to, piece for piece; no more than a hundred."""
    with zipfile.ZipFile(path) as opened:
        return list(islice(inflated(path, opened, opened.infolist()[0]), 100))


def content(path: Path) -> bytes:
    return b"".join(pieces(path))


def changed(path: Path, old: bytes, new: bytes, times: int = -1) -> Path:
    """A file with some of its bytes replaced by as many others."""
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, times))
    return path


@EVERY_WAY
def test_a_large_member_is_read_whole_and_by_the_megabyte(tmp_path, how):
    """Blank parts inflate from one piece of the file to many, noise takes many pieces of the file."""
    text = bytes(MEGABYTE + 100_000) + noise(MEGABYTE + 100_000) + bytes(MEGABYTE + 7)
    read = pieces(written(tmp_path / "a.zip", how, text=text))
    assert b"".join(read) == text
    assert max(len(piece) for piece in read) == MEGABYTE


@EVERY_WAY
def test_a_member_that_ends_before_its_content_does_is_refused(tmp_path, how):
    """Even where what is missing lies behind it in the file."""
    archive = written(tmp_path / "a.zip", how, text=noise(5000))
    with zipfile.ZipFile(archive) as opened:
        size = opened.infolist()[0].compress_size
    head = struct.pack("<I", zlib.crc32(noise(5000)))
    changed(archive, head + struct.pack("<I", size), head + struct.pack("<I", size - 17))
    with pytest.raises(zipfile.BadZipFile, match=r"^its member 'photo\.bmp' does not match its size or checksum$"):
        content(archive)


@EVERY_WAY
@pytest.mark.parametrize("what", ["length", "checksum"])
def test_a_member_that_is_not_what_its_header_says_is_refused(tmp_path, how, what):
    archive = written(tmp_path / "a.zip", how)
    said = struct.pack("<I", len(TEXT) if what == "length" else zlib.crc32(TEXT))
    with zipfile.ZipFile(archive) as opened:
        packed = struct.pack("<I", opened.infolist()[0].compress_size)
    before = packed if what == "length" else b""
    after = struct.pack("<I", len(TEXT) + 1 if what == "length" else zlib.crc32(TEXT) ^ 1)
    changed(archive, before + said, before + after)
    with pytest.raises(zipfile.BadZipFile, match=r"^its member 'photo\.bmp' does not match its size or checksum$"):
        content(archive)


@EVERY_WAY
def test_a_member_with_an_extra_field_is_read_from_behind_it(tmp_path, how):
    assert content(written(tmp_path / "a.zip", how, struct.pack("<2H6s", 0x4242, 6, b"extra!"))) == TEXT


def test_a_member_whose_two_headers_name_it_differently_is_refused(tmp_path):
    archive = changed(written(tmp_path / "a.zip"), b"photo.bmp", b"other.bmp", 1)
    with pytest.raises(zipfile.BadZipFile, match="differ"):
        content(archive)


def test_a_member_that_is_longer_than_its_file_ends_there(tmp_path):
    longer = struct.pack("<2I", 100 * len(TEXT), 100 * len(TEXT))
    archive = changed(written(tmp_path / "a.zip"), struct.pack("<2I", len(TEXT), len(TEXT)), longer)
    with pytest.raises(EOFError, match="cut off"):
        content(archive)


def test_lzma_with_other_properties_than_there_are_is_refused(tmp_path):
    archive = written(tmp_path / "a.zip", zipfile.ZIP_LZMA)
    start = archive.read_bytes().index(b"photo.bmp") + len(b"photo.bmp")
    header = archive.read_bytes()[start : start + 4]
    with pytest.raises(zipfile.BadZipFile, match="unknown compression method"):
        content(changed(archive, header, header[:2] + struct.pack("<H", 6), 1))


def test_lzma_with_a_dictionary_that_would_fill_the_memory_is_refused(tmp_path):
    archive = written(tmp_path / "a.zip", zipfile.ZIP_LZMA)
    start = archive.read_bytes().index(b"photo.bmp") + len(b"photo.bmp")
    header = archive.read_bytes()[start : start + 9]
    changed(archive, header, header[:5] + struct.pack("<I", 2**30), 1)
    assert content(archive) == TEXT  # no more of it is needed than the content is long
    changed(archive, struct.pack("<I", len(TEXT)), struct.pack("<I", 2**30))
    with pytest.raises(zipfile.BadZipFile, match="unknown compression method"):
        content(archive)


def test_a_dictionary_of_256_megabytes_is_the_largest(tmp_path):
    archive = written(tmp_path / "a.zip", zipfile.ZIP_LZMA)
    start = archive.read_bytes().index(b"photo.bmp") + len(b"photo.bmp")
    header = archive.read_bytes()[start : start + 9]
    for size, reason in (
        (256 * MEGABYTE, "does not match its size or checksum"),
        (256 * MEGABYTE + 1, "unknown compression method"),
    ):
        copy = tmp_path / f"{size}.zip"
        copy.write_bytes(archive.read_bytes())
        changed(copy, header, header[:5] + struct.pack("<I", size), 1)
        changed(copy, struct.pack("<I", len(TEXT)), struct.pack("<I", size))
        with pytest.raises(zipfile.BadZipFile, match=f"^its member 'photo.bmp' .*{reason}$"):
            content(copy)
