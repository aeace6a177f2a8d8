from PIL import Image

from colorizer.dataset.split import Shard
from colorizer.runs import names
from colorizer.runs.folders import NAMES, new_run
from colorizer.runs.names import picture_paths, read_names, shared_names
from tests.conftest import SHIPPED


def difficult_photos(folder):
    folder.mkdir()
    Image.open(SHIPPED / "camera.png").save(folder / "a.pgm")  # which becomes "a.pgm.png"
    for name in ("a.pgm.png", "A.pgm.PNG", "b.png", "index.png"):
        Image.open(SHIPPED / "camera.png").save(folder / name, format="PNG")
    return sorted(folder.iterdir())


def named_by_shards(run, root, photos, order):
    named = {}
    for number in order:
        part = Shard(number, 3).of(photos)
        named |= dict(zip(part, shared_names(run, root, photos, part), strict=True))
        for photo in part:  # what the others find in the folder when they begin
            (run.results / named[photo]).write_bytes(b"picture")
    return named


def test_every_order_of_shards_gives_the_names_of_a_single_run(tmp_path):
    photos = difficult_photos(tmp_path / "photos")
    single = new_run(tmp_path / "single", "colorize")
    (single.results / "b.png").write_bytes(b"mine")
    wanted = {
        photo: str(path.relative_to(single.results))
        for photo, path in picture_paths(single, tmp_path / "photos", photos).items()
    }
    assert wanted[tmp_path / "photos" / "b.png"] == "b-2.png"
    for order in ((0, 1, 2), (2, 0, 1)):
        run = new_run(tmp_path / "shared", "colorize")
        (run.results / "b.png").write_bytes(b"mine")
        assert named_by_shards(run, tmp_path / "photos", photos, order) == wanted
        assert (run.results / "b.png").read_bytes() == b"mine"


def test_names_written_down_while_others_were_chosen_are_taken(tmp_path, monkeypatch):
    photos = difficult_photos(tmp_path / "photos")
    run = new_run(tmp_path / "out", "colorize")
    others, choose = [], names._chosen

    def overtaken(*arguments):
        if not others:
            others.append(None)
            others[:] = shared_names(run, tmp_path / "photos", photos, photos)
            for name in others:
                (run.results / name).write_bytes(b"picture")
        return choose(*arguments)

    monkeypatch.setattr(names, "_chosen", overtaken)
    assert shared_names(run, tmp_path / "photos", photos, photos) == others
    assert len(read_names(run.results / NAMES)) == len(set(others)) == len(photos)
