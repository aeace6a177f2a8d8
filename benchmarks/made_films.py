"""Films made from photographs with known camera movements, so that the motion of every pixel is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from colorizer.photos.color import luma

RATE = Fraction(25)
_SOUND_RATE = 48_000


@dataclass(frozen=True)
class Camera:
    """Position and distance of a camera.

    The position is a share of the way across and down a photograph. At distance 1 the camera covers as many pixels as
    the frame has, at 2 twice as many along each side.
    """

    across: float
    down: float
    distance: float = 1.0


@dataclass(frozen=True)
class Shot:
    """One scene: its frames, and the position of each frame's pixels in the photograph."""

    frames: np.ndarray
    """RGB, uint8, shape (n, h, w, 3)."""
    views: np.ndarray
    """Matrices from a frame's pixels to the photograph's, float64, shape (n, 2, 3)."""


def shoot(photo: np.ndarray, begin: Camera, end: Camera, count: int, width: int = 160, height: int = 120) -> Shot:
    """Film a photograph, RGB, uint8, shape (h, w, 3), while the camera moves evenly from one position to another.

    At distance 1, movements are by whole pixels, so that only colors can change there.
    """
    views, frames = [], []
    for share in np.linspace(0, 1, count):
        distance = begin.distance + (end.distance - begin.distance) * share
        room = (photo.shape[1] - 1 - (width - 1) * distance, photo.shape[0] - 1 - (height - 1) * distance)
        corner = [
            room[0] * (begin.across + (end.across - begin.across) * share),
            room[1] * (begin.down + (end.down - begin.down) * share),
        ]
        if begin.distance == end.distance == 1:
            corner = [round(side) for side in corner]
        view = np.array([[distance, 0, corner[0]], [0, distance, corner[1]]])
        views.append(view)
        frames.append(cv2.warpAffine(photo, view, (width, height), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP))
    return Shot(np.stack(frames), np.stack(views))


def filmed(photo: np.ndarray, width: int) -> np.ndarray:
    """Return a photograph as RGB, scaled so that a camera has space to move in it."""
    rgb = photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, axis=-1)
    share = width / min(rgb.shape[1], rgb.shape[0] * 4 / 3)
    size = (round(rgb.shape[1] * share), round(rgb.shape[0] * share))
    return cv2.resize(np.ascontiguousarray(rgb[..., :3]), size, interpolation=cv2.INTER_AREA)


def gray(frames: np.ndarray) -> np.ndarray:
    """Return the luma of RGB frames: uint8, shape (n, h, w)."""
    return np.rint(luma(frames.astype(np.float32))).astype(np.uint8)


def write_film(
    path: Path,
    frames: np.ndarray,
    *,
    times: Sequence[int] | None = None,
    time_base: Fraction = 1 / RATE,
    rate: Fraction = RATE,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    sound: bool = False,
    sound_codec: str = "aac",
    subtitles: Path | None = None,
    tags: dict[str, int] | None = None,
    pixel_aspect: Fraction | None = None,
    turned: int = 0,
    options: dict[str, str] | None = None,
) -> None:
    """Write luma frames, uint8, shape (n, h, w), as a black-and-white film with limited (television) range.

    `times` holds the time of each frame in units of `time_base`; by default the frames follow each other directly.
    `turned` is the display rotation in degrees.
    """
    with av.open(str(path), "w") as out:
        out.metadata["title"] = "Made"
        stream = out.add_stream(
            codec, rate=rate, options=options or ({"crf": "10"} if "264" in codec else {"b": "8000000"})
        )
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], pixels
        stream.codec_context.time_base = time_base
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        if pixel_aspect:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if turned:
            stream.set_display_rotation(turned)
        tone = _tone(out, len(frames) / RATE, sound_codec) if sound else None
        for number, levels in enumerate(frames):
            frame = _gray_frame(levels, pixels)
            frame.pts, frame.time_base = (number if times is None else times[number]), time_base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if tone:
            tone()


def _gray_frame(levels: np.ndarray, pixels: str) -> av.VideoFrame:
    frame = av.VideoFrame(levels.shape[1], levels.shape[0], pixels)
    deep = frame.format.components[0].bits > 8
    studio = np.rint(16 + levels.astype(np.float32) * (219 / 255))
    for number, plane in enumerate(frame.planes):
        kind = np.dtype("<u2") if deep else np.dtype(np.uint8)
        rows = np.frombuffer(plane, kind).reshape(plane.height, plane.line_size // kind.itemsize)
        rows[:, : plane.width] = (studio if number == 0 else 128) * (4 if deep else 1)
    return frame


def _tone(out: av.container.OutputContainer, seconds: Fraction, codec: str):
    """Add an audio stream; return a function that writes it: silence, then a tone from the middle on."""
    stream = out.add_stream(codec, rate=_SOUND_RATE, layout="mono")
    stream.bit_rate = 96_000  # WMA requires a bit rate

    def write() -> None:
        count = int(seconds * _SOUND_RATE)
        samples = np.sin(np.arange(count) * (2 * np.pi * 440 / _SOUND_RATE)).astype(np.float32) * np.float32(0.3)
        samples[: count // 2] = 0
        for start in range(0, count, 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, start : start + 1024], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, start, Fraction(1, _SOUND_RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))

    return write
