"""`python -m benchmarks.skin TRUE COLORIZED`: measure color errors of faces, by lightness of the skin.

TRUE is the folder of the test photos, COLORIZED a folder with the same names in color. `faces.json` holds a box around
each of their faces: found by OpenCV's cascade of frontal faces, checked individually, without those in colored light.
Prints one row each for light, medium and dark skin.

Lightness is measured by the individual typology angle of the true pixels, atan((L* - 50) / b*), with bounds at 41 and
10 degrees (Del Bino and Bernerd 2013, https://doi.org/10.1111/bjd.12529, with "light" and "intermediate" each combined
with its neighbors). It depends on the light in a photo as well as on the skin.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from skimage.color import rgb2lab

FACES = Path(__file__).parent / "faces.json"
_LIGHT, _DARK = 41.0, 10.0
_MIDDLE = (0.2, 0.25, 0.8, 0.9)
"""The part of a face's box that is measured: left, top, right and bottom as shares of its sides."""
_SKIN_HUE, _SKIN_CHROMA = (15.0, 85.0), 6.0
"""Hue range in degrees and minimum chroma of skin in CIE Lab, which exclude hair, glasses and background in the box."""
_LEAST_PIXELS = 50


def skin(face: dict, true_photos: Path, colorized: dict[str, Path]) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the mean CIE Lab of a face's skin, true and colorized, shape (3,) each; None if too little is visible."""
    true = ImageOps.exif_transpose(Image.open(true_photos / face["photo"])).convert("RGB")
    made = ImageOps.exif_transpose(Image.open(colorized[Path(face["photo"]).stem])).convert("RGB")
    left, top, right, bottom = face["box"]
    width, height = right - left, bottom - top
    box = tuple(round(side) for side in (left + _MIDDLE[0] * width, top + _MIDDLE[1] * height))
    box += tuple(round(side) for side in (left + _MIDDLE[2] * width, top + _MIDDLE[3] * height))
    true_lab, made_lab = (rgb2lab(np.asarray(picture.crop(box))) for picture in (true, made))
    hue = np.degrees(np.arctan2(true_lab[..., 2], true_lab[..., 1]))
    chroma = np.hypot(true_lab[..., 1], true_lab[..., 2])
    is_skin = (hue > _SKIN_HUE[0]) & (hue < _SKIN_HUE[1]) & (chroma > _SKIN_CHROMA)
    if is_skin.sum() < _LEAST_PIXELS:
        return None
    return true_lab[is_skin].mean(axis=0), made_lab[is_skin].mean(axis=0)


def main(true_photos: Path, made: Path) -> int:
    """Print the rows."""
    colorized = {path.stem: path for path in sorted(made.rglob("*")) if path.suffix.lower() in (".jpg", ".png")}
    seen = [skin(face, true_photos, colorized) for face in json.loads(FACES.read_text())]
    pairs = np.array([pair for pair in seen if pair is not None])
    true, made_colours = pairs[:, 0], pairs[:, 1]
    angle = np.degrees(np.arctan2(true[:, 0] - 50, true[:, 2]))
    groups = {
        "light": angle > _LIGHT,
        "medium": (angle <= _LIGHT) & (angle > _DARK),
        "dark": angle <= _DARK,
    }
    print("| skin | faces | true L*, a*, b* | made L*, a*, b* | chroma error | left gray | lighter by |")
    print("|---|---|---|---|---|---|---|")
    for name, chosen in groups.items():
        is_of, becomes = true[chosen], made_colours[chosen]
        error = np.hypot(*(becomes - is_of)[:, 1:].T).mean()
        gray = np.hypot(*is_of[:, 1:].T).mean()
        colours = [", ".join(f"{value:.0f}" for value in each.mean(axis=0)) for each in (is_of, becomes)]
        lighter = (becomes - is_of)[:, 0].mean()
        print(f"| {name} | {chosen.sum()} | {colours[0]} | {colours[1]} | {error:.1f} | {gray:.1f} | {lighter:+.1f} |")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
