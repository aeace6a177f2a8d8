from PIL import Image

from colorizer.runs.folders import new_run
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
