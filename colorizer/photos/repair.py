"""Find and repair dust, scratches and creases of old prints.

Damage stands out from both a local median and its neighborhood. All other pixels stay unchanged.
docs/EXPERIMENTS.md reports how much is found and how much is harmed; `benchmarks/repair.py` measures it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.restoration import inpaint_biharmonic

from colorizer.photos.photo import Photo

_WORKING_SIDE = 1024
"""Longest side, in pixels, at which damage is searched. Sizes below are in pixels at this scale; levels are in [0, 1].
"""
_MEDIAN, _NEIGHBOURHOOD, _SURROUNDINGS, _OWN = 5, 15, 21, 7
"""Sides of squares, in pixels. Damage is narrower than the first. It is brighter than everything within the second that
is not as narrow. Its strength is relative to the texture within the third, excluding the fourth.
"""
_LEAST_CONTRAST = 0.04
_CALM, _STRONGEST_TEXTURE = 0.005, 0.1
_SPECK, _SPECK_PIXELS = 20.0, 50
"""Minimum contrast of a speck, in multiples of the texture around it, and its largest area in pixels."""
_PART = 4.0
"""Minimum contrast of pixels that may belong to a speck or scratch."""
_LINE, _LINE_LENGTH, _DIRECTIONS = 2.5, 31, 16
"""A scratch is a straight line of `_LINE_LENGTH` pixels whose mean deviation from the median, cut off at `_STRONGEST`,
exceeds `_LINE`. Only bright lines count: dark lines are mostly seams, poles and gaps.
"""
_ON_LINE, _STRONGEST = 1.5, 4.0
_SCRATCH_SHARE, _SCRATCH_WIDTH = 0.15, 4
"""Minimum length of a scratch, as a share of the longest side, and its largest mean width in pixels. A line that
spreads sideways by at most one pixel more is a frame or a door, straight along the picture.
"""
_MOST_DAMAGED = 0.1
"""Largest share of damaged pixels. More than this is the grid of a print, or cloth, rather than damage."""
_ROWS_AT_A_TIME = 1024
"""Rows of a large photo that are repaired at once, so that the work takes little memory."""
_TOUCHING = np.ones((3, 3), bool)


def repaired(photo: Photo) -> Photo:
    """Repair the dust, scratches and creases of a photo.

    All other pixels stay unchanged. Repaired pixels of an RGB photo become gray. The repair of a large photo is
    computed with a longest side of 1,024 pixels and enlarged. Inpainting is biharmonic, by scikit-image after Chui and
    Mhaskar 2010, https://doi.org/10.1016/j.acha.2009.04.004.

    Returns:
        The repaired photo, or `photo` itself if nothing was found.
    """
    share = min(1.0, _WORKING_SIDE / max(photo.width, photo.height))
    size = max(1, round(photo.width * share)), max(1, round(photo.height * share))
    gray = photo.scaled_luma(size)
    mask = damage(gray)
    if not mask.any():
        return photo
    mended = np.asarray(inpaint_biharmonic(gray, mask), np.float32).clip(0, 1)
    return replace(photo, image=_pasted(photo.image, Image.fromarray(mended), Image.fromarray(mask)))


def damage(gray: np.ndarray) -> np.ndarray:
    """Find the damaged pixels of a photo.

    Args:
        gray: Luma in [0, 1], float32, shape (h, w).

    Returns:
        A mask that is True where pixels are damaged: bool, shape (h, w).
    """
    found = _specks(gray) | _specks(1 - gray) | _scratches(gray)
    mask = ndimage.binary_dilation(found, _TOUCHING)
    return mask if mask.mean() <= _MOST_DAMAGED else np.zeros_like(mask)


def _specks(gray: np.ndarray) -> np.ndarray:
    """Find small spots that are brighter than everything around them."""
    contrast, _, residual = _breaks(gray)
    labels, numbers = _connected((contrast > _PART) & (residual > _LEAST_CONTRAST))
    peaks, areas = ndimage.maximum(contrast, labels, numbers), ndimage.sum_labels(labels > 0, labels, numbers)
    return _those(labels, (np.array(peaks) > _SPECK) & (areas <= _SPECK_PIXELS))


def _scratches(gray: np.ndarray) -> np.ndarray:
    """Find long, thin, bright lines."""
    contrast, breaks, residual = _breaks(gray)
    on_line = (breaks > _ON_LINE) & (_along_lines(breaks) > _LINE)
    labels, numbers = _connected(((contrast > _PART) | on_line) & (residual > _LEAST_CONTRAST))
    areas = ndimage.sum_labels(labels > 0, labels, numbers)
    boxes = ndimage.find_objects(labels)
    sides = np.array([(down.stop - down.start, across.stop - across.start) for down, across in boxes]).reshape(-1, 2)
    lengths, breadths = sides.max(axis=-1), sides.min(axis=-1)
    is_long = (lengths >= _SCRATCH_SHARE * max(gray.shape)) & (areas <= _SCRATCH_WIDTH * lengths)
    return _those(labels, is_long & (breadths > _SCRATCH_WIDTH + 1))


def _breaks(gray: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Measure how much brighter each pixel is than its surroundings.

    Returns:
        The contrast to the neighborhood and the contrast to the median, both in units of the local texture, and the
            contrast to the median in levels.
    """
    residual = gray - ndimage.median_filter(gray, _MEDIAN)
    texture = _CALM + _texture(residual)
    opened = ndimage.grey_opening(gray, (_MEDIAN, _MEDIAN))
    contrast = (gray - ndimage.maximum_filter(opened, _NEIGHBOURHOOD)) / texture
    return contrast, np.clip(residual / texture, -1, _STRONGEST), residual


def _connected(candidates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    labels, count = ndimage.label(candidates, _TOUCHING)
    return labels, np.arange(1, count + 1)


def _those(labels: np.ndarray, kept: np.ndarray) -> np.ndarray:
    return np.concatenate([[False], kept])[labels]


def _texture(residual: np.ndarray) -> np.ndarray:
    """Measure the texture around each pixel, excluding the square right around it."""
    size = np.minimum(np.abs(residual), _STRONGEST_TEXTURE)
    whole = ndimage.uniform_filter(size, _SURROUNDINGS) * _SURROUNDINGS**2
    own = ndimage.uniform_filter(size, _OWN) * _OWN**2
    return np.maximum(whole - own, 0) / (_SURROUNDINGS**2 - _OWN**2)


def _along_lines(breaks: np.ndarray) -> np.ndarray:
    """Return for each pixel the largest mean along a straight line through it."""
    reach = _LINE_LENGTH // 2
    padded = np.pad(breaks, reach, mode="edge")
    height, width = breaks.shape
    largest = np.full_like(breaks, -np.inf)
    for angle in np.arange(_DIRECTIONS) * np.pi / _DIRECTIONS:
        total = np.zeros_like(breaks)
        for step in range(-reach, reach + 1):
            down, across = reach + round(step * np.sin(angle)), reach + round(step * np.cos(angle))
            total += padded[down : down + height, across : across + width]
        np.maximum(largest, total / _LINE_LENGTH, out=largest)
    return largest


def _pasted(image: Image.Image, mended: Image.Image, mask: Image.Image) -> Image.Image:
    """Paste the repaired pixels into a picture, a few rows at a time.

    Args:
        image: A picture of mode "L", "RGB" or "I;16".
        mended: Repaired luma in [0, 1], mode "F", of any size.
        mask: Damaged pixels, mode "1", of the size of `mended`.
    """
    deep = np.array(image) if image.mode == "I;16" else None
    picture = image.copy() if deep is None else image
    scale = mended.height / image.height
    for top in range(0, image.height, _ROWS_AT_A_TIME):
        bottom = min(top + _ROWS_AT_A_TIME, image.height)
        box, size = (0, top * scale, mended.width, bottom * scale), (image.width, bottom - top)
        where = mask.resize(size, Image.Resampling.NEAREST, box)
        if where.getbbox() is None:
            continue
        levels = np.asarray(mended.resize(size, Image.Resampling.BICUBIC, box)).clip(0, 1)
        if deep is None:
            picture.paste(Image.fromarray(np.rint(levels * 255).astype(np.uint8)).convert(image.mode), (0, top), where)
        else:
            part, inside = deep[top:bottom], np.asarray(where)
            part[inside] = np.rint(levels * 65535).astype(np.uint16)[inside]
    return picture if deep is None else Image.fromarray(deep)
