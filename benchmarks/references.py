"""`python -m benchmarks references PAIRS`: measure what references gain.

PAIRS is a folder of color photos, each with a reference `PHOTO.reference.jpg` next to it. Every photo is colorized
without a reference, with its own, and with two of other photos. PSNR is measured on the square that the network sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from colorizer import load_model
from colorizer.dataset import find_files
from colorizer.errors import ColorizeError
from colorizer.evaluation.scores import score
from colorizer.inference.proposal import propose
from colorizer.inference.references import SIDE, color_like, find_references
from colorizer.network.network import Network
from colorizer.photos.color import luma, merge
from colorizer.photos.photo import Photo
from colorizer.photos.reading import read_photo

WORSE = 0.3
"""Decibels below the automatic colors from which a photo counts as worse."""
_AUTOMATIC, _REFERENCE, _SHUFFLED, _GRAY, _TRUE = "automatic", "with reference", "shuffled reference", "gray", "true"


@dataclass(frozen=True)
class Measured:
    """PSNR in dB and colorfulness of a photo, by how it was colorized."""

    path: Path
    decibels: dict[str, float]
    colorfulness: dict[str, float]
    is_matched: bool
    is_other_matched: float
    """Share of the other photos' references that match."""


def main(pairs: str) -> int:
    """Measure and print a table."""
    measured = list(measure(Path(pairs), load_model()))
    console, table = Console(), Table("", "PSNR (dB)", "gain (dB)", "photos worse", "colorfulness")
    for name in (_GRAY, _AUTOMATIC, _REFERENCE, _SHUFFLED, _TRUE):
        gains = np.array([each.decibels[name] - each.decibels[_AUTOMATIC] for each in measured])
        colorfulness = np.mean([each.colorfulness[name] for each in measured])
        decibels = np.mean([each.decibels[name] for each in measured])
        is_known = name != _TRUE
        table.add_row(
            name,
            f"{decibels:.2f}" if is_known else "",
            f"{gains.mean():+.2f}" if is_known else "",
            f"{(gains < -WORSE).sum()}" if name in (_REFERENCE, _SHUFFLED) else "",
            f"{colorfulness:.1f}",
        )
    console.print(table)
    matched, others = (
        np.mean([getattr(each, name) for each in measured]) for name in ("is_matched", "is_other_matched")
    )
    console.print(f"{len(measured)} pairs; {matched:.0%} of references match, and {others:.0%} of shuffled ones.")
    return 0


def measure(folder: Path, network: Network) -> Iterator[Measured]:
    """Measure every photo of a folder that has a reference; print a line for each reference that cannot be used."""
    known, photos = {}, {}
    for path in find_files(folder).files:
        try:
            known |= find_references([path])
            photos |= {path: read_photo(path)} if path in known else {}
        except ColorizeError as error:
            print(error)
    paths = list(photos)
    for number, path in enumerate(paths):
        photo, square = photos[path], photos[path].square(SIDE)
        offset = propose(network, [photo])[0]
        own = color_like(known[path], offset, square)
        others = [
            color_like(known[paths[(number + shift) % len(paths)]], offset, square)
            for shift in (len(paths) // 3, len(paths) // 2)
        ]
        truth = _square(photo)
        scores = {
            _AUTOMATIC: score(_colored(offset, truth), truth),
            _REFERENCE: score(_colored(own.offsets, truth), truth),
            _GRAY: score(_colored(np.zeros_like(offset), truth), truth),
            _TRUE: score(truth, truth),
        }
        wrong = [score(_colored(other.offsets, truth), truth) for other in others]
        decibels = {name: each.psnr for name, each in scores.items()}
        colorfulness = {name: each.colourfulness for name, each in scores.items()}
        yield Measured(
            path,
            decibels | {_SHUFFLED: float(np.mean([each.psnr for each in wrong]))},
            colorfulness | {_SHUFFLED: float(np.mean([each.colourfulness for each in wrong]))},
            own.is_matched,
            float(np.mean([other.is_matched for other in others])),
        )


def _square(photo: Photo) -> np.ndarray:
    return np.asarray(photo.rgb().resize((SIDE, SIDE), Image.Resampling.BOX), np.float32) / 255


def _colored(offset: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return np.moveaxis(merge(luma(truth), np.moveaxis(offset, -1, 0)), 0, -1)
