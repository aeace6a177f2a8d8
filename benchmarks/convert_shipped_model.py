"""`python -m benchmarks.convert_shipped_model`: convert the shipped Keras model to the shipped LiteRT file.

Run it whenever `colorizer/pretrained/colorizer.keras` has changed. It prints the sizes of both files, and the largest
difference between their results on scikit-image's photographs.
"""

from __future__ import annotations

import os
import sys

import numpy as np

LARGEST = 15_000_000
"""Maximum size of both files together, in bytes, because every user downloads them."""


def main() -> int:
    """Convert, write and compare; return 1 if the files are too large or their results differ too much."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from benchmarks.photos import shipped_photographs
    from colorizer.errors import ColorizeError
    from colorizer.inference.proposal import unfaded
    from colorizer.network.conversion import MOST_LEVELS, convert, levels_apart, opened
    from colorizer.network.converted import SHIPPED, write
    from colorizer.network.model_files import PRETRAINED, load
    from colorizer.photos import read_photo

    try:
        converted = convert(PRETRAINED, half=True)
        write(converted, SHIPPED)
    except ColorizeError as error:
        print(error, file=sys.stderr)
        return 1
    network = load(PRETRAINED)
    luma = np.stack([unfaded(read_photo(path).square(network.size)) for path in shipped_photographs()])[..., None]
    apart = levels_apart(network, opened(converted, network), luma)
    sizes = [path.stat().st_size for path in (PRETRAINED, SHIPPED)]
    print(f"{PRETRAINED.name}: {sizes[0]:,} bytes; {SHIPPED.name}: {sizes[1]:,} bytes; together {sum(sizes):,}")
    print(f"furthest apart on {len(luma)} photographs: {apart:.4f} of 255 levels")
    return 0 if apart <= MOST_LEVELS and sum(sizes) <= LARGEST else 1


if __name__ == "__main__":
    sys.exit(main())
