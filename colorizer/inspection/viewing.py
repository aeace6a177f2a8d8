"""A photo as the network sees it and as it looks in the result, reduced to a fixed size to save memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from colorizer.inference.full_size import join
from colorizer.inference.proposal import propose, unfaded
from colorizer.network.network import Network
from colorizer.photos.color import chroma
from colorizer.photos.photo import Photo, squeezed
from colorizer.photos.reading import read_photo
from colorizer.settings import DEFAULT_READING, Reading

VIEWED_SIDE = 320
"""Longest side of the stored pictures, in pixels."""


@dataclass(frozen=True)
class ViewedPhoto:
    """One photo, reduced to what an inspection needs."""

    path: Path
    width: int
    """Width of the photo itself, in pixels."""
    height: int
    luma: np.ndarray
    """The network's input: float32 in [0, 1], shape (size, size)."""
    chroma: np.ndarray
    """Predicted Cb and Cr, float32, shape (size, size, 2)."""
    true_chroma: np.ndarray | None
    """True Cb and Cr: float32 in [-0.5, 0.5], shape (size, size, 2); None if unknown."""
    gray: Image.Image
    """The photo without color, mode "L", at most `VIEWED_SIDE` pixels wide and high."""
    coloured: Image.Image
    """The photo in predicted colors, mode "RGB", of the same size."""
    truth: Image.Image | None
    """The photo in true colors, mode "RGB", of the same size; None if unknown."""


def view(network: Network, path: Path, truth: Path | None = None, reading: Reading = DEFAULT_READING) -> ViewedPhoto:
    """Read and colorize a photo for inspection; raise ColorizeError.

    Only small pictures of the photo are kept, so memory is limited to one full-size photo at a time.

    Args:
        network: The network.
        path: The photo.
        truth: The file with its true colors, which is the photo itself if it is in color.
        reading: Limits for reading photos.
    """
    photo = read_photo(path, reading.limits)
    offset = propose(network, [photo], reading.limits)[0]
    small = Photo(_reduced(photo.eight_bits()))
    coloured = join(small, offset).image
    true_picture = _true_picture(photo, path, truth, reading)
    return ViewedPhoto(
        path=path,
        width=photo.width,
        height=photo.height,
        luma=unfaded(photo.square(network.size), reading.limits).astype(np.float32),
        chroma=chroma(offset),
        true_chroma=None if true_picture is None else _square_chroma(true_picture, network.size),
        gray=Image.fromarray(np.rint(small.luma() * 255).astype(np.uint8)),
        coloured=coloured,
        truth=None if true_picture is None else _reduced(true_picture),
    )


def _true_picture(photo: Photo, path: Path, truth: Path | None, reading: Reading) -> Image.Image | None:
    if truth is None:
        return None
    return photo.rgb() if truth == path else read_photo(truth, reading.limits).rgb()


def _square_chroma(picture: Image.Image, size: int) -> np.ndarray:
    return chroma(np.asarray(squeezed(picture, size), np.float32) / 255)


def _reduced(picture: Image.Image) -> Image.Image:
    scale = min(1.0, VIEWED_SIDE / max(picture.size))
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
