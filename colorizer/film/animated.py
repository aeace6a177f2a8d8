"""Colorize an animated picture like a film, and write the whole file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from colorizer.film.animations import Animation, write_animation
from colorizer.film.hints_file import TimedHints
from colorizer.film.proposals import ColourFrame, colour_frames
from colorizer.film.riding import find_known
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, merge
from colorizer.progress import Progress, no_progress


def colorize_animation(
    network: Network,
    animation: Animation,
    target: Path,
    side_by_side: Path | None = None,
    hints: TimedHints | None = None,
    vividness: float = 1.0,
    progress: Progress = no_progress,
) -> tuple[float, ...]:
    """Colorize an animated picture.

    Args:
        network: The network that predicts the colors.
        animation: The animated picture.
        target: The output file.
        side_by_side: If given, a second output file that shows each frame before and after, side by side.
        hints: Hints by time, in seconds.
        vividness: Factor for the predicted chroma.
        progress: Called with the number of finished frames and the total.

    Returns:
        When each scene begins, in seconds.

    Raises:
        ColorizeError: The animation cannot be colorized or written.
    """
    known = find_known(network, animation.facts, animation.frames, hints or {}, vividness)
    frames, pictures, scenes = animation.frames, [], []
    for coloured in colour_frames(network, animation.facts, frames, known=known, vividness=vividness):
        pictures.append(_picture(coloured))
        if coloured.begins_scene:
            scenes.append(float(coloured.frame.time * animation.facts.time_base))
        progress(len(pictures), len(frames))
    write_animation(target, animation, iter(pictures))
    if side_by_side is not None:
        write_animation(side_by_side, _widened(animation), _beside_gray(animation, pictures))
    return tuple(scenes)


def _picture(coloured: ColourFrame) -> Image.Image:
    """Return a colorized frame as RGB: the chroma resized to the frame, on the frame's own luma."""
    levels = coloured.frame.luma
    fine = cv2.resize(coloured.chroma, levels.shape[::-1], interpolation=cv2.INTER_CUBIC)
    rgb = merge(levels.astype(np.float32) / 255, np.moveaxis(fine @ CHROMA_TO_OFFSET, -1, 0))
    return Image.fromarray(np.rint(np.moveaxis(rgb, 0, -1) * 255).astype(np.uint8))


def _widened(animation: Animation) -> Animation:
    alphas = tuple(None if alpha is None else np.hstack([alpha, alpha]) for alpha in animation.alphas)
    return Animation(animation.facts, animation.frames, alphas, animation.loop)


def _beside_gray(animation: Animation, pictures: list[Image.Image]) -> Iterator[Image.Image]:
    for frame, picture in zip(animation.frames, pictures, strict=True):
        both = Image.new("RGB", (2 * picture.width, picture.height))
        both.paste(Image.fromarray(frame.luma).convert("RGB"), (0, 0))
        both.paste(picture, (picture.width, 0))
        yield both
