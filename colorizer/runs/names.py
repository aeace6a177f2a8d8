"""Under which name each photo of a run is written."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from colorizer.files import fingerprint, numbered
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.photos.writing import written_name
from colorizer.runs.folders import NAMES, RESERVED, SHEETS, SNAPSHOTS, Run, write_record
from colorizer.settings import PhotoLimits


def picture_paths(
    run: Run, root: Path, photos: Sequence[Path], limits: PhotoLimits = DEFAULT_LIMITS
) -> dict[Path, Path]:
    """Return where the colour copy of every photo goes: under its own name, in its own subfolder of the run's results.

    A name that is taken, by another of the photos or by a file that is there, is numbered. Which photo got which name
    is written down: in a run that is gone on with, an unchanged photo gets its own name again. Raises ColorizeError.
    """
    record = run.results / NAMES
    known = _read_names(record)
    names = dict(known)
    taken = {str(run.results / name).casefold() for name in (*RESERVED, *(name for name, _ in known.values()))}
    for photo in photos:
        relative = photo.relative_to(root)
        print_ = fingerprint(photo)
        if print_ and known.get(str(relative), ("", None))[1] == list(print_):
            continue
        if relative.parts[0].casefold() in (SHEETS, SNAPSHOTS):  # folders of the run's own
            relative = Path(f"{relative.parts[0]}-photos", *relative.parts[1:])
        wanted = run.results / relative.with_name(written_name(photo, limits))
        path = next(
            path for path in numbered(wanted) if str(path).casefold() not in taken and not os.path.lexists(path)
        )
        taken.add(str(path).casefold())
        names[str(photo.relative_to(root))] = (str(path.relative_to(run.results)), print_ and list(print_))
    write_record(record, names)
    return {photo: run.results / names[str(photo.relative_to(root))][0] for photo in photos}


def _read_names(record: Path) -> dict[str, tuple[str, list[int] | None]]:
    """Return the written name and the fingerprint of every photo a run has colorized, by the photo's own name."""
    try:
        return {photo: (name, print_) for photo, (name, print_) in json.loads(record.read_text("utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # none yet, or no longer: all names are chosen anew
        return {}
