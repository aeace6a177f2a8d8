"""A finished colour film looked through once more: a still of each scene, and before and after beside each other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from PIL import Image

from colorizer.film.chroma_planes import neutral
from colorizer.film.encoding import Encoding
from colorizer.film.orientation import display_matrix, swaps_sides, upright
from colorizer.film.reading import FilmFacts, opened, picture_stream
from colorizer.film.writing import PartWriter
from colorizer.progress import Progress, no_progress


def scene_stills(film: Path, scenes: Sequence[float], length: float, side: int) -> Iterator[tuple[float, Image.Image]]:
    """Yield the time, in seconds since the first frame, and the picture of the frame in the middle of each scene.

    `scenes`: when each begins, and `length`, when the last one ends, in seconds. Pictures are RGB, upright, at most
    `side` pixels wide and high.
    """
    middles = deque((begin + end) / 2 for begin, end in pairwise([*scenes, length]))
    with opened(film) as container:
        stream = picture_stream(container, film)
        stream.thread_type = "AUTO"
        first, shown, group = None, 0.0, []
        for packet in container.demux(stream):
            if packet.pts is None:  # the last one, which is empty
                continue
            first = packet.pts if first is None else first
            shown = float((packet.pts - first) * stream.time_base)
            if packet.is_keyframe:
                group.clear()
            group.append(packet)
            if middles and shown >= middles[0]:
                middles.popleft()
                yield from _stills(stream, group, shown, side)
        if middles:  # of a film that is shorter than it was said to be
            yield from _stills(stream, group, shown, side)


def _stills(
    stream: av.VideoStream, group: Sequence[av.Packet], shown: float, side: int
) -> Iterator[tuple[float, Image.Image]]:
    """Yield the last frame of some packets, the first of which needs none before it, if it can be decoded."""
    last = None
    for packet in (*group, None):
        for frame in stream.codec_context.decode(packet):
            last = frame
    stream.codec_context.flush_buffers()
    if last is not None:
        yield shown, _still(last, side)


def side_by_side(facts: FilmFacts) -> FilmFacts:
    """Return the facts of a film that shows each frame of another twice, beside each other: it is stored upright."""
    aspect = 1 / facts.pixel_aspect if swaps_sides(facts.display_matrix) else facts.pixel_aspect
    return replace(facts, width=2 * facts.width, pixel_aspect=aspect, display_matrix=None)


def write_side_by_side(
    film: Path, facts: FilmFacts, encoding: Encoding, target: Path, progress: Progress = no_progress
) -> None:
    """Write the video of a film that shows each frame of a colour film, whose facts these are, without and with its
    colours beside each other. Raises ColorizeError.
    """
    gray = neutral(facts)
    with PartWriter(target, side_by_side(facts), encoding) as writer:
        for number, frame in enumerate(_frames(film), 1):
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
            progress(number, max(number, facts.frames))


def _frames(film: Path) -> Iterator[av.VideoFrame]:
    with opened(film) as container:
        stream = picture_stream(container, film)
        stream.thread_type = "AUTO"
        yield from container.decode(stream)


def _levels(plane: av.video.plane.VideoPlane, facts: FilmFacts) -> np.ndarray:
    kind = np.dtype(np.uint8 if facts.bits == 8 else "<u2")
    return np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)[:, : plane.width]


def _still(frame: av.VideoFrame, side: int) -> Image.Image:
    share = min(1.0, side / max(frame.width, frame.height))
    small = frame.to_image(width=max(1, round(frame.width * share)), height=max(1, round(frame.height * share)))
    return Image.fromarray(np.ascontiguousarray(upright(np.asarray(small), display_matrix(frame))))
