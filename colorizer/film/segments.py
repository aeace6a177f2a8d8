"""Finished parts of a film, and the state after each one, from which a stopped film resumes.

Part 7 consists of `00007.nut`, its video, and `00007.npz`, the state after it. The state is written last, so a part is
complete if both files exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from colorizer.files import complete_file, is_file
from colorizer.film.encode import PART_FORMAT
from colorizer.film.proposals import Carried, Steadied

PART_FRAMES = 128
"""Frames per part: a whole number of batches, a few seconds of film."""
_VERSION = 5


@dataclass(frozen=True)
class Standing:
    """The progress of a film: its finished parts, and the state to resume from."""

    parts: tuple[Path, ...] = ()
    frames: int = 0
    """Number of frames in all parts."""
    scenes: tuple[int, ...] = ()
    """Start times of all scenes so far, in the film's time base."""
    carried: Carried | None = None
    ends: int = 0
    """When the last frame ends, in the film's time base."""


def part_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.{PART_FORMAT}"


def write_standing(standing: Standing) -> None:
    """Save the state after the newest part, completely or not at all; raise ColorizeError."""
    path, carried = standing.parts[-1].with_suffix(".npz"), standing.carried
    with complete_file(path) as temporary:
        np.savez(
            temporary,
            version=_VERSION,
            frames=standing.frames,
            scenes=np.array(standing.scenes, np.int64),
            square=carried.square,
            chroma=carried.colours.chroma,
            age=carried.colours.age,
            change=carried.change,
            ends=standing.ends,
        )


def read_standing(folder: Path) -> Standing:
    """Load a film's progress from the folder of its parts; the initial state if there are no parts."""
    parts: list[Path] = []
    while is_file(path := part_path(folder, len(parts))) and is_file(path.with_suffix(".npz")):
        parts.append(path)
    while parts:
        standing = _read(tuple(parts))
        if standing is not None:
            return standing
        parts.pop()
    return Standing()


def _read(parts: tuple[Path, ...]) -> Standing | None:
    """Load the state saved after the last of some parts; None if it cannot be read."""
    try:
        with np.load(parts[-1].with_suffix(".npz"), allow_pickle=False) as kept:
            if kept["version"] != _VERSION:
                return None
            carried = Carried(kept["square"], Steadied(kept["chroma"], kept["age"]), kept["change"])
            scenes = tuple(map(int, kept["scenes"]))
            return Standing(parts, int(kept["frames"]), scenes, carried, int(kept["ends"]))
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
