"""Decode a finished color film: count its frames, take a still of each scene, write before and after side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.film.chroma_planes import neutral
from colorizer.film.encoding import Encoding
from colorizer.film.orientation import display_matrix, swaps_sides, upright
from colorizer.film.reading import FilmFacts, opened, picture_stream
from colorizer.film.writing import PartWriter
from colorizer.progress import Progress, no_progress


class CountedFrames:
    """The frames of a film, decoded on each iteration up to the first frame that cannot be decoded.

    Attributes:
        count: Number of frames that the latest iteration has yielded so far.
    """

    def __init__(self, film: Path):
        self._film = film
        self.count = 0

    def __iter__(self) -> Iterator[av.VideoFrame]:
        self.count = 0
        with suppress(FFmpegError, ColorizeError), opened(self._film) as container:
            stream = picture_stream(container, self._film)
            stream.thread_type = "AUTO"
            for frame in container.decode(stream):
                self.count += 1
                yield frame


def count_frames(film: Path, progress: Progress = no_progress, expected: int = 0) -> int:
    """Return the number of decodable frames of a film; 0 for a file that is not a film."""
    frames = CountedFrames(film)
    for _ in frames:
        progress(frames.count, max(frames.count, expected))
    return frames.count


def scene_stills(
    frames: Iterable[av.VideoFrame], scenes: Sequence[float], length: float, side: int
) -> Iterator[tuple[float, Image.Image]]:
    """Pick the frame shown in the middle of each scene. Consumes all frames.

    Args:
        frames: A film's frames.
        scenes: When each scene begins, in seconds since the first frame.
        length: When the last scene ends, in seconds since the first frame.
        side: Largest width and height of a still, in pixels.

    Yields:
        The time of a frame, in seconds since the first one, and its picture: RGB, upright.
    """
    middles = deque((begin + end) / 2 for begin, end in pairwise([*scenes, length]))
    first, before, shown = None, None, 0.0
    for frame in frames:
        first = frame.pts if first is None else first
        now = shown if frame.pts is None else float((frame.pts - first) * frame.time_base)
        while middles and before is not None and now > middles[0]:
            middles.popleft()
            yield shown, _still(before, side)
        before, shown = frame, now
    if middles and before is not None:
        yield shown, _still(before, side)


def side_by_side(facts: FilmFacts) -> FilmFacts:
    """Return the facts of a film that shows each frame twice, side by side; it is stored upright."""
    aspect = 1 / facts.pixel_aspect if swaps_sides(facts.display_matrix) else facts.pixel_aspect
    return replace(facts, width=2 * facts.width, pixel_aspect=aspect, display_matrix=None)


def write_side_by_side(
    film: Path, facts: FilmFacts, encoding: Encoding, target: Path, progress: Progress = no_progress
) -> None:
    """Write a video that shows each frame of a color film in gray and in color, side by side.

    Args:
        film: The color film.
        facts: The color film's facts.
        encoding: The encoder settings.
        target: The output file.
        progress: Called with the number of finished frames and the total.

    Raises:
        ColorizeError: The video cannot be encoded.
    """
    gray = neutral(facts)
    frames = CountedFrames(film)
    with PartWriter(target, side_by_side(facts), encoding) as writer:
        for frame in frames:
            luma, blue, red = (upright(_levels(plane, facts), facts.display_matrix) for plane in frame.planes)
            planes = [np.hstack([np.full_like(plane, gray), plane]) for plane in (blue, red)]
            time = round(frame.pts * frame.time_base / facts.time_base)
            writer.write(
                time,
                round((frame.duration or 0) * frame.time_base / facts.time_base),
                (
                    np.hstack([luma, luma]),
                    *planes,
                ),
            )
            progress(frames.count, max(frames.count, facts.frames))


def _levels(plane: av.video.plane.VideoPlane, facts: FilmFacts) -> np.ndarray:
    kind = np.dtype(np.uint8 if facts.bits == 8 else "<u2")
    return np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)[:, : plane.width]


def _still(frame: av.VideoFrame, side: int) -> Image.Image:
    share = min(1.0, side / max(frame.width, frame.height))
    small = frame.to_image(width=max(1, round(frame.width * share)), height=max(1, round(frame.height * share)))
    return Image.fromarray(np.ascontiguousarray(upright(np.asarray(small), display_matrix(frame))))
