"""A photo as a network sees it, and as people see what became of it: small enough to be kept, however large it was."""

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
"""Longest side, in pixels, of the pictures that are kept of a photo."""


@dataclass(frozen=True)
class ViewedPhoto:
    """One photo, reduced to what looking inside needs."""

    path: Path
    width: int
    """Of the photo itself, in pixels."""
    height: int
    luma: np.ndarray
    """What the network sees: float32 in [0, 1], shape (size, size)."""
    chroma: np.ndarray
    """What it proposes: Cb and Cr, float32, shape (size, size, 2)."""
    true_chroma: np.ndarray | None
    """What the photo has: float32 in [-0.5, 0.5], shape (size, size, 2); None where no colours are known."""
    gray: Image.Image
    """The photo without its colours, mode "L", at most `VIEWED_SIDE` pixels wide and high."""
    coloured: Image.Image
    """The photo in the network's colours, mode "RGB", of the same size."""
    truth: Image.Image | None
    """The photo in its own colours, mode "RGB", of the same size; None where none are known."""


def view(network: Network, path: Path, truth: Path | None = None, reading: Reading = DEFAULT_READING) -> ViewedPhoto:
    """Read a photo, colorize it, and keep what can be looked at; raise ColorizeError.

    `truth` is the file that has its true colours: the photo itself, where it is in colour. Photos are decoded one
    after the other and only small pictures of them are kept, so that memory stays that of one photo.
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
