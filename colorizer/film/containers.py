"""Film formats by file name suffix, and the packages they need. Does not import those packages."""

from __future__ import annotations

from importlib.util import find_spec

from colorizer.errors import ColorizeError

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
_NEEDED = {"av": "av", "cv2": "opencv-python-headless"}
"""Modules of the extra "film", with the packages that provide them."""


def refuse_without_packages() -> None:
    """Raise ColorizeError if the packages that films need are not installed."""
    if not all(map(find_spec, _NEEDED)):
        packages = list(_NEEDED.values())
        raise ColorizeError(
            f'Films need {" and ".join(packages)}, the extra "film" of this program; run: pip install '
            f"{' '.join(packages)}"
        )
