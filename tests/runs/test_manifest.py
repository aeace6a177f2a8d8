import json
import os

import pytest

from colorizer.dataset.split import Shard
from colorizer.errors import ColorizeError
from colorizer.machines.portions import (
    Line,
    digest,
    is_as_written,
    lines_of,
    merge_manifest,
)
from colorizer.runs.journal import MANIFEST, appended, journal_path, missing_shards


def append(folder, shard, *lines):
    with appended(journal_path(folder, MANIFEST, shard)) as write:
        for line in lines:
            write(line.record())


def made(folder, name, content=b"picture") -> Line:
    (folder / name).write_bytes(content)
    return Line(name, 0.5, "host:1", result=name, sha256=digest(folder / name))


def failed(name) -> Line:
    return Line(name, 0.5, "host:1", kind="unreadable", why=f"{name} is damaged.")


def test_each_photo_is_in_the_merged_manifest_once_and_what_succeeded_counts(tmp_path):
    append(tmp_path, Shard(0, 2), failed("b"), made(tmp_path, "a"), failed("c"))
    append(tmp_path, Shard(1, 2), made(tmp_path, "b"), made(tmp_path, "a"))
    for _ in range(2):  # and merging once more changes nothing
        merged = merge_manifest(tmp_path)
        read = [json.loads(line) for line in merged.path.read_text().splitlines()]
        assert [(line["path"], line.get("result")) for line in read] == [("a", "a"), ("b", "b"), ("c", None)]
        assert (merged.results, merged.kinds, merged.total) == (2, {"unreadable": 1}, 3)
        assert merged.reasons == ("c is damaged.",)
        assert missing_shards(tmp_path, MANIFEST) == []


def test_of_two_lines_the_one_holds_whose_picture_is_there(tmp_path):
    true = made(tmp_path, "a")
    other = Line("a", 1.0, "host:2", result="a", sha256="0" * 64)
    for order in ((true, other), (other, true)):
        append(tmp_path, Shard(0, 1), *order)
        assert lines_of(tmp_path, MANIFEST)["a"] == true


def test_a_picture_that_was_changed_or_is_gone_is_not_as_written(tmp_path):
    line = made(tmp_path, "a")
    assert is_as_written(tmp_path, line)
    (tmp_path / "a").write_bytes(b"half a pict")
    assert not is_as_written(tmp_path, line)
    (tmp_path / "a").unlink()
    assert not is_as_written(tmp_path, line)


def test_photos_without_a_line_and_parts_that_are_not_there_are_counted(tmp_path):
    append(tmp_path, Shard(1, 3), made(tmp_path, "a"))
    (tmp_path / ".names.json").write_text('{"a": ["a", [1, 2]], "b": ["b", [1, 2]]}')
    assert merge_manifest(tmp_path).missing == 1
    assert missing_shards(tmp_path, MANIFEST) == ["0/3", "2/3"]


@pytest.mark.parametrize(
    "odd",
    [
        "{}", '{"path": 1}', '{"path": "a", "seconds": 1, "worker": "w"}', '{"path": "a", "result": "a"}', "[]",
        *(
            f'{{"path": "{path}", "seconds": 1, "worker": "w", "result": "{result}", "sha256": "1"}}'
            for path, result in [
                ("a", "a\\u0000"), ("a", "\\ud800"), ("a", ""), ("a", "../a"), ("a", "/etc/hostname"), ("/a", "a"),
                ("a\\u0000", "a"), ("a", "\\udcc3\\udca9"),
            ]
        ),
        '{"path": "a", "seconds": NaN, "worker": "w", "result": "a"}',
        '{"path": "a", "path": "b", "seconds": 1, "worker": "w", "result": "a"}',
    ],
)  # fmt: skip
def test_lines_that_cannot_be_ours_are_ignored_and_counted(tmp_path, odd):
    journal_path(tmp_path, MANIFEST).write_text(odd + "\n")
    with pytest.raises(ColorizeError, match="only empty parts of one"):
        merge_manifest(tmp_path)
    append(tmp_path, Shard(0, 1), made(tmp_path, "a"))
    merged = merge_manifest(tmp_path)
    assert (merged.results, merged.ignored) == (1, 1)


def test_a_line_never_leads_out_of_its_folder(tmp_path):
    folder, outside = tmp_path / "results", tmp_path / "outside"
    folder.mkdir()
    outside.write_bytes(b"picture")
    (folder / "out").symlink_to(tmp_path)
    for result in (str(outside), "../outside", "out/outside"):
        assert not is_as_written(folder, Line("a", 0.5, "host:1", result=result, sha256=digest(outside)))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_where_a_picture_was_is_not_waited_for(tmp_path):
    line = made(tmp_path, "a")
    (tmp_path / "a").unlink()
    os.mkfifo(tmp_path / "a")
    assert not is_as_written(tmp_path, line)
    os.mkfifo(journal_path(tmp_path, MANIFEST))
    with pytest.raises(ColorizeError, match="not a regular file"), appended(journal_path(tmp_path, MANIFEST)):
        pass
