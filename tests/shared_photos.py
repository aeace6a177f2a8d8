"""Photos for processes to share out, and what a single process makes of them."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from colorizer.dataset.check import check_photos
from colorizer.dataset.find import find_files
from colorizer.network.model_files import load_model
from colorizer.runs.colorize import ColorizeJob, colorize_photos
from colorizer.runs.folders import new_run
from tests.conftest import SHIPPED


def small_photos(folder: Path, count: int) -> Path:
    """So many small grayscale photographs, fifty in a folder, one colour photograph, and a file that is no photo."""
    sources = [Image.open(SHIPPED / name).convert("L") for name in ("camera.png", "coins.png", "astronaut.png")]
    for number in range(count):
        path = folder / f"{number // 50}" / f"{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        left = number % 150
        sources[number % 3].crop((left, left, left + 96, left + 96)).save(path)
    Image.open(SHIPPED / "astronaut.png").resize((64, 64)).save(folder / "in colour.png")
    (folder / "readme.txt").write_text("These are our photographs.")
    return folder


def made_by_one(photos: Path, output: Path) -> dict[str, bytes]:
    """The pictures that one process makes of these photos."""
    check = check_photos(find_files(photos), for_training=False)
    run = new_run(output, "colorize")
    colorize_photos(ColorizeJob(load_model(), check.fine, check.root, run))
    return pictures_of(run.results)


def pictures_of(folder: Path) -> dict[str, bytes]:
    """The content of all files below a folder of results, even hidden, but sheets, records, page."""
    found = (path for path in folder.rglob("*") if path.is_file() and "sheets" not in path.parts)
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in found
        if path.suffix not in (".json", ".jsonl", ".html") and path.name not in (".colorizer-results", "left-out.txt")
    }
