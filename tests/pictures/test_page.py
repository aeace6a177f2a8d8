import base64
import io
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from PIL import Image

from colorizer.pictures.page import save_page, small_copy


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


@pytest.mark.parametrize("name", ["a.jpg", "שלום & <b>.jpg", "100% #1?.jpg", 'sub/quote".jpg', "bad\udcff.jpg"])
def test_every_photo_is_there_before_and_after_and_its_file_is_found(tmp_path, name):
    page = Found(save_page(tmp_path / "index.html", "Run", {name: tmp_path / name}))
    pictures = page.of("img")
    assert len(pictures) == 2
    assert all(picture["loading"] == "lazy" for picture in pictures)
    assert [picture.get("class") for picture in pictures] == [None, "before"]
    assert unquote_to_bytes(pictures[0]["src"]) == name.encode("utf-8", "surrogateescape")
    assert page.of("b") == []
    assert name.encode("utf-8", "replace").decode() in page.text


def test_failures_are_named_and_what_they_say_is_text(tmp_path):
    page = Found(save_page(tmp_path / "index.html", "Run", {}, ["Cannot read <script>alert(1)</script>.jpg: damaged."]))
    assert "Cannot read <script>alert(1)</script>.jpg: damaged." in page.text
    assert len(page.of("script")) == 1


def test_what_browsers_do_not_show_is_there_as_a_small_copy(tmp_path):
    copy = small_copy(Image.new("RGB", (320, 200), "teal"))
    pictures = {"a.tif": tmp_path / "a.tif", "b.tif": tmp_path / "b.tif"}
    page = Found(save_page(tmp_path / "index.html", "Run", pictures, copies={"a.tif": copy}))
    assert [picture["src"] for picture in page.of("img")] == [copy, copy]
    assert {link["href"] for link in page.of("a")} == {"a.tif", "b.tif"}
    with Image.open(io.BytesIO(base64.b64decode(copy.partition(",")[2]))) as shown:
        assert shown.size == (320, 200)


def test_the_page_asks_for_nothing_from_elsewhere(tmp_path):
    page = save_page(tmp_path / "index.html", "Run", {"a.tif": tmp_path / "a.tif", "b.png": tmp_path / "b.png"})
    text = page.read_text(encoding="utf-8")
    assert "http:" not in text
    assert "https:" not in text.replace("default-src", "")
    found = Found(page)
    assert len(found.of("img")) == 2  # a TIFF is linked, not shown
    assert {attributes["href"] for attributes in found.of("a")} == {"a.tif", "b.png"}
