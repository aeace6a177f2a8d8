"""Zips that Hypothesis makes up: members of odd names, then bytes changed, cut or doubled."""

import io
import warnings
import zipfile
from pathlib import Path, PurePosixPath

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as some

from colorizer.dataset.unpacking import RECORD, holds, unpack
from colorizer.errors import ColorizeError

PART = some.sampled_from(
    ["a", "b", "A", "é", "..", ".", "", " ", "C:", "x" * 200, "\\", "\u202e", RECORD, RECORD.upper(), f"{RECORD}."]
)
NAME = some.lists(PART, min_size=1, max_size=4).map("/".join)
MEMBERS = some.lists(some.tuples(NAME, some.binary(max_size=200) | some.just(bytes(300))), max_size=5)
PACKED = some.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
CHANGES = some.lists(some.tuples(some.floats(0, 1, exclude_max=True), some.binary(min_size=1, max_size=4)), max_size=4)
"""Where in a file, as a share of its length, and what is written there."""


def zipped(members: list[tuple[str, bytes]], how: int) -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", how) as opened:
        warnings.simplefilter("ignore")  # one name twice
        for name, content in members:
            member = zipfile.ZipInfo("photo.jpg")
            member.filename, member.compress_type = name, how  # an empty one too, which it would not take
            opened.writestr(member, content)
    return buffer.getvalue()


def unpacked(place: Path, data: bytes) -> Path | None:
    """Unpack a zip of these bytes, see that nothing else appears, and return the folder; None if it is refused."""
    place.mkdir()
    archive = place / "photos.zip"
    archive.write_bytes(data)
    try:
        folder = unpack(archive, place / "photos")
    except ColorizeError as error:
        assert str(archive) in str(error)
        assert [path.name for path in place.iterdir()] == ["photos.zip"]
        return None
    assert sorted(path.name for path in place.iterdir()) == ["photos", "photos.zip"]
    assert holds(folder, archive)
    return folder


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(members=MEMBERS, how=PACKED)
@example(members=[(RECORD, b"of before"), ("a", b"a photo")], how=zipfile.ZIP_STORED)
@example(members=[(f"./{RECORD.upper()}", b"of before"), ("a", b"a photo")], how=zipfile.ZIP_STORED)
def test_what_is_unpacked_is_what_was_packed(tmp_path_factory, members, how):
    folder = unpacked(tmp_path_factory.mktemp("made") / "up", zipped(members, how))
    if folder is not None:
        contents = {path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        assert contents >= {content for name, content in members if not name.endswith("/") and not is_record(name)}


def is_record(name: str) -> bool:
    """Say whether a member is what an earlier unpacking wrote down, however its path is spelt; it is left out."""
    return PurePosixPath(name.replace("\\", "/")).as_posix().casefold().rstrip(". ") == RECORD


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(members=MEMBERS, how=PACKED, changes=CHANGES, kept=some.floats(0.5, 1))
@example(members=[(f"{RECORD}/a", b"")], how=zipfile.ZIP_STORED, changes=[], kept=1.0)
def test_a_broken_zip_is_unpacked_inside_its_folder_or_refused(tmp_path_factory, members, how, changes, kept):
    data = bytearray(zipped(members, how))
    for share, written in changes:
        at = int(share * len(data))
        data[at : at + len(written)] = written
    unpacked(tmp_path_factory.mktemp("made") / "up", bytes(data if kept > 0.75 else data[: int(len(data) * kept)]))
