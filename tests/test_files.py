import ast
import json
import locale
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from colorizer.errors import ColorizeError
from colorizer.files import (
    UNFINISHED,
    complete_file,
    exists,
    fingerprint,
    is_file,
    is_folder,
    is_link,
    matching,
    move_to_unused,
    read_json,
    read_text,
    remove_unfinished,
    resolved,
    unused_path,
    write_bytes,
    write_text,
)
from tests.conftest import PROJECT


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
    (tmp_path / "other.png").touch()
    assert unused_path(tmp_path / "other.png") == tmp_path / "other-2.png"


def test_a_fingerprint_tells_a_changed_file_and_one_that_is_gone(tmp_path):
    path = tmp_path / "photo"
    path.write_bytes(b"one")
    before = fingerprint(path)
    assert fingerprint(path) == before
    os.utime(path, ns=(0, before[1] + 1))
    assert fingerprint(path) != before
    path.unlink()
    assert fingerprint(path) is None


def test_only_what_was_half_written_is_removed(tmp_path):
    for name in (".writing-abc.h5", "model.h5", ".names.json"):
        (tmp_path / name).touch()
    remove_unfinished(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".names.json", "model.h5"]


def test_a_file_of_any_name_is_written_beside_itself_with_the_endings_that_say_its_format(tmp_path):
    for name, endings in (("2026.01.photo.jpg", [".jpg"]), ("model.2.weights.h5", [".weights", ".h5"]), ("plain", [])):
        with complete_file(tmp_path / "a" / "b" / name) as temporary:
            assert temporary.suffixes == endings
            assert temporary.parent == tmp_path / "a" / "b"
            assert temporary.name.startswith(UNFINISHED)
            assert name not in temporary.name
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == [
        "2026.01.photo.jpg",
        "model.2.weights.h5",
        "plain",
    ]


def test_a_file_takes_the_last_byte_there_is_and_no_more(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    with complete_file(tmp_path / "fits", expected_bytes=1000):
        pass
    with pytest.raises(ColorizeError, match="No space left"), complete_file(tmp_path / "not", expected_bytes=1001):
        pass
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=0))
    with complete_file(tmp_path / "empty"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "fits"]


def test_writing_keeps_no_file_open(tmp_path):
    write_text(tmp_path / "text", "first")
    before = os.open(os.devnull, os.O_RDONLY)
    os.close(before)
    for number in range(10):
        write_text(tmp_path / f"{number}", "text")
    after = os.open(os.devnull, os.O_RDONLY)
    os.close(after)
    assert after == before  # the least number that is free


def test_text_of_any_kind_is_written_and_read_alike_whatever_the_locale(tmp_path):
    text = json.dumps(["שלום", "😀", "bad\udcff"], ensure_ascii=False)
    before = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        write_text(tmp_path / "record", text)
        assert (tmp_path / "record").read_bytes() == text.encode("utf-8", "surrogateescape")
        write_text(tmp_path / "record", json.dumps(["שלום"], ensure_ascii=False))
        assert read_json(tmp_path / "record") == ["שלום"]
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def test_bytes_are_written_as_they_are(tmp_path):
    write_bytes(tmp_path / "photo", bytes(range(256)))
    assert (tmp_path / "photo").read_bytes() == bytes(range(256))


def test_what_cannot_be_a_record_is_not_read(tmp_path):
    deep, pipe, folder = tmp_path / "deep", tmp_path / "pipe", tmp_path / "folder"
    deep.write_text("[" * 100_000)
    folder.mkdir()
    if hasattr(os, "mkfifo"):
        os.mkfifo(pipe)
    with pytest.raises(ValueError, match="nested"):
        read_json(deep)
    for path in (pipe, folder) if pipe.exists() else (folder,):
        with pytest.raises(OSError):
            read_json(path)
    (tmp_path / "small").write_text("[1, 2]")
    (tmp_path / "large").write_text("[1, 23]")
    assert read_text(tmp_path / "small", 6) == "[1, 2]"
    with pytest.raises(ValueError, match="larger than"):
        read_text(tmp_path / "large", 6)
    (tmp_path / "latin-1").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="not UTF-8 text"):
        read_text(tmp_path / "latin-1")
    (tmp_path / "marked").write_text("[1]", encoding="utf-8-sig")
    assert read_json(tmp_path / "marked") == [1]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (OSError(28, "No room"), "No room."),
        (OSError("unable to write (file write failed: errno = 28, error number 13)"), "No space left on device."),
        (OSError("something odd"), "something odd."),
    ],
)
def test_why_a_file_could_not_be_written_is_said_in_the_systems_words(tmp_path, error, sentence):
    with pytest.raises(ColorizeError) as refused, complete_file(tmp_path / "model.h5"):
        raise error
    assert str(refused.value) == f"Could not write {tmp_path / 'model.h5'}: {sentence}"
    assert list(tmp_path.iterdir()) == []


def test_half_written_files_that_another_run_removes_meanwhile_are_gone_too(tmp_path, monkeypatch):
    monkeypatch.setattr(type(tmp_path), "rglob", lambda folder, pattern: [folder / ".writing-gone"])
    remove_unfinished(tmp_path)


def test_what_cannot_be_removed_is_a_sentence(tmp_path):
    (tmp_path / ".writing-folder").mkdir()
    with pytest.raises(ColorizeError, match=f"Could not clear {tmp_path}: "):
        remove_unfinished(tmp_path)


_RAISING = {"exists", "is_file", "is_dir", "is_symlink", "is_mount", "is_fifo", "is_socket", "is_block_device"}
_RAISING |= {"is_char_device", "samefile", "resolve", "glob", "rglob"}
"""Methods of `pathlib.Path` that raise where a folder may not be entered, a name is too long or links form a loop."""


def test_only_the_module_of_files_calls_methods_of_paths_that_raise_where_they_should_answer_no():
    package = PROJECT / "colorizer"
    modules = set(package.rglob("*.py")) - {package / "files.py"}
    calls = [
        f"{path.relative_to(PROJECT)}:{node.lineno} {ast.unparse(node)}"
        for path in sorted(modules)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in _RAISING
        # Of this package's own location, which is there.
        and "__file__" not in ast.unparse(node)
    ]
    assert calls == []


@pytest.mark.parametrize("name", ["x" * 300, "with\0nul", "loop/inside"])
def test_what_cannot_be_looked_at_is_not_there(tmp_path, name):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    path = tmp_path / name
    assert not any((exists(path), is_file(path), is_folder(path), is_link(path)))
    assert matching(path, "*") == []


def test_what_lies_in_a_folder_that_may_not_be_entered_is_not_there(tmp_path, closed):
    path = closed(tmp_path / "closed") / "inside"
    assert not any((exists(path), is_file(path), is_folder(path), is_link(path)))
    assert matching(path, "*") == []


def test_links_that_form_a_loop_are_followed_as_far_as_they_lead(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert resolved(tmp_path / "loop").parent == resolved(tmp_path)


def finished(folder, text):
    path = folder / f".writing-{text}"
    path.write_text(text)
    return path


@pytest.fixture(params=[True, False], ids=["links", "no links"])
def hard_links(request, monkeypatch):
    """A file system with or without hard links."""

    def refuse(path, target):
        raise PermissionError(1, "Operation not permitted")

    if not request.param:
        monkeypatch.setattr(Path, "hardlink_to", refuse)


@pytest.mark.usefixtures("hard_links")
def test_a_finished_file_replaces_nothing(tmp_path):
    (tmp_path / "a.jpg").write_text("mine")
    (tmp_path / "a-2.jpg").symlink_to(tmp_path / "nowhere")
    assert move_to_unused(finished(tmp_path, "new"), tmp_path / "a.jpg") == tmp_path / "a-3.jpg"
    assert move_to_unused(finished(tmp_path, "other"), tmp_path / "b.jpg") == tmp_path / "b.jpg"
    texts = {path.name: path.read_text() for path in tmp_path.glob("[ab]*") if path.exists()}
    assert texts == {"a.jpg": "mine", "a-3.jpg": "new", "b.jpg": "other"}


def test_the_same_file_made_twice_is_there_once(tmp_path):
    (tmp_path / "a.jpg").write_text("same")
    assert move_to_unused(finished(tmp_path, "same"), tmp_path / "a.jpg") == tmp_path / "a.jpg"


@pytest.mark.usefixtures("hard_links")
def test_files_that_want_one_name_at_the_same_moment_all_stay(tmp_path):
    texts = [f"text {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        moves = [pool.submit(move_to_unused, finished(tmp_path, text), tmp_path / "a.jpg") for text in texts]
        paths = [move.result() for move in moves]
    assert sorted(path.read_text() for path in paths) == sorted(texts)
