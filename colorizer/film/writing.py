"""Encode colorized frames into one part of a film: a file with video only."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from colorizer.errors import ColorizeError, reason
from colorizer.film.encoding import Encoding
from colorizer.film.orientation import stored
from colorizer.film.reading import FilmFacts, located

PART_FORMAT = "nut"
"""FFmpeg's own container: it stores every presentation time exactly, in any time base."""
_ENCODERS = {"h264": "libx264", "h265": "libx265", "vp9": "libvpx-vp9"}
_X264 = "me=dia:subme=1:no-chroma-me=1:partitions=none:no-8x8dct=1"
"""Disables parts of x264's search, which saves almost half its time for files a tenth larger (docs/FILM.md)."""
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
