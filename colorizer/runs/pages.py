"""Multi-page files in a run: each page is colorized as a separate photo, then combined into one file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.files import PAGES, Move, process_token, unfinished_prefix
from colorizer.inference.colorize import Colorized, Failure
from colorizer.photos.writing import write_pages


@dataclass(frozen=True)
class Written:
    """A written page, or a photo with a single page."""

    file: Path
    row: Sequence[Image.Image]
    """The pictures for a comparison sheet; empty for all pages but the first."""


@contextmanager
def page_folder(results: Path, pages: Mapping[Path, int]) -> Iterator[Path]:
    """Yield a hidden folder for finished pages, removed after the block; `results` if no photo has several pages.

    Raises ColorizeError.
    """
    if max(pages.values(), default=1) == 1:
        yield results
        return
    try:
        folder = tempfile.TemporaryDirectory(
            prefix=f"{PAGES}{process_token()}-", dir=results, ignore_cleanup_errors=True
        )
    except OSError as error:
        raise ColorizeError(f"Cannot write into {results}: {error.strerror}.") from error
    with folder:
        yield Path(folder.name)


def page_file(folder: Path) -> Path:
    """Create a file for one page, named as unfinished so that it is cleaned up after a crash; raise ColorizeError."""
    try:
        with tempfile.NamedTemporaryFile(prefix=unfinished_prefix(), suffix=".tif", dir=folder, delete=False) as file:
            return Path(file.name)
    except OSError as error:
        raise ColorizeError(f"Cannot write into {folder}: {error.strerror}.") from error


def gathered(target: Path, parts: Iterator[Colorized | Failure], move: Move = Path.replace) -> Colorized | Failure:
    """Combine the outcomes of a photo's pages into one outcome.

    A photo with a failed page is a failure.

    Args:
        target: The file for the combined pages, if there are several.
        parts: The outcomes of the pages, in order.
        move: As in `files.complete_file`.
    """
    first = next(parts)
    second = next(parts, None)
    if second is None:
        return first
    try:
        write_pages(target, (_file(part) for part in chain((first, second), parts)), move)
        return first
    except ColorizeError as error:
        for part in parts:  # free the disk space
            if isinstance(part, Colorized):
                part.delivered.file.unlink()
        return Failure(first.path, str(error))


def _file(part: Colorized | Failure) -> Path:
    if isinstance(part, Failure):
        raise ColorizeError(part.reason)
    return part.delivered.file
