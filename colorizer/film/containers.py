"""Film formats by suffix, the packages they need, and options for encoding. Imports none of those packages."""

from __future__ import annotations

from dataclasses import dataclass

from colorizer.packages import refuse_without

KEPT = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".avi": "avi",
    ".ts": "mpegts",
    ".m2ts": "mpegts",
    ".mts": "mpegts",
    ".flv": "flv",
    ".3gp": "3gp",
}
"""Suffixes of films whose container is kept, with FFmpeg's name of the container."""
ENDINGS = (*KEPT, ".mpg", ".mpeg", ".m2v", ".vob", ".wmv", ".asf", ".ogv", ".mxf", ".dv", ".3g2", ".nut", ".y4m")
"""Suffixes that only films have. Animated pictures share theirs with photos."""


def refuse_without_packages() -> None:
    """Raise ColorizeError if the packages that films need are not installed."""
    refuse_without("film", "The film command")


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
