"""EXIF metadata: which way is up, and what is kept."""

from __future__ import annotations

from PIL import Image

_ORIENTATION_TAG = 0x0112
_KEPT_TAGS = {0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298}
"""Description, maker, model, software, date, artist, copyright; CIPA DC-008 (Exif 2.32), 4.6.4."""
_EXIF_PARTS = {0x8769, 0x8825}
"""Details of the exposure, and the place."""
_EMPTY_EXIF_BYTES = 20
"""The mark "Exif", the header of a TIFF, and a list of no tags."""


class _Text(str):
    """Text of a tag that is written with the bytes it was read with, be they UTF-8 or Latin-1.

    Pillow decodes every text as Latin-1, which loses nothing, but encodes it as ASCII with question marks.
    """

    __slots__ = ()

    def encode(self, encoding: str = "latin-1", errors: str = "strict") -> bytes:
        return super().encode("latin-1")


def orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # a broken EXIF block says nothing about orientation, and the pixels are fine
        return 1


def transposed(image: Image.Image, orientation: int) -> Image.Image:
    """Undo an EXIF orientation; CIPA DC-008 (Exif 2.32), tag 274."""
    steps = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    return image.transpose(steps[orientation]) if orientation in steps else image


def kept_exif(image: Image.Image) -> bytes | None:
    """Return what EXIF says of the picture as a whole: who, when, where, with what.

    What describes the pixels as they were stored (orientation, and in a TIFF its strips, bits and colour model) would
    be false for the written file, and a TIFF with it cannot be opened.
    """
    try:
        return kept_tags(image.getexif())
    except Exception:  # EXIF that cannot be parsed or written again is dropped; the pixels are fine
        return None


def kept_tags(exif: Image.Exif) -> bytes | None:
    """Return EXIF of the tags `kept_exif` keeps; raises whatever Pillow does for EXIF that is broken."""
    kept = Image.Exif()
    for tag in _KEPT_TAGS.intersection(exif):
        kept[tag] = _as_stored(exif[tag])
    for part in _EXIF_PARTS.intersection(exif):
        kept.get_ifd(part).update({tag: _as_stored(value) for tag, value in exif.get_ifd(part).items()})
    return kept.tobytes() if len(kept.tobytes()) > _EMPTY_EXIF_BYTES else None


def flat_exif(exif: bytes) -> Image.Exif:
    """Return EXIF without its parts, which Pillow cannot write into a TIFF."""
    whole, flat = Image.Exif(), Image.Exif()
    whole.load(exif)
    for tag in _KEPT_TAGS.intersection(whole):
        flat[tag] = _as_stored(whole[tag])
    return flat


def _as_stored(value: object) -> object:
    return _Text(value) if isinstance(value, str) else value
