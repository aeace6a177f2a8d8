"""Animated GIF, WebP and PNG pictures: colorize them like films, and write them in their own format."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError, reason
from colorizer.files import write_bytes
from colorizer.film.decode import BT709, FULL_RANGE, FilmFacts, Frame
from colorizer.film.hints_file import TimedHints
from colorizer.film.propagation import find_known
from colorizer.film.proposals import ColourFrame, colour_frames
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, luma, merge
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.progress import Progress, no_progress
from colorizer.settings import PhotoLimits

_ENDINGS = {".gif": "GIF", ".webp": "WEBP", ".png": "PNG", ".apng": "PNG"}
_MILLISECOND = Fraction(1, 1000)
_USUAL_DURATION = 100
"""Duration of frames that do not specify one, in milliseconds; browsers use the same."""
_MOST_PIXELS = 500_000_000
"""Maximum number of pixels of all frames together, because Pillow's writers keep every frame in memory."""


@dataclass(frozen=True)
class Animation:
    """A decoded animated picture."""

    facts: FilmFacts
    frames: tuple[Frame, ...]
    alphas: tuple[np.ndarray | None, ...]
    """Transparency of each frame, uint8, shape (h, w); None for an opaque frame."""
    loop: int
    """Number of times it plays; 0 means forever."""


def is_animation(path: Path) -> bool:
    """Return whether a file name has the suffix of an animated picture."""
    return path.suffix.lower() in _ENDINGS


def read_animation(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> Animation:
    """Read an animated picture into full frames; raise ColorizeError if it is invalid or too large."""
    try:
        with Image.open(path, formats=tuple(set(_ENDINGS.values()))) as image:
            count = getattr(image, "n_frames", 1)
            pixels = image.width * image.height
            if pixels > limits.maximum_pixels or pixels * count > _MOST_PIXELS:
                raise ColorizeError(
                    f"{path} is too large for an animated picture: {count:,} frames of {image.width:,} x "
                    f"{image.height:,} pixels. Convert it to a film, such as an MP4, and colorize that."
                )
            frames, alphas, time = [], [], 0
            for number in range(count):
                image.seek(number)
                levels, alpha = _levels(image)
                duration = _duration(image)
                frames.append(Frame(time, duration, levels))
                alphas.append(alpha)
                time += duration
            loop = image.info.get("loop", 1)
            facts = _facts(path, image.size, time, count)
    except ColorizeError:
        raise
    except Exception as error:  # decoders raise almost any exception type for damaged data
        raise ColorizeError(f"Cannot read {path} as an animated picture: {reason(error)}") from error
    return Animation(facts, tuple(frames), tuple(alphas), loop)


def write_animation(path: Path, animation: Animation, pictures: Iterator[Image.Image]) -> None:
    """Write colorized frames in the format given by the file name, completely or not at all.

    Args:
        path: The output file.
        animation: The source animation, which supplies times and transparency.
        pictures: The colorized frames, RGB.

    Raises:
        ColorizeError: The file cannot be written, or the encoder dropped frames.
    """
    kind = _ENDINGS[path.suffix.lower()]
    shown = [_prepared(picture, alpha, kind) for picture, alpha in zip(pictures, animation.alphas, strict=True)]
    more: dict[str, Any] = {"lossless": True} if kind == "WEBP" else {}
    if kind == "GIF":
        more = {"disposal": 2 if any(alpha is not None for alpha in animation.alphas) else 1}
    if not (kind == "GIF" and animation.loop == 1):  # GIFs that play once have no loop field
        more["loop"] = animation.loop
    encoded = io.BytesIO()
    try:
        shown[0].save(
            encoded,
            kind,
            save_all=True,
            append_images=shown[1:],
            duration=[frame.duration for frame in animation.frames],
            **more,
        )
    except (
        ValueError,
        RuntimeError,
        struct.error,
    ) as error:  # the format cannot hold the picture, for example because of its size
        raise ColorizeError(f"Could not write {path}: {reason(error)}") from error
    if _milliseconds(encoded) != _milliseconds_of(animation):
        raise ColorizeError(
            f"{path} was not written: the encoder lost some frames. Convert the animation to a film, such as an MP4, "
            "and colorize that."
        )
    write_bytes(path, encoded.getvalue())


def is_as_long(path: Path, animation: Animation) -> bool:
    """Return whether a file plays as long as an animation.

    Its number of frames may differ, because equal frames in a row may be merged.
    """
    return _milliseconds(path) == _milliseconds_of(animation)


def _milliseconds_of(animation: Animation) -> int:
    return sum(frame.duration for frame in animation.frames)


def _milliseconds(file: Path | io.BytesIO) -> int:
    """Return how long an animated picture plays, as far as its frames can be decoded."""
    time = 0
    try:
        with Image.open(file, formats=tuple(set(_ENDINGS.values()))) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
                time += _duration(image)
    except Exception:  # decoders raise almost any exception type for damaged data
        pass
    return time


def _duration(image: Image.Image) -> int:
    """Return the duration of the current frame, in milliseconds."""
    return round(image.info.get("duration", 0)) or _USUAL_DURATION


def _levels(image: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a frame's luma, uint8, shape (h, w), and its transparency, the same or None."""
    rgba = np.asarray(image.convert("RGBA"))
    alpha = rgba[..., 3]
    gray = np.rint(luma(rgba[..., :3].astype(np.float32))).astype(np.uint8)
    return gray, None if alpha.min() == 255 else alpha.copy()


def _prepared(picture: Image.Image, alpha: np.ndarray | None, kind: str) -> Image.Image:
    if alpha is not None:
        picture = picture.copy()
        picture.putalpha(Image.fromarray(alpha))
    if kind != "GIF" or alpha is not None:
        return picture
    return picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)


def _facts(path: Path, size: tuple[int, int], milliseconds: int, count: int) -> FilmFacts:
    return FilmFacts(
        path=path,
        width=size[0],
        height=size[1],
        time_base=_MILLISECOND,
        rate=Fraction(1000 * count, max(1, milliseconds)),
        frames=count,
        seconds=milliseconds / 1000,
        pixel_aspect=Fraction(1),
        bits=8,
        colour_range=FULL_RANGE,
        matrix=BT709,
        primaries=BT709,
        transfer=BT709,
        display_matrix=None,
        interlaced=False,
    )


@dataclass(frozen=True)
class ColoredAnimation:
    """The color of an animated picture."""

    pictures: tuple[Image.Image, ...]
    """One RGB picture per frame."""
    scenes: tuple[float, ...]
    """When each scene begins, in seconds."""


def colorize_animation(
    network: Network,
    animation: Animation,
    hints: TimedHints | None = None,
    vividness: float = 1.0,
    progress: Progress = no_progress,
) -> ColoredAnimation:
    """Colorize an animated picture.

    Args:
        network: The network that predicts the colors.
        animation: The animated picture.
        hints: Hints by time, in seconds.
        vividness: Factor for the predicted chroma.
        progress: Called with the number of finished frames and the total.

    Raises:
        ColorizeError: A hint fits no frame.
    """
    known = find_known(network, animation.facts, animation.frames, hints or {}, vividness)
    frames, pictures, scenes = animation.frames, [], []
    for coloured in colour_frames(network, animation.facts, frames, known=known, vividness=vividness):
        pictures.append(_picture(coloured))
        if coloured.begins_scene:
            scenes.append(float(coloured.frame.time * animation.facts.time_base))
        progress(len(pictures), len(frames))
    return ColoredAnimation(tuple(pictures), tuple(scenes))


def write_beside_gray(path: Path, animation: Animation, pictures: Sequence[Image.Image]) -> None:
    """Write an animated picture that shows each frame before and after, side by side. Raises ColorizeError."""
    write_animation(path, _widened(animation), _beside_gray(animation, pictures))


def _picture(coloured: ColourFrame) -> Image.Image:
    """Return a colorized frame as RGB: the chroma resized to the frame, on the frame's own luma."""
    levels = coloured.frame.luma
    fine = cv2.resize(coloured.chroma, levels.shape[::-1], interpolation=cv2.INTER_CUBIC)
    rgb = merge(levels.astype(np.float32) / 255, np.moveaxis(fine @ CHROMA_TO_OFFSET, -1, 0))
    return Image.fromarray(np.rint(np.moveaxis(rgb, 0, -1) * 255).astype(np.uint8))


def _widened(animation: Animation) -> Animation:
    alphas = tuple(None if alpha is None else np.hstack([alpha, alpha]) for alpha in animation.alphas)
    return Animation(animation.facts, animation.frames, alphas, animation.loop)


def _beside_gray(animation: Animation, pictures: Sequence[Image.Image]) -> Iterator[Image.Image]:
    for frame, picture in zip(animation.frames, pictures, strict=True):
        both = Image.new("RGB", (2 * picture.width, picture.height))
        both.paste(Image.fromarray(frame.luma).convert("RGB"), (0, 0))
        both.paste(picture, (picture.width, 0))
        yield both
