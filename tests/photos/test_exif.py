import struct

import numpy as np
import pytest
from PIL import Image

from colorizer.photos.color import luma
from colorizer.photos.photo import Picture
from colorizer.photos.reading import read_photo, read_square
from colorizer.photos.writing import write_photo


def test_orientation_is_made_true(tmp_path, astronaut):
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Kodak"
    wide = Image.fromarray(astronaut[:200])
    wide.transpose(Image.Transpose.ROTATE_90).save(turned, exif=exif, quality=95)
    photo = read_photo(turned)
    assert (photo.height, photo.width) == (200, 512)
    assert np.abs(photo.luma() - luma(astronaut[:200]) / 255).mean() < 0.02
    assert np.abs(read_square(turned, 64).astype(int) - np.asarray(wide.resize((64, 64))).astype(int)).mean() < 6
    write_photo(tmp_path / "written.jpg", Picture(photo.image), photo)
    with Image.open(tmp_path / "written.jpg") as written:
        assert written.size == (512, 200)
        assert written.getexif().get(0x0112, 1) == 1
        assert written.getexif()[0x010F] == "Kodak"


@pytest.mark.parametrize("ending", ["jpg", "tif", "png"])
def test_details_of_the_exposure_go_where_the_format_holds_them(tmp_path, ending, astronaut):
    exif = Image.Exif()
    exif[0x010F] = "Kodak"
    exif.get_ifd(0x8769)[0x9003] = "1951:07:14 12:00:00"
    image = Image.fromarray(astronaut)
    image.save(tmp_path / "photo.jpg", exif=exif)
    write_photo(tmp_path / f"written.{ending}", Picture(image), read_photo(tmp_path / "photo.jpg"))
    with Image.open(tmp_path / f"written.{ending}") as written:
        written.load()
        assert written.getexif()[0x010F] == "Kodak"
        if ending != "tif":
            assert written.getexif().get_ifd(0x8769)[0x9003] == "1951:07:14 12:00:00"


_TEXTS = {0x013B: "Jürgen Müller", 0x8298: "© Ærø 1951", 0x010E: "שבת שלום", 0x010F: "Kodak"}


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif"])
def test_text_outside_ascii_keeps_its_bytes(tmp_path, encoding, deep, ending, astronaut, camera):
    texts = {tag: text.encode(encoding, "replace") for tag, text in _TEXTS.items()}
    place, lens = "Zürich".encode(encoding), "Größe".encode(encoding)
    stored = _exif_of(texts, {0x9003: b"1951:07:14 12:00:00", 0xA434: lens}, {0x001D: place})
    image = Image.fromarray(astronaut)
    image.save(tmp_path / "photo.jpg", exif=stored)
    assert all(text in (tmp_path / "photo.jpg").read_bytes() for text in texts.values())
    original = read_photo(tmp_path / "photo.jpg")
    picture = Picture(image, np.asarray(image).astype(np.uint16) * 257 if deep else None)
    write_photo(tmp_path / f"written.{ending}", picture, original)
    with Image.open(tmp_path / f"written.{ending}") as written:
        written.load()
        exif = written.getexif()
        assert {tag: exif[tag].encode("latin-1") for tag in texts} == texts
        if ending != "tif":
            assert exif.get_ifd(0x8769)[0xA434].encode("latin-1") == lens
            assert exif.get_ifd(0x8825)[0x001D].encode("latin-1") == place


def _exif_of(texts: dict[int, bytes], exposure: dict[int, bytes], place: dict[int, bytes]) -> bytes:
    """Make EXIF of texts as their bytes, as cameras write it: CIPA DC-008 (Exif 2.32), 4.5."""
    lists, offset = [(texts, {0x8769: 0, 0x8825: 0}), (exposure, {}), (place, {})], 8
    starts = []
    for values, pointers in lists:
        starts.append(offset)
        count = len(values) + len(pointers)
        offset += 2 + 12 * count + 4 + sum(len(value) + 1 for value in values.values())
    data = b"MM\0*" + struct.pack(">I", 8)
    for (values, pointers), start in zip(lists, starts, strict=True):
        entries, texts_at = b"", start + 2 + 12 * (len(values) + len(pointers)) + 4
        for tag, value in sorted({**values, **pointers}.items()):
            if tag in pointers:
                entries += struct.pack(">HHII", tag, 4, 1, starts[1 if tag == 0x8769 else 2])
            else:
                entries += struct.pack(">HHII", tag, 2, len(value) + 1, texts_at)
                texts_at += len(value) + 1
        data += struct.pack(">H", len(values) + len(pointers)) + entries + bytes(4)
        data += b"".join(value + b"\0" for _, value in sorted(values.items()))
    return b"Exif\0\0" + data
