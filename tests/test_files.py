import os

import pytest

from colorizer.errors import ColorizeError
from colorizer.files import complete_file, fingerprint, remove_unfinished, unused_path, write_text


def test_a_file_appears_complete_or_not_at_all(tmp_path):
    path = tmp_path / "new folder" / "photo.txt"
    with pytest.raises(KeyboardInterrupt), complete_file(path) as temporary:
        temporary.write_text("half")
        raise KeyboardInterrupt
    assert list(path.parent.iterdir()) == []
    with complete_file(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_writing_leaves_what_was_there(tmp_path):
    path = tmp_path / "record.json"
    write_text(path, "old")
    sentence = r"Could not write .*record\.json: No space left on device"
    with pytest.raises(ColorizeError, match=sentence), complete_file(path, expected_bytes=2**60):
        pass
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_written_files_have_the_permissions_of_any_other(tmp_path):
    write_text(tmp_path / "ours", "text")
    (tmp_path / "others").write_text("text")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "others").stat().st_mode


def test_a_taken_name_is_numbered_and_a_broken_link_takes_one_too(tmp_path):
    (tmp_path / "graphs.png").touch()
    (tmp_path / "graphs-2.png").symlink_to(tmp_path / "nowhere")
    assert unused_path(tmp_path / "graphs.png") == tmp_path / "graphs-3.png"
    assert unused_path(tmp_path / "other.png") == tmp_path / "other.png"


def test_a_fingerprint_tells_a_changed_file_and_one_that_is_gone(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(b"one")
    before = fingerprint(path)
    os.utime(path, ns=(0, before[1] + 1))
    assert fingerprint(path) != before
    path.unlink()
    assert fingerprint(path) is None


def test_only_what_was_half_written_is_removed(tmp_path):
    for name in (".writing-abc.h5", "model.h5", ".names.json"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".names.json", "model.h5"]
