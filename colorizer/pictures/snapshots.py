"""Snapshots of the same photos after every epoch, to show the progress of a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from colorizer.files import exists, matching
from colorizer.inference.colorize import AS_MEANT, colorize_all
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.pictures.sheets import gray, thumbnail
from colorizer.pictures.strips import save_row, save_strip
from colorizer.settings import DEFAULT_READING, Reading
from colorizer.training.callbacks import EpochReport

SNAPSHOT_PHOTOS = 6
"""Number of test photos that show the progress of a training."""
_SIDE = 200


class Snapshots:
    """Callback that saves a picture of every epoch of a training into `folder`; `finish` joins them into one."""

    def __init__(self, photos: Sequence[Path], folder: Path, reading: Reading = DEFAULT_READING):
        self.photos, self.folder, self.reading = photos[:SNAPSHOT_PHOTOS], folder, reading

    def __call__(self, epoch: EpochReport, network: Network) -> None:
        """Save the photos as colorized by `network`; raise ColorizeError if one cannot be read."""
        truths, pictures = [], []
        for outcome in colorize_all(network, self.photos, _pair, AS_MEANT, self.reading):
            truths.append(outcome.delivered[0])
            pictures.append(outcome.delivered[1])
        save_row(self.folder / "true.jpg", "true photos", truths)
        save_row(self.folder / "gray.jpg", "input of the network", [gray(truth) for truth in truths])
        save_row(self.folder / f"epoch-{epoch.epoch:05}.jpg", f"epoch {epoch.epoch}, {epoch.phase}", pictures)

    def finish(self) -> Path | None:
        """Join the pictures of all epochs, including those before an interruption, into one.

        Returns its path, or None if all of them were deleted.
        """
        rows = [self.folder / "true.jpg", self.folder / "gray.jpg", *matching(self.folder, "epoch-*.jpg")]
        rows = [row for row in rows if exists(row)]
        return save_strip(self.folder.with_suffix(".jpg"), rows) if rows else None


def _pair(path: Path, original: Photo, picture: Picture) -> tuple[Image.Image, Image.Image]:
    return thumbnail(original.eight_bits(), _SIDE), thumbnail(picture.image, _SIDE)
