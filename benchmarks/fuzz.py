"""`python -m benchmarks.fuzz [mutations] [format ...]`: damage photos in thousands of ways and read them.

`python -m benchmarks.fuzz TARGET [seconds] [folder]` runs the coverage-guided fuzzer atheris, and stores inputs with
new coverage in a folder; `fuzz_targets` lists the targets.

Photos are damaged reproducibly, from a fixed seed: bytes are changed, cut off, duplicated or moved, and numbers made
extreme. Reading must return a photo or raise ColorizeError. Anything else, a crash, or a portion that takes more than
`PATIENCE` seconds is a failure, and the number of the mutation is printed.
"""

from __future__ import annotations

import io
import multiprocessing
import queue
import random
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, ImageCms

from benchmarks.fuzz_targets import TARGETS, fuzz_guided

MUTATIONS, PORTION, PATIENCE = 5000, 250, 120
SECONDS = 3600
SEED = 20260101
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def seeds() -> dict[str, list[bytes]]:
    """Return small valid photos of every format and of each kind that is decoded differently, as the bytes of files."""
    from colorizer.photos.formats import read_formats

    shipped = Path(find_spec("skimage").origin).parent / "data"
    colour = Image.open(shipped / "astronaut.png").convert("RGB").resize((61, 47))
    gray, deep = colour.convert("L"), Image.fromarray(np.asarray(colour.convert("L")).astype(np.uint16) * 257)
    floats = Image.fromarray(np.asarray(gray, np.float32) / 255)
    transparent = colour.convert("RGBA")
    transparent.putalpha(gray)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "camera"
    exif.get_ifd(0x8769)[0x829A] = (1, 60)
    with_all = {"icc_profile": profile, "exif": exif, "dpi": (300, 300)}

    def file(image: Image.Image, form: str, **options) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, form, **options)
        return buffer.getvalue()

    def scan(levels: np.ndarray, **options) -> bytes:
        buffer = io.BytesIO()
        tifffile.imwrite(buffer, levels, **options)
        return buffer.getvalue()

    read_formats()
    palette = colour.quantize(32)
    found = {
        "JPEG": [
            file(colour, "JPEG", **with_all),
            file(colour, "JPEG", progressive=True),
            file(gray, "JPEG"),
            file(colour.convert("CMYK"), "JPEG"),
            file(colour, "MPO", save_all=True, append_images=[colour]),
        ],
        "PNG": [
            file(colour, "PNG", **with_all),
            file(transparent, "PNG"),
            file(deep, "PNG"),
            file(palette, "PNG", transparency=3),
            file(gray.convert("1"), "PNG"),
            file(colour, "PNG", save_all=True, append_images=[colour]),
        ],
        "TIFF": [
            file(colour, "TIFF", **with_all),
            file(deep, "TIFF", compression="tiff_lzw"),
            file(floats, "TIFF"),
            file(colour.convert("CMYK"), "TIFF", compression="tiff_adobe_deflate"),
            file(colour, "TIFF", compression="jpeg"),
            file(gray.convert("1"), "TIFF", compression="group4"),
            file(transparent, "TIFF", tiffinfo={322: 16, 323: 16}),
            scan(65535 - np.asarray(deep), byteorder=">", photometric="miniswhite", rowsperstrip=7),
            scan(np.asarray(colour, np.float32).transpose(2, 0, 1) / 255, compression="zlib", planarconfig="separate"),
            scan(np.asarray(deep, np.uint32), tile=(16, 32), compression="zlib", predictor=True),
        ],
        "WEBP": [
            file(colour, "WEBP", **{name: with_all[name] for name in ("icc_profile", "exif")}),
            file(transparent, "WEBP", lossless=True),
            file(colour, "WEBP", save_all=True, append_images=[colour.rotate(90)]),
        ],
        "GIF": [file(palette, "GIF"), file(palette, "GIF", save_all=True, append_images=[palette.rotate(180)])],
        "BMP": [file(colour, "BMP"), file(palette, "BMP"), file(gray, "BMP"), file(transparent, "DIB")],
        "PPM": [file(colour, "PPM"), file(gray, "PPM"), file(deep, "PPM"), file(gray.convert("1"), "PPM")],
        "TGA": [file(colour, "TGA"), file(colour, "TGA", compression="tga_rle")],
        "PCX": [file(colour, "PCX"), file(palette, "PCX")],
        "SGI": [file(colour, "SGI")],
        "JPEG2000": [file(colour, "JPEG2000"), file(deep, "JPEG2000")],
        "AVIF": [file(colour, "AVIF")],
        "HEIF": [
            file(colour, "HEIF", **{name: with_all[name] for name in ("icc_profile", "exif")}),
            file(transparent, "HEIF"),
        ],
        "QOI": [b"qoif" + (4).to_bytes(4, "big") + (4).to_bytes(4, "big") + b"\x03\x00" + b"\xfe\x10\x20\x30" * 16],
        "PSD": [_psd(colour)],
    }
    return {name: files for name, files in found.items() if name in Image.OPEN}


def _psd(image: Image.Image) -> bytes:
    """Create a minimal Photoshop file: a header, three empty sections, raw planes (Adobe's specification, 2019)."""
    planes = np.asarray(image).transpose(2, 0, 1).tobytes()
    size = image.height.to_bytes(4, "big") + image.width.to_bytes(4, "big")
    return b"8BPS\0\1" + bytes(6) + b"\0\3" + size + b"\0\x08\0\3" + bytes(12) + b"\0\0" + planes


def mutated(data: bytes, random_: random.Random) -> bytes:
    """Damage a file in one to four ways."""
    broken = bytearray(data)
    for _ in range(random_.randint(1, 4)):
        if not broken:
            break
        # Headers are at the front and matter most.
        at = random_.randrange(len(broken) if random_.random() < 0.5 else min(len(broken), 256))
        way = random_.randrange(7)
        if way == 0:
            broken[at] ^= 1 << random_.randrange(8)
        elif way == 1:
            broken[at] = random_.randrange(256)
        elif way == 2:
            width = random_.choice((1, 2, 4))
            number = random_.choice(_EXTREMES) % (1 << 8 * width)
            broken[at : at + width] = number.to_bytes(width, random_.choice(("big", "little")))
        elif way == 3:
            del broken[at:]
        elif way == 4:
            length = random_.randrange(1, 64)
            broken[at:at] = broken[at : at + length]
        elif way == 5:
            del broken[at : at + random_.randrange(1, 64)]
        else:
            other, length = random_.randrange(len(broken)), random_.randrange(1, 64)
            broken[at : at + length] = broken[other : other + length]
    return bytes(broken)


def read(path: Path) -> None:
    """Read a file in every way the program reads photos; raise any error but the documented one."""
    from colorizer.errors import ColorizeError
    from colorizer.photos.reading import bytes_needed, examine, read_photo, read_square
    from colorizer.photos.writing import written_name
    from colorizer.settings import PhotoLimits

    limits = PhotoLimits(maximum_pixels=4_000_000)
    bytes_needed(path), written_name(path)
    readers: tuple[Callable, ...] = (examine, lambda path, limits: read_square(path, 32, limits), read_photo)
    for reader in readers:
        try:
            reader(path, limits)
        except ColorizeError as error:
            if str(path) not in str(error):
                raise AssertionError(f"the sentence does not name the file: {error}") from error


def portion(form: str, first: int, last: int, files: list[bytes], failures) -> None:
    """Read the mutations from `first` up to `last`, and put the number and error of every failure into a queue."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"photo.{form.lower()}")
        for number in range(first, last):
            random_ = random.Random(f"{SEED}-{form}-{number}")
            path.write_bytes(mutated(random_.choice(files), random_))
            try:
                read(path)
            except BaseException as error:
                failures.put((number, repr(error)))


def fuzz(form: str, files: list[bytes], mutations: int) -> list[str]:
    """Read mutations of one format's photos, each portion in its own process; return a line for every failure."""
    context = multiprocessing.get_context("spawn")
    lines = []
    for first in range(0, mutations, PORTION):
        last, failures = min(first + PORTION, mutations), context.Queue()
        process = context.Process(target=portion, args=(form, first, last, files, failures))
        process.start()
        until = time.monotonic() + PATIENCE
        while process.is_alive() and time.monotonic() < until:
            lines += _waiting(failures, form, 0.1)
        if process.is_alive():
            process.kill()
            lines.append(f"{form} {first}-{last}: hangs")
        elif process.exitcode:
            lines.append(f"{form} {first}-{last}: the process died with {process.exitcode}")
        lines += _waiting(failures, form, 0.1)
    return lines


def _waiting(failures, form: str, seconds: float) -> list[str]:
    """Return a line for every failure that is in the queue or arrives within `seconds`."""
    lines = []
    try:
        while True:
            number, error = failures.get(timeout=seconds)
            lines.append(f"{form} {number}: {error}")
    except queue.Empty:
        return lines


def main(arguments: list[str]) -> int:
    """Fuzz every format, or those named, and return 1 if there are failures."""
    if arguments and arguments[0] in TARGETS:
        seconds = int(arguments[1]) if len(arguments) > 1 else SECONDS
        corpus = arguments[2] if len(arguments) > 2 else Path(tempfile.gettempdir(), "corpus", arguments[0])
        fuzz_guided(arguments[0], seconds, Path(corpus))
    mutations = int(arguments[0]) if arguments else MUTATIONS
    everything = seeds()
    failed = 0
    for form in arguments[1:] or everything:
        lines = fuzz(form, everything[form], mutations)
        failed += len(lines)
        print(f"{form}: {mutations} mutations, {len(lines)} failures", *lines, sep="\n  ", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
