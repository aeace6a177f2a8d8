from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import numpy as np
import pytest
from PIL import Image, ImageOps

from colorizer.photos.photo import Picture
from colorizer.photos.reading import read_photo
from colorizer.pictures.page import PageEntry, save_page, save_thumbnails
from tests.conftest import SHIPPED


class Found(HTMLParser):
    def __init__(self, page: Path):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def of(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def entry(folder: Path, name: str) -> PageEntry:
    """A photo whose original lies next to the folder of results, with thumbnails of 48 x 32 pixels."""
    thumbnails = (folder / "thumbnails" / f"{name}.before.jpg", folder / "thumbnails" / f"{name}.after.jpg")
    for path in thumbnails:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 32), "teal").save(path)
    return PageEntry(name, folder.parent / "photos" / name, folder / name, thumbnails)


@pytest.mark.parametrize("name", ["a.jpg", "שלום & <b>.jpg", "100% #1?.jpg", 'sub/quote".tif', "bad\udcff.jpg"])
def test_every_photo_is_there_before_and_after_and_its_files_are_found(tmp_path, name):
    folder = tmp_path / "results"
    page = Found(save_page(folder / "index.html", "Run", [entry(folder, name)]))
    pictures = page.of("img")
    assert [picture["alt"] for picture in pictures] == ["in color", "before"]
    assert all((picture["width"], picture["loading"]) == ("48", "lazy") for picture in pictures)
    bytes_of = name.encode("utf-8", "surrogateescape")
    assert unquote_to_bytes(pictures[0]["src"]) == b"thumbnails/" + bytes_of + b".after.jpg"
    assert unquote_to_bytes(pictures[1]["src"]) == b"thumbnails/" + bytes_of + b".before.jpg"
    links = [unquote_to_bytes(link["href"]) for link in page.of("a")]
    assert links == [bytes_of, bytes_of, b"../photos/" + bytes_of]
    assert page.of("b") == []
    assert name.encode("utf-8", "replace").decode() in page.text


def test_before_is_the_original_as_it_was_and_small(tmp_path):
    with Image.open(SHIPPED / "chelsea.png") as cat:
        sepia = ImageOps.colorize(cat.convert("L").resize((1200, 800)), "#201005", "#f4e0b8")
    sepia.save(tmp_path / "sepia.png")
    paths = tmp_path / "before.jpg", tmp_path / "after.jpg"
    save_thumbnails(paths, read_photo(tmp_path / "sepia.png"), Picture(Image.new("RGB", (1200, 800), "teal")))
    before, after = (Image.open(path) for path in paths)
    assert before.size == after.size == (480, 320)
    wanted = np.asarray(sepia.resize(before.size), float)
    assert np.abs(np.asarray(before, float) - wanted).mean() < 4
    assert np.abs(np.asarray(after, float) - (0, 128, 128)).max() < 4


def test_small_photos_are_not_enlarged(tmp_path):
    Image.new("L", (20, 10)).save(tmp_path / "tiny.png")
    paths = tmp_path / "before.jpg", tmp_path / "after.jpg"
    save_thumbnails(paths, read_photo(tmp_path / "tiny.png"), Picture(Image.new("RGB", (20, 10))))
    assert [Image.open(path).size for path in paths] == [(20, 10), (20, 10)]


def test_failures_and_files_left_out_are_named_as_text(tmp_path):
    said = "Cannot read <script>alert(1)</script>.jpg: damaged."
    left_out = {"Already in color": ["a.jpg", "<b>.jpg"], "Unreadable": [f"{n}.jpg" for n in range(1500)]}
    page = Found(save_page(tmp_path / "index.html", "Run", [], [said], left_out))
    assert said in page.text
    assert "1,502 files were left out" in page.text
    assert "Already in color (2)" in page.text
    assert "<b>.jpg" in page.text
    assert "and 500 more" in page.text
    assert len(page.of("script")) == 1


def test_the_page_asks_for_nothing_from_elsewhere_and_links_what_it_cannot_show(tmp_path):
    shown, lost = entry(tmp_path, "b.png"), entry(tmp_path, "a.tif")
    lost.thumbnails[1].unlink()
    page = save_page(tmp_path / "index.html", "Run", [shown, lost])
    text = page.read_text(encoding="utf-8")
    assert "http:" not in text
    assert "https:" not in text
    found = Found(page)
    assert len(found.of("img")) == 2
    assert {"a.tif", "b.png"} < {attributes["href"] for attributes in found.of("a")}
