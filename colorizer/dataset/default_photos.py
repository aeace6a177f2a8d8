"""The default dataset: photographs that ship with scikit-image.

https://scikit-image.org/docs/stable/api/skimage.data.html
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from colorizer.dataset.find import find_files
from colorizer.dataset.unpacking import came_from, unpack
from colorizer.errors import ColorizeError
from colorizer.files import complete_file, is_file, is_folder
from colorizer.photos.color import luma

SHIPPED_COLOUR = ("astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "retina.jpg", "rocket.jpg")
"""Color photographs for training."""
SHIPPED_GRAY = ("astronaut.png", "camera.png", "chelsea.png", "coffee.png", "motorcycle_left.png", "rocket.jpg")
"""Photographs of people, animals, food and places. They are converted to gray and then colorized; only camera.png is
gray originally.
"""


def fill_default_dataset(folder: Path, for_training: bool) -> Path:
    """Fill the default dataset with scikit-image's photographs if it is empty.

    A zip that you put there is unpacked next to it.

    Args:
        folder: The folder of the default dataset.
        for_training: Whether the photographs are for training, in color, or for colorizing, in gray.

    Returns:
        `folder`.

    Raises:
        ColorizeError: scikit-image's photographs are not available, or the folder cannot be filled.
    """
    found = find_files(folder).files if is_folder(folder) else ()
    for archive in [path for path in found if path.parent == folder and path.suffix.lower() == ".zip"]:
        if not came_from(archive.with_suffix(""), archive):  # a photo that was deleted must not be unpacked again
            unpack(archive, archive.with_suffix(""))
    if found:
        return folder
    source, names = _source(), SHIPPED_COLOUR if for_training else SHIPPED_GRAY
    if source is None or not all(is_file(source / name) for name in names):
        raise ColorizeError(
            f"The default dataset {folder} is empty and scikit-image's photos are not installed. Install "
            "scikit-image, or put photos in the folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            if for_training:
                shutil.copyfile(source / name, folder / name)
            else:
                with complete_file(_gray_path(folder, name)) as temporary:
                    Image.fromarray(_gray(source / name)).save(temporary)
    except OSError as error:
        raise ColorizeError(f"Cannot fill the default dataset {folder}: {error.strerror}.") from error
    return folder


def holds_only_samples(photos: Iterable[Path]) -> bool:
    """Say whether these are the sample photographs that `fill_default_dataset` puts into the default dataset."""
    return {photo.name for photo in photos} <= set(SHIPPED_COLOUR)


def true_colours(folder: Path) -> dict[Path, Path]:
    """Find the color originals of the gray photographs that `fill_default_dataset` wrote into `folder`.

    A photo of the same name with other content is not included.

    Returns:
        Color originals by gray photograph.
    """
    source = _source()
    if source is None:
        return {}
    pairs = {_gray_path(folder, name): source / name for name in SHIPPED_GRAY}
    return {path: truth for path, truth in pairs.items() if _is_gray_of(path, truth)}


def _source() -> Path | None:
    package = find_spec("skimage")
    return Path(package.origin).parent / "data" if package and package.origin else None


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
