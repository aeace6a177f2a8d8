"""Open photos, decoded and with the network's prediction, and the images of them that the page shows."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Adjustment, mended
from colorizer.inference.hinted import HintedPhoto
from colorizer.inference.hints import AnyHint
from colorizer.inference.proposal import propose
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.toning import is_gray, is_in_colour, tonal_range
from colorizer.settings import PhotoLimits

MOST_PHOTOS, MOST_PIXELS = 12, 80_000_000
"""Maximum number of open photos and of their pixels, but the last one always stays; a pixel takes four to ten bytes."""
_THUMBNAIL_SIDE = 256
"""Longest side of a thumbnail, in pixels: twice its size on the page, for high-resolution screens."""
_LOSSLESS_PIXELS = 600_000
"""Maximum number of pixels sent losslessly; larger views are sent as JPEG."""
Box = tuple[int, int, int, int]


class OpenPhoto:
    """A decoded photo with its prediction, computed once; used by one thread at a time."""

    def __init__(self, photo: Photo, network: Network, limits: PhotoLimits):
        self.photo = photo
        self._network, self._limits = network, limits
        self._offset = propose(network, [photo], limits)[0]
        if not np.isfinite(self._offset).all():
            raise ColorizeError("The model returned colors that are not numbers. Choose another model.")
        self.is_in_color = in_color(photo)
        self._repaired: tuple[Photo, np.ndarray] | None = None
        self._hinted: tuple[Adjustment, HintedPhoto] | None = None
        self._picture: tuple[tuple, Picture] | None = None

    @property
    def pixels(self) -> int:
        return self.photo.width * self.photo.height * (1 if self._repaired is None else 2)

    def _base(self, is_repaired: bool) -> tuple[Photo, np.ndarray]:
        """Return the photo to colorize and its prediction; a repair is computed once."""
        if not is_repaired:
            return self.photo, self._offset
        if self._repaired is None:
            photo = mended(self.photo, Adjustment(repair=True))
            offset = self._offset if photo is self.photo else propose(self._network, [photo], self._limits)[0]
            self._repaired = photo, offset
        return self._repaired

    def hinted(self, adjustment: Adjustment) -> HintedPhoto:
        """Return the photo with adjusted colors; the last result is cached."""
        if self._hinted is None or self._hinted[0] != adjustment:
            photo, proposed = self._base(adjustment.repair)
            square = photo.square(self._network.size)
            tones = tonal_range(square, self._limits) if adjustment.restore_contrast else (0.0, 1.0)
            offset = proposed * np.float32(adjustment.vividness)
            self._hinted = adjustment, HintedPhoto(photo, offset, tones, self._network)
        return self._hinted[1]

    def picture(self, hints: tuple[AnyHint, ...], adjustment: Adjustment) -> Picture:
        """Return the colorized photo at its own size; the last result is cached."""
        wanted = hints, adjustment
        if self._picture is None or self._picture[0] != wanted:
            self._picture = None  # free it before the next one takes as much memory
            self._picture = wanted, self.hinted(adjustment).picture(hints)
        return self._picture[1]


class View(Protocol):
    """An item that can be kept open: a photo, or a frame of a film."""

    @property
    def pixels(self) -> int: ...


AnyView = TypeVar("AnyView", bound=View)


class OpenPhotos:
    """Thread-safe cache of the most recently used photos and film frames."""

    def __init__(self) -> None:
        self._open: OrderedDict[tuple[str, float], View] = OrderedDict()
        self._busy: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def use(self, id_: str, make: Callable[[], AnyView], time: float = 0.0) -> Iterator[AnyView]:
        """Yield an open photo, or the film frame requested by this time, exclusively to the calling thread.

        `make` creates it if it is not open yet. Raises ColorizeError as `make` does.
        """
        with self._lock:
            busy = self._busy.setdefault(id_, threading.Lock())
        with busy:
            with self._lock:
                photo = self._open.get((id_, time))
            if photo is None:
                photo = make()
            with self._lock:
                self._open[id_, time] = photo
                self._open.move_to_end((id_, time))
                while len(self._open) > MOST_PHOTOS or (
                    len(self._open) > 1 and sum(kept.pixels for kept in self._open.values()) > MOST_PIXELS
                ):
                    self._open.popitem(last=False)
            yield photo

    def forget(self, id_: str) -> None:
        """Release a photo, or all frames of a film."""
        with self._lock:
            for key in [key for key in self._open if key[0] == id_]:
                del self._open[key]
            self._busy.pop(id_, None)


def in_color(photo: Photo) -> bool:
    """Return whether a photo has colors of its own, other than those of a toned print."""
    return photo.image.mode == "RGB" and not is_gray(np.asarray(small(photo.image))) and is_in_colour(photo.image)


def with_alpha(image: Image.Image, photo: Photo) -> Image.Image:
    """Return an image of a photo, of any size, with the photo's transparency, if it has any."""
    if photo.alpha is None:
        return image
    alpha = Image.fromarray(photo.alpha)
    transparent = image.convert("RGB")
    transparent.putalpha(alpha if alpha.size == image.size else alpha.resize(image.size, Image.Resampling.BILINEAR))
    return transparent


def encoded(image: Image.Image, quality: int) -> tuple[bytes, str]:
    """Encode an image as JPEG, or as PNG if it is transparent; return it with its media type."""
    return (png(image), "image/png") if image.mode == "RGBA" else (jpeg(image, quality), "image/jpeg")


def part_of(picture: Image.Image, box: Box, size: tuple[int, int]) -> tuple[bytes, str]:
    """Render a box (left, top, right, bottom) of a picture, at most as large as `size`.

    The box is clipped to the picture.

    Returns:
        The encoded image and its media type.
    """
    width, height = picture.size
    left, top = min(max(box[0], 0), width - 1), min(max(box[1], 0), height - 1)
    part = picture.crop((left, top, min(max(box[2], left + 1), width), min(max(box[3], top + 1), height)))
    part.thumbnail(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if part.width * part.height > _LOSSLESS_PIXELS:
        return encoded(part, 95)
    return png(part), "image/png"


def small(image: Image.Image, side: int = _THUMBNAIL_SIDE) -> Image.Image:
    """Return a picture whose longest side is at most `side` pixels, by default those of a thumbnail."""
    share = min(1.0, side / max(image.size))
    size = max(1, round(image.width * share)), max(1, round(image.height * share))
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=None if image.mode == "I;16" else 2.0)


def jpeg(image: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    image.convert("RGB").save(written, "JPEG", quality=quality, subsampling="4:4:4")
    return written.getvalue()


def png(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG", compress_level=1)
    return written.getvalue()
