"""Raw photos of cameras (DNG, CR2, NEF and others), developed by LibRaw if the package rawpy is installed."""

from __future__ import annotations

from contextlib import suppress

from PIL import Image, ImageFile

from colorizer.photos.exif import kept_tags

RAW = "RAW"
RAW_ENDINGS = (
    ".3fr", ".arw", ".cr2", ".cr3", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos", ".mrw", ".nef",
    ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
)  # fmt: skip
_TIFF_STARTS = (b"II*\0", b"MM\0*")
_RAW_STARTS = (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM")
"""Signatures of Fuji, Olympus, Panasonic, Sigma and Minolta; https://exiftool.org/TagNames/ and LibRaw's `identify`."""
_HEAD_BYTES = 16


class NoRawDecoder(Exception):
    """The package that develops raw photos is not installed."""


def is_raw(head: bytes, name: str) -> bool:
    """Return whether a file is a raw photo.

    The signature decides. A TIFF, whose signature raw photos may share, is recognized by the ending of its name.

    Args:
        head: The first 16 bytes of the file.
        name: The name of the file.
    """
    if head.startswith(_RAW_STARTS) or head[4:12] == b"ftypcrx ":
        return True
    return head.startswith(_TIFF_STARTS) and (head[8:10] == b"CR" or name.lower().endswith(RAW_ENDINGS))


class RawFile(ImageFile.ImageFile):
    """A raw photo for Pillow: opening it reads the size, loading it the pixels (RGB, sRGB, upright)."""

    format = RAW
    format_description = "camera raw"

    def _open(self) -> None:
        head = self.fp.read(_HEAD_BYTES)
        if not is_raw(head, str(self.filename or "")):
            raise SyntaxError("not a raw photo")  # tells Pillow to try the next decoder
        try:
            import rawpy
        except ImportError as error:
            raise NoRawDecoder from error
        if head.startswith(_TIFF_STARTS):
            self._keep_exif()
        self.fp.seek(0)
        self._raw = rawpy.imread(self.fp)
        sizes = self._raw.sizes
        lies_on_its_side = sizes.flip in (5, 6)
        self._size = (sizes.height, sizes.width) if lies_on_its_side else (sizes.width, sizes.height)
        self._mode = "RGB"

    def _keep_exif(self) -> None:
        """Keep the EXIF of a raw TIFF, without its orientation: the developed photo is upright."""
        exif = Image.Exif()
        with suppress(Exception):  # EXIF that cannot be parsed is dropped; the pixels are fine
            self.fp.seek(0)
            exif.load_from_fp(self.fp)
            self.info["exif"] = kept_tags(exif) or b""

    def load(self) -> Image.core.PixelAccess | None:
        if self._raw is not None:
            with self._raw as raw:
                self._raw = None
                developed = Image.fromarray(raw.postprocess(use_camera_wb=True))
            self._size, self.im = developed.size, developed.im
        return super().load()
