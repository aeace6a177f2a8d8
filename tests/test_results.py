import json

import numpy as np
import pytest
from conftest import SHIPPED
from PIL import Image

from colorizer.photo import Picture, read_photo
from colorizer.results import (
    MADE,
    earlier_run,
    new_run,
    picture_paths,
    release_run,
    save_picture,
    write_record,
)
from colorizer.settings import ColorizeError
from colorizer.sheets import COMPARED


def test_every_run_has_folders_of_its_own(tmp_path):
    runs = [new_run(tmp_path, "train") for _ in range(3)]
    assert len({run.results for run in runs}) == 3
    assert all(run.results.is_dir() and not run.models.exists() for run in runs)
    assert (tmp_path / "models").is_dir()


def test_a_run_in_which_nothing_was_written_is_given_back_and_another_kept(tmp_path):
    empty, used = new_run(tmp_path, "train"), new_run(tmp_path, "train")
    for run in (empty, used):
        run.models.mkdir()
    (used.models / "plan.json").write_text("{}")
    for run in (empty, used):
        release_run(run)
    assert not empty.models.exists()
    assert not empty.results.exists()
    assert used.models.is_dir()
    assert used.results.is_dir()


def test_an_output_that_is_a_file_is_named(tmp_path):
    (tmp_path / "OUTPUT").write_text("a file")
    with pytest.raises(ColorizeError, match="OUTPUT"):
        new_run(tmp_path / "OUTPUT", "train")


def test_pictures_of_one_name_from_two_folders_stay_two(tmp_path):
    run = new_run(tmp_path / "out", "colorize")
    photo = read_photo(SHIPPED / "chelsea.png")
    red, blue = np.zeros((300, 451, 3), np.uint8), np.zeros((300, 451, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    one, other = tmp_path / "a.png", tmp_path / "sub" / "a.png"
    paths = picture_paths(run, tmp_path, [one, other])
    save_picture(paths, COMPARED, one, photo, Picture(Image.fromarray(red)))
    row = save_picture(paths, COMPARED, other, photo, Picture(Image.fromarray(blue)))
    assert np.array_equal(np.asarray(Image.open(run.results / "a.png")), red)
    assert np.array_equal(np.asarray(Image.open(run.results / "sub" / "a.png")), blue)
    original, predicted, gray = (np.asarray(thumbnail).astype(int) for thumbnail in row)
    assert np.ptp(original, axis=-1).mean() > 10
    assert (predicted[..., 2] > predicted[..., 0]).all()
    assert np.ptp(gray, axis=-1).max() == 0


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


def test_an_earlier_run_is_found_by_what_it_was_made_from(tmp_path):
    runs = [new_run(tmp_path, "colorize") for _ in range(3)]
    for run, vividness in zip(runs, (1.0, 1.0, 1.5), strict=True):
        write_record(run.results / MADE, {"photos": "here", "vividness": vividness})
    assert earlier_run(tmp_path, "colorize", {"photos": "here", "vividness": 1.0}).results == runs[1].results
    assert earlier_run(tmp_path, "colorize", {"photos": "elsewhere", "vividness": 1.0}) is None


def test_a_record_is_json_that_reads_back(tmp_path):
    write_record(tmp_path / "record.json", {"photos": 3, "folder": tmp_path, "name": "שלום"})
    assert json.loads((tmp_path / "record.json").read_text(encoding="utf-8")) == {
        "photos": 3,
        "folder": str(tmp_path),
        "name": "שלום",
    }
