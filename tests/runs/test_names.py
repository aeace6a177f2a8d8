import os
import unicodedata

import pytest
from PIL import Image

from colorizer.runs.folders import MADE_FROM, NAMES, earlier_run, new_run, working_in
from colorizer.runs.names import picture_paths
from tests.conftest import SHIPPED


def test_colour_photos_overwrite_nothing_and_each_other_neither(tmp_path):
    run = new_run(tmp_path / "out", "colorize")
    # A PGM cannot hold colour and becomes "a.pgm.png", which is the name of another photo.
    Image.open(SHIPPED / "camera.png").save(tmp_path / "a.pgm")
    photos = [
        tmp_path / name for name in ("a.pgm", "a.pgm.png", "A.pgm.PNG", "b.png", "graphs.png", "sheets/sheet-001.jpg")
    ]
    (run.results / "b.png").write_bytes(b"mine")
    paths = picture_paths(run, tmp_path, photos)
    names = [str(path.relative_to(run.results)) for path in paths.values()]
    expected = ["a.pgm.png", "a.pgm-2.png", "A.pgm-3.PNG", "b-2.png", "graphs-2.png", "sheets-photos/sheet-001.jpg"]
    assert names == expected


def test_a_run_gone_on_with_knows_which_photo_is_which(tmp_path):
    run = new_run(tmp_path / "out", "colorize")
    one, other = tmp_path / "a.pgm.png", tmp_path / "a.pgm"
    Image.open(SHIPPED / "camera.png").save(one)
    first = picture_paths(run, tmp_path, [one])
    first[one].write_bytes(b"done")
    Image.open(SHIPPED / "camera.png").save(other)  # one that would take its name if it came first
    again = picture_paths(run, tmp_path, [other, one])
    assert again[one] == first[one]
    assert again[other] not in (again[one], other)
    Image.open(SHIPPED / "coins.png").save(one)  # another photo of the same name is no longer done
    assert not picture_paths(run, tmp_path, [other, one])[one].exists()


@pytest.mark.parametrize(
    "odd",
    [
        "null", "3", "[]", "[" * 100_000, '{"a.png": null}', '{"a.png": {}}', '{"a.png": [1, 2]}', '{"a.png": []}',
        '{"a.png": ["a.png", [1]]}', '{"a.png": ["a.png", "12"]}', '{"a.png": ["", %s]}', '{"a.png": ["a\\u0000", %s]}',
        '{"a.png": ["../../../x.png", %s]}', '{"a.png": ["/tmp/x.png", %s]}', '{"a.png": ["b/../../x.png", %s]}',
        '{"a.png": ["\\ud800", %s]}', '{"a.png": ["./.names.json", %s]}', '{"a.png": ["x", %s], "a.png": ["y", %s]}',
        '{"a.png": [".names.json", %s]}', '{"a.png": ["out/x.png", %s]}', '{"a.png": ["x", %s], "b": ["X", null]}',
    ],
)  # fmt: skip
def test_a_record_of_names_that_cannot_be_ours_is_thrown_away(tmp_path, odd):
    run, photo = new_run(tmp_path / "out", "colorize"), tmp_path / "a.png"
    Image.open(SHIPPED / "camera.png").save(photo)
    (run.results / "out").symlink_to(tmp_path)
    state = photo.stat()
    (run.results / NAMES).write_text(odd.replace("%s", f"[{state.st_size}, {state.st_mtime_ns}]"))
    assert picture_paths(run, tmp_path, [photo]) == {photo: run.results / "a.png"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_in_the_place_of_a_record_is_not_waited_for(tmp_path):
    run, photo = new_run(tmp_path / "out", "colorize"), tmp_path / "a.png"
    Image.open(SHIPPED / "camera.png").save(photo)
    os.mkfifo(run.results / NAMES)
    os.mkfifo(run.results / MADE_FROM)
    assert picture_paths(run, tmp_path, [photo]) == {photo: run.results / "a.png"}
    assert earlier_run(new_run(tmp_path / "out", "colorize"), {}) is None


def test_names_that_macos_takes_for_one_are_numbered(tmp_path):
    run = new_run(tmp_path / "out", "colorize")
    composed, decomposed = (tmp_path / unicodedata.normalize(form, "Größe.png") for form in ("NFC", "NFD"))
    paths = picture_paths(run, tmp_path, [composed, decomposed])
    assert paths[composed] == run.results / composed.name
    assert paths[decomposed] == run.results / unicodedata.normalize("NFD", "Größe-2.png")


def test_names_that_another_living_run_has_reserved_are_numbered(tmp_path):
    run, photo = new_run(tmp_path / "out", "colorize"), tmp_path / "a.png"
    Image.open(SHIPPED / "camera.png").save(photo)
    first, second = run.results / NAMES, run.results / ".names-0123456789ab.json"
    with working_in(run.results, first):
        assert picture_paths(run, tmp_path, [photo], record=first) == {photo: run.results / "a.png"}
        assert picture_paths(run, tmp_path, [photo], record=second) == {photo: run.results / "a-2.png"}


def test_a_name_that_an_ended_run_never_used_is_free_and_no_longer_its_own(tmp_path):
    run, photo = new_run(tmp_path / "out", "colorize"), tmp_path / "a.png"
    Image.open(SHIPPED / "camera.png").save(photo)
    first, second = run.results / NAMES, run.results / ".names-0123456789ab.json"
    picture_paths(run, tmp_path, [photo], record=first)
    (taken,) = picture_paths(run, tmp_path, [photo], record=second).values()
    assert taken == run.results / "a.png"
    taken.write_bytes(b"of the second run")
    assert picture_paths(run, tmp_path, [photo], record=first) == {photo: run.results / "a-2.png"}
