"""Photos that are prepared once and then colorized with many sets of hints, reusing the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from PIL import Image

from colorizer.inference.full_size import join
from colorizer.inference.hints import (
    KEEP,
    PHOTO,
    AnyHint,
    Hint,
    check_inside,
    covered,
    hint_chroma,
    in_painting_order,
    seeds,
)
from colorizer.inference.jpeg_planes import join_planes, paint
from colorizer.inference.proposal import propose, unfaded
from colorizer.inference.spreading import GRID, SIDE, Cell, Sample, Spreading
from colorizer.network.model_files import PRETRAINED
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma, merge
from colorizer.photos.photo import Photo, Picture

PREVIEW_SIDE = 512
"""Longest side of a preview, in pixels."""
_ROWS_AT_A_TIME = 256
"""Rows of a large rectangle that are painted at a time, to limit memory."""


@dataclass(frozen=True)
class KnownPlace:
    """Predictions for one place, without hints."""

    luma: float
    """The photo's own luma as the result shows it, in [0, 1]."""
    seen: float
    """Luma as the network sees it, in [0, 1]: with restored contrast if the photo is faded."""
    proposed: np.ndarray
    """Predicted chroma (Cb, Cr): float32 in [-0.5, 0.5], shape (2,)."""
    likelihoods: np.ndarray | None
    """Probability of each chroma bin from a classifying network: float32, shape (bins,), summing to 1. None for other
    networks."""


class HintedPhoto:
    """A photo that is prepared once and then colorized with many sets of hints.

    Examples:
        >>> from colorizer import Hint, load_model
        >>> from colorizer.inference import set_photo
        >>> from colorizer.photos import read_photo
        >>> photo = set_photo(read_photo("grandmother.jpg"), load_model())
        >>> photo.preview([Hint(120, 80, "#b03030")]).show()
        >>> picture = photo.picture([Hint(120, 80, "#b03030"), Hint(300, 40, "gray", radius=5)])
    """

    def __init__(
        self,
        photo: Photo,
        offset: np.ndarray,
        tones: tuple[float, float] = (0.0, 1.0),
        network: Network | None = None,
    ):
        """Prepare a photo.

        Args:
            photo: The photo.
            offset: Predicted RGB minus luma, float32, shape (size, size, 3).
            tones: Luma values that become black and white, as in `full_size.join`.
            network: The network that made the prediction, if `known` should also report its likelihoods.
        """
        self._photo, self._offset, self._tones, self._network = photo, offset, tones, network
        self._planes = [Image.fromarray(np.ascontiguousarray(offset[..., channel])) for channel in range(3)]
        on_grid = [np.asarray(plane.resize((GRID, GRID), Image.Resampling.BICUBIC)) for plane in self._planes]
        self._seen, self._proposed = unfaded(photo.square(SIDE)), chroma(np.stack(on_grid, axis=-1))

    def picture(self, hints: Sequence[AnyHint] = (), for_jpeg: bool = False) -> Picture:
        """Colorize the photo at its original size and bit depth.

        Pixels covered by a hint get exactly the hint's chroma, as far as it is in gamut. From there, the change spreads
        to the rest of the hint's object. The order of the hints does not matter.

        Args:
            hints: The hints.
            for_jpeg: Whether to return JPEG planes.

        Raises:
            ColorizeError: A hint lies outside the photo, or there are too many hints.
        """
        return self._painted(self._photo, hints, for_jpeg)

    def preview(self, hints: Sequence[AnyHint] = ()) -> Image.Image:
        """Colorize a small version of the photo.

        The result is an 8-bit RGB image of at most `PREVIEW_SIDE` pixels per side. Hints are in pixels of the original
        photo.
        """
        return self._painted(self._small, hints).image

    def known(self, x: float, y: float) -> KnownPlace:
        """Return the predictions for a place, in pixels of the photo; raise ColorizeError if it lies outside."""
        check_inside([Hint(x, y, "gray")], self._photo.width, self._photo.height)
        cell = self._cell(x, y, self._proposed.shape)
        box = (int(x), int(y), int(x) + 1, int(y) + 1)
        likelihoods = None
        if self._likelihoods is not None:
            likelihoods = self._likelihoods[self._cell(x, y, self._likelihoods.shape)]
        return KnownPlace(
            luma=float(_toned(self._photo.levels(box), self._tones)[0, 0]),
            seen=float(self._seen[self._cell(x, y, self._seen.shape)]),
            proposed=self._proposed[cell],
            likelihoods=likelihoods,
        )

    @cached_property
    def _spreading(self) -> Spreading:
        return Spreading(self._seen, self._proposed)

    @cached_property
    def _likelihoods(self) -> np.ndarray | None:
        """Probability of each chroma bin, float32, shape (rows, columns, bins); None without a classifying network."""
        return None if self._network is None else _chroma_likelihoods(self._network, self._photo)

    def _cell(self, x: float, y: float, grid: tuple[int, ...]) -> Cell:
        """Return the row and column of the cell that contains a place, on a grid that covers the photo."""
        return int((int(y) + 0.5) / self._photo.height * grid[0]), int((int(x) + 0.5) / self._photo.width * grid[1])

    @cached_property
    def _small(self) -> Photo:
        size = _size(self._photo, min(1.0, PREVIEW_SIDE / max(self._photo.width, self._photo.height)))
        small = self._photo.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
        return replace(self._photo, image=small, alpha=None)

    def _painted(self, photo: Photo, hints: Sequence[AnyHint], for_jpeg: bool = False) -> Picture:
        check_inside(hints, self._photo.width, self._photo.height)
        ordered = in_painting_order(hint.in_pixels(self._photo.width, self._photo.height) for hint in hints)
        change = self._change(ordered) if ordered else None
        if for_jpeg:
            picture = Picture(planes=join_planes(photo, self._offset, self._tones, change))
        else:
            picture = join(photo, self._offset, self._tones, change)
        across, down = photo.width / self._photo.width, photo.height / self._photo.height
        for hint in (hint for hint in ordered if hint.colour != KEEP):
            _paint(picture, photo, hint if photo is self._photo else hint.scaled(across, down), self._tones)
        return picture

    def _change(self, hints: Sequence[AnyHint]) -> np.ndarray:
        """Return how hints change the color offsets on the grid: float32, shape (rows, columns, 3)."""
        samples = []
        for hint in hints:
            for x, y in seeds(hint, self._photo.width, self._photo.height):
                present = self._chroma_at(x, y)
                wanted = present if hint.colour == KEEP else hint_chroma(hint.colour)
                samples.append(
                    Sample(
                        self._cell(x, y, self._proposed.shape),
                        wanted,
                        present,
                        hint.reach,
                        hint.scope == PHOTO,
                    )
                )
        return self._spreading.spread(samples) @ CHROMA_TO_OFFSET

    def _chroma_at(self, x: int, y: int) -> np.ndarray:
        """Return the in-gamut chroma that a pixel has without hints: shape (2,)."""
        cells = self._planes[0].size
        across, down = cells[0] / self._photo.width, cells[1] / self._photo.height
        box = (x * across, y * down, min((x + 1) * across, cells[0]), min((y + 1) * down, cells[1]))
        offset = [plane.resize((1, 1), Image.Resampling.BICUBIC, box).getpixel((0, 0)) for plane in self._planes]
        gray = _toned(self._photo.levels((x, y, x + 1, y + 1)), self._tones)
        return chroma(merge(gray, np.array(offset, np.float32)[:, None, None])[:, 0, 0])


def set_photo(photo: Photo, network: Network) -> HintedPhoto:
    """Predict the colors of a decoded photo once, for use with many sets of hints; raise ColorizeError."""
    return HintedPhoto(photo, propose(network, [photo])[0], network=network)


def _chroma_likelihoods(network: Network, photo: Photo) -> np.ndarray | None:
    """Return the probability of each chroma bin, float32, shape (rows, columns, bins); None without a classifying head.

    The built-in model has no classifying head, so Keras is not imported for it.
    """
    if network.path == PRETRAINED:
        return None
    import keras

    from colorizer.network.architectures import LOGITS, is_classifier

    if not is_classifier(network.model):
        return None
    head = keras.Model(network.model.inputs, network.model.get_layer(LOGITS).output)
    logits = head.predict_on_batch(unfaded(photo.square(network.size))[None, ..., None])[0]
    return np.asarray(keras.ops.softmax(logits), np.float32)


def _paint(picture: Picture, photo: Photo, hint: AnyHint, tones: tuple[float, float]) -> None:
    """Give the pixels that a hint covers exactly its chroma, on the photo's own luma."""
    (left, top, right, bottom), mask = covered(hint, photo.width, photo.height)
    offset = hint_chroma(hint.colour) @ CHROMA_TO_OFFSET
    for upper in range(top, bottom, _ROWS_AT_A_TIME):
        lower = min(upper + _ROWS_AT_A_TIME, bottom)
        part = mask[upper - top : lower - top]
        if picture.planes is not None:
            paint(picture.planes, photo, (left, upper), part, offset, tones)
            continue
        gray = _toned(photo.levels((left, upper, right, lower)), tones)
        rgb = np.moveaxis(merge(gray, offset[:, None, None]), 0, -1)
        if picture.deep is not None:
            picture.deep[upper:lower, left:right][part] = np.rint(rgb * 65535).astype(np.uint16)[part]
            continue
        levels = Image.fromarray(np.rint(rgb * 255).astype(np.uint8))
        picture.image.paste(levels, (left, upper), Image.fromarray(part))


def _toned(levels: np.ndarray, tones: tuple[float, float]) -> np.ndarray:
    """Convert `Photo.levels` output to luma in [0, 1], float32, shape (h, w), with `tones` as black and white."""
    gray = (luma(levels) if levels.shape[2] == 3 else levels[..., 0].astype(np.float32)) / np.float32(255)
    return np.clip((gray - np.float32(tones[0])) / np.float32(tones[1] - tones[0]), 0, 1)


def _size(photo: Photo, share: float) -> tuple[int, int]:
    return max(1, round(photo.width * share)), max(1, round(photo.height * share))
