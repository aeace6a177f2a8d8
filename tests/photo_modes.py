"""Photographs of every mode, as files."""

import numpy as np
import tifffile
from PIL import Image

from colorizer.photos.color import luma
from tests.conftest import SHIPPED

MODES = [
    ("1", "png"),
    ("1", "tif"),
    ("L", "jpg"),
    ("L", "png"),
    ("L", "bmp"),
    ("L", "webp"),
    ("LA", "png"),
    ("RGB", "jpg"),
    ("RGB", "png"),
    ("RGB", "tif"),
    ("RGB", "bmp"),
    ("RGB", "webp"),
    ("RGBA", "png"),
    ("RGBA", "webp"),
    ("RGBA", "tif"),
    ("P", "png"),
    ("P", "gif"),
    ("P", "bmp"),
    ("CMYK", "jpg"),
    ("CMYK", "tif"),
    ("I;16", "png"),
    ("I;16", "tif"),
    ("F", "tif"),
]


def saved(path, mode: str):
    """Write the cat in a mode and return the gray levels a person sees in it."""
    image = Image.open(SHIPPED / "chelsea.png")
    if mode == "I;16":
        levels = np.asarray(image.convert("L")).astype(np.uint16) * 257
        Image.fromarray(levels).save(path)
    elif mode == "F":
        tifffile.imwrite(path, np.asarray(image.convert("L")).astype(np.float32) / 255)
    elif mode == "P":
        image.quantize(256).save(path)
    elif mode in ("LA", "RGBA"):
        image = image.convert(mode)
        image.putalpha(Image.linear_gradient("L").resize(image.size))
        image.save(path)
    else:
        image.convert(mode).save(path)
    shown = image.convert("1") if mode == "1" else image
    return luma(np.asarray(shown.convert("RGB"))) / 255
