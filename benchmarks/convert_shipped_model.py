"""`python -m benchmarks.convert_shipped_model`: make the LiteRT file that ships from the Keras model that ships.

To be run whenever `colorizer/pretrained/colorizer.keras` has changed. Prints the size of both, and how far they are
apart on photographs that scikit-image has.
"""

from __future__ import annotations

import os
import sys

import numpy as np

LARGEST = 15_000_000
"""Bytes of both files together, since everyone downloads them."""


def main() -> int:
    """Convert, write and compare; return 1 where the files are too large or too far apart."""
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
