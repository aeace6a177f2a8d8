"""Members of zips whose bytes were changed, and parts of files."""

import struct
import zipfile
from pathlib import Path

import pytest

from colorizer.zip_members import Part, inflated

TEXT = b"a photograph of a photograph " * 100


def written(path: Path, how: int = zipfile.ZIP_STORED, extra: bytes = b"") -> Path:
    """A zip of one member."""
    member = zipfile.ZipInfo("photo.bmp")
    member.compress_type, member.extra = how, extra
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr(member, TEXT)
    return path


def content(path: Path) -> bytes:
    """What the member inflates to."""
    with zipfile.ZipFile(path) as opened:
        return b"".join(inflated(path, opened, opened.infolist()[0]))


def changed(path: Path, old: bytes, new: bytes, times: int = -1) -> Path:
    """A file with some of its bytes replaced by as many others."""
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, times))
    return path


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_with_an_extra_field_is_read_from_behind_it(tmp_path, how):
    assert content(written(tmp_path / "a.zip", how, struct.pack("<2H6s", 0x4242, 6, b"extra!"))) == TEXT


def test_a_member_whose_two_headers_name_it_differently_is_refused(tmp_path):
    archive = changed(written(tmp_path / "a.zip"), b"photo.bmp", b"other.bmp", 1)
    with pytest.raises(zipfile.BadZipFile, match="differ"):
        content(archive)


def test_a_member_that_is_longer_than_its_file_ends_there(tmp_path):
    longer = struct.pack("<2I", 100 * len(TEXT), 100 * len(TEXT))
    archive = changed(written(tmp_path / "a.zip"), struct.pack("<2I", len(TEXT), len(TEXT)), longer)
    with pytest.raises(EOFError, match="too early"):
        content(archive)


def test_lzma_with_other_properties_than_there_are_is_refused(tmp_path):
    archive = written(tmp_path / "a.zip", zipfile.ZIP_LZMA)
    start = archive.read_bytes().index(b"photo.bmp") + len(b"photo.bmp")
    header = archive.read_bytes()[start : start + 4]
    with pytest.raises(zipfile.BadZipFile, match="unknown way"):
        content(changed(archive, header, header[:2] + struct.pack("<H", 6), 1))


def test_lzma_with_a_dictionary_that_would_fill_the_memory_is_refused(tmp_path):
    archive = written(tmp_path / "a.zip", zipfile.ZIP_LZMA)
    start = archive.read_bytes().index(b"photo.bmp") + len(b"photo.bmp")
    header = archive.read_bytes()[start : start + 9]
    changed(archive, header, header[:5] + struct.pack("<I", 2**30), 1)
    assert content(archive) == TEXT  # no more of it is needed than the content is long
    changed(archive, struct.pack("<I", len(TEXT)), struct.pack("<I", 2**30))
    with pytest.raises(zipfile.BadZipFile, match="unknown way"):
        content(archive)


def test_a_part_of_a_file_is_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        part = Part(file, 3, 5)
        assert part.readable()
        assert part.seekable()
        assert part.read() == b"34567"
        assert part.read() == b""
        assert part.seek(-2, 2) == 3
        assert part.read(1) == b"6"
        assert part.seek(-1, 1) == 3
        assert part.seek(1) == 1
        assert part.read(9) == b"4567"
