"""`python -m benchmarks.comparison PHOTOS OUTPUT NAME=MODEL ...`: compare several networks on the same color photos.

Prints a table of how close each network comes to the truth and how colorful it is. Saves the results of all networks
for the same 24 photos, chosen by seed, to OUTPUT/comparison.jpg.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import numpy as np

SHOWN, ACROSS, SIDE, SEED = 24, 2, 150, 42


def main(folder: Path, output: Path, models: dict[str, Path]) -> int:
    """Score the networks and draw the comparison."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from PIL import Image, ImageDraw

    from colorizer.dataset.check import check_photos
    from colorizer.dataset.find import find_files
    from colorizer.evaluation.evaluate import evaluate_network
    from colorizer.files import complete_file
    from colorizer.inference.colorize import colorize_files
    from colorizer.network.model_files import load
    from colorizer.pictures.sheets import gray, thumbnail

    photos = sorted(check_photos(find_files(folder), True).fine)
    shown = sorted(random.Random(SEED).sample(photos, min(SHOWN, len(photos))))
    columns: dict[str, list[Image.Image]] = {"truth": [], "gray": []}
    print("| | PSNR gain | CIEDE2000 (gray) | chroma error (gray) | colourfulness (truth) |\n|---|---|---|---|---|")
    for name, path in models.items():
        network = load(path)
        scores = evaluate_network(network, photos)
        errors = [outcome.delivered for outcome in colorize_files(network, photos, _chroma_errors)]
        mine, left_gray = np.mean(errors, axis=0)
        print(
            f"| {name} | {scores.predicted.psnr - scores.gray.psnr:+.2f} dB "
            f"| {scores.predicted.ciede2000:.2f} ({scores.gray.ciede2000:.2f}) | {mine:.2f} ({left_gray:.2f}) "
            f"| {scores.predicted.colourfulness:.1f} ({scores.true_colourfulness:.1f}) |",
            flush=True,
        )
        columns[name] = []
        for outcome in colorize_files(network, shown, lambda task, original, picture: (original, picture)):
            original, picture = outcome.delivered
            columns[name].append(thumbnail(picture.image, SIDE))
            if len(columns) == 3:  # only for the first network
                truth = thumbnail(original.eight_bits(), SIDE)
                columns["truth"].append(truth)
                columns["gray"].append(gray(truth))
    gap, title = 6, 20
    block = len(columns) * (SIDE + gap) + gap
    rows = -(-len(shown) // ACROSS)
    sheet = Image.new("RGB", (ACROSS * block, title + rows * (SIDE + gap)), "white")
    for number, (name, pictures) in enumerate(columns.items()):
        for place, picture in enumerate(pictures):
            left = place % ACROSS * block + gap + number * (SIDE + gap)
            top = title + place // ACROSS * (SIDE + gap)
            sheet.paste(
                picture.convert("RGB"), (left + (SIDE - picture.width) // 2, top + (SIDE - picture.height) // 2)
            )
            ImageDraw.Draw(sheet).text((left, 3), name, fill="black")
    with complete_file(output / "comparison.jpg") as temporary:
        sheet.save(temporary, format="JPEG", quality=85)
    return 0


def _chroma_errors(task, original, picture) -> tuple[float, float]:
    """Return the mean distance of a picture's (Cb, Cr) from the truth, and that of gray, in levels of 255."""
    from colorizer.photos import chroma

    true, mine = (chroma(np.asarray(each, np.float32)) for each in (original.rgb(), picture.image))
    return np.linalg.norm(true - mine, axis=-1).mean(), np.linalg.norm(true, axis=-1).mean()


if __name__ == "__main__":
    if len(sys.argv) < 4 or not all("=" in each for each in sys.argv[3:]):
        sys.exit(__doc__)
    named = dict(each.split("=", 1) for each in sys.argv[3:])
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), {name: Path(path) for name, path in named.items()}))
