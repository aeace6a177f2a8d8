"""How a film's picture is encoded: what a person may choose."""

from __future__ import annotations

from dataclasses import dataclass

CODECS = ("h264", "h265")
"""H.264 plays everywhere; H.265 takes half the room and several times as long."""
VP9 = "vp9"
"""What WebM holds instead."""
MOST_LOSS = 51
"""x264's and x265's largest constant rate factor."""


@dataclass(frozen=True)
class Encoding:
    """How colour frames are encoded."""

    codec: str = "h264"
    """One of `CODECS`, or `VP9`."""
    quality: int = 17
    """Constant rate factor, 0 (lossless) to `MOST_LOSS`; FFmpeg's guide calls 17 or 18 visually lossless
    (https://trac.ffmpeg.org/wiki/Encode/H.264)."""


VISUALLY_LOSSLESS = Encoding()
"""H.264 whose loss is not seen."""
