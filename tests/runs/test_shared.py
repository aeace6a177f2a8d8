from dataclasses import replace

import pytest
from PIL import Image

from colorizer.dataset.find import find_files
from colorizer.dataset.split import Shard
from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Adjustment
from colorizer.machines.portions import SharedJob, begin, check_portion, colorize_portion, named_photos, remaining
from colorizer.network.model_files import load_model
from colorizer.runs.colorize import ColorizeJob, colorize_photos
from colorizer.runs.folders import new_run
from colorizer.runs.journal import CHECK, MANIFEST, appended, journal_path
from tests.conftest import SHIPPED


@pytest.fixture
def photos(tmp_path):
    """Three photographs, of which one is in colour and one has hints that are none; and what is no photo."""
    folder = tmp_path / "photos"
    (folder / "sub").mkdir(parents=True)
    Image.open(SHIPPED / "camera.png").resize((80, 60)).save(folder / "a.png")
    Image.open(SHIPPED / "coins.png").resize((80, 60)).save(folder / "sub" / "b.png")
    Image.open(SHIPPED / "coffee.png").resize((80, 60)).save(folder / "c.png")
    (folder / "sub" / "b.hints.json").write_text("no hints")
    (folder / "d.txt").write_text("a list")
    return find_files(folder)


def test_every_file_gets_one_line_and_what_is_done_is_not_done_again(tmp_path, photos):
    network = load_model()
    job = SharedJob(photos.root, tmp_path / "out")
    begin(job, network.name, network.weights_digest)
    named = named_photos(job, photos.files, photos.files)
    lines = {line.path: line for line in colorize_portion(job, network, named)}
    assert {path: (line.result, line.kind) for path, line in lines.items()} == {
        "a.png": ("a.png", None),
        "c.png": (None, "already in color"),
        "d.txt": (None, "a text file"),
        "sub/b.png": (None, "not colorized"),
    }
    assert "b.hints.json" in lines["sub/b.png"].why
    single = colorize_photos(
        ColorizeJob(network, photos.files[:1], photos.root, new_run(tmp_path / "single", "colorize"))
    )
    assert (tmp_path / "out" / "a.png").read_bytes() == single.pictures[photos.files[0]].read_bytes()
    with appended(journal_path(job.folder, MANIFEST, Shard(0, 2))) as append:
        for line in lines.values():
            append(line.record())
    assert [photo for photo, _ in remaining(job, named)] == ["c.png", "d.txt", "sub/b.png"]
    (tmp_path / "out" / "a.png").write_bytes(b"half")
    assert len(remaining(job, named)) == 4
    (photos.root / "sub" / "b.hints.json").unlink()
    wanted = replace(job, takes_colour=True)
    again = {line.path: line.result for line in colorize_portion(wanted, network, remaining(wanted, named))}
    assert again == {"a.png": "a.png", "c.png": "c.png", "d.txt": None, "sub/b.png": "sub/b.png"}


def test_a_folder_of_other_pictures_is_refused(tmp_path, photos):
    job = SharedJob(photos.root, tmp_path / "out")
    begin(job, "a model", "its weights")
    begin(job, "a model", "its weights")
    livelier = replace(job, adjustment=Adjustment(vividness=1.5))
    for other in ((job, "another", "its weights"), (job, "a model", "others"), (livelier, "a model", "its weights")):
        with pytest.raises(ColorizeError, match="Choose another folder"):
            begin(*other)
    with pytest.raises(ColorizeError, match="is the folder of the photos"):
        begin(replace(job, folder=photos.root), "a model", "its weights")


def test_a_check_tells_what_is_fine_and_remembers_it(tmp_path, photos):
    job = SharedJob(photos.root, tmp_path / "out")
    named = [(str(photo.relative_to(photos.root)), "") for photo in photos.files]
    found = list(check_portion(job, named))
    assert {line.path: line.kind for line in found} == {
        "a.png": "fine",
        "c.png": "already in color",
        "d.txt": "a text file",
        "sub/b.png": "fine",
    }
    with appended(journal_path(job.folder, CHECK)) as append:
        for line in found:
            append(line.record())
    assert [photo for photo, _ in remaining(job, named, CHECK)] == ["c.png", "d.txt"]
