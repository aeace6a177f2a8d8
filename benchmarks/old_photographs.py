"""`python -m benchmarks.old_photographs PHOTOS FOLDER`: show the effect of a few manual hints on old photographs.

PHOTOS holds the ten black-and-white photographs that `tests/inference/old_photographs.hints.json` names; they are not
part of this project. FOLDER gets a PNG for each: the original, the result of the shipped model, and the result with the
hints, whose places are circled on the first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PIL import Image, ImageDraw

HINTS = Path(__file__).parents[1] / "tests" / "inference" / "old_photographs.hints.json"
_SCALE, _RING = 2, 6


def main(photos: Path, folder: Path) -> int:
    """Write one comparison for each photo that has hints."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from colorizer.dataset import find_files
    from colorizer.inference import read_hints, set_photo
    from colorizer.network import load_model
    from colorizer.photos import read_photo

    network = load_model()
    folder.mkdir(parents=True, exist_ok=True)
    for path, hints in read_hints(HINTS, photos, find_files(photos).files).items():
        photo = read_photo(path)
        hinted = set_photo(photo, network)
        ringed = photo.rgb().copy()
        drawing = ImageDraw.Draw(ringed)
        for hint in hints:
            drawing.circle(hint.points[0], _RING, outline="white" if hint.colour == "gray" else hint.colour, width=2)
        pictures = [ringed, hinted.picture().image, hinted.picture(hints).image]
        sheet = Image.new("RGB", (3 * photo.width, photo.height))
        for number, picture in enumerate(pictures):
            sheet.paste(picture, (number * photo.width, 0))
        sheet.resize((sheet.width * _SCALE, sheet.height * _SCALE), Image.Resampling.LANCZOS).save(
            folder / f"{path.stem}.png"
        )
        print(f"{path.name}: {len(hints)} hints")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(*map(Path, sys.argv[1:])))
