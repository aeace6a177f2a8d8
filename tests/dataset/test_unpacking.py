import hashlib
import json
import os
import shutil
import stat
import zipfile
from dataclasses import replace
from types import SimpleNamespace

import pytest

from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.dataset.unpacking import RECORD, came_from, holds, is_archive, unpack
from colorizer.errors import ColorizeError
from colorizer.files import fcntl, owned
from colorizer.settings import ArchiveLimits
from tests.conftest import zipped
from tests.dataset.conftest import refused


def test_a_zip_is_unpacked_once_and_a_zip_inside_it_is_left_alone(tmp_path, colour_folder):
    zipped(colour_folder / "cats", colour_folder / "inner.zip")
    archive = zipped(colour_folder, tmp_path / "my photos.zip")
    assert is_archive(archive)
    folder = unpack(archive, tmp_path / "my photos")
    check = check_photos(find_files(folder), True)
    assert len(check.fine) == 8
    assert [path.name for path, _ in check.unreadable] == ["inner.zip"]
    assert unpack(archive, tmp_path / "my photos") == folder


def test_a_zip_is_known_by_its_name_or_by_its_content(tmp_path, archive):
    (tmp_path / "photos").write_bytes(archive.read_bytes())
    (tmp_path / "broken.ZIP").write_text("no zip")
    (tmp_path / "text").write_text("no zip")
    (tmp_path / "folder.zip").mkdir()
    known = {
        name: is_archive(tmp_path / name) for name in ("photos", "broken.ZIP", "text", "folder.zip", "nowhere.zip")
    }
    assert known == {"photos": True, "broken.ZIP": True, "text": False, "folder.zip": False, "nowhere.zip": False}


def test_an_unpacked_folder_is_like_any_other_and_appears_when_it_is_whole(tmp_path, archive):
    target, done = tmp_path / "deep" / "er" / "photos", []

    def seen(number: int, total: int) -> None:
        (unfinished,) = target.parent.iterdir()
        assert unfinished.name.startswith(".unpacking-")
        done.append((number, total))

    assert unpack(archive, target, progress=seen) == target
    assert done == [(number, 8) for number in range(1, 9)]
    (tmp_path / "other").mkdir()
    assert target.stat().st_mode == (tmp_path / "other").stat().st_mode
    assert unpack(archive, target.with_name("again")).parent == target.parent  # which is there by now


def test_what_an_unpacked_folder_holds_is_still_known_by_later_versions(tmp_path, archive):
    folder = unpack(archive, tmp_path / "photos")
    record = json.loads((folder / ".unpacked-from.json").read_text())
    assert record.keys() == {"name", "bytes", "modified_ns", "members"}
    assert (record["name"], record["bytes"]) == ("photos.zip", archive.stat().st_size)
    assert came_from(folder, archive) is True
    (folder / RECORD).write_text("[" * 10)
    assert came_from(folder, archive) is False
    assert holds(folder, archive) is False
    assert holds(tmp_path / "nowhere", archive) is False


def test_a_folder_that_says_it_holds_an_evil_archive_does_not(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        opened.writestr("good.jpg", b"x")
    folder = unpack(tmp_path / "evil.zip", tmp_path / "evil")
    data = (tmp_path / "evil.zip").read_bytes().replace(b"good.jpg", b"../a.jpg")
    (tmp_path / "evil.zip").write_bytes(data)
    (tmp_path / "a.jpg").write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "evil.zip") as opened:
        listed = [(member.filename, member.file_size, member.CRC) for member in opened.infolist()]
    state = (tmp_path / "evil.zip").stat()
    digest = hashlib.sha256(json.dumps(listed).encode()).hexdigest()
    record = {"name": "evil.zip", "bytes": state.st_size, "modified_ns": state.st_mtime_ns, "members": digest}
    (folder / RECORD).write_text(json.dumps(record))
    assert came_from(folder, tmp_path / "evil.zip")
    assert holds(folder, tmp_path / "evil.zip") is False


def test_an_archive_that_is_gone_or_has_names_longer_than_any_is_refused_in_the_systems_words(tmp_path):
    with pytest.raises(ColorizeError, match=r"^Cannot read .*gone\.zip: No such file or directory\.$"):
        unpack(tmp_path / "gone.zip", tmp_path / "gone")
    with zipfile.ZipFile(tmp_path / "long.zip", "w") as opened:
        opened.writestr("x" * 300, b"x")
    refused(tmp_path / "long.zip", r"^Cannot unpack .*long\.zip: File name too long\.$")
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "broken.zip").write_text("no zip")
    refused(tmp_path / "apart" / "broken.zip", r"^Cannot unpack .*broken\.zip: File is not a zip file")


def test_what_is_just_within_the_limits_is_unpacked(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a/" * 99 + "X", bytes(1000))
        opened.writestr("./X", bytes(1000))
        opened.writestr(f".\\{RECORD}", b"of another unpacking")
    archive = tmp_path / "photos.zip"
    limits = ArchiveLimits(maximum_files=2, bytes_never_refused=2000, maximum_ratio=1, bytes_left_free=500)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=2500))
    folder = unpack(archive, tmp_path / "photos", limits)
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [RECORD, "X", "X"]
    assert holds(folder, archive)
    assert unpack(archive, tmp_path / "ratio", replace(limits, bytes_never_refused=0, maximum_ratio=5)).is_dir()
    for less, reason in (
        ({"maximum_files": 1}, "contains 2 files, more than the limit of 1"),
        ({"maximum_depth": 99}, "nested more than 99 deep"),
        ({"bytes_never_refused": 1999}, "bomb"),
        ({"bytes_left_free": 501}, "are free next to it"),
    ):
        refused(archive, reason, replace(limits, **less))


def test_unpacking_overwrites_nothing(tmp_path, archive):
    precious = tmp_path / "photos" / "precious.txt"
    precious.parent.mkdir()
    precious.write_text("mine")
    assert unpack(archive, tmp_path / "photos") == tmp_path / "photos-2"
    assert precious.read_text() == "mine"
    assert len(list((tmp_path / "photos").iterdir())) == 1


@pytest.mark.parametrize(
    "member",
    [
        "../escaped.jpg",
        "/escaped.jpg",
        "a/../../escaped.jpg",
        "..\\escaped.jpg",
        "\\escaped.jpg",
        "C:\\escaped.jpg",
        "a/D:/escaped.jpg",
    ],
)
def test_a_zip_whose_members_climb_out_is_refused(tmp_path, member):
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(member, b"x")
    with pytest.raises(ColorizeError, match="outside the target folder"):
        unpack(archive, tmp_path / "evil")
    assert [path.name for path in tmp_path.iterdir()] == ["evil.zip"]


def test_backslashes_part_folders_as_on_windows(tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as opened:
        opened.writestr("a\\b.jpg", b"x")
    assert (unpack(tmp_path / "photos.zip", tmp_path / "photos") / "a" / "b.jpg").read_bytes() == b"x"


def test_a_damaged_zip_leaves_nothing_behind(tmp_path, colour_folder):
    archive = zipped(colour_folder, tmp_path / "photos.zip")
    data = bytearray(archive.read_bytes())
    data[2000:2100] = bytes(100)
    archive.write_bytes(data)
    with pytest.raises(ColorizeError, match="Cannot unpack"):
        unpack(archive, tmp_path / "unpacked")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colour photos", "photos.zip"]


def test_a_folder_that_lost_a_photo_or_is_another_archives_is_not_taken_for_it(tmp_path, archive):
    folder = unpack(archive, tmp_path / "unpacked")
    assert holds(folder, archive)
    os.utime(archive, ns=(1, 1))
    assert not holds(folder, archive)
    folder = unpack(archive, tmp_path / "unpacked")
    assert folder.name == "unpacked-2"
    (folder / "rocket.jpg").unlink()
    assert not holds(folder, archive)


def test_an_archive_changed_without_a_trace_in_size_and_time_is_another(tmp_path, archive, colour_folder):
    folder, before = unpack(archive, tmp_path / "unpacked"), archive.stat()
    with (colour_folder / "rocket.jpg").open("r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"\0\0")
    zipped(colour_folder, archive)
    os.utime(archive, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert archive.stat().st_size == before.st_size
    assert not holds(folder, archive)


def test_a_link_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        link = zipfile.ZipInfo("passwords.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        opened.writestr(link, "/etc/passwd")
    refused(tmp_path / "evil.zip", "is a link")


def test_members_that_overwrite_each_other_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        opened.writestr("a/b.jpg", b"one")
        opened.writestr("a//b.jpg", b"two")
    refused(tmp_path / "evil.zip", "would overwrite another")


@pytest.mark.parametrize("names", [("a", "a/b.jpg"), ("a/b.jpg", "a"), ("a", "a/b/c.jpg")])
def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path, names):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        for name in names:
            opened.writestr(name, b"x")
    refused(tmp_path / "evil.zip", f"member '{names[-1]}' would overwrite another")


@pytest.mark.parametrize("name", [RECORD, RECORD.upper(), f"{RECORD}."])
def test_members_inside_the_record_of_an_unpacking_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as opened:
        opened.writestr(f"{name}/a.jpg", b"x")
    refused(tmp_path / "evil.zip", f"member '{name}/a.jpg' is reserved")


def test_an_unpacked_folder_that_is_zipped_again_is_unpacked(tmp_path, archive):
    again = zipped(unpack(archive, tmp_path / "unpacked"), tmp_path / "again.zip")
    folder = unpack(again, tmp_path / "again")
    assert holds(folder, again)
    assert not holds(folder, archive)
    assert len(find_files(folder).files) == 8


def test_an_encrypted_archive_is_refused(tmp_path, archive):
    data = bytearray(archive.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # local and central headers' flags
        data[data.index(signature) + offset] |= 1
    archive.write_bytes(data)
    refused(archive, "is encrypted. Unpack it yourself")


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99, 0.9999])
def test_a_truncated_archive_leaves_nothing(archive, share):
    data = archive.read_bytes()
    archive.write_bytes(data[: int(len(data) * share)])
    refused(archive, "Cannot unpack")


def test_folders_deeper_than_any_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "deep.zip", "w") as opened:
        opened.writestr("a/" * 1200 + "x.jpg", b"x")
    refused(tmp_path / "deep.zip", "nested more than 100 deep")


def test_more_files_than_allowed_are_refused(archive):
    refused(archive, "8 files, more than the limit of 7", ArchiveLimits(maximum_files=7))


def test_an_archive_the_disk_cannot_hold_is_refused_before_anything_is_written(archive):
    refused(archive, "are free next to it", ArchiveLimits(bytes_left_free=2**62))


PACKED = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("how", PACKED)
def test_archives_packed_in_every_way_are_unpacked(tmp_path, colour_folder, how):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w", how) as opened:
        for path in colour_folder.rglob("*.jpg"):
            opened.write(path, path.relative_to(colour_folder))
        opened.writestr("blank.bmp", bytes(3_000_000))
    folder = unpack(tmp_path / "photos.zip", tmp_path / "unpacked")
    assert (folder / "blank.bmp").read_bytes() == bytes(3_000_000)
    for path in colour_folder.rglob("*.jpg"):
        assert (folder / path.relative_to(colour_folder)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["", ".", " ", "\\"])
def test_a_member_without_a_name_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "nameless.zip", "w") as opened:
        member = zipfile.ZipInfo("photo.jpg")
        member.filename = name
        opened.writestr(member, b"x")
    refused(tmp_path / "nameless.zip", "one of its members has no name")


def test_an_interrupted_extraction_leaves_nothing(tmp_path, archive):
    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "unpacked", progress=interrupt)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colour photos", "photos.zip"]


@pytest.mark.skipif(fcntl is None, reason="there are no locks that end with their process")
def test_what_a_killed_process_was_unpacking_is_swept_and_what_a_living_one_is_stays(tmp_path, archive):
    dead, living = tmp_path / ".unpacking-dead", tmp_path / ".unpacking-living"
    for folder in (dead, living):
        (folder / "deep").mkdir(parents=True)
    with owned(living):
        unpack(archive, tmp_path / "unpacked")
    assert not dead.exists()
    assert living.is_dir()
