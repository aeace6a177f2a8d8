"""`python -m benchmarks hints PHOTOS OBJECTS`: measure the benefit of hints, and whether they stay on their object.

PHOTOS holds photographs in color: true colors are revealed at random places, and the gain over the automatic result is
printed. OBJECTS holds photographs `NAME.jpg` with one object each in `NAME.mask.png` (white): hints of one color are
placed inside the object, and these metrics are printed:

- cover: the share of the wanted change of chroma that is achieved inside the object, as far as it is in gamut;
- spill: the mean CIEDE2000 between the pictures with and without hints, outside the object and a rim of 6 pixels;
- stained: the share of the pixels outside that change by more than CIEDE2000 5.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from colorizer.photos.photo import Photo, Picture

RANDOM_COUNTS, OBJECT_COUNTS = (0, 1, 5, 10, 50), (1, 3, 5, 8)
_COLORS = ("#a01020", "#1f4e9c", "#2e7d32", "#d8a010", "#7a3e9d", "#d0668a", "#6b3f1f", "#7fb0d0")
_RIM, _INNER, _STAIN, _LEAST_PLACES = 6, 5, 5.0, 50


def main(photos: str = "", objects: str = "") -> int:
    """Print both tables."""
    if not (photos and objects):
        print(__doc__, file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console = Console()
    table = Table("true colors at random places", "PSNR, dB", "over automatic", "colorfulness")
    automatic = None
    for count in RANDOM_COUNTS:
        decibels, colorful = _random(Path(photos), count)
        automatic = decibels if automatic is None else automatic
        table.add_row(f"{count}", f"{decibels:.2f}", f"{decibels - automatic:+.2f}", f"{colorful:.1f}")
    console.print(table)
    table = Table("hints on one object", "cover", "spill", "stained", "photos")
    found = np.array(list(_on_objects(Path(objects))))
    for number, count in enumerate(OBJECT_COUNTS):
        cover, spill, stained = found[:, number].mean(axis=0)
        table.add_row(f"{count}", f"{cover:.3f}", f"{spill:.2f}", f"{stained:.3f}", f"{len(found)}")
    console.print(table)
    return 0


def _random(folder: Path, count: int) -> tuple[float, float]:
    """Return mean PSNR in dB and mean colorfulness with so many true hints in each photo."""
    from colorizer import load_model
    from colorizer.dataset import find_files
    from colorizer.evaluation.evaluate import hints_of_truth
    from colorizer.inference import PhotoTask, colorize_all
    from colorizer.photos.color import colourfulness

    def scores(task: PhotoTask, photo: Photo, picture: Picture) -> tuple[float, float]:
        truth, predicted = (np.asarray(each, np.float32) / 255 for each in (photo.rgb(), picture.image))
        error = np.mean((predicted - truth) ** 2)
        return -10 * np.log10(max(error, 1e-10)), float(colourfulness(predicted))

    tasks = [PhotoTask(path, hints=hints_of_truth(count, 0)) for path in find_files(folder).files]
    made = colorize_all(load_model(), tasks, scores)
    return tuple(np.mean([each.delivered for each in made], axis=0))


def _on_objects(folder: Path) -> Iterator[list[tuple[float, float, float]]]:
    """Yield, for each photograph, cover, spill and stained for every number of hints."""
    from scipy import ndimage
    from skimage.color import deltaE_ciede2000, rgb2lab

    from colorizer import Hint, load_model
    from colorizer.inference import set_photo
    from colorizer.inference.hints import hint_chroma
    from colorizer.photos import read_photo
    from colorizer.photos.color import CHROMA_TO_OFFSET, chroma, luma, merge

    network, drawn = load_model(), np.random.default_rng(3)
    for number, marked in enumerate(sorted(folder.glob("*.mask.png"))):
        mask = np.asarray(Image.open(marked).convert("L")) > 127
        inner = np.argwhere(ndimage.binary_erosion(mask, iterations=_INNER))
        if len(inner) < _LEAST_PLACES:
            continue
        outside = ~ndimage.binary_dilation(mask, iterations=_RIM)
        color = _COLORS[number % len(_COLORS)]
        places = inner[drawn.choice(len(inner), max(OBJECT_COUNTS), replace=False)]
        with Image.open(marked.with_name(marked.name.replace(".mask.png", ".jpg"))) as image:
            photo = set_photo(read_photo(image.convert("L")), network)
        before = np.asarray(photo.picture().image, np.float32) / 255
        gray = luma(before[mask])
        offset = np.broadcast_to((hint_chroma(color) @ CHROMA_TO_OFFSET)[:, None, None], (3, 1, len(gray)))
        ideal = chroma(merge(gray[None], offset)[:, 0].T)
        missing = np.hypot(*(chroma(before[mask]) - ideal).T).sum()
        lab, rows = rgb2lab(before), []
        for count in OBJECT_COUNTS:
            hints = [Hint(int(x), int(y), color) for y, x in places[:count]]
            after = np.asarray(photo.picture(hints).image, np.float32) / 255
            cover = 1 - np.hypot(*(chroma(after[mask]) - ideal).T).sum() / missing
            change = deltaE_ciede2000(lab, rgb2lab(after))[outside]
            rows.append((float(cover), float(change.mean()), float((change > _STAIN).mean())))
        yield rows
