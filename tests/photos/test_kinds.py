import zipfile

import pytest
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.photos import formats
from colorizer.photos.formats import kind_of, read_formats
from colorizer.photos.reading import examine
from tests.conftest import SHIPPED

OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
FILES = [
    ("letter.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", formats.PDF),
    ("logo.svg", b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', formats.SVG),
    ("drawing.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n", formats.POSTSCRIPT),
    ("notes.txt", "where these came from: Zürich".encode(), formats.TEXT),
    ("notes.txt", "Grüße aus Köln, Gedächtnis".encode("latin-1"), formats.TEXT),
    ("notes.txt", "from Windows".encode("utf-16"), formats.TEXT),
    ("photo.jpg", b"a letter", formats.TEXT),
    ("desktop.ini", b"[.ShellClassInfo]\r\n", formats.SYSTEM),
    ("Thumbs.db", OLD_OFFICE, formats.SYSTEM),
    ("letter.doc", OLD_OFFICE, formats.WORD),
    ("table.xls", OLD_OFFICE, formats.SPREADSHEET),
    ("table.csv", b"name,year\nanna,1951\n", formats.SPREADSHEET),
    ("page.html", b"<!DOCTYPE html><html></html>", formats.WEB_PAGE),
    ("clip.mp4", b"\0\0\0\x18ftypmp42" + bytes(100), formats.VIDEO),
    ("IMG_1.MOV", b"\0\0\0\x14ftypqt  " + bytes(100), formats.VIDEO),
    ("clip.avi", b"RIFF\0\0\0\0AVI LIST", formats.VIDEO),
    ("song.mp3", b"ID3\x03" + bytes(50), formats.SOUND),
    ("old.rar", b"Rar!\x1a\x07\x01\0", formats.ARCHIVE),
    ("photo.lnk", b"L\0\0\0\x01\x14\x02\0" + bytes(60), formats.SHORTCUT),
    ("setup.exe", b"MZ\x90\0" + bytes(100), formats.PROGRAM),
    ("lost.jpg", b"", formats.EMPTY),
]


@pytest.mark.parametrize(("name", "content", "kind"), FILES)
def test_a_file_that_is_no_photo_is_named_as_what_it_is_with_the_way_out(tmp_path, name, content, kind):
    path = tmp_path / name
    path.write_bytes(content)
    assert kind_of(path) is kind
    with pytest.raises(ColorizeError) as raised:
        examine(path)
    assert str(raised.value) == f"Cannot read {path}: not a photo but {kind.one}; {kind.way_out}."


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"\xff\x0a" + bytes(30), "a JPEG XL picture"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20), "a JPEG XL picture"),
        (b"II\xbc\x01" + bytes(30), "a JPEG XR picture"),
        (b"\xff\xd8\xff\xf7" + bytes(30), "a JPEG-LS picture"),
        (bytes(128) + b"DICM" + bytes(30), "a DICOM picture"),
        (b"SIMPLE  =                    T", "a FITS picture"),
        (b"v/1\x01" + bytes(30), "an OpenEXR picture"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n", "a Radiance HDR picture"),
        (b"AT&TFORM\0\0\0\0DJVU", "a DjVu picture"),
        (b"\0\0\x01\0\x01\0" + bytes(30), "an ICO picture"),
        (b"8BPS\0\x02" + bytes(30), "a PSB picture"),
    ],
)
def test_a_picture_of_an_unsupported_format_is_named(tmp_path, content, named):
    (tmp_path / "photo.jpg").write_bytes(content)
    assert kind_of(tmp_path / "photo.jpg").one == named
    with pytest.raises(ColorizeError) as raised:
        examine(tmp_path / "photo.jpg")
    assert str(raised.value).endswith(f": {named}, which is not a supported format; save it as PNG, TIFF or JPEG.")


def test_jpegs_and_psds_of_more_bits_are_named_and_not_called_damaged(tmp_path, camera):
    Image.fromarray(camera).save(tmp_path / "a.jpg", comment=b"x" * 10_000)
    content = bytearray((tmp_path / "a.jpg").read_bytes())
    content[content.index(b"\xff\xc0") + 4] = 12
    (tmp_path / "a.jpg").write_bytes(content)
    (tmp_path / "a.psd").write_bytes(b"8BPS\0\1" + bytes(6) + b"\0\3\0\0\0\x08\0\0\0\x08\0\x10\0\3" + bytes(500))
    for name, named in (("a.jpg", "a 12-bit JPEG picture"), ("a.psd", "a 16-bit PSD picture")):
        with pytest.raises(ColorizeError, match=rf"{name}: {named}, which is not a supported format; save it as PNG"):
            examine(tmp_path / name)
        assert kind_of(tmp_path / name).one == named


@pytest.mark.parametrize(("form", "ending"), [("AVIF", "avif"), ("HEIF", "heic"), ("JPEG2000", "jp2")])
def test_a_format_whose_decoder_is_missing_here_is_named(tmp_path, monkeypatch, form, ending):
    path = tmp_path / f"photo.{ending}"
    Image.open(SHIPPED / "astronaut.png").convert("RGB").resize((64, 64)).save(path, form)
    assert kind_of(path) is None
    others = tuple(name for name in read_formats() if name != form)
    monkeypatch.setattr("colorizer.photos.formats.read_formats", lambda: others)
    assert kind_of(path).one.split(" ", 1)[1] in ("AVIF picture", "HEIC picture", "JPEG 2000 picture")


@pytest.mark.parametrize(
    ("name", "member", "kind"),
    [
        ("letter.docx", "word/document.xml", formats.WORD),
        ("table.xlsx", "xl/workbook.xml", formats.SPREADSHEET),
        ("talk.pptx", "ppt/presentation.xml", formats.PRESENTATION),
        ("photos.zip", "photo.jpg", formats.ARCHIVE),
    ],
)
def test_what_is_in_a_zip_tells_office_files_from_archives(tmp_path, name, member, kind):
    with zipfile.ZipFile(tmp_path / name, "w") as opened:
        opened.writestr(member, "x")
    assert kind_of(tmp_path / name) is kind


def test_an_open_document_says_what_it_is(tmp_path):
    with zipfile.ZipFile(tmp_path / "letter.odt", "w") as opened:
        opened.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        opened.writestr("content.xml", "<x/>")
    assert kind_of(tmp_path / "letter.odt") is formats.WORD


def test_photos_whole_or_damaged_are_of_no_other_kind(tmp_path):
    for ending in ("jpg", "png", "tif", "bmp", "webp", "gif", "jp2", "avif", "ppm"):
        path = tmp_path / f"photo.{ending}"
        Image.open(SHIPPED / "astronaut.png").convert("RGB").resize((64, 64)).save(path)
        assert kind_of(path) is None, ending
    (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ColorizeError, match="damaged from the start"):
        examine(tmp_path / "photo.jpg")


def test_what_is_unknown_or_no_file_is_not_guessed_at(tmp_path):
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 4)
    assert kind_of(tmp_path / "bytes") is None
    assert kind_of(tmp_path) is None
    assert kind_of(tmp_path / "nothing") is None
