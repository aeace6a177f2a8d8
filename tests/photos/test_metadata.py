"""What a file says of its photo, before and after: captions, camera, place, ratings, comments and its date."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from colorizer.photos.metadata import NO_METADATA
from colorizer.photos.photo import Picture
from colorizer.photos.reading import read_photo
from colorizer.photos.writing import write_pages, write_photo

XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf='
    b'"http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" tiff:Orientation="6" '
    b'dc:source="Album 3"/></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
)
UPRIGHT_XMP = XMP.replace(b'tiff:Orientation="6"', b'tiff:Orientation="1"')
IPTC = b"\x1c\x02\x05\x00\x07Wedding\x1c\x02\x78\x00\x0dLina and Karl\x1c\x02\x19\x00\x06Family"
TITLE = "Wedding".encode("utf-16-le") + b"\0\0"


def exif() -> Image.Exif:
    """EXIF of a camera that lay on its side, with a thumbnail's worth of what is no longer true."""
    whole = Image.Exif()
    whole[0x010E], whole[0x010F], whole[0x0110], whole[0x0112] = "Lina and Karl", "Kodak", "Retina", 6
    whole[0x0131], whole[0x0132], whole[0x013B], whole[0x8298] = "Scanner 2", "1931:05:01 12:00:00", "Karl", "Archive"
    whole[0x0100], whole[0x0101], whole[0x010D], whole[0x013C] = 99, 98, "Album 3", "desk"
    whole[0x9C9B], whole[0x9C9E], whole[0x4746], whole[0x4749] = TITLE, "Family;1931".encode("utf-16-le"), 5, 99
    whole.get_ifd(0x8769).update(
        {
            0x9003: "1931:05:01 12:00:00",
            0x829A: 0.008,
            0x829D: 2.8,
            0x8827: 100,
            0xA002: 48,
            0xA003: 64,
            0xA434: "Elmar",
        }
    )
    whole.get_ifd(0x8825).update({1: "N", 2: (48.0, 12.0, 30.0), 3: "E", 4: (16.0, 22.0, 0.0)})
    return whole


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif(), xmp=XMP, comment="Album 3, page 7", dpi=(300, 300))
    resource = b"8BIM" + struct.pack(">HHI", 0x0404, 0, len(IPTC)) + IPTC + bytes(len(IPTC) % 2)
    thumbnail = b"8BIM" + struct.pack(">HHI", 0x040C, 0, 4) + b"gray"
    said = b"Photoshop 3.0\0" + thumbnail + resource
    segments = struct.pack(">HH", 0xFFED, 2 + len(said)) + said + struct.pack(">HH", 0xFFFE, 8) + b"second"
    return file.getvalue()[:2] + segments + file.getvalue()[2:]


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG", exif=exif())
    chunks = [
        (b"tEXt", b"Title\0Wedding"),
        (b"tEXt", b"Title\0of 1931"),
        (b"zTXt", b"Description\0\0" + zlib.compress(b"Lina and Karl")),
        (b"iTXt", b"Author\0\0\0de\0Autor\0" + "Jürgen".encode()),
        (b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + XMP),
    ]
    made = b"".join(
        struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )
    return file.getvalue()[:33] + made + file.getvalue()[33:]


def tiff(image: Image.Image, deep: bool) -> bytes:
    file = io.BytesIO()
    levels = np.asarray(image)
    tags = [
        (274, "H", 1, 6, True),
        (700, "B", len(XMP), XMP, True),
        (33723, "I", -(-len(IPTC) // 4), np.frombuffer(IPTC + bytes(-len(IPTC) % 4), "<u4").tolist(), True),
        (0x010E, "s", 0, "Lina and Karl", True),
        (0x010F, "s", 0, "Kodak", True),
        (0x4746, "H", 1, 5, True),
    ]
    tifffile.imwrite(file, levels.astype(np.uint16) * 257 if deep else levels, extratags=tags, metadata=None)
    return file.getvalue()


def other(image: Image.Image, form: str) -> bytes:
    file = io.BytesIO()
    upright = exif()
    del upright[0x0112]  # libheif turns a photo itself
    image.save(file, form, exif=upright, xmp=UPRIGHT_XMP)
    return file.getvalue()


@pytest.fixture
def gray(camera) -> Image.Image:
    return Image.fromarray(camera[100:164, 200:248])


def rewritten(tmp_path, name: str, content: bytes, deep: bool = False):
    """Write a photo in colour, and return it as it was read before and after, and the path of the second."""
    before = tmp_path / name
    before.write_bytes(content)
    os.utime(before, ns=(1_000_000_000_000_000_123, 1_000_000_000_000_000_123))
    original = read_photo(before)
    rgb = original.rgb()
    after = tmp_path / f"colour-{name}"
    write_photo(after, Picture(rgb, np.asarray(rgb).astype(np.uint16) * 257 if deep else None), original)
    return original, read_photo(after), after


def tags_of(path) -> dict:
    with Image.open(path) as image:
        found = image.getexif()
        return dict(found) | {0x8769: found.get_ifd(0x8769), 0x8825: found.get_ifd(0x8825)}


def assert_true_exif(path, whole: Image.Exif) -> None:
    """Everything is as it was, but for the orientation and the size of what was stored."""
    found = tags_of(path)
    for tag, value in whole.items():
        if tag not in (0x0100, 0x0101, 0x0112, 0x8769, 0x8825):
            assert found[tag] == value, hex(tag)
    assert found.get(0x0112, 1) == 1
    assert found.get(0x0100) != 99
    for tag, value in whole.get_ifd(0x8769).items():
        assert found[0x8769][tag] == pytest.approx(value) if isinstance(value, float) else found[0x8769][tag]
    assert found[0x8769][0x9003] == "1931:05:01 12:00:00"
    assert found[0x8769][0xA434] == "Elmar"
    assert [float(part) for part in found[0x8825][2]] == [48, 12, 30]
    with Image.open(path) as image:
        assert (found[0x8769][0xA002], found[0x8769][0xA003]) == image.size


def test_a_jpeg_keeps_all_it_says(tmp_path, gray):
    original, again, path = rewritten(tmp_path, "a.jpg", jpeg(gray))
    assert again.metadata == original.metadata
    assert again.metadata.xmp == UPRIGHT_XMP
    assert again.metadata.iptc == IPTC
    assert sorted(again.metadata.comments) == [b"Album 3, page 7", b"second"]
    assert_true_exif(path, exif())
    with Image.open(path) as image:
        assert image.info["photoshop"].keys() == {0x0404}  # without the gray thumbnail
        assert image.size == gray.size[::-1]
    assert again.resolution == (300, 300)


@pytest.mark.parametrize("deep", [False, True])
def test_a_png_keeps_all_it_says(tmp_path, gray, deep):
    original, again, path = rewritten(tmp_path, "a.png", png(gray), deep)
    assert again.metadata == original.metadata
    assert [content for _, content in again.metadata.texts[:2]] == [b"Title\0Wedding", b"Title\0of 1931"]
    assert again.metadata.xmp == UPRIGHT_XMP
    assert_true_exif(path, exif())
    with Image.open(path) as image:
        assert image.text["Description"] == "Lina and Karl"
        assert (image.text["Author"], image.text["Author"].lang) == ("Jürgen", "de")


@pytest.mark.parametrize("deep", [False, True])
def test_a_tiff_keeps_all_it_says(tmp_path, gray, deep):
    original, again, path = rewritten(tmp_path, "a.tif", tiff(gray, deep), deep)
    assert again.metadata == original.metadata
    assert again.metadata.xmp == UPRIGHT_XMP
    assert again.metadata.iptc.rstrip(b"\0") == IPTC
    found = tags_of(path)
    assert (found[0x010E], found[0x010F], found[0x4746]) == ("Lina and Karl", "Kodak", 5)
    with tifffile.TiffFile(path) as opened:
        assert len(opened.pages) == 1
        assert opened.pages[0].tags[700].value == UPRIGHT_XMP
        assert opened.pages[0].shape == (48, 64, 3)


@pytest.mark.parametrize("deep", [False, True])
def test_a_tiff_has_the_exposure_and_the_place(tmp_path, gray, deep):
    (tmp_path / "a.jpg").write_bytes(jpeg(gray))
    original = read_photo(tmp_path / "a.jpg")
    rgb = original.rgb()
    write_photo(tmp_path / "b.tif", Picture(rgb, np.asarray(rgb).astype(np.uint16) if deep else None), original)
    assert_true_exif(tmp_path / "b.tif", exif())


@pytest.mark.parametrize(("name", "form"), [("a.webp", "WEBP"), ("a.heic", "HEIF")])
def test_a_webp_and_a_heic_keep_all_they_say(tmp_path, gray, name, form):
    original, again, path = rewritten(tmp_path, name, other(gray, form))
    assert again.metadata == original.metadata
    assert again.metadata.xmp.rstrip(b"\0") == UPRIGHT_XMP
    assert_true_exif(path, exif())


def test_a_gif_keeps_its_comment(tmp_path, gray):
    gray.save(tmp_path / "a.gif", comment=b"Album 3")
    _, again, _ = rewritten(tmp_path, "a.gif", (tmp_path / "a.gif").read_bytes())
    assert again.metadata.comments == (b"Album 3",)


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp", "a.heic"])
def test_what_a_jpeg_says_goes_into_the_other_formats(tmp_path, gray, name):
    _, again, path = rewritten(tmp_path, name, jpeg(gray))
    assert again.metadata.xmp.rstrip(b"\0") == UPRIGHT_XMP
    assert_true_exif(path, exif())
    if name == "a.tif":
        assert again.metadata.iptc == IPTC
    if name == "a.png":
        with Image.open(path) as image:
            assert bytes.fromhex(image.text["Raw profile type iptc"].split("\n", 3)[3]) == IPTC


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp", "a.heic", "a.bmp", "a.gif"])
def test_the_date_of_the_file_is_kept(tmp_path, gray, name):
    gray.save(tmp_path / name)
    original, _, path = rewritten(tmp_path, name, (tmp_path / name).read_bytes())
    assert path.stat().st_mtime_ns == original.modified == 1_000_000_000_000_000_123


def test_pages_keep_what_each_says_when_they_are_joined(tmp_path, gray):
    (tmp_path / "a.jpg").write_bytes(jpeg(gray))
    os.utime(tmp_path / "a.jpg", ns=(5_000_000_000, 5_000_000_000))
    original = read_photo(tmp_path / "a.jpg")
    pages = [tmp_path / f"{number}.tif" for number in range(3)]
    for page in pages:
        write_photo(page, Picture(original.rgb()), original)
    write_pages(tmp_path / "joined.tif", pages)
    assert (tmp_path / "joined.tif").stat().st_mtime_ns == 5_000_000_000
    with Image.open(tmp_path / "joined.tif") as image:
        assert image.n_frames == 3
        for number in range(3):
            image.seek(number)
            found = image.getexif()
            assert (found[0x010F], found[0x4746]) == ("Kodak", 5)
            assert found.get_ifd(0x8769)[0xA434] == "Elmar"
            assert [float(part) for part in found.get_ifd(0x8825)[2]] == [48, 12, 30]
            assert image.tag_v2[33723] == IPTC
            assert np.array_equal(np.asarray(image), np.asarray(original.rgb()))


def test_xmp_of_many_segments_is_kept(tmp_path, gray):
    content = jpeg(gray)
    parts = [b"http://ns.adobe.com/xmp/extension/\0" + b"A" * 32 + bytes(8) + bytes([n]) * 60_000 for n in (1, 2)]
    segments = b"".join(struct.pack(">HH", 0xFFE1, 2 + len(part)) + part for part in parts)
    original, again, _ = rewritten(tmp_path, "a.jpg", content[:2] + segments + content[2:])
    assert again.metadata.long_xmp == original.metadata.long_xmp == tuple(parts)


def test_iptc_longer_than_a_segment_is_written_and_read_in_a_tiff(tmp_path, gray):
    long = IPTC + b"\x1c\x02\x78\x80\x04" + struct.pack(">I", 90_000) + b"x" * 90_000
    tifffile.imwrite(tmp_path / "a.tif", np.asarray(gray), extratags=[(33723, "B", len(long), long, True)])
    _, again, _ = rewritten(tmp_path, "b.tif", (tmp_path / "a.tif").read_bytes())
    assert again.metadata.iptc == long


def test_hostile_metadata_costs_neither_the_photo_nor_memory(tmp_path, gray):
    whole = png(gray)
    bomb = (b"zTXt", b"Bomb\0\0" + zlib.compress(bytes(900_000)))
    long = [(b"tEXt", b"Long\0" + b"x" * 6_000_000)] * 3
    for chunks, kept in ([bomb], 5), (long, 6):
        made = b"".join(
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
            for name, content in chunks
        )
        (tmp_path / "a.png").write_bytes(whole[:-12] + made + whole[-12:])
        original = read_photo(tmp_path / "a.png")
        assert len(original.metadata.texts) == kept
        write_photo(tmp_path / "b.png", Picture(original.rgb()), original)
        assert read_photo(tmp_path / "b.png").metadata == original.metadata
    gray.save(tmp_path / "a.tif", tiffinfo={0x010F: "Kodak", 0x9C9B: b"x" * 200_000, 700: b"x" * 20_000_000})
    original = read_photo(tmp_path / "a.tif")
    assert original.metadata == NO_METADATA
    write_photo(tmp_path / "a.jpg", Picture(original.rgb()), original)
    assert tags_of(tmp_path / "a.jpg")[0x010F] == "Kodak"
    assert 0x9C9B not in tags_of(tmp_path / "a.jpg")
