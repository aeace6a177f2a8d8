"""Dust, scratches and creases of old prints: found where they break both a median and their neighbourhood, and mended.

Nothing else is touched. What is found and what is harmed is measured in docs/PHOTOS.md; `benchmarks/repair.py` does it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.restoration import inpaint_biharmonic

from colorizer.photos.photo import Photo

_WORKING_SIDE = 1024
"""Longest side, in pixels, at which damage is looked for; all sizes below are in pixels of that, levels in [0, 1]."""
_MEDIAN, _NEIGHBOURHOOD, _SURROUNDINGS, _OWN = 5, 15, 21, 7
"""Sides of squares: damage is narrower than the first; brighter than all else within the second that is not; and told
by how lively the third is without the fourth."""
_LEAST_CONTRAST = 0.04
_CALM, _STRONGEST_TEXTURE = 0.005, 0.1
_SPECK, _SPECK_PIXELS = 20.0, 50
"""How many times livelier than its surroundings a speck is at least, and how large at most."""
_PART = 4.0
"""The same for what only belongs to a scratch."""
_LINE, _LINE_LENGTH, _DIRECTIONS = 2.5, 31, 16
"""Mean of how far pixels break the median, cut off at `_STRONGEST`, along a straight line of so many pixels that is a
scratch. Only bright ones count: dark lines are mostly seams, poles and gaps."""
_ON_LINE, _STRONGEST = 1.5, 4.0
_SCRATCH_SHARE, _SCRATCH_WIDTH = 0.15, 4
"""Of the longest side, what a scratch is long at least; and how wide at most in the mean. What goes no farther to the
side than a pixel more is a frame or a door: straight along the picture."""
_MOST_DAMAGED = 0.1
"""Of all pixels: with more it is no damage but the grid of a print, or cloth."""
_ROWS_AT_A_TIME = 1024
"""Of a large photo, in which what was mended is put, so that it takes no memory of its size."""
_TOUCHING = np.ones((3, 3), bool)


def repaired(photo: Photo) -> Photo:
    """Return a photo with its dust, scratches and creases mended; the photo itself where there are none.

    Outside of these its pixels stay what they were. Inside, a photo in RGB becomes gray. Large photos are mended at a
    longest side of 1,024 pixels, brought to their size. Inpainting is biharmonic, scikit-image's after Chui and Mhaskar
    2010, https://doi.org/10.1016/j.acha.2009.04.004.
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
    """Return where luma in [0, 1], float32, shape (h, w), is damaged: bool, of the same shape."""
    found = _specks(gray) | _specks(1 - gray) | _scratches(gray)
    mask = ndimage.binary_dilation(found, _TOUCHING)
    return mask if mask.mean() <= _MOST_DAMAGED else np.zeros_like(mask)


def _specks(gray: np.ndarray) -> np.ndarray:
    """Return the small bright spots that are brighter than all around them."""
    contrast, _, residual = _breaks(gray)
    labels, numbers = _connected((contrast > _PART) & (residual > _LEAST_CONTRAST))
    peaks, areas = ndimage.maximum(contrast, labels, numbers), ndimage.sum_labels(labels > 0, labels, numbers)
    return _those(labels, (np.array(peaks) > _SPECK) & (areas <= _SPECK_PIXELS))


def _scratches(gray: np.ndarray) -> np.ndarray:
    """Return the long and thin bright lines."""
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
    """Return how far each pixel is brighter than its neighbourhood and than its median, each in units of the texture
    around it, and the latter in levels.
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
    """Return how lively each pixel's surroundings are, without the pixel's own place."""
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
    """Return a picture, "L", "RGB" or "I;16", with what is mended in the place of what is damaged, some rows at a time.

    `mended`: luma in [0, 1], mode "F", of any size. `mask`: mode "1", of the same.
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
