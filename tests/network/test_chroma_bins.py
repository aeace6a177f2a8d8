import numpy as np

from colorizer.network.network import CHROMA_STEP, chroma_bins
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma


def test_every_bin_is_a_chroma_that_some_colour_has_and_no_other_is_missing():
    bins = chroma_bins()
    assert len(bins) == 291
    offsets = bins @ CHROMA_TO_OFFSET
    # Raised until its smallest channel is black, each fits into the cube.
    assert (offsets - offsets.min(axis=-1, keepdims=True)).max() <= 1 + 1e-6
    colours = np.stack(np.meshgrid(*[np.linspace(0, 1, 21, dtype=np.float32)] * 3), axis=-1).reshape(-1, 3)
    nearest = np.abs(chroma(colours)[:, None] - bins).max(axis=-1).min(axis=-1)
    assert nearest.max() <= CHROMA_STEP + 1e-6
