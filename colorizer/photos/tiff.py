"""TIFFs that Pillow reads wrongly or not at all: decoded here, or refused as unsupported.

Tag numbers and meanings: TIFF 6.0, https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import COMPRESSION_INFO, OPEN_INFO, TiffImageFile

from colorizer.photos.deep import ROWS_AT_A_TIME, white_level

SCAN = "SCAN"
"""Pillow's name of this decoder. The format of its images is "TIFF", as with Pillow's own decoder."""
_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _PHOTOMETRIC, _FILL_ORDER = 256, 257, 258, 259, 262, 266
_STRIP_OFFSETS, _SAMPLES, _ROWS_PER_STRIP, _STRIP_BYTES = 273, 277, 278, 279
_RESOLUTION_UNIT, _X_RESOLUTION, _Y_RESOLUTION = 296, 282, 283
_PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT, _TILE_OFFSETS, _TILE_BYTES = 284, 317, 322, 323, 324, 325
_EXTRA_SAMPLES, _SAMPLE_FORMAT, _PROFILE = 338, 339, 34675
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5
_PHOTOMETRIC_NAMES = {
    0: "gray", 1: "gray", 2: "RGB", 3: "palette", 4: "mask", 5: "CMYK", 6: "YCbCr", 8: "CIELAB", 9: "ICCLAB",
    10: "ITULAB", 32803: "color filter array", 32844: "LogL", 32845: "LogLuv", 34892: "linear raw",
}  # fmt: skip
_UNSIGNED, _SIGNED, _FLOAT, _UNDEFINED = 1, 2, 3, 4
_FORMAT_NAMES = {_UNSIGNED: "", _SIGNED: "signed ", _FLOAT: "floating-point ", 5: "complex ", 6: "complex "}
_RAW, _OLD_JPEG, _JPEG = 1, 6, 7
_COMPRESSION_NAMES = {
    2: "CCITT", 3: "CCITT group 3", 4: "CCITT group 4", _OLD_JPEG: "old-style JPEG", _JPEG: "JPEG", 9: "JBIG",
    10: "JBIG", 32809: "ThunderScan", 34661: "JBIG", 34676: "SGI Log", 34677: "SGI Log", 34712: "JPEG 2000",
    33003: "JPEG 2000", 33005: "JPEG 2000", 34887: "LERC", 34892: "lossy JPEG", 34925: "LZMA", 34933: "PNG",
    34934: "JPEG XR", 22610: "JPEG XR", 50000: "Zstandard", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL",
}  # fmt: skip
_OF_BYTES = {_RAW, 5, 8, 32773, 32946, 34925, 50000}
"""Compressions that work on bytes of any meaning: none, LZW, Deflate, PackBits, Deflate by its old number, LZMA,
Zstandard.
"""
_UNSPECIFIED, _ASSOCIATED, _UNASSOCIATED = 0, 1, 2
_HORIZONTAL, _FLOATING = 2, 3
_LARGEST_SPARE_SEGMENT = 2**24
"""Size in bytes that a strip or a tile may have in any picture, however small."""
_LARGEST_SEGMENT = 2**32
"""Largest strip or tile after decompression, in bytes."""
_MOST_SAMPLES = 16
_MOST_NEGATIVE = 0.01
"""Largest share of samples below zero that counts as noise around black."""


class UnsupportedPhoto(Exception):
    """An intact file of a kind that cannot be read; the text names the kind, such as "12-bit CMYK TIFFs"."""


@dataclass(frozen=True)
class Layout:
    """Storage layout of the samples of a TIFF page."""

    width: int
    height: int
    photometric: int
    bits: tuple[int, ...]
    """Bits of each sample of a pixel."""
    sample_format: tuple[int, ...]
    compression: int
    is_planar: bool
    """Whether each sample of a pixel is stored in a separate plane."""
    extra: tuple[int, ...]
    predictor: int
    fill_order: int
    byte_order: str
    """"<" or ">"."""

    @property
    def color_samples(self) -> int:
        return 3 if self.photometric == _RGB else 1

    @property
    def kind(self) -> str:
        """Name of this kind of TIFF, such as "12-bit CMYK TIFFs"."""
        bits = "/".join(str(bits) for bits in dict.fromkeys(self.bits))
        number = "/".join(dict.fromkeys(_FORMAT_NAMES.get(form, "unknown ").strip() for form in self.sample_format))
        color = _PHOTOMETRIC_NAMES.get(self.photometric, f"photometric interpretation {self.photometric}")
        words = [f"{bits}-bit", number, color, "TIFFs"]
        if self.is_planar and self.photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB):
            words.append("with separate planes")
        if self.compression not in _OF_BYTES:
            words.append(f"with {_COMPRESSION_NAMES.get(self.compression, f'compression {self.compression}')}")
            if self.compression in _COMPRESSION_NAMES:
                words.append("compression")
        return " ".join(word for word in words if word)

    def refusal(self) -> str | None:
        """Return the kind of TIFF that cannot be decoded here, or None if this layout can be."""
        form, bits = self.sample_format[0], self.bits[0]
        samples = len(self.bits)
        is_known = (
            self.photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB)
            and self.compression in _OF_BYTES
            and len({*self.bits}) == len({*self.sample_format}) == 1
            and samples == self.color_samples + len(self.extra)
            and self.predictor in (1, _HORIZONTAL, _FLOATING)
        )
        if form == _UNSIGNED:
            is_known &= 1 <= bits <= 16 or bits == 32
        elif form == _SIGNED:
            is_known &= bits in (8, 16, 32)
        else:
            is_known &= form == _FLOAT and bits in (16, 32, 64)
        if self.predictor == _HORIZONTAL:
            is_known &= bits in (8, 16, 32, 64) and form != _FLOAT
        elif self.predictor == _FLOATING:
            is_known &= form == _FLOAT
        return None if is_known else self.kind


class ScanFile(TiffImageFile):
    """A TIFF for Pillow, decoded by Pillow where that is correct for the tags of a page, otherwise by this module.

    A page of an unsupported kind can be opened and has a size, but `load` raises UnsupportedPhoto.
    """

    def _setup(self) -> None:
        self._layout: Layout | None = None
        self._refusal: str | None = None
        layout = _layout(self)
        if layout.compression == _OLD_JPEG or 0xBC01 in self.tag_v2:
            self._refuse(layout, layout.kind)
        elif _is_right_in_pillow(layout):
            if not layout.is_planar and _PLANAR in self.tag_v2:
                self.tag_v2[_PLANAR] = 1  # Pillow cannot read the only plane of a single sample
            if _SAMPLE_FORMAT in self.tag_v2:
                self.tag_v2[_SAMPLE_FORMAT] = layout.sample_format  # Pillow does not know "undefined"
            super()._setup()
        elif (refusal := layout.refusal()) is not None:
            self._refuse(layout, refusal)
        else:
            self._layout = layout
            self._show(layout, _mode(layout))

    def _refuse(self, layout: Layout, kind: str) -> None:
        self._refusal = kind
        self._show(layout, "L")

    def _show(self, layout: Layout, mode: str) -> None:
        """Set what Pillow's own `_setup` sets, except the tiles for Pillow's decoders."""
        self._mode, self._size = mode, (layout.width, layout.height)
        self._tile_size = self._size
        self._compression = COMPRESSION_INFO.get(layout.compression, str(layout.compression))
        self._planar_configuration = 2 if layout.is_planar else 1
        self.use_load_libtiff, self.tile, self._im = False, [], None
        self.info["compression"] = self._compression
        across, down = self.tag_v2.get(_X_RESOLUTION, 1), self.tag_v2.get(_Y_RESOLUTION, 1)
        unit = {None: 1, 2: 1, 3: 2.54}.get(self.tag_v2.get(_RESOLUTION_UNIT))
        if unit and across and down:
            self.info["dpi"] = (across * unit, down * unit)
        if _PROFILE in self.tag_v2:
            self.info["icc_profile"] = self.tag_v2[_PROFILE]

    def load(self) -> Image.core.PixelAccess | None:
        if self._refusal is not None:
            raise UnsupportedPhoto(self._refusal)
        if self._layout is None:
            return super().load()
        if self._im is None:
            picture = _rendered(_samples(self, self._layout), self._layout)
            self.im = picture.im
            self.readonly = 0
        return Image.Image.load(self)


def accepts(start: bytes) -> bool:
    return start.startswith(_STARTS)


def _layout(image: TiffImageFile) -> Layout:
    """Return the layout of an open TIFF's page.

    Raises:
        SyntaxError: The page has no size, or too many samples. Pillow raises the same.
    """
    tags = image.tag_v2
    width, height = tags.get(_WIDTH), tags.get(_HEIGHT)
    if not isinstance(width, int) or not isinstance(height, int) or width < 1 or height < 1:
        raise SyntaxError("the page has no width or height")
    samples = tags.get(_SAMPLES, 0)
    bits, forms = tuple(tags.get(_BITS, (1,))), tuple(tags.get(_SAMPLE_FORMAT, (_UNSIGNED,)))
    photometric = tags.get(_PHOTOMETRIC, _WHITE_IS_ZERO)
    samples = samples or max(len(bits), 3 if photometric in (2, 6, 8) else 1)
    if samples > _MOST_SAMPLES:
        raise SyntaxError("the page has too many samples")
    bits = bits * samples if len(bits) == 1 else bits[:samples]
    forms = forms * samples if len(forms) == 1 else forms[:samples]
    forms = tuple(_UNSIGNED if form == _UNDEFINED else form for form in forms)
    extra = tags.get(_EXTRA_SAMPLES, ())
    extra = extra if isinstance(extra, tuple) else (extra,)
    missing = samples - len(extra) - (3 if photometric == _RGB else 1)
    if not extra and photometric in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB) and missing > 0:
        extra = (_UNSPECIFIED,) * missing
    return Layout(
        width,
        height,
        photometric,
        bits,
        forms,
        tags.get(_COMPRESSION, _RAW),
        tags.get(_PLANAR, 1) == 2 and samples > 1,
        extra,
        tags.get(_PREDICTOR, 1),
        tags.get(_FILL_ORDER, 1),
        tags._endian,
    )


def _is_right_in_pillow(layout: Layout) -> bool:
    """Return whether Pillow decodes such a page, with the brightness that its tags define."""
    if {*layout.sample_format} != {_UNSIGNED} or layout.compression not in COMPRESSION_INFO:
        return False
    if layout.is_planar and (layout.extra or layout.photometric not in (_RGB, _CMYK)):
        return False
    if {*layout.bits} == {16}:
        is_plain_gray = layout.photometric == _BLACK_IS_ZERO and len(layout.bits) == 1 and layout.fill_order == 1
        is_rgb_or_cmyk = layout.photometric in (_RGB, _CMYK) and not layout.is_planar
        return layout.compression in _OF_BYTES and (is_plain_gray or is_rgb_or_cmyk) and _is_listed(layout)
    return max(layout.bits) <= 8 and _is_listed(layout)


def _is_listed(layout: Layout) -> bool:
    """Return whether Pillow supports such a page; Pillow treats an undescribed fourth sample as alpha."""
    prefix = b"II" if layout.byte_order == "<" else b"MM"
    key = (prefix, layout.photometric, (_UNSIGNED,), layout.fill_order, layout.bits)
    return (*key, layout.extra) in OPEN_INFO or (*key, ()) in OPEN_INFO


def _mode(layout: Layout) -> str:
    """Return the mode of the picture that `_rendered` makes."""
    has_alpha = layout.extra[:1] in ((_ASSOCIATED,), (_UNASSOCIATED,))
    if layout.photometric == _RGB:
        return "RGBA" if has_alpha else "RGB"
    if has_alpha:
        return "LA"
    return "L" if layout.bits[0] <= 8 else "I;16"


def _samples(image: TiffImageFile, layout: Layout) -> np.ndarray:
    """Return all stored samples of a page, in this machine's byte order: shape (h, w, samples)."""
    samples = len(layout.bits)
    tags = image.tag_v2
    is_tiled = _TILE_OFFSETS in tags
    if is_tiled:
        wide, high = tags.get(_TILE_WIDTH, 0), tags.get(_TILE_HEIGHT, 0)
        offsets, sizes = tags[_TILE_OFFSETS], tags.get(_TILE_BYTES, ())
    else:
        wide, high = layout.width, min(tags.get(_ROWS_PER_STRIP, layout.height), layout.height)
        offsets, sizes = tags[_STRIP_OFFSETS], tags.get(_STRIP_BYTES, ())
    together = 1 if layout.is_planar else samples
    row_bytes = -(-wide * together * layout.bits[0] // 8)
    whole_bytes = layout.height * -(-layout.width * samples * layout.bits[0] // 8)
    if wide < 1 or high < 1 or row_bytes * high > 2 * whole_bytes + _LARGEST_SPARE_SEGMENT:
        raise ValueError("its strips or tiles have an impossible size")
    if row_bytes * high > _LARGEST_SEGMENT:
        raise MemoryError
    across, down = -(-layout.width // wide), -(-layout.height // high)
    planes = samples if layout.is_planar else 1
    if len(offsets) < across * down * planes:
        raise ValueError("some of its strips or tiles are missing")
    kept = min(samples, layout.color_samples + 1)
    kind = _kind(layout).newbyteorder("=")
    # The result has at most 16 bits, so float32 is precise enough for larger samples.
    found = np.zeros((layout.height, layout.width, kept), kind if kind.itemsize <= 2 else np.float32)
    for number in range(across * down * planes):
        plane, place = divmod(number, across * down)
        if plane >= kept:
            break
        top, left = place // across * high, place % across * wide
        rows = high if is_tiled else min(high, layout.height - top)
        stored = _stored(image, offsets[number], sizes[number] if number < len(sizes) else None, rows * row_bytes)
        part = _unpacked(_inflated(stored, layout, row_bytes, rows), layout, rows, wide, together)
        shown = part[: layout.height - top, : layout.width - left]
        target = found[top : top + rows, left : left + wide]
        if layout.is_planar:
            np.copyto(target[..., plane], shown[..., 0], casting="unsafe")
        else:
            np.copyto(target, shown[..., :kept], casting="unsafe")
    return found


def _stored(image: TiffImageFile, offset: int, size: int | None, expected: int) -> bytes:
    """Return the stored bytes of a strip or tile; if their number is not given, as many as may be needed."""
    image.fp.seek(offset)
    return image.fp.read(expected if size is None else size)


def _inflated(stored: bytes, layout: Layout, row_bytes: int, rows: int) -> bytes:
    """Decompress a strip or tile with libtiff, through Pillow, as if its bytes were 8-bit gray."""
    if layout.compression == _RAW and layout.fill_order == 1:
        content = stored[: row_bytes * rows]
    else:
        with Image.open(io.BytesIO(_of_bytes(stored, layout, row_bytes, rows)), formats=("TIFF",)) as image:
            content = image.tobytes()
    if len(content) < row_bytes * rows:
        raise ValueError("it is cut off")
    return content


def _of_bytes(stored: bytes, layout: Layout, width: int, height: int) -> bytes:
    """Wrap stored bytes as an 8-bit gray TIFF with one strip."""
    tags = (
        (_WIDTH, width), (_HEIGHT, height), (_BITS, 8), (_COMPRESSION, layout.compression),
        (_PHOTOMETRIC, _BLACK_IS_ZERO), (_FILL_ORDER, layout.fill_order), (_STRIP_OFFSETS, 8), (_SAMPLES, 1),
        (_ROWS_PER_STRIP, height), (_STRIP_BYTES, len(stored)),
    )  # fmt: skip
    padded = stored + bytes(len(stored) % 2)
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 8 + len(padded)) + padded + struct.pack("<H", len(tags)) + entries + bytes(4)


def _kind(layout: Layout) -> np.dtype:
    """Return the dtype of the unpacked samples, in the file's byte order."""
    letter = {_UNSIGNED: "u", _SIGNED: "i", _FLOAT: "f"}[layout.sample_format[0]]
    return np.dtype(f"{layout.byte_order}{letter}{_sample_bytes(layout.bits[0])}")


def _sample_bytes(bits: int) -> int:
    return next(size for size in (1, 2, 4, 8) if bits <= 8 * size)


def _unpacked(content: bytes, layout: Layout, rows: int, wide: int, together: int) -> np.ndarray:
    """Unpack the samples of a strip or tile: shape (rows, wide, samples stored together)."""
    bits, kind = layout.bits[0], _kind(layout)
    count = wide * together
    if bits % 8 or bits == 24:
        levels = np.frombuffer(content, np.uint8).reshape(rows, -1)
        # One row at a time, since each bit takes a byte here.
        unpacked = np.empty((rows, count), kind.newbyteorder("="))
        for number, row in enumerate(levels):
            single = np.unpackbits(row)[: count * bits].reshape(count, bits)
            unpacked[number] = single @ (1 << np.arange(bits)[::-1])
        return unpacked.reshape(rows, wide, together)
    if layout.predictor == _FLOATING:
        # Each row holds all first bytes, then all second bytes and so on, most significant first, as differences; Adobe
        # Photoshop TIFF Technical Note 3, https://chriscox.org/TIFFTN3d1.pdf
        differences = np.frombuffer(content, np.uint8).reshape(rows, -1, together)
        planes = differences.cumsum(1, np.uint8).reshape(rows, kind.itemsize, count)
        plain = np.ascontiguousarray(planes.transpose(0, 2, 1)).view(kind.newbyteorder(">"))
        return plain.reshape(rows, wide, together).astype(kind.newbyteorder("="))
    levels = np.frombuffer(content, kind).reshape(rows, wide, together).astype(kind.newbyteorder("="))
    if layout.predictor == _HORIZONTAL:
        levels = levels.cumsum(1, levels.dtype)
    return levels


def _rendered(samples: np.ndarray, layout: Layout) -> Image.Image:
    """Convert samples, shape (h, w, samples), to a picture with black at 0 and white at the maximum of its mode."""
    mode, colors = _mode(layout), layout.color_samples
    light, alpha = samples[..., :colors], samples[..., colors:]
    white = _white(light, layout)
    depth, kind = (65535, np.uint16) if mode == "I;16" else (255, np.uint8)
    height, width = samples.shape[:2]
    channels = colors + (mode in ("LA", "RGBA"))
    shown = np.empty((height, width, channels), kind)
    opaque = _full(layout) or 1
    for top in range(0, height, ROWS_AT_A_TIME):
        part = slice(top, top + ROWS_AT_A_TIME)
        levels = _finite(light[part])
        levels *= np.float32(depth / white)
        if layout.photometric == _WHITE_IS_ZERO:
            np.subtract(depth, levels, out=levels)
        if channels > colors:
            share = (_finite(alpha[part, :, :1]) / np.float32(opaque)).clip(0, 1)
            shown[part, :, colors:] = np.rint(share * depth)
            if layout.extra[0] == _ASSOCIATED:
                np.divide(levels, share, out=levels, where=share > 0)
        shown[part, :, :colors] = np.rint(levels.clip(0, depth, out=levels), out=levels)
    return Image.fromarray(shown[..., 0] if channels == 1 else shown)


def _finite(levels: np.ndarray) -> np.ndarray:
    """Convert levels to float32, with 0 for infinite values and NaN."""
    return np.nan_to_num(levels.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)


def _full(layout: Layout) -> int | None:
    """Return the highest level of integer samples; None for floating point."""
    bits = layout.bits[0]
    return {_UNSIGNED: 2**bits - 1, _SIGNED: 2 ** (bits - 1) - 1}.get(layout.sample_format[0])


def _white(light: np.ndarray, layout: Layout) -> float:
    """Return the level of white, or of black if zero is white.

    Raises:
        UnsupportedPhoto: Too many levels are below zero.
    """
    parts = [slice(top, top + ROWS_AT_A_TIME) for top in range(0, len(light), ROWS_AT_A_TIME)]
    if layout.sample_format[0] != _UNSIGNED:
        negative = sum(np.count_nonzero(light[part] < 0) for part in parts)
        if negative > _MOST_NEGATIVE * light.size:
            raise UnsupportedPhoto(f"{layout.kind} with levels below zero")
    full = _full(layout)
    if full is not None and layout.bits[0] < 32:
        return full
    return white_level(max(_finite(light[part]).max() for part in parts), full)
