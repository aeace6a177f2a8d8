"""Encode colorized frames into one part of a film: a file with video only, in the film's matrix, range and gamut.

A film's Y' is luma of the film's own matrix. ITU-T H.273 (https://www.itu.int/rec/T-REC-H.273), section 8.3, numbers
the matrices and defines how Y', Cb and Cr map to levels of either range.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError

from colorizer.errors import ColorizeError, reason
from colorizer.film.containers import Encoding
from colorizer.film.decode import FULL_RANGE, FilmFacts, located, stored
from colorizer.photos.color import CHROMA_TO_OFFSET, share_in_gamut

_LUMA_SHARES = {1: (0.2126, 0.0722), 4: (0.30, 0.11), 5: (0.299, 0.114), 6: (0.299, 0.114), 7: (0.212, 0.087)}
_LUMA_SHARES |= {9: (0.2627, 0.0593), 10: (0.2627, 0.0593)}
"""Kr and Kb of each matrix (H.273, table 4)."""
_HIGH_DEFINITION = 720
"""Number of rows from which an untagged film is treated as BT.709, and below as BT.601, as players do."""
_PIXELS_AT_ONCE = 16_384
"""Pixels processed at once, so that the arrays in use fit in the processor's cache."""


def chroma_planes(luma: np.ndarray, chroma: np.ndarray, facts: FilmFacts, halved: bool) -> tuple[np.ndarray, ...]:
    """Compute Cb and Cr of a frame in the film's format.

    Colors outside RGB lose chroma, as in `color.merge`.

    Args:
        luma: The frame's own levels, shape (h, w), which do not change.
        chroma: BT.709, float32 in [-0.5, 0.5], shape (rows, columns, 2), on any grid that covers the frame.
        facts: The film's facts.
        halved: Whether the planes have half the frame's width and height.

    Returns:
        Cb and Cr: uint8, or uint16 from 0 to 1023.
    """
    height, width = luma.shape
    size = (width // 2, height // 2) if halved else (width, height)
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA) if halved else luma
    # Single planes and bands of rows fit in the cache, which is faster than computing everything at once.
    fine = [cv2.resize(plane, size, interpolation=cv2.INTER_CUBIC) for plane in cv2.split(chroma)]
    planes = tuple(np.empty_like(small) for _ in fine)
    rows = max(1, _PIXELS_AT_ONCE // size[0])
    for top in range(0, size[1], rows):
        band = slice(top, top + rows)
        for plane, levels in zip(planes, _chroma_levels(small[band], fine[0][band], fine[1][band], facts), strict=True):
            plane[band] = levels
    return planes


def _chroma_levels(
    luma: np.ndarray, of_blue: np.ndarray, of_red: np.ndarray, facts: FilmFacts
) -> tuple[np.ndarray, np.ndarray]:
    """Return the levels of Cb and Cr for levels of luma and BT.709 chroma, all of shape (h, w)."""
    black, unit, unit_of_chroma, middle = _levels(facts)
    gray = np.clip(_scaled(luma, 1 / unit, -black / unit, cv2.CV_32F), 0, 1)
    red, blue = of_red * CHROMA_TO_OFFSET[1, 0], of_blue * CHROMA_TO_OFFSET[0, 2]
    green = of_blue * CHROMA_TO_OFFSET[0, 1] + of_red * CHROMA_TO_OFFSET[1, 1]
    share = share_in_gamut(gray, (red, green, blue))
    red_share, blue_share = shares(facts)
    depth, most = (cv2.CV_8U, 255) if facts.bits == 8 else (cv2.CV_16U, 1023)
    return tuple(
        np.minimum(_scaled(offset * share, unit_of_chroma / (2 * (1 - of_luma)), middle, depth), most)
        for offset, of_luma in ((blue, blue_share), (red, red_share))
    )


def _scaled(plane: np.ndarray, factor: float, added: float, depth: int) -> np.ndarray:
    """Return `factor * plane + added` in an OpenCV depth, rounded and saturated."""
    return cv2.addWeighted(plane, factor, plane, 0, added, dtype=depth)


def gray_levels(luma: np.ndarray, facts: FilmFacts) -> np.ndarray:
    """Convert a film's luma levels to the range 0 to 255 that a network expects: uint8, shape (h, w)."""
    if facts.bits == 8 and facts.colour_range == FULL_RANGE:
        return luma
    black, unit, _, _ = _levels(facts)
    table = np.clip((np.arange(1 << facts.bits, dtype=np.float32) - black) * (255 / unit), 0, 255)
    return np.rint(table).astype(np.uint8)[luma]


def neutral(facts: FilmFacts) -> int:
    """Return the chroma level of gray."""
    return 128 << (facts.bits - 8)


def shares(facts: FilmFacts) -> tuple[float, float]:
    """Return the weights of red and blue in a film's luma."""
    untagged = 1 if facts.stored_size[1] >= _HIGH_DEFINITION else 5
    return _LUMA_SHARES.get(facts.matrix, _LUMA_SHARES[untagged])


def _levels(facts: FilmFacts) -> tuple[float, float, float, float]:
    """Return the level of black, the distance to white, the levels per unit of chroma, and the level of zero chroma."""
    scale = 1 << (facts.bits - 8)
    if facts.colour_range == FULL_RANGE:
        most = (1 << facts.bits) - 1
        return 0.0, float(most), float(most), 128.0 * scale
    return 16.0 * scale, 219.0 * scale, 224.0 * scale, 128.0 * scale


PART_FORMAT = "nut"
"""FFmpeg's own container: it stores every presentation time exactly, in any time base."""
_ENCODERS = {"h264": "libx264", "h265": "libx265", "vp9": "libvpx-vp9"}
_X264 = "me=dia:subme=1:no-chroma-me=1:partitions=none:no-8x8dct=1"
"""Disables parts of x264's search, which saves almost half its time for files a tenth larger."""
_OPTIONS = {
    # Without B-frames, parts can be joined at any frame and every time stays unchanged.
    "h264": {"preset": "veryfast", "bf": "0", "x264-params": _X264},
    "h265": {"preset": "veryfast", "x265-params": "bframes=0:log-level=error"},
    "vp9": {
        "b": "0",
        "deadline": "realtime",
        "cpu-used": "5",
        "row-mt": "1",
        "lag-in-frames": "0",
        "auto-alt-ref": "0",
    },
}


def is_halved(facts: FilmFacts) -> bool:
    """Return whether chroma has half the frame's width and height; frames with an odd side keep full-size chroma."""
    return facts.width % 2 == 0 and facts.height % 2 == 0


def encodable(facts: FilmFacts, encoding: Encoding) -> FilmFacts:
    """Return a film's facts with a bit depth that the encoder supports.

    The depth becomes 8 bits if the encoder supports no more, as libvpx in PyAV's packages.
    """
    formats = av.codec.Codec(_ENCODERS[encoding.codec], "w").video_formats or ()
    return facts if _format(facts) in {each.name for each in formats} else replace(facts, bits=8)


def _format(facts: FilmFacts) -> str:
    """Return FFmpeg's name of the output pixel format."""
    return f"yuv{'420' if is_halved(facts) else '444'}p{'10le' if facts.bits > 8 else ''}"


class PartWriter:
    """Encode frames into one file, as a context manager; the file is complete when the block ends."""

    def __init__(self, path: Path, facts: FilmFacts, encoding: Encoding):
        self._facts = facts
        self._format = _format(facts)
        self._durations: deque[int] = deque()
        self._container = av.open(located(path), "w", format=PART_FORMAT)
        self._container.flags |= av.container.Flags.bitexact.value
        options = {**_OPTIONS[encoding.codec], "crf": str(encoding.quality)}
        self._stream = self._container.add_stream(_ENCODERS[encoding.codec], rate=facts.rate, options=options)
        context = self._stream.codec_context
        context.width, context.height = facts.stored_size
        context.pix_fmt, context.time_base = self._format, facts.time_base
        context.sample_aspect_ratio = facts.pixel_aspect
        context.color_range, context.colorspace = facts.colour_range, facts.matrix
        context.color_primaries, context.color_trc = facts.primaries, facts.transfer

    def __enter__(self) -> PartWriter:
        return self

    def write(self, time: int, duration: int, planes: tuple[np.ndarray, ...]) -> None:
        """Encode one frame.

        Args:
            time: Presentation time, in the film's time base.
            duration: Duration, in the film's time base.
            planes: Y', Cb and Cr, upright.

        Raises:
            ColorizeError: The frame cannot be encoded.
            OSError: The disk refuses the data.
        """
        frame = av.VideoFrame(*self._facts.stored_size, self._format)
        for plane, levels in zip(frame.planes, planes, strict=True):
            _fill(plane, stored(levels, self._facts.display_matrix))
        frame.pts, frame.time_base = time, self._facts.time_base
        frame.color_range, frame.colorspace = self._facts.colour_range, self._facts.matrix
        self._durations.append(duration)
        try:
            self._mux(self._stream.encode(frame))
        except FFmpegError as error:
            if isinstance(error, OSError):  # raised by the disk
                raise
            raise ColorizeError(f"The frames of {self._facts.path} cannot be encoded: {reason(error)}") from error

    def __exit__(self, kind, error, trace) -> None:
        try:
            if kind is None:
                self._mux(self._stream.encode(None))
        finally:
            self._container.close()

    def _mux(self, packets: list[av.Packet]) -> None:
        for packet in packets:  # one packet per frame, in the same order
            packet.duration = self._durations.popleft()
            self._container.mux(packet)


def _fill(plane: av.video.plane.VideoPlane, levels: np.ndarray) -> None:
    rows = np.frombuffer(plane, levels.dtype).reshape(plane.height, plane.line_size // levels.itemsize)
    rows[:, : levels.shape[1]] = levels
