"""Files of several pages in a run: each page is colorized as a photo of its own, and written into one file with the
others."""

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
    """A page that was written, or a photo that has only one."""

    file: Path
    row: Sequence[Image.Image]
    """Of a comparison sheet; none of pages that are not the first."""


@contextmanager
def page_folder(results: Path, pages: Mapping[Path, int]) -> Iterator[Path]:
    """Yield a hidden folder for pages that wait for those before them, gone after the block; `results` itself where no
    photo has several. Raises ColorizeError.
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
    """Return a new file for one page, called as what is unfinished, so that it is swept; raise ColorizeError."""
    try:
        with tempfile.NamedTemporaryFile(prefix=unfinished_prefix(), suffix=".tif", dir=folder, delete=False) as file:
            return Path(file.name)
    except OSError as error:
        raise ColorizeError(f"Cannot write into {folder}: {error.strerror}.") from error


def gathered(target: Path, parts: Iterator[Colorized | Failure], move: Move = Path.replace) -> Colorized | Failure:
    """Return what became of a photo, of whose pages, one or several, `parts` has the outcomes in order.

    The files of several pages become one at `target`; `move` as in `files.complete_file`. A photo of which any page
    has failed is a failure.
    """
    first = next(parts)
    second = next(parts, None)
    if second is None:
        return first
    try:
        write_pages(target, (_file(part) for part in chain((first, second), parts)), move)
        return first
    except ColorizeError as error:
        for part in parts:  # they take room, and are of no use
            if isinstance(part, Colorized):
                part.delivered.file.unlink()
        return Failure(first.path, str(error))


def _file(part: Colorized | Failure) -> Path:
    if isinstance(part, Failure):
        raise ColorizeError(part.reason)
    return part.delivered.file
