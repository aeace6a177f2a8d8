"""The default dataset: photographs that ship with the program (colorizer/samples/README.md)."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from colorizer.dataset.find import find_files
from colorizer.dataset.unpacking import came_from, unpack
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, is_folder
from colorizer.photos.color import luma

_SAMPLES = Path(__file__).parents[1] / "samples"
SHIPPED_COLOUR = ("astronaut.png", "chelsea.png", "coffee.png", "grace_hopper.jpg", "retina.jpg", "rocket.jpg")
"""Color photographs for training."""
SHIPPED_GRAY = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "grace_hopper.jpg", "rocket.jpg")
"""Photographs of people, animals, food and places. They are converted to gray and then colorized; only camera.png is
gray originally.
"""
_EARLIER_SAMPLES = ("motorcycle_left.png",)
"""Samples of earlier versions, which a default dataset may still hold."""


def fill_default_dataset(folder: Path, for_training: bool) -> Path:
    """Fill the default dataset with the sample photographs if it is empty.

    A zip that you put there is unpacked next to it.

    Args:
        folder: The folder of the default dataset.
        for_training: Whether the photographs are for training, in color, or for colorizing, in gray.

    Returns:
        `folder`.

    Raises:
        ColorizeError: The folder cannot be filled.
    """
    found = find_files(folder).files if is_folder(folder) else ()
    for archive in [path for path in found if path.parent == folder and path.suffix.lower() == ".zip"]:
        if not came_from(archive.with_suffix(""), archive):  # a photo that was deleted must not be unpacked again
            unpack(archive, archive.with_suffix(""))
    if found:
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHIPPED_COLOUR if for_training else SHIPPED_GRAY:
            if for_training:
                shutil.copyfile(_SAMPLES / name, folder / name)
            else:
                with complete_file(_gray_path(folder, name)) as temporary:
                    Image.fromarray(_gray(_SAMPLES / name)).save(temporary)
    except OSError as error:
        raise ColorizeError(f"Cannot fill the default dataset {folder}: {error.strerror}.") from error
    return folder


def holds_only_samples(photos: Iterable[Path]) -> bool:
    """Say whether these are the sample photographs that `fill_default_dataset` puts into the default dataset."""
    return {photo.name for photo in photos} <= {*SHIPPED_COLOUR, *_EARLIER_SAMPLES}


def true_colours(folder: Path) -> dict[Path, Path]:
    """Find the color originals of the gray photographs that `fill_default_dataset` wrote into `folder`.

    A photo of the same name with other content is not included.

    Returns:
        Color originals by gray photograph.
    """
    pairs = {_gray_path(folder, name): _SAMPLES / name for name in SHIPPED_GRAY}
    return {path: truth for path, truth in pairs.items() if _is_gray_of(path, truth)}


def _gray_path(folder: Path, name: str) -> Path:
    return (folder / name).with_suffix(".png")  # avoids JPEG losses a second time


def _gray(photo: Path) -> np.ndarray:
    """Return the luma of a photo file: uint8, shape (h, w)."""
    with Image.open(photo) as image:
        return np.rint(luma(np.asarray(image.convert("RGB")))).astype(np.uint8)


def _is_gray_of(path: Path, truth: Path) -> bool:
    try:
        with Image.open(truth) as image:
            has_colour = image.mode == "RGB"
        return has_colour and np.array_equal(np.asarray(Image.open(path)), _gray(truth))
    except OSError:  # one of them is missing or not a photo
        return False
