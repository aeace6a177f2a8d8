"""Options for encoding a film's video."""

from __future__ import annotations

from dataclasses import dataclass

CODECS = ("h264", "h265")
"""H.264 plays everywhere; H.265 files are half the size but take several times as long to encode."""
VP9 = "vp9"
"""The codec for WebM."""
MOST_LOSS = 51
"""Largest constant rate factor of x264 and x265."""


@dataclass(frozen=True)
class Encoding:
    """Encoder settings for colorized frames."""

    codec: str = "h264"
    """One of `CODECS`, or `VP9`."""
    quality: int = 17
    """Constant rate factor, from 0 (lossless) to `MOST_LOSS`. FFmpeg's guide calls 17 or 18 visually lossless
    (https://trac.ffmpeg.org/wiki/Encode/H.264)."""


VISUALLY_LOSSLESS = Encoding()
"""H.264 without visible loss."""
