import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from colorizer.dataset.split import Shard
from colorizer.errors import ColorizeError
from colorizer.runs.journal import appended, journal_path, parts, read_journal


def write(path, *records):
    with appended(path) as append:
        for record in records:
            append(record)


def test_what_was_appended_is_there_in_order_names_that_are_no_text_included(tmp_path):
    path = tmp_path / "new" / "manifest.jsonl"
    names = ["a.png", os.fsdecode(b"\xff.png"), "שלום\n.png"]
    write(path, *({"path": name} for name in names[:2]))
    write(path, {"path": names[2]})
    assert [record["path"] for record in read_journal(path)] == names


@pytest.mark.parametrize("torn", [b'{"path": "c', b"\0\0\0", b'{"path": "c.png"}', b"x" * 200_000])
def test_a_torn_last_line_is_passed_over_and_cut_off_by_the_next_writer(tmp_path, torn):
    path = tmp_path / "manifest.jsonl"
    write(path, {"path": "a"}, {"path": "b"})
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write(torn)
    read = list(read_journal(path))
    assert [record["path"] for record in read[:2]] == ["a", "b"]
    assert read[2:] == [{"path": "c.png"} if torn.endswith(b"}") else None]
    write(path, {"path": "d"})
    assert path.read_bytes() == whole + b'{"path": "d"}\n'


def test_the_disk_s_refusal_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ColorizeError, match="Could not write"), appended(tmp_path / "file" / "manifest.jsonl"):
        pass


def test_parts_are_found_in_order_and_other_files_are_none(tmp_path):
    for shard in (Shard(10, 12), Shard(2, 12), Shard(0, 1)):
        write(journal_path(tmp_path, "manifest", shard), {})
    for name in ("manifest-a-of-b.jsonl", "manifest-1-of-2-of-3.jsonl", "manifest.jsonl", "check-1-of-2.jsonl"):
        (tmp_path / name).touch()
    assert list(parts(tmp_path, "manifest").values()) == [Shard(0, 1), Shard(2, 12), Shard(10, 12)]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    content=some.binary(max_size=60)
    | some.lists(some.sampled_from([b"[1]", b"3", b"{}", b"{", b"[" * 9000])).map(b"\n".join)
)
def test_whatever_a_journal_holds_only_objects_come_out_and_none_for_other_lines(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("journal") / "manifest.jsonl"
    path.write_bytes(content)
    assert all(isinstance(record, dict | None) for record in read_journal(path))
