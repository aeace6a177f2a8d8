import io
import zipfile
from pathlib import Path

import pytest

from colorizer.studio.archive import Member, inside, zip_stream


def unzipped(members) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(members)))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_members_are_sent_before_the_next_is_made(tmp_path):
    def members():
        for number in range(3):
            path = tmp_path / str(number)
            path.write_bytes(bytes([number]) * 3_000_000)
            yield Member(f"{number}.jpg", path)
            assert not path.exists(), "what is sent need not be kept"

    stream = zip_stream(members())
    sent = [len(chunk) for chunk in stream]
    assert max(sent) < 1_200_000
    assert sum(sent) > 9_000_000


def test_names_that_come_twice_are_numbered_and_folders_are_kept(tmp_path):
    paths = [tmp_path / str(number) for number in range(3)]
    for path in paths:
        path.write_bytes(path.name.encode())
    names = ("old/a.jpg", "old/A.jpg", "b.jpg")
    found = unzipped([Member(name, path) for name, path in zip(names, paths, strict=True)])
    assert found == {"old/a.jpg": b"0", "old/A-2.jpg": b"1", "b.jpg": b"2"}


@pytest.mark.parametrize("name", ["/etc/passwd", "../../a.jpg", "..\\..\\a.jpg", "C:\\a.jpg", "", "..", "a/../../b"])
def test_no_name_leaves_the_folder_a_zip_is_unpacked_into(name):
    (written,) = unzipped([Member(name, "text")])
    assert written == inside(name)
    assert not Path(written).is_absolute()
    assert ".." not in Path(written).parts
    assert "\\" not in written
    assert ":" not in written
