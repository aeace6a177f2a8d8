"""File formats: those that can be read and written in color, and advice for all others.

This is the only module that adds decoders to Pillow's process-wide list. It does so once, before the first photo.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from colorizer.errors import MissingPackage
from colorizer.files import is_file
from colorizer.photos.deep import RAW, RAW_ENDINGS, RawFile
from colorizer.photos.tiff import SCAN, ScanFile, accepts

_READ = (
    "AVIF", "BMP", "DIB", "GIF", "HEIF", "JPEG", "JPEG2000", "PCX", "PNG", "PPM", "PSD", "QOI", "SGI", "TGA", "WEBP",
)  # fmt: skip
"""Formats of photographs that can be opened. Pillow supports more, among them EPS, for which it would run a PostScript
interpreter on the content of the file.
"""
_IN_COLOUR = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF")
_SAME = {"MPO": "JPEG"}
"""Formats that are written as another. An MPO, which phones use for several pictures in one file, consists of JPEGs."""


@cache
def read_formats() -> tuple[str, ...]:
    """Return Pillow's names of the formats that can be read here, in the order they are tried.

    Raises:
        MissingPackage: The decoder of HEIC is not installed.
    """
    try:
        import pillow_heif
    except ImportError as error:
        raise MissingPackage("pillow-heif") from error

    Image.init()
    pillow_heif.register_heif_opener()
    Image.register_open(RAW, RawFile)
    Image.register_extensions(RAW, list(RAW_ENDINGS))
    Image.register_open(SCAN, ScanFile, accepts)
    # Raw photos come first: many of them are also TIFFs of a small preview.
    return (RAW, SCAN, *(name for name in _READ if name in Image.OPEN))


def named_format(name: str) -> str | None:
    """Return the format of a file name's ending, or None for an unknown ending."""
    read_formats()
    return Image.registered_extensions().get(Path(name).suffix.lower())


def writing_format(name: str, form: str) -> str | None:
    """Return the format in which a photo is written, or None if its format cannot be written in color.

    Args:
        name: The name of the photo.
        form: The format of the photo, Pillow's name, for a name without a known ending.
    """
    asked = named_format(name) or form
    asked = _SAME.get(asked, asked)
    return asked if asked in _IN_COLOUR or (asked == "HEIF" and _heif_can_be_written()) else None


def other_ending(name: str, form: str) -> str:
    """Return the ending to append to a name for which `writing_format` returns None.

    A phone's HEIC becomes JPEG; all others become PNG, which is lossless.
    """
    return ".jpg" if (named_format(name) or form) == "HEIF" else ".png"


@cache
def _heif_can_be_written() -> bool:
    import pillow_heif

    return bool(pillow_heif.libheif_info()["HEIF"])


UNKNOWN = "not a photo, or a photo in an unknown format"
_HEAD_BYTES = 4096


@dataclass(frozen=True)
class Kind:
    """A kind of file that cannot be read as a photo."""

    one: str
    """Singular, such as "a PDF file"."""
    several: str
    """Plural, such as "PDF files"."""
    way_out: str
    """Advice, or why nothing can be done, as the end of a sentence."""
    is_picture: bool = False
    """Whether other programs display it as a picture."""

    @property
    def sentence(self) -> str:
        """Kind and advice, as the end of a sentence about a file."""
        if self.is_picture:
            return f"{self.one}, which is not a supported format; {self.way_out}"
        return f"not a photo but {self.one}; {self.way_out}"


def _picture(name: str, article: str = "a") -> Kind:
    return Kind(f"{article} {name} picture", f"{name} pictures", "save it as PNG, TIFF or JPEG", is_picture=True)


_PICTURES_INSIDE = "save the pictures inside as photos"
_DRAWING = "export the parts you want to colorize as PNG"
PDF = Kind("a PDF file", "PDF files", "save the pages as photos")
SVG = Kind("an SVG drawing", "SVG drawings", _DRAWING)
POSTSCRIPT = Kind("a PostScript file", "PostScript files", _DRAWING)
PROJECT = Kind("a project of a drawing program", "projects of drawing programs", _DRAWING)
WORD = Kind("a Word or text document", "Word or text documents", _PICTURES_INSIDE)
SPREADSHEET = Kind("a spreadsheet", "spreadsheets", _PICTURES_INSIDE)
PRESENTATION = Kind("a presentation", "presentations", _PICTURES_INSIDE)
WEB_PAGE = Kind("a web page", "web pages", _PICTURES_INSIDE)
VIDEO = Kind("a film", "films", "use the film command")
SOUND = Kind("a sound file", "sound files", "there is no picture to colorize")
ARCHIVE = Kind("an archive", "archives", "unpack the contents first")
SYSTEM = Kind("a system file", "system files", "you can ignore this")
SHORTCUT = Kind("a shortcut", "shortcuts", "choose the photo itself")
PROGRAM = Kind("a program", "programs", "there is no picture to colorize")
EMPTY = Kind("an empty file", "empty files", "copy the photo again")
TEXT = Kind("a text file", "text files", "there is no picture to colorize")

JPEG_XL, JPEG_XR, JPEG_LS = _picture("JPEG XL"), _picture("JPEG XR"), _picture("JPEG-LS")
DJVU, DICOM, FITS, OPEN_EXR = _picture("DjVu"), _picture("DICOM"), _picture("FITS"), _picture("OpenEXR", "an")
RADIANCE, BPG, ICON, METAFILE = (
    _picture("Radiance HDR"),
    _picture("BPG"),
    _picture("ICO", "an"),
    _picture("Windows metafile"),
)
DDS, CINEON, FLIF, BIG_PSD = _picture("DDS"), _picture("DPX"), _picture("FLIF"), _picture("PSB")
AVIF, HEIC, JPEG_2000, WEBP = _picture("AVIF", "an"), _picture("HEIC"), _picture("JPEG 2000"), _picture("WebP")

_SYSTEM_NAMES = (
    "desktop.ini",
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "picasa.ini",
    "icon\r",
    "autorun.inf",
    ".ds_store",
    ".localized",
)
_SHORTCUT_ENDINGS = (".lnk", ".url", ".webloc", ".desktop")
_STARTS = (
    (b"%PDF-", PDF),
    (b"%!PS", POSTSCRIPT),
    (b"\xff\x0a", JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", JPEG_XL),
    (b"II\xbc\x01", JPEG_XR),
    (b"\xff\xd8\xff\xf7", JPEG_LS),
    (b"AT&TFORM", DJVU),
    (b"SIMPLE  = ", FITS),
    (b"v/1\x01", OPEN_EXR),
    (b"#?RADIANCE", RADIANCE),
    (b"#?RGBE", RADIANCE),
    (b"BPG\xfb", BPG),
    (b"FLIF", FLIF),
    (b"DDS ", DDS),
    (b"SDPX", CINEON),
    (b"XPDS", CINEON),
    (b"8BPS\0\x02", BIG_PSD),
    (b"\0\0\x01\0", ICON),
    (b"\xd7\xcd\xc6\x9a", METAFILE),
    (b"\x01\0\0\0l\0\0\0", METAFILE),
    (b"\xc5\xd0\xd3\xc6", POSTSCRIPT),  # EPS with a preview
    (b"gimp xcf", PROJECT),
    (b"{\\rtf", WORD),
    (b"\x1aE\xdf\xa3", VIDEO),  # Matroska, WebM
    (b"0&\xb2u\x8ef\xcf\x11", VIDEO),  # Windows Media
    (b"FLV\x01", VIDEO),
    (b"\0\0\x01\xba", VIDEO),  # MPEG
    (b"\0\0\x01\xb3", VIDEO),
    (b"nut/multimedia container", VIDEO),
    (b"YUV4MPEG2 ", VIDEO),
    (b".RMF", VIDEO),  # RealMedia
    (b"\x06\x0e\x2b\x34", VIDEO),  # MXF
    (b"ID3", SOUND),
    (b"\xff\xfb", SOUND),  # MP3
    (b"fLaC", SOUND),
    (b"OggS", SOUND),
    (b"MThd", SOUND),
    (b"PK\x03\x04", ARCHIVE),
    (b"PK\x05\x06", ARCHIVE),
    (b"Rar!\x1a\x07", ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", ARCHIVE),
    (b"\x1f\x8b", ARCHIVE),
    (b"BZh", ARCHIVE),
    (b"\xfd7zXZ\0", ARCHIVE),
    (b"\x7fELF", PROGRAM),
    (b"MZ\x90\0", PROGRAM),
    (b"L\0\0\0\x01\x14\x02\0", SHORTCUT),
)
"""Signatures at the beginning of files; https://www.garykessler.net/library/file_sigs.html"""
_IN_OFFICE_FILES = (
    ("word/", WORD),
    ("xl/", SPREADSHEET),
    ("ppt/", PRESENTATION),
    ("application/vnd.oasis.opendocument.text", WORD),
    ("application/vnd.oasis.opendocument.spreadsheet", SPREADSHEET),
    ("application/vnd.oasis.opendocument.presentation", PRESENTATION),
)
"""Folders in Office Open XML files, and the media types of OpenDocument."""
_OLD_OFFICE_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLD_OFFICE = {".doc": WORD, ".xls": SPREADSHEET, ".ppt": PRESENTATION, ".db": SYSTEM}
_PHOTO_STARTS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"8BPS", b"\0\0\0\x0cjP  ",
    b"\xffO\xffQ", b"qoif",
)  # fmt: skip
_PHOTO_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), ("HEIF", HEIC)),
    **dict.fromkeys((b"avif", b"avis"), ("AVIF", AVIF)),
}
"""Brands of photos in ISO base media files: Pillow's name of the format, and the kind to report if Pillow cannot read
it.
"""
_SOMETIMES_READ = ((b"\0\0\0\x0cjP  ", "JPEG2000", JPEG_2000), (b"\xffO\xffQ", "JPEG2000", JPEG_2000))
_DICOM_START = 128
_JPEG_START, _START_OF_SCAN, _MOST_SEGMENTS = b"\xff\xd8\xff", 0xDA, 1000
_FRAME_HEADERS = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SOUND_BRANDS = (b"M4A ", b"M4B ")
_CONTROLS_OF_TEXT = b"\t\n\r\f\x1b"


def is_system_file(name: str) -> bool:
    """Return whether an operating system or a photo manager wrote a file of this name for itself."""
    return name.lower() in _SYSTEM_NAMES or name.startswith("._")


def kind_of(path: Path) -> Kind | None:
    """Return the kind of a file that cannot be read as a photo.

    None for an unknown kind, a photo, or anything but a regular file.
    """
    try:
        if not is_file(path):
            return None
        with path.open("rb") as file:
            return _kind(file, path.name)
    except OSError:
        return None


def described(file: BinaryIO, name: str) -> str:
    """Describe an open file that cannot be read as a photo; `name` may be empty."""
    file.seek(0)
    kind = _kind(file, name)
    if kind is not None:
        return kind.sentence
    file.seek(0)
    is_begun = _is_photo_begun(file.read(_HEAD_BYTES))
    return "damaged from the start" if is_begun else UNKNOWN


def _kind(file: BinaryIO, name: str) -> Kind | None:
    head = file.read(_HEAD_BYTES)
    if is_system_file(name):
        return SYSTEM
    if not head:
        return EMPTY
    if (picture := _unread_picture(head) or _deep_picture(file, head)) is not None:
        return picture
    if _is_photo_begun(head):
        return None
    kind = _by_signature(head, name.lower()) or _by_text(head, name.lower())
    return _by_members(file) if kind is ARCHIVE and head.startswith(b"PK") else kind


def _unread_picture(head: bytes) -> Kind | None:
    """Return the kind of a picture that cannot be read at all or by this installation."""
    for start, kind in _STARTS:
        if kind.is_picture and head.startswith(start):
            return kind
    if head[_DICOM_START : _DICOM_START + 4] == b"DICM":
        return DICOM
    form, found = "", None
    if head[4:8] == b"ftyp":
        form, found = _PHOTO_BRANDS.get(head[8:12], (form, found))
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        form, found = "WEBP", WEBP
    for start, name, unread in _SOMETIMES_READ:
        if head.startswith(start):
            form, found = name, unread
    return None if form in read_formats() else found


def _deep_picture(file: BinaryIO, head: bytes) -> Kind | None:
    """Return the kind of a JPEG or PSD of more than 8 bits; with 8 bits, these formats can be read."""
    bits = 8
    if head.startswith(b"8BPS\0\x01"):
        bits = int.from_bytes(head[22:24], "big")
    elif head.startswith(_JPEG_START):
        bits = _jpeg_bits(file)
    name = "JPEG" if head.startswith(_JPEG_START) else "PSD"
    return _picture(f"{bits}-bit {name}") if 8 < bits <= 32 else None


def _jpeg_bits(file: BinaryIO) -> int:
    """Return the bits per sample of a JPEG, from its frame header (ITU-T T.81, B.2.2); 8 without a frame header."""
    position = 2
    for _ in range(_MOST_SEGMENTS):
        file.seek(position)
        segment = file.read(5)
        if len(segment) < 5 or segment[0] != 0xFF or segment[1] == _START_OF_SCAN:
            break
        if segment[1] in _FRAME_HEADERS:
            return segment[4]
        position += 2 + int.from_bytes(segment[2:4], "big")
    return 8


def _is_photo_begun(head: bytes) -> bool:
    return (
        head.startswith(_PHOTO_STARTS)
        or (head[4:8] == b"ftyp" and head[8:12] in _PHOTO_BRANDS)
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
    )


def _by_signature(head: bytes, name: str) -> Kind | None:
    kind = next((kind for start, kind in _STARTS if head.startswith(start)), None)
    if name.endswith(_SHORTCUT_ENDINGS):
        kind = SHORTCUT
    elif head.startswith(_OLD_OFFICE_START):
        kind = _OLD_OFFICE.get(Path(name).suffix)
    elif head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        kind = SOUND if head[8:12] in _SOUND_BRANDS else VIDEO
    elif head[:4] == b"RIFF":
        kind = {b"AVI ": VIDEO, b"WAVE": SOUND}.get(head[8:12])
    elif (head[:4] == b"OggS" and b"\x80theora" in head) or head[0:1] == head[188:189] == head[376:377] == b"G":
        kind = VIDEO  # the second condition: MPEG transport streams
    elif head[257:262] == b"ustar":
        kind = ARCHIVE
    return kind


def _by_text(head: bytes, name: str) -> Kind | None:
    text = _as_text(head)
    if text is None:
        return None
    beginning = text.lstrip("\ufeff \t\r\n")[:1024].lower()
    if "<svg" in beginning:
        return SVG
    if beginning.startswith(("<!doctype html", "<html")):
        return WEB_PAGE
    return SPREADSHEET if name.endswith((".csv", ".tsv")) else TEXT


def _as_text(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    if any(byte < 32 and byte not in _CONTROLS_OF_TEXT for byte in head):
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be incomplete; Latin-1 text is mostly ASCII.
        if error.start >= len(head) - 3 or sum(byte >= 128 for byte in head) < len(head) / 5:
            return head.decode("latin-1")
        return None


def _by_members(file: BinaryIO) -> Kind:
    try:
        with zipfile.ZipFile(file) as opened:
            names = opened.namelist()
            if "mimetype" in names and opened.getinfo("mimetype").file_size < 200:
                names = [opened.read("mimetype").decode("ascii", "replace")]
    except Exception:  # a broken zip is still an archive
        return ARCHIVE
    return next((kind for part, kind in _IN_OFFICE_FILES if any(name.startswith(part) for name in names)), ARCHIVE)
