"""Kinds of films by the endings of their names, and what reads them; known without what reads them."""

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
"""Endings of films whose container is kept, and FFmpeg's names of them."""
ENDINGS = (*KEPT, ".mpg", ".mpeg", ".m2v", ".vob", ".wmv", ".asf", ".ogv", ".mxf", ".dv", ".3g2", ".nut", ".y4m")
"""Endings of names that only films have; animated pictures have those of photos."""
_NEEDED = {"av": "av", "cv2": "opencv-python-headless"}
"""Modules of the extra "film", and the packages that have them."""


def refuse_without_packages() -> None:
    """Raise ColorizeError where what films need is not installed."""
    if not all(map(find_spec, _NEEDED)):
        packages = list(_NEEDED.values())
        raise ColorizeError(
            f'Films need {" and ".join(packages)}, the extra "film" of this program: pip install {" ".join(packages)}'
        )
